"""A selector finds its value again, by what it is and not by where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecarctl.manifest.edits.receipt import Receipt, inner, read_receipt
from sidecarctl.manifest.edits.selector import find, is_selector, joined, parent, selector

POD = {
    "metadata": {"annotations": {"example.com/a b": 1, 'q"]': 2, "plain": 3}},
    "containers": [
        {
            "name": "server",
            "env": [{"name": "A"}, {"name": "A"}, {"name": "B.c"}],
            "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}],
            "volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b c"}],
            "args": ["-c", "x=1", "", "x", "x"],
        },
        {"image": "shop"},
    ],
    "ports": [{"port": 80}, {"port": True}, {"name": ""}],
}

SELECTORS = {
    "metadata.annotations.plain": ("metadata", "annotations", "plain"),
    'metadata.annotations["example.com/a b"]': ("metadata", "annotations", "example.com/a b"),
    'metadata.annotations["q\\"]"]': ("metadata", "annotations", 'q"]'),
    "containers[server].env[#1]": ("containers", 0, "env", 1),
    "containers[server].env[B.c].name": ("containers", 0, "env", 2, "name"),
    "containers[server].ports[containerPort=53,protocol=UDP]": ("containers", 0, "ports", 0),
    "containers[server].ports[containerPort=53]": ("containers", 0, "ports", 1),
    "containers[server].volumeMounts[mountPath=/a]": ("containers", 0, "volumeMounts", 0),
    'containers[server].volumeMounts[mountPath="/b c"]': ("containers", 0, "volumeMounts", 1),
    "containers[server].args[=-c]": ("containers", 0, "args", 0),
    'containers[server].args[="x=1"]': ("containers", 0, "args", 1),
    'containers[server].args[=""]': ("containers", 0, "args", 2),
    "containers[server].args[#4]": ("containers", 0, "args", 4),
    "containers[#1].image": ("containers", 1, "image"),
    "ports[port=true]": ("ports", 1),
    'ports[""]': ("ports", 2),
}


@pytest.mark.parametrize("text", SELECTORS)
def test_selector(text):
    path = SELECTORS[text]
    assert selector(POD, path) == text
    assert find(POD, text) == path
    assert is_selector(text)
    assert find(POD, parent(text)) == path[:-1]


@pytest.mark.parametrize("text", ["metadata.x", "containers[db]", "containers[#2]", "ports.x.y"])
def test_not_there(text):
    assert find(POD, text) is None


def test_found_by_what_it_is():
    text = selector({"env": [{"name": "A"}]}, ("env", 0))
    assert find({"env": [{"name": "Z"}, {"name": "A"}]}, text) == ("env", 1)
    assert find({"env": [{"name": "A"}, {"name": "A"}]}, text) is None


@pytest.mark.parametrize("text", ["a..b", "a[", "a[#x]", "a b", 'a["b]', "", "a[b]]"])
def test_no_selector(text):
    assert not is_selector(text)


def test_inner():
    value = {
        "labels": {"a.b/c": "1", "d": {}},
        "volumes": [{"name": "v"}, {"name": "w"}],
        "args": ["x", "x"],
        "none": None,
    }
    assert inner(value) == (
        "labels[a.b/c]", "labels.d", "volumes[v]", "volumes[w]", "args", "none",
    )  # fmt: skip
    assert inner([{"name": "v"}]) == ("[v]",)
    assert inner("text") == ()
    assert [find(value, each) is not None for each in inner(value)] == [True] * 6


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ("was", "#1", "a=b", "a,b", "[", '"', ".", "doc")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | names,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(names, inside, max_size=3)
        | st.lists(
            st.builds(
                lambda name, rest: {"name": name, **rest},
                names,
                st.dictionaries(names, inside, max_size=1),
            ),
            max_size=3,
        )
    ),
    max_leaves=8,
)


def paths(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(child, (*path, step))


@given(values)
def test_every_path_has_a_selector(value):
    for path in list(paths(value))[1:]:
        text = selector(value, path)
        assert is_selector(text)
        assert find(value, text) == path
    for each in inner(value):
        assert find(value, each) is not None


@given(
    st.sampled_from(("+", "<", "~", "~:", "=")),
    values,
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_receipt_is_read_as_it_was_written(op, value, lead, length, was):
    for path in list(paths(value))[1:]:
        old = was if op in ("~", "~:") else ""
        receipt = Receipt(op, selector(value, path), lead, length, "0123abcd", inner(value), old)
        assert str(receipt).isprintable()
        assert read_receipt(str(receipt)) == receipt


def test_joined():
    assert joined("a.b", "[c]") == "a.b[c]"
    assert joined("a.b", "c[d]") == "a.b.c[d]"
