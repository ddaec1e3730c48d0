"""Scalars as `quick` reads them: quoted ones that end on their line, and keys."""

import re
from typing import Final

from sidecarctl.manifest.scalars import key_text, resolve

QUOTED: Final = r"\"(?:[^\"\\]|\\[\"\\/nrt])*\"|'(?:[^']|'')*'"
"""The pattern of a quoted scalar; of the escapes, those that people use."""

_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def unquoted(quoted: str) -> str:
    """Return what *quoted*, which matches ``QUOTED``, says."""
    inner = quoted[1:-1]
    if quoted[0] == "'":
        return inner.replace("''", "'")
    return _ESCAPE.sub(_escaped, inner) if "\\" in inner else inner


def key_of_text(text: str) -> str | None:
    """Return the key that the plain scalar *text* is to kubectl, None where it is none."""
    return key_text(resolve(text))


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])
