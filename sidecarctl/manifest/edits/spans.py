"""Where the text of a value, an entry of a mapping and an item of a list begins and ends.

libyaml's marks say where a node starts. Where it ends they say only for what stands on one line:
the end mark of a block mapping lies behind the comments that follow it, the node of an alias is
that of its anchor, and a dash has no node at all.
"""

import re
from collections.abc import Iterator

from msgspec import Struct
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath
from sidecarctl.manifest.reading.keys import is_merge, key_of
from sidecarctl.manifest.text import Text

_LINE_END = re.compile(r"\r\n?|\n")
_GAP = r"(?:\s|#[^\r\n]*)*"
_COLON = re.compile(_GAP + ":")
_DASH = re.compile(rf"(?:{_GAP}[&!][^\s]*)*{_GAP}(?P<dash>-)")
_ALIAS = re.compile(r"(?:[\s,\[{?]|#[^\r\n]*)*(?P<alias>\*[^\s,\[\]{}]+)")
_BLANK_LINES = re.compile(r"(?:\r\n?|\n)+\Z")


class Entry(Struct, frozen=True):
    """An entry of a mapping or an item of a list (whose *key* is None), as offsets in the text.

    *start* is that of the key, the dash, or in flow style the item; *head* lies behind the colon or
    the dash; *at* is where the value starts, if it is left empty *head* again. *alias* is ``*name``
    or empty.
    """

    key: Node | None
    value: Node
    start: int
    head: int
    at: int
    source: Text
    alias: str = ""

    @property
    def name(self) -> str | None:
        """Return the key as a string; None for an item and for a ``<<``."""
        return None if self.key is None or is_merge(self.key) else key_of(self.key)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all stands for the value."""
        return not self.alias and _is_empty(self.value)

    @property
    def end(self) -> int:
        """Return the offset behind the last character that counts, before the end of its line."""
        if self.alias or self.is_empty:
            return self.at + len(self.alias)
        return max(self.head, content_end(self.value, self.source))


class Collection(Struct, frozen=True):
    """A mapping or a list as the *entry* that holds it, and its own *entries*."""

    entry: Entry
    entries: list[Entry]

    @property
    def is_flow(self) -> bool:
        return not is_block(self.entry.value)


def collection(entry: Entry, source: Text) -> Collection:
    """Return the mapping or list that *entry* holds; with no entries if it holds something else."""
    return Collection(entry, entries(entry.value, source))


def whole(root: Node, source: Text) -> Entry:
    """Return a document as the entry that has no parent."""
    start = _start(root, source)
    return Entry(None, root, start, start, start, source)


def entry_at(root: Node, path: FieldPath, source: Text) -> Entry | None:
    """Return the entry at *path* as it is written there, None if it is written somewhere else."""
    found: Entry | None = whole(root, source)
    for step in path:
        found = None if found is None or found.alias else _child(found.value, step, source)
    return found


def entries(node: Node, source: Text) -> list[Entry]:
    """Return the entries of a mapping or the items of a list, in the order of the text."""
    if isinstance(node, MappingNode):
        start = _start(node, source)
        return [_mapping_entry(key, value, start, source) for key, value in node.value]
    return list(_items(node, source)) if isinstance(node, SequenceNode) else []


def content_end(node: Node, source: Text) -> int:
    """Return the offset behind the last character of *node*, comments behind it left out."""
    if isinstance(node, ScalarNode):
        return _block_scalar_end(node, source) if node.style in ("|", ">") else _end(node, source)
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return _end(node, source)
    if isinstance(node, MappingNode):
        key, value = node.value[-1]
        return _mapping_entry(key, value, _start(node, source), source).end
    return entries(node, source)[-1].end


def is_block(node: Node) -> bool:
    """Tell whether *node* is a mapping or a list in block style."""
    return isinstance(node, CollectionNode) and not node.flow_style


def last_scalar(node: Node) -> Node:
    """Return the scalar that the text of *node* ends with (or the empty collection)."""
    while not isinstance(node, ScalarNode) and node.value:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    return node


def line_start(source: Text, offset: int) -> int:
    """Return where the line of *offset* starts."""
    return offset - source.place(offset)[1] + 1


def line_end(source: Text, offset: int) -> int:
    """Return where the line of *offset* ends, before its line break."""
    found = _LINE_END.search(source.text, offset)
    return found.start() if found else len(source.text)


def next_line(source: Text, offset: int) -> int:
    """Return where the line after that of *offset* starts, or where the text ends."""
    found = _LINE_END.search(source.text, offset)
    return found.end() if found else len(source.text)


def indentation(source: Text, offset: int) -> str:
    """Return the blanks that the line of *offset* starts with."""
    start = line_start(source, offset)
    line = source.text[start : line_end(source, start)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def is_first_on_line(source: Text, offset: int) -> bool:
    """Tell whether nothing but blanks stands before *offset* on its line."""
    return not source.text[line_start(source, offset) : offset].strip(" \t")


def _child(node: Node, step: str | int, source: Text) -> Entry | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        for key, value in node.value:
            if key_of(key) == step and not is_merge(key):
                return _mapping_entry(key, value, _start(node, source), source)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return entries(node, source)[step]
    return None


def _mapping_entry(key: Node, value: Node, parent: int, source: Text) -> Entry:
    """Return the entry of a mapping that starts at the offset *parent*."""
    start = _start(key, source)
    if start < parent:
        raise ManifestError(
            "a key is written as an alias",
            at=source.location(parent, parent),
            hint="write the key out",
        )
    key_end = _end(key, source)
    colon = _COLON.match(source.text, key_end)
    head = colon.end() if colon else key_end
    at, alias = (head, "") if _is_empty(value) else _written(value, head, source)
    if source.text.startswith("? ", start - 2):
        start -= 2
    return Entry(key, value, start, head, at, source, alias)


def _items(node: SequenceNode, source: Text) -> Iterator[Entry]:
    before: Entry | None = None
    for item in node.value:
        start, own = _start(node, source), _start(item, source)
        is_written_here = own > before.at if before else own >= start
        dash = source.text.rfind("-", before.at if before else start, own)
        if is_written_here and node.flow_style:
            before = Entry(None, item, own, own, own, source)
        elif is_written_here and dash >= 0 and not source.text[dash + 1 : own].strip(" "):
            before = Entry(None, item, dash, dash + 1, own, source)
        else:
            before = _item_behind(before.end if before else start, node, item, source)
        yield before


def _item_behind(cursor: int, node: SequenceNode, item: Node, source: Text) -> Entry:
    """Return the item that is written behind *cursor*: an alias, or on lines of its own."""
    dash = None if node.flow_style else _DASH.match(source.text, cursor)
    if dash is None:
        at, alias = _written(item, cursor, source)
        return Entry(None, item, at, at, at, source, alias)
    at, alias = _written(item, dash.end(), source)
    return Entry(None, item, dash.start("dash"), dash.end(), at, source, alias)


def _written(node: Node, cursor: int, source: Text) -> tuple[int, str]:
    """Return where *node* is written behind *cursor*, and the alias if one stands for it."""
    start = _start(node, source)
    alias = None if start >= cursor else _ALIAS.match(source.text, cursor)
    return (alias.start("alias"), alias["alias"]) if alias else (max(start, cursor), "")


def _is_empty(node: Node) -> bool:
    return bool(node.start_mark.index == node.end_mark.index)


def _block_scalar_end(node: ScalarNode, source: Text) -> int:
    start, end = _start(node, source), _end(node, source)
    text = source.text[start:end]
    header, *_ = text.splitlines()
    breaks = _BLANK_LINES.search(text)
    if breaks is None:
        return end
    if "+" not in header.partition("#")[0]:
        return start + breaks.start()
    # With `+` the blank lines belong to the text; only the last line break ends the line.
    return end - (2 if text.endswith("\r\n") else 1)


def _start(node: Node, source: Text) -> int:
    return int(node.start_mark.index) + source.origin


def _end(node: Node, source: Text) -> int:
    return int(node.end_mark.index) + source.origin
