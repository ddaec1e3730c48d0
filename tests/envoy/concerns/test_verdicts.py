"""The real Envoy takes every cell at every kind of listener without a word of warning."""

import pytest
from harness.proxy import acts_on, build, concern, inbound, outbound

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.schema import values_schema


def _choices(name, field):
    schema = values_schema(concerns()[name])
    return schema["properties"][field]["items"]["enum"]


_KINDS = {
    "inbound http": inbound(8080),
    "inbound grpc": inbound(9090, "grpc"),
    "inbound tcp": inbound(6379, "tcp"),
    "outbound http": outbound(80),
    "outbound grpc": outbound(90, "grpc"),
    "outbound tcp": outbound(5432, "tcp"),
    "outbound by name": outbound(81, target_host="orders.prod.svc.cluster.local"),
}
_PROTOCOLS = ("http", "grpc", "tcp")
# What a concern cannot do without.
_DEMANDED = {
    "accessControl": {"rules": [{"from": ["spiffe://cluster.local/ns/prod/sa/web"]}]},
    "rateLimit": {"perInstance": {"requests": 100, "per": "1s"}},
}
_VARIANTS = {
    "timeouts": [{}, {"request": "0s", "idle": "0s", "stream": "0s", "keepAlive": "0s"}],
    "retries": [
        {},
        {"perTry": "1.5s", "methods": ["GET", "PUT"], "grpc": []},
        {"attempts": 0},
        {
            "conditions": list(_choices("retries", "conditions")),
            "grpc": list(_choices("retries", "grpc")),
        },
    ],
    "circuitBreaker": [
        {},
        {"outlier": {"errors": "server", "maxEjected": "100%"}},
        {"outlier": {"consecutiveErrors": 0}},
    ],
    "accessLog": [
        {},
        {"headers": ["x-tenant", "authorization"], "successes": "0.5%"},
        {"format": "text", "headers": ["x-tenant"], "successes": "0%"},
        {"headers": ["authorization"]},
    ],
    "metrics": [
        {},
        {"prometheus": False},
        {"statsd": "datadog", "interval": "1m"},
        {"statsd": {"format": "plain", "host": "::1", "port": 9125}},
    ],
    "faults": [
        {},
        {"delay": {"fixed": "300ms", "percentage": "0.5%"}},
        {
            "byHeader": False,
            "delay": {"fixed": "1.5s", "whenHeader": {"name": "x-slow"}},
            "abort": {"status": 503, "percentage": "5%", "whenHeader": {"name": "x", "value": "y"}},
        },
        {"byHeader": False},
    ],
    "trafficSplit": [
        {},
        {
            "splits": [
                {
                    "of": str(port),
                    "sticky": {"cookie": "user"},
                    "variants": [
                        {"name": "canary", "host": "canary.svc", "port": 80, "weight": "0.5%"},
                        {
                            "name": "beta",
                            "host": "::1",
                            "port": 80,
                            "match": {"cookie": {"name": "exp", "value": "b"}},
                        },
                        {
                            "name": "test",
                            "host": "10.0.0.1",
                            "port": 80,
                            "match": {"header": {"name": "x-version", "value": "v2"}},
                        },
                    ],
                    "mirror": {"host": "shadow.svc", "port": 80, "percentage": "25%"},
                }
                for port in (80, 81, 90, 5432)
            ]
        },
    ],
    "tracing": [
        {},
        {"to": "datadog", "sampling": "0.5%"},
        {"to": "zipkin", "zipkin": {"host": "zipkin.observability.svc"}},
        {"to": "otlp", "otlp": {"host": "otel-collector.observability", "port": 14317}},
    ],
}


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("name", _VARIANTS)
def test_each_cell_alone(name, kind):
    listener = _KINDS[kind]
    if not acts_on(concern(name), listener):
        assert name in ("retries", "tracing", "faults", "trafficSplit")
        assert listener.protocol == "tcp" or listener.direction == "inbound"
        return
    verdict = build([listener], {name: {}}).verdict()
    assert verdict.messages == ()
    assert verdict.accepted


@pytest.mark.parametrize(
    ("name", "values"),
    [(name, values) for name, variants in _VARIANTS.items() for values in variants],
)
def test_each_choice_of_values_at_all_listeners(name, values):
    verdict = build(list(_KINDS.values()), {name: values}).verdict()
    assert verdict.messages == ()
    assert verdict.accepted


@pytest.mark.parametrize("at", range(4))
def test_all_together(at):
    chosen = {name: variants[at % len(variants)] for name, variants in _VARIANTS.items()}
    verdict = build(list(_KINDS.values()), chosen).verdict()
    assert verdict.messages == ()
    assert verdict.accepted


@pytest.mark.parametrize("tls", ["none", "strict", "permissive"])
def test_every_concern_that_there_is_at_once(tls):
    mesh = "strict" if tls == "strict" else "none"
    listeners = [
        *(inbound(8080 + at, protocol, tls=tls) for at, protocol in enumerate(_PROTOCOLS)),
        *(outbound(80 + at, protocol, tls=mesh) for at, protocol in enumerate(_PROTOCOLS)),
    ]
    chosen = {
        name: _DEMANDED.get(name, {}) for name, each in concerns().items() if "envoy" in each.cells
    }
    assert set(_VARIANTS) < set(chosen)
    verdict = build(listeners, chosen).verdict()
    assert verdict.messages == ()
    assert verdict.accepted
