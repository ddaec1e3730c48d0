"""Circuit breaking: too much is refused at once, a host that fails is left alone and taken back."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.proto import socket_address
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Reply, connection, refusal
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.durations import seconds
from sidecarctl.prove.ports import free_port
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.together import together
from sidecarctl.prove.upstream import HEADER
from sidecarctl.prove.ways import Way, endpoints

_LIMITS = ("max_connections", "max_pending_requests", "max_requests")
_FEW = 2
_AT_ONCE = 8
_MOST_FAILURES = 40
_MOMENT = "0.1s"
_EJECTION = "0.5s"
_NO_HOST = b"no healthy upstream"

Known = tuple[Way, Caller]


def prove(situation: Situation) -> Iterator[Word]:
    """Hold more requests than may be under way; fail until the host is left alone."""
    limited: list[Known] = []
    watched: list[Known] = []
    for way in situation.ways:
        if not any(_is_guarded(each.part) for each in way.clusters):
            continue
        caller = situation.caller(way)
        if isinstance(caller, Nobody):
            yield Unproved(way.name, caller.why)
            continue
        parts = [each.part for each in caller.clusters]
        has_limits = any(True for part in parts for _ in _thresholds(part))
        taken = {each.name for _, known in limited for each in known.clusters}
        # Two ways to one cluster would share what its limits let through.
        free = all(each.name not in taken for each in caller.clusters)
        limited += [(way, caller)] if has_limits and free else []
        watched += [(way, caller)] if any(map(_watch, parts)) else []
    if limited:
        with situation.stand(lambda draft: _tighten(draft, limited)) as stand:
            yield from together([partial(_overflow, situation, stand, *each) for each in limited])
    if watched:
        with situation.stand(lambda draft: _hasten(draft, watched)) as stand:
            for way, caller in watched:
                left = _left_alone if way.is_http else _tcp_left_alone
                yield from left(situation, stand, way, caller)


def _is_guarded(cluster: Part) -> bool:
    return bool(_watch(cluster)) or any(True for _ in _thresholds(cluster))


def _watch(cluster: Part) -> Part:
    return cluster.part("outlier_detection")


def _thresholds(cluster: Part) -> Iterator[Part]:
    for each in cluster.part("circuit_breakers").parts("thresholds"):
        if any(each.has(name) for name in _LIMITS):
            yield each


def _tighten(draft: Draft, limited: Sequence[Known]) -> None:
    for way, _ in limited:
        for cluster in way.clusters:
            for each in _thresholds(cluster.part):
                for name in _LIMITS:
                    if each.has(name):
                        draft.set(each.at(name), _FEW, "a run holds few requests")


def _overflow(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Word:
    found = (_held_requests if way.is_http else _held_connections)(situation, stand, way, caller)
    over = sum(number for word, number in found.items() if word != "200")
    refused = found["503 overloaded"] if way.is_http else over
    what = "requests" if way.is_http else "connections"
    sent = sum(found.values())
    said = ", ".join(f"{number} × {word}" for word, number in sorted(found.items()))
    word = "503 with x-envoy-overloaded" if way.is_http else "closed"
    return Shown(
        f"{way.name}: {sent} {what} at once, limits scaled to {_FEW}",
        f"{word} at once for what is beyond",
        said,
        ok=0 < refused == over and found["200"] > 0,
        cause="the limits do not count",
    )


def _held_requests(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Counter[str]:
    ask = caller.with_headers(**{HEADER.replace("-", "_"): "hold"})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(stand.send, way, caller, ask) for _ in range(_AT_ONCE)]
        # Those beyond the limits are answered while the others are held.
        situation.trial.until(lambda: any(each.done() for each in futures), 1.5)
        situation.trial.pause(0.2)
        for each in stand.applications(caller):
            each.released.set()
        return Counter(_word(each.result()) for each in futures)


def _word(reply: Reply) -> str:
    overloaded = reply.headers.get("x-envoy-overloaded") == "true"
    return f"{reply.said} overloaded" if overloaded else reply.said


def _held_connections(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Counter[str]:
    found: Counter[str] = Counter()
    with ExitStack() as stack:
        for _ in range(_FEW * 2):
            situation.trial.go_on()
            try:
                held = connection(stand.port(way), caller.tls, caller.name, 2.0)
                connected = stack.enter_context(held)
                connected.sendall(b"prove\n")
                found["200" if connected.recv(16) else "closed"] += 1
            except OSError as error:
                found[refusal(error).removeprefix("connection ")] += 1
    return found


def _hasten(draft: Draft, watched: Sequence[Known]) -> None:
    for way, _ in watched:
        for cluster in way.clusters:
            part = cluster.part.part("outlier_detection")
            for name, value in (("interval", _MOMENT), ("base_ejection_time", _EJECTION)):
                if part and (seconds(part.get(name)) or 10) > (seconds(value) or 0):
                    draft.set(part.at(name), value, "scaled to a moment")
            if part and way.is_tcp:
                for each in endpoints(cluster.part):
                    here = socket_address("127.0.0.1", free_port())
                    draft.set(each.at("address"), here, "nobody listens there")


def _left_alone(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Iterator[Word]:
    failing = caller.with_headers(**{HEADER.replace("-", "_"): "status=503"})
    failures, left = 0, False
    for _ in range(_MOST_FAILURES):
        reply = stand.send(way, caller, failing)
        left = reply.body == _NO_HOST
        if left:
            break
        failures += 1
    seen = (
        f"left alone after {_requests(failures)}"
        if left
        else f"still called after {_requests(failures)}"
    )
    several = len(stand.applications(caller)) > 1
    if several and not left:
        yield Unproved(f"{way.name}: a host that fails", "its cluster has several endpoints")
        return
    yield Shown(f"{way.name}: a host that fails", "left alone", seen, left, _why(way))
    if left:
        well = situation.trial.until(lambda: stand.send(way, caller).status == 200, 5.0)
        yield told(f"{way.name}: the host, well again", "called again",
                   "called again" if well else "not called within 5 s",
                   cause="it is not taken back")  # fmt: skip


def _requests(number: int) -> str:
    return f"{number} request{'' if number == 1 else 's'}"


def _tcp_left_alone(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Iterator[Word]:
    ejected = False
    knocks = 0
    while knocks < _MOST_FAILURES and not ejected:
        knocks += 1
        try:
            with connection(stand.port(way), caller.tls, caller.name, 2.0) as connected:
                connected.recv(16)
        except OSError:
            pass
        situation.trial.pause(0.02)
        ejected = _is_ejected(stand, way)
    seen = f"left alone after {knocks} connections" if ejected else f"still tried after {knocks}"
    yield Shown(f"{way.name}: a host that takes no connection", "left alone", seen, ejected,
                _why(way))  # fmt: skip


def _is_ejected(stand: Stand, way: Way) -> bool:
    text = stand.envoy.admin("/stats/prometheus?filter=outlier_detection").body
    pattern = r'ejections_active\{envoy_cluster_name="([^"]+)"\} (\d+)'
    names = {cluster.name for cluster in way.clusters}
    return any(name in names and int(value) for name, value in re.findall(pattern, text))


def _why(way: Way) -> str:
    for cluster in way.clusters:
        panic = cluster.part.part("common_lb_config", "healthy_panic_threshold")
        if not panic.has("value"):
            return (
                "with one endpoint the panic threshold of 50 % makes outlier detection do nothing: "
                "set common_lb_config.healthy_panic_threshold to 0"
            )
        watch = _watch(cluster.part)
        if watch.get("always_eject_one_host") is not True and len(cluster.endpoints) == 1:
            return (
                "max_ejection_percent of one host is none: set always_eject_one_host, "
                "or max_ejection_percent to 100"
            )
    return "outlier_detection does not eject"
