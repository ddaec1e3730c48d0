"""The text that is edited, and how it is laid out: indents, line ends, brackets, shared anchors."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace
from yaml.nodes import Node, ScalarNode, SequenceNode

from sidecarctl.manifest.edits.spans import (
    Entry,
    entries,
    indentation,
    is_block,
    is_first_on_line,
    line_end,
)
from sidecarctl.manifest.emit import KUBECTL, Layout
from sidecarctl.manifest.text import Text

_LINE_BREAK = re.compile(r"\r\n?|\n")
# Both stand behind a blank or an indicator: the domain `"*"` and the shell's `&&` are none.
_MAY_BE_ALIAS = re.compile(r"\*(?<![^\s,\[{:\ufeff]\*)[\w-]")
_MAY_BE_ANCHOR = re.compile(r"&(?<![^\s,\[{:\ufeff]&)[\w-]")


class Sheet(Struct, frozen=True):
    """One YAML document of a file, as the text that edits are written on.

    *shared* tells of each node that aliases stand for: the first alias and its line. *is_pretty*
    says that the document is JSON spread over lines.
    """

    source: Text
    layout: Layout
    line_break: str
    shared: Mapping[int, tuple[str, int]]
    is_pretty: bool = False

    @property
    def text(self) -> str:
        return self.source.text

    def column(self, offset: int) -> int:
        """Return the column of *offset*, counted from 0."""
        return self.source.place(offset)[1] - 1

    def rest_of_line(self, offset: int) -> str:
        """Return what stands behind *offset* on its line, blanks cut off."""
        return self.text[offset : line_end(self.source, offset)].strip()

    def lacks_line_break(self, offset: int) -> bool:
        """Tell whether *offset* is the end of a text whose last line has no end."""
        return offset == len(self.text) and not self.text.endswith(("\n", "\r"))

    def lines(self, fragment: str) -> str:
        """Return *fragment* with the line ends of this file."""
        return fragment if self.line_break == "\n" else fragment.replace("\n", self.line_break)


def sheet(root: Node, source: Text) -> Sheet:
    """Return the document under *root* with its habits."""
    line_break = _LINE_BREAK.search(source.text)
    top = [] if is_block(root) else entries(root, source)
    is_json = bool(top) and isinstance(top[0].key, ScalarNode) and top[0].key.style == '"'
    return Sheet(
        source,
        _json_layout(top, source) if is_json else _block_layout(root),
        line_break.group() if line_break else "\n",
        dict(_shared(root, source)),
        is_pretty=is_json and is_first_on_line(source, top[0].start),
    )


def is_spread(items: list[Entry], source: Text) -> bool:
    """Tell whether the entries of a collection in flow style stand on lines of their own."""
    return bool(items) and is_first_on_line(source, items[0].start)


def _json_layout(top: list[Entry], source: Text) -> Layout:
    first, *others = top
    unit = indentation(source, first.start) if is_spread(top, source) else ""
    colon = source.text[first.head - 1 : first.at]
    comma = "," if colon == ":" else ", "
    if others and not unit:
        comma = source.text[first.end : others[0].start]
    return replace(KUBECTL, quoted=True, unit=unit or KUBECTL.unit, colon=colon, comma=comma)


def _block_layout(root: Node) -> Layout:
    """Return the indents that most mappings and lists of the document have."""
    steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    for parent, child in _nested(root):
        columns = child.start_mark.column - parent.start_mark.column
        if isinstance(child, SequenceNode):
            dashes[columns] += 1
        else:
            steps[columns] += 1
    return replace(KUBECTL, step=_usual(steps, KUBECTL.step), dash=_usual(dashes, KUBECTL.dash))


def _usual(counts: Counter[int], otherwise: int) -> int:
    return next((columns for columns, _ in counts.most_common() if columns >= 0), otherwise)


def _nested(node: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the block collections under *node* that are values of keys, each with its key."""
    for child in node.value if not isinstance(node, ScalarNode) else ():
        key, value = child if isinstance(child, tuple) else (None, child)
        if not is_block(value):
            continue
        if key is not None and value.start_mark.line > key.start_mark.line:
            yield key, value
        yield from _nested(value)


def _shared(root: Node, source: Text) -> Iterator[tuple[int, tuple[str, int]]]:
    if not _MAY_BE_ALIAS.search(source.text) or not _MAY_BE_ANCHOR.search(source.text):
        return
    aliases = [entry for entry in _everything(root, source) if entry.alias]
    for entry in reversed(aliases):  # so that of several the first one stays
        yield id(entry.value), (entry.alias, source.place(entry.at)[0])


def _everything(node: Node, source: Text) -> Iterator[Entry]:
    for entry in entries(node, source):
        yield entry
        if not entry.alias:
            yield from _everything(entry.value, source)
