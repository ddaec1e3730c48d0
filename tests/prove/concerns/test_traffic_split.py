"""Splits are proved by where requests arrive, and what is broken about them is named."""

from pathlib import Path

import pytest
import yaml
from harness.proxy import outbound
from prove.proving import (
    Config,
    cluster,
    failed,
    open_,
    proved,
    rendered,
    route,
    routes,
    words_of,
)

from sidecarctl.prove import arrivals

_NAME = "egress-orders"
_CANARY = {"name": "canary", "host": "canary.prod.svc", "port": 80}
_TRAFFIC = Path(__file__).parents[1] / "bootstraps" / "traffic.yaml"
_SA = "spiffe://cluster.local/ns/prod/sa/"


def _split(*variants, listener=None, concerns=None, **fields):
    listener = listener or outbound(80, name=_NAME)
    values = {"splits": [{"of": "orders", "variants": list(variants), **fields}]}
    return rendered([listener], {**(concerns or {}), "trafficSplit": values})


def _canary():
    return _split(_CANARY | {"weight": "10%"}, sticky={"header": "x-user"},
                  concerns={"timeouts": {}, "retries": {}})  # fmt: skip


def _chosen():
    by_header = {"header": {"name": "x-version", "value": "v2"}}
    by_cookie = {"cookie": {"name": "exp", "value": "b"}}
    return _split(_CANARY | {"match": by_header}, _CANARY | {"name": "exp", "match": by_cookie},
                  concerns={"timeouts": {}})  # fmt: skip


def _mirrored():
    return _split(mirror={"host": "next.prod.svc", "port": 80, "percentage": "25%"})


def _mutual(**canary):
    shown = outbound(80, name=_NAME, tls="strict", sans=(f"{_SA}orders",), sni="orders")
    variant = _CANARY | {"weight": "50%"} | canary
    return _split(variant, listener=shown, concerns={"mtls": {}})


_WHOLE = {
    "canary": _canary,
    "chosen": _chosen,
    "mirrored": _mirrored,
    "mutual": _mutual,
    "mutual, of its own": lambda: _mutual(sans=[f"{_SA}canary"]),
}


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(arrivals, "TIME_S", 60.0)


@pytest.mark.parametrize("case", _WHOLE)
def test_what_is_rendered_is_proved(case, short_folder):
    words = words_of(_WHOLE[case](), "trafficSplit", short_folder)
    assert failed(words) == {}
    assert open_(words) == {}
    assert len(proved(words)) >= 2


def test_shares_are_those_of_five_thousand_requests(patient, short_folder):
    words = words_of(_canary(), "trafficSplit", short_folder)
    assert failed(words) == {}
    assert proved(words) == ["5000 requests", "300 users, 3 requests each"]
    assert words[0].expected == f"{_NAME} 4500 of 5000 ± 106, {_NAME}-canary 500 of 5000 ± 106"


def test_what_is_chosen_mirrored_and_must_show_its_name(short_folder):
    words = words_of(_chosen(), "trafficSplit", short_folder / "1")
    assert {each.partition(" requests ")[2] for each in proved(words)} == {
        "with x-version", "without x-version", "with another x-version",
        "with cookie", "without cookie", "with another cookie",
    }  # fmt: skip
    words = words_of(_mirrored(), "trafficSplit", short_folder / "2")
    assert proved(words) == [
        "copies of 1000 requests",
        "100 requests, and a mirror that is not there",
        "100 requests, and a mirror that never answers",
    ]
    words = words_of(_mutual(sans=[f"{_SA}canary"]), "trafficSplit", short_folder / "3")
    assert f"{_NAME}-canary, showing the identity of {_NAME}" in proved(words)
    words = words_of(_mutual(), "trafficSplit", short_folder / "4")
    assert f"{_NAME}-canary, showing the identity of a stranger" in proved(words)


def _weights(b):
    return route(b, _NAME, "default")["route"]["weighted_clusters"]


def _overruled(b):
    for each in routes(b, _NAME):
        each["route"]["weighted_clusters"]["runtime_key_prefix"] = "split"
    layer = {"split.egress-orders": 50, "split.egress-orders-canary": 50}
    b["layered_runtime"] = {"layers": [{"name": "static", "static_layer": layer}]}
    _of_hundred(b)


def _of_hundred(b):
    for each in routes(b, _NAME):
        for one in each["route"]["weighted_clusters"]["clusters"]:
            one["weight"] //= 10_000


def _taken_before(b):
    first = {"name": "all", "match": {"prefix": "/"}, "route": {"cluster": _NAME}}
    routes(b, _NAME).insert(0, first)


def _forgetful(b):
    for each in routes(b, _NAME):
        each["route"]["weighted_clusters"].pop("use_hash_policy")


def _too_late(b):
    found = routes(b, _NAME)
    found.insert(0, found.pop())


def _copies_to_the_server(b):
    (policy,) = route(b, _NAME, "default")["route"]["request_mirror_policies"]
    policy["cluster"] = _NAME


def _copies_switched_off(b):
    (policy,) = route(b, _NAME, "default")["route"]["request_mirror_policies"]
    policy["runtime_fraction"]["runtime_key"] = "mirror"
    b["layered_runtime"] = {"layers": [{"name": "static", "static_layer": {"mirror": 0}}]}


def _unnamed(b):
    socket = cluster(b, f"{_NAME}-canary")["transport_socket"]["typed_config"]
    context = socket["common_tls_context"]["combined_validation_context"]
    del context["default_validation_context"]["match_typed_subject_alt_names"]


_BREAKS = [
    ("canary", _overruled, {"5000 requests": "the weights do not count"}),
    ("canary", _taken_before, {"5000 requests": "a route before it takes its requests"}),
    ("canary", _forgetful, {"300 users, 3 requests each": "use_hash_policy is not set"}),
    ("chosen", _too_late, {"20 requests with x-version": "a route before it takes its requests"}),
    ("mirrored", _copies_switched_off, {"copies of 1000 requests": "copies are not made"}),
    (
        "mirrored",
        _copies_to_the_server,
        {
            "copies of 1000 requests": "copies are not made",
            "100 requests, and a mirror that is not there": "the copies go to the server itself",
        },
    ),
    (
        "mutual",
        _unnamed,
        {f"{_NAME}-canary, showing the identity of a stranger": "it need not show"},
    ),
]


@pytest.mark.parametrize(
    ("case", "how", "expected"), _BREAKS, ids=[how.__name__ for _, how, _ in _BREAKS]
)
def test_what_is_broken_fails_and_its_cause_is_named(case, how, expected, short_folder, patient):
    found = failed(words_of(_WHOLE[case]().broken(how), "trafficSplit", short_folder))
    assert {tried: found.get(tried, "")[: len(cause)] for tried, cause in expected.items()} == (
        expected
    )


def test_bootstraps_of_others_are_proved(short_folder):
    config = Config(yaml.safe_load(_TRAFFIC.read_text()), {})
    words = words_of(config, "trafficSplit", short_folder)
    assert failed(words) == {}
    assert open_(words) == {}
    tried = [word.tried for word in words]
    for what in ("edge /cart:", "edge /pay:", "edge /:", "lines:", "edge:"):
        assert any(each.startswith(what) for each in tried), what
    assert any(each.endswith("connections") for each in tried)
    assert any("exp or x-version" in each for each in tried)


def test_what_cannot_be_seen_in_so_few_is_not_proved(short_folder):
    words = words_of(_split(_CANARY | {"weight": "0.01%"}), "trafficSplit", short_folder)
    assert failed(words) == {}
    assert list(open_(words)) == [f"the share of {_NAME}-canary"]
