"""A document's new data -> the least edits of its text, made and checked.

A caller says what the data of a document should become. Everything that stays the same stays in
the text as it is, to the byte: quotes, comments, indents, line ends. The result is read again and
compared with what it should have become; if it is anything else, nothing is changed and the reason
is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from yaml.nodes import Node

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.companion import additions, removal, roots
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.edit import apply
from sidecarctl.manifest.net import checked, refusal
from sidecarctl.manifest.receipt import Receipt, digest, document_path, inner
from sidecarctl.manifest.selector import selector
from sidecarctl.manifest.sheet import Sheet, sheet
from sidecarctl.manifest.spans import Entry, entry_at
from sidecarctl.manifest.walk import Change, Versions, changes


class Rewrite(Struct, frozen=True):
    """What *document* should become: data *after*, and the documents *new* right behind it."""

    document: Document
    after: JsonObject
    new: tuple[JsonObject, ...] = ()


class Rewritten(Struct, frozen=True):
    """The new *text*, and for each rewrite, by its position, the *receipts* of its edits.

    *manifest* is the text read again, and *documents* are the documents of the rewrites in it.
    *stretches* are the offsets from which and to which the texts of the edits go, in the order of
    the receipts. *removed* are the rewrites and paths of what was taken out, for which there are no
    receipts.
    """

    text: str
    receipts: Mapping[int, tuple[Receipt, ...]]
    manifest: Manifest
    documents: tuple[Document, ...]
    stretches: Mapping[int, tuple[tuple[int, int], ...]]
    removed: tuple[tuple[int, FieldPath], ...]


_About: TypeAlias = tuple[int, int | None]
"""The number of a rewrite, and that of one of its new documents or None for its own document."""


class _Wanted(Struct, frozen=True):
    """What a document should be afterwards; *document* is None for a new one."""

    document: Document | None
    data: JsonObject
    about: _About | None = None


class _Draft(Struct, frozen=True):
    """A change and what it is *about*, which for a document that goes is nothing."""

    change: Change
    about: _About | None = None


def rewrite(
    manifest: Manifest, rewrites: Sequence[Rewrite], *, gone: Sequence[Document] = ()
) -> Rewritten:
    """Return the text of *manifest* with each rewrite done and the documents *gone* taken out.

    Raises:
        ManifestError: a change would harm what an alias or a merge key shares, or anything else.
    """
    wanted = list(_wanted(manifest, rewrites, gone))
    drafts = list(_drafts(manifest, rewrites, gone))
    try:
        text, starts = apply(manifest.text, [draft.change.edit for draft in drafts])
    except ValueError as error:
        raise refusal([(each.document, {}) for each in rewrites], str(error)) from None
    after = checked(text, manifest.file, [(each.document, each.data) for each in wanted])
    found = {each.about: now for each, now in zip(wanted, after.documents, strict=True)}
    receipts: dict[int, tuple[Receipt, ...]] = dict.fromkeys(range(len(rewrites)), ())
    stretches: dict[int, tuple[tuple[int, int], ...]] = dict.fromkeys(receipts, ())
    for draft, start in zip(drafts, starts, strict=True):
        if draft.about and draft.change.op != "-":
            number, _ = draft.about
            receipts[number] += (_receipt(manifest, draft, start, found[draft.about]),)
            stretches[number] += ((start, start + len(draft.change.edit.text)),)
    return Rewritten(
        text,
        receipts,
        after,
        tuple(found[number, None] for number in range(len(rewrites))),
        stretches,
        tuple(
            (draft.about[0], draft.change.path)
            for draft in drafts
            if draft.about and draft.change.op == "-"
        ),
    )


def _wanted(
    manifest: Manifest, rewrites: Sequence[Rewrite], gone: Sequence[Document]
) -> Iterator[_Wanted]:
    numbers = {id(each.document): number for number, each in enumerate(rewrites)}
    taken = {id(document) for document in gone}
    for document in manifest.documents:
        number = numbers.get(id(document))
        if id(document) in taken:
            continue
        if number is None:
            yield _Wanted(document, document.data)
            continue
        yield _Wanted(document, rewrites[number].after, (number, None))
        for position, data in enumerate(rewrites[number].new):
            yield _Wanted(None, data, (number, position))


def _drafts(
    manifest: Manifest, rewrites: Sequence[Rewrite], gone: Sequence[Document]
) -> Iterator[_Draft]:
    """Yield all changes; texts that meet at one offset come in the order of the documents."""
    documents = [*(each.document for each in rewrites), *gone]
    nodes = roots(manifest, documents)
    sheets = {index: sheet(node, documents[0].source) for index, node in nodes.items()}
    for number, each in sorted(enumerate(rewrites), key=lambda pair: _place(pair[1].document)):
        page, root = sheets[each.document.index], nodes[each.document.index]
        versions = Versions((), each.document.data, each.after)
        for change in changes(page, _entry(page, root, each.document), versions):
            yield _Draft(change, (number, None))
        edits = additions(manifest, page, root, each.document, each.new)
        for position, edit in enumerate(edits):
            change = Change("+", (), edit, each.new[position])
            yield _Draft(change, (number, position))
    for index in sorted({document.index for document in gone}):
        taken = [document for document in gone if document.index == index]
        for edit in removal(manifest, sheets[index], nodes[index], taken):
            yield _Draft(Change("-", (), edit))


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


def _receipt(manifest: Manifest, draft: _Draft, start: int, document: Document) -> Receipt:
    """Return the receipt of a change whose text starts at *start* now and is about *document*."""
    change = draft.change
    key, value = document.node(change.path) or (None, document.root)
    anchor = value if change.op == "~" or key is None else key
    is_document = draft.about is not None and draft.about[1] is not None
    is_parent = change.op != "~:" and not is_document and not isinstance(change.path[-1], int)
    return Receipt(
        change.op if change.op != "-" else "~",
        document_path(document.data) if is_document else selector(document.data, change.path),
        document.offset(anchor.start_mark) - start,
        len(change.edit.text),
        digest(change.edit.text),
        inner(change.value) if is_parent else (),
        manifest.text[change.edit.start : change.edit.end],
    )
