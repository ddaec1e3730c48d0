"""Copies of calls: as many as stated, and nobody is hurt where they fail."""

import socket
from collections.abc import Iterator, Sequence
from functools import partial

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.proto import socket_address
from sidecarctl.prove.arrivals import Called, arrived_at, flood
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.ports import free_port
from sidecarctl.prove.relocate import lift_faults, lift_limits
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.shares import is_share, said
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import endpoints

_MOST, _HURT = 1000, 100
_PATIENCE_S = 3.0
_LIFTED = (lift_limits, lift_faults)


def copied(situation: Situation, stand: Stand, called: Called) -> Iterator[Word]:
    """Send many requests, and count the copies that arrive."""
    copies = called.split.copies
    if not copies:
        return
    before = arrived_at(stand, copies)
    _, answers = flood(stand, called, (), _MOST)
    count = answers.total()

    def are_there() -> bool:
        arrived = arrived_at(stand, copies)
        return all(is_share(arrived[each] - before[each], count, copies[each]) for each in copies)

    situation.trial.until(are_there, 2.0)  # nobody waits for a copy, so it may come later
    situation.trial.pause(0.2)
    arrived = arrived_at(stand, copies)
    for name, share in copies.items():
        number = arrived[name] - before[name]
        if name not in stand.upstreams:
            yield Unproved(f"{called.split.title}: copies", "who gets them cannot be read")
            continue
        yield Shown(f"{called.split.title}: copies of {count} requests",
                    f"{name} {said(count, share)}", f"{name} {number}",
                    is_share(number, count, share), "copies are not made as stated")  # fmt: skip


def failing(situation: Situation, mirrored: Sequence[Called]) -> Iterator[Word]:
    """Let nobody be there for the copies, then somebody who never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(256)
        for what, port in (("is not there", free_port()),
                           ("never answers", int(silent.getsockname()[1]))):  # fmt: skip
            change = partial(_lead_copies_to, situation, mirrored, port)
            with situation.stand(change, lift=_LIFTED) as stand:
                for called in mirrored:
                    yield told(f"{called.split.title}: {_HURT} requests, and a mirror that {what}",
                               f"{_HURT} × 200", _answers(stand, called),
                               cause=_why(called))  # fmt: skip


def _answers(stand: Stand, called: Called) -> str:
    """Say what is answered; the first call that is hurt is enough, as it may take long."""
    for number in range(_HURT):
        caller = called.callers[number % len(called.callers)]
        reply = stand.send(called.split.way, caller, timeout_s=_PATIENCE_S)
        if reply.status != 200:
            return f"{number} × 200, then {reply.said}"
    return f"{_HURT} × 200"


def _why(called: Called) -> str:
    own = {each.name for one in called.callers for each in one.clusters}
    same = own & set(called.split.copies)
    return "the copies go to the server itself" if same else "calls wait for it"


def _lead_copies_to(
    situation: Situation, mirrored: Sequence[Called], port: int, draft: Draft
) -> None:
    names = {name for each in mirrored for name in each.split.copies}
    for cluster in situation.subject.bootstrap.clusters:
        data = draft.get(cluster.part.path)
        if cluster.name in names and isinstance(data, dict):
            for each in endpoints(Part(cluster.part.path, data)):
                here = socket_address("127.0.0.1", port)
                draft.set(each.at("address"), here, "a mirror that fails")
