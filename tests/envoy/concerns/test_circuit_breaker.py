"""What is too much is refused at once, and an endpoint that keeps failing is left alone."""

import socket
from collections import Counter
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
            proxied([listener], {"circuitBreaker": limits}),
            ThreadPoolExecutor(10) as pool,
        ):
            replies = list(pool.map(lambda _: request(listener.port, "/delay/400"), range(10)))
    assert Counter(reply.status for reply in replies) == {200: 3, 503: 7}
    refused = [reply for reply in replies if reply.status == 503]
    assert {reply.headers["x-envoy-overloaded"] for reply in refused} == {"true"}


def test_a_grpc_call_too_many_is_refused():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        with (
            proxied([listener], {"circuitBreaker": {"maxRequests": 1}}),
            ThreadPoolExecutor(4) as pool,
        ):
            codes = Counter(pool.map(lambda _: _code(listener.port), range(4)))
    assert codes == {"OK": 1, "UNAVAILABLE": 3}


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
            replies = [request(listener.port, "/status/503") for _ in range(8)]
            assert [reply.status for reply in replies] == [503] * 8
            assert replies[-1].body == b"no healthy upstream"
            assert len(app.seen) == 3
            eventually(lambda: request(listener.port).status == 200, 3)


@pytest.mark.parametrize(("errors", "reached"), [("gateway", 6), ("server", 3)])
def test_a_broken_page_counts_only_where_it_is_asked_for(errors, reached):
    with http_echo() as app:
        listener = outbound(app.port)
        outlier = {"consecutiveErrors": 3, "errors": errors, "ejection": "5s"}
        with proxied([listener], {"circuitBreaker": {"outlier": outlier}}):
            for _ in range(6):
                request(listener.port, "/status/500")
        assert len(app.seen) == reached


def test_unavailable_counts_for_grpc():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        outlier = {"consecutiveErrors": 2, "ejection": "5s"}
        with proxied([listener], {"circuitBreaker": {"outlier": outlier}}):
            for message in (b"a", b"b", b"c", b"d"):
                with pytest.raises(grpc.RpcError):
                    call(listener.port, message, FLAKY)
        assert len(app.seen) == 2


def test_the_applications_own_proxy_never_leaves_it_alone():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"circuitBreaker": {"outlier": {"consecutiveErrors": 1}}}):
            statuses = [request(listener.port, "/status/503").status for _ in range(4)]
        assert statuses == [503] * 4
        assert len(app.seen) == 4


def test_a_tcp_dependency_that_is_down_is_left_alone():
    listener = outbound(free_port(), "tcp")  # nobody listens
    outlier = {"consecutiveErrors": 2, "ejection": "5s"}
    concerns = {"circuitBreaker": {"outlier": outlier}, "accessLog": {"format": "text"}}
    with proxied([listener], concerns) as envoy:
        for _ in range(4):
            with pytest.raises(ConnectionError):
                talk(listener.port, b"x\n")
        lines = eventually(lambda: len(envoy.access_log()) == 4 and envoy.access_log())
    assert ["UH" in line for line in lines] == [False, False, True, True]


def _code(port):
    try:
        call(port, method=SLOW)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"
