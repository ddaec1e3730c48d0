"""Where the text of a value, an entry of a mapping and an item of a list begins and ends.

libyaml's marks say where a node starts. Where it ends they say only for what stands on one line:
the end mark of a block mapping lies behind the comments that follow it, the node of an alias is
that of its anchor, and a dash has no node at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.findings import FieldPath
from sidecarctl.manifest.keys import is_merge, key_of
from sidecarctl.manifest.text import Text

_LINE_END = re.compile(r"\r\n?|\n")
_GAP = r"(?:\s|#[^\r\n]*)*"
_COLON = re.compile(_GAP + ":")
_DASH = re.compile(rf"(?:{_GAP}[&!][^\s]*)*{_GAP}(?P<dash>-)")
_ALIAS = re.compile(r"(?:[\s,\[{?]|#[^\r\n]*)*(?P<alias>\*[^\s,\[\]{}]+)")
_EXPLICIT = re.compile(r"\? *$")
_BLANK_LINES = re.compile(r"(?:\r\n?|\n)+\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a mapping or an item of a list (whose *key* is None), as offsets in the text.

    *start* is that of the key, the dash, or in flow style the item; *head* lies behind the colon or
    the dash; *at* is where the value starts, *head* again if it is left empty; *end* lies behind
    the last character that counts, before the end of its line. *alias* is ``*name`` or empty.
    """

    key: Node | None
    value: Node
    start: int
    head: int
    at: int
    end: int
    alias: str = ""

    @property
    def name(self) -> str | None:
        """Return the key as a string; None for an item and for a ``<<``."""
        return None if self.key is None or is_merge(self.key) else key_of(self.key)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all stands for the value."""
        return self.at == self.end == self.head


@dataclass(frozen=True, slots=True)
class Collection:
    """A mapping or a list as the *entry* that holds it, and its own *entries*."""

    entry: Entry
    entries: list[Entry]

    @property
    def is_flow(self) -> bool:
        return isinstance(self.entry.value, CollectionNode) and bool(self.entry.value.flow_style)


def collection(entry: Entry, source: Text) -> Collection:
    """Return the mapping or list that *entry* holds; with no entries if it holds something else."""
    return Collection(entry, entries(entry.value, source))


def whole(root: Node, source: Text) -> Entry:
    """Return a document as the entry that has no parent."""
    start = _start(root, source)
    return Entry(None, root, start, start, start, content_end(root, source))


def entry_at(root: Node, path: FieldPath, source: Text) -> Entry | None:
    """Return the entry at *path* as it is written there, None if it is written somewhere else."""
    found: Entry | None = whole(root, source)
    for step in path:
        siblings = entries(found.value, source) if found and not found.alias else []
        if isinstance(step, int):
            found = siblings[step] if step < len(siblings) else None
        else:
            found = next((each for each in siblings if each.name == step), None)
    return found


def entries(node: Node, source: Text) -> list[Entry]:
    """Return the entries of a mapping or the items of a list, in the order of the text."""
    if isinstance(node, MappingNode):
        return list(_mapping_entries(node, source, node.value))
    return list(_items(node, source)) if isinstance(node, SequenceNode) else []


def content_end(node: Node, source: Text) -> int:
    """Return the offset behind the last character of *node*, comments behind it left out."""
    if isinstance(node, ScalarNode):
        return _block_scalar_end(node, source) if node.style in ("|", ">") else _end(node, source)
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return _end(node, source)
    if not isinstance(node, SequenceNode):
        *_, last = _mapping_entries(node, source, node.value[-1:])
        return last.end
    item = node.value[-1]
    if all(
        _start(node, source) <= _start(each, source) < _start(item, source)
        for each in node.value[:-1]
    ):
        return content_end(item, source)
    *_, last = _items(node, source)  # with an alias only the text tells
    return last.end


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


def _mapping_entries(node: Node, source: Text, pairs: list[tuple[Node, Node]]) -> Iterator[Entry]:
    cursor = _start(node, source)
    for key, value in pairs:
        start, key_end, _ = _span(key, cursor, source)
        colon = _COLON.match(source.text, key_end)
        head = colon.end() if colon else key_end
        at, end, alias = _span(value, head, source)
        if alias == "" and at == end:  # an empty value is marked where the parser noticed it
            at = end = head
        explicit = _EXPLICIT.search(source.text, line_start(source, start), start)
        cursor = max(end, head)
        yield Entry(key, value, explicit.start() if explicit else start, head, at, cursor, alias)


def _items(node: SequenceNode, source: Text) -> Iterator[Entry]:
    cursor = _start(node, source)
    for item in node.value:
        dash = None if node.flow_style else _DASH.match(source.text, cursor)
        head = dash.end() if dash else max(cursor, _start(item, source))
        at, end, alias = _span(item, head if dash else cursor, source)
        if dash is None:
            head = at
        elif alias == "" and at == end:
            at = end = head
        cursor = max(end, head)
        yield Entry(None, item, dash.start("dash") if dash else at, head, at, cursor, alias)


def _span(node: Node, cursor: int, source: Text) -> tuple[int, int, str]:
    """Return start, end and alias of *node*, which is written behind *cursor*."""
    start = _start(node, source)
    if start >= cursor:
        return start, content_end(node, source), ""
    alias = _ALIAS.match(source.text, cursor)
    if alias is None:  # the mark of an empty node may lie before the sign that ended it
        return cursor, cursor, ""
    return alias.start("alias"), alias.end("alias"), alias["alias"]


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
    return int(node.start_mark.index) + source.bom


def _end(node: Node, source: Text) -> int:
    return int(node.end_mark.index) + source.bom
