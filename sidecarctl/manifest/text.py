"""The text of a file: offsets become lines and columns here."""

import re
from bisect import bisect_right
from functools import cached_property

from msgspec import Struct

from sidecarctl.findings import Location

BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n?|\n")


class Text(Struct, frozen=True, eq=False, dict=True):
    """What *file* holds, as it was read: line ends and byte order mark included.

    An offset counts code points from the start of *text*. Lines end as editors see it, at LF, CRLF
    or CR; YAML 1.1 also ends them at U+0085, U+2028 and U+2029, so libyaml's own line numbers are
    not used. A byte order mark takes an offset but no column. *whole* and *start* are of a
    `part`.
    """

    file: str
    text: str
    whole: "Text | None" = None
    start: int = 0

    def part(self, start: int) -> "Text":
        """Return the same text for nodes that were made of what stands from *start* on."""
        return Text(self.file, self.text, self, start)

    @property
    def origin(self) -> int:
        """Return the offset that the marks of nodes count from."""
        return self.start if self.whole else self.bom

    @cached_property
    def bom(self) -> int:
        """Return the length of the byte order mark: 0 or 1."""
        return int(self.text.startswith(BOM))

    def location(self, start: int, end: int) -> Location:
        """Return the place from the offset *start* to the offset *end*, which is exclusive."""
        return Location(self.file, *self.place(start), *self.place(end))

    def line_end(self, start: int, end: int) -> int:
        """Return where the first line of the stretch from *start* to *end* ends, blanks cut off."""
        found = _LINE_END.search(self.text, start, end)
        stop = found.start() if found else end
        return start + len(self.text[start:stop].rstrip())

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of *offset*, both counted from 1."""
        line = max(bisect_right(self._starts, offset), 1)
        return line, max(offset - self._starts[line - 1], 0) + 1

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place, the reverse of ``place``."""
        return self._starts[line - 1] + column - 1

    def line_start(self, number: int) -> int:
        """Return the offset of the line *number*, counted from 0."""
        return self._starts[number]

    @cached_property
    def _starts(self) -> list[int]:
        if self.whole:
            return self.whole._starts
        return [self.bom, *(match.end() for match in _LINE_END.finditer(self.text))]
