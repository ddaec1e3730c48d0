"""The safety net: does the new text read as it should, and nothing else differently?"""

from collections.abc import Sequence

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath, Json, JsonObject, show_path
from sidecarctl.manifest.document import Document, Manifest, parse
from sidecarctl.manifest.edits.identity import same

Wanted = tuple[Document | None, JsonObject]
"""A document as it was read, None for a new one, and the data that it should have now."""


def checked(text: str, file: str, wanted: Sequence[Wanted]) -> Manifest:
    """Return *text* read again, if its documents are as *wanted*, in number, order and data.

    Raises:
        ManifestError: they are not, or the text is no YAML any more.
    """
    try:
        after = parse(text, file)
    except ManifestError as error:
        raise refusal(wanted, error.message) from None
    if len(wanted) != len(after.documents):
        reason = f"there would be {len(after.documents)} documents instead of {len(wanted)}"
        raise refusal(wanted, reason)
    for (document, data), found in zip(wanted, after.documents, strict=True):
        if not same(data, found.data):
            path = show_path(first_difference(data, found.data))
            raise refusal([(document, data)], f"{path} would read differently")
    return after


def refusal(wanted: Sequence[Wanted], reason: str) -> ManifestError:
    """Return the error that says why the documents *wanted* cannot be had."""
    document = next((each for each, _ in wanted if each), None)
    return ManifestError(
        f"{document or 'a new document'} cannot be changed without harm: {reason}",
        at=document.locate() if document else None,
        hint="write what stands there in a simpler form: block style, no anchors",
    )


def first_difference(one: Json, other: Json) -> FieldPath:
    """Return the path to the first thing that differs between two values that are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *other]:
            if key not in one or key not in other:
                return (key,)
            if not same(one[key], other[key]):
                return (key, *first_difference(one[key], other[key]))
    if isinstance(one, list) and isinstance(other, list):
        for number, (item, counterpart) in enumerate(zip(one, other, strict=False)):
            if not same(item, counterpart):
                return (number, *first_difference(item, counterpart))
        return (min(len(one), len(other)),)
    return ()
