"""What a sidecar can do for an application: one folder of ``templates/concerns`` each."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

from msgspec import Struct

from sidecarctl.findings import Json, JsonObject
from sidecarctl.profile.folder import folders, read_head

Direction: TypeAlias = Literal["inbound", "outbound"]

_CELL = ".yaml.j2"


class Concern(Struct, frozen=True, eq=False):  # one object each, so identity is equality
    """One row of the matrix; ``schemas/concern.schema.json`` says what each field means.

    *cells* are the names of the sidecars that have it: those with a ``<sidecar>.yaml.j2``. *facts*
    maps what the plan must know to the path of the field that says it, ``""`` for all values.
    """

    name: str
    summary: str
    source: str
    order: int
    direction: tuple[Direction, ...]
    protocols: frozenset[str]
    always: bool
    facts: Mapping[str, str]
    needs: tuple[str, ...]
    defaults: Json
    folder: Path
    cells: frozenset[str]

    def cell(self, sidecar: str) -> Path:
        """Return the template by which *sidecar* does it."""
        return self.folder / f"{sidecar}{_CELL}"

    def limits(self, sidecar: str) -> Path:
        """Return the schema, which may not be there, of the values that *sidecar* can do."""
        return self.folder / f"{sidecar}.schema.json"


@cache
def concerns() -> Mapping[str, Concern]:
    """Return every concern by its name, which is its folder's, in alphabetical order."""
    found = {folder.name: _concern(folder) for folder in folders("concerns", "concern.yaml")}
    return MappingProxyType(found)


def _concern(folder: Path) -> Concern:
    # Whether each head fits concern.schema.json is a test's matter: they ship with the tool.
    head = read_head(folder / "concern.yaml")
    return Concern(
        name=folder.name,
        summary=str(head["summary"]),
        source=str(head["source"]),
        order=cast(int, head["order"]),
        direction=cast(tuple[Direction, ...], tuple(_words(head, "direction"))),
        protocols=frozenset(_words(head, "protocols")),
        always=head.get("always") is True,
        facts=cast(Mapping[str, str], head.get("facts", {})),
        needs=tuple(_words(head, "needs")),
        defaults=head["defaults"],
        folder=folder,
        cells=frozenset(file.name.removesuffix(_CELL) for file in folder.glob(f"*{_CELL}")),
    )


def _words(head: JsonObject, field: str) -> list[str]:
    return cast(list[str], head.get(field, []))
