"""JSON text -> the nodes that YAML would give: libyaml reads nearly all JSON, but not all of it.

It stumbles over escaped surrogate pairs (an emoji as Python's ``json`` writes it), keys over 1,024
characters, a colon on the next line, and one object after another.
"""

import json
import re

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.manifest.compose import MAX_DEPTH, PLAIN, too_deep
from sidecarctl.manifest.scalars import TAG_PREFIX
from sidecarctl.manifest.text import Text

_BLANKS = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class NotJsonError(Exception):
    """The text is no JSON: *message* says what was expected at *offset*."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def looks_like_json(source: Text) -> bool:
    """Tell whether *source* starts as a JSON object or list does; YAML in flow style may, too."""
    start = _skip(source.text, source.bom)
    return source.text[start : start + 1] in {"{", "["}


def compose_json(source: Text) -> list[Node]:
    """Return the root node of each value of *source*, which holds one or more, one after another.

    Raises:
        NotJsonError: the text is something else.
        ManifestError: nesting over ``MAX_DEPTH``.
    """
    roots = []
    offset = _skip(source.text, source.bom)
    while offset < len(source.text):
        root, offset = _value(source, offset, 0)
        roots.append(root)
        offset = _skip(source.text, offset)
    return roots


def _value(source: Text, offset: int, depth: int) -> tuple[Node, int]:
    """Return the node at *offset* and the offset behind it."""
    first = source.text[offset : offset + 1]
    if first in {"{", "["}:
        if depth > MAX_DEPTH:
            raise too_deep(source, offset)
        return (_mapping if first == "{" else _sequence)(source, offset, depth)
    if first == '"':
        return _string(source, offset)
    word = _WORD.match(source.text, offset)
    if word is None:
        raise NotJsonError("expected a value", offset)
    start, end = _mark(source, offset), _mark(source, word.end())
    return ScalarNode(PLAIN, word[0], start, end, style=""), word.end()


def _mapping(source: Text, start: int, depth: int) -> tuple[Node, int]:
    pairs: list[tuple[Node, Node]] = []
    offset = _skip(source.text, start + 1)
    while not _is_at(source, "}", offset, bool(pairs)):
        offset = _skip(source.text, offset + 1) if pairs else offset
        if not source.text.startswith('"', offset):
            raise NotJsonError("expected a key in double quotes", offset)
        key, offset = _string(source, offset)
        offset = _skip(source.text, offset)
        if not source.text.startswith(":", offset):
            raise NotJsonError("expected ':'", offset)
        value, offset = _value(source, _skip(source.text, offset + 1), depth + 1)
        pairs.append((key, value))
        offset = _skip(source.text, offset)
    marks = _mark(source, start), _mark(source, offset + 1)
    return MappingNode(PLAIN, pairs, *marks, flow_style=True), offset + 1


def _sequence(source: Text, start: int, depth: int) -> tuple[Node, int]:
    items: list[Node] = []
    offset = _skip(source.text, start + 1)
    while not _is_at(source, "]", offset, bool(items)):
        offset = _skip(source.text, offset + 1) if items else offset
        item, offset = _value(source, offset, depth + 1)
        items.append(item)
        offset = _skip(source.text, offset)
    marks = _mark(source, start), _mark(source, offset + 1)
    return SequenceNode(PLAIN, items, *marks, flow_style=True), offset + 1


def _is_at(source: Text, closer: str, offset: int, follows: bool) -> bool:
    """Tell whether *closer* stands at *offset*; if not, and an entry went before, a comma must."""
    if source.text.startswith(closer, offset):
        return True
    if follows and not source.text.startswith(",", offset):
        raise NotJsonError(f"expected ',' or {closer!r}", offset)
    return False


def _string(source: Text, offset: int) -> tuple[Node, int]:
    match = _STRING.match(source.text, offset)
    if match is None:
        raise NotJsonError("this string does not end, or holds what JSON does not allow", offset)
    value = match[0][1:-1]
    if "\\" in value:
        # Go reads a surrogate without its partner as U+FFFD.
        value = _LONE_SURROGATE.sub("\ufffd", json.loads(match[0]))
    marks = _mark(source, offset), _mark(source, match.end())
    return ScalarNode(f"{TAG_PREFIX}str", value, *marks, style='"'), match.end()


def _skip(text: str, offset: int) -> int:
    blanks = _BLANKS.match(text, offset)
    return blanks.end() if blanks else offset


def _mark(source: Text, offset: int) -> Mark:
    line, column = source.place(offset)
    return Mark(source.file, offset - source.bom, line - 1, column - 1, None, 0)
