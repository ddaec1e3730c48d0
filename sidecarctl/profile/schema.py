"""JSON Schemas of a profile: the outer shape, each concern's and sidecar's values, all in one."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from sidecarctl.assets import asset_dir
from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.profile.concern import Concern, concerns
from sidecarctl.profile.merge import at, table
from sidecarctl.profile.sidecar import NO_PROXY, Sidecar, names_of, sidecars

_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_SPEC = ("properties", "spec", "properties")
_OVERRIDE = ("overrides", "items", "properties")


@cache
def read_schema(file: Path) -> JsonObject:
    """Return the JSON Schema in *file*; nobody may change what is returned."""
    data: JsonObject = json.loads(file.read_text(encoding="utf-8"))
    return data


@cache
def outer_schema() -> JsonObject:
    """Return the shape of a profile without that of the values of concerns and sidecars."""
    schema: JsonObject = json.loads(json.dumps(_shipped()))
    spec = table(schema, *_SPEC)
    for holder in (spec, table(spec, *_OVERRIDE)):
        table(holder, "proxy")["enum"] = [*_ready_proxies()]
        table(holder, "agents")["items"] = {"enum": [*names_of("agent")]}
    return schema


def values_schema(owner: Concern | Sidecar) -> JsonObject:
    """Return the schema of the values of *owner*, the shared ``$defs`` within it."""
    own = read_schema(owner.folder / "values.schema.json")
    return {**own, "$defs": {**table(outer_schema(), "$defs"), **table(own, "$defs")}}


def planned_proxies() -> tuple[str, ...]:
    """Return the proxies that a profile may name one day, but not yet."""
    known = at(_shipped(), (*_SPEC, "proxy", "enum"))
    return tuple(str(name) for name in _items(known) if name not in _ready_proxies())


@cache
def profile_schema() -> JsonObject:
    """Return the whole schema of a profile: what editors and ``schema profile`` get."""
    schema: JsonObject = json.loads(json.dumps(outer_schema()))
    definitions, spec = table(schema, "$defs"), table(schema, *_SPEC)
    for room, owners in (("concerns", concerns()), ("sidecars", sidecars())):
        properties: JsonObject = {}
        for owner in owners.values():
            definitions[_key(owner)] = _embedded(owner)
            properties[owner.name] = _entry(owner)
        for holder in (spec, table(spec, *_OVERRIDE)):
            table(holder, room).update(properties=properties, additionalProperties=False)
    fields = "|".join(concerns())
    table(spec, "locked")["items"] = {"type": "string", "pattern": rf"^({fields})(\.[A-Za-z.]+)?$"}
    return schema


def nodes(schema: JsonObject, path: FieldPath) -> list[JsonObject]:
    """Return every part of *schema* that speaks of the field at *path*; [] where none does.

    References and alternatives are followed: the first part is the one nearest to the field.
    """
    here = list(_expanded(schema, schema))
    for step in path:
        children = [child for node in here for child in _children(node, step)]
        here = [part for child in children for part in _expanded(schema, child)]
    return here


def described(parts: list[JsonObject]) -> str:
    """Return the description of a field of which *parts* speak: the nearest one counts."""
    return next((str(part["description"]) for part in parts if "description" in part), "")


def is_text(parts: list[JsonObject]) -> bool:
    """Tell whether a field of which *parts* speak takes text and nothing but text."""
    types = [part["type"] for part in parts if "type" in part]
    return bool(types) and all(each == "string" for each in types)


def _shipped() -> JsonObject:
    """Return the schema as it lies in ``schemas/``; its proxies are also those that are planned."""
    return read_schema(asset_dir("schemas") / "profile.schema.json")


def _ready_proxies() -> tuple[str, ...]:
    return (*names_of("proxy"), NO_PROXY)


def _entry(owner: Concern | Sidecar) -> JsonObject:
    reference: JsonObject = {"description": owner.summary, "$ref": f"#/$defs/{_key(owner)}"}
    if isinstance(owner, Sidecar):
        return reference
    switch: JsonObject = {"enum": [True] if owner.always else [True, False, None]}
    return {"description": owner.summary, "anyOf": [reference, switch]}


def _key(owner: Concern | Sidecar) -> str:
    """Return the name of *owner* under ``$defs``: no concern can take that of a unit."""
    return f"{'concerns' if isinstance(owner, Concern) else 'sidecars'}.{owner.name}"


def _embedded(owner: Concern | Sidecar) -> JsonObject:
    """Return the schema of *owner* as it stands under ``$defs``: its own ``$defs`` within it."""
    own = read_schema(owner.folder / "values.schema.json")
    prefix = f"#/$defs/{_key(owner)}/$defs/"
    names = {f"#/$defs/{name}": f"{prefix}{name}" for name in table(own, "$defs")}
    moved = _renamed(own, names)
    return {key: value for key, value in table(moved).items() if key not in ("$schema", "$id")}


def _renamed(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {
            key: names.get(item, item)
            if key == "$ref" and isinstance(item, str)
            else _renamed(item, names)
            for key, item in value.items()
        }
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def _expanded(root: JsonObject, node: Json) -> Iterator[JsonObject]:
    if not isinstance(node, dict):
        return
    yield node
    reference = node.get("$ref")
    if isinstance(reference, str):
        yield from _expanded(root, at(root, tuple(reference.removeprefix("#/").split("/"))))
    for keyword in _ALTERNATIVES:
        for alternative in _items(node.get(keyword)):
            yield from _expanded(root, alternative)


def _children(node: JsonObject, step: str | int) -> Iterator[Json]:
    if isinstance(step, int):
        yield node.get("items")
        return
    properties, names = table(node, "properties"), table(node, "propertyNames")
    if not re.search(str(names.get("pattern", "")), step):
        return
    yield properties[step] if step in properties else node.get("additionalProperties")


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
