"""A document's new data -> the changes of its text, drafted on its nodes, and their receipts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from yaml.nodes import Node

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.edits.companion import additions, removal, roots
from sidecarctl.manifest.edits.receipt import Receipt, digest, document_path, inner
from sidecarctl.manifest.edits.selector import selector
from sidecarctl.manifest.edits.sheet import Sheet, sheet
from sidecarctl.manifest.edits.spans import Entry, entry_at
from sidecarctl.manifest.edits.walk import Change, Versions, changes


class Rewrite(Struct, frozen=True):
    """What *document* should become: data *after*, and the documents *new* right behind it."""

    document: Document
    after: JsonObject
    new: tuple[JsonObject, ...] = ()


About: TypeAlias = tuple[int, int | None]
"""The number of a rewrite, and that of one of its new documents or None for its own document."""


class Wanted(Struct, frozen=True):
    """What a document should be afterwards; *document* is None for a new one."""

    document: Document | None
    data: JsonObject
    about: About | None = None


class Draft(Struct, frozen=True):
    """A change and what it is *about*, which for a document that goes is nothing."""

    change: Change
    about: About | None = None


class Pages(Struct, frozen=True):
    """The YAML documents of *manifest* that are edited, by their number: *nodes* and layout."""

    manifest: Manifest
    nodes: Mapping[int, Node]
    sheets: Mapping[int, Sheet]

    def changes(self, document: Document, after: JsonObject) -> Iterator[Change]:
        """Yield what turns the data of *document* into *after*.

        Raises:
            ManifestError: an alias or a merge key shares what would change.
        """
        page, root = self.sheets[document.index], self.nodes[document.index]
        versions = Versions((), document.data, after)
        return changes(page, _entry(page, root, document), versions)

    def additions(self, document: Document, new: Sequence[JsonObject]) -> Iterator[Change]:
        """Yield what puts the documents *new* behind *document*."""
        page, root = self.sheets[document.index], self.nodes[document.index]
        edits = additions(self.manifest, page, root, document, new)
        return (Change("+", (), edit, data) for edit, data in zip(edits, new, strict=False))

    def removals(self, gone: Sequence[Document]) -> Iterator[Change]:
        """Yield what takes the documents *gone* out."""
        for index in sorted({document.index for document in gone}):
            taken = [document for document in gone if document.index == index]
            edits = removal(self.manifest, self.sheets[index], self.nodes[index], taken)
            yield from (Change("-", (), edit) for edit in edits)


def pages(manifest: Manifest, documents: Sequence[Document]) -> Pages:
    """Return the YAML documents that *documents* are or are members of."""
    nodes = roots(manifest, documents)
    sheets = {index: sheet(node, documents[0].source) for index, node in nodes.items()}
    return Pages(manifest, nodes, sheets)


def wanted(
    manifest: Manifest, rewrites: Sequence[Rewrite], gone: Sequence[Document] = ()
) -> Iterator[Wanted]:
    """Yield what the documents of *manifest* should be after *rewrites*, in their order."""
    numbers = {id(each.document): number for number, each in enumerate(rewrites)}
    taken = {id(document) for document in gone}
    for document in manifest.documents:
        number = numbers.get(id(document))
        if id(document) in taken:
            continue
        if number is None:
            yield Wanted(document, document.data)
            continue
        yield Wanted(document, rewrites[number].after, (number, None))
        for position, data in enumerate(rewrites[number].new):
            yield Wanted(None, data, (number, position))


def drafts(
    opened: Pages, rewrites: Sequence[Rewrite], gone: Sequence[Document] = ()
) -> Iterator[Draft]:
    """Yield all changes; texts that meet at one offset come in the order of the documents."""
    for number, each in sorted(enumerate(rewrites), key=lambda pair: _place(pair[1].document)):
        for change in opened.changes(each.document, each.after):
            yield Draft(change, (number, None))
        for position, change in enumerate(opened.additions(each.document, each.new)):
            yield Draft(change, (number, position))
    for change in opened.removals(gone):
        yield Draft(change)


def receipt(text: str, draft: Draft, lead: int, data: JsonObject) -> Receipt:
    """Return the receipt of a change of *text* whose edit has *lead*.

    *data* is that of the document that it is about, as it will be.
    """
    change = draft.change
    is_document = draft.about is not None and draft.about[1] is not None
    is_parent = change.op != "~:" and not is_document and not isinstance(change.path[-1], int)
    return Receipt(
        change.op if change.op != "-" else "~",
        document_path(data) if is_document else selector(data, change.path),
        lead,
        len(change.edit.text),
        digest(change.edit.text),
        inner(change.value) if is_parent else (),
        text[change.edit.start : change.edit.end],
    )


def _place(document: Document) -> tuple[int, FieldPath]:
    return document.index, document.base


def _entry(page: Sheet, root: Node, document: Document) -> Entry:
    entry = entry_at(root, document.base, page.source)
    if entry is None or entry.alias:
        raise ManifestError(
            f"{document} is an alias of another member of this list",
            at=document.locate(),
            hint="write it out instead",
        )
    return entry
