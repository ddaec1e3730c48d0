"""The quick walker says what jsonschema says, or that it does not know."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sidecarctl.profile.profile import built_in_profiles, load_profile
from sidecarctl.profile.schema import profile_schema
from sidecarctl.schemas import fits

SCHEMAS = sorted(Path(__file__).parents[1].glob("templates/*/*/values.schema.json"))
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "5s", "10%", "spiffe://x/y", "strict", "8080"])
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "mode", "rules", "from", "ports", "request", "name", "per"])
DATA = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(NAMES, x, max_size=3), max_leaves=8
)


@st.composite
def schemas(draw, depth=2):
    """Return a schema of the keywords that the walker knows, at times of one that it does not."""
    below = schemas(depth=depth - 1) if depth else st.just({})
    keywords = {
        "type": st.sampled_from(
            ["string", "integer", "number", "object", "array", "null", "boolean"]
        ),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "const": DATA,
        "pattern": st.sampled_from(["^[0-9]+s$", "a", "^$"]),
        "minLength": st.integers(0, 3),
        "maxItems": st.integers(0, 2),
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 2),
        "uniqueItems": st.booleans(),
        "required": st.lists(NAMES, max_size=2),
        "minProperties": st.integers(0, 2),
        "properties": st.dictionaries(NAMES, below, max_size=3),
        "additionalProperties": st.booleans() | below,
        "propertyNames": below,
        "items": below,
        "anyOf": st.lists(below, min_size=1, max_size=2),
        "oneOf": st.lists(below, min_size=1, max_size=3),
        "allOf": st.lists(below, min_size=1, max_size=2),
        "not": below,
        "contains": below,
    }
    chosen = draw(st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True))
    return {name: draw(keywords[name]) for name in chosen}


@settings(max_examples=600, deadline=None)
@given(schema=schemas(), data=DATA)
def test_the_walker_agrees_with_jsonschema_wherever_it_has_an_opinion(schema, data):
    verdict = fits(data, schema)
    if verdict is None:
        assert "contains" in json.dumps(schema)
        return
    assert verdict == Draft202012Validator(schema).is_valid(data), (schema, data)


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.parent.name)
@settings(max_examples=40, deadline=None)
@given(data=DATA)
def test_the_walker_knows_every_keyword_of_our_own_schemas(file, data):
    shared = profile_schema()["$defs"]
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["$defs"] = {**shared, **schema.get("$defs", {})}
    assert fits(data, schema) == Draft202012Validator(schema).is_valid(data)


@pytest.mark.parametrize("name", sorted(built_in_profiles()))
def test_a_built_in_profile_is_checked_without_loading_jsonschema(name):
    """The walker alone has to be enough for what is right: that is what it is there for."""
    profile = load_profile(name)
    assert fits(profile.document.data, profile_schema()) is True
