"""What is too much gets 429: per instance, per client, and only counted in shadow mode."""

from collections import Counter

import grpc
import pytest
from harness.certificates import Authority, client_context, spiffe
from harness.clients import request
from harness.grpc_echo import call, grpc_echo
from harness.proxy import build, inbound, proxied
from harness.servers import http_echo

_OURS = Authority()
SHOP, WEB, OPS = (_OURS.leaf(spiffe(name, "prod")) for name in ("shop", "web", "ops"))
_HOURLY = {"requests": 100, "per": "1h"}


def _concerns(**values):
    return {"hardening": {}, "lifecycle": {}, "mtls": {}, "rateLimit": values}


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


def _statuses(port, count, **options):
    return dict(Counter(request(port, **options).status for _ in range(count)))


@pytest.mark.parametrize("mode", ["enforce", "shadow"])
@pytest.mark.parametrize(
    "limits",
    [
        {"perInstance": _HOURLY},
        {"perInstance": {**_HOURLY, "burst": 7}, "perClient": {"by": "identity", **_HOURLY}},
        {"perClient": {"by": "address", **_HOURLY}},
        {"perClient": {"by": "header:x-api-key", "requests": 1, "per": "5m", "burst": 3}},
    ],
    ids=["instance", "both", "address", "header"],
)
def test_every_listener_validates_without_a_warning(mode, limits):
    listeners = [
        inbound(8080, protocol, tls=tls, name=f"{protocol}-{tls}")
        for protocol in ("http", "grpc")
        for tls in ("none", "permissive", "strict")
    ]
    assert build(listeners, _concerns(mode=mode, **limits)).verdict().messages == ()


def test_the_101st_request_of_100_an_hour_is_too_much(app):
    with proxied([listener := inbound(app.port)], _concerns(perInstance=_HOURLY)):
        first = request(listener.port)
        assert first.headers["x-ratelimit-limit"] == "100"
        assert first.headers["x-ratelimit-remaining"] == "99"
        assert "retry-after" not in first.headers
        assert _statuses(listener.port, 99) == {200: 99}
        refused = request(listener.port)
        assert refused.status == 429
        assert refused.headers["retry-after"] == "36"
        assert refused.headers["x-ratelimit-remaining"] == "0"


def test_a_burst_is_what_may_come_at_once(app):
    limit = {"perInstance": {"requests": 1, "per": "1h", "burst": 5}}
    with proxied([listener := inbound(app.port)], _concerns(**limit)):
        assert _statuses(listener.port, 7) == {200: 5, 429: 2}


def test_clients_are_told_apart_by_identity(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    limits = {"perClient": {"by": "identity", "requests": 3, "per": "1h"}}
    with proxied([listener], _concerns(**limits), root=tmp_path, leaf=SHOP):
        web, ops = client_context(WEB), client_context(OPS)
        assert _statuses(listener.port, 5, tls=web) == {200: 3, 429: 2}
        assert _statuses(listener.port, 3, tls=ops) == {200: 3}
        renewed = client_context(_OURS.leaf(spiffe("web", "prod")))
        assert _statuses(listener.port, 1, tls=renewed) == {429: 1}


def test_callers_without_a_certificate_are_told_apart_by_address(app, tmp_path):
    limits = {"perClient": {"by": "identity", "requests": 3, "per": "1h"}}
    listeners = [
        inbound(app.port, name="external", tls="none"),
        inbound(app.port, name="permissive", tls="permissive"),
    ]
    with proxied(listeners, _concerns(**limits), root=tmp_path, leaf=SHOP):
        for listener in listeners:
            assert _statuses(listener.port, 4) == {200: 3, 429: 1}


def test_a_forged_address_does_not_help(app):
    limits = {"perClient": {"by": "address", "requests": 2, "per": "1h"}}
    with proxied([listener := inbound(app.port)], _concerns(**limits)):
        assert _statuses(listener.port, 2) == {200: 2}
        assert _statuses(listener.port, 1, headers={"x-forwarded-for": "1.2.3.4"}) == {429: 1}


def test_clients_are_told_apart_by_a_header_and_need_not_have_it(app):
    limits = {"perClient": {"by": "header:x-api-key", "requests": 2, "per": "1h"}}
    with proxied([listener := inbound(app.port)], _concerns(**limits)):
        assert _statuses(listener.port, 3, headers={"x-api-key": "a"}) == {200: 2, 429: 1}
        assert _statuses(listener.port, 2, headers={"x-api-key": "b"}) == {200: 2}
        assert _statuses(listener.port, 9) == {200: 9}


def test_both_limits_count(app):
    limits = {
        "perInstance": {"requests": 4, "per": "1h"},
        "perClient": {"by": "header:x-api-key", "requests": 3, "per": "1h"},
    }
    with proxied([listener := inbound(app.port)], _concerns(**limits)):
        assert _statuses(listener.port, 4, headers={"x-api-key": "a"}) == {200: 3, 429: 1}
        assert request(listener.port, headers={"x-api-key": "b"}).status in {200, 429}
        assert _statuses(listener.port, 3, headers={"x-api-key": "c"}) == {429: 3}


def test_more_clients_than_are_remembered(app):
    limits = {
        "perClient": {"by": "header:x-api-key", "requests": 1, "per": "1h"},
        "maxClients": 50,
    }
    with proxied([listener := inbound(app.port)], _concerns(**limits)):
        assert _statuses(listener.port, 2, headers={"x-api-key": "me"}) == {200: 1, 429: 1}
        for number in range(40):
            request(listener.port, headers={"x-api-key": f"other-{number}"})
        assert _statuses(listener.port, 1, headers={"x-api-key": "me"}) == {429: 1}


def test_shadow_lets_everything_pass_and_marks_it(app):
    limits = {"mode": "shadow", "perInstance": {"requests": 1, "per": "1h"}}
    with proxied([listener := inbound(app.port)], _concerns(**limits)):
        assert "x-rate-limited" not in request(listener.port).json["headers"]
        reply = request(listener.port)
        assert reply.status == 200
        assert reply.json["headers"]["x-rate-limited"] == "shadow"


def test_grpc_says_resource_exhausted():
    limits = {"perInstance": {"requests": 1, "per": "1h"}}
    with (
        grpc_echo() as service,
        proxied([listener := inbound(service.port, "grpc")], _concerns(**limits)),
    ):
        assert call(listener.port) == b"hello"
        with pytest.raises(grpc.RpcError) as caught:
            call(listener.port)
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
