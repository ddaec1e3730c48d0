"""The YAML that nearly all manifests are written in, read line by line, or given back unread.

libyaml reads everything, but it makes a node with marks of each value, and nodes cost five times
what the values themselves do. Most runs ask for few of them. So what block style, scalars on one
line, flow collections on one line and block scalars say is read here, straight to data. At the
first thing that is anything else, or that might be wrong, the whole text is given back, and libyaml
reads it, whose words the errors are, too.

What holds this to libyaml: `tests/manifest/test_quick.py` compares both on all files that are to be
had, and on damaged copies of them.
"""

import marshal
from typing import Final, TypeAlias, cast

from sidecarctl.findings import Json
from sidecarctl.manifest.reading.quick_line import FLOW, MARK, OPEN, VALUE, known, remembered
from sidecarctl.manifest.reading.quick_text import Header, block_text

Read: TypeAlias = list[tuple[Json, int]]
"""The data of each document, and the number of its first line from 0: that of its ``---``."""

_MAX_DEPTH: Final = 100


def quick(text: str) -> Read | None:
    """Return the documents of *text*, without a byte order mark; None if libyaml must read it.

    Lines may end with CRLF. An empty document has the data None.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    lines = text.split("\n")
    found: Read = []
    first: int | None = None  # the line of the `---`; None before there was one
    number = 0
    while True:
        holder: list[Json] = [None]
        stopped = _document(lines, number, holder)
        if stopped is None:
            return None
        number, is_empty = stopped
        if first is not None or not is_empty:
            found.append((holder[0], first or 0))
        if number >= len(lines):
            return found
        first = number
        number += 1


def _document(  # noqa: C901, PLR0911, PLR0912, PLR0915  one loop: a call costs as much as a line
    lines: list[str], number: int, holder: list[Json]
) -> tuple[int, bool] | None:
    """Read the document that starts at line *number* into *holder*.

    Return the number of the line that ended it, a ``---`` or the one behind the last, and whether
    it is empty; None where it is not for this reader.
    """
    loads = marshal.loads
    indents, objects = [-1], [cast(Json, holder)]  # the open collections and their columns
    # Where a value was left open: who holds it, under which key, and the column it must exceed.
    owner: dict[str, Json] | list[Json] | None = holder
    place: str | int = 0
    column = -1
    is_empty = True
    count = len(lines)
    while number < count:
        line = lines[number]
        number += 1
        entry = known[line] if line in known else remembered(line)
        if entry is None:
            continue
        if entry is False:
            return None
        indent, dash, key, form, value = entry  # type: ignore[misc]
        if form == MARK:
            return number - 1, is_empty
        is_empty = False
        if dash >= 0:
            if owner is not None:
                # A list may stand in the column of the key it belongs to.
                if dash > column or (dash == column and type(owner) is dict):
                    new_list: list[Json] = []
                    owner[place] = new_list  # type: ignore[index]
                    indents.append(dash)
                    objects.append(new_list)
                owner = None
            while indents[-1] > dash:
                indents.pop()
                objects.pop()
            top = objects[-1]
            if indents[-1] != dash or type(top) is not list:
                return None
            if key is None:
                if form == VALUE:
                    top.append(value)  # type: ignore[arg-type]
                elif form == FLOW:
                    top.append(loads(value))  # type: ignore[arg-type]
                elif form == OPEN:
                    owner, place, column = top, len(top), dash
                    top.append(None)
                else:
                    text = block_text(lines, number, dash, cast(Header, value))
                    if text is None:
                        return None
                    top.append(text[0])
                    number = text[1]
                continue
            mapping: dict[str, Json] = {}
            top.append(mapping)
            indents.append(indent)
            objects.append(mapping)
            if len(indents) > _MAX_DEPTH:
                return None
        else:
            if owner is not None:
                if indent > column:
                    mapping = {}
                    owner[place] = mapping  # type: ignore[index]
                    indents.append(indent)
                    objects.append(mapping)
                    if len(indents) > _MAX_DEPTH:
                        return None
                owner = None
            while indents[-1] > indent:
                indents.pop()
                objects.pop()
            if indents[-1] == indent and type(objects[-1]) is list:
                indents.pop()
                objects.pop()
            top = objects[-1]
            if indents[-1] != indent or type(top) is not dict or key in top:
                return None
            mapping = top
        if form == VALUE:
            mapping[key] = value  # type: ignore[index,assignment]
        elif form == OPEN:
            mapping[key] = None  # type: ignore[index]
            owner, place, column = mapping, key, indent  # type: ignore[assignment]
        elif form == FLOW:
            mapping[key] = loads(value)  # type: ignore[index,arg-type]
        else:
            text = block_text(lines, number, indent, cast(Header, value))
            if text is None:
                return None
            mapping[key] = text[0]  # type: ignore[index]
            number = text[1]
    return count, is_empty
