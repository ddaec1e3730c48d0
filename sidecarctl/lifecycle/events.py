"""What happens to a container, and when: the entries of a timeline."""

import math
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

NEVER = math.inf
"""The time of what does not happen."""


class What(StrEnum):
    """What happens to a container."""

    PULL = "pull"
    START = "start"
    LISTENING = "listening"
    HOOKED = "postStart done"
    STARTED = "started"  # the gate is open: the startupProbe has passed, or there is none
    READY = "ready"
    DONE = "done"  # an init container or a job's app has ended with 0
    STUCK = "stuck"  # what it waits for does not come
    HOOK = "preStop"
    HOOK_DONE = "preStop done"
    HOOK_CUT = "preStop cut"
    SIGNAL = "stop signal"
    KILL = "kill"
    EXIT = "exit"
    RESTART = "restart"


class Event(Struct, frozen=True):
    """Something happens to *container* at *at_s* seconds; *why* says so in a few words.

    *revision* tells the pods of a rolling update apart.
    """

    at_s: float
    container: str
    what: What
    why: str = ""
    revision: str = ""


def time_of(events: Iterable[Event], container: str, what: What) -> float:
    """Return when *what* first happens to *container*, `NEVER` where it does not."""
    times = (e.at_s for e in events if e.container == container and e.what is what)
    return min(times, default=NEVER)


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return *events* by time; what happens at the same time keeps its order."""
    return tuple(sorted(events, key=lambda event: event.at_s))
