"""Every mapping inside a bootstrap, with its path; names of fields are compared in snake_case."""

import re
from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Json, JsonObject

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


def mappings_below(value: Json, path: FieldPath = ()) -> Iterator[tuple[FieldPath, JsonObject]]:
    """Yield each mapping in *value* with its path, outer ones first."""
    if isinstance(value, dict):
        yield path, value
        for key, below in value.items():
            yield from mappings_below(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from mappings_below(below, (*path, index))


def texts_below(value: Json) -> Iterator[str]:
    """Yield each string in *value*, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from texts_below(below)


def snake(name: str | int) -> str:
    """Return the snake_case of a field's name; ``""`` for an index."""
    return _HUMP.sub(lambda match: f"_{match[1]}", name).lower() if isinstance(name, str) else ""


def field_of(path: FieldPath) -> str:
    """Return the name of the field that *path* ends in or below, indices left out."""
    return next((snake(step) for step in reversed(path) if isinstance(step, str)), "")
