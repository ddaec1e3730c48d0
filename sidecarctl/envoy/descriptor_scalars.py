"""Scalars as Envoy reads them from JSON: a value, or the words for what it is not.

Envoy's reader takes more than the JSON mapping of protobuf does (numbers and booleans in quotes,
enums in any case); what it takes here was tried on the binary.

Source: https://protobuf.dev/programming-guides/json/
"""

import binascii
import math
import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from sidecarctl.envoy.descriptor_pack import Enum
from sidecarctl.envoy.descriptor_rules import Plain
from sidecarctl.findings import Json
from sidecarctl.violation import shown, suggest

PLACEHOLDER = re.compile(r"\$\{|\$\(|\{\{|\$[A-Z_]+\b")
"""What a start script or a templating tool puts a value in for."""


class Wrong(Struct, frozen=True):
    """Why a value is none of its type, and what to write."""

    message: str
    hint: str | None = None


def read_enum(value: Json, enum: Enum) -> Plain | Wrong:
    """Return the number of *value*; one that the enum does not have is for the rules to refuse."""
    if isinstance(value, str):
        name = enum.folded.get(value.upper())
        if name is not None:
            return enum.values[name]
        if re.fullmatch(r"-?\d+", value):
            return int(value)
        return _no_member(value, enum)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _no_member(value, enum)


def _no_member(value: Json, enum: Enum) -> Wrong:
    near = suggest(value, enum.values) if isinstance(value, str) else None
    hint = f"did you mean {near!r}?" if near else f"one of {', '.join(enum.values)}"
    return Wrong(f"{shown(value)} is none of {enum.name.rpartition('.')[2]}", hint)


def _string(value: Json) -> Plain | Wrong:
    if isinstance(value, str):
        return value
    plain = isinstance(value, bool | int | float)
    return Wrong(
        f"must be a string, but is {shown(value)}", "write it in quotes" if plain else None
    )


def _bytes(value: Json) -> Plain | Wrong:
    if not isinstance(value, str):
        return _string(value)
    padded = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(padded + "=" * (-len(padded) % 4), strict_mode=True).decode(
            "latin-1"
        )
    except ValueError:
        return Wrong(f"must be base64, but is {shown(value)}")


_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


def _bool(value: Json) -> Plain | Wrong:
    read = _WORDS.get(value.lower()) if isinstance(value, str) else value
    return (
        read if isinstance(read, bool) else Wrong(f"must be true or false, but is {shown(value)}")
    )


def _integer(low: int, high: int) -> Callable[[Json], Plain | Wrong]:
    def read(value: Json) -> Plain | Wrong:
        number = _parsed(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float):
            return Wrong(f"must be a whole number, but is {shown(value)}")
        if not math.isfinite(number) or number % 1:
            return Wrong(f"must be a whole number, but is {shown(value)}")
        if not low <= number <= high:
            return Wrong(f"must be between {low} and {high}, but is {shown(value)}")
        return int(number)

    return read


_DECIMAL = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")


def _parsed(text: str) -> int | float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    if "x" in text.lower():
        return int(text, 16)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _float(value: Json) -> Plain | Wrong:
    if isinstance(value, str):
        number = float(value) if value in ("NaN", "Infinity", "-Infinity") else _parsed(value)
        return Wrong(f"must be a number, but is {shown(value)}") if number is None else number
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Wrong(f"must be a number, but is {shown(value)}")
    return value


_DURATION = re.compile(r"(-?)(\d+)(\.\d{1,9})?s")
_LONGEST_S = 315_576_000_000
_UNITS_S: Mapping[str, float] = {"ms": 0.001, "m": 60, "h": 3600, "": 1}


def _duration(value: Json) -> Plain | Wrong:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or isinstance(value, bool):
        return Wrong(f"must be a duration in seconds, but is {shown(value)}", _in_seconds(value))
    seconds = float(found[0][:-1])
    if abs(seconds) > _LONGEST_S:
        return Wrong(f"{shown(value)} is longer than a duration may be")
    return seconds


def _in_seconds(value: Json) -> str:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|m|h|)", str(value))
    if found is None:
        return 'write it as "5s" or "0.25s"'
    return f'write it as "{float(found[1]) * _UNITS_S[found[2]]:g}s"'


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


def _timestamp(value: Json) -> Plain | Wrong:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    return Wrong(f"must be a time of RFC 3339, but is {shown(value)}")


_INT32, _UINT32 = _integer(-(2**31), 2**31 - 1), _integer(0, 2**32 - 1)
_INT64, _UINT64 = _integer(-(2**63), 2**63 - 1), _integer(0, 2**64 - 1)
_PACKAGE = "google.protobuf."

READERS: Mapping[str, Callable[[Json], Plain | Wrong]] = {
    "string": _string,
    "bytes": _bytes,
    "bool": _bool,
    "double": _float,
    "float": _float,
    **dict.fromkeys(("int32", "sint32", "sfixed32"), _INT32),
    **dict.fromkeys(("uint32", "fixed32"), _UINT32),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), _INT64),
    **dict.fromkeys(("uint64", "fixed64"), _UINT64),
    f"{_PACKAGE}StringValue": _string,
    f"{_PACKAGE}BytesValue": _bytes,
    f"{_PACKAGE}BoolValue": _bool,
    f"{_PACKAGE}DoubleValue": _float,
    f"{_PACKAGE}FloatValue": _float,
    f"{_PACKAGE}Int32Value": _INT32,
    f"{_PACKAGE}UInt32Value": _UINT32,
    f"{_PACKAGE}Int64Value": _INT64,
    f"{_PACKAGE}UInt64Value": _UINT64,
    f"{_PACKAGE}Duration": _duration,
    f"{_PACKAGE}Timestamp": _timestamp,
    f"{_PACKAGE}FieldMask": _string,
}
"""The reader of each type that is a scalar in JSON, well-known messages included."""
