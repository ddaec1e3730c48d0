"""A document's new data -> the least edits of its text, made and checked.

A caller says what the data of a document should become. Everything that stays the same stays in
the text as it is, to the byte: quotes, comments, indents, line ends. The result is read again and
compared with what it should have become; if it is anything else, nothing is changed and the reason
is given.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sidecarctl.findings import FieldPath
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.edits.drafts import Rewrite, drafts, pages, receipt, wanted
from sidecarctl.manifest.edits.edit import apply
from sidecarctl.manifest.edits.net import checked, refusal
from sidecarctl.manifest.edits.receipt import Receipt
from sidecarctl.manifest.edits.walk import Change

__all__ = ["Rewrite", "Rewritten", "rewrite"]


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


def rewrite(
    manifest: Manifest, rewrites: Sequence[Rewrite], *, gone: Sequence[Document] = ()
) -> Rewritten:
    """Return the text of *manifest* with each rewrite done and the documents *gone* taken out.

    Raises:
        ManifestError: a change would harm what an alias or a merge key shares, or anything else.
    """
    expected = list(wanted(manifest, rewrites, gone))
    opened = pages(manifest, [*(each.document for each in rewrites), *gone])
    made = list(drafts(opened, rewrites, gone))
    try:
        text, starts = apply(manifest.text, [draft.change.edit for draft in made])
    except ValueError as error:
        raise refusal([(each.document, {}) for each in rewrites], str(error)) from None
    after = checked(text, manifest.file, [(each.document, each.data) for each in expected])
    found = {each.about: now for each, now in zip(expected, after.documents, strict=True)}
    receipts: dict[int, tuple[Receipt, ...]] = dict.fromkeys(range(len(rewrites)), ())
    stretches: dict[int, tuple[tuple[int, int], ...]] = dict.fromkeys(receipts, ())
    for draft, start in zip(made, starts, strict=True):
        if draft.about and draft.change.op != "-":
            number, _ = draft.about
            document = found[draft.about]
            lead = _anchor(draft.change, document) - start
            receipts[number] += (receipt(manifest.text, draft, lead, document.data),)
            stretches[number] += ((start, start + len(draft.change.edit.text)),)
    return Rewritten(
        text,
        receipts,
        after,
        tuple(found[number, None] for number in range(len(rewrites))),
        stretches,
        tuple(
            (draft.about[0], draft.change.path)
            for draft in made
            if draft.about and draft.change.op == "-"
        ),
    )


def _anchor(change: Change, document: Document) -> int:
    """Return the offset of what *change* brought, in the text that *document* was read from."""
    key, value = document.node(change.path) or (None, document.root)
    anchor = value if change.op == "~" or key is None else key
    return document.offset(anchor.start_mark)
