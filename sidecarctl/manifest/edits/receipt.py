"""What is written down of one edit, so that it can be taken back: where it is, and how it read.

A line of the record on an object looks like one of these::

    + spec.template.spec.volumes 6+310 a81c0d9e [envoy-config] [envoy-run]
    ~ spec.template.spec.containers[server].env[ORDERS_ADDR].value 0+15 12ab34cd was "orders:5432"
    + doc ConfigMap/shop-envoy 4+5120 55aa11bb

that is: what was done and where, how many characters before that place the text of the edit starts
and how many it has, its digest, what in a new parent is ours, and the text that had to go.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.findings import Json, JsonObject
from sidecarctl.manifest.edits.identity import unique_identity
from sidecarctl.manifest.edits.selector import is_selector, selector

ReceiptOp: TypeAlias = Literal["+", "<", "~", "~:", "="]
_OPS: dict[str, ReceiptOp] = {"+": "+", "<": "<", "~": "~", "~:": "~:", "=": "="}
_DOCUMENT = "doc "
_WORD = r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+'
_LINE = re.compile(
    rf"(?P<op>[+<=]|~:?) (?P<path>(?:{_DOCUMENT})?{_WORD}) (?P<lead>\d+)\+(?P<length>\d+)"
    rf' (?P<digest>[0-9a-f]{{8}})(?P<inner>(?: (?!was "){_WORD})*)(?: was (?P<was>".*"))?'
)


class Receipt(Struct, frozen=True):
    """One edit of a document, as it stands in the record.

    *op* is ``+`` (inserted), ``<`` (a key inserted over what a merge key brings), ``~`` (a value
    replaced), ``~:`` (a key and its value replaced) or ``=`` (the parent was there, only what is
    *inner* is new).
    *path* is the selector of what was put in, or ``doc Kind/name`` for a new document. *lead*
    counts the characters from the start of the edit's text to that place, *length* all of them.
    *inner* are the selectors, from *path* on, of what in a new parent is ours. *was* is the text
    that had to go.
    """

    op: ReceiptOp
    path: str
    lead: int
    length: int
    digest: str
    inner: tuple[str, ...] = ()
    was: str = ""

    @property
    def document(self) -> str | None:
        """Return ``Kind/name`` or ``Kind/namespace/name`` if this is about a new document."""
        is_document = self.path.startswith(_DOCUMENT)
        return self.path.removeprefix(_DOCUMENT) if is_document else None

    def __str__(self) -> str:
        was = "" if self.op in ("+", "<", "=") else f" was {json.dumps(self.was)}"
        inner = "".join(f" {each}" for each in self.inner)
        return f"{self.op} {self.path} {self.lead}+{self.length} {self.digest}{inner}{was}"


def read_receipt(line: str) -> Receipt:
    """Return the receipt that *line* of a record holds.

    Raises:
        ValueError: it is no receipt.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"cannot read {line!r}")
    inner_selectors = tuple(re.findall(_WORD, match["inner"]))
    selectors = (
        inner_selectors
        if match["path"].startswith(_DOCUMENT)
        else (match["path"], *inner_selectors)
    )
    if not all(map(is_selector, selectors)):
        raise ValueError(f"cannot read {line!r}")
    return Receipt(
        _OPS[match["op"]],
        match["path"],
        int(match["lead"]),
        int(match["length"]),
        match["digest"],
        inner_selectors,
        json.loads(match["was"]) if match["was"] else "",
    )


def digest(text: str) -> str:
    """Return eight hexadecimal digits that tell *text* from what anybody else would write there."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def document_path(data: JsonObject) -> str:
    """Return the path of the receipt for the new document *data*."""
    metadata = data.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    parts = (data.get("kind"), names.get("namespace"), names.get("name"))
    return _DOCUMENT + "/".join(str(part) for part in parts if part is not None)


def inner(value: Json) -> tuple[str, ...]:
    """Return the selectors of what is ours in the new parent *value*.

    Mappings are followed down to their values; of a list the items are named, if they can be told
    apart.
    """
    return tuple(_inner(value, ""))


def _inner(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, child in value.items():
            step = selector({key: child}, (key,))
            yield from _inner(child, f"{path}.{step}" if path and step[0] != "[" else path + step)
    elif isinstance(value, list) and value and _are_told_apart(value):
        yield from (path + selector(value, (number,)) for number in range(len(value)))
    elif path:
        yield path


def _are_told_apart(items: list[Json]) -> bool:
    return all(unique_identity(items, number) for number in range(len(items)))
