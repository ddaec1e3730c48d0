"""Old and new items of a list, old and new keys of a mapping: which is which."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from sidecarctl.findings import Json
from sidecarctl.manifest.edits.identity import identity, is_akin, same

Pair: TypeAlias = tuple[int | None, int | None]
"""Positions of an item in the old and in the new list; None where it is not."""


def align(old: Sequence[Json], new: Sequence[Json]) -> list[Pair]:
    """Return the items of both lists in one order, those that are the same item as one pair.

    Items pair that are equal; between these, items of the same identity; between these, items that
    share a port or a name; and what is left between two pairs on both sides pairs by position.
    """
    return _align(old, new, (0, len(old)), (0, len(new)), (same, _is_same_item, _are_akin))


class KeyChanges(Struct, frozen=True):
    """What happens to the keys of a mapping: *kept*, *replaced* (old -> new), *removed*, *added*.

    *added* gives for each new key the old key it comes behind, None for the head of the mapping.
    """

    kept: tuple[str, ...]
    replaced: Mapping[str, str]
    removed: tuple[str, ...]
    added: Mapping[str, str | None]


def align_keys(old: Mapping[str, Json], new: Mapping[str, Json]) -> KeyChanges:
    """Compare the keys of two mappings, whose order matters only for where a new key goes.

    A removed key is replaced by a new one as long as there are any: first by one at the same place.
    """
    removed = _with_predecessor(old, new)
    added = _with_predecessor(new, old)
    replaced: dict[str, str] = {}
    for anywhere in (False, True):
        for key in [key for key in removed if key not in replaced]:
            free = (each for each in added if each not in replaced.values())
            partner = next((each for each in free if anywhere or added[each] == removed[key]), None)
            if partner is not None:
                replaced[key] = partner
    return KeyChanges(
        tuple(key for key in old if key in new),
        replaced,
        tuple(key for key in removed if key not in replaced),
        _places(old, new, {after: before for before, after in replaced.items()}),
    )


def _places(
    old: Mapping[str, Json], new: Mapping[str, Json], origin: Mapping[str, str]
) -> dict[str, str | None]:
    places: dict[str, str | None] = {}
    last: str | None = None
    for key in new:
        if key in old or key in origin:
            last = origin.get(key, key)
        else:
            places[key] = last
    return places


def _with_predecessor(
    keys: Mapping[str, Json], others: Mapping[str, Json]
) -> dict[str, str | None]:
    """Return the keys that *others* lacks, each with the key of both that it comes behind."""
    found: dict[str, str | None] = {}
    last: str | None = None
    for key in keys:
        if key in others:
            last = key
        else:
            found[key] = last
    return found


_Match: TypeAlias = Callable[[Json, Json], bool]
_Range: TypeAlias = tuple[int, int]


def _align(
    old: Sequence[Json],
    new: Sequence[Json],
    olds: _Range,
    news: _Range,
    matches: Sequence[_Match],
) -> list[Pair]:
    if not matches:
        return _by_position(olds, news)
    pairs: list[Pair] = []
    at, to = olds[0], news[0]
    for i, j in (*_matched(old, new, olds, news, matches[0]), (olds[1], news[1])):
        pairs += _align(old, new, (at, i), (to, j), matches[1:])
        if (i, j) != (olds[1], news[1]):
            pairs.append((i, j))
        at, to = i + 1, j + 1
    return pairs


def _matched(
    old: Sequence[Json], new: Sequence[Json], olds: _Range, news: _Range, is_match: _Match
) -> list[tuple[int, int]]:
    """Return pairs that match, in order: from the head, from the tail, then each with the next."""
    (i, i_end), (j, j_end) = olds, news
    head: list[tuple[int, int]] = []
    while i < i_end and j < j_end and is_match(old[i], new[j]):
        head.append((i, j))
        i, j = i + 1, j + 1
    tail: list[tuple[int, int]] = []
    while i < i_end and j < j_end and is_match(old[i_end - 1], new[j_end - 1]):
        i_end, j_end = i_end - 1, j_end - 1
        tail.append((i_end, j_end))
    for position in range(j, j_end):
        found = next((k for k in range(i, i_end) if is_match(old[k], new[position])), None)
        if found is not None:
            head.append((found, position))
            i = found + 1
    return [*head, *reversed(tail)]


def _by_position(olds: _Range, news: _Range) -> list[Pair]:
    both = min(olds[1] - olds[0], news[1] - news[0])
    pairs: list[Pair] = [(olds[0] + k, news[0] + k) for k in range(both)]
    pairs += [(i, None) for i in range(olds[0] + both, olds[1])]
    return pairs + [(None, j) for j in range(news[0] + both, news[1])]


def _is_same_item(old: Json, new: Json) -> bool:
    own = identity(old)
    return own is not None and own == identity(new)


def _are_akin(old: Json, new: Json) -> bool:
    return isinstance(old, dict) and isinstance(new, dict) and is_akin(old, new)
