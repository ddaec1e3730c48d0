"""Placeholders are a closed set; every other brace is an error, or is written twice."""

import pytest

from sidecarctl.profile.placeholder import bad_placeholders, filled, has_placeholder
from sidecarctl.violation import Violation

WORDS = {"workload": "web", "namespace": "shop"}


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("{workload}-mtls", "web-mtls"),
        ("{namespace}/{workload}", "shop/web"),
        ("{{workload}}", "{workload}"),
        ("{{{workload}}}", "{web}"),
        ("plain", "plain"),
        ({"{workload}": ["{workload}", 1, None, True]}, {"{workload}": ["web", 1, None, True]}),
    ],
)
def test_filled(value, result):
    assert filled(value, WORDS) == result


@pytest.mark.parametrize(
    ("value", "answer"), [("{workload}", True), ({"a": ["x}"]}, True), ({"a": ["x", 1]}, False)]
)
def test_has_placeholder(value, answer):
    assert has_placeholder(value) is answer


ALL = "{workload}, {namespace}, {serviceAccount}, {container}, {trustDomain}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{workload} {namespace} {serviceAccount} {container} {trustDomain}", []),
        ("{{anything}}", []),
        (
            ["{workloads}"],
            [
                Violation(
                    (0,), "there is no placeholder '{workloads}'", "did you mean '{workload}'?"
                )
            ],
        ),
        (
            {"a": "{x}"},
            [
                Violation(
                    ("a",),
                    "there is no placeholder '{x}'",
                    f"there are {ALL}; write '{{{{' and '}}}}' for braces",
                )
            ],
        ),
        ("a{b", [Violation((), "'a{b' has a single '{'", "write '{{' for a brace")]),
        ("a}b", [Violation((), "'a}b' has a single '}'", "write '}}' for a brace")]),
        (
            {"secret": {"workload": None}},
            [
                Violation(
                    ("secret",),
                    "{workload} without quotes is a mapping",
                    'write it in quotes: "{workload}"',
                )
            ],
        ),
        ({"workload": "x", "namespace": None}, []),
    ],
)
def test_bad_placeholders(value, expected):
    assert list(bad_placeholders(value)) == expected
