"""Requests are late or fail where somebody asks for it, as asked, and nowhere else."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import grpc
import pytest
from harness.certificates import Authority, client_context, spiffe
from harness.clients import ask, request
from harness.grpc_echo import call, grpc_echo
from harness.ports import free_port
from harness.proxy import inbound, outbound, proxied
from harness.servers import http_echo

_CHAOS = {"x-test-user": "chaos"}
_WHEN = {"name": "x-test-user", "value": "chaos"}


@pytest.mark.parametrize("make", [inbound, outbound])
def test_nothing_happens_without_the_header(make):
    with http_echo() as app:
        listener = make(app.port)
        with proxied([listener], {"faults": {}}) as envoy:
            assert _statuses(listener.port, 200) == {200: 200}
            assert _happened(envoy, listener) == (0, 0)


@pytest.mark.parametrize("make", [inbound, outbound])
def test_a_request_is_delayed_as_it_asks(make):
    with http_echo() as app:
        listener = make(app.port)
        with proxied([listener], {"faults": {}}) as envoy:
            reply, took_s = _timed(listener.port, {"x-envoy-fault-delay-request": "400"})
            assert _happened(envoy, listener) == (1, 0)
    assert reply.status == 200
    assert took_s > 0.35  # Envoy's timers may be some ms early


@pytest.mark.parametrize("make", [inbound, outbound])
def test_a_request_fails_as_it_asks_and_the_server_is_not_asked(make):
    with http_echo() as app:
        listener = make(app.port)
        with proxied([listener], {"faults": {}}):
            reply = request(listener.port, headers={"x-envoy-fault-abort-request": "418"})
        assert app.seen == []
    assert (reply.status, reply.body) == (418, b"fault filter abort")


def test_a_fault_happens_once_on_the_way():
    with http_echo() as app:
        server = inbound(app.port)
        client = outbound(server.port)
        with (
            proxied([server], {"faults": {}}) as second,
            proxied([client], {"faults": {}}) as first,
        ):
            asked = {
                "x-envoy-fault-delay-request": "200",
                "x-envoy-fault-delay-request-percentage": "100",
                "x-envoy-fault-abort-request": "503",
                "x-envoy-fault-abort-request-percentage": "0",
            }
            assert request(client.port, headers=asked).status == 200
            assert (_happened(first, client), _happened(second, server)) == ((1, 0), (0, 0))
        assert [name for name in app.seen[0].headers if "fault" in name] == []


def test_a_share_of_those_that_ask():
    with http_echo() as app:
        listener = inbound(app.port)
        asked = {
            "x-envoy-fault-abort-request": "503",
            "x-envoy-fault-abort-request-percentage": "30",
        }
        with proxied([listener], {"faults": {}}):
            seen = _statuses(listener.port, 600, asked)
    assert _within_5_sigma(seen[503], 600, 0.3)
    assert seen[200] + seen[503] == 600


def test_headers_ask_for_nothing_where_they_may_not():
    with http_echo() as app:
        listener = inbound(app.port)
        abort = {"status": 418, "whenHeader": _WHEN}
        with proxied([listener], {"faults": {"byHeader": False, "abort": abort}}):
            asked = {"x-envoy-fault-abort-request": "503"}
            assert request(listener.port, headers=asked).status == 200
            assert request(listener.port, headers=asked | _CHAOS).status == 418


def test_a_fault_that_the_profile_states_is_for_those_with_the_header():
    faults = {"delay": {"fixed": "300ms", "whenHeader": {"name": "x-slow"}},
              "abort": {"status": 503, "whenHeader": _WHEN}}  # fmt: skip
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"faults": faults}) as envoy:
            assert request(listener.port).status == 200
            assert request(listener.port, headers={"x-test-user": "calm"}).status == 200
            assert request(listener.port, headers=_CHAOS).status == 503
            assert _happened(envoy, listener) == (0, 1)
            reply, took_s = _timed(listener.port, {"x-slow": "whatever"})
            assert (reply.status, _happened(envoy, listener)) == (200, (1, 1))
    assert took_s > 0.25


def test_shares_are_as_stated():
    faults = {"delay": {"fixed": "1ms", "percentage": "50%"},
              "abort": {"status": 503, "percentage": "20%"}}  # fmt: skip
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"faults": faults}) as envoy:
            seen = _statuses(listener.port, 600)
            delayed, aborted = _happened(envoy, listener)
    assert seen == {200: 600 - aborted, 503: aborted}
    assert _within_5_sigma(aborted, 600, 0.2)
    assert _within_5_sigma(delayed, 600, 0.5)


def test_a_share_of_those_with_the_header():
    faults = {"abort": {"status": 503, "percentage": "12.5%", "whenHeader": _WHEN}}
    with http_echo() as app:
        listener = inbound(app.port)
        with proxied([listener], {"faults": faults}):
            assert _statuses(listener.port, 100) == {200: 100}
            assert _within_5_sigma(_statuses(listener.port, 800, _CHAOS)[503], 800, 0.125)


def test_no_more_faults_at_once_than_allowed():
    with http_echo() as app:
        listener = inbound(app.port)
        with (
            proxied([listener], {"faults": {"maxActive": 2}}) as envoy,
            ThreadPoolExecutor(8) as pool,
        ):
            asked = {"x-envoy-fault-delay-request": "1500"}
            replies = list(pool.map(lambda _: _timed(listener.port, asked), range(8)))
            overflowed = _counter(envoy, listener, "faults_overflow")
        slow = [took_s for _, took_s in replies if took_s > 1]
    assert {reply.status for reply, _ in replies} == {200}
    # Each worker thread looks before it counts: one more than allowed may slip in on each.
    assert 2 <= len(slow) < 8
    assert overflowed == 8 - len(slow)


def test_grpc_calls_fail_with_a_code():
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc")
        abort = {"status": 503, "whenHeader": _WHEN}
        with proxied([listener], {"faults": {"abort": abort}}):
            assert call(listener.port) == b"hello"
            for metadata, code in (
                (("x-envoy-fault-abort-grpc-request", "8"), grpc.StatusCode.RESOURCE_EXHAUSTED),
                (("x-test-user", "chaos"), grpc.StatusCode.UNAVAILABLE),
            ):
                with pytest.raises(grpc.RpcError) as caught:
                    call(listener.port, metadata=[metadata])
                assert caught.value.code() is code
        assert len(app.seen) == 1


def test_who_is_refused_cannot_ask_for_a_fault(tmp_path):
    ours = Authority()
    rules = [{"from": [spiffe("web", "prod")]}]
    asked = {"x-envoy-fault-abort-request": "418"}
    with http_echo() as app:
        listener = inbound(app.port, tls="strict")
        concerns = {"mtls": {}, "accessControl": {"rules": rules}, "faults": {}}
        leaf = ours.leaf(spiffe("shop", "prod"))
        with proxied([listener], concerns, root=tmp_path, leaf=leaf):
            other, web = (
                client_context(ours.leaf(spiffe(who, "prod"))) for who in ("other", "web")
            )
            assert request(listener.port, headers=asked, tls=other).status == 403
            assert request(listener.port, headers=asked, tls=web).status == 418


def test_the_proxy_does_not_retry_its_own_fault():
    listener = outbound(free_port())
    with proxied([listener], {"faults": {}, "retries": {}}) as envoy:
        asked = {"x-envoy-fault-abort-request": "503"}
        assert request(listener.port, headers=asked).body == b"fault filter abort"
        assert _happened(envoy, listener) == (0, 1)


def test_a_delay_counts_as_idle_time_and_not_as_the_server_s():
    with http_echo() as app:
        listener = outbound(app.port)
        timeouts = {"request": "300ms", "idle": "1s"}
        with proxied([listener], {"faults": {}, "timeouts": timeouts}):
            late, _ = _timed(listener.port, {"x-envoy-fault-delay-request": "600"})
            ended, took_s = _timed(listener.port, {"x-envoy-fault-delay-request": "4000"})
    assert (late.status, ended.status) == (200, 504)
    assert took_s < 3.5


def _statuses(port, count, headers=None):
    """Return how often each status was the answer to *count* requests."""
    seen = {}
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for _ in range(count):
            status = ask(connection, headers=headers).status
            seen[status] = seen.get(status, 0) + 1
    return seen


def _timed(port, headers):
    started = time.monotonic()
    reply = request(port, headers=headers)
    return reply, time.monotonic() - started


def _happened(envoy, listener):
    """Return how many delays and aborts Envoy has counted."""
    return tuple(_counter(envoy, listener, f"{what}_injected") for what in ("delays", "aborts"))


def _counter(envoy, listener, name):
    metric = f"envoy_http_fault_{name}"
    text = envoy.admin(f"/stats/prometheus?filter=fault.{name}").body
    labels = f'{{envoy_http_conn_manager_prefix="{listener.name}"}}'
    found = re.search(re.escape(metric + labels) + r" (\d+)", text)
    return int(found[1])


def _within_5_sigma(seen, count, share):
    """Tell whether *seen* of *count* is as *share* says; chance alone fails once in a million."""
    return abs(seen - count * share) <= 5 * (count * share * (1 - share)) ** 0.5
