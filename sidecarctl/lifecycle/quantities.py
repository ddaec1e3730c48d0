"""Quantities of Kubernetes, read and written exactly: cpu in milli, all else in whole units."""

import re
from fractions import Fraction
from functools import lru_cache

from sidecarctl.findings import Json

_QUANTITY = re.compile(r"\+?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,3}|)")
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def cpu_milli(quantity: Json) -> int:
    """Return *quantity* (``"100m"``, ``"0.5"``, ``2``) in thousandths of a core, rounded up.

    Raises:
        ValueError: *quantity* is no quantity.

    Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-cpu
    """
    return _in_units(_text(quantity), 1000)


def memory_bytes(quantity: Json) -> int:
    """Return *quantity* (``"128Mi"``, ``"1.5G"``, ``"1e6"``, ``64000``) in bytes, rounded up.

    ``k M G T P E`` are powers of 1000, ``Ki Mi Gi Ti Pi Ei`` of 1024, no suffix means bytes.
    ``m`` is a thousandth of a byte: the API server takes it, and it is nearly always a slip for
    ``M``.

    Raises:
        ValueError: *quantity* has another form, or is negative.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    return _in_units(_text(quantity), 1)


def amount(resource: str, quantity: Json) -> int:
    """Return *quantity* of *resource* in the unit of this module.

    Raises:
        ValueError: *quantity* is no quantity.
    """
    return cpu_milli(quantity) if resource == "cpu" else memory_bytes(quantity)


def format_cpu(milli: int) -> str:
    """Return *milli* thousandths of a core as people write it: ``250m``, ``2``."""
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def format_memory(size: int) -> str:
    """Return *size* bytes with the largest suffix that loses nothing: ``128Mi``, ``1G``."""
    for base, suffixes in ((1024, _BINARY), (1000, ("k", "M", "G", "T", "P", "E"))):
        for power in range(len(suffixes), 0, -1):
            if size and size % base**power == 0:
                return f"{size // base**power}{suffixes[power - 1]}"
    return str(size)


def format_amount(resource: str, value: int) -> str:
    """Return *value* of *resource*, in the unit of this module, as a quantity."""
    if resource == "cpu":
        return format_cpu(value)
    binary = resource in {"memory", "ephemeral-storage"} or resource.startswith("hugepages-")
    return format_memory(value) if binary else str(value)


def _text(quantity: Json) -> str:
    if isinstance(quantity, bool) or not isinstance(quantity, str | int | float):
        raise ValueError(f"{quantity!r} is no quantity")
    return str(quantity)


@lru_cache(maxsize=1024)  # a fleet has few different quantities, and a pod's are asked for often
def _in_units(quantity: str, per_unit: int) -> int:
    value = _read(quantity) * per_unit
    return -(-value.numerator // value.denominator)


def _read(quantity: str) -> Fraction:
    form = _QUANTITY.fullmatch(quantity)
    if form is None:
        raise ValueError(f"{quantity!r} is no quantity")
    number, suffix = Fraction(form[1]), form[2]
    if suffix in _BINARY:
        return number * (1 << 10 * (_BINARY.index(suffix) + 1))
    power = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    ten: int = 10 ** abs(power)
    return number * ten if power >= 0 else number / ten
