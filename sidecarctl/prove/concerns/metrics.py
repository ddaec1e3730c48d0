"""Metrics: a scrape parses, counters move with the traffic, what is pushed arrives."""

import re
from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller
from sidecarctl.prove.client import Ask, connection, send
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.durations import duration, seconds
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.telemetry import names_of_metrics
from sidecarctl.prove.walk import mappings_below
from sidecarctl.prove.ways import Way

_PATH = "/stats/prometheus"
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?:\{(?P<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*",?)*)\})?'
    r" (?P<value>[-+0-9.eE]+|NaN|[-+]?Inf)"
)
_STATSD = re.compile(r"[^:|]+:[-+0-9.]+\|(?:c|g|ms|h|d)(?:\|.*)?")
_FLUSH_S = 0.5
_SENT = 3
_ARRIVAL_S = 6.0


def prove(situation: Situation) -> Iterator[Word]:
    """Scrape before and after some requests; wait for what is pushed."""
    scraped = next(((way, path) for way in situation.ops for path in _scrape_paths(way)), None)
    sinks = situation.subject.bootstrap.root.parts("stats_sinks")
    if not scraped and not sinks:
        return
    with situation.stand(lambda draft: _hasten(draft, situation)) as stand:
        if scraped:
            yield from _scraped(situation, stand, *scraped)
        else:
            for way in situation.ways:
                _send_some(situation, stand, way)
        for sink in sinks:
            yield _pushed(situation, stand, sink)


def _hasten(draft: Draft, situation: Situation) -> None:
    root = situation.subject.bootstrap.root
    if root.parts("stats_sinks") and (seconds(root.get("stats_flush_interval")) or 5) > _FLUSH_S:
        draft.set(root.at("stats_flush_interval"), duration(_FLUSH_S), "scaled to a moment")


def _scrape_paths(way: Way) -> Iterator[str]:
    """Yield the paths of an ops listener at which Envoy's own are scraped."""
    for route in way.chain.routes():
        match, action = route.part("match"), route.part("route")
        path = match.text("path") or match.text("prefix")
        if _PATH in path or _PATH in action.text("prefix_rewrite"):
            yield path


def _scraped(situation: Situation, stand: Stand, ops: Way, path: str) -> Iterator[Word]:
    reply = send(stand.port(ops), Ask(path=path))
    lines = reply.body.decode(errors="replace").splitlines()
    bad = [each for each in lines if each and not each.startswith("#")
           and not _SAMPLE.fullmatch(each)]  # fmt: skip
    seen = f"{reply.said}, {len(bad)} lines that do not parse" if bad else f"{reply.said}, parses"
    yield told(f"{ops.name}: GET {path}", "200, parses", seen, cause=bad[0] if bad else "")
    sent = False
    for way in situation.ways:
        before = _counted(stand, ops, path, way)
        if not _send_some(situation, stand, way):
            continue
        sent = True
        counted = _counted(stand, ops, path, way) - before
        yield Shown(f"{way.name}: {_SENT} {'requests' if way.is_http else 'connections'}",
                    f"counted: {_SENT}", f"counted: {counted}", counted == _SENT,
                    "the statistics leave out what counts them")  # fmt: skip
    if not sent:
        yield Unproved("counters", "no way lets a caller of the run in")


def _send_some(situation: Situation, stand: Stand, way: Way) -> bool:
    """Send some requests through *way*; say whether there is anybody who may."""
    caller = situation.caller(way)
    if not isinstance(caller, Caller):
        return False
    for _ in range(_SENT):
        if way.is_http:
            stand.send(way, caller)
        else:
            with connection(stand.port(way), caller.tls, caller.name) as connected:
                connected.sendall(b"prove\n")
                connected.recv(64)
    return True


def _counted(stand: Stand, ops: Way, path: str, way: Way) -> int:
    """Return how many requests, or connections, a scrape says that have come through *way*."""
    prefix = (way.chain.http or way.chain.tcp).text("stat_prefix")
    name = "envoy_http_downstream_rq_xx" if way.is_http else "envoy_tcp_downstream_cx_total"
    text = send(stand.port(ops), Ask(path=path)).body.decode(errors="replace")
    matches = (_SAMPLE.fullmatch(line) for line in text.splitlines())
    found = (match for match in matches if match and match["name"] == name)
    return sum(
        int(float(each["value"])) for each in found if f'"{prefix}"' in (each["labels"] or "")
    )


def _pushed(situation: Situation, stand: Stand, sink: Part) -> Word:
    name = sink.text("name").rpartition(".")[2] or "sink"
    config = sink.part("typed_config")
    if config.part("address", "socket_address"):
        lines = stand.datagrams.lines
        situation.trial.until(lambda: any("_rq" in each for each in lines), _ARRIVAL_S)
        found = [each for each in list(lines) if _STATSD.fullmatch(each)]
        bad = len(lines) - len(found)
        seen = f"{len(found)} lines" + (f", {bad} that do not parse" if bad else "")
        return Shown(f"{name}: datagrams", "lines that parse", seen, bool(found) and not bad,
                     "nothing came")  # fmt: skip
    clusters = {str(part["cluster_name"]) for _, part in mappings_below(config.data)
                if "cluster_name" in part} | {config.text("tcp_cluster_name")}  # fmt: skip
    known = [each for each in clusters if each in stand.upstreams]
    if not known:
        return Unproved(name, "where it sends to cannot be read here")
    upstreams = stand.upstreams[known[0]]
    if config.is_a("SinkConfig"):

        def names() -> set[str]:
            return names_of_metrics(seen.body for each in upstreams for seen in list(each.seen))

        counted = situation.trial.until(lambda: any("_rq" in each for each in names()), _ARRIVAL_S)
        seen = "metrics of requests" if counted else f"{len(names())} others"
        return told(f"{name}: what is pushed over OTLP", "metrics of requests", seen,
                    cause="the collector does not get what counts the traffic")  # fmt: skip
    got = situation.trial.until(lambda: any(each.seen for each in upstreams), _ARRIVAL_S)
    return told(f"{name}: what is pushed", "arrives", "arrives" if got else "nothing came",
                cause="the collector gets nothing")  # fmt: skip
