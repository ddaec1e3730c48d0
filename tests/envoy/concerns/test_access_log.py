"""Every request and connection leaves a line on stdout, and no line holds a secret."""

import json
import re

import grpc
import pytest
from harness.clients import request, talk
from harness.collectors import eventually, otlp_logs
from harness.grpc_echo import FLAKY, call, grpc_echo
from harness.ports import free_port
from harness.proxy import inbound, outbound, proxied
from harness.servers import http_echo, tcp_echo

_SECRETS = {"authorization": "Bearer s3cret", "cookie": "s3cret", "x-tenant": "acme"}


def test_a_request_leaves_one_json_object():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"accessLog": {}}) as envoy:
            request(listener.port, "/a/b?card=4111", "POST", headers=_SECRETS, body=b"xyz")
            (line,) = _lines(envoy, 1)
    entry = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert re.fullmatch(r"[0-9a-f-]{36}", entry.pop("request_id"))
    assert entry.pop("duration_ms") < 1000
    assert entry.pop("bytes_out") > 100
    assert entry == {
        "direction": "inbound",
        "listener": listener.name,
        "method": "POST",
        "authority": f"127.0.0.1:{listener.port}",
        "path": "/a/b",
        "protocol": "HTTP/1.1",
        "status": 200,
        "flags": "-",
        "details": "via_upstream",
        "bytes_in": 3,
        "client": "127.0.0.1",
        "upstream": f"127.0.0.1:{app.port}",
        "tries": 1,
    }


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_neither_query_nor_redacted_header_is_written(log_format):
    with http_echo() as app:
        listener = outbound(app.port)
        values = {
            "format": log_format,
            "headers": ["x-tenant", "authorization", "cookie"],
            "redact": ["authorization", "cookie"],
        }
        with proxied([listener], {"accessLog": values}) as envoy:
            request(listener.port, "/a?card=4111", headers=_SECRETS)
            (line,) = _lines(envoy, 1)
    assert "acme" in line
    assert "/a" in line
    assert "4111" not in line
    assert "s3cret" not in line


def test_headers_stand_under_a_key_of_their_own():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"accessLog": {"headers": ["x-tenant", "x-none"]}}) as envoy:
            request(listener.port, headers=_SECRETS)
            (line,) = _lines(envoy, 1)
    assert json.loads(line)["headers"] == {"x-tenant": "acme"}


def test_text_is_one_line():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"accessLog": {"format": "text"}}) as envoy:
            request(listener.port, "/a?b=c")
            (line,) = _lines(envoy, 1)
    time, name, rest = line.split(" ", 2)
    assert (time[-1], name) == ("Z", listener.name)
    assert rest.startswith('"GET /a HTTP/1.1" 200 grpc=- - via_upstream ')
    assert f"from=127.0.0.1 peer=- to=127.0.0.1:{app.port} tries=1" in rest


def test_a_grpc_call_says_its_status():
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc")
        with proxied([listener], {"accessLog": {}}) as envoy:
            call(listener.port)
            with pytest.raises(grpc.RpcError):
                call(listener.port, b"a", FLAKY)
            entries = [json.loads(line) for line in _lines(envoy, 2)]
    assert [(entry["path"], entry["status"], entry["grpc_status"]) for entry in entries] == [
        ("/test.Echo/Unary", 200, "OK"),
        ("/test.Echo/Flaky", 200, "Unavailable"),
    ]


def test_a_tcp_connection_is_written_when_it_ends():
    with tcp_echo() as server:
        listener = outbound(server.port, "tcp")
        with proxied([listener], {"accessLog": {}}) as envoy:
            assert talk(listener.port, b"hello\n") == [b"hello\n"]
            (line,) = _lines(envoy, 1)
    entry = json.loads(line)
    assert (entry["direction"], entry["bytes_in"], entry["bytes_out"]) == ("outbound", 6, 6)
    assert entry["upstream"] == f"127.0.0.1:{server.port}"
    assert "method" not in entry


def test_only_failures_are_all_written():
    with http_echo() as app, grpc_echo() as grpc_app:
        http, rpc = inbound(app.port), inbound(grpc_app.port, "grpc")
        with proxied([http, rpc], {"accessLog": {"successes": "0%"}}) as envoy:
            for path in ("/status/200", "/status/404", "/status/302", "/status/503"):
                request(http.port, path)
            call(rpc.port)
            with pytest.raises(grpc.RpcError):
                call(rpc.port, b"a", FLAKY)
            entries = [json.loads(line) for line in _lines(envoy, 3)]
    assert [(entry["path"], entry["status"]) for entry in entries] == [
        ("/status/404", 404),
        ("/status/503", 503),
        ("/test.Echo/Flaky", 200),
    ]


def test_only_tcp_connections_that_broke_are_all_written():
    with tcp_echo() as server:
        up, down = outbound(server.port, "tcp"), outbound(free_port(), "tcp")
        with proxied([up, down], {"accessLog": {"successes": "0%"}}) as envoy:
            talk(up.port, b"hello\n")
            with pytest.raises(ConnectionError):
                talk(down.port, b"hello\n")
            (line,) = _lines(envoy, 1)
    assert json.loads(line)["listener"] == down.name
    assert "UF" in json.loads(line)["flags"]


def test_some_successes_are_written():
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"accessLog": {"successes": "50%"}}) as envoy:
            for _ in range(60):
                request(listener.port)
            request(listener.port, "/status/500")
            lines = eventually(lambda: "500" in "".join(envoy.access_log()) and envoy.access_log())
    assert 10 < len(lines) - 1 < 50


def test_a_header_cannot_forge_a_line():
    with http_echo() as app:
        listener = inbound(app.port)
        values = {"format": "text", "headers": ["x-tenant"]}
        with proxied([listener], {"accessLog": values}) as envoy:
            request(listener.port, "/a%0Ab", headers={"x-tenant": "acme\tx"})
            lines = _lines(envoy, 1)
    assert len(lines) == 1


def test_a_request_leaves_a_record_at_an_opentelemetry_collector():
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with http_echo() as app, otlp_logs() as collector:
        listener = inbound(app.port)
        values = {"stdout": False, "headers": ["x-tenant", "cookie"],
                  "otlp": {"host": "127.0.0.1", "port": collector.port}}  # fmt: skip
        concerns = {"accessLog": values, "tracing": {"otlp": {"port": 9}}}
        with proxied([listener], concerns) as envoy:
            headers = _SECRETS | {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
            request(listener.port, "/a/b?card=4111", headers=headers)
            (record,) = collector.wait_for()
            assert envoy.access_log() == []
    assert record.body == "GET /a/b 200"
    assert record.trace_id == trace
    assert record.resource["service.name"] == "shop"
    fields = record.fields
    assert (fields["direction"], fields["listener"], fields["status"]) == (
        "inbound", listener.name, "200")  # fmt: skip
    assert fields["header.x-tenant"] == "acme"
    assert b"s3cret" not in b"".join(collector.payloads)
    assert b"4111" not in b"".join(collector.payloads)


def test_a_tcp_connection_leaves_a_record():
    with tcp_echo() as server, otlp_logs() as collector:
        listener = outbound(server.port, "tcp")
        values = {"otlp": {"host": "127.0.0.1", "port": collector.port}}
        with proxied([listener], {"accessLog": values}) as envoy:
            assert talk(listener.port, b"hello\n") == [b"hello\n"]
            (record,) = collector.wait_for()
            assert len(_lines(envoy, 1)) == 1
    assert (record.fields["bytes_in"], record.fields["bytes_out"]) == ("6", "6")


def test_only_failures_and_a_share_of_successes_leave_records():
    with http_echo() as app, otlp_logs() as collector:
        listener = inbound(app.port)
        values = {"stdout": False, "successes": "50%",
                  "otlp": {"host": "127.0.0.1", "port": collector.port}}  # fmt: skip
        with proxied([listener], {"accessLog": values}):
            for _ in range(100):
                request(listener.port)
            for _ in range(5):
                request(listener.port, "/status/500")
            failures = lambda found: sum(each.fields["status"] == "500" for each in found)  # noqa: E731
            records = collector.wait_until(lambda found: failures(found) == 5)
    assert 25 <= len(records) - 5 <= 75


def _lines(envoy, count):
    return eventually(lambda: len(envoy.access_log()) >= count and envoy.access_log())
