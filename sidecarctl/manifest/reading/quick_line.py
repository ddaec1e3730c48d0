"""What one line says, whatever stands around it. Lines repeat, so each is worked out once."""

import marshal
import re
from typing import Final, TypeAlias

from sidecarctl.manifest.reading.quick_flow import Refused, flow
from sidecarctl.manifest.reading.quick_scalar import QUOTED, key_of_text, unquoted
from sidecarctl.manifest.reading.quick_text import Header, header
from sidecarctl.manifest.scalars import Scalar, resolve

VALUE, OPEN, BLOCK, FLOW, MARK = range(5)
"""What stands for the value: itself, nothing on this line, a block scalar's header, a flow
collection (in the form of `marshal`, of which everyone has a copy made); or ``---`` instead."""

Line: TypeAlias = tuple[int, int, str | None, int, Scalar | Header | bytes]
"""The column of the key; that of the dash, or -1; the key, or None; one of the above, and what."""

_KEY = r"[A-Za-z0-9_./][\w./@$()~+=%-]*+"
_ENTRY = re.compile(
    rf"(?P<indent> *)(?P<dash>-(?: +|$))?"
    rf"(?:(?:(?P<plain>{_KEY})|(?P<quoted>\"[^\"\\]*\"|'[^']*')):(?: +|$))?(?P<rest>.*)",
    re.ASCII,
)
_MARK = re.compile(r"---(?: +#.*)? *")
_QUOTED = re.compile(rf"({QUOTED}) *(?: #.*)?")
_REFUSED_STARTS: Final = frozenset("&*!%@`#?,]}:")
_LONGEST_KEY: Final = 200


known: dict[str, Line | bool | None] = {}
"""What the lines say that were read lately."""

_MOST_LINES: Final = 100_000


def remembered(line: str) -> Line | bool | None:
    """Return what `line_of` says of *line*, and keep it in ``known``."""
    if line in known:
        return known[line]
    if len(known) > _MOST_LINES:
        known.clear()
    said = known[line] = line_of(line)
    return said


def line_of(line: str) -> Line | bool | None:
    """Return what *line* says: None for nothing, False where libyaml must say it."""
    content = line.lstrip(" ")
    if not content or content[0] == "#":
        return None if line.replace("\t", " ").isprintable() else False
    if not line.isprintable():
        return False
    if line.startswith("---"):
        return (0, -1, None, MARK, None) if _MARK.fullmatch(line) else False
    found = _ENTRY.fullmatch(line)
    return _entry(found) if found else False


def _entry(found: re.Match[str]) -> Line | bool:
    key = None
    if found["plain"]:
        key = key_of_text(found["plain"])
        if key is None:
            return False
    elif found["quoted"]:
        key = found["quoted"][1:-1]
    if key is None and found["dash"] is None:
        return False
    if key is not None and len(key) > _LONGEST_KEY:
        return False
    indent = found.end("indent")
    dash = indent if found["dash"] is not None else -1
    if key is not None:
        indent += len(found["dash"] or "")
    value = _value(found["rest"])
    return (indent, dash, key, *value) if value else False


def _value(rest: str) -> tuple[int, Scalar | Header | bytes] | None:
    if not rest or rest[0] == "#":
        return OPEN, None
    first = rest[0]
    if first in {'"', "'"}:
        found = _QUOTED.fullmatch(rest)
        return (VALUE, unquoted(found[1])) if found else None
    if first in {"{", "["}:
        try:
            return FLOW, marshal.dumps(flow(rest))
        except Refused:
            return None
    if first in {"|", ">"}:
        head = header(rest)
        return (BLOCK, head) if head else None
    return _plain(rest)


def _plain(rest: str) -> tuple[int, Scalar] | None:
    if rest[0] in _REFUSED_STARTS or rest == "-" or rest.startswith("- "):
        return None
    text = rest.partition(" #")[0].rstrip(" ")
    return None if ": " in text or text.endswith(":") else (VALUE, resolve(text))
