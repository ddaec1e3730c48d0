"""The few shapes that a picture in SVG is made of: blocks one below the other, words, lines."""

import re
import textwrap
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

WIDTH, PAD = 940, 24
INNER = WIDTH - 2 * PAD
MONO, SANS = 7.3, 6.2
"""Pixels a character takes, on the wide side: nobody knows the reader's fonts."""

_SMALL = 5.8
_LINE = 16
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Block = tuple[float, list[str]]
"""A height in pixels, and what is drawn from y = 0 on."""


def paragraph(text: str, kind: str, indent: float = 0) -> Block:
    """Return *text* in the class *kind*, folded to the width of the picture."""
    per_character = MONO if "mono" in kind else SANS if "small" not in kind else _SMALL
    lines = textwrap.wrap(text, int((INNER - indent) / per_character)) or [""]
    body = [words(indent, 12 + _LINE * n, kind, line) for n, line in enumerate(lines)]
    return _LINE * len(lines) + 1, body


def stacked(blocks: Iterable[Block], gap: float = 0) -> Block:
    """Put *blocks* one below the other."""
    y, body = 0.0, []
    for number, (height, elements) in enumerate(blocks):
        y += gap if number else 0
        body += moved(0, y, elements) if elements else []
        y += height
    return y, body


def moved(x: float, y: float, elements: list[str]) -> list[str]:
    """Return *elements* with their origin at (*x*, *y*)."""
    return [f'<g transform="translate({x:g} {y:g})">', *elements, "</g>"]


def upright(kind: str, x: float, top: float, bottom: float) -> str:
    """Return an upright line of the class *kind*."""
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:g}" y2="{bottom:g}"/>'


def words(x: float, y: float, kind: str, text: str) -> str:
    """Return *text* in the class *kind*, its base line at *y*."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:g}">{escaped(text)}</text>'


def escaped(text: str) -> str:
    """Return *text* as XML may hold it."""
    return escape(_INVALID.sub("�", text))


def attribute(text: str) -> str:
    """Return *text* as a quoted value of an attribute."""
    return quoteattr(_INVALID.sub("�", text))
