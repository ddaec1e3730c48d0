"""What failed on the way is tried again, and nothing is done twice."""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from harness.clients import request
from harness.collectors import eventually
from harness.grpc_echo import FLAKY, UNARY, call, grpc_echo
from harness.ports import free_port
from harness.proxy import outbound, proxied
from harness.servers import http_echo


def _asked(app, method):
    return len([seen for seen in app.seen if seen.method == method])


def test_a_get_recovers_and_a_post_is_sent_once():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {}}):
            assert request(listener.port, "/flaky/2?id=a").status == 200
            assert request(listener.port, "/flaky/2?id=b", "POST", body=b"x").status == 503
        assert (_asked(app, "GET"), _asked(app, "POST")) == (3, 1)


def test_no_more_tries_than_allowed():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {"attempts": 1}}):
            assert request(listener.port, "/flaky/9?id=a").status == 503
        assert _asked(app, "GET") == 2


def test_no_attempts_are_no_retries():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {"attempts": 0}}):
            assert request(listener.port, "/flaky/1?id=a").status == 503
        assert _asked(app, "GET") == 1


def test_a_connection_that_breaks_is_tried_again_for_a_get_only():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {"attempts": 2}}):
            assert request(listener.port, "/reset").status == 503
            assert request(listener.port, "/reset", "POST", body=b"x").status == 503
        assert (_asked(app, "GET"), _asked(app, "POST")) == (3, 1)


def test_a_post_that_never_reached_the_server_is_tried_again():
    port = free_port()  # nobody listens
    listener = outbound(port)
    with proxied([listener], {"retries": {}, "accessLog": {}}) as envoy:
        assert request(listener.port, "/", "POST", body=b"x").status == 503
        tried = _tries(envoy)
    assert tried == [3]


def test_a_slow_try_is_given_up_for_the_next():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {"perTry": "500ms"}}):
            assert request(listener.port, "/slow/1?id=a&ms=2000").status == 200
            post = request(listener.port, "/slow/1?id=b&ms=700", "POST", body=b"x")
            assert post.status == 200
        assert (_asked(app, "GET"), _asked(app, "POST")) == (2, 1)


def test_tries_together_end_at_the_request_timeout():
    with http_echo() as app:
        listener = outbound(app.port)
        concerns = {"retries": {"perTry": "150ms"}, "timeouts": {"request": "250ms"}}
        with proxied([listener], concerns):
            assert request(listener.port, "/slow/9?id=a&ms=1000").status == 504
        eventually(lambda: _asked(app, "GET") == 2)


def test_unavailable_is_tried_again_for_grpc():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        with proxied([listener], {"retries": {}}):
            assert call(listener.port, b"a", FLAKY) == b"a"
            assert call(listener.port, b"a", UNARY) == b"a"
        assert [method for method, _ in app.seen] == [FLAKY, FLAKY, UNARY]


def test_grpc_is_not_tried_again_after_codes_that_are_not_named():
    with grpc_echo() as app:
        listener = outbound(app.port, "grpc")
        with (
            proxied([listener], {"retries": {"grpc": ["resource-exhausted"]}}),
            pytest.raises(grpc.RpcError) as caught,
        ):
            call(listener.port, b"a", FLAKY)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert len(app.seen) == 1


def test_the_budget_keeps_retries_from_multiplying_the_load():
    with http_echo() as app:
        listener = outbound(app.port)
        with (
            proxied([listener], {"retries": {"attempts": 3, "backoff": {"base": "100ms"}}}),
            ThreadPoolExecutor(40) as pool,
        ):
            replies = list(pool.map(lambda _: request(listener.port, "/status/503"), range(80)))
        assert {reply.status for reply in replies} == {503}
        assert 80 < len(app.seen) < 200  # without a budget: 320


def test_a_server_that_is_down_gets_little_more_than_what_is_asked():
    with http_echo() as app:
        listener = outbound(app.port)
        with proxied([listener], {"retries": {}}), ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: request(listener.port, "/status/503"), range(200)))
        assert {reply.status for reply in replies} == {503}
        assert 200 < len(app.seen) <= 1.2 * 200


def _tries(envoy):
    lines = eventually(envoy.access_log)
    return [json.loads(line)["tries"] for line in lines]
