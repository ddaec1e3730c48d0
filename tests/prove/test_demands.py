"""What a filter of tokens asks for, read; what is beyond that is said to be."""

import pytest

from sidecarctl.envoy.find import bootstraps
from sidecarctl.envoy.part import Part
from sidecarctl.manifest.document import parse
from sidecarctl.prove.demands import Demand, demand
from sidecarctl.prove.values import fits_metadata, sample_claim
from sidecarctl.prove.ways import ways

_KIND = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3."
_TWO = {"a": {"issuer": "i", "audiences": ["x"]}, "b": {"issuer": "j"}}


def asked(*rules, path="/p", more=None, routes=None):
    config = {"@type": f"{_KIND}JwtAuthentication", "providers": _TWO, "rules": list(rules)}
    manager = {
        "@type": "x.HttpConnectionManager",
        "http_filters": [{"name": "jwt", "typed_config": config | (more or {})}],
        "route_config": routes or {},
    }
    chain = {"filters": [{"name": "h", "typed_config": manager}]}
    listener = {"name": "l", "filter_chains": [chain]}
    data = {"static_resources": {"listeners": [listener]}}
    (document,) = parse(f"{data}".replace("'", '"'), "b.yaml").documents
    (found,) = bootstraps(document)
    (way,) = ways(found)
    return demand(way, path)


def _any(*requirements):
    return {"requires_any": {"requirements": list(requirements)}}


_A, _B = {"provider_name": "a"}, {"provider_name": "b"}
_ALL = {"prefix": "/"}


@pytest.mark.parametrize(
    ("requires", "must", "lenient", "audiences"),
    [
        (_A, True, False, ("x",)),
        (_B, True, False, ()),
        ({"provider_and_audiences": _A | {"audiences": ["y"]}}, True, False, ("y",)),
        (_any(_A, _B), True, False, ("x",)),
        (_any(_A, {"allow_missing": {}}), False, False, ("x",)),
        (_any(_A, {"allow_missing_or_failed": {}}), False, True, ("x",)),
        ({"allow_missing": {}}, False, False, ()),
    ],
)  # fmt: skip
def test_a_requirement_is_read(requires, must, lenient, audiences):
    found = asked({"match": _ALL, "requires": requires})
    assert (found.must, found.lenient, found.audiences) == (must, lenient, audiences)


def test_the_first_rule_that_fits_counts():
    rules = ({"match": {"path": "/open"}}, {"match": _ALL, "requires": _A})
    assert not asked(*rules, path="/open?a=b").provider
    assert asked(*rules, path="/opener").must
    assert not asked({"match": {"prefix": "/x"}, "requires": _A}).must
    by_name = {"match": _ALL, "requirement_name": "r"}
    assert asked(by_name, more={"requirement_map": {"r": _A}}).must


@pytest.mark.parametrize(
    "given",
    [
        {"requires": {"requires_all": {"requirements": [_A, _B]}}},
        {"requires": {"provider_name": "gone"}},
        {"match": {"safe_regex": {"regex": "/.*"}}, "requires": _A},
        {"match": _ALL | {"headers": [{"name": "x"}]}, "requires": _A},
    ],
)
def test_what_cannot_be_read_is_none(given):
    assert asked({"match": _ALL, **given}) is None


def test_routes_that_say_something_of_their_own_are_not_read():
    own = {"typed_per_filter_config": {"jwt": {"@type": f"{_KIND}PerRouteConfig"}}}
    routes = {"virtual_hosts": [{"domains": ["*"], "routes": [{"match": _ALL, **own}]}]}
    assert asked({"match": _ALL, "requires": _A}, routes=routes) is None


def test_rules_see_words_where_the_payload_is_normal():
    provider = {
        "payload_in_metadata": "p",
        "normalize_payload_in_metadata": {"space_delimited_claims": ["scope"]},
    }
    found = Demand(Part((), provider), must=True)
    claims = {"scope": "a b", "sub": "c d"}
    assert found.metadata(claims) == {"p": {"scope": ["a", "b"], "sub": "c d"}}
    assert Demand(Part((), {}), must=True).metadata(claims) == {}


@pytest.mark.parametrize(
    ("value", "fitting", "other"),
    [
        ({"string_match": {"exact": "x"}}, "x", "y"),
        ({"bool_match": True}, True, "true"),
        ({"list_match": {"one_of": {"string_match": {"prefix": "x"}}}}, ["a", "xy"], "x"),
        ({"present_match": True}, "anything", None),
    ],
)
def test_a_value_is_compared_and_sampled(value, fitting, other):
    path = [{"key": "p"}, {"key": "a"}, {"key": "b"}]
    matcher = Part((), {"filter": "f", "path": path, "value": value})
    assert fits_metadata(matcher, {"p": {"a": {"b": fitting}}}) is True
    assert fits_metadata(matcher, {"p": {"a": {"b": other}}}) is False
    assert fits_metadata(matcher, {}) is False
    assert fits_metadata(matcher, {"p": sample_claim(matcher)}) is True
    inverted = Part((), {**matcher.data, "invert": True})
    assert fits_metadata(inverted, {"p": {"a": {"b": fitting}}}) is False
