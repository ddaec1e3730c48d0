"""The fields of a profile, from their schemas: what people are told of each."""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.profile.merge import at, table
from sidecarctl.profile.schema import described, nodes
from sidecarctl.violation import TYPE_WORDS

_UNITS = ("duration", "percent", "quantity", "size", "port", "image")


class Field(Struct, frozen=True):
    """One field: *path* counts from the root of its schema, 0 stands for any entry of a list."""

    path: FieldPath
    kind: str
    description: str
    default: Json

    @property
    def name(self) -> str:
        """Return the path as people write it: ``rules[].from``."""
        steps = ("[]" if step == 0 else f".{step}" for step in self.path)
        return "".join(steps).removeprefix(".")

    @property
    def is_list(self) -> bool:
        return self.kind == TYPE_WORDS["array"]


def field_at(schema: JsonObject, path: FieldPath, defaults: Json) -> Field | None:
    """Return the field of *schema* at *path*, None where there is none.

    *defaults* are those of the whole schema; without one there, that of the schema itself counts.
    """
    parts = nodes(schema, path)
    if not parts:
        return None
    default = at(defaults, path)
    if default is None:
        default = next((part["default"] for part in parts if "default" in part), None)
    return Field(path, _kind(parts), described(parts), default)


def fields_below(schema: JsonObject, path: FieldPath, defaults: Json) -> Iterator[Field]:
    """Yield the fields below that at *path*, each followed by those below it."""
    known = keys(schema, path)
    for key in known:
        field = field_at(schema, (*path, key), defaults)
        if field is not None:
            yield field
            yield from fields_below(schema, field.path, defaults)
    if not known and nodes(schema, (*path, 0)):
        yield from fields_below(schema, (*path, 0), defaults)


def keys(schema: JsonObject, path: FieldPath) -> list[str]:
    """Return the keys that the mapping at *path* may have, in the order of the schema."""
    parts = nodes(schema, path)
    return list(dict.fromkeys(key for part in parts for key in table(part, "properties")))


def _kind(parts: list[JsonObject]) -> str:
    """Return what the field holds, in words: a unit, the words to choose from, or a type."""
    for part in parts:
        unit = str(part.get("$ref", "")).rpartition("/")[2]
        if unit in _UNITS:
            return f"a {unit}" if unit != "image" else "an image"
        options = part.get("enum")
        if isinstance(options, list):
            return " or ".join(str(option) for option in options)
    types = [name for part in parts for name in _names(part.get("type")) if name != "null"]
    return " or ".join(dict.fromkeys(TYPE_WORDS.get(name, name) for name in types)) or "anything"


def _names(types: Json) -> list[str]:
    if isinstance(types, str):
        return [types]
    return [str(each) for each in types] if isinstance(types, list) else []
