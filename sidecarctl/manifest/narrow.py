"""Raw data narrowed: what has another shape than Kubernetes asks for is taken as absent."""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Json, JsonObject


def mapping(data: Json, *keys: str) -> JsonObject:
    """Return the mapping at *keys* in *data*; ``{}`` where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def value_at(data: Json, path: FieldPath) -> Json:
    """Return what stands at *path* in *data*.

    Raises:
        LookupError: there is nothing.
    """
    for step in path:
        if isinstance(data, dict):
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
        else:
            raise LookupError(step)
    return data


def mappings(data: Json, path: FieldPath, *keys: str) -> Iterator[tuple[FieldPath, JsonObject]]:
    """Yield each mapping of the list at *keys* in *data*, with its own path.

    *path* is that of *data* itself.
    """
    *parents, last = keys
    items = mapping(data, *parents).get(last)
    if isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, dict):
                yield (*path, *keys, index), item


def text(value: Json) -> str:
    """Return *value* as text: numbers and booleans as YAML writes them, ``""`` for the rest."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def number(value: Json) -> int | None:
    """Return *value* where it is an integer; a boolean is none, ``8080.0`` is one, as in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def strings(value: Json) -> dict[str, str]:
    """Return the entries of *value* whose values are strings; ``{}`` where it is no mapping."""
    if not isinstance(value, dict):
        return {}
    return {key: each for key, each in value.items() if isinstance(each, str)}


def texts(value: Json) -> dict[str, str]:
    """Return the entries of *value* as text: quantities may stand there without quotes."""
    if not isinstance(value, dict):
        return {}
    return {key: text(each) for key, each in value.items() if isinstance(each, str | int | float)}
