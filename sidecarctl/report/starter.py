"""A first profile: every field and concern there is, its default, and a word on what it does."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from sidecarctl.findings import Json
from sidecarctl.manifest.emit import Layout, block_entry
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.merge import layered, table
from sidecarctl.profile.profile import built_in_profiles, load_profile
from sidecarctl.profile.schema import outer_schema
from sidecarctl.profile.sidecar import sidecars

_WIDTH = 100
_LAYOUT = Layout(dash=2)

_HEAD = """\
# yaml-language-server: $schema={schema}

# What the sidecars of a fleet do for its workloads, stated once. Try it:
#     sidecarctl inject -p {file} --diff deployment.yaml
# What a concern, a sidecar or a field means:
#     sidecarctl explain rateLimit.perInstance
# Where a line is commented out, its value is the default, or its concern is off.
apiVersion: sidecarctl.dev/v1alpha1
kind: Profile
metadata:
  name: {name}
spec:
"""


def starter(*, file: Path, schema: str) -> str:
    """Return the text of a profile that does what the built-in ``default`` does.

    *file* is where it will stand; its name becomes the profile's. *schema* is where an editor that
    opens it finds the JSON Schema.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("._-")[:63] or "profile"
    blocks = [_HEAD.format(file=file, name=name, schema=schema), *_fields()]
    blocks += ["  concerns:\n", *_concerns(), "  sidecars:\n", *_sidecars()]
    return "\n".join(blocks)


def _fields() -> Iterator[str]:
    fields = table(outer_schema(), "properties", "spec", "properties")
    for name in fields:
        field = table(fields, name)
        if "default" in field:
            yield _entry(name, field["default"], str(field["description"]), indent=2, on=False)


def _concerns() -> Iterator[str]:
    default = load_profile("default").concerns
    # A concern may ask for values that have no default: another built-in profile shows some.
    examples = [load_profile(name).concerns for name in built_in_profiles()]
    for name, concern in concerns().items():
        shown = next((each[name] for each in (default, *examples) if name in each), {})
        values = layered(concern.defaults, [shown])
        yield _entry(name, values, _sentence(concern.summary), indent=4, on=name in default)


def _sidecars() -> Iterator[str]:
    for name, sidecar in sidecars().items():
        yield _entry(name, sidecar.defaults, _sentence(sidecar.summary), indent=4, on=False)


def _sentence(summary: str) -> str:
    return f"{summary.removesuffix('.')}."


def _entry(name: str, value: Json, comment: str, *, indent: int, on: bool) -> str:
    """Return *comment* and the field *name* below it, commented out unless it is *on*."""
    margin = " " * indent
    said = textwrap.wrap(comment, _WIDTH - indent - 2)
    lines = block_entry(name, value, 0, _LAYOUT).splitlines()
    sign = "" if on else "# "
    return "".join(
        f"{margin}{line}\n"
        for line in (*(f"# {line}" for line in said), *(sign + x for x in lines))
    )
