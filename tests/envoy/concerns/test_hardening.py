"""Limits hold, and what callers make up is not believed."""

import socket
import time
from contextlib import ExitStack, closing

import pytest
import yaml
from harness.clients import request, talk
from harness.grpc_echo import UNARY, call, grpc_echo
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import http_echo

from sidecarctl.envoy.binary import running

_LIFECYCLE = {"lifecycle": {}}


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


def _hardened(**values):
    return _LIFECYCLE | {"hardening": values}


@pytest.mark.parametrize("memory", [0, 134_217_728])
@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
def test_every_listener_validates_without_a_warning(memory, protocol):
    listeners = [inbound(8080, protocol), outbound(80, protocol)]
    values = {
        "forwarded": "overwrite",
        "underscores": "allow",
        "trustedHops": 1,
        "buffer": 65536,
        "maxHeaderSize": "1Mi",
    }
    for chosen in ({}, values):
        built = build(listeners, _hardened(**chosen), sidecar={"memoryLimitBytes": memory})
        assert built.verdict().messages == ()


def test_the_heap_may_take_three_quarters_of_the_memory_limit():
    built = build([inbound(8080)], _hardened(), sidecar={"memoryLimitBytes": 134_217_728})
    monitors = yaml.safe_load(built.text)["overload_manager"]["resource_monitors"]
    assert monitors[1]["typed_config"]["max_heap_size_bytes"] == 100_663_296


def test_a_full_heap_answers_503_and_still_serves_ops(app):
    listener = inbound(app.port)
    built = build([listener], _hardened(), sidecar={"memoryLimitBytes": 4_000_000})
    with running(built.text, built.files):
        time.sleep(0.6)
        assert request(listener.port).status == 503
        assert request(built.ops_port, "/ready").status == 200


def test_connections_beyond_the_limit_are_closed_and_ops_does_not_count(app):
    listener = inbound(app.port)
    built = build([listener], _hardened(maxConnections=3))
    with running(built.text, built.files), ExitStack() as held:
        for _ in range(3):
            held.enter_context(closing(socket.create_connection(("127.0.0.1", listener.port))))
        time.sleep(0.1)
        with pytest.raises(OSError, match=r"reset|closed|Remote end"):
            request(listener.port)
        assert request(built.ops_port, "/ready").status == 200


@pytest.mark.parametrize(
    ("values", "headers", "status"),
    [
        ({}, {f"x-{index}": "1" for index in range(90)}, 200),
        ({"maxHeaders": 20}, {f"x-{index}": "1" for index in range(30)}, 431),
        ({"maxHeaderSize": "8Ki"}, {"x": "a" * 9000}, 431),
        ({"maxHeaderSize": "8Ki"}, {"x": "a" * 7000}, 200),
        ({}, {"x_forwarded_client_cert": "forged"}, 400),
        ({"underscores": "allow"}, {"x_tenant": "a"}, 200),
    ],
)
def test_headers(app, values, headers, status):
    with proxied([listener := inbound(app.port)], _hardened(**values)):
        assert request(listener.port, headers=headers).status == status


def test_grpc_metadata_may_have_underscores():
    with grpc_echo() as service, proxied([listener := inbound(service.port, "grpc")], _hardened()):
        assert call(listener.port, metadata=[("user_id", "7")]) == b"hello"
    ((method, metadata),) = service.seen
    assert (method, metadata["user_id"]) == (UNARY, "7")


def test_slow_headers_are_cut_off(app):
    with proxied([listener := inbound(app.port)], _hardened(headersTimeout="200ms")):
        assert b" 408 " in talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n")[0]


_FORGED = {
    "x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/prod/sa/admin",
    "x-request-id": "mine",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-original-path": "/other",
    "x-sidecarctl-proto": "https",
}


def test_what_only_a_proxy_may_say_is_taken_from_no_caller(app):
    with proxied([listener := inbound(app.port)], _hardened()):
        seen = request(listener.port, headers=_FORGED).json["headers"]
    assert set(_FORGED) & set(seen) == {"x-request-id"}
    assert seen["x-request-id"] != "mine"
    assert seen["x-forwarded-proto"] == "http"
    assert "x-forwarded-for" not in seen


@pytest.mark.parametrize(
    ("values", "proto", "addresses"),
    [
        ({}, "https", 1),
        ({"trustedHops": 1}, "https", 1),
        ({"forwarded": "overwrite"}, "http", 2),
        ({"forwarded": "overwrite", "trustedHops": 1}, "https", 2),
    ],
)
def test_what_the_application_is_told_of_its_callers(app, values, proto, addresses):
    forwarded = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
    with proxied([listener := inbound(app.port)], _hardened(**values)):
        seen = request(listener.port, headers=forwarded).json["headers"]
    assert seen["x-forwarded-proto"] == proto
    told = seen["x-forwarded-for"].split(",")
    assert (told[0], len(told)) == ("1.2.3.4", addresses)
    assert "x-sidecarctl-proto" not in seen


@pytest.mark.parametrize(("hops", "address"), [(0, "127.0.0.1"), (1, "1.2.3.4")])
def test_whose_address_the_proxy_believes(app, hops, address):
    rules = {"accessControl": {"rules": [{"sources": [f"{address}/32"]}]}}
    concerns = _hardened(trustedHops=hops) | rules
    with proxied([listener := inbound(app.port)], concerns):
        assert request(listener.port, headers={"x-forwarded-for": "1.2.3.4"}).status == 200
        assert request(listener.port, headers={"x-forwarded-for": "5.6.7.8"}).status == (
            403 if hops else 200
        )


def test_bodies_may_be_bigger_than_the_buffer(app):
    with proxied([listener := inbound(app.port)], _hardened(buffer="4Ki")):
        reply = request(listener.port, method="POST", body=b"x" * 1_000_000)
        assert reply.json["length"] == 1_000_000
        assert len(request(listener.port, "/bytes/1000000").body) == 1_000_000
