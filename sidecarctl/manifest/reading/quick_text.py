"""Block scalars (``|`` and ``>``), by the rules of libyaml's scanner.

Source: https://github.com/yaml/libyaml/blob/0.2.5/src/scanner.c (``yaml_parser_scan_block_scalar``)
"""

import re
from collections.abc import Sequence
from typing import Final

_HEADER = re.compile(r"([|>])(?:([+-])([1-9])?|([1-9])([+-])?)?(?: +#.*)? *")

Header = tuple[bool, str, int]
"""Whether lines are folded, ``+`` or ``-`` or nothing, and the columns of indentation or 0."""

_BLANKS: Final = " \t"


def header(text: str) -> Header | None:
    """Return what *text*, which starts with ``|`` or ``>``, says of the lines below it."""
    found = _HEADER.fullmatch(text)
    if found is None:
        return None
    return found[1] == ">", found[2] or found[5] or "", int(found[3] or found[4] or 0)


def block_text(
    lines: Sequence[str], number: int, parent: int, head: Header
) -> tuple[str, int] | None:
    """Return the text that starts at line *number*, and the number of the line behind it.

    *parent* is the column of the mapping or list that holds it. None where there is no text, or
    where it goes on to the end of *lines*, which does not end with an empty one.
    """
    is_folded, chomping, columns = head
    indent = parent + columns if columns else _indent(lines, number, parent)
    body = _body(lines, number, indent) if indent else None
    if body is None:
        return None
    end = number + len(body)
    if end == len(lines):
        body.pop()  # what `split` leaves behind the last line break
    trailing = 0
    while body and not body[-1]:
        body.pop()
        trailing += 1
    if not body or not "".join(body).replace("\t", "").isprintable():
        return None
    text = _folded(body) if is_folded else "\n".join(body)
    ending = {"": "\n", "-": "", "+": "\n" * (trailing + 1)}[chomping]
    return text + ending, end


def _body(lines: Sequence[str], number: int, indent: int) -> list[str] | None:
    """Return the lines from *number* on that stand in the column *indent* or are blank."""
    pad = " " * indent
    body: list[str] = []
    for at in range(number, len(lines)):  # a slice would copy all that follows
        line = lines[at]
        if line.startswith(pad):
            body.append(line[indent:])
        elif not line.strip(" "):
            body.append("")
        else:
            return None if line.lstrip(" ").startswith("\t") else body
    return None if lines[-1] else body  # without a last line break libyaml decides


def _indent(lines: Sequence[str], number: int, parent: int) -> int:
    """Return the column of the first line that is not blank; 0 where that is no text of ours."""
    longest = 0
    for at in range(number, len(lines)):
        line = lines[at]
        content = line.lstrip(" ")
        if content:
            indent = len(line) - len(content)
            is_ours = indent > parent and indent >= longest and not content.startswith("\t")
            return indent if is_ours else 0
        longest = max(longest, len(line))
    return 0


def _folded(body: Sequence[str]) -> str:
    """Return the lines *body* with single line breaks as blanks, but for those beside an indent."""
    text = ""
    breaks = 0
    before_is_indented = False
    is_first = True
    for line in body:
        if not line:
            breaks += 1
            continue
        is_indented = line[0] in _BLANKS
        if not is_first:
            if before_is_indented or is_indented:
                text += "\n"
            elif not breaks:
                text += " "
        text += "\n" * breaks + line
        breaks, before_is_indented, is_first = 0, is_indented, False
    return text
