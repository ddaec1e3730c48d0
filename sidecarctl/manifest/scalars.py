"""What a scalar means to kubectl: ``0644`` is 420, ``yes`` is true, ``12:30:45`` is text.

kubectl reads YAML with go-yaml v2 and turns it into JSON, so its rules are those of YAML 1.1 with
some of 1.2; no Python library has exactly these.

Source: https://github.com/kubernetes-sigs/yaml (``yaml.go``), https://github.com/yaml/go-yaml/blob/v2/resolve.go
"""

import base64
import binascii
import math
import re
import struct
from functools import lru_cache
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

TAG_PREFIX = "tag:yaml.org,2002:"

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_START = frozenset("+-.0123456789")
# The prefixes are those of Go's strconv.ParseInt with base 0; `0b-1` is a quirk of go-yaml's own.
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)"
    r"|(?P<dec>0|[1-9][0-9]*))|0b(?P<quirk>[-+][01]+)",
    re.ASCII,
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10, "quirk": 2}
_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1


@lru_cache(maxsize=8192)  # manifests say the same few words over and over
def resolve(text: str) -> Scalar:
    """Return the value of the plain (unquoted, untagged) scalar *text*.

    Integers are those of 64 bits; a longer decimal number is a float, as in JSON. A float out of
    range is text.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    # Behind a leading point an underscore must separate digits, elsewhere it may stand anywhere.
    digits = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    integer = _integer(digits)
    if integer is not None:
        return integer
    number = _float(digits)
    return text if number is None else number


def tagged(tag: str, text: str) -> Scalar:
    """Return the value of *text* under the explicit *tag* (its full form), quoted or not.

    Unknown tags (``!Ref``) leave the text as it is, as kubectl does.

    Raises:
        ValueError: *text* is nothing that *tag* names.
    """
    name = tag.removeprefix(TAG_PREFIX)
    if name == "binary":
        return _binary(text)
    if name not in {"bool", "int", "float", "null"}:
        return text
    value = resolve(text)
    if name == "float" and type(value) is int:
        return float(value)
    if {bool: "bool", int: "int", float: "float", type(None): "null"}.get(type(value)) != name:
        raise ValueError(f"cannot read {text!r} as !!{name}")
    return value


def key_text(value: Scalar) -> str | None:
    """Return *value*, found as a key, as the string that kubectl makes of it; None if it is null.

    Floats are written in 32 bits (``1.10`` is ``"1.1"``, ``1000000.0`` is ``"1e+06"``).
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return None if value is None else _float32_text(value)


def _integer(digits: str) -> int | None:
    match = _INTEGER.fullmatch(digits)
    if match is None or match.lastgroup is None:
        return None
    number = int(match[match.lastgroup], _BASES[match.lastgroup])
    if match["sign"] == "-":
        number = -number
    # strconv.ParseUint, the second attempt, takes no sign.
    highest = _UINT64_MAX if not match["sign"] else 2**63 - 1
    return number if _INT64_MIN <= number <= highest else None


def _float(digits: str) -> float | None:
    if not _FLOAT.fullmatch(digits):
        return None
    number = float(digits)
    return None if math.isinf(number) else number


def _binary(text: str) -> str:
    try:
        octets = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except binascii.Error:
        raise ValueError("!!binary holds no valid base64") from None
    return octets.decode("utf-8", errors="replace")


def _float32_text(value: float) -> str:
    """Return *value* as Go's ``FormatFloat(value, 'g', -1, 32)`` does, infinity as YAML."""
    if math.isnan(value):
        return ".nan"
    try:
        (narrow,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        narrow = math.copysign(math.inf, value)
    if math.isinf(narrow):
        return ".inf" if narrow > 0 else "-.inf"
    shortest = next(
        text
        for text in (f"{narrow:.{precision}e}" for precision in range(10))
        if struct.pack("f", float(text)) == struct.pack("f", narrow)
    )
    mantissa, _, exponent = shortest.partition("e")
    power = int(exponent)
    if -4 <= power < 6:
        decimals = len(mantissa.lstrip("-").replace(".", "")) - 1 - power
        return f"{narrow:.{max(decimals, 0)}f}"
    return shortest
