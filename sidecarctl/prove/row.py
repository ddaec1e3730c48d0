"""What a proof says: what was tried, what was expected, what was seen; or why nothing was."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class Shown(Struct, frozen=True):
    """Traffic that was sent, and what came of it. *cause* is said where it is not as expected."""

    tried: str
    expected: str
    seen: str
    ok: bool
    cause: str = ""
    seconds: float | None = None
    """How long it took, where that is not the time since the word before."""


class Unproved(Struct, frozen=True):
    """What stands in the bootstrap and could not be exercised, and *why*."""

    what: str
    why: str


Word: TypeAlias = Shown | Unproved


def told(tried: str, expected: str, seen: str, *, cause: str = "") -> Shown:
    """Return what was *seen*, which is as it should be where it is what was *expected*."""
    return Shown(tried, expected, seen, seen == expected, cause)


class Verdict(StrEnum):
    """What a row of the table comes to."""

    PROVED = "proved"
    FAILED = "failed"
    UNPROVED = "not proved"


class Row(Struct, frozen=True):
    """A line of the table; *log* is what Envoy said, given only where the proof failed."""

    workload: str
    concern: str
    verdict: Verdict
    tried: str
    expected: str
    seen: str
    seconds: float
    cause: str = ""
    log: tuple[str, ...] = ()
