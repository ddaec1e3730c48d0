"""A first profile: every field and concern there is, its default, and a word on what it does."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from sidecarctl.findings import Json
from sidecarctl.manifest.emit import block_entry
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.merge import merged, table
from sidecarctl.profile.profile import load_profile
from sidecarctl.profile.schema import outer_schema
from sidecarctl.profile.sidecar import sidecars

_WIDTH = 100

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
    chosen = load_profile("default").concerns
    for name, concern in concerns().items():
        on = name in chosen
        values = merged(concern.defaults, chosen[name]) if on else concern.defaults
        yield _entry(name, values, f"{concern.summary}.", indent=4, on=on)


def _sidecars() -> Iterator[str]:
    proxy = load_profile("default").proxy
    for name, sidecar in sidecars().items():
        yield _entry(name, sidecar.defaults, f"{sidecar.summary}.", indent=4, on=name == proxy)


def _entry(name: str, value: Json, comment: str, *, indent: int, on: bool) -> str:
    """Return *comment* and the field *name* below it, commented out unless it is *on*."""
    margin = " " * indent
    said = textwrap.wrap(comment, _WIDTH - indent - 2)
    lines = block_entry(name, value, 0).splitlines()
    sign = "" if on else "# "
    return "".join(
        f"{margin}{line}\n"
        for line in (*(f"# {line}" for line in said), *(sign + x for x in lines))
    )
