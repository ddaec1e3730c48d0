"""Requests that take too long are ended; streams are not."""

import http.client
import socket
import time
from contextlib import closing

import grpc
import pytest
from harness.clients import ask, request, talk
from harness.grpc_echo import grpc_echo, stream
from harness.proxy import inbound, outbound, proxied
from harness.servers import full_server, http_echo, tcp_echo


@pytest.mark.parametrize("make", [inbound, outbound])
def test_a_slow_request_is_answered_with_504_at_the_timeout(make):
    with http_echo() as app:
        listener = make(app.port)
        with proxied([listener], {"timeouts": {"request": "600ms"}}):
            started = time.monotonic()
            reply = request(listener.port, "/delay/2000")
            took_s = time.monotonic() - started
            assert request(listener.port).status == 200
    assert (reply.status, reply.body) == (504, b"upstream request timeout")
    assert 0.5 < took_s < 1.9


def test_a_grpc_stream_outlives_the_request_timeout():
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc")
        with proxied([listener], {"timeouts": {"request": "200ms", "idle": "200ms"}}):
            assert stream(listener.port, b"0123456789") == [bytes([b]) for b in b"0123456789"]


def test_a_grpc_caller_keeps_its_own_deadline():
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc")
        with proxied([listener], {"timeouts": {}}), pytest.raises(grpc.RpcError) as caught:
            stream(listener.port, b"0123456789", timeout_s=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_quiet_grpc_stream_is_ended_by_its_own_timeout():
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc")
        with (
            proxied([listener], {"timeouts": {"stream": "20ms"}}),
            pytest.raises(grpc.RpcError) as caught,
        ):
            stream(listener.port, b"01")
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_an_event_stream_outlives_the_request_timeout():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"timeouts": {"request": "200ms", "idle": "200ms"}}):
            accept = {"accept": "text/html, text/event-stream"}
            assert request(listener.port, "/delay/500", headers=accept).status == 200
            assert request(listener.port, "/delay/500").status == 504


def test_a_websocket_outlives_request_and_idle_timeouts():
    head = (
        b"GET /chat HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = inbound(server.getsockname()[1])
        limits = {"request": "100ms", "idle": "100ms"}
        with (
            proxied([listener], {"timeouts": limits}),
            socket.create_connection(("127.0.0.1", listener.port)) as caller,
        ):
            caller.sendall(head)
            accepted, _ = server.accept()
            with accepted:
                accepted.recv(4096)
                accepted.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                    b"Upgrade: websocket\r\n\r\n"
                )
                assert b"101 Switching Protocols" in caller.recv(4096)
                time.sleep(0.4)
                caller.sendall(b"ping")
                assert accepted.recv(16) == b"ping"
                accepted.sendall(b"pong")
                assert caller.recv(16) == b"pong"


def test_a_quiet_request_is_ended_by_the_idle_timeout():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"timeouts": {"request": "0s", "idle": "200ms"}}):
            reply = request(listener.port, "/delay/1000")
    assert (reply.status, reply.body) == (504, b"stream timeout")


def test_a_quiet_tcp_connection_is_closed_and_a_busy_one_is_not():
    with tcp_echo() as server:
        listener = inbound(server.port, "tcp")
        with proxied([listener], {"timeouts": {"tcpIdle": "600ms"}}):
            with socket.create_connection(("127.0.0.1", listener.port), 3) as caller:
                for _ in range(8):
                    caller.sendall(b"x\n")
                    assert caller.recv(10) == b"x\n"
                    time.sleep(0.1)
                assert caller.recv(10) == b""
            assert talk(listener.port, b"y\n") == [b"y\n"]


def test_a_connection_that_is_kept_serves_on():
    with http_echo() as app:
        listener = inbound(app.port)
        with (
            proxied([listener], {"timeouts": {"request": "500ms", "idle": "500ms"}}),
            closing(http.client.HTTPConnection("127.0.0.1", listener.port)) as connection,
        ):
            assert ask(connection).status == 200
            time.sleep(0.7)
            assert ask(connection).status == 200


def test_a_dependency_that_takes_no_connection_fails_at_the_connect_timeout():
    with full_server() as server:
        listener = outbound(server.port)
        with proxied([listener], {"timeouts": {"connect": "300ms"}}):
            started = time.monotonic()
            reply = request(listener.port)
            took_s = time.monotonic() - started
    assert reply.status == 503
    assert reply.body.endswith(b"reset reason: connection timeout")
    assert 0.25 < took_s < 2
