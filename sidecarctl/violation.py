"""How data fails its schema: the type that says so, and the words it is said in.

Apart from ``schemas.py`` so that whoever needs a word alone does not load jsonschema (60 ms).
"""

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

from sidecarctl.findings import FieldPath, Json

_SHOWN = 60  # characters of a value in a message

UNKNOWN = "additionalProperties"
"""The keyword of a violation by a field that the schema does not have."""

TYPE_WORDS: Mapping[str, str] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


class Violation(Struct, frozen=True):
    """One way in which data fails its schema; *path* counts from the root of the data.

    For an unknown field *path* ends in its key, for a missing one in the key that should be there.
    *keyword* is the one of JSON Schema that failed; two that
    say the same of the same place are equal, whichever found it.
    """

    path: FieldPath
    message: str
    hint: str | None = None
    keyword: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Violation) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[FieldPath, str, str | None]:
        return self.path, self.message, self.hint


def path_order(path: FieldPath) -> list[tuple[bool, int, str]]:
    """Return a key that sorts paths, indices by number and before keys."""
    return [(False, s, "") if isinstance(s, int) else (True, 0, s) for s in path]


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of *known* that *word* was probably meant to be, or None."""
    from difflib import get_close_matches  # noqa: PLC0415  only where something is wrong

    by_folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the hint for a *word* that is none of *known*; the known words where none is near."""
    names = sorted(known)
    near = suggest(word, names)
    if near:
        return f"did you mean {near!r}?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= 12 else None


def shown(value: Json) -> str:
    """Return *value* as a message names it: strings quoted, long ones cut, structures by type."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def unknown_field(path: FieldPath, known: Iterable[str]) -> Violation:
    """Return the violation of a field, the last step of *path*, that its schema does not have."""
    key = str(path[-1])
    return Violation(path, f"there is no field {key!r}", did_you_mean(key, known), UNKNOWN)


def missing_field(path: FieldPath) -> Violation:
    """Return the violation of a required field, the last step of *path*, that is not there."""
    return Violation(path, f"the field {str(path[-1])!r} is missing", keyword="required")


def wrong_type(path: FieldPath, value: Json, types: Iterable[str]) -> Violation:
    """Return the violation of a *value* that has none of the JSON Schema *types*."""
    wanted = " or ".join(TYPE_WORDS.get(name, name) for name in types)
    hint = None
    if wanted == TYPE_WORDS["string"] and isinstance(value, bool | int | float):
        hint = f'write it in quotes: "{json.dumps(value)}"'
    return Violation(path, f"must be {wanted}, but is {shown(value)}", hint, "type")


def not_among(path: FieldPath, value: Json, allowed: Iterable[Json]) -> Violation:
    """Return the violation of a *value* that is none of the *allowed* ones."""
    options = list(allowed)
    words = [option for option in options if isinstance(option, str)]
    near = suggest(value, words) if isinstance(value, str) else None
    listed = ", ".join(shown(option) for option in options)
    hint = f"did you mean {near!r}?" if near else None
    return Violation(path, f"{shown(value)} is none of {listed}", hint, "enum")
