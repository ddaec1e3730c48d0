"""How data fails a JSON Schema, in our own words: the only module that knows jsonschema.

Messages are our own. A schema may carry ``x-message``: the rest of a sentence that begins with the
value, used where its type, pattern or alternatives fail (``"is no duration such as 500ms or 5s"``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import cast

from jsonschema import Draft202012Validator, ValidationError
from msgspec import Struct
from referencing.jsonschema import EMPTY_REGISTRY

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.violation import (
    Violation,
    missing_field,
    not_among,
    path_order,
    shown,
    unknown_field,
    wrong_type,
)

_OWN_WORDS = frozenset({"type", "pattern", "format", "anyOf", "oneOf", "not", "const", "enum"})
"""The keywords for which a schema's ``x-message`` says it better than the keyword does."""


def faults(data: Json, schema: JsonObject) -> list[Violation]:
    """Return every way in which *data* fails *schema* (Draft 2020-12), sorted by path.

    ``$ref`` reaches into *schema* itself only; nothing is ever fetched. Where alternatives fail
    (``anyOf``, ``oneOf``) the faults of the alternative that fits best are reported. A field that
    must not be there is best written ``{"not": {}}``: jsonschema loses the path of a ``false``.
    """
    validator = Draft202012Validator(schema, registry=EMPTY_REGISTRY)
    errors = [_fault(error, ()) for error in validator.iter_errors(data)]
    found = dict.fromkeys(violation for error in errors for violation in _spoken(error))
    return sorted(found, key=lambda violation: path_order(violation.path))


class _Fault(Struct, frozen=True):
    """A jsonschema error with its types narrowed: *value* at *path* fails *keyword*: *wanted*."""

    path: FieldPath
    at_root: bool  # of the alternative it belongs to
    keyword: str  # "" for the schema `false`
    wanted: Json
    value: Json
    schema: JsonObject
    of_key: bool
    branches: tuple[tuple["_Fault", ...], ...]


def _fault(error: ValidationError, base: FieldPath) -> _Fault:
    path = (*base, *error.relative_path)
    context = sorted(error.context or (), key=lambda one: int(one.relative_schema_path[0]))
    branches = groupby(context, key=lambda one: one.relative_schema_path[0])
    return _Fault(
        path,
        at_root=not error.relative_path,
        keyword=str(error.validator or ""),
        wanted=cast("Json", error.validator_value),
        value=cast("Json", error.instance),
        schema=cast("JsonObject", error.schema) if isinstance(error.schema, Mapping) else {},
        of_key="propertyNames" in error.relative_schema_path,
        branches=tuple(tuple(_fault(one, path) for one in branch) for _, branch in branches),
    )


def _spoken(fault: _Fault) -> Iterator[Violation]:
    own = _own_words(fault)
    if fault.of_key:
        yield _bad_key(fault, own)
    elif own and fault.keyword in _OWN_WORDS:
        yield Violation(fault.path, f"{shown(fault.value)} {own}")
    else:
        yield from _WORDS.get(fault.keyword, _other)(fault)


def _own_words(fault: _Fault) -> str:
    text = fault.schema.get("x-message")
    if text is None and fault.keyword == "pattern" and "description" in fault.schema:
        text = f"does not fit: {fault.schema['description']}"
    return str(text or "").rstrip(".")


def _bad_key(fault: _Fault, own: str) -> Violation:
    key = str(fault.value)
    said, *_ = _WORDS.get(fault.keyword, _other)(fault)
    return Violation((*fault.path, key), f"the key {f'{key!r} {own}' if own else said.message}")


def _alternatives(fault: _Fault) -> Iterator[Violation]:
    """Say what is wrong with the alternative that came nearest to fitting."""
    if not fault.branches:
        yield Violation(fault.path, f"{shown(fault.value)} fits more than one alternative")
        return
    best = min(fault.branches, key=_distance)
    if _misses_at_once(best):
        yield _none_of(fault)
    else:
        for inner in best:
            yield from _spoken(inner)


def _misses_at_once(branch: Iterable[_Fault]) -> bool:
    """Whether the value itself is of another type or none of the words, whatever it holds."""
    return any(one.at_root and one.keyword in ("type", "enum", "const") for one in branch)


def _distance(branch: tuple[_Fault, ...]) -> tuple[bool, bool, int]:
    """Return how far a value is from an alternative: wrong type, wrong discriminator, faults."""
    discriminators = any(one.keyword in ("const", "enum") for one in branch)
    return _misses_at_once(branch), discriminators, len(branch)


def _none_of(fault: _Fault) -> Violation:
    """Say that a value is nothing of what its alternatives allow."""
    types: dict[str, None] = {}
    words: list[Json] = []
    for one in (one for branch in fault.branches for one in branch if one.at_root):
        if one.keyword == "type":
            types.update(dict.fromkeys(_strings(one.wanted)))
        elif one.keyword == "enum":
            words += one.wanted if isinstance(one.wanted, list) else []
        elif one.keyword == "const":
            words.append(one.wanted)
    if words and (isinstance(fault.value, str) or not types):
        return not_among(fault.path, fault.value, words)
    return wrong_type(fault.path, fault.value, types)


def _strings(wanted: Json) -> list[str]:
    """Return the words of a keyword that takes one word or a list of them."""
    return [str(one) for one in wanted] if isinstance(wanted, list) else [str(wanted)]


def _keys(data: Json) -> list[str]:
    return list(data) if isinstance(data, dict) else []


def _unknown(fault: _Fault) -> Iterator[Violation]:
    known = _keys(fault.schema.get("properties"))
    patterns = _keys(fault.schema.get("patternProperties"))
    for key in _keys(fault.value):
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            yield unknown_field((*fault.path, key), known)


def _required(fault: _Fault) -> Iterator[Violation]:
    for key in _strings(fault.wanted):
        if key not in _keys(fault.value):
            yield missing_field((*fault.path, key))


def _dependent(fault: _Fault) -> Iterator[Violation]:
    there = _keys(fault.value)
    for key, needed in fault.wanted.items() if isinstance(fault.wanted, dict) else ():
        for other in _strings(needed):
            if key in there and other not in there:
                yield Violation((*fault.path, key), f"{key!r} needs {other!r} beside it")


def _type(fault: _Fault) -> Iterator[Violation]:
    yield wrong_type(fault.path, fault.value, _strings(fault.wanted))


def _enum(fault: _Fault) -> Iterator[Violation]:
    yield not_among(fault.path, fault.value, fault.wanted if isinstance(fault.wanted, list) else [])


def _const(fault: _Fault) -> Iterator[Violation]:
    message = f"must be {shown(fault.wanted)}, but is {shown(fault.value)}"
    yield Violation(fault.path, message)


def _bound(words: str) -> "_Speaker":
    def say(fault: _Fault) -> Iterator[Violation]:
        message = f"must be {words} {fault.wanted}, but is {shown(fault.value)}"
        yield Violation(fault.path, message)

    return say


def _count(words: str, unit: str) -> "_Speaker":
    def say(fault: _Fault) -> Iterator[Violation]:
        there = len(fault.value) if isinstance(fault.value, str | list | dict) else 0
        plural = "" if fault.wanted == 1 else "s"
        message = f"must have {words} {fault.wanted} {unit}{plural}, but has {there}"
        yield Violation(fault.path, message)

    return say


def _unique(fault: _Fault) -> Iterator[Violation]:
    items = fault.value if isinstance(fault.value, list) else []
    for i, item in enumerate(items):
        if item in items[:i]:
            yield Violation((*fault.path, i), f"{shown(item)} occurs twice in this list")


def _pattern(fault: _Fault) -> Iterator[Violation]:
    yield Violation(fault.path, f"{shown(fault.value)} does not have the form {fault.wanted}")


def _other(fault: _Fault) -> Iterator[Violation]:
    reason = f"does not satisfy {fault.keyword!r}" if fault.keyword else "is not allowed here"
    yield Violation(fault.path, f"{shown(fault.value)} {reason}")


_Speaker = Callable[[_Fault], Iterator[Violation]]

_WORDS: Mapping[str, _Speaker] = {
    "anyOf": _alternatives,
    "oneOf": _alternatives,
    "additionalProperties": _unknown,
    "required": _required,
    "dependentRequired": _dependent,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _bound("at least"),
    "maximum": _bound("at most"),
    "exclusiveMinimum": _bound("more than"),
    "exclusiveMaximum": _bound("less than"),
    "multipleOf": _bound("a multiple of"),
    "minItems": _count("at least", "item"),
    "maxItems": _count("at most", "item"),
    "minLength": _count("at least", "character"),
    "maxLength": _count("at most", "character"),
    "minProperties": _count("at least", "field"),
    "maxProperties": _count("at most", "field"),
    "uniqueItems": _unique,
}
