"""How a document fails the Kubernetes schema of its kind, unknown fields included.

A small walker over the structural subset that these schemas use: a document takes microseconds
where jsonschema takes hundreds, and jsonschema need not be imported.
"""

import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypedDict

from msgspec import Struct

from sidecarctl.assets import asset_dir
from sidecarctl.findings import Json, JsonObject
from sidecarctl.violation import (
    Violation,
    missing_field,
    not_among,
    path_order,
    shown,
    unknown_field,
    wrong_type,
)

_PYTHON: Mapping[str, frozenset[type]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "array": frozenset({list}),
    "object": frozenset({dict}),
}
_RANGES: Mapping[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}


class Node(Struct, frozen=True):
    """One schema of the pack, made ready for the walk."""

    types: tuple[str, ...]  # of JSON Schema; none: any value
    python: frozenset[type]  # the same as types of Python
    plain: frozenset[type]  # those of them of which every value will do
    reference: str = ""  # the name of the definition to use in its place
    properties: Mapping[str, "Node"] | None = None
    others: "Node | None" = None  # what every further field must be
    items: "Node | None" = None
    required: tuple[str, ...] = ()
    enum: tuple[Json, ...] = ()
    format: str = ""


class KubernetesSchema(Struct, frozen=True):
    """The schema of one kind in one version."""

    version: str
    root: Node
    definitions: Mapping[str, Node]


def kubernetes_versions() -> tuple[str, ...]:
    """Return the versions whose schemas are here, oldest first."""
    return _pack().versions


def kubernetes_schema(version: str, api_version: str, kind: str) -> KubernetesSchema | None:
    """Return the schema of *kind* in Kubernetes *version* (``"1.33"``).

    None where that version does not serve it: a custom resource, or an API that came or went.

    Raises:
        KeyError: *version* is none of `kubernetes_versions`.
    """
    definitions = _definitions(version)
    name = _pack().kinds.get(f"{api_version}/{kind}")
    if name is None or name not in definitions:
        return None
    return KubernetesSchema(version, definitions[name], definitions)


def structural_violations(data: JsonObject, schema: KubernetesSchema) -> list[Violation]:
    """Return every way in which *data* fails *schema*, sorted by path.

    A field that is null counts as absent: the API server drops it. Sizes (``int32``) and base64
    (``byte``) are checked too, since the API server decodes them.
    """
    found = _faults(data, schema.root, schema.definitions)
    return sorted(found, key=lambda violation: path_order(violation.path))


def _faults(value: Json, node: Node, definitions: Mapping[str, Node]) -> Iterable[Violation]:
    """Return the violations of *value*, paths relative to it."""
    if value is None:
        return ()
    if node.reference:
        node = definitions[node.reference]
    if node.types and type(value) not in node.python and not _is_whole(value, node):
        return [wrong_type((), value, node.types)]
    if isinstance(value, dict):
        return _mapping_faults(value, node, definitions)
    if isinstance(value, list):
        return _list_faults(value, node, definitions)
    return _scalar_faults(value, node)


def _is_whole(value: Json, node: Node) -> bool:
    """Whether *value* is a 1.0 where a whole number is wanted: the API server reads it as 1."""
    return "integer" in node.types and isinstance(value, float) and value.is_integer()


def _mapping_faults(
    value: JsonObject, node: Node, definitions: Mapping[str, Node]
) -> list[Violation]:
    found: list[Violation] = []
    properties = node.properties
    for key, item in value.items():
        inner = node.others if properties is None else properties.get(key)
        if inner is None:
            if properties is not None:
                found.append(unknown_field((key,), properties))
        elif type(item) not in inner.plain:
            for fault in _faults(item, inner, definitions):
                found.append(_under(key, fault))  # noqa: PERF401 - most often there is none
    found += [missing_field((key,)) for key in node.required if value.get(key) is None]
    return found


def _list_faults(value: list[Json], node: Node, definitions: Mapping[str, Node]) -> list[Violation]:
    inner = node.items
    if inner is None:
        return []
    return [
        _under(i, fault)
        for i, item in enumerate(value)
        if type(item) not in inner.plain
        for fault in _faults(item, inner, definitions)
    ]


def _under(step: str | int, fault: Violation) -> Violation:
    return Violation((step, *fault.path), fault.message, fault.hint, fault.keyword)


def _scalar_faults(value: Json, node: Node) -> list[Violation] | tuple[()]:
    if node.enum and value not in node.enum:
        return [not_among((), value, node.enum)]
    if node.format in _FORMATS:
        message = _FORMATS[node.format](value, node.format)
        return [Violation((), message, keyword="format")] if message else ()
    return ()


def _out_of_range(value: Json, name: str) -> str | None:
    low, high = _RANGES[name]
    if isinstance(value, int | float) and not low <= value <= high:
        return f"must be between {low} and {high}, but is {shown(value)}"
    return None


def _not_base64(value: Json, _name: str) -> str | None:
    try:
        # Go's decoder skips line breaks, which a folded or literal scalar brings along.
        binascii.a2b_base64(str(value).replace("\n", "").replace("\r", ""), strict_mode=True)
    except ValueError as error:
        return f"is no base64: {str(error)[:1].lower()}{str(error)[1:]}"
    return None


_FORMATS: Mapping[str, Callable[[Json, str], str | None]] = {
    "int32": _out_of_range,
    "int64": _out_of_range,
    "byte": _not_base64,
}


class _Pack(Struct, frozen=True):
    versions: tuple[str, ...]
    kinds: Mapping[str, str]  # "apps/v1/Deployment" -> name of a definition
    lines: Mapping[str, str]  # name of a definition -> its line, decoded when it is needed


@cache
def _pack() -> _Pack:
    text = (asset_dir("schemas") / "kubernetes" / "definitions.jsonl").read_text(encoding="utf-8")
    head, *lines = text.splitlines()
    versions, kinds = json.loads(head)
    return _Pack(tuple(versions), kinds, {line[2 : line.index('"', 2)]: line for line in lines})


_Raw = TypedDict(
    "_Raw",
    {
        "$ref": str,
        "type": str | list[str],
        "format": str,
        "enum": list[Json],
        "required": list[str],
        "properties": dict[str, "_Raw"],
        "additionalProperties": "_Raw",
        "items": "_Raw",
    },
    total=False,
)
"""A schema as scripts/build_kubernetes_schemas.py writes it."""


class _Definitions(dict[str, Node]):
    """The definitions of one version by name, each decoded at its first use."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self._at = _order(version)

    def __missing__(self, name: str) -> Node:
        _, spans = json.loads(_pack().lines[name])
        for first, last, raw in spans:
            if _order(first) <= self._at <= _order(last):
                self[name] = _node(raw)
                return self[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except KeyError:
            return False
        return True


def _node(given: _Raw) -> Node:
    """Return the node for what the pack says."""
    types = given.get("type", ())
    names = (types,) if isinstance(types, str) else tuple(types)
    properties, others = given.get("properties"), given.get("additionalProperties")
    items = given.get("items")
    python = frozenset().union(*(_PYTHON[name] for name in names))
    return Node(
        types=names,
        python=python,
        plain=python - {dict, list} if given.keys() <= {"type"} else frozenset(),
        reference=given.get("$ref", ""),
        properties={k: _node(v) for k, v in properties.items()} if properties is not None else None,
        others=_node(others) if others is not None else None,
        items=_node(items) if items is not None else None,
        required=tuple(given.get("required", ())),
        enum=tuple(given.get("enum", ())),
        format=given.get("format", ""),
    )


def _order(version: str) -> int:
    return int(version.partition(".")[2])


@cache
def _definitions(version: str) -> _Definitions:
    if version not in _pack().versions:
        raise KeyError(version)
    return _Definitions(version)
