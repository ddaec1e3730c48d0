"""Faults are proved by what happens to requests, and what is broken about them is named."""

from pathlib import Path

import pytest
import yaml
from harness.proxy import inbound, outbound
from prove.proving import Config, failed, http_filter, manager, open_, proved, rendered, words_of

_IN = "inbound-8080"
_TRAFFIC = Path(__file__).parents[1] / "bootstraps" / "traffic.yaml"
_FAULT = "envoy.filters.http.fault"


def _faulty(listener, **values):
    return rendered([listener], {"faults": values})


_ASKED = [
    "100 requests without the header", "a request that asks for 300 ms",
    "a request that asks for 418",
]  # fmt: skip


@pytest.mark.parametrize("make", [inbound, outbound])
def test_what_is_asked_for_is_proved(make, short_folder):
    words = words_of(_faulty(make(8080)), "faults", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    *first, share = proved(words)
    assert first == _ASKED
    assert share.endswith("requests that ask for 418 in 50 % of cases")


def test_what_is_stated_is_proved_each_by_itself(short_folder):
    when = {"name": "x-test-user", "value": "chaos"}
    values = {"byHeader": False, "delay": {"fixed": "1ms", "whenHeader": when},
              "abort": {"status": 503, "percentage": "20%"}}  # fmt: skip
    words = words_of(_faulty(inbound(8080), **values), "faults", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    harmless, delayed, aborted = words
    assert harmless.tried == f"{_IN}: 100 requests without the header"
    assert delayed.tried == f"{_IN}: 20 requests with x-test-user"
    assert delayed.seen == "late: 20 of 20"
    assert aborted.tried.endswith("requests of anybody")
    assert aborted.expected.startswith("503: ")


def test_a_share_of_those_with_a_header_is_proved(short_folder):
    abort = {"status": 500, "percentage": "12.5%", "whenHeader": {"name": "x-slow"}}
    words = words_of(_faulty(inbound(8080), byHeader=False, abort=abort), "faults", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    assert proved(words)[1].endswith("requests with x-slow")


def test_what_is_too_rare_for_a_run_is_not_proved(short_folder):
    abort = {"status": 500, "percentage": "0.01%"}
    words = words_of(_faulty(inbound(8080), byHeader=False, abort=abort), "faults", short_folder)
    assert failed(words) == {}
    assert list(open_(words)) == ["0.01 % of requests of anybody"]


def test_grpc_calls_fail_with_the_code_that_they_ask_for(short_folder):
    config = rendered([inbound(8080, "grpc", tls="strict")], {"mtls": {}, "faults": {}})
    words = words_of(config, "faults", short_folder)
    assert failed(words) == {}
    assert "a gRPC call that asks for code 8" in proved(words)


def test_bootstraps_of_others_are_proved(short_folder):
    config = Config(yaml.safe_load(_TRAFFIC.read_text()), {})
    words = words_of(config, "faults", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    ways = [word.tried.rpartition(": ")[0] for word in words]
    assert ways == ["edge slow", "edge slow", "edge ill"]


def _asked(b):
    return http_filter(b, _IN, "fault.asked")


def _of_nobody(b):
    del _asked(b)["delay"]["percentage"], _asked(b)["abort"]["percentage"]


def _none_at_once(b):
    _asked(b)["max_active_faults"] = 0


def _headers_gone(b):
    filters = manager(b, _IN)["http_filters"]
    (mutation,) = [each for each in filters if each["name"].endswith("header_mutation.faults")]
    filters.remove(mutation)
    filters.insert(0, mutation)


def _answered_before(b):
    kind = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
    code = 'function envoy_on_request(h) h:respond({[":status"] = "404"}, "") end'
    lua = {"@type": kind, "default_source_code": {"inline_string": code}}
    manager(b, _IN)["http_filters"].insert(0, {"name": "lua", "typed_config": lua})


_TO_OTHERS = "100 requests without the header"
_BREAKS = [
    (_of_nobody, dict.fromkeys(_ASKED[1:], "its percentage is missing or 0")),
    (_none_at_once, dict.fromkeys(_ASKED[1:], "max_active_faults 0 lets none happen")),
    (_headers_gone, dict.fromkeys(_ASKED[1:], "the fault does not happen as it says")),
    (_answered_before, {_TO_OTHERS: "it happens to those who did not ask"}),
]


@pytest.mark.parametrize(("how", "expected"), _BREAKS, ids=[how.__name__ for how, _ in _BREAKS])
def test_what_is_broken_fails_and_its_cause_is_named(how, expected, short_folder):
    found = failed(words_of(_faulty(inbound(8080)).broken(how), "faults", short_folder))
    assert {tried: found.get(tried, "")[: len(cause)] for tried, cause in expected.items()} == (
        expected
    )


def test_a_route_that_names_no_filter_is_found_out(short_folder):
    config = Config(yaml.safe_load(_TRAFFIC.read_text()), {}).broken(_misnamed)
    found = failed(words_of(config, "faults", short_folder))
    cause = found["20 requests with x-test"]
    assert cause.startswith(f"no filter of http_filters is called '{_FAULT}s'")


def _misnamed(b):
    for route in manager(b, "edge")["route_config"]["virtual_hosts"][1]["routes"]:
        table = route.get("typed_per_filter_config", {})
        for name in list(table):
            table[f"{name}s"] = table.pop(name)


def test_other_proofs_are_not_hurt_by_faults_that_happen_by_chance(short_folder):
    faults = {"abort": {"status": 503, "percentage": "90%"}}
    config = rendered([inbound(8080)], {"faults": faults, "metrics": {}, "accessLog": {}})
    for concern in ("metrics", "accessLog"):
        assert failed(words_of(config, concern, short_folder / concern)) == {}
