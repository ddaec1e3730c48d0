"""Shares of many requests: how far chance may lead away from them, and how many to send."""

import time
from collections import Counter
from collections.abc import Callable
from math import sqrt

from sidecarctl.envoy.part import Part

SIGMAS = 5
"""Beyond that chance alone comes once in a million times."""

_PARTS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


def spread(count: int, share: float) -> float:
    """Return by how many of *count* the number of a *share* may be off."""
    return SIGMAS * sqrt(count * share * (1 - share))


def is_share(seen: int, count: int, share: float) -> bool:
    """Say whether *seen* of *count* is what chance makes of a *share* (0 to 1)."""
    return count > 0 and abs(seen - count * share) <= spread(count, share) + 1e-6


def is_seen(count: int, share: float) -> bool:
    """Say whether a *share* of *count* can be told from none."""
    return count * share > spread(count, share)


def said(count: int, share: float) -> str:
    """Return what is expected of *count*, in words."""
    expected, off = count * share, spread(count, share)
    return f"{expected:.0f} of {count}" + (f" ± {off:.0f}" if off >= 1 else "")


def fraction(percentage: Part) -> float:
    """Return a FractionalPercent (0 to 1); a denominator that is missing means hundredths."""
    parts = _PARTS.get(percentage.text("denominator") or "HUNDRED", 100)
    return min((percentage.number("numerator") or 0) / parts, 1.0)


def many(send: Callable[[int], Counter[str]], most: int, time_s: float) -> Counter[str]:
    """Send up to *most* requests in flights, as many as *time_s* allows, and count the answers."""
    found: Counter[str] = Counter()
    ends = time.monotonic() + time_s
    while (left := most - found.total()) > 0 and time.monotonic() < ends:
        found += send(min(left, _FLIGHT))
    return found


_FLIGHT = 250
