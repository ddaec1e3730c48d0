"""Edits in block style: whole lines come and go, indented as their neighbours are."""

import re

from msgspec.structs import replace
from yaml.nodes import SequenceNode

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Json
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.sheet import Sheet
from sidecarctl.manifest.edits.spans import (
    Collection,
    Entry,
    indentation,
    is_block,
    is_first_on_line,
    last_scalar,
    line_end,
    line_start,
    next_line,
)
from sidecarctl.manifest.emit import (
    Layout,
    block_item,
    block_value,
    double_quoted,
    flow,
    is_literal,
    requoted,
    scalar,
)

_BLANKS = re.compile(r"\s*")
_TO_ITEM = re.compile(r"\s*-\s*")


def insert(sheet: Sheet, parent: Collection, position: int, key: str | None, value: Json) -> Edit:
    """Put *value* in before the entry at *position* or at the end; *key* is None in a list."""
    column = sheet.column(parent.entries[0].start)
    fragment = _fragment(key, _tail(sheet, parent, column, value))
    if position == 0:
        edit = _before_first(sheet, parent, " " * column, fragment)
    else:
        offset = _behind(sheet, parent, position - 1)
        if sheet.lacks_line_break(offset):
            check_end(sheet, parent.entries[position - 1])
            text = f"\n{' ' * column}{fragment}{final_break(value)}"
        else:
            text = f"{' ' * column}{fragment}\n"
        edit = _edit(sheet, offset, offset, text)
    return edit if key is not None else replace(edit, lead=_lead(edit.text, _TO_ITEM))


def replace_value(sheet: Sheet, parent: Collection, entry: Entry, value: Json) -> Edit:
    """Put *value* in the place of the value of *entry*."""
    tail = _tail(sheet, parent, sheet.column(entry.start), value)
    old = sheet.text[entry.at : entry.end]
    if isinstance(value, str) and "\n" not in tail and "\n" not in old:
        tail = " " + requoted(value, old)
    if entry.is_empty:
        return _fill(sheet, entry, value, tail)
    tail = _fit(sheet, entry, value, tail)
    if "\n" not in tail and not _spans_lines(sheet, entry, old):
        return _edit(sheet, entry.at, entry.end, tail.lstrip(" "))
    return _edit(sheet, entry.head, *_until(sheet, entry, value, tail))


def replace_entry(sheet: Sheet, parent: Collection, entry: Entry, key: str, value: Json) -> Edit:
    """Put *key* and *value* in the place of *entry*."""
    tail = _fit(sheet, entry, value, _tail(sheet, parent, sheet.column(entry.start), value))
    end, text = _until(sheet, entry, value, _fragment(key, tail))
    return _edit(sheet, entry.start, end, text)


def remove(sheet: Sheet, parent: Collection, first: int, last: int) -> Edit:
    """Take the entries from *first* to *last* out; the collection must keep others."""
    start, end = parent.entries[first].start, _behind(sheet, parent, last)
    if not is_first_on_line(sheet.source, start):  # `- name: x`: the next entry takes the place
        return Edit(start, parent.entries[last + 1].start, "")
    return Edit(line_start(sheet.source, start), end, "")


def _edit(sheet: Sheet, start: int, end: int, text: str) -> Edit:
    text = sheet.lines(text)
    return Edit(start, end, text, _lead(text, _BLANKS))


def _lead(text: str, before: re.Pattern[str]) -> int:
    found = before.match(text)
    return found.end() if found else 0


def _fragment(key: str | None, tail: str) -> str:
    return f"-{tail}" if key is None else f"{scalar(key)}:{tail}"


def _tail(sheet: Sheet, parent: Collection, column: int, value: Json) -> str:
    """Return what comes behind the colon or the dash at *column*."""
    layout = _layout(sheet, parent)
    if parent.entries[0].key is not None:
        return block_value(value, column, layout)
    return block_item(value, column, layout)[1:]


def _layout(sheet: Sheet, parent: Collection) -> Layout:
    """Return the layout of the document as it is near *parent*: its dashes and those in it."""
    first = parent.entries[0]
    if first.key is None:
        gap = sheet.column(first.at) - sheet.column(first.start)
        return replace(sheet.layout, gap=max(2, gap))
    lists = (entry for entry in parent.entries if _is_block_list(sheet, entry))
    dashes = (sheet.column(entry.at) - sheet.column(entry.start) for entry in lists)
    return replace(sheet.layout, dash=next(dashes, sheet.layout.dash))


def _is_block_list(sheet: Sheet, entry: Entry) -> bool:
    is_list = isinstance(entry.value, SequenceNode) and is_block(entry.value) and not entry.alias
    return is_list and entry.at > line_end(sheet.source, entry.head)


def _before_first(sheet: Sheet, parent: Collection, pad: str, fragment: str) -> Edit:
    first = parent.entries[0]
    if not is_first_on_line(sheet.source, first.start):
        return _edit(sheet, first.start, first.start, f"{fragment}\n{pad}")
    # A comment above the first entry speaks of that entry, so it stays beside it.
    is_under_header = parent.entry.at == first.start != parent.entry.head
    offset = (
        next_line(sheet.source, parent.entry.head)
        if is_under_header
        else line_start(sheet.source, first.start)
    )
    return _edit(sheet, offset, offset, f"{pad}{fragment}\n")


def _behind(sheet: Sheet, parent: Collection, position: int) -> int:
    """Return the offset of the line behind the entry at *position* and the comments that are its.

    A comment is the last entry's if it is indented as deep as the entry, and deeper than the key
    above it; another entry's if it is deeper, for else it may speak of the next one.
    """
    entry = parent.entries[position]
    column = sheet.column(entry.start)
    is_last = position == len(parent.entries) - 1
    depth = column + (not is_last or column <= sheet.column(parent.entry.start))
    offset = found = next_line(sheet.source, entry.end)
    while offset < len(sheet.text):
        line = sheet.rest_of_line(offset)
        if line and not line.startswith("#"):
            break
        start, offset = offset, next_line(sheet.source, offset)
        if line:
            if len(indentation(sheet.source, start)) < depth:
                break
            found = offset
    return found


def check_end(sheet: Sheet, entry: Entry) -> None:
    """Refuse to go on behind a literal block whose last line the file leaves without an end."""
    last = last_scalar(entry.value)
    if entry.end < len(sheet.text) or entry.alias or getattr(last, "style", None) not in ("|", ">"):
        return
    if not str(last.value).endswith("\n") and "-" not in _header(sheet, last.start_mark.index):
        raise ManifestError(
            "the block of text at the end of the file would change if anything came behind it",
            at=sheet.source.location(entry.at, entry.at + 1),
            hint="end the last line of the file with a line break",
        )


def _header(sheet: Sheet, index: int) -> str:
    return sheet.rest_of_line(index + sheet.source.bom).partition("#")[0]


def _fill(sheet: Sheet, entry: Entry, value: Json, tail: str) -> Edit:
    """Give a value to *entry*, behind whose colon or dash there is nothing or a comment."""
    if "\n" not in tail:
        return _edit(sheet, entry.head, entry.head, tail)
    end = line_end(sheet.source, entry.head)
    if not sheet.rest_of_line(entry.head):
        return _edit(sheet, entry.head, *_until(sheet, entry, value, tail))
    if tail.startswith("\n"):
        end, text = _until(sheet, entry, value, tail)
        return _edit(sheet, end, end, text)
    return _edit(sheet, entry.head, entry.head, " " + _one_line(sheet, value))


def _fit(sheet: Sheet, entry: Entry, value: Json, tail: str) -> str:
    """Return *tail*, on one line if a comment behind *entry* leaves no room for several."""
    has_room = "\n" not in tail or not sheet.rest_of_line(entry.end)
    return tail if has_room else " " + _one_line(sheet, value)


def _one_line(sheet: Sheet, value: Json) -> str:
    return double_quoted(value) if isinstance(value, str) else flow(value, sheet.layout)


def _until(sheet: Sheet, entry: Entry, value: Json, text: str) -> tuple[int, str]:
    """Return where a text that replaces the end of *entry* ends, and that text."""
    if "\n" not in text:
        return entry.end, text
    end = line_end(sheet.source, entry.end)
    return end, text + (final_break(value) if sheet.lacks_line_break(end) else "")


def _spans_lines(sheet: Sheet, entry: Entry, old: str) -> bool:
    """Tell whether *old*, the value of *entry*, takes up more than the line that it starts on."""
    is_below = entry.at > line_end(sheet.source, entry.head)
    return "\n" in old or "\r" in old or (is_below and is_block(entry.value))


def final_break(value: Json) -> str:
    """Return the line break without which *value*, at the end of a file, would lose its own."""
    while isinstance(value, dict | list) and value:
        value = list(value.values())[-1] if isinstance(value, dict) else value[-1]
    return "\n" if is_literal(value) else ""
