"""Lifecycle: ready at once, a drain loses no request, and the end comes when it is asked for."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller
from sidecarctl.prove.client import Ask, connection, exchange, send
from sidecarctl.prove.matchers import sample_header
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.upstream import HEADER
from sidecarctl.prove.walk import texts_below
from sidecarctl.prove.ways import Way

_DRAIN_S = 1
_FLAGS = ("--drain-time-s", str(_DRAIN_S))
_IN_FLIGHT = 10
_END_S = 2.0
_DRAINS = re.compile(r"/drain_listeners\b")


def prove(situation: Situation) -> Iterator[Word]:
    """Ask whether it is ready, drain with requests in flight, and end it."""
    if not situation.ops:
        return
    with situation.stand(flags=_FLAGS) as stand:
        for ops in situation.ops:
            for route in ops.chain.routes():
                if route.part("route").text("prefix_rewrite") == "/ready" and not _drains(route):
                    yield _ready(stand, ops, route)
        found = next(((ops, route) for ops in situation.ops for route in ops.chain.routes()
                      if _drains(route)), None)  # fmt: skip
        if found is None:
            yield Unproved("drain", "no route leads to drain_listeners")
        else:
            yield from _drained(situation, stand, *found)
        yield _ended(situation, stand)


def _drains(route: Part) -> bool:
    return any(_DRAINS.search(text) for text in texts_below(route.data))


def _ready(stand: Stand, ops: Way, route: Part) -> Word:
    path = route.part("match").text("path") or route.part("match").text("prefix")
    return told(f"{ops.name}: GET {path}", "200", send(stand.port(ops), Ask(path=path)).said,
                cause="the start gate would never open")  # fmt: skip


def _drained(situation: Situation, stand: Stand, ops: Way, route: Part) -> Iterator[Word]:
    match = route.part("match")
    path = match.text("path") or match.text("prefix")
    headers = [each for each in map(sample_header, match.parts("headers")) if each]
    token = {name: value for name, value in headers if not name.startswith(":")}
    if token:
        reply = send(stand.port(ops), Ask(path=path))
        seen = "refused" if reply.status in range(400, 500) else reply.said
        yield told(f"{ops.name}: a drain without its token", "refused", seen,
                   cause="anybody can drain the pod")  # fmt: skip
    ways = [(way, situation.caller(way)) for way in situation.ways if way.is_http and way.inbound]
    known = [(way, caller) for way, caller in ways if isinstance(caller, Caller)]
    if not known:
        yield Unproved(f"{ops.name}: a drain", "there is no HTTP that comes in")
        return
    yield from _while_in_flight(situation, stand, (ops, Ask(path=path, headers=token)), *known[0])


def _while_in_flight(
    situation: Situation, stand: Stand, drain: tuple[Way, Ask], way: Way, caller: Caller
) -> Iterator[Word]:
    ops, ask = drain
    slow = caller.with_headers(**{HEADER.replace("-", "_"): f"delay={_DRAIN_S + 0.5}"})
    with ExitStack() as stack:
        kept = stack.enter_context(connection(stand.port(way), caller.tls, caller.name))
        exchange(kept, caller.ask)
        pool = stack.enter_context(ThreadPoolExecutor(_IN_FLIGHT))
        upstream = stand.upstream(caller)
        before = upstream.count()
        flying = [pool.submit(stand.send, way, caller, slow) for _ in range(_IN_FLIGHT)]
        situation.trial.until(lambda: upstream.count() >= before + _IN_FLIGHT, 3.0)
        drained = send(stand.port(ops), ask)
        yield told(f"{ops.name}: a drain", "200", drained.said, cause="it cannot be drained")
        situation.trial.pause(_DRAIN_S + 0.1)
        try:
            closing = exchange(kept, caller.ask).headers.get("connection") == "close"
            seen = "told to close" if closing else "kept open"
        except (OSError, ValueError):
            seen = "cut"
        yield told(f"{way.name}: an open connection after a drain", "told to close", seen,
                   cause="the listener is not drained: traffic_direction INBOUND?")  # fmt: skip
        fresh = stand.send(way, caller)
        yield told(f"{way.name}: a new connection after a drain", "200", fresh.said,
                   cause="callers that do not know yet are refused")  # fmt: skip
        lost = sum(each.result().status != 200 for each in flying)
    yield told(f"{way.name}: {_IN_FLIGHT} requests in flight at the drain", "none lost",
               f"{lost} lost" if lost else "none lost", cause="the drain cuts them")  # fmt: skip


def _ended(situation: Situation, stand: Stand) -> Word:
    began = time.monotonic()
    os.kill(stand.envoy.pid, signal.SIGTERM)
    ended = situation.trial.until(lambda: not stand.envoy.alive, _END_S)
    took_s = time.monotonic() - began
    seen = f"ended after {took_s:.2f} s" if ended else f"still there after {took_s:.0f} s"
    return Shown("SIGTERM", f"ended within {_END_S:g} s", seen, ended, "it hangs at its end")
