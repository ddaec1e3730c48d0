"""Injection with a record, and the way back: to the byte, wherever the text still is as written.

The record is an annotation of the object that was changed (see ``stamp``). It holds no copy but
receipts: of each edit where it is, how long, with which digest, and the few characters it replaced.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from sidecarctl.errors import ManifestError
from sidecarctl.findings import JsonObject, show_path
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.edits.companion import roots
from sidecarctl.manifest.edits.edit import apply
from sidecarctl.manifest.edits.identity import same
from sidecarctl.manifest.edits.receipt import Receipt
from sidecarctl.manifest.edits.splice import Rewrite, Rewritten, rewrite
from sidecarctl.manifest.records.at_once import at_once
from sidecarctl.manifest.records.inverse import inverse
from sidecarctl.manifest.records.stamp import Record, damaged, drafted, finish, read_record
from sidecarctl.manifest.records.trace import Trace, traces, undone, without_stamps


class Ejected(Struct, frozen=True):
    """The *text* without what was injected, and how it came about.

    *documents* are those restored, *removed* those that injection had added. *inexact* are the
    restored ones whose edits were found moved or changed and were taken out by structure: the data
    is right, the bytes may differ. *lost* names the places of edits that are not to be found, or
    that somebody has overwritten; these stay as they are.
    """

    text: str
    documents: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    inexact: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Tell whether every byte is as it would be had nothing ever been injected."""
        return not self.inexact and not self.lost


def inject_text(
    manifest: Manifest, rewrites: Sequence[Rewrite], marks: Sequence[Mapping[str, str]]
) -> str:
    """Return the text of *manifest* with *rewrites* done, each changed document with its record.

    The annotations *marks*, one mapping for each rewrite, stand behind the record. A document that
    stays as it is and gets no new documents beside it bears no record.

    Raises:
        ManifestError: a change would harm something else, or could not be taken back; a document
            has a record already.
    """
    made = at_once(manifest, rewrites, marks)
    if made is not None:
        _check_ways_back(rewrites, made.receipts)
        return made.text
    return step_by_step(manifest, rewrites, marks)


def step_by_step(
    manifest: Manifest, rewrites: Sequence[Rewrite], marks: Sequence[Mapping[str, str]]
) -> str:
    """Do what `inject_text` does in the way that always goes: first the changes, then the records.

    Raises:
        ManifestError: as there.
    """
    edited = rewrite(manifest, rewrites)
    _check_removed(rewrites, edited)
    _check_ways_back(rewrites, edited.receipts)
    changed = [number for number in range(len(rewrites)) if edited.receipts[number]]
    drafts = [
        Rewrite(
            edited.documents[number],
            drafted(edited.documents[number], edited.receipts[number], marks[number]),
        )
        for number in changed
    ]
    stamped = rewrite(edited.manifest, drafts)
    nodes = roots(stamped.manifest, stamped.documents)
    edits = [
        finish(stamped, number, nodes[document.index])
        for number, document in enumerate(stamped.documents)
    ]
    return apply(stamped.text, edits)[0]


def eject_text(manifest: Manifest) -> Ejected:
    """Undo every record in *manifest*, and take out the documents that these tell of.

    What is found as it was written goes to the byte, wherever it stands by now; what is not is
    taken out by what it means.

    Raises:
        ManifestError: a record is damaged, or of a format that this version does not know.
    """
    records = {
        number: record
        for number, document in enumerate(manifest.documents)
        if (record := read_record(document))
    }
    if not records:
        return Ejected(manifest.text)
    bare = without_stamps(manifest, records)
    found = list(traces(bare, records))
    rest, now = undone(bare, found)
    companions = {trace.companion for trace in found}
    goals = {
        number: _goal(
            document,
            records.get(number),
            [trace for trace in found if trace.owner == number],
            now[number],
        )
        for number, document in enumerate(bare.documents)
        if number not in companions
    }
    off = [number for number, goal in goals.items() if not same(goal, now[number].data)]
    gone = [document for number, document in now.items() if number in companions]
    rewrites = [Rewrite(now[number], goals[number]) for number in off]
    text = rewrite(rest, rewrites, gone=gone).text if rewrites or gone else rest.text
    inexact = {*off, *(trace.owner for trace in found if trace.companion in now)}
    return Ejected(
        text,
        _names(bare, records),
        _names(bare, (number for number in companions if number is not None)),
        _names(bare, inexact),
        tuple(
            f"{bare.documents[trace.owner]}: {trace.receipt.path}"
            for trace in found
            if trace.is_lost
        ),
    )


def _check_removed(rewrites: Sequence[Rewrite], edited: Rewritten) -> None:
    """Refuse to take something out."""
    for number, path in edited.removed:
        raise ManifestError(
            f"the field {show_path(path)} cannot be taken out",
            at=rewrites[number].document.locate(path, on="key"),
            hint="there is no record that could put it back",
        )


def _check_ways_back(rewrites: Sequence[Rewrite], made: Mapping[int, Sequence[Receipt]]) -> None:
    """Refuse what the receipts do not lead back from, before anything is written."""
    for number, each in enumerate(rewrites):
        before = each.document.data
        receipts = [receipt for receipt in made[number] if not receipt.document]
        try:
            leads_back = same(inverse(each.after, receipts, before), before)
        except ValueError:
            leads_back = False
        if not leads_back:
            raise ManifestError(
                f"the changes of {each.document} could not be taken back", at=each.document.locate()
            )


def _goal(
    document: Document, record: Record | None, found: Sequence[Trace], now: Document
) -> JsonObject:
    """Return the data that *document* should come back to."""
    if record is None:
        return document.data
    receipts = [
        trace.receipt for trace in found if not trace.receipt.document and not trace.is_lost
    ]
    data = document.data
    try:
        if read_record(document):
            data = inverse(data, [record.stamp], now.data)
        return inverse(data, receipts, now.data)
    except ValueError as error:
        raise damaged(document, str(error)) from None
    except LookupError:
        raise damaged(document, "its lines do not fit together") from None


def _names(manifest: Manifest, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(manifest.documents[number]) for number in sorted(numbers))
