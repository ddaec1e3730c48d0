"""Stretches of a timeline in which somebody needs what is not there."""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.lifecycle.events import NEVER, Event, What, time_of
from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.setting import Setting, mains
from sidecarctl.lifecycle.stop import PROPAGATION_S
from sidecarctl.lifecycle.strategy import Order, Strategy


class Gap(Struct, frozen=True):
    """A stretch in which somebody needs what is not there."""

    start_s: float
    end_s: float
    message: str


def gaps(
    events: tuple[Event, ...],
    pod: Pod,
    wanted: tuple[Need, ...],
    setting: Setting,
    since: float = 0.0,
) -> tuple[Gap, ...]:
    """Return where somebody lacks what it needs; a stop among *events* begins at *since*."""
    found = (*_unserved(events, wanted, mains(pod, setting)), *_late(events, pod, setting, since))
    return tuple(sorted(found, key=lambda gap: (gap.start_s, gap.end_s)))


def empty_seat(how: Strategy, begins: float, ready: float) -> Iterator[Gap]:
    """Yield the time in which the old pod stops and the new one is not ready yet."""
    if how.order is Order.NEW_FIRST or ready == NEVER:
        return
    message = "no pod is ready on this node"
    if how.replicas is not None and how.moved is not None:
        missing = min(how.batch, how.moved)
        message = f"{missing} of {how.replicas} pods {'is' if missing == 1 else 'are'} missing"
        if missing == how.replicas:
            message = "no pod is ready"
    yield Gap(begins, ready, message)


def _unserved(
    events: tuple[Event, ...], wanted: tuple[Need, ...], chosen: tuple[Container, ...]
) -> Iterator[Gap]:
    """Yield when an app works without what it needs: before it listens, or after it has ended."""
    for need in wanted:
        if need.when is not When.RUN or need.who not in chosen:
            continue
        who, server = need.who.name, need.server.name
        message = f"{who!r} runs without {need.what} of {server!r}"
        listens, ends = time_of(events, server, What.LISTENING), _end(events, server)
        begins, over = time_of(events, who, What.START), _end(events, who)
        if begins != NEVER and begins < listens:
            yield Gap(begins, listens, message)
        elif begins == NEVER and ends < over:  # a stop or a crash: everybody runs at 0 s
            yield Gap(ends, min(listens, over), message)


def _late(events: tuple[Event, ...], pod: Pod, setting: Setting, since: float) -> Iterator[Gap]:
    """Yield when Services still send requests to an app that is told to stop [T13]."""
    until = since + PROPAGATION_S
    for main in mains(pod, setting):
        signal = time_of(events, main.name, What.SIGNAL)
        if setting.is_served and main.ports and signal < until:
            yield Gap(signal, until, f"requests still come to {main.name!r}, which stops")


def _end(events: tuple[Event, ...], container: str) -> float:
    ends = (What.EXIT, What.KILL)
    return min(time_of(events, container, what) for what in ends)
