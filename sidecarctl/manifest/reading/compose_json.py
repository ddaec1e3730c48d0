"""JSON text -> the nodes that YAML would give: libyaml reads nearly all JSON, but not all of it.

It stumbles over escaped surrogate pairs (an emoji as Python's ``json`` writes it), keys over 1,024
characters, a colon on the next line, and one object after another.
"""

import json
import re

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sidecarctl.manifest.reading.compose import MAX_DEPTH, PLAIN, too_deep
from sidecarctl.manifest.scalars import TAG_PREFIX
from sidecarctl.manifest.text import Text

_BLANK = r"[ \t\r\n]*"
_TEXT = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_BLANKS = re.compile(_BLANK)
_STRING = re.compile(_TEXT)
_KEY = re.compile(f"{_BLANK}({_TEXT}){_BLANK}:{_BLANK}")
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_STRING_TAG = f"{TAG_PREFIX}str"
_BAD_STRING = "this string does not end, or holds what JSON does not allow"


class _Mark(Mark):
    """A mark that finds its line and column when asked: few are, of all that a file has."""

    def __init__(self, source: Text, offset: int) -> None:
        self.index = offset - source.bom
        self._source = source

    def __getattr__(self, name: str) -> int:
        if name not in {"line", "column"}:
            raise AttributeError(name)
        line, column = self._source.place(self.index + self._source.bom)
        return line - 1 if name == "line" else column - 1


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
    if first == '"':
        string = _STRING.match(source.text, offset)
        if string is None:
            raise NotJsonError(_BAD_STRING, offset)
        return _string(source, string[0], offset), string.end()
    if first in {"{", "["}:
        if depth > MAX_DEPTH:
            raise too_deep(source, offset)
        return (_mapping if first == "{" else _sequence)(source, offset, depth)
    word = _WORD.match(source.text, offset)
    if word is None:
        raise NotJsonError("expected a value", offset)
    marks = _Mark(source, offset), _Mark(source, word.end())
    return ScalarNode(PLAIN, word[0], *marks, style=""), word.end()


def _mapping(source: Text, start: int, depth: int) -> tuple[Node, int]:
    pairs: list[tuple[Node, Node]] = []
    offset = _skip(source.text, start + 1)
    if source.text[offset : offset + 1] != "}":
        is_open = True
        while is_open:
            key = _KEY.match(source.text, offset)
            if key is None:
                raise _no_key(source.text, _skip(source.text, offset))
            value, offset = _value(source, key.end(), depth + 1)
            pairs.append((_string(source, key[1], key.start(1)), value))
            is_open, offset = _goes_on(source.text, offset, "}")
    marks = _Mark(source, start), _Mark(source, offset + 1)
    return MappingNode(PLAIN, pairs, *marks, flow_style=True), offset + 1


def _sequence(source: Text, start: int, depth: int) -> tuple[Node, int]:
    items: list[Node] = []
    offset = _skip(source.text, start + 1)
    if source.text[offset : offset + 1] != "]":
        is_open = True
        while is_open:
            item, offset = _value(source, _skip(source.text, offset), depth + 1)
            items.append(item)
            is_open, offset = _goes_on(source.text, offset, "]")
    marks = _Mark(source, start), _Mark(source, offset + 1)
    return SequenceNode(PLAIN, items, *marks, flow_style=True), offset + 1


def _goes_on(text: str, offset: int, closer: str) -> tuple[bool, int]:
    """Tell whether another entry follows, and from which offset on; if not, that of *closer*."""
    offset = _skip(text, offset)
    sign = text[offset : offset + 1]
    if sign not in {",", closer}:
        raise NotJsonError(f"expected ',' or {closer!r}", offset)
    return sign == ",", offset + (sign == ",")


def _no_key(text: str, offset: int) -> NotJsonError:
    if text[offset : offset + 1] != '"':
        return NotJsonError("expected a key in double quotes", offset)
    string = _STRING.match(text, offset)
    if string is None:
        return NotJsonError(_BAD_STRING, offset)
    return NotJsonError("expected ':'", _skip(text, string.end()))


def _string(source: Text, quoted: str, offset: int) -> Node:
    value = quoted[1:-1]
    if "\\" in value:
        # Go reads a surrogate without its partner as U+FFFD.
        value = _LONE_SURROGATE.sub("\ufffd", json.loads(quoted))
    marks = _Mark(source, offset), _Mark(source, offset + len(quoted))
    return ScalarNode(_STRING_TAG, value, *marks, style='"')


def _skip(text: str, offset: int) -> int:
    blanks = _BLANKS.match(text, offset)
    return blanks.end() if blanks else offset
