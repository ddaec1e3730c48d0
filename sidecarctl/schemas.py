"""Does this data fit that JSON Schema? Quickly yes; if not, jsonschema says why.

jsonschema takes 60 to 80 ms to load, a third of what ``inject`` takes for a file, and most data
fits. So a small walker looks first. It knows the keywords that our schemas use and gives up on
any other; where it finds a fault or gives up, jsonschema has the word.
"""

import re
from collections.abc import Callable, Mapping

from sidecarctl.findings import Json, JsonObject
from sidecarctl.violation import Violation, suggest

__all__ = ["Violation", "fits", "suggest", "violations"]


def violations(data: Json, schema: JsonObject) -> list[Violation]:
    """Return every way in which *data* fails *schema* (Draft 2020-12), sorted by path.

    ``$ref`` reaches into *schema* itself only; nothing is ever fetched.
    """
    if fits(data, schema):
        return []
    # The one import in a function outside cli/: the reason stands at the head of this module.
    from sidecarctl.schema_faults import faults  # noqa: PLC0415

    return faults(data, schema)


def fits(data: Json, schema: JsonObject) -> bool | None:
    """Tell whether *data* fits *schema*; None where a keyword is not known here."""
    try:
        return _fits(data, schema, schema)
    except _UnknownKeywordError:
        return None


class _UnknownKeywordError(Exception):
    """The schema says something that this walker does not understand."""


_Check = Callable[[Json, Json, JsonObject, JsonObject], bool]
"""value, what the keyword says, the schema that it stands in, the root of all: does it fit?"""


def _fits(value: Json, schema: Json, root: JsonObject) -> bool:
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, dict):
        raise _UnknownKeywordError
    for keyword, wanted in schema.items():
        if keyword in _ANNOTATIONS or keyword.startswith("x-"):
            continue
        check = _CHECKS.get(keyword)
        if check is None:
            raise _UnknownKeywordError(keyword)
        if not check(value, wanted, schema, root):
            return False
    return True


def _is_type(value: Json, name: Json) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    kinds = _TYPES.get(str(name))
    if kinds is None:
        raise _UnknownKeywordError(name)
    return isinstance(value, kinds)


def _type(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return any(_is_type(value, name) for name in _list(wanted))


def _same(left: Json, right: Json) -> bool:
    """Compare as JSON does: true is not 1, and 1.0 is."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return left == right


def _enum(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return any(_same(value, each) for each in _list(wanted))


def _const(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return _same(value, wanted)


def _ref(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    if not isinstance(wanted, str) or not wanted.startswith("#"):
        raise _UnknownKeywordError(wanted)
    target: Json = root
    for step in wanted.removeprefix("#").split("/")[1:]:
        if not isinstance(target, dict) or step not in target or "~" in step or "%" in step:
            raise _UnknownKeywordError(wanted)
        target = target[step]
    return _fits(value, target, root)


def _properties(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    known = _mapping(wanted)
    return not isinstance(value, dict) or all(
        _fits(each, known[key], root) for key, each in value.items() if key in known
    )


def _additional(value: Json, wanted: Json, schema: JsonObject, root: JsonObject) -> bool:
    known = _mapping(schema.get("properties", {}))
    if "patternProperties" in schema:
        raise _UnknownKeywordError
    return not isinstance(value, dict) or all(
        _fits(each, wanted, root) for key, each in value.items() if key not in known
    )


def _required(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return not isinstance(value, dict) or all(key in value for key in _list(wanted))


def _dependent(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return not isinstance(value, dict) or all(
        other in value
        for key, others in _mapping(wanted).items()
        if key in value
        for other in _list(others)
    )


def _names(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return not isinstance(value, dict) or all(_fits(key, wanted, root) for key in value)


def _items(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return not isinstance(value, list) or all(_fits(each, wanted, root) for each in value)


def _unique(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    if wanted is not True or not isinstance(value, list):
        return True
    return not any(_same(a, b) for index, a in enumerate(value) for b in value[:index])


def _pattern(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
    return not isinstance(value, str) or re.search(str(wanted), value) is not None


def _length(kinds: type | tuple[type, ...], *, least: bool) -> _Check:
    def check(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
        if not isinstance(value, kinds) or not isinstance(value, str | list | dict):
            return True
        number = _number(wanted)
        return len(value) >= number if least else len(value) <= number

    return check


def _bound(holds: Callable[[float, float], bool]) -> _Check:
    def check(value: Json, wanted: Json, _schema: JsonObject, _root: JsonObject) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return holds(value, _number(wanted))

    return check


def _any_of(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return any(_fits(value, each, root) for each in _list(wanted))


def _one_of(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return sum(_fits(value, each, root) for each in _list(wanted)) == 1


def _all_of(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return all(_fits(value, each, root) for each in _list(wanted))


def _not(value: Json, wanted: Json, _schema: JsonObject, root: JsonObject) -> bool:
    return not _fits(value, wanted, root)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _mapping(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise _UnknownKeywordError
    return value


def _number(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnknownKeywordError
    return value


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "array": list,
    "object": dict,
    "null": type(None),
    "boolean": bool,
}
_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples"}
)
_CHECKS: Mapping[str, _Check] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "$ref": _ref,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "dependentRequired": _dependent,
    "propertyNames": _names,
    "items": _items,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "minLength": _length(str, least=True),
    "maxLength": _length(str, least=False),
    "minItems": _length(list, least=True),
    "maxItems": _length(list, least=False),
    "minProperties": _length(dict, least=True),
    "maxProperties": _length(dict, least=False),
    "minimum": _bound(lambda value, edge: value >= edge),
    "maximum": _bound(lambda value, edge: value <= edge),
    "exclusiveMinimum": _bound(lambda value, edge: value > edge),
    "exclusiveMaximum": _bound(lambda value, edge: value < edge),
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "not": _not,
}
