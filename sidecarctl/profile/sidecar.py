"""Who does it: proxies and agents, one folder of ``templates/sidecars`` each."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

from msgspec import Struct

from sidecarctl.findings import JsonObject
from sidecarctl.profile.folder import folders, read_head

SidecarRole: TypeAlias = Literal["proxy", "agent"]

NO_PROXY = "none"
"""The value of a profile's ``proxy`` where no sidecar carries the traffic."""


class Sidecar(Struct, frozen=True, eq=False):  # one object each, so identity is equality
    """One column of the matrix; ``schemas/sidecar.schema.json`` says what each field means.

    *opt_out* maps labels or annotations of the pod template to the value by which a workload
    declines this sidecar. *gated* maps the path of a field to those of its values that need a
    feature of Kubernetes, by its name.
    """

    name: str
    summary: str
    source: str
    role: SidecarRole
    gates: bool
    standalone: bool
    opt_out: Mapping[str, str]
    gated: Mapping[str, Mapping[str, str]]
    defaults: JsonObject
    folder: Path


@cache
def sidecars() -> Mapping[str, Sidecar]:
    """Return every sidecar by its name, which is its folder's, in alphabetical order."""
    found = {folder.name: _sidecar(folder) for folder in folders("sidecars", "sidecar.yaml")}
    return MappingProxyType(found)


def names_of(role: SidecarRole) -> tuple[str, ...]:
    """Return the names of the sidecars with this *role*."""
    return tuple(name for name, sidecar in sidecars().items() if sidecar.role == role)


def _sidecar(folder: Path) -> Sidecar:
    # Whether each head fits sidecar.schema.json is a test's matter: they ship with the tool.
    head = read_head(folder / "sidecar.yaml")
    return Sidecar(
        name=folder.name,
        summary=str(head["summary"]),
        source=str(head["source"]),
        role=cast(SidecarRole, head["role"]),
        gates=head["gates"] is True,
        standalone=head.get("standalone") is True,
        opt_out=cast(Mapping[str, str], head.get("optOut", {})),
        gated=cast(Mapping[str, Mapping[str, str]], head.get("gated", {})),
        defaults=cast(JsonObject, head["defaults"]),
        folder=folder,
    )
