"""The place of a value in a text that `quick` has read, found by the columns alone.

To compose a document because of one finding takes longer than to lint it. Where a path leads into a
flow collection or to a block scalar, libyaml's nodes are asked nevertheless: the answer is None.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.findings import FieldPath
from sidecarctl.manifest.reading.quick_line import BLOCK, FLOW, OPEN, Line, remembered
from sidecarctl.manifest.reading.quick_scalar import QUOTED

Span: TypeAlias = tuple[int, int, int]
"""The number of a line, and the columns between which something stands there, all from 0."""

_HEAD = re.compile(
    r" *(?:-(?: +|$))?(?:(?P<key>\"[^\"]*\"|'[^']*'|[\w./][^:'\" ]*):(?: +|$))?", re.ASCII
)
_QUOTED = re.compile(QUOTED)


class _Kind(IntEnum):
    MAPPING = 0
    LIST = 1
    SCALAR = 2
    FLOW = 3
    BLOCK = 4
    EMPTY = 5


class _Node(Struct, frozen=True):
    """A value: a mapping or list by the line and column of its first key or dash, else its line."""

    kind: _Kind
    line: int
    column: int = 0


class _Found(Struct, frozen=True):
    """A value, and the line and column of its key; -1 where it has none."""

    node: _Node
    line: int = -1
    column: int = -1


def place_of(
    lines: Sequence[str], first: int, path: FieldPath, on: Literal["value", "key"]
) -> Span | None:
    """Return where the value or the key at *path* stands in the document that starts at *first*.

    As `Document.locate` has it: for what is absent the key of the nearest parent, for a collection
    its first line, for a value that is left empty its key.
    """
    root = _below(lines, first + lines[first].startswith("---"), -1, in_column=False)
    found = _Found(root)
    for step in path:
        if found.node.kind == _Kind.FLOW:
            return None
        child = _child(lines, found.node, step)
        if child is None:
            on = "key"
            break
        found = child
    if found.line >= 0 and (on == "key" or found.node.kind == _Kind.EMPTY):
        return found.line, found.column, _HEAD.match(lines[found.line]).end("key")  # type: ignore[union-attr]
    return _span(lines, found.node)


def _span(lines: Sequence[str], node: _Node) -> Span | None:
    line = lines[node.line]
    head = _HEAD.match(line)
    if head is None or node.kind in (_Kind.BLOCK, _Kind.EMPTY):
        return None
    if node.kind in (_Kind.SCALAR, _Kind.FLOW):
        start = head.end()
    else:
        start = node.column
        if _said(line)[3] == OPEN:  # what stands on the line is the key or the dash
            return node.line, start, head.end("key") + 1 if head["key"] else start + 1
    end = _end(line, head.end())
    return (node.line, start, end) if end else None


def _end(line: str, start: int) -> int | None:
    """Return where the value ends that starts at *start* of *line*, a comment left out."""
    if line[start : start + 1] in ("{", "[", "|", ">"):
        return None if "#" in line[start:] else len(line.rstrip(" "))
    quoted = _QUOTED.match(line, start)
    if quoted:
        return quoted.end()
    comment = line.find(" #", start)
    return len((line if comment < 0 else line[:comment]).rstrip(" "))


def _child(lines: Sequence[str], parent: _Node, step: str | int) -> _Found | None:
    if isinstance(step, int):
        return _item(lines, parent, step) if parent.kind == _Kind.LIST else None
    return _entry(lines, parent, step) if parent.kind == _Kind.MAPPING else None


def _item(lines: Sequence[str], parent: _Node, step: int) -> _Found | None:
    for number in range(parent.line, len(lines)):
        line = lines[number]
        content = line.lstrip(" ")
        column = len(line) - len(content)
        if column > parent.column or not content or content[0] == "#":
            continue
        if column < parent.column or not _is_item(content):
            return None
        if not step:
            said = _said(line)
            if said[2] is not None:
                return _Found(_Node(_Kind.MAPPING, number, said[0]))
            return _Found(_value(lines, number, said, column, in_column=False))
        step -= 1
    return None


def _entry(lines: Sequence[str], parent: _Node, step: str) -> _Found | None:
    for number in range(parent.line, len(lines)):
        line = lines[number]
        if number > parent.line:  # the first key may stand behind a dash
            content = line.lstrip(" ")
            column = len(line) - len(content)
            if column > parent.column or not content or content[0] == "#":
                continue
            if column < parent.column or line.startswith("---"):
                return None
            if _is_item(content):
                continue  # of a list in the column of its key
        said = _said(line)
        if said[2] == step:
            node = _value(lines, number, said, parent.column, in_column=True)
            return _Found(node, number, parent.column)
    return None


def _value(lines: Sequence[str], number: int, said: Line, column: int, *, in_column: bool) -> _Node:
    form = said[3]
    if form == OPEN:
        return _below(lines, number + 1, column, in_column=in_column)
    if form == FLOW:
        return _Node(_Kind.FLOW, number)
    return _Node(_Kind.BLOCK if form == BLOCK else _Kind.SCALAR, number)


def _below(lines: Sequence[str], number: int, column: int, *, in_column: bool) -> _Node:
    """Return the collection on the next line that says something, if it stands behind *column*.

    With *in_column* a list may also stand in it.
    """
    for at in range(number, len(lines)):
        content = lines[at].lstrip(" ")
        if not content or content[0] == "#":
            continue
        here = len(lines[at]) - len(content)
        is_list = _is_item(content)
        if lines[at].startswith("---") or here < column + (not (is_list and in_column)):
            break
        return _Node(_Kind.LIST if is_list else _Kind.MAPPING, at, here)
    return _Node(_Kind.EMPTY, number - 1)


def _is_item(content: str) -> bool:
    return content[0] == "-" and (len(content) == 1 or content[1] == " ")


def _said(line: str) -> Line:
    said = remembered(line)
    if not isinstance(said, tuple):
        raise LookupError(line)  # `quick` would have given the text back
    return said
