"""What makes an item of a list the same item after others came and went: its name, its port, ..."""

import math
from collections.abc import Sequence
from typing import TypeAlias

from sidecarctl.findings import Json, JsonObject

Identity: TypeAlias = tuple[tuple[str, str], ...]
"""Fields of an item with their values as text; the field of an item that is a scalar is ``""``."""

# The first of these that an item has. A volume mount has the name of its volume, which another
# mount may have as well, so the mount path comes before the name.
_FIELDS = ("mountPath", "devicePath", "name", "containerPort", "port", "ip", "key", "topologyKey")
_PORTS = frozenset({"containerPort", "port"})


def identity(item: Json) -> Identity | None:
    """Return what *item* is told apart by in its list, None if it has nothing of the kind.

    Source: the ``x-kubernetes-list-map-keys`` of https://github.com/kubernetes/kubernetes/blob/master/api/openapi-spec/swagger.json
    """
    if isinstance(item, str | int):
        return (("", _text(item)),)
    if not isinstance(item, dict):
        return None
    field = next((name for name in _FIELDS if isinstance(item.get(name), str | int)), None)
    if field is None:
        return None
    found = ((field, _text(item[field])),)
    if field in _PORTS and isinstance(item.get("protocol"), str):
        return (*found, ("protocol", _text(item["protocol"])))
    return found


def unique_identity(items: Sequence[Json], position: int) -> Identity | None:
    """Return the identity of the item at *position*, None if another item has the same."""
    own = identity(items[position])
    others = (identity(item) for number, item in enumerate(items) if number != position)
    return None if own in others else own


def is_akin(old: JsonObject, new: JsonObject) -> bool:
    """Tell whether two items share one of the fields that items are told apart by."""
    return any(field in old and same(old[field], new.get(field)) for field in _FIELDS)


def same(old: Json, new: Json) -> bool:
    """Tell whether two values are equal, types included: 1 is not true, and not 1.0 either.

    The order of keys does not count.
    """
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(map(same, old.values(), map(new.__getitem__, old)))
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same, old, new))
    if isinstance(old, float) and isinstance(new, float):
        return old == new or (math.isnan(old) and math.isnan(new))
    return old == new


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
