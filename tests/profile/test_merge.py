"""Layers are merged key by key; lists are replaced; false and null switch a concern off."""

import pytest

from sidecarctl.profile.merge import OFF, at, has, layered, merged, nested, table


@pytest.mark.parametrize(
    ("below", "above", "result"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": 1}, "text", "text"),
    ],
)
def test_merged(below, above, result):
    before = repr(below)
    assert merged(below, above) == result
    assert repr(below) == before


@pytest.mark.parametrize(
    ("layers", "result"),
    [
        ([], OFF),
        ([{}], {"a": 1, "b": 2}),
        ([True], {"a": 1, "b": 2}),
        ([{"a": 5}], {"a": 5, "b": 2}),
        ([{"a": 5}, {"b": 6}], {"a": 5, "b": 6}),
        ([{"a": 5}, True], {"a": 5, "b": 2}),
        ([{"a": 5}, False], OFF),
        ([{"a": 5}, None], OFF),
        ([{"a": 5}, False, {"b": 6}], {"a": 1, "b": 6}),
    ],
)
def test_layered(layers, result):
    assert layered({"a": 1, "b": 2}, layers) == result


def test_paths():
    data = {"a": [{"b": None}]}
    assert at(data, ("a", 0)) == {"b": None}
    assert at(data, ("a", 1, "b")) is None
    assert has(data, ("a", 0, "b"))
    assert not has(data, ("a", 0, "c"))
    assert not has(data, ("a", 1))
    assert table(data, "a", 0) == {"b": None}
    assert table(data, "a") == {}
    assert nested(("a", "b"), 1) == {"a": {"b": 1}}
