"""Timeouts: what takes too long is ended at the limit, what is meant to stay open is not."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.proto import socket_address
from sidecarctl.findings import FieldPath
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Ask, connection, refusal
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.durations import duration, seconds
from sidecarctl.prove.routes import plain_route, routes_by_header
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.together import Step, together
from sidecarctl.prove.upstream import HEADER, PART_S
from sidecarctl.prove.ways import Way, endpoints

_LIMIT_S = 0.6
_CONNECT_S = 0.3
_SLACK_S = 1.5
_PARTS = 5
_STREAMS = (
    ("accept", "text/event-stream", "an event stream"),
    ("content-type", "application/grpc", "a gRPC call"),
)
_TIMERS = ("timeout", "idle_timeout", "max_stream_duration")


def prove(situation: Situation) -> Iterator[Word]:
    """Answer late, stay quiet, take no connection: each with its timer scaled to a moment."""
    ways = [way for way in situation.ways if _has_timers(way)]
    known: list[tuple[Way, Caller]] = []
    for way in ways:
        caller = situation.caller(way)
        if isinstance(caller, Nobody):
            yield Unproved(way.name, caller.why)
        else:
            known.append((way, caller))
    if not known:
        return
    with situation.stand(lambda draft: _scale_requests(draft, known)) as stand:
        yield from together([step for way, caller in known
                             for step in _late(stand, way, caller)])  # fmt: skip
    with situation.stand(lambda draft: _scale_quiet(draft, known)) as stand:
        yield from together([step for way, caller in known
                             for step in _quiet(stand, way, caller)])  # fmt: skip
    called = [(way, caller) for way, caller in known if not way.inbound and way.clusters]
    if called:
        yield from _connecting(situation, called)


def _has_timers(way: Way) -> bool:
    if way.is_tcp:
        return way.chain.tcp.has("idle_timeout")
    actions = [route.part("route") for route in way.chain.routes()]
    return way.is_http and (
        any(action.has("timeout") for action in actions)
        or way.chain.http.has("stream_idle_timeout")
    )


def _late(stand: Stand, way: Way, caller: Caller) -> list[Step]:
    """Return what to try about requests that are answered late."""
    if not way.is_http:
        return []
    route = plain_route(way, caller.ask)
    limit_s = seconds(route.part("route").get("timeout")) if route else None
    steps: list[Step] = []
    if limit_s:
        steps.append(partial(_too_late, stand, way, caller))
    elif not way.is_grpc:
        what = "no route states one" if limit_s is None else "its route sets none (0s)"
        steps.append(partial(Unproved, f"{way.name}: a limit for a request", what))
    for name, value, what in _STREAMS:
        if limit_s and any(True for _ in routes_by_header(way, name, value)):
            headers = {**caller.ask.headers, name: value, HEADER: f"delay={_LIMIT_S * 2.5}"}
            steps.append(partial(_stream, stand, way, caller.changed(headers=headers), caller,
                                 what))  # fmt: skip
    if limit_s and any(True for _ in routes_by_header(way, "upgrade", "websocket")):
        steps.append(partial(_websocket, stand, way, caller))
    if way.is_grpc:
        steps.append(partial(_grpc_stream, stand, way, caller))
    return steps


def _stream(stand: Stand, way: Way, ask: Ask, caller: Caller, what: str) -> Word:
    return told(f"{way.name}: {what}, quiet for longer than a request may take", "200",
                stand.send(way, caller, ask).said, cause="it is cut like any request")  # fmt: skip


def _too_late(stand: Stand, way: Way, caller: Caller) -> Word:
    ask = caller.with_headers(**_x(f"delay={_LIMIT_S * 4}"))
    reply = stand.send(way, caller, ask)
    in_time = _LIMIT_S * 0.3 <= reply.seconds <= _LIMIT_S + _SLACK_S
    return Shown(
        f"{way.name}: an answer after {_LIMIT_S * 4:g} s",
        f"504 after {_LIMIT_S:g} s",
        f"{reply.said} after {reply.seconds:.1f} s",
        ok=reply.status == 504 and in_time,
        cause="the limit does not count" if reply.status != 504 else "it is not ended in time",
    )


def _websocket(stand: Stand, way: Way, caller: Caller) -> Word:
    ask = caller.with_headers(
        connection="Upgrade", upgrade="websocket", sec_websocket_version="13",
        sec_websocket_key="cHJvdmU=",
    )  # fmt: skip
    stand.note(way, ask)
    try:
        with connection(stand.port(way), caller.tls, caller.name) as connected:
            connected.sendall(ask.text())
            head = connected.recv(4096)
            time.sleep(_LIMIT_S * 2)
            connected.sendall(b"prove")
            lives = connected.recv(16) == b"prove"
        seen = "lives" if lives else head.partition(b"\r\n")[0].decode() or "closed"
    except OSError as error:
        seen = refusal(error)
    return told(f"{way.name}: a WebSocket, quiet for longer than a request may take", "lives",
                seen, cause="it is cut like any request")  # fmt: skip


def _grpc_stream(stand: Stand, way: Way, caller: Caller) -> Word:
    headers = {**caller.ask.headers, HEADER: f"stream={_PARTS}"}
    try:
        called = stand.call(way, caller, headers)
        seen = f"{len(called.parts)} parts, status {called.status}"
    except OSError as error:
        seen = refusal(error)
    return told(f"{way.name}: a gRPC stream of {_PARTS * PART_S:g} s", f"{_PARTS} parts, status 0",
                seen, cause="it is cut like any request")  # fmt: skip


def _quiet(stand: Stand, way: Way, caller: Caller) -> list[Step]:
    """Return what to try about connections and requests on which nothing moves."""
    if way.is_tcp:
        if seconds(way.chain.tcp.get("idle_timeout")):
            return [partial(_quiet_connection, stand, way, caller)]
        return [
            partial(Unproved, f"{way.name}: a quiet connection", "idle_timeout is 0s: no limit")
        ]
    if not seconds(way.chain.http.get("stream_idle_timeout")):
        return []
    return [partial(_quiet_request, stand, way, caller)]


def _quiet_connection(stand: Stand, way: Way, caller: Caller) -> Word:
    try:
        with connection(stand.port(way), caller.tls, caller.name, _LIMIT_S * 4) as connected:
            connected.sendall(b"prove\n")
            connected.recv(64)
            began = time.monotonic()
            while connected.recv(64):
                pass
            took_s = time.monotonic() - began
            seen = f"closed after {took_s:.1f} s"
            ok = took_s >= _LIMIT_S * 0.8
    except TimeoutError:
        seen, ok = f"open after {_LIMIT_S * 4:g} s", False
    except OSError as error:
        seen, ok = refusal(error), False
    return Shown(f"{way.name}: a quiet connection", f"closed after {_LIMIT_S:g} s", seen, ok,
                 "the idle timeout does not count")  # fmt: skip


def _quiet_request(stand: Stand, way: Way, caller: Caller) -> Word:
    ask = caller.with_headers(**_x(f"delay={_LIMIT_S * 4}"))
    reply = stand.send(way, caller, ask)
    ok = reply.status in (408, 504) and reply.seconds <= _LIMIT_S + _SLACK_S
    return Shown(f"{way.name}: a request on which nothing moves", f"504 after {_LIMIT_S:g} s",
                 f"{reply.said} after {reply.seconds:.1f} s", ok,
                 "the idle timeout of streams does not count")  # fmt: skip


def _connecting(situation: Situation, called: Sequence[tuple[Way, Caller]]) -> Iterator[Word]:
    with (
        _full_server() as port,
        situation.stand(lambda draft: _lead_to_full(draft, called, port)) as stand,
    ):
        yield from together([partial(_unconnected, stand, *each) for each in called])


def _unconnected(stand: Stand, way: Way, caller: Caller) -> Word:
    tries = max([(each.part("route", "retry_policy").number("num_retries") or 1)
                 for each in way.chain.routes()], default=0) + 1  # fmt: skip
    limit_s = (_CONNECT_S + 0.3) * max(tries, 3) + _SLACK_S
    began = time.monotonic()
    if way.is_http:
        said = stand.send(way, caller, timeout_s=limit_s).said
    else:
        try:
            with connection(stand.port(way), caller.tls, caller.name, limit_s) as connected:
                said = "an answer" if connected.recv(16) else "closed"
        except OSError as error:
            said = refusal(error)
            said = "closed" if said == "connection closed" else said
    took_s = time.monotonic() - began
    expected = "503" if way.is_http else "closed"
    tried = f"{way.name}: a server that takes no connection"
    return Shown(tried, f"{expected} within {limit_s:.1f} s",
                 f"{said} after {took_s:.1f} s", said == expected and took_s <= limit_s,
                 "connect_timeout does not count")  # fmt: skip


@contextmanager
def _full_server() -> Iterator[int]:
    """Run a server whose queue is full: whoever comes waits, as for a lost packet."""
    with ExitStack() as stack, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):  # more than the kernel puts into the queue of a backlog of 0
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def _lead_to_full(draft: Draft, called: Sequence[tuple[Way, Caller]], port: int) -> None:
    for way, _ in called:
        for cluster in way.clusters:
            for each in endpoints(cluster.part):
                here = socket_address("127.0.0.1", port)
                draft.set(each.at("address"), here, "a server that takes no connection")
            why = "the timer to connect, scaled to a moment"
            if (seconds(cluster.part.get("connect_timeout")) or 5) > _CONNECT_S:
                draft.set(cluster.part.at("connect_timeout"), duration(_CONNECT_S), why)


def _scale_requests(draft: Draft, known: Sequence[tuple[Way, Caller]]) -> None:
    """Divide all timers of a way by what makes its limit for requests a moment."""
    for way, caller in known:
        route = plain_route(way, caller.ask) if way.is_http else None
        limit_s = seconds(route.part("route").get("timeout")) if route else None
        if not limit_s:
            continue
        factor = limit_s / _LIMIT_S
        why = f"timers of {way.name} divided by {factor:g}"
        for path in _timer_paths(way):
            value_s = seconds(draft.get(path))
            if value_s:
                draft.set(path, duration(max(value_s / factor, 0.001)), why)


def _timer_paths(way: Way) -> Iterator[FieldPath]:
    for route in way.chain.routes():
        action = route.part("route")
        yield from (action.at(name) for name in _TIMERS if action.has(name))
        policy = action.part("retry_policy")
        yield from (policy.at(name) for name in ("per_try_timeout", "per_try_idle_timeout")
                    if policy.has(name))  # fmt: skip
    http = way.chain.http
    yield from (http.at(name) for name in ("stream_idle_timeout", "request_timeout")
                if http.has(name))  # fmt: skip


def _scale_quiet(draft: Draft, known: Sequence[tuple[Way, Caller]]) -> None:
    """Make idle timers a moment, and switch off those for requests, to see the former alone."""
    moment = duration(_LIMIT_S)
    for way, _ in known:
        if way.is_tcp:
            _shorten(draft, way.chain.tcp, "idle_timeout", moment)
            continue
        _shorten(draft, way.chain.http, "stream_idle_timeout", moment)
        for route in way.chain.routes():
            action = route.part("route")
            _shorten(draft, action, "idle_timeout", moment)
            policy = action.part("retry_policy")
            for part, name in ((action, "timeout"), (policy, "per_try_timeout")):
                if part.has(name) or (part is action and action):
                    draft.set(part.at(name), "0s", "to see the idle timer alone")


def _shorten(draft: Draft, part: Part, name: str, moment: str) -> None:
    if seconds(part.get(name)):
        draft.set(part.at(name), moment, "an idle timer, scaled to a moment")


def _x(word: str) -> dict[str, str]:
    return {HEADER.replace("-", "_"): word}
