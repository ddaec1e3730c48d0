"""Edits in flow style, JSON among it: entries on one line, or each on a line of its own."""

from msgspec.structs import replace
from yaml.nodes import CollectionNode, ScalarNode

from sidecarctl.findings import Json
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.sheet import Sheet, is_spread
from sidecarctl.manifest.edits.spans import Collection, Entry, indentation
from sidecarctl.manifest.emit import Layout, flow, pretty, requoted


def insert(sheet: Sheet, parent: Collection, position: int, key: str | None, value: Json) -> Edit:
    """Put *value* in before the entry at *position* or at the end; *key* is None in a list."""
    first = parent.entries[0]
    fragment = _fragment(sheet, parent, first, key, value)
    comma = sheet.layout.comma
    if is_spread(parent.entries, sheet.source):
        comma = sheet.lines(f",\n{indentation(sheet.source, first.start)}")
    if position == 0:
        return Edit(first.start, first.start, fragment + comma)
    end = parent.entries[position - 1].end
    return Edit(end, end, comma + fragment)


def replace_value(sheet: Sheet, parent: Collection, entry: Entry, value: Json) -> Edit:
    """Put *value* in the place of the value of *entry*."""
    text = _value(sheet, parent, entry, value)
    if isinstance(value, str) and not sheet.layout.quoted:
        old = sheet.text[entry.at : entry.end]
        text = requoted(value, old) if old.startswith(("'", '"')) else text
    return Edit(entry.at, entry.end, f" {text}" if entry.is_empty else text)


def replace_entry(sheet: Sheet, parent: Collection, entry: Entry, key: str, value: Json) -> Edit:
    """Put *key* and *value* in the place of *entry*."""
    return Edit(entry.start, entry.end, _fragment(sheet, parent, entry, key, value))


def remove(parent: Collection, first: int, last: int) -> Edit:
    """Take the entries from *first* to *last* out; the collection must keep others."""
    if last + 1 < len(parent.entries):
        return Edit(parent.entries[first].start, parent.entries[last + 1].start, "")
    return Edit(parent.entries[first - 1].end, parent.entries[last].end, "")


def _fragment(
    sheet: Sheet, parent: Collection, neighbour: Entry, key: str | None, value: Json
) -> str:
    text = _value(sheet, parent, neighbour, value)
    if key is None:
        return text
    layout = _layout(sheet, parent)
    return f"{flow(key, layout)}{layout.colon}{text}"


def _value(sheet: Sheet, parent: Collection, neighbour: Entry, value: Json) -> str:
    if sheet.is_pretty and is_spread(parent.entries, sheet.source):
        text = pretty(value, indentation(sheet.source, neighbour.start), sheet.layout)
        return sheet.lines(text)
    return flow(value, _layout(sheet, parent))


def _layout(sheet: Sheet, parent: Collection) -> Layout:
    """Return the layout of the document, with quotes where the neighbours have them."""
    first = parent.entries[0]
    node = first.value if first.key is None else first.key
    while isinstance(node, CollectionNode) and node.value:
        child = node.value[0]
        node = child[0] if isinstance(child, tuple) else child
    is_quoted = isinstance(node, ScalarNode) and node.style == '"'
    return replace(sheet.layout, quoted=sheet.layout.quoted or is_quoted)
