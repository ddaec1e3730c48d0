"""Filters of access logs: how likely a request of a status is written.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/accesslog/v3/accesslog.proto
"""

from math import prod

from sidecarctl.envoy.part import Part
from sidecarctl.prove.shares import fraction

_COMPARE = {"EQ": int.__eq__, "GE": int.__ge__, "LE": int.__le__, "NE": int.__ne__}

_CERTAIN = {"response_flag_filter": 0.0, "not_health_check_filter": 1.0}


def written(logger: Part, status: int) -> float | None:
    """Return the share (0 to 1) of answers of *status* that are written, None if unreadable.

    An answer of the application is meant, over HTTP/1.1: no flag of Envoy's own, no gRPC status.
    """
    return _passes(logger.part("filter"), status) if logger.has("filter") else 1.0


def _passes(part: Part, status: int) -> float | None:
    for name, share in _CERTAIN.items():
        if part.has(name):
            return share
    if part.has("status_code_filter"):
        return _compares(part.part("status_code_filter", "comparison"), status)
    if part.has("runtime_filter"):
        return fraction(part.part("runtime_filter", "percent_sampled"))
    if part.has("or_filter"):
        missed = [_not(_passes(each, status)) for each in part.part("or_filter").parts("filters")]
        return _not(_product(missed))
    every = part.part("and_filter").parts("filters")
    return _product([_passes(each, status) for each in every]) if every else None


def _compares(comparison: Part, status: int) -> float | None:
    limit = comparison.part("value").number("default_value") or 0
    compare = _COMPARE.get(comparison.text("op") or "EQ")
    return float(compare(status, limit)) if compare else None


def _not(share: float | None) -> float | None:
    return None if share is None else 1 - share


def _product(shares: list[float | None]) -> float | None:
    if 0.0 in shares:
        return 0.0
    known = [each for each in shares if each is not None]
    return prod(known) if len(known) == len(shares) else None
