"""An edit: one stretch of a text that gives way to another."""

from collections.abc import Sequence

from msgspec import Struct


class Edit(Struct, frozen=True):
    """The text from *start* to *end* (both offsets) becomes *text*; from X to X is an insertion.

    *lead* counts the characters of *text* before what it brings, the key of an entry, the value of
    an item or the new value of a key. It is None where only the nodes of the new text can tell.
    """

    start: int
    end: int
    text: str
    lead: int | None = None


def apply(text: str, edits: Sequence[Edit]) -> tuple[str, tuple[int, ...]]:
    """Return *text* after all *edits*, and where the text of each of them starts then.

    Insertions at one offset keep the order of *edits*, before a stretch that starts there.

    Raises:
        ValueError: two edits want the same stretch.
    """
    order = sorted(range(len(edits)), key=lambda number: (edits[number].start, edits[number].end))
    starts = [0] * len(edits)
    parts: list[str] = []
    cursor = length = 0
    for number in order:
        edit = edits[number]
        if edit.start < cursor:
            raise ValueError("two edits overlap")
        starts[number] = length + edit.start - cursor
        parts += [text[cursor : edit.start], edit.text]
        length = starts[number] + len(edit.text)
        cursor = edit.end
    return "".join((*parts, text[cursor:])), tuple(starts)
