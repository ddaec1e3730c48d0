"""Concerns fill in slots; what two of them claim is refused, and nothing is dropped silently."""

import pytest

from sidecarctl.envoy.slots import Contribution, merge, overlay
from sidecarctl.errors import ProfileError, TemplateError


def _merge(*parts, protocol="http"):
    return merge([Contribution(*part) for part in parts], protocol)


def test_maps_are_merged_deeply():
    merged = _merge(
        ("timeouts", 1, {"http": {"common_http_protocol_options": {"idle_timeout": "60s"}}}),
        ("hardening", 2, {"http": {"common_http_protocol_options": {"max_headers_count": 9}}}),
    )
    assert merged == {
        "http": {"common_http_protocol_options": {"idle_timeout": "60s", "max_headers_count": 9}}
    }


def test_lists_are_appended_in_the_order_of_the_concerns():
    merged = _merge(
        ("rateLimit", 300, {"http_filters": [{"name": "limit"}]}),
        ("accessControl", 200, {"http_filters": [{"name": "rbac"}]}),
        ("cors", 200, {"http_filters": [{"name": "cors"}]}),
    )
    assert merged == {"http_filters": [{"name": "rbac"}, {"name": "cors"}, {"name": "limit"}]}


def test_two_concerns_that_claim_one_field_are_named():
    with pytest.raises(ProfileError) as caught:
        _merge(
            ("timeouts", 1, {"http": {"drain_timeout": "5s"}}),
            ("lifecycle", 2, {"http": {"drain_timeout": "6s"}}),
        )
    assert str(caught.value) == "'timeouts' and 'lifecycle' both claim http.drain_timeout"


@pytest.mark.parametrize(("first", "second"), [({"a": 1}, 1), (1, {"a": 1}), ([1], [2])])
def test_a_field_is_claimed_whatever_it_holds(first, second):
    with pytest.raises(ProfileError) as caught:
        _merge(("one", 1, {"http": {"x": first}}), ("two", 2, {"http": {"x": second}}))
    assert str(caught.value) == "'one' and 'two' both claim http.x"


def test_two_concerns_may_agree():
    parts = {"http": {"normalize_path": True}}
    assert _merge(("one", 1, parts), ("two", 2, parts)) == parts


def test_what_is_merged_leaves_the_parts_as_they_are():
    first, second = {"http": {"a": {"b": 1}}}, {"http": {"a": {"c": 2}}}
    _merge(("one", 1, first), ("two", 2, second))
    assert first == {"http": {"a": {"b": 1}}}


@pytest.mark.parametrize(
    ("slots", "protocol", "message"),
    [
        (
            {"http_fliters": []},
            "http",
            "the cell of 'x' renders the slot 'http_fliters', which a http listener does not have",
        ),
        (
            {"http_filters": []},
            "tcp",
            "the cell of 'x' renders the slot 'http_filters', which a tcp listener does not have",
        ),
        (
            {"tcp": {}},
            "grpc",
            "the cell of 'x' renders the slot 'tcp', which a grpc listener does not have",
        ),
        (
            {"route": {}},
            None,
            "the cell of 'x' renders the slot 'route', which the bootstrap does not have",
        ),
        ({"http": []}, "http", "the slot 'http' of 'x' must be a mapping"),
        ({"http_filters": {}}, "http", "the slot 'http_filters' of 'x' must be a list"),
    ],
)
def test_a_cell_that_renders_what_is_no_slot_is_refused(slots, protocol, message):
    with pytest.raises(TemplateError) as caught:
        _merge(("x", 1, slots), protocol=protocol)
    assert str(caught.value) == message


def test_what_a_cell_says_of_the_pod_is_no_slot():
    assert _merge(("x", 1, {"pod": {"labels": {}}, "container": {}}), protocol=None) == {}


def test_an_overlay_goes_over_maps_and_replaces_lists():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 4}
    assert overlay(base, {"a": {"c": [3]}, "e": 5}) == {"a": {"b": 1, "c": [3]}, "d": 4, "e": 5}
    assert overlay(base, None) == base
