"""A file inside a field: the configuration in a ConfigMap, with its places in the outer file.

The text may be a literal, folded, quoted or plain scalar. Every character of it is found again in
the outer text; where that fails (a surrogate pair written in escapes) all places are the field's.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from msgspec import Struct

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, Location
from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.narrow import value_at
from sidecarctl.manifest.text import Text

_LINE_END = re.compile(r"\r\n?|\n")
_BLANK = " \t\r\n"
_HEADER = re.compile(r"[|>][^\r\n]*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n[ \t]*")
_SHORT = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
          "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}  # fmt: skip


class Embedded(Struct, frozen=True, eq=False, dict=True):
    """The *text* of the field at *path* of *outer*."""

    outer: Document
    path: FieldPath
    text: str

    @cached_property
    def offsets(self) -> Sequence[int]:
        """Return the offset in the outer file of every character of the text, and of its end.

        Empty where they are not known. Worked out only when a place is asked for.
        """
        raw = self.outer.source.text
        start, end = self.outer.span(self.path)
        written = _of_lines if raw.startswith("|", start) else _aligned
        return written(self.text, raw, start, end)

    def documents(self) -> tuple[Document, ...]:
        """Read the text as YAML or JSON; the places of these documents are those of the text.

        Raises:
            ManifestError: as `parse` does, with the place in the outer file.
        """
        try:
            return parse(self.text, self.outer.file).documents
        except ManifestError as error:
            source = Text(self.outer.file, self.text)
            at = self._outer(source, error.at) if error.at else self._field()
            raise ManifestError(error.message, at=at, hint=error.hint) from None

    def locate(
        self, inner: Document, path: FieldPath, *, on: Literal["value", "key"] = "value"
    ) -> Location:
        """Return the place in the outer file of what stands at *path* in *inner*."""
        return self._outer(inner.source, inner.locate(path, on=on))

    def _outer(self, source: Text, place: Location) -> Location:
        if not self.offsets:
            return self._field()
        start = source.offset(place.line, place.column)
        end = source.offset(place.end_line, place.end_column)
        first, last = self.offsets[start], self.offsets[max(start, end - 1)]
        return self.outer.source.location(first, last + int(end > start))

    def _field(self) -> Location:
        return self.outer.locate(self.path, on="key")


def embedded(outer: Document, path: FieldPath) -> Embedded | None:
    """Return the text of the field at *path* of *outer*, None where there is no text."""
    text = value_at(outer.data, path) if outer.has(path) else None
    return Embedded(outer, path, text) if isinstance(text, str) else None


def _of_lines(value: str, raw: str, start: int, end: int) -> list[int]:
    """Return the offsets of a literal scalar: its lines are those of the file, less an indent."""
    offsets: list[int] = []
    ends = _LINE_END.finditer(raw, start, end)
    line_start = next(ends).end()
    for line in value.split("\n"):
        found = next(ends, None)
        line_end = found.start() if found else end
        written = raw[line_start:line_end]
        if line and not written.endswith(line):
            return []
        first = line_end - len(line)
        offsets.extend(range(first, line_end + 1))
        line_start = found.end() if found else end
    return offsets


def _aligned(value: str, raw: str, start: int, end: int) -> list[int]:
    """Return the offset in *raw* of every character of *value*; nothing where they do not match.

    All styles of YAML leave what is no blank in its order, and only add or drop blanks around it.
    """
    quote = raw[start : start + 1]
    at = start
    if quote in ("|", ">"):
        at = _end_of(_HEADER, raw, start)
    elif quote in ('"', "'"):
        at, end = start + 1, end - 1
    offsets: list[int] = []
    for character in value:
        if quote == '"':
            at = _end_of(_CONTINUED, raw, at)
        unit, length = _unit(raw, at, quote)
        if unit != character and character not in _BLANK:
            at = _next(raw, at, end, quote)
            unit, length = _unit(raw, at, quote)
            if unit != character or at >= end:
                return []
        offsets.append(min(at, end))
        if unit == character:
            at += length
    offsets.append(min(at, end))
    return offsets


def _next(raw: str, at: int, end: int, quote: str) -> int:
    """Return where the next character that is no blank begins."""
    while at < end and (raw[at] in _BLANK or (quote == '"' and _CONTINUED.match(raw, at))):
        at = _end_of(_CONTINUED, raw, at) if raw[at] == "\\" else at + 1
    return at


def _end_of(pattern: re.Pattern[str], raw: str, at: int) -> int:
    match = pattern.match(raw, at)
    return match.end() if match else at


def _unit(raw: str, at: int, quote: str) -> tuple[str, int]:
    """Return the character that is written at *at*, and how long it is written."""
    if quote == "'" and raw.startswith("''", at):
        return "'", 2
    escape = _ESCAPE.match(raw, at) if quote == '"' else None
    if escape is None:
        return raw[at : at + 1], 1
    word = escape[0][1:]
    if len(word) > 1:
        return chr(int(word[1:], 16)), len(escape[0])
    return _SHORT.get(word, word), 2
