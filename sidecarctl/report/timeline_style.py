"""The colours of a timeline in SVG, on a light ground and on a dark one.

They stand in classes, once for each scheme, and nowhere as CSS variables, which not every renderer
knows. Source: https://www.w3.org/TR/SVG2/styling.html, https://www.w3.org/TR/mediaqueries-5/
"""

from collections.abc import Mapping

from sidecarctl.lifecycle.lanes import Phase

# Phase -> fill on light, fill on dark, text on light, text on dark. The colours of GitHub's Primer,
# so that the picture is at home where most pull requests are read: https://primer.style/foundations/color
_FILLS: Mapping[Phase, tuple[str, str, str, str]] = {
    Phase.PULLING: ("#d0d7de", "#3d444d", "#424a53", "#c9d1d9"),
    Phase.STARTING: ("#f2cc60", "#7d4e00", "#4d2d00", "#fff8c5"),
    Phase.GATING: ("#80ccff", "#1158c7", "#0a3069", "#cae8ff"),
    Phase.RUNNING: ("#7ee0a0", "#1f7a37", "#033a16", "#d3f9de"),
    Phase.WORKING: ("#2da44e", "#2ea043", "#ffffff", "#ffffff"),
    Phase.DRAINING: ("#d8b9ff", "#6e40c9", "#3e1f79", "#eddeff"),
    Phase.WAITING: ("#eaeef2", "#262c36", "#57606a", "#9198a1"),
    Phase.STOPPING: ("#ffb77c", "#a04100", "#5c2200", "#ffe2cc"),
    Phase.DOWN: ("#ff8182", "#b62324", "#660018", "#ffdcd7"),
    Phase.STUCK: ("#ff8182", "#b62324", "#660018", "#ffdcd7"),
}
# Class -> property, light, dark.
_COLOURS: Mapping[str, tuple[str, str, str]] = {
    "ground": ("fill", "#ffffff", "#0d1117"),
    "card": ("stroke", "#d0d7de", "#3d444d"),
    "ink": ("fill", "#1f2328", "#f0f6fc"),
    "muted": ("fill", "#59636e", "#9198a1"),
    "grid": ("stroke", "#e6e9ed", "#21262d"),
    "gate": ("stroke", "#1f2328", "#f0f6fc"),
    "tip": ("fill", "#1f2328", "#f0f6fc"),
    "mark": ("stroke", "#1a7f37", "#3fb950"),
    "markink": ("fill", "#1a7f37", "#3fb950"),
    "limit": ("stroke", "#59636e", "#9198a1"),
    "limitink": ("fill", "#59636e", "#9198a1"),
    "gap": ("fill", "#ffebe9", "#3c1618"),
    "gapedge": ("stroke", "#ff8182", "#8e1519"),
    "error": ("fill", "#cf222e", "#ff7b72"),
    "warning": ("fill", "#9a6700", "#e3b341"),
    "info": ("fill", "#0969da", "#58a6ff"),
}
_FIXED = """\
text{font:12px -apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif}
.mono{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.h1{font-size:17px;font-weight:600}.h2{font-size:13px;font-weight:600}.small{font-size:11px}
.b{font-weight:600}.r{text-anchor:end}.m{text-anchor:middle}
.grid,.gapedge{fill:none;stroke-width:1}
.gate{fill:none;stroke-width:1.5}
.dashed{stroke-width:1.5;stroke-dasharray:3 3}.gap{fill-opacity:.75}
"""


def style_sheet() -> str:
    """Return the style sheet of the picture."""
    light, dark = [], []
    for name, (what, on_light, on_dark) in _COLOURS.items():
        light.append(f".{name}{{{what}:{on_light}}}")
        dark.append(f".{name}{{{what}:{on_dark}}}")
    for phase, (on_light, on_dark, ink, dark_ink) in _FILLS.items():
        light += [f".{phase.value}{{fill:{on_light}}}", f".on-{phase.value}{{fill:{ink}}}"]
        dark += [f".{phase.value}{{fill:{on_dark}}}", f".on-{phase.value}{{fill:{dark_ink}}}"]
    media = "@media (prefers-color-scheme:dark){\n" + "\n".join(dark) + "\n}"
    return _FIXED + "\n".join(light) + "\n" + media
