"""Faults: delays and aborts where somebody asks for them, in the share that is stated, only there.

Each fault is looked at alone: what several do to one request is no share of any of them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Ask, Reply, connection, exchange, refusal
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.durations import duration
from sidecarctl.prove.fault_filters import MESSAGE, Fault, faults
from sidecarctl.prove.overrides import caller_of
from sidecarctl.prove.relocate import NEVER, lift_limits, lift_splits
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.shares import fraction, is_seen, is_share, many, said
from sidecarctl.prove.stand import Situation, Stand

_DELAY_S = 0.3
_MS = int(_DELAY_S * 1000)
_EARLY = 0.9  # Envoy's timers may be some ms early
_SLACK_S = 1.5
_ASKED, _ASKED_GRPC = 418, 8
_FEW, _MOST, _PLAIN = 20, 2000, 100
_AT_ONCE = 16
_TIME_S = 2.0
_DELAY = "x-envoy-fault-delay-request"
_ABORT = "x-envoy-fault-abort-request"
_GRPC = "x-envoy-fault-abort-grpc-request"


class _Trying(Struct, frozen=True):
    """A fault that is looked at: who calls, and the headers of those whom it is meant for."""

    stand: Stand
    fault: Fault
    caller: Caller
    scope: dict[str, str]

    def asking(self, headers: dict[str, str] | None = None) -> Ask:
        """Return the request of somebody whom it is meant for, with further *headers*."""
        usual = self.caller.ask.headers
        return self.caller.changed(headers={**usual, **self.scope, **(headers or {})})

    def count(self, ask: Ask) -> Counter[str]:
        """Send *ask* as often as fits into the time, and count the answers."""
        way, stand = self.fault.way, self.stand
        return many(lambda number: stand.flood(way, self.caller, ask, number), _MOST, _TIME_S)

    def flight(self, ask: Ask, count: int, at_once: int = 1) -> list[Reply]:
        """Send *count* requests, *at_once* of them at a time, and return the answers."""
        at_once = min(at_once, count, self.fault.config.number("max_active_faults") or at_once)
        self.stand.note(self.fault.way, ask)
        shares = [count // at_once + (number < count % at_once) for number in range(at_once)]
        with ThreadPoolExecutor(at_once) as pool:
            flights = pool.map(lambda number: self._some(ask, number), shares)
            return [each for replies in flights for each in replies]

    def _some(self, ask: Ask, count: int) -> list[Reply]:
        port = self.stand.port(self.fault.way)
        try:
            with connection(port, self.caller.tls, self.caller.name) as connected:
                return [exchange(connected, ask) for _ in range(count)]
        except (OSError, ValueError) as error:
            return [Reply(0, error=refusal(error))]


def prove(situation: Situation) -> Iterator[Word]:
    """Ask for faults, ask for none, and count what happens to many requests."""
    every = [list(faults(way)) for way in situation.ways]
    for number in range(max(map(len, every), default=0)):
        alone = [found[number] for found in every if len(found) > number]
        others = [each for found in every for each in found if each not in alone]
        change = partial(_only, alone=alone, others=others)
        with situation.stand(change, lift=(lift_limits, lift_splits)) as stand:
            for each in alone:
                yield from _shown(situation, stand, each)


def _only(draft: Draft, alone: Sequence[Fault], others: Sequence[Fault]) -> None:
    """Let *alone* happen, with a delay that can be told from none, and no other."""
    for fault in others:
        for part in (fault.delay, fault.abort):
            if part:
                draft.set(part.at("percentage"), NEVER, "to see another fault alone")
    for fault in alone:
        if fault.delay.has("fixed_delay"):
            why = "long enough to be seen, short enough for a run"
            draft.set(fault.delay.at("fixed_delay"), duration(_DELAY_S), why)


def _shown(situation: Situation, stand: Stand, fault: Fault) -> Iterator[Word]:
    caller, scope = caller_of(situation, fault.said, MESSAGE), fault.scope()
    if isinstance(caller, Nobody) or scope is None:
        why = caller.why if isinstance(caller, Nobody) else "whom it is for cannot be read"
        yield Unproved(fault.title, why)
        return
    trying = _Trying(stand, fault, caller, scope)
    if fault.config.has("response_rate_limit"):
        yield Unproved(f"{fault.title}: response_rate_limit", "how fast an answer is sent")
    if fault.by_header:
        yield _harmless(trying)
    if fault.delay.has("header_delay"):
        yield _asked_delay(trying)
    if fault.abort.has("header_abort"):
        yield from _asked_abort(trying)
    if fault.delay.has("fixed_delay"):
        yield _stated_delay(trying)
    if fault.abort.has("http_status") or fault.abort.has("grpc_status"):
        yield _stated_abort(trying)


def _harmless(trying: _Trying) -> Word:
    replies = trying.flight(trying.caller.ask, _PLAIN, at_once=4)
    late, failed = sum(map(_is_late, replies)), sum(each.status != 200 for each in replies)
    return told(f"{trying.fault.title}: {_PLAIN} requests without the header",
                "0 late, 0 failed", f"{late} late, {failed} failed",
                cause="it happens to those who did not ask for it")  # fmt: skip


def _asked_delay(trying: _Trying) -> Word:
    percentage = trying.fault.delay.part("percentage")
    tried = f"{trying.fault.title}: a request that asks for {_MS} ms"
    if 0 < fraction(percentage) < 1:
        return Unproved(tried, "it happens to a share of those who ask")
    (reply,) = trying.flight(trying.asking({_DELAY: str(_MS)}), 1)
    kept = _is_late(reply) and reply.seconds <= _DELAY_S + _SLACK_S
    return Shown(tried, f"200 after {_DELAY_S:g} s", f"{reply.said} after {reply.seconds:.1f} s",
                 reply.status == 200 and kept, trying.fault.why_never(percentage))  # fmt: skip


def _asked_abort(trying: _Trying) -> Iterator[Word]:
    fault, percentage = trying.fault, trying.fault.abort.part("percentage")
    share, why = fraction(percentage) or 1.0, fault.why_never(percentage)
    if share == 1:
        application = trying.stand.upstream(trying.caller)
        before = application.count()
        (reply,) = trying.flight(trying.asking({_ABORT: str(_ASKED)}), 1)
        asked = "asked" if application.count() > before else "not asked"
        yield told(f"{fault.title}: a request that asks for {_ASKED}",
                   f"{_ASKED}, the application is not asked",
                   f"{reply.said}, the application is {asked}", cause=why)  # fmt: skip
    half = trying.asking({_ABORT: str(_ASKED), f"{_ABORT}-percentage": "50"})
    found, share = trying.count(half), min(share, 0.5)
    count, failed = found.total(), found[str(_ASKED)]
    yield Shown(f"{fault.title}: {count} requests that ask for {_ASKED} in 50 % of cases",
                f"{_ASKED}: {said(count, share)}", f"{_ASKED}: {failed} of {count}",
                is_share(failed, count, share), why)  # fmt: skip
    if fault.way.is_grpc and fraction(percentage) == 1:
        headers = {**trying.asking().headers, _GRPC: str(_ASKED_GRPC)}
        try:
            seen = f"status {trying.stand.call(fault.way, trying.caller, headers).status}"
        except OSError as error:
            seen = refusal(error)
        yield told(f"{fault.title}: a gRPC call that asks for code {_ASKED_GRPC}",
                   f"status {_ASKED_GRPC}", seen, cause=why)  # fmt: skip


def _stated_delay(trying: _Trying) -> Word:
    percentage = trying.fault.delay.part("percentage")
    share = fraction(percentage)
    fits = _TIME_S * _AT_ONCE / max(share * _DELAY_S, 0.001)
    number = _FEW if share in (0, 1) else min(_MOST, max(200, int(fits)))
    replies = trying.flight(trying.asking(), number, _AT_ONCE)
    return _of_those(trying, "late", sum(map(_is_late, replies)), len(replies), percentage)


def _stated_abort(trying: _Trying) -> Word:
    abort = trying.fault.abort
    percentage, status = abort.part("percentage"), abort.number("http_status")
    if trying.fault.delay:  # each of them may wait
        replies = trying.flight(trying.asking(), 10 * _FEW, _AT_ONCE)
        found = Counter(each.said for each in replies)
    elif fraction(percentage) in (0, 1):
        found = Counter(each.said for each in trying.flight(trying.asking(), _FEW))
    else:
        found = trying.count(trying.asking())
    failed = found[str(status)] if status else found.total() - found["200"]
    return _of_those(trying, str(status or "failed"), failed, found.total(), percentage)


def _of_those(trying: _Trying, word: str, seen: int, count: int, percentage: Part) -> Word:
    share, scope = fraction(percentage), trying.scope
    who = f"with {', '.join(scope)}" if scope else "of anybody"
    if share and not is_seen(count, share):
        return Unproved(f"{trying.fault.title}: {100 * share:g} % of requests {who}",
                        f"too few to tell from none in {count} requests")  # fmt: skip
    # What never happens is no proof of a fault, whatever its share is.
    ok = share > 0 and is_share(seen, count, share)
    return Shown(f"{trying.fault.title}: {count} requests {who}",
                 f"{word}: {said(count, share) if share else 'some'}", f"{word}: {seen} of {count}",
                 ok, trying.fault.why_never(percentage))  # fmt: skip


def _is_late(reply: Reply) -> bool:
    return reply.seconds >= _DELAY_S * _EARLY
