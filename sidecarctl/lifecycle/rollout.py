"""A rolling update seen from one seat: a pod of the new revision takes the place of an old one.

- U5  a new pod counts when it has been Ready for minReadySeconds

Who comes first is the `Strategy`'s. Source:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#min-ready-seconds
"""

from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.events import NEVER, Event, What, time_of
from sidecarctl.lifecycle.needs import Need
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.start import POD, start
from sidecarctl.lifecycle.stop import end_s, stop
from sidecarctl.lifecycle.strategy import Order, Strategy
from sidecarctl.lifecycle.versions import Version

NEW, OLD = "new", "old"
"""The revisions of a rolling update."""


def exchange(
    pod: Pod, guess: Assumptions, needs: tuple[Need, ...], version: Version, how: Strategy
) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """Return the events of the new pod and of the old one, on one clock.

    Where the new pod never counts, the old one has no events: it runs on.
    """
    comes, goes = start(pod, guess, needs), stop(pod, guess, version)
    counts = time_of(comes, POD, What.READY) + how.min_ready_s + guess.sync_s  # U5
    if how.order is Order.NEW_FIRST:
        goes = _later(goes, counts) if counts != NEVER else ()
    elif how.order is Order.OLD_FIRST:
        comes = _later(comes, end_s(goes) + guess.sync_s)  # U3
    return comes, goes


def _later(events: tuple[Event, ...], by_s: float) -> tuple[Event, ...]:
    return tuple(replace(event, at_s=event.at_s + by_s) for event in events)
