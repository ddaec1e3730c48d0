"""Patterns with `*` in Envoy's spelling."""

import re

import pytest

from sidecarctl.envoy.matchers import string_matcher


@pytest.mark.parametrize(
    ("pattern", "matcher"),
    [
        ("/api", {"exact": "/api"}),
        ("/api/*", {"prefix": "/api/"}),
        ("*", {"safe_regex": {"regex": ".*"}}),
        ("/a/*/b", {"safe_regex": {"regex": "/a/[^/]*/b"}}),
        ("*.b", {"safe_regex": {"regex": r"[^/]*\.b"}}),
        ("a.b/*/c/*", {"safe_regex": {"regex": r"a\.b/[^/]*/c/.*"}}),
    ],
)
def test_pattern(pattern, matcher):
    assert string_matcher(pattern) == matcher


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("/a/*/b", "/a/x/b", True),
        ("/a/*/b", "/a/x/y/b", False),
        ("/a/*/b/*", "/a/x/b/c/d", True),
        ("/a+b/*/c", "/aab/x/c", False),
    ],
)
def test_a_star_inside_stops_at_a_slash(pattern, text, fits):
    regex = string_matcher(pattern)["safe_regex"]["regex"]
    assert bool(re.fullmatch(regex, text)) is fits
