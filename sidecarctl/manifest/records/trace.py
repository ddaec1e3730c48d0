"""The receipts of a manifest's records, found again in its text, and what comes of undoing them."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from yaml.nodes import Node

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import Document, Manifest, parse
from sidecarctl.manifest.edits.companion import roots
from sidecarctl.manifest.edits.edit import Edit, apply
from sidecarctl.manifest.edits.receipt import Receipt, document_path
from sidecarctl.manifest.records.stamp import Record, cut
from sidecarctl.manifest.records.undo import is_lost, undo


class Trace(Struct, frozen=True):
    """What was found of *receipt*, which the document number *owner* bears.

    *edit* undoes it to the byte, if that can be. *companion* is the number of the new document that
    it is about. *is_lost* says that it has to be left as it is.
    """

    owner: int
    receipt: Receipt
    edit: Edit | None = None
    companion: int | None = None
    is_lost: bool = False


def without_stamps(manifest: Manifest, records: Mapping[int, Record]) -> Manifest:
    """Return the manifest without the stamps of *records*, those left that have been touched."""
    owners = [manifest.documents[number] for number in records]
    nodes = roots(manifest, owners)
    cuts = (
        cut(nodes[owner.index], owner, record.stamp)
        for owner, record in zip(owners, records.values(), strict=True)
    )
    bare = _without(manifest, [edit for edit in cuts if edit])
    return bare if bare and len(bare.documents) == len(manifest.documents) else manifest


def traces(bare: Manifest, records: Mapping[int, Record]) -> Iterator[Trace]:
    """Yield each receipt of *records* with what is found of it in *bare*, where no stamps are."""
    nodes = roots(bare, bare.documents)
    taken = set(records)
    for owner, record in records.items():
        document = bare.documents[owner]
        for receipt in record.receipts:
            if receipt.document:
                trace = _companion(bare, nodes, taken, Trace(owner, receipt))
                if trace.companion is not None:
                    taken.add(trace.companion)
                yield trace
            else:
                edit = undo(nodes[document.index], document, receipt)
                yield Trace(owner, receipt, edit, None, not edit and is_lost(document, receipt))


def _companion(
    bare: Manifest, nodes: Mapping[int, Node], taken: Collection[int], trace: Trace
) -> Trace:
    """Return *trace* with the document it is about: as it was written, or the next of its name."""
    touched = trace
    for number, document in enumerate(bare.documents):
        if number in taken or document_path(document.data) != trace.receipt.path:
            continue
        edit = undo(nodes[document.index], document, trace.receipt)
        if edit:
            return replace(trace, edit=edit, companion=number)
        if touched.companion is None or touched.companion < trace.owner:
            touched = replace(trace, companion=number)
    return touched


def undone(bare: Manifest, found: Sequence[Trace]) -> tuple[Manifest, dict[int, Document]]:
    """Return the manifest with all edits of *found* made, and its documents by their old numbers.

    If it cannot be read so, no edit is made.
    """
    cut_out = {trace.companion for trace in found if trace.edit}
    left = [number for number in range(len(bare.documents)) if number not in cut_out]
    rest = _without(bare, list(_adjoining(found)))
    if rest is None or len(rest.documents) != len(left):
        return bare, dict(enumerate(bare.documents))
    return rest, dict(zip(left, rest.documents, strict=True))


def _adjoining(found: Sequence[Trace]) -> Iterator[Edit]:
    """Yield the edits of *found*, each up to the one that begins where its receipt ends.

    An edit leaves its last line break standing where something follows at the end of the file
    (``undo``); what is taken out as well does not count.
    """
    starts = {trace.edit.start for trace in found if trace.edit}
    for trace in found:
        if trace.edit:
            end = trace.edit.start + trace.receipt.length
            yield replace(trace.edit, end=end) if end in starts else trace.edit


def _without(manifest: Manifest, edits: Sequence[Edit]) -> Manifest | None:
    """Return *manifest* with *edits* made, None if that is no manifest any more."""
    if not edits:
        return manifest
    try:
        text, _ = apply(manifest.text, edits)
        return parse(text, manifest.file)
    except (ValueError, ManifestError):
        return None
