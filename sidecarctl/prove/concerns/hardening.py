"""Hardening: limits hold, ops goes on answering, and what callers make up is not believed."""

import stat
from collections.abc import Iterator
from contextlib import ExitStack

from msgspec import Struct

from sidecarctl.envoy.mounts import RUN
from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller
from sidecarctl.prove.client import Ask, connection, refusal, send
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.row import Shown, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

_FEW = 4
_TINY_BYTES = 1_000_000
_FORGED = {"x-envoy-retry-on": "5xx", "x-envoy-upstream-rq-timeout-ms": "1",
           "x-envoy-original-path": "/other"}  # fmt: skip
_ADMIN = ("/config_dump", "/ready/../config_dump", "/%2e%2e/config_dump", "/clusters")
_CONNECTIONS = "DownstreamConnectionsConfig"
_HEAP = "FixedHeapConfig"


class _Monitor(Struct, frozen=True):
    config: Part
    field: str


def prove(situation: Situation) -> Iterator[Word]:
    """Forge headers, knock at the admin interface, open too many connections, fill the heap."""
    with situation.stand() as stand:
        yield from _admin(situation, stand)
        for way in situation.ways:
            caller = situation.caller(way)
            if way.is_http and way.inbound and isinstance(caller, Caller):
                yield from _headers(stand, way, caller)
    connections = _monitor(situation, _CONNECTIONS, "max_active_downstream_connections")
    if connections:
        yield from _too_many(situation, connections)
    heap = _monitor(situation, _HEAP, "max_heap_size_bytes")
    actions = situation.subject.bootstrap.root.part("overload_manager").parts("actions")
    if heap and any(each.text("name").endswith("stop_accepting_requests") for each in actions):
        yield from _full(situation, heap)


def _monitor(situation: Situation, message: str, field: str) -> _Monitor | None:
    manager = situation.subject.bootstrap.root.part("overload_manager")
    for each in manager.parts("resource_monitors"):
        if each.part("typed_config").is_a(message):
            return _Monitor(each.part("typed_config"), field)
    return None


def _admin(situation: Situation, stand: Stand) -> Iterator[Word]:
    bootstrap = situation.subject.bootstrap
    given = bootstrap.root.part("admin", "address")
    if given.has("pipe"):
        mode = stat.S_IMODE((stand.files.at(f"{RUN}/admin.sock")).stat().st_mode)
        yield Shown("the admin socket", "0600", f"0{mode:o}", mode & 0o077 == 0,
                    "others than its owner may open it: mode: 384")  # fmt: skip
    elif bootstrap.admin:
        where = f"{bootstrap.admin.host}:{bootstrap.admin.port}"
        yield Shown("the admin interface", "not reachable from outside the pod",
                    f"it listens at {where}", bootstrap.admin.is_loopback,
                    "whoever reaches it can end Envoy, and read its configuration")  # fmt: skip
    for way in situation.ops:
        asked = [*(Ask(path=path) for path in _ADMIN), Ask("POST", "/quitquitquit")]
        served = [ask.path for ask in asked
                  if send(stand.port(way), ask).status in range(200, 400)]  # fmt: skip
        alive = "" if stand.envoy.alive else ", and Envoy ended"
        seen = f"served: {', '.join(served)}{alive}" if served else f"none served{alive}"
        yield told(f"{way.name}: {len(asked)} other paths of admin", "none served", seen,
                   cause="a route leads to the whole admin interface")  # fmt: skip


def _headers(stand: Stand, way: Way, caller: Caller) -> Iterator[Word]:
    ask = caller.changed(headers={**caller.ask.headers, **_FORGED})
    reply = stand.send(way, caller, ask)
    passed = [name for name, value in _FORGED.items() if reply.echoed.get(name) == value]
    seen = f"passed on: {', '.join(passed)}" if passed else "none passed on"
    yield told(f"{way.name}: {len(_FORGED)} headers that only a proxy may set", "none passed on",
               seen if reply.status == 200 else reply.said,
               cause=_why_believed(way))  # fmt: skip
    limits = way.chain.http.part("common_http_protocol_options")
    most = limits.number("max_headers_count")
    if most and most < 2000:
        many = {**caller.ask.headers, **{f"x-prove-{number}": "1" for number in range(most)}}
        said = stand.send(way, caller, caller.changed(headers=many)).said
        yield told(f"{way.name}: more than {most} headers", "431", said,
                   cause="max_headers_count does not count")  # fmt: skip
    if limits.text("headers_with_underscores_action") == "REJECT_REQUEST":
        odd = {**caller.ask.headers, "x_prove": "1"}
        said = stand.send(way, caller, caller.changed(headers=odd)).said
        yield told(f"{way.name}: a header with an underscore", "400", said,
                   cause="the application may take it for one with a hyphen")  # fmt: skip


def _why_believed(way: Way) -> str:
    if way.chain.http.has("internal_address_config"):
        return "internal_address_config brings the trust in private addresses back"
    return "callers are believed: set use_remote_address"


def _too_many(situation: Situation, monitor: _Monitor) -> Iterator[Word]:
    way = next((each for each in situation.ways if each.is_http or each.is_tcp), None)
    if way is None:
        return

    def limit(draft: Draft) -> None:
        path = monitor.config.at(monitor.field)
        draft.set(path, _FEW, "a run opens few connections")

    with situation.stand(limit) as stand, ExitStack() as held:
        for _ in range(_FEW):
            held.enter_context(connection(stand.port(way)))
        situation.trial.pause(0.2)
        try:
            with connection(stand.port(way), timeout_s=1.0) as connected:
                seen = "closed" if not connected.recv(1) else "accepted"
        except TimeoutError:
            seen = "accepted"
        except OSError as error:
            seen = refusal(error).removeprefix("connection ")
        yield told(f"{way.name}: a connection beyond the limit, scaled to {_FEW}", "closed", seen,
                   cause="the limit does not count")  # fmt: skip
        yield from _ops_answers(situation, stand, "at the limit of connections")


def _full(situation: Situation, monitor: _Monitor) -> Iterator[Word]:
    pairs = ((way, situation.caller(way)) for way in situation.ways if way.is_http)
    known = next(((way, caller) for way, caller in pairs if isinstance(caller, Caller)), None)
    if known is None:
        return

    def shrink(draft: Draft) -> None:
        path = monitor.config.at(monitor.field)
        draft.set(path, _TINY_BYTES, "a heap that is full at once")

    way, caller = known
    with situation.stand(shrink) as stand:
        last = stand.send(way, caller)
        for _ in range(20):
            if last.status == 503:
                break
            situation.trial.pause(0.1)
            last = stand.send(way, caller)
        yield told(f"{way.name}: a request while the heap is full", "503", last.said,
                   cause="the overload manager does not shed it")  # fmt: skip
        yield from _ops_answers(situation, stand, "while the heap is full")


def _ops_answers(situation: Situation, stand: Stand, when: str) -> Iterator[Word]:
    for ops in situation.ops:
        for route in ops.chain.routes():
            path = route.part("match").text("path")
            if route.part("route").text("prefix_rewrite") == "/ready" and path == "/ready":
                yield told(f"{ops.name}: GET {path} {when}", "200",
                           send(stand.port(ops), Ask(path=path)).said,
                           cause="a pod under load would fail its probes")  # fmt: skip
