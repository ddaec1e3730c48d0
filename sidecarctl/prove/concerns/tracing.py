"""Tracing: spans of the caller's own trace arrive, the trace goes on, no query string with it."""

import re
from collections.abc import Iterator, Sequence
from secrets import token_hex

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.telemetry import kinds_of_spans
from sidecarctl.prove.walk import mappings_below
from sidecarctl.prove.ways import Way

_CLUSTER_FIELDS = ("cluster_name", "collector_cluster", "cluster")
_SECRET = "s3cret-query"  # noqa: S105  what must not be seen
# OTLP and Zipkin spans are sent as soon as there are five, or else after 5 s.
_SENT = 6
_PASSED_ON = ("traceparent", "tracestate", "x-datadog-", "x-b3-")
_ARRIVAL_S = 5.0


def prove(situation: Situation) -> Iterator[Word]:
    """Send requests of one trace through each way, and look at what the collector gets."""
    traced = [way for way in situation.ways if way.chain.http.has("tracing")]
    if not traced:
        return
    with situation.stand() as stand:
        for way in traced:
            provider = way.chain.http.part("tracing", "provider")
            if not provider:
                yield Shown(f"{way.name}: spans", "arrive", "none are made", ok=False,
                            cause="tracing has no provider")  # fmt: skip
                continue
            caller = situation.caller(way)
            if isinstance(caller, Nobody):
                yield Unproved(way.name, caller.why)
            else:
                yield from _traced(situation, stand, way, caller, provider)
        yield from _both(situation, stand, traced)


def _traced(
    situation: Situation, stand: Stand, way: Way, caller: Caller, provider: Part
) -> Iterator[Word]:
    name = _collector(provider)
    if name not in stand.upstreams:
        yield Shown(f"{way.name}: spans", "arrive", "nothing is sent", ok=False,
                    cause=f"there is no cluster {name!r}")  # fmt: skip
        return
    trace = token_hex(16)
    headers = {**caller.ask.headers, "traceparent": f"00-{trace}-{token_hex(8)}-01"}
    path = f"{caller.ask.path}?token={_SECRET}"
    replies = [stand.send(way, caller, caller.changed(path=path, headers=headers))
               for _ in range(_SENT)]  # fmt: skip
    collectors = stand.upstreams[name]

    def bodies() -> list[bytes]:
        every = (seen.body for each in collectors for seen in list(each.seen))
        # The Datadog tracer writes the lower half of the id as a number.
        return [
            body for body in every if bytes.fromhex(trace[16:]) in body or trace.encode() in body
        ]

    arrived = situation.trial.until(bodies, _ARRIVAL_S)
    seen = "arrive, of the caller's trace" if arrived else "none of the caller's trace"
    yield told(f"{way.name}: spans of {_SENT} requests", "arrive, of the caller's trace", seen,
               cause="nothing is sampled, or the trace is cut here")  # fmt: skip
    passed = replies[0].echoed.get("traceparent", "")
    yield told(f"{way.name}: what the application is told", "the same trace",
               "the same trace" if trace in passed else passed or replies[0].said,
               cause="the trace does not go on")  # fmt: skip
    if arrived:
        leaked = any(_SECRET.encode() in body for body in arrived)
        yield told(f"{way.name}: the query string", "in no span",
                   "in a span" if leaked else "in no span",
                   cause="http.url holds it: overwrite the tag by custom_tags")  # fmt: skip


def _both(situation: Situation, stand: Stand, traced: Sequence[Way]) -> Iterator[Word]:
    """Call in, and let the application call out with what it was told: the trace is one."""
    into = next((each for each in traced if each.inbound), None)
    out = next((each for each in traced if not each.inbound), None)
    if into is None or out is None:
        return
    caller, onward = situation.caller(into), situation.caller(out)
    names = [_collector(each.chain.http.part("tracing", "provider")) for each in (into, out)]
    if (
        isinstance(caller, Nobody)
        or isinstance(onward, Nobody)
        or not {*names} <= {*stand.upstreams}
    ):
        return  # said already
    trace = token_hex(16)
    begun = {**caller.ask.headers, "traceparent": f"00-{trace}-{token_hex(8)}-01"}
    for _ in range(_SENT):
        told_app = stand.send(into, caller, caller.changed(headers=begun)).echoed
        passed = {name: value for name, value in told_app.items() if name.startswith(_PASSED_ON)}
        stand.send(out, onward, onward.changed(headers={**onward.ask.headers, **passed}))

    def kinds() -> set[str]:
        every = (stand.upstreams[name] for name in dict.fromkeys(names))
        bodies = [seen.body for group in every for each in group for seen in list(each.seen)]
        own = [each for each in bodies if bytes.fromhex(trace[16:]) in each]
        ends = {"server": into.clusters, "client": out.clusters}
        led = {kind for kind, clusters in ends.items()
               if any(_led_to(each.name, body) for body in own for each in clusters)}  # fmt: skip
        return kinds_of_spans(bodies, trace) | led

    wanted = {"server", "client"}
    situation.trial.until(lambda: kinds() >= wanted, _ARRIVAL_S)
    seen = " and ".join(sorted(kinds(), reverse=True)) or "no"
    yield told(f"{into.name} and {out.name}: a call that leads to another",
               "server and client spans of one trace", f"{seen} spans of one trace",
               cause="the trace is cut, or one of them reports elsewhere")  # fmt: skip


def _led_to(cluster: str, body: bytes) -> bool:
    """Say whether a span of Datadog's, which has no kind, is of a call to *cluster*.

    Source: https://github.com/msgpack/msgpack/blob/master/spec.md#str-format-family
    """
    head = rb"upstream_cluster\.name(?:[\xa0-\xbf]|\xd9.|\xda..|\xdb....)"
    return re.search(head + re.escape(cluster.encode()), body, re.DOTALL) is not None


def _collector(provider: Part) -> str:
    for _, part in mappings_below(provider.part("typed_config").data):
        for field in _CLUSTER_FIELDS:
            value = part.get(field)
            if isinstance(value, str):
                return value
    return ""
