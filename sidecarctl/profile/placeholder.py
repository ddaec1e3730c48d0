"""Placeholders in the strings of a profile: ``{workload}-mtls``. ``{{`` and ``}}`` are braces."""

import re
from collections.abc import Iterator, Mapping

from sidecarctl.findings import FieldPath, Json
from sidecarctl.violation import Violation, suggest

PLACEHOLDERS = ("workload", "namespace", "serviceAccount", "container", "trustDomain")
"""The closed set. ``container`` is the one that ``kubectl`` takes where no name is given."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def filled(value: Json, words: Mapping[str, str]) -> Json:
    """Return *value* with every placeholder in its strings replaced by its word of *words*."""
    if isinstance(value, str):
        return _BRACES.sub(lambda match: _fill(match, words), value) if _has_brace(value) else value
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    return value


def has_placeholder(value: Json) -> bool:
    """Tell whether a string in *value* has a brace, so that ``filled`` may change it."""
    return any(_has_brace(text) for _, text in strings(value))


def strings(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield every string in *value* with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(item, (*path, key))


def bad_placeholders(value: Json, path: FieldPath = ()) -> Iterator[Violation]:
    """Yield a violation for everything in braces that is no placeholder."""
    for where, text in strings(value, path):
        for match in _BRACES.finditer(text):
            if match[0] in ("{{", "}}") or match[1] in PLACEHOLDERS:
                continue
            if match[1] is None:
                message = f"{text!r} has a single {match[0]!r}"
                yield Violation(where, message, f"write {match[0] * 2!r} for a brace")
            else:
                yield Violation(where, f"there is no placeholder {match[0]!r}", _hint(match[1]))
    yield from _unquoted(value, path)


def _unquoted(value: Json, path: FieldPath) -> Iterator[Violation]:
    """Yield where ``{workload}`` without quotes was read as a mapping."""
    if isinstance(value, dict):
        (name, *rest) = value or ("",)
        if not rest and name in PLACEHOLDERS and value[name] is None:
            yield Violation(
                path, f"{{{name}}} without quotes is a mapping", f'write it in quotes: "{{{name}}}"'
            )
            return
        for key, item in value.items():
            yield from _unquoted(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unquoted(item, (*path, index))


def _hint(name: str) -> str:
    near = suggest(name, PLACEHOLDERS)
    if near:
        return f"did you mean '{{{near}}}'?"
    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    return f"there are {known}; write '{{{{' and '}}}}' for braces"


def _fill(match: re.Match[str], words: Mapping[str, str]) -> str:
    if match[1] is None:
        return match[0][0]
    return words.get(match[1], match[0])


def _has_brace(text: str) -> bool:
    return "{" in text or "}" in text
