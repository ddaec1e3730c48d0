"""Layers of values become one: what each profile, override and annotation adds to the defaults."""

from collections.abc import Iterable

from sidecarctl.findings import FieldPath, Json, JsonObject

OFF = None
"""The merged value of a concern that nobody switched on, or that was switched off last."""


def merged(below: Json, above: Json) -> Json:
    """Return *above* over *below*: mappings key by key, everything else replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    both = dict(below)
    for key, value in above.items():
        both[key] = merged(below[key], value) if key in below else value
    return both


def layered(defaults: Json, layers: Iterable[Json]) -> Json:
    """Return what *layers*, each over the one before, make of a concern with *defaults*.

    ``False`` and ``None`` switch it off, ``True`` and any other value on.
    """
    value: Json = OFF
    for layer in layers:
        if layer is None or layer is False:
            value = OFF
        else:
            below = defaults if value is OFF else value
            value = below if layer is True else merged(below, layer)
    return value


def at(value: Json, path: FieldPath) -> Json:
    """Return what stands at *path* in *value*, None where nothing does."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def has(value: Json, path: FieldPath) -> bool:
    """Tell whether something, were it null, stands at *path* in *value*."""
    if not path:
        return True
    holder, last = at(value, path[:-1]), path[-1]
    if isinstance(holder, dict):
        return last in holder
    return isinstance(holder, list) and isinstance(last, int) and last < len(holder)


def table(value: Json, *path: str | int) -> JsonObject:
    """Return the mapping at *path* in *value*, an empty one where there is none."""
    found = at(value, path)
    return found if isinstance(found, dict) else {}


def nested(path: Iterable[str], value: Json) -> Json:
    """Return *value* under the keys of *path*: ``(("a", "b"), 1)`` gives ``{"a": {"b": 1}}``."""
    for key in reversed(tuple(path)):
        value = {key: value}
    return value
