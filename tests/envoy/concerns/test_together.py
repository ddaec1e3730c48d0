"""All concerns at once, on every kind of listener: no two claim one field, and Envoy is content."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.certificates import Authority, client_context, spiffe
from harness.clients import request
from harness.grpc_echo import call, grpc_echo
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import http_echo

from sidecarctl.profile.concern import concerns

_RULES = [{"from": [spiffe("web", "prod")]}, {"from": ["anonymous"], "paths": ["/open"]}]
_NEEDED = {
    "accessControl": {"rules": _RULES},
    "rateLimit": {
        "perInstance": {"requests": 100, "per": "1s"},
        "perClient": {"by": "identity", "requests": 50, "per": "1s"},
    },
}
_ALL = {name: _NEEDED.get(name, {}) for name, each in concerns().items() if "envoy" in each.cells}
_OURS = Authority()
SHOP, WEB = _OURS.leaf(spiffe("shop", "prod")), _OURS.leaf(spiffe("web", "prod"))
_SIMPLE = {"tls": "simple", "sni": "api.example", "target_host": "api.example"}


def test_the_twelve_concerns_of_the_issue_are_there():
    assert {
        "accessControl", "accessLog", "circuitBreaker", "egress", "hardening", "lifecycle",
        "metrics", "mtls", "rateLimit", "retries", "timeouts", "tracing",
    } <= set(_ALL)  # fmt: skip


@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
def test_inbound(protocol):
    modes = ("none", "permissive", "strict")
    listeners = [inbound(8080, protocol, tls=tls, name=tls) for tls in modes]
    assert build(listeners, _ALL).verdict().messages == ()


@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
@pytest.mark.parametrize(
    "fields",
    [
        {"tls": "none", "target_host": "orders.prod.svc"},
        {"tls": "strict", "sans": (spiffe("orders"),), "sni": "orders.prod.svc"},
        _SIMPLE | {"values": {"protocol": "http"}},
        _SIMPLE | {"tls": "mutual", "values": {"protocol": "postgres"}},
    ],
    ids=["none", "strict", "simple", "mutual"],
)
def test_outbound(protocol, fields):
    assert build([outbound(80, protocol, **fields)], _ALL).verdict().messages == ()


def test_a_whole_workload_serves_and_calls(tmp_path):
    with http_echo() as app, grpc_echo() as service:
        server = [inbound(app.port, tls="strict"), inbound(service.port, "grpc", tls="strict"),
                  inbound(app.port, name="external")]  # fmt: skip
        shown = {"tls": "strict", "sans": (spiffe("shop", "prod"),), "sni": "shop"}
        client = [
            outbound(server[0].port, **shown),
            outbound(server[1].port, "grpc", **shown),
        ]
        with (
            proxied(server, _ALL, root=tmp_path / "a", leaf=SHOP) as envoy,
            proxied(client, _ALL, root=tmp_path / "b", leaf=WEB),
        ):
            assert request(client[0].port, "/x").status == 200
            assert call(client[1].port) == b"hello"
            assert request(server[2].port, "/open").status == 200
            assert request(server[2].port, "/x").status == 403
            other = client_context(_OURS.leaf(spiffe("other", "prod")))
            assert request(server[0].port, tls=other).status == 403
            assert envoy.messages() == ()


# What lets each of them do something, at the listeners below.
_DOING = _NEEDED | {
    "faults": {"delay": {"fixed": "1s", "percentage": "1%"}},
    "interception": {"mode": "transparent"},
    "metrics": {"statsd": "datadog"},
    "trafficSplit": {
        "splits": [
            {
                "of": "80",
                "variants": [{"name": "canary", "host": "x.svc", "port": 80, "weight": "1%"}],
                "mirror": {"host": "y.svc", "port": 80, "percentage": "1%"},
            }
        ]
    },
}


def _listeners(names):
    """Return one listener of each kind that there can be with these concerns."""
    modes = ("none", "permissive", "strict") if "mtls" in names else ("none",)
    found = [
        inbound(8080, protocol, tls=tls, name=f"{protocol}-{tls}")
        for tls in modes
        for protocol in ("http", "grpc", "tcp")
    ]
    found += [outbound(80, hosts=("orders",)), outbound(90, "grpc"), outbound(5432, "tcp")]
    if "mtls" in names:
        found.append(outbound(81, tls="strict", sans=(spiffe("orders"),), sni="orders.prod.svc"))
    if "egress" in names:
        found.append(outbound(443, **_SIMPLE, values={"protocol": "http"}))
    if "interception" in names:
        found.append(outbound(0, "tcp", name="capture", target_host=""))
    return found


@pytest.mark.parametrize("first", sorted(_ALL))
def test_every_pair_of_concerns_is_taken_without_a_warning(first):
    others = sorted(name for name in _ALL if name > first)
    built = {
        other: build(_listeners((first, other)), {x: _DOING.get(x, {}) for x in (first, other)})
        for other in others
    }
    with ThreadPoolExecutor(2) as pool:
        verdicts = dict(
            zip(built, pool.map(lambda each: each.verdict(), built.values()), strict=True)
        )
    said = {other: verdict.messages for other, verdict in verdicts.items() if not verdict.clean}
    assert said == {}
