"""Every keyword says what is wrong in our words, at the right path."""

import pytest

from sidecarctl.schemas import Violation, suggest, violations

DURATION = {
    "type": "string",
    "pattern": r"^\d+(ms|s|m|h)$",
    "x-message": "is no duration such as 500ms or 5s",
}


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        (
            {"properties": {"requests": {}, "per": {}}, "additionalProperties": False},
            {"requets": 1, "per": 2},
            [Violation(("requets",), "there is no field 'requets'", "did you mean 'requests'?")],
        ),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"zzz": 1},
            [Violation(("zzz",), "there is no field 'zzz'", "known here: a")],
        ),
        (
            {"patternProperties": {"^x-": {}}, "additionalProperties": False},
            {"x-note": 1, "note": 1},
            [Violation(("note",), "there is no field 'note'")],
        ),
        (
            {"required": ["requests", "per"]},
            {},
            [
                Violation(("per",), "the field 'per' is missing"),
                Violation(("requests",), "the field 'requests' is missing"),
            ],
        ),
        (
            {"properties": {"on": {"type": "string"}}},
            {"on": True},
            [Violation(("on",), "must be a string, but is true", 'write it in quotes: "true"')],
        ),
        (
            {"type": ["integer", "null"]},
            [],
            [Violation((), "must be a whole number or null, but is a list")],
        ),
        (
            {"enum": ["strict", "permissive"]},
            "stict",
            [Violation((), "'stict' is none of 'strict', 'permissive'", "did you mean 'strict'?")],
        ),
        ({"const": "Profile"}, "Config", [Violation((), "must be 'Profile', but is 'Config'")]),
        (DURATION, "5 s", [Violation((), "'5 s' is no duration such as 500ms or 5s")]),
        (DURATION, 5, [Violation((), "5 is no duration such as 500ms or 5s")]),
        (
            {"pattern": "^a", "description": "A word with a."},
            "b",
            [Violation((), "'b' does not fit: A word with a")],
        ),
        ({"pattern": "^a"}, "b", [Violation((), "'b' does not have the form ^a")]),
        ({"minimum": 1}, 0, [Violation((), "must be at least 1, but is 0")]),
        ({"maximum": 5}, 6, [Violation((), "must be at most 5, but is 6")]),
        ({"exclusiveMinimum": 0}, 0, [Violation((), "must be more than 0, but is 0")]),
        ({"minItems": 1}, [], [Violation((), "must have at least 1 item, but has 0")]),
        ({"maxLength": 2}, "abc", [Violation((), "must have at most 2 characters, but has 3")]),
        ({"minProperties": 1}, {}, [Violation((), "must have at least 1 field, but has 0")]),
        ({"uniqueItems": True}, ["a", "a"], [Violation((1,), "'a' occurs twice in this list")]),
        (
            {"properties": {"a": {"not": {}, "x-message": "is not allowed here"}}},
            {"a": 1},
            [Violation(("a",), "1 is not allowed here")],
        ),
        (
            {"dependentRequired": {"by": ["per"]}},
            {"by": "ip"},
            [Violation(("by",), "'by' needs 'per' beside it")],
        ),
        (
            {"propertyNames": {"pattern": "^[a-z]+$", "x-message": "must be lower case"}},
            {"Big": 1},
            [Violation(("Big",), "the key 'Big' must be lower case")],
        ),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            [Violation(("ab",), "the key must have at most 1 character, but has 2")],
        ),
    ],
)
def test_a_keyword_in_our_words(schema, data, expected):
    assert violations(data, schema) == expected


@pytest.mark.parametrize("kind", ["anyOf", "oneOf"])
@pytest.mark.parametrize(
    ("branches", "data", "expected"),
    [
        (
            [{"type": "string"}, {"type": "integer"}],
            [],
            Violation((), "must be a string or a whole number, but is a list"),
        ),
        (
            [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "integer"}}}],
            {"a": "x"},
            Violation(("a",), "must be a whole number, but is 'x'"),
        ),
        (
            [{"enum": ["none"]}, {"type": "integer"}],
            "non",
            Violation((), "'non' is none of 'none'", "did you mean 'none'?"),
        ),
        (
            [
                {"properties": {"by": {"const": "ip"}}, "required": ["by"]},
                {
                    "properties": {"by": {"const": "header"}, "name": {"type": "string"}},
                    "required": ["by", "name"],
                },
            ],
            {"by": "header"},
            Violation(("name",), "the field 'name' is missing"),
        ),
    ],
)
def test_the_alternative_that_fits_best_is_reported(kind, branches, data, expected):
    assert violations(data, {kind: branches}) == [expected]


def test_two_fitting_alternatives_are_one_too_many():
    schema = {"oneOf": [{"type": "integer"}, {"minimum": 0}]}
    assert violations(5, schema) == [Violation((), "5 fits more than one alternative")]


def test_references_into_the_schema_are_followed_and_violations_sorted_by_path():
    schema = {
        "$defs": {"port": {"type": "integer", "minimum": 1}},
        "properties": {"ports": {"items": {"$ref": "#/$defs/port"}}, "b": {"type": "string"}},
    }
    data = {"ports": [0] * 11, "b": []}
    assert [v.path for v in violations(data, schema)] == [
        ("b",),
        *[("ports", i) for i in range(11)],
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("requets", "requests"), ("RateLimit", "rateLimit"), ("frobnicate", None), ("", None)],
)
def test_suggest(word, expected):
    assert suggest(word, ["requests", "rateLimit", "per"]) == expected
