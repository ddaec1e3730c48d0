"""Whole documents that come and go: in a YAML stream, in a List, in a row of JSON objects."""

import re
from collections.abc import Iterator, Mapping, Sequence

from yaml.nodes import Node

from sidecarctl.findings import JsonObject
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.edits import style
from sidecarctl.manifest.edits.block import check_end, final_break
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.sheet import Sheet
from sidecarctl.manifest.edits.spans import (
    Entry,
    collection,
    entry_at,
    line_start,
    next_line,
    whole,
)
from sidecarctl.manifest.emit import block_mapping, flow, pretty
from sidecarctl.manifest.reading.compose import compose
from sidecarctl.manifest.reading.compose_json import compose_json

_MARKER = re.compile(r"^(?P<marker>---|\.\.\.)(?=\s|\Z)", re.MULTILINE)
_BARE_START = re.compile(r"(?:[ \t]*(?:#.*)?(?:\r\n?|\n))*+(?!---(?:\s|\Z)|[ \t]*(?:#.*)?\Z)")


def roots(manifest: Manifest, documents: Sequence[Document]) -> Mapping[int, Node]:
    """Return the root nodes of the YAML documents that *documents* are or are members of."""
    if all(not document.base for document in documents):
        return {document.index: document.root for document in documents}
    source = documents[0].source
    nodes = compose_json(source) if manifest.format == "json" else compose(source)
    return {document.index: nodes[document.index] for document in documents}


def additions(
    manifest: Manifest, sheet: Sheet, root: Node, document: Document, new: Sequence[JsonObject]
) -> Iterator[Edit]:
    """Yield the edits that put the new documents of a rewrite behind *document*, in their order."""
    if document.base:
        *path, position = document.base
        parent = entry_at(root, tuple(path), sheet.source)
        if parent is None or not isinstance(position, int):
            return
        items = collection(parent, sheet.source)
        yield from (style.insert(sheet, items, position + 1, None, data) for data in new)
    elif manifest.format == "json":
        yield from (_json_addition(sheet, whole(root, sheet.source), data) for data in new)
    else:
        yield from _stream_additions(sheet, whole(root, sheet.source), new)


def removal(
    manifest: Manifest, sheet: Sheet, root: Node, documents: Sequence[Document]
) -> Iterator[Edit]:
    """Yield the edits that take *documents*, all of the YAML document under *root*, out."""
    members = [document.base[-1] for document in documents if document.base]
    positions = sorted(position for position in members if isinstance(position, int))
    if not positions:
        remove = _json_removal if manifest.format == "json" else _stream_removal
        yield remove(sheet, whole(root, sheet.source))
        return
    parent = entry_at(root, ("items",), sheet.source)
    if parent is None:
        return
    items = collection(parent, sheet.source)
    for first, last in style.runs(positions):
        yield style.remove(sheet, items, first, last)


def _json_addition(sheet: Sheet, owner: Entry, data: JsonObject) -> Edit:
    text = pretty(data, "", sheet.layout) if sheet.is_pretty else flow(data, sheet.layout)
    if sheet.rest_of_line(owner.end):
        return Edit(owner.end, owner.end, sheet.lines(text))
    offset = next_line(sheet.source, owner.end)
    text = f"\n{text}" if sheet.lacks_line_break(offset) else f"{text}\n"
    return Edit(offset, offset, sheet.lines(text))


def _stream_additions(sheet: Sheet, owner: Entry, new: Sequence[JsonObject]) -> Iterator[Edit]:
    marker = _MARKER.search(sheet.text, owner.end)
    offset = marker.start() if marker else len(sheet.text)
    ending = ""
    if marker and marker["marker"] == "...":
        offset = next_line(sheet.source, offset)
        # What comes behind `...` without a `---` of its own, or with a %YAML, needs another `...`.
        ending = "...\n" if _BARE_START.match(sheet.text, offset) else ""
    is_last = sheet.lacks_line_break(offset)
    if is_last and not marker:
        check_end(sheet, owner)
    for number, data in enumerate(new, 1):
        text = f"---\n{block_mapping(data, 0, sheet.layout)}"
        text = f"\n{text}{final_break(data)}" if is_last else f"{text}\n"
        text = sheet.lines(text + (ending if number == len(new) else ""))
        yield Edit(offset, offset, text, text.index("---") + 3 + len(sheet.line_break))


def _json_removal(sheet: Sheet, owner: Entry) -> Edit:
    start, end = line_start(sheet.source, owner.start), next_line(sheet.source, owner.end)
    if sheet.text[start : owner.start].strip() or sheet.rest_of_line(owner.end):
        return Edit(owner.start, owner.end, "")
    return Edit(start, end, "")


def _stream_removal(sheet: Sheet, owner: Entry) -> Edit:
    """Take a document out with the ``---`` above it, or if there is none, with the one below."""
    markers = list(_MARKER.finditer(sheet.text, 0, owner.start))
    start = markers[-1].start() if markers else line_start(sheet.source, owner.start)
    end = next_line(sheet.source, owner.end)
    below = None if markers else _MARKER.search(sheet.text, owner.end)
    if below:
        end = next_line(sheet.source, below.start())
    return Edit(start, end, "")
