"""The nodes of a file, made when somebody first asks for one of them.

Most documents are never edited and nothing is said of them, so their data is all that is needed.
PyYAML is imported here in the functions that need it: importing it takes 20 ms, as long as
everything else that linting a clean file does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from sidecarctl.findings import FieldPath, Location
from sidecarctl.manifest.reading.quick_place import place_of
from sidecarctl.manifest.text import Text

if TYPE_CHECKING:
    from yaml.nodes import Node

_SMALL = 4096
"""A text as short as this is composed whole: to look for its parts would take as long."""


class Trees:
    """The trees of the documents of *source*.

    *lines* are the numbers, from 0, of the first lines of the documents, where they are known;
    *roots* the roots of all documents, where they have been composed. Empty where not.
    """

    def __init__(
        self, source: Text, *, lines: Sequence[int] = (), roots: Sequence[Node] = ()
    ) -> None:
        self.source = source
        self._lines = lines
        self._roots = roots
        self._parts: dict[int, tuple[Node, Text]] = {}

    def root(self, index: int, base: FieldPath) -> Node:
        """Return the node at *base* of the document *index*; its marks are those of the file."""
        from sidecarctl.manifest.reading.place import find  # noqa: PLC0415  see above

        if not self._roots:
            from sidecarctl.manifest.reading.compose import compose  # noqa: PLC0415  see above

            self._roots = compose(self.source)
        found = find(self._roots[index], base)
        if found is None:
            raise LookupError(f"{self.source.file}: no node at {base} of document {index}")
        return found[1]

    def part(self, index: int, base: FieldPath) -> tuple[Node, Text]:
        """Return the node at *base* of the document *index*, and the text that its marks count in.

        Of a long stream only that document is composed.
        """
        if self._roots or len(self._lines) < 2 or len(self.source.text) < _SMALL:
            return self.root(index, base), self.source
        from sidecarctl.manifest.reading.place import find  # noqa: PLC0415  see above

        if index not in self._parts:
            self._parts[index] = self._part(index)
        node, text = self._parts[index]
        found = find(node, base)
        if found is None:
            raise LookupError(f"{self.source.file}: no node at {base} of document {index}")
        return found[1], text

    def place(self, index: int, path: FieldPath, on: Literal["value", "key"]) -> Location | None:
        """Return the place of what is at *path* of the document *index*, as `Document.locate` does.

        None where nodes must be asked.
        """
        if not self._lines or self._roots:
            return None
        found = place_of(self._text_lines, self._lines[index], path, on)
        if found is None:
            return None
        line, start, end = found
        return Location(self.source.file, line + 1, start + 1, line + 1, end + 1)

    @cached_property
    def _text_lines(self) -> list[str]:
        return self.source.text[self.source.bom :].replace("\r\n", "\n").split("\n")

    def _part(self, index: int) -> tuple[Node, Text]:
        from sidecarctl.manifest.reading.compose import compose_part  # noqa: PLC0415  see above

        is_last = index + 1 == len(self._lines)
        start = self.source.line_start(self._lines[index]) if index else self.source.bom
        end = len(self.source.text) if is_last else self.source.line_start(self._lines[index + 1])
        return compose_part(self.source, self.source.text[start:end]), self.source.part(start)
