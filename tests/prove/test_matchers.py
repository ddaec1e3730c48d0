"""Envoy's matchers, read: whether a text fits, and a text that does."""

import pytest

from sidecarctl.envoy.matchers import string_matcher
from sidecarctl.envoy.part import Part
from sidecarctl.prove.matchers import fits, fits_header, sample, sample_header


def part(data):
    return Part((), data)


@pytest.mark.parametrize(
    ("matcher", "text", "answer"),
    [
        ({"exact": "a"}, "a", True),
        ({"exact": "a"}, "A", False),
        ({"exact": "A", "ignore_case": True}, "a", True),
        ({"prefix": "/api/"}, "/api/x", True),
        ({"suffix": ".js"}, "/a.js", True),
        ({"contains": "stream"}, "text/event-stream", True),
        ({"safe_regex": {"regex": "GET|HEAD"}}, "HEAD", True),
        ({"safeRegex": {"regex": "GET|HEAD"}}, "HEADS", False),
        ({"safe_regex": {"regex": "("}}, "x", None),
        ({"custom": {}}, "x", None),
    ],
)
def test_fits(matcher, text, answer):
    assert fits(part(matcher), text) is answer


@pytest.mark.parametrize(
    "pattern",
    ["spiffe://a/ns/*/sa/web", "spiffe://a/*", "exact", "*", "*.js", "/api/*/orders", "a.b+c*"],
)
def test_a_sample_fits_what_people_write(pattern):
    matcher = part(string_matcher(pattern))
    assert fits(matcher, sample(matcher)) is True


@pytest.mark.parametrize(
    ("regex", "text"),
    [("GET|HEAD|OPTIONS", "GET"), (r"/v\d+/x", None), ("/a/[^/]+/b", "/a/prove/b"), ("^/x$", "/x")],
)
def test_a_sample_of_a_regular_expression_or_none(regex, text):
    assert sample(part({"safe_regex": {"regex": regex}})) == text


@pytest.mark.parametrize(
    ("matcher", "answer"),
    [
        ({"name": "X-A", "string_match": {"exact": "1"}}, True),
        ({"name": "x-a", "exact_match": "1"}, True),
        ({"name": "x-a", "string_match": {"exact": "1"}, "invert_match": True}, False),
        ({"name": "x-a", "present_match": True}, True),
        ({"name": "x-b", "present_match": False}, True),
        ({"name": "x-b", "string_match": {"exact": "1"}}, False),
        ({"name": "x-a"}, True),
        ({"name": "x-a", "range_match": {"start": 0, "end": 2}}, None),
    ],
)
def test_headers(matcher, answer):
    assert fits_header(part(matcher), {"x-a": "1", ":method": "GET"}) is answer


@pytest.mark.parametrize(
    ("matcher", "header"),
    [
        ({"name": "X-A", "string_match": {"prefix": "b"}}, ("x-a", "bprove")),
        ({"name": "x-a", "prefix_match": "b"}, ("x-a", "bprove")),
        ({"name": "x-a", "present_match": True}, ("x-a", "prove")),
        ({"name": "x-a", "string_match": {"exact": "1"}, "invert_match": True}, None),
    ],
)
def test_a_header_that_fits(matcher, header):
    assert sample_header(part(matcher)) == header
