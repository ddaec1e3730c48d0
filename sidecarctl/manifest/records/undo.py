"""What a receipt tells of, found again in a text that may have changed elsewhere since."""

from yaml.nodes import Node

from sidecarctl.findings import Json
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.edits.edit import Edit
from sidecarctl.manifest.edits.receipt import Receipt, digest
from sidecarctl.manifest.edits.selector import find, parent
from sidecarctl.manifest.edits.spans import content_end, entry_at
from sidecarctl.manifest.emit import double_quoted, requoted, scalar
from sidecarctl.manifest.records.inverse import at

_LINE_BREAKS = ("\n", "\r")


def undo(root: Node, document: Document, receipt: Receipt) -> Edit | None:
    """Return the edit that undoes *receipt*, None if its text is not there as it was written.

    For a new document, *document* is that document.
    """
    if receipt.document:
        start = document.offset(document.root.start_mark) - receipt.lead
        return _undo(document, receipt, start, content_end(document.root, document.source))
    path = find(document.data, receipt.path)
    entry = None if path is None else entry_at(root, (*document.base, *path), document.source)
    if entry is None:
        return None
    key = entry.value if receipt.op == "~" or entry.key is None else entry.key
    return _undo(document, receipt, document.offset(key.start_mark) - receipt.lead, entry.end)


def is_lost(document: Document, receipt: Receipt) -> bool:
    """Tell whether *receipt*, whose text is not as it was written, must be left at that.

    That is so if not even its place is to be found, so that what was put in may still be there
    under another name; if somebody has given a field that was set yet another value; and if only
    the text could tell what a merge key brought.
    """
    path = find(document.data, receipt.path)
    if receipt.op == "<":
        return path is not None
    if path is None:
        return find(document.data, parent(receipt.path)) is None
    value = at(document.data, path)
    is_set = receipt.op == "~" and not receipt.inner and not isinstance(value, dict | list)
    return is_set and receipt.digest not in _digests(value)


def _undo(document: Document, receipt: Receipt, start: int, content: int) -> Edit | None:
    text, end = document.source.text, start + receipt.length
    found = text[max(start, 0) : end]
    # What goes on behind the text that was written has been added to it.
    if digest(found) != receipt.digest or content > end:
        return None
    if found.startswith(_LINE_BREAKS) and found.endswith(_LINE_BREAKS) and end < len(text):
        end -= len(found) - len(found.rstrip("\r\n"))  # something follows at the end of the file
    return Edit(start, end, receipt.was)


def _digests(value: Json) -> set[str]:
    """Return the digests of the ways in which *value*, a scalar, is written."""
    forms = {scalar(value)}
    if isinstance(value, str):
        forms |= {double_quoted(value), requoted(value, "'")}
    return {digest(f"{space}{form}") for form in forms for space in ("", " ")}
