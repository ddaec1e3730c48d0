"""What is too much is refused at once, and an endpoint that keeps failing is left alone."""

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest
from harness.clients import request, talk
from harness.collectors import eventually
from harness.grpc_echo import FLAKY, SLOW, call, grpc_echo
from harness.ports import free_port
from harness.proxy import build, inbound, outbound, proxied, serving
from harness.servers import http_echo, tcp_echo


@pytest.mark.parametrize("make", [inbound, outbound])
def test_a_request_too_many_is_refused_at_once(make):
    with http_echo() as app:
        listener = make(app.port)
        limits = {"maxConnections": 2, "maxPending": 1}
        with (
            proxied([listener], {"circuitBreaker": limits}) as envoy,
            ThreadPoolExecutor(3) as pool,
        ):
            held = []
            for under_way in (1, 2):
                held.append(pool.submit(request, listener.port, "/hold"))
                eventually(lambda under_way=under_way: len(app.seen) == under_way)
            held.append(pool.submit(request, listener.port, "/hold"))
            eventually(lambda: _gauge(envoy, listener, "rq_pending_active"))
            refused = request(listener.port)
            app.released.set()
            assert [each.result().status for each in held] == [200] * 3
            assert request(listener.port).status == 200
    assert (refused.status, refused.headers["x-envoy-overloaded"]) == (503, "true")


def test_a_grpc_call_too_many_is_refused():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        with (
            proxied([listener], {"circuitBreaker": {"maxRequests": 1}}),
            ThreadPoolExecutor(1) as pool,
        ):
            first = pool.submit(call, listener.port, b"one", SLOW)
            eventually(lambda: app.seen)
            with pytest.raises(grpc.RpcError) as caught:
                call(listener.port, b"two")
            assert first.result() == b"one"
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "overflow" in caught.value.details()


def test_a_tcp_connection_too_many_is_closed():
    with tcp_echo() as server:
        listener = inbound(server.port, "tcp")
        with (
            proxied([listener], {"circuitBreaker": {"maxConnections": 1}}),
            closing(socket.create_connection(("127.0.0.1", listener.port), 3)) as first,
        ):
            first.sendall(b"a\n")
            assert first.recv(10) == b"a\n"
            with pytest.raises(ConnectionError):
                talk(listener.port, b"b\n")
            first.sendall(b"c\n")
            assert first.recv(10) == b"c\n"


def test_what_is_left_is_exported():
    with http_echo() as app:
        listener = inbound(app.port)
        built = build([listener], {"circuitBreaker": {"maxConnections": 7}})
        with serving(built):
            assert request(listener.port).status == 200
            lines = request(built.ops_port, "/stats/prometheus").body.decode().splitlines()
    wanted = "envoy_cluster_circuit_breakers_default_remaining_cx{"
    left = [line for line in lines if line.startswith(wanted) and listener.name in line]
    assert [line.rpartition(" ")[2] for line in left] == ["6"]


def test_an_endpoint_that_keeps_failing_is_left_alone_and_comes_back():
    with http_echo() as app:
        listener = outbound(app.port)
        outlier = {"consecutiveErrors": 3, "interval": "100ms", "ejection": "400ms"}
        with proxied([listener], {"circuitBreaker": {"outlier": outlier}}):
            assert _failures_until_left_alone(listener, 503) >= 3
            reached = len(app.seen)
            eventually(lambda: request(listener.port).status == 200, 3)
            assert len(app.seen) == reached + 1


def test_a_broken_page_counts_only_where_it_is_asked_for():
    with http_echo() as app:
        tolerant, strict = outbound(app.port, name="a"), outbound(app.port, name="b")
        for listener, errors in ((tolerant, "gateway"), (strict, "server")):
            outlier = {"consecutiveErrors": 3, "errors": errors, "ejection": "5s"}
            with proxied([listener], {"circuitBreaker": {"outlier": outlier}}):
                assert (_failures_until_left_alone(listener, 500) is None) == (errors == "gateway")


def test_unavailable_counts_for_grpc():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        outlier = {"consecutiveErrors": 2, "ejection": "5s"}
        with proxied([listener], {"circuitBreaker": {"outlier": outlier}}):
            messages = iter(range(100))
            eventually(lambda: "no healthy upstream" in _refusal(listener.port, next(messages)))
    assert 2 <= len(app.seen) < 50


def test_the_applications_own_proxy_never_leaves_it_alone():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"circuitBreaker": {"outlier": {"consecutiveErrors": 1}}}):
            assert _failures_until_left_alone(listener, 503) is None
        assert len(app.seen) == _MANY


def test_a_tcp_dependency_that_is_down_is_left_alone():
    listener = outbound(free_port(), "tcp")  # nobody listens
    outlier = {"consecutiveErrors": 2, "ejection": "5s"}
    concerns = {"circuitBreaker": {"outlier": outlier}, "accessLog": {}}
    with proxied([listener], concerns) as envoy:
        eventually(lambda: _knock(listener.port) and "UH" in _flags(envoy))
        assert _flags(envoy)[:2] == ["UF,URX", "UF,URX"]


_MANY = 30


def _failures_until_left_alone(listener, status):
    """Return after how many failures Envoy answers by itself; None: not within ``_MANY``."""
    for count in range(_MANY):
        reply = request(listener.port, f"/status/{status}")
        if reply.body == b"no healthy upstream":
            return count
    return None


def _refusal(port, message):
    with pytest.raises(grpc.RpcError) as caught:
        call(port, str(message).encode(), FLAKY)
    return caught.value.details()


def _knock(port):
    with pytest.raises(ConnectionError):
        talk(port, b"x\n")
    return True


def _flags(envoy):
    return [json.loads(line)["flags"] for line in envoy.access_log()]


def _gauge(envoy, listener, name):
    """Return the value of a gauge of the cluster behind *listener*, 0 where it is not there."""
    text = envoy.admin(f"/stats/prometheus?filter={name}").body
    found = re.search(rf'{name}\{{envoy_cluster_name="{listener.name}"\}} (\d+)', text)
    return int(found[1]) if found else 0
