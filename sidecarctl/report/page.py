"""Pages of the manual, laid out for a terminal.

Apart from ``paint.py`` because reading Markdown takes 60 ms to import, which no other verb needs.
"""

from rich.markdown import Markdown

from sidecarctl.report.paint import console, taken


def page(markdown: str, *, coloured: bool) -> str:
    """Return the page *markdown*: laid out for a terminal where *coloured*, else as it is."""
    if not coloured:
        return markdown
    terminal = console()
    terminal.print(Markdown(markdown), soft_wrap=False)
    return taken(terminal)
