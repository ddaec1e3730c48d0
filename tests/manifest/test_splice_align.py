"""Which item is which: by equality, by name, by port, and only then by position."""

import pytest

from sidecarctl.manifest.edits.align import align, align_keys

A, B, C = ({"name": name} for name in "abc")

LISTS = {
    "the same": ([1, 2], [1, 2], [(0, 0), (1, 1)]),
    "at the head": ([A, B], [C, A, B], [(None, 0), (0, 1), (1, 2)]),
    "between": ([A, B], [A, C, B], [(0, 0), (None, 1), (1, 2)]),
    "at the end": ([A], [A, B, C], [(0, 0), (None, 1), (None, 2)]),
    "one removed": ([A, B, C], [A, C], [(0, 0), (1, None), (2, 1)]),
    "changed": ([A, B], [{"name": "a", "x": 1}, B], [(0, 0), (1, 1)]),
    "changed, and one before it": ([A], [B, {"name": "a", "x": 1}], [(None, 0), (0, 1)]),
    "the same port under another name": (
        [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
        [{"name": "z", "port": 3}, {"name": "y", "port": 2}],
        [(0, 0), (1, 1)],
    ),
    "mounts of one volume": (
        [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
        [{"name": "v", "mountPath": "/b"}],
        [(0, None), (1, 0)],
    ),
    "text": (["-c", "x"], ["--new", "-c", "y"], [(None, 0), (0, 1), (1, 2)]),
    "by position": ([[1], [2]], [[3], [2]], [(0, 0), (1, 1)]),
    "1 is not true": ([1, 2], [True, 1, 2], [(None, 0), (0, 1), (1, 2)]),
}


@pytest.mark.parametrize("case", LISTS)
def test_align(case):
    old, new, pairs = LISTS[case]
    assert align(old, new) == pairs


KEYS = {
    "added": ("ab", "axb", {}, (), {"x": "a"}),
    "added at the head": ("ab", "xyab", {}, (), {"x": None, "y": None}),
    "added one behind the other": ("a", "axy", {}, (), {"x": "a", "y": "a"}),
    "replaced in its place": ("abc", "axc", {"b": "x"}, (), {}),
    "replaced, the new one at the end": ("abc", "acx", {"b": "x"}, (), {}),
    "replaced, the nearest of two": ("abc", "axcy", {"b": "x"}, (), {"y": "c"}),
    "added behind a replaced one": ("ab", "axy", {"b": "x"}, (), {"y": "b"}),
    "removed": ("abc", "ac", {}, ("b",), {}),
    "in another order": ("abc", "cba", {}, (), {}),
}


@pytest.mark.parametrize("case", KEYS)
def test_align_keys(case):
    old, new, replaced, removed, added = KEYS[case]
    found = align_keys(dict.fromkeys(old), dict.fromkeys(new))
    assert found.replaced == replaced
    assert found.removed == removed
    assert found.added == added
    assert found.kept == tuple(key for key in old if key in new)
