"""An edit of a mapping or list, in the style that it is written in: block or flow."""

from collections.abc import Iterable, Iterator

from sidecarctl.findings import Json
from sidecarctl.manifest.edits import block, flow
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.sheet import Sheet
from sidecarctl.manifest.edits.spans import Collection, Entry


def insert(sheet: Sheet, parent: Collection, position: int, key: str | None, value: Json) -> Edit:
    """Put *value* in before the entry at *position*, or at the end.

    It goes under *key*; *key* is None in a list. *parent* must have entries: what is empty gets a
    new value by `replace_value`.
    """
    if parent.is_flow:
        return flow.insert(sheet, parent, position, key, value)
    return block.insert(sheet, parent, position, key, value)


def replace_value(sheet: Sheet, parent: Collection, entry: Entry, value: Json) -> Edit:
    """Put *value* in the place of the value of *entry*, in its quotes if it had any."""
    if parent.is_flow:
        return flow.replace_value(sheet, parent, entry, value)
    return block.replace_value(sheet, parent, entry, value)


def replace_entry(sheet: Sheet, parent: Collection, entry: Entry, key: str, value: Json) -> Edit:
    """Put *key* and *value* in the place of *entry*."""
    if parent.is_flow:
        return flow.replace_entry(sheet, parent, entry, key, value)
    return block.replace_entry(sheet, parent, entry, key, value)


def remove(sheet: Sheet, parent: Collection, first: int, last: int) -> Edit:
    """Take the entries from *first* to *last* out; *parent* must keep others."""
    if parent.is_flow:
        return flow.remove(parent, first, last)
    return block.remove(sheet, parent, first, last)


def runs(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of each run of consecutive *positions*, for `remove`."""
    run: list[int] = []
    for position in sorted(positions):
        if run and position != run[-1] + 1:
            yield run[0], run[-1]
            run = []
        run.append(position)
    if run:
        yield run[0], run[-1]
