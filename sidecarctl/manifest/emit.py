"""Plain data -> the text of a fragment, to be put into a file: block YAML, or flow and JSON.

A fragment is read by people, so what can stand plain stands plain. It is also read by kubectl, by
YAML 1.1 and by YAML 1.2: a string that one of them would take for something else is double-quoted.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from sidecarctl.findings import Json
from sidecarctl.manifest.scalars import resolve


class Layout(Struct, frozen=True):
    """How a file is laid out, so that a fragment looks as if it had always been there.

    *step* counts the columns that a mapping is indented by in its parent, *dash* those of a list in
    its mapping (kubectl's own is 0), *gap* the width of ``- ``. In flow style *comma* and *colon*
    separate what stands on one line, *unit* indents what stands on lines of its own, and *quoted*
    says that every string is quoted, as in JSON.
    """

    step: int = 2
    dash: int = 0
    gap: int = 2
    comma: str = ", "
    colon: str = ": "
    unit: str = "  "
    quoted: bool = False


KUBECTL = Layout()

# Words of YAML 1.1 and 1.2 that kubectl reads as text, and look-alikes of numbers, times and dates.
_SPECIAL = frozenset({"=", "<<", "---", "...", "-", "?", ":"})
_NUMBER_LIKE = re.compile(r"[-+.0-9][-+.,:_0-9a-fA-FxXoOTtZz ]*")
_INDICATORS = frozenset(",[]{}#&*!|>'\"%@`")
_NOT_PLAIN = re.compile(r": |:$| #|^[-?:] |^(?:---|\.\.\.)(?: |$)")
_NOT_PLAIN_IN_FLOW = re.compile(r"[,\[\]{}:?]")
# What YAML does not call printable, the line breaks of YAML 1.1 and the byte order mark. Listed and
# not negated: the complement takes 10 ms to compile.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


def block_entry(key: str, value: Json, indent: int, layout: Layout = KUBECTL) -> str:
    """Return ``key: value`` for a mapping whose keys stand at the column *indent*.

    The first line is not indented and the last has no line end, as with all functions here.
    """
    return f"{scalar(key)}:{block_value(value, indent, layout)}"


def block_item(value: Json, indent: int, layout: Layout = KUBECTL) -> str:
    """Return ``- value`` for a list whose dashes stand at the column *indent*."""
    content = indent + layout.gap
    dash = "-".ljust(layout.gap)
    if isinstance(value, dict) and value:
        return dash + block_mapping(value, content, layout)
    if isinstance(value, list) and value:
        return dash + _block_list(value, content, layout)
    return dash + _leaf(value, content, layout)[1:]


def block_value(value: Json, indent: int, layout: Layout = KUBECTL) -> str:
    """Return what stands behind the colon of a key at the column *indent*, the space included."""
    if isinstance(value, dict) and value:
        column = indent + layout.step
        return f"\n{' ' * column}{block_mapping(value, column, layout)}"
    if isinstance(value, list) and value:
        column = indent + layout.dash
        return f"\n{' ' * column}{_block_list(value, column, layout)}"
    return _leaf(value, indent + layout.step, layout)


def block_mapping(value: dict[str, Json], indent: int, layout: Layout = KUBECTL) -> str:
    """Return the entries of *value*, one below the other at the column *indent*."""
    entries = (block_entry(key, child, indent, layout) for key, child in value.items())
    return f"\n{' ' * indent}".join(entries)


def flow(value: Json, layout: Layout = KUBECTL) -> str:
    """Return *value* on one line."""
    if isinstance(value, dict):
        entries = (
            f"{flow(key, layout)}{layout.colon}{flow(each, layout)}" for key, each in value.items()
        )
        return "{" + layout.comma.join(entries) + "}"
    if isinstance(value, list):
        return "[" + layout.comma.join(flow(item, layout) for item in value) + "]"
    if isinstance(value, str) and (layout.quoted or _NOT_PLAIN_IN_FLOW.search(value)):
        return double_quoted(value)
    return scalar(value)


def pretty(value: Json, indent: str, layout: Layout = KUBECTL) -> str:
    """Return *value* as JSON over several lines, the last of them indented by *indent*."""
    inner = indent + layout.unit
    if isinstance(value, dict) and value:
        parts = [
            f"{double_quoted(key)}{layout.colon}{pretty(child, inner, layout)}"
            for key, child in value.items()
        ]
    elif isinstance(value, list) and value:
        parts = [pretty(item, inner, layout) for item in value]
    else:
        return flow(value, layout)
    opener, closer = "{}" if isinstance(value, dict) else "[]"
    return f"{opener}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closer}"


def scalar(value: Json) -> str:
    """Return *value*, a scalar, on one line; a string stands plain if it can."""
    if isinstance(value, str):
        return value if _is_plain(value) else double_quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' * (value < 0)}.inf"
    return json.dumps(value)


def requoted(value: str, old: str) -> str:
    """Return *value* in the quotes that *old*, the text it replaces, stands in."""
    if old.startswith('"'):
        return double_quoted(value)
    if old.startswith("'") and "\n" not in value and not _UNPRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    return scalar(value)


def double_quoted(value: str) -> str:
    """Return *value* in double quotes, in a form that JSON and YAML read alike."""
    return _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))


def is_literal(value: Json) -> bool:
    """Say whether *value* is a string of several lines that a literal block (``|``) can hold.

    Several line ends at its end (``|+``) would swallow the blank lines that come after it in the
    file, and a first line that is blank or begins with a space would need an indentation indicator.
    """
    return (
        isinstance(value, str)
        and "\n" in value
        and not value.startswith((" ", "\t", "\n"))
        and not value.endswith("\n\n")
        and not _UNPRINTABLE.search(value)
        and not any(line.isspace() for line in value.split("\n"))
    )


def _leaf(value: Json, indent: int, layout: Layout) -> str:
    """Return a scalar or an empty collection with the space before it."""
    if not isinstance(value, str) or not is_literal(value):
        return f" {flow(value, layout)}" if isinstance(value, dict | list) else f" {scalar(value)}"
    return " " + "\n".join(_literal(value, indent))


def _literal(value: str, indent: int) -> Iterator[str]:
    yield "|" if value.endswith("\n") else "|-"
    for line in value.removesuffix("\n").split("\n"):
        yield " " * indent + line if line else ""


def _block_list(value: list[Json], indent: int, layout: Layout) -> str:
    return f"\n{' ' * indent}".join(block_item(item, indent, layout) for item in value)


@lru_cache(maxsize=2048)  # the keys of Kubernetes, and what each injection writes
def _is_plain(text: str) -> bool:
    return (
        bool(text)
        and text.strip() == text
        and text not in _SPECIAL
        and text[0] not in _INDICATORS
        and not _NOT_PLAIN.search(text)
        and not _UNPRINTABLE.search(text)
        and "\n" not in text
        and "\t" not in text
        and not _NUMBER_LIKE.fullmatch(text)
        and isinstance(resolve(text), str)
    )


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else json.dumps(match.group())[1:-1]
