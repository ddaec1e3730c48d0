"""The record on an object: the receipts of its edits, and how the record itself is cut out again.

It is the annotation ``sidecarctl.dev/record``, followed by the marks (profile, version). Its first
line is a receipt for these, ``v1 = metadata.annotations 4+1 0f3a9c12 [sidecarctl.dev/record]``: the
numbers count the characters from the start of the stamp to its first key, and from the end of its
last value to the end of the stamp; the digest is that of the stamp with this digest as zeros.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from yaml.nodes import Node, ScalarNode

from sidecarctl.errors import ManifestError
from sidecarctl.findings import JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.receipt import Receipt, digest, read_receipt
from sidecarctl.manifest.edits.selector import find, joined
from sidecarctl.manifest.edits.spans import Entry, entry_at
from sidecarctl.manifest.edits.splice import Rewritten
from sidecarctl.manifest.emit import double_quoted
from sidecarctl.manifest.narrow import mapping, text

RECORD = "sidecarctl.dev/record"
ANNOTATIONS = ("metadata", "annotations")

_VERSION = "v1"
_NO_DIGEST = "00000000"
_DRAFT = str(Receipt("=", "metadata", 0, 0, _NO_DIGEST))


class Record(Struct, frozen=True):
    """What the annotation of a document says: of the *stamp* that it is in, and of the edits.

    The *length* of the stamp's receipt counts what comes behind its last value.
    """

    stamp: Receipt
    receipts: tuple[Receipt, ...]


def drafted(
    document: Document, receipts: Sequence[Receipt], marks: Mapping[str, str]
) -> JsonObject:
    """Return the data of *document* with a draft of its record, and with *marks* behind it.

    Raises:
        ManifestError: it has a record already, or one of the marks; or no place for them.
    """
    metadata = document.data.get("metadata") or {}
    annotations = metadata.get("annotations") or {} if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        raise ManifestError(
            f"{document} has no mapping for annotations",
            at=document.locate(ANNOTATIONS),
            hint="metadata and metadata.annotations must be mappings",
        )
    for key in (RECORD, *marks):
        if key in annotations:
            raise ManifestError(
                f"{document} has the annotation {key!r} already",
                at=document.locate((*ANNOTATIONS, key), on="key"),
                hint="take the earlier injection back with 'sidecarctl eject' first",
            )
    record = "\n".join((f"{_VERSION} {_DRAFT}", *map(str, receipts), ""))
    added = {**annotations, RECORD: record, **marks}
    return {**document.data, "metadata": {**metadata, "annotations": added}}


def finish(rewritten: Rewritten, number: int, root: Node) -> Edit:
    """Return the edit of the new text that completes the stamp drafted by rewrite *number*."""
    document, made = rewritten.documents[number], rewritten.receipts[number]
    start, end = rewritten.stretches[number][0][0], rewritten.stretches[number][-1][1]
    receipt = stamp_receipt(made)
    keys = _keys(root, document, receipt)
    if keys is None or sum(each.length for each in made) != end - start:
        raise ManifestError(
            f"the record of {document} finds no place",
            at=document.locate(ANNOTATIONS),
            hint="write metadata.annotations out, without aliases and merge keys",
        )
    first, last = keys
    receipt = replace(receipt, lead=first.start - start, length=end - last.end)
    is_quoted = isinstance(first.value, ScalarNode) and first.value.style == '"'
    return Edit(start, end, completed(rewritten.text[start:end], receipt, is_quoted=is_quoted)[0])


def stamp_receipt(made: Sequence[Receipt]) -> Receipt:
    """Return the receipt of the stamp whose edits have the receipts *made*, not yet made out."""
    receipt, *_ = made
    if receipt.path in ("metadata", "metadata.annotations"):
        return receipt
    inner = tuple(each.path.removeprefix("metadata.annotations") for each in made)
    return Receipt("=", "metadata.annotations", 0, 0, "", inner)


def completed(draft: str, receipt: Receipt, *, is_quoted: bool = False) -> tuple[str, Receipt]:
    """Return the text of a stamp, made of its *draft*, and *receipt* with the digest of it."""
    receipt = replace(receipt, digest=_NO_DIGEST)
    stamp = draft.replace(_DRAFT, _header(receipt, is_quoted), 1)
    receipt = replace(receipt, digest=digest(stamp))
    return stamp.replace(_NO_DIGEST, receipt.digest, 1), receipt


def with_receipt(data: JsonObject, receipt: Receipt) -> JsonObject:
    """Return the annotations of *data*, where a record is drafted, with *receipt* in it."""
    annotations = mapping(data, *ANNOTATIONS)
    record = text(annotations.get(RECORD)).replace(_DRAFT, str(receipt), 1)
    return {**annotations, RECORD: record}


def cut(root: Node, document: Document, stamp: Receipt) -> Edit | None:
    """Return the edit that cuts the *stamp* of *document* out, None if it has been touched."""
    keys = _keys(root, document, stamp)
    if keys is None:
        return None
    first, last = keys
    start, end = first.start - stamp.lead, last.end + stamp.length
    if stamp.op != "=":  # annotations of others may stand behind it, in the parent that it made
        made = entry_at(root, (*document.base, *stamp.path.split(".")), document.source)
        if made is None or made.end > end:
            return None
    found = document.source.text[max(start, 0) : end]
    if digest(found.replace(stamp.digest, _NO_DIGEST, 1)) != stamp.digest:
        return None
    return Edit(start, end, stamp.was)


def read_record(document: Document) -> Record | None:
    """Return the record that *document* bears, None if it bears none.

    Raises:
        ManifestError: it cannot be read.
    """
    record = document.annotations.get(RECORD)
    if record is None:
        return None
    version, _, rest = record.partition(" ")
    if version != _VERSION and re.fullmatch(r"v[0-9]+", version):
        raise ManifestError(
            f"the record of {document} has the format {version}, not {_VERSION}",
            at=document.locate((*ANNOTATIONS, RECORD), on="key"),
            hint="eject with the version of sidecarctl that injected",
        )
    try:
        stamp, *receipts = map(read_receipt, rest.splitlines() if version == _VERSION else [record])
    except ValueError as error:
        raise damaged(document, str(error)) from None
    return Record(stamp, tuple(receipts))


def damaged(document: Document, reason: str) -> ManifestError:
    """Return the error for a record that cannot be followed."""
    return ManifestError(
        f"the record of {document} is damaged: {reason}",
        at=document.locate((*ANNOTATIONS, RECORD), on="key"),
        hint=f"restore the annotation {RECORD!r} as 'sidecarctl inject' wrote it",
    )


def _keys(root: Node, document: Document, stamp: Receipt) -> tuple[Entry, Entry] | None:
    """Return the entries of the record and of the last annotation in its stamp."""
    last = find(document.data, joined(stamp.path, stamp.inner[-1])) if stamp.inner else None
    paths = ((*ANNOTATIONS, RECORD), last)
    entries = [
        entry_at(root, (*document.base, *path), document.source)
        for path in paths
        if path is not None
    ]
    found = [entry for entry in entries if entry is not None]
    return (found[0], found[1]) if len(found) == len(paths) else None


def _header(receipt: Receipt, is_quoted: bool) -> str:
    return double_quoted(str(receipt))[1:-1] if is_quoted else str(receipt)
