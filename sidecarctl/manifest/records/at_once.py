"""Changes and record in one pass over the nodes, for what nearly all injections are.

In general the record can be placed only in the text that the changes have led to: it tells of them,
and it may have to stand in what they have brought. But in block style an edit says itself where in
its text everything is. So where no change touches ``metadata``, or anything beside it, both are
drafted on the same nodes, and the new text is read once. Where that is not so, None says so.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.document import Manifest
from sidecarctl.manifest.edits.drafts import Draft, Pages, Rewrite, drafts, pages, receipt, wanted
from sidecarctl.manifest.edits.edit import Edit, apply
from sidecarctl.manifest.edits.net import checked
from sidecarctl.manifest.edits.receipt import Receipt
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.records.stamp import (
    ANNOTATIONS,
    RECORD,
    completed,
    drafted,
    stamp_receipt,
    with_receipt,
)

_LABELS: FieldPath = ("metadata", "labels")


class AtOnce(Struct, frozen=True):
    """The new *text*, records included, and for each rewrite the *receipts* of its edits."""

    text: str
    receipts: Mapping[int, tuple[Receipt, ...]]


class _Stamp(Struct, frozen=True):
    """The *edit* that puts a record in, and the *data* of its document with it."""

    edit: Edit
    data: JsonObject


def at_once(
    manifest: Manifest, rewrites: Sequence[Rewrite], marks: Sequence[Mapping[str, str]]
) -> AtOnce | None:
    """Return the text of *manifest* with *rewrites* done, each changed document with its record.

    None where it has to be done step by step, or cannot be done: the steps say why.
    """
    try:
        return _at_once(manifest, rewrites, marks)
    except (ManifestError, ValueError):
        return None


def _at_once(
    manifest: Manifest, rewrites: Sequence[Rewrite], marks: Sequence[Mapping[str, str]]
) -> AtOnce | None:
    opened = pages(manifest, [each.document for each in rewrites])
    receipts: dict[int, tuple[Receipt, ...]] = dict.fromkeys(range(len(rewrites)), ())
    edits: list[Edit] = []
    others: list[Edit] = []
    for draft in drafts(opened, rewrites):
        lead = draft.change.edit.lead
        if draft.about is None or lead is None or not _is_apart(draft):
            return None
        number, position = draft.about
        each = rewrites[number]
        data = each.after if position is None else each.new[position]
        receipts[number] += (receipt(manifest.text, draft, lead, data),)
        edits.append(draft.change.edit)
        if draft.change.path[:2] != _LABELS or mapping(each.document.data, *ANNOTATIONS):
            others.append(draft.change.edit)  # while labels come before annotations that are new
    stamps: dict[int, _Stamp] = {}
    for number, each in enumerate(rewrites):
        if receipts[number]:
            stamp = _stamp(opened, each, receipts[number], marks[number])
            if stamp is None:
                return None
            stamps[number] = stamp
    offsets = {stamp.edit.start for stamp in stamps.values()}
    if any(edit.start in offsets or edit.end in offsets for edit in others):
        return None
    text, _ = apply(manifest.text, [*edits, *(stamp.edit for stamp in stamps.values())])
    stamped = [
        replace(each, after=stamps[number].data) if number in stamps else each
        for number, each in enumerate(rewrites)
    ]
    checked(text, manifest.file, [(each.document, each.data) for each in wanted(manifest, stamped)])
    return AtOnce(text, receipts)


def _is_apart(draft: Draft) -> bool:
    """Tell whether a record comes out the same before and after this change."""
    change, about = draft.change, draft.about
    if about and about[1] is not None:
        return True
    is_beside = change.path[0] != "metadata" and len(change.path) > 1
    return change.op in ("+", "~") and (is_beside or change.path[:2] == _LABELS)


def _stamp(
    opened: Pages, each: Rewrite, receipts: Sequence[Receipt], marks: Mapping[str, str]
) -> _Stamp | None:
    """Return the record of a rewrite, None where it does not go into a mapping in block style."""
    document = each.document
    data = drafted(document, receipts, marks)
    changes = list(opened.changes(document, data))
    made = [receipt("", Draft(change, (0, None)), 0, data) for change in changes]
    start = changes[0].edit.start
    for change in changes:
        edit = change.edit
        if change.op != "+" or len(change.path) == 1 or edit.lead is None:
            return None
        if (edit.start, edit.end) != (start, start):
            return None
    text = "".join(change.edit.text for change in changes)
    lead = text.find(f"{RECORD}: |")
    if lead < 0:
        return None
    stamp = replace(stamp_receipt(made), lead=lead, length=len(text) - len(text.rstrip()))
    text, stamp = completed(text, stamp)
    metadata = {**mapping(each.after, "metadata"), "annotations": with_receipt(data, stamp)}
    return _Stamp(Edit(start, start, text), {**each.after, "metadata": metadata})
