"""The proxy is ready at once, and drains without refusing anybody."""

import time
from contextlib import closing
from http.client import HTTPConnection

from harness.clients import ask, request
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import http_echo

from sidecarctl.envoy.binary import running
from sidecarctl.envoy.ops import DRAIN_HEADER, DRAIN_WAIT_HEADER, drain_token

_ALWAYS = {"hardening": {}, "lifecycle": {}}
_TOKEN = {DRAIN_HEADER: drain_token("shop.prod")}
_FLAGS = ("--drain-time-s", "1")


def test_ready_waits_for_neither_the_application_nor_a_name():
    listeners = [inbound(8080), outbound(80, target_host="nowhere.invalid")]
    built = build(listeners, _ALWAYS)
    with running(built.text, built.files):
        reply = request(built.ops_port, "/ready")
        assert (reply.status, reply.body) == (200, b"LIVE\n")
        assert request(listeners[0].port).status == 503


def test_a_drain_closes_inbound_connections_one_by_one_and_refuses_nobody():
    with http_echo() as app:
        ins, out = inbound(app.port), outbound(app.port)
        built = build([ins, out], _ALWAYS)
        with (
            running(built.text, built.files, flags=_FLAGS),
            closing(HTTPConnection("127.0.0.1", ins.port)) as kept,
            closing(HTTPConnection("127.0.0.1", out.port)) as called,
        ):
            assert "connection" not in ask(kept).headers
            assert ask(called).status == 200
            assert request(built.ops_port, "/drain", headers=_TOKEN).status == 200
            time.sleep(1.1)
            assert ask(kept).headers["connection"] == "close"
            assert "connection" not in ask(called).headers
            assert request(ins.port).status == 200
            assert request(built.ops_port, "/ready").status == 200


def test_a_drain_needs_the_token():
    with http_echo() as app:
        ins = inbound(app.port)
        built = build([ins], _ALWAYS)
        with running(built.text, built.files, flags=_FLAGS):
            for headers in ({}, {DRAIN_HEADER: "guess"}, {DRAIN_HEADER: ""}):
                assert request(built.ops_port, "/drain", headers=headers).status == 404
            assert request(built.ops_port, "/drain", "POST", headers=_TOKEN).status == 404
            time.sleep(1.1)
            with closing(HTTPConnection("127.0.0.1", ins.port)) as kept:
                assert "connection" not in ask(kept).headers


def test_a_drain_can_hold_its_answer_back():
    built = build([inbound(8080)], _ALWAYS)
    with running(built.text, built.files):
        began = time.monotonic()
        headers = {**_TOKEN, DRAIN_WAIT_HEADER: "400"}
        assert request(built.ops_port, "/drain", headers=headers).status == 200
        assert time.monotonic() - began >= 0.35  # timers of Envoy may be a little early


def test_only_a_drain_can_be_held_back():
    built = build([inbound(8080)], _ALWAYS)
    with running(built.text, built.files):
        began = time.monotonic()
        assert request(built.ops_port, "/ready", headers={DRAIN_WAIT_HEADER: "9000"}).status == 200
        assert time.monotonic() - began < 8


def test_the_token_follows_from_names_and_is_always_the_same():
    assert drain_token("shop.prod") == drain_token("shop.prod")
    assert drain_token("shop.prod") != drain_token("shop.dev")
    assert len(drain_token("shop.prod")) == 32


def test_a_request_in_flight_is_finished_during_a_drain():
    with http_echo() as app:
        ins = inbound(app.port)
        with (
            proxied([ins], _ALWAYS, flags=_FLAGS) as envoy,
            closing(HTTPConnection("127.0.0.1", ins.port)) as slow,
        ):
            slow.request("GET", "/delay/600")
            envoy.admin("/drain_listeners?inboundonly&graceful&skip_exit", "POST")
            assert slow.getresponse().status == 200
