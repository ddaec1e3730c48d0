"""Spans arrive at each kind of collector, the trace goes on, and no query string goes along."""

import pytest
import yaml
from harness.clients import request
from harness.collectors import (
    datadog_agent,
    otlp_collector,
    otlp_http_collector,
    zipkin_collector,
)
from harness.grpc_echo import call, grpc_echo
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import http_echo, silent_resolver

from sidecarctl.envoy.binary import running
from sidecarctl.envoy.bootstrap import dump

_COLLECTORS = {
    "otlp": otlp_collector,
    "otlpHttp": otlp_http_collector,
    "datadog": datadog_agent,
    "zipkin": zipkin_collector,
}
_TRACE, _PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_SAMPLED = {"traceparent": f"00-{_TRACE}-{_PARENT}-01", "tracestate": "vendor=1"}
_UNSAMPLED = {"traceparent": f"00-{'a' * 32}-{_PARENT}-00"}
_CARES = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
# OTLP and Zipkin spans are sent as soon as there are five, or else after 5 s.
_AT_ONCE = 5


@pytest.mark.parametrize("kind", _COLLECTORS)
def test_a_span_arrives_and_the_trace_goes_on(kind):
    with http_echo() as app, _COLLECTORS[kind]() as collector:
        listener = inbound(app.port)
        with proxied([listener], {"tracing": _to(kind, collector, "100%")}):
            for _ in range(_AT_ONCE):
                request(listener.port, "/orders/1?card=4111", headers=_SAMPLED)
            spans = collector.wait_for(_AT_ONCE)
    for span in spans:
        assert (span.trace_id, span.parent_id) == (_TRACE, _PARENT)
        assert (span.service, span.name) == ("shop", f"GET {listener.name}")
        assert span.tags["http.url"] == f"http://127.0.0.1:{listener.port}/orders/1"
        assert span.tags["http.status_code"] == "200"
    assert b"4111" not in b"".join(collector.payloads)
    version, trace, parent, flags = app.seen[0].headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", _TRACE, "01")
    assert parent != _PARENT
    assert "vendor=1" in app.seen[0].headers["tracestate"] or kind == "datadog"


@pytest.mark.parametrize("kind", ["otlp", "otlpHttp", "zipkin"])
def test_a_trace_that_came_keeps_its_decision_and_a_new_one_is_sampled(kind):
    with http_echo() as app, _COLLECTORS[kind]() as collector:
        listener = inbound(app.port)
        with proxied([listener], {"tracing": _to(kind, collector, "0%")}):
            for _ in range(_AT_ONCE):
                request(listener.port, headers={"x-client-trace-id": "keep-me"})
                request(listener.port, headers=_UNSAMPLED)
                request(listener.port, headers=_SAMPLED)
            spans = collector.wait_for(_AT_ONCE)
    assert {span.trace_id for span in spans} == {_TRACE}
    flags = [seen.headers["traceparent"][-2:] for seen in app.seen[:3]]
    assert flags == ["00", "00", "01"]


def test_datadog_tells_the_agent_what_to_keep():
    with http_echo() as app, datadog_agent() as agent:
        listener = inbound(app.port)
        with proxied([listener], {"tracing": _to("datadog", agent, "0%")}):
            for headers in ({}, _UNSAMPLED, _SAMPLED):
                request(listener.port, headers=headers)
            spans = agent.wait_for(3)
    assert [span.tags["_sampling_priority_v1"] > 0 for span in spans] == [False, False, True]
    kept = [seen.headers["x-datadog-sampling-priority"] for seen in app.seen]
    assert [int(priority) > 0 for priority in kept] == [False, False, True]


def test_an_outbound_span_is_the_clients_and_grpc_is_named_by_its_method():
    with http_echo() as app, grpc_echo() as rpc, otlp_collector() as collector:
        out, into = outbound(app.port), inbound(rpc.port, "grpc")
        with proxied([out, into], {"tracing": _to("otlp", collector, "100%")}):
            for _ in range(3):
                request(out.port, "/a?b=c")
                call(into.port)
            spans = collector.wait_for(_AT_ONCE)
    assert {(span.kind, span.name) for span in spans} == {
        ("client", f"GET {out.name}"),
        ("server", "/test.Echo/Unary"),
    }
    assert {span.resource["k8s.namespace.name"] for span in spans} == {"prod"}


@pytest.mark.parametrize("kind", _COLLECTORS)
def test_the_spans_of_server_and_client_are_of_one_trace(kind):
    with http_echo() as app, http_echo() as callee, _COLLECTORS[kind]() as collector:
        into, out = inbound(app.port), outbound(callee.port)
        with proxied([into, out], {"tracing": _to(kind, collector, "100%")}):
            for _ in range(_AT_ONCE):
                request(into.port)
                seen = app.seen[-1].headers  # the application passes on what it was told
                passed = {name: value for name, value in seen.items()
                          if name.startswith(("trace", "x-datadog", "x-b3"))}  # fmt: skip
                request(out.port, headers=passed)
            spans = collector.wait_for(_AT_ONCE * 2)
    servers = {span.trace_id: span for span in spans if span.name.endswith(into.name)}
    clients = {span.trace_id: span for span in spans if span.name.endswith(out.name)}
    assert len(servers) == len(clients) == _AT_ONCE
    assert servers.keys() == clients.keys()
    told = {seen.headers["traceparent"].split("-")[1]: seen.headers["traceparent"].split("-")[2]
            for seen in app.seen}  # fmt: skip
    for trace, span in clients.items():
        assert span.parent_id == told[trace]
    if kind != "datadog":
        assert {span.kind for span in servers.values()} == {"server"}
        assert {span.kind for span in clients.values()} == {"client"}


def test_datadogs_own_headers_are_read_and_written():
    with http_echo() as app, datadog_agent() as agent:
        listener = inbound(app.port)
        with proxied([listener], {"tracing": _to("datadog", agent, "0%")}):
            headers = {"x-datadog-trace-id": "1234", "x-datadog-parent-id": "99",
                       "x-datadog-sampling-priority": "2"}  # fmt: skip
            request(listener.port, headers=headers)
            (span,) = agent.wait_for()
    assert (int(span.trace_id, 16), int(span.parent_id, 16)) == (1234, 99)
    assert span.tags["_sampling_priority_v1"] == 2
    seen = app.seen[0].headers
    assert (seen["x-datadog-trace-id"], seen["x-datadog-sampling-priority"]) == ("1234", "2")
    assert seen["traceparent"].split("-")[1] == f"{1234:032x}"


def test_a_collector_that_is_down_delays_nothing():
    with http_echo() as app:
        listener = inbound(app.port)
        tracing = {"sampling": "100%", "otlp": {"port": 9}}
        with proxied([listener], {"tracing": tracing}):
            replies = [request(listener.port, timeout_s=2) for _ in range(_AT_ONCE)]
    assert [reply.status for reply in replies] == [200] * _AT_ONCE


def test_a_collector_that_cannot_be_found_does_not_hold_up_the_start():
    with http_echo() as app, silent_resolver() as resolver:
        listener = inbound(app.port)
        built = build([listener], {"tracing": {"otlp": {"host": "collector.observability"}}})
        bootstrap = yaml.safe_load(built.text)
        (cluster,) = _named(bootstrap["static_resources"]["clusters"], "tracing-collector")
        address = {"socket_address": {"address": "127.0.0.1", "port_value": resolver.port}}
        cluster["typed_dns_resolver_config"] = {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {"@type": _CARES, "resolvers": [address]},
        }
        with running(dump(bootstrap), ready_s=2):
            assert request(listener.port).status == 200


@pytest.mark.parametrize("kind", _COLLECTORS)
def test_every_cluster_that_a_tracer_names_is_there(kind):
    # Envoy accepts a tracer with an unknown cluster, and the spans vanish without a word.
    text = build([inbound(8080)], {"tracing": {"to": kind}}).text
    assert text.count('"tracing-collector"') == 3


def _named(members, name):
    return [each for each in members if each["name"] == name]


def _to(kind, collector, sampling):
    return {
        "to": kind,
        "sampling": sampling,
        kind: {"host": "127.0.0.1", "port": collector.port},
    }
