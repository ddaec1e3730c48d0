"""Fragments read as what they say, to kubectl and to every other reader of YAML, and to people."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.identity import same
from sidecarctl.manifest.emit import (
    Layout,
    block_entry,
    block_item,
    block_mapping,
    double_quoted,
    flow,
    is_literal,
    pretty,
    requoted,
    scalar,
)

CONTAINER = {
    "name": "envoy",
    "args": ["-c", "/etc/envoy/bootstrap.yaml", "--log-level"],
    "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    "resources": {},
    "command": [],
    "note": "first\n\n  second\n",
    "last": None,
}


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (
            Layout(),
            """\
- name: envoy
  args:
  - "-c"
  - /etc/envoy/bootstrap.yaml
  - --log-level
  env:
  - name: POD
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  resources: {}
  command: []
  note: |
    first

      second
  last: null""",
        ),
        (
            Layout(step=4, dash=2, gap=4),
            """\
-   name: envoy
    args:
      -   "-c"
      -   /etc/envoy/bootstrap.yaml
      -   --log-level
    env:
      -   name: POD
          valueFrom:
              fieldRef:
                  fieldPath: metadata.name
    resources: {}
    command: []
    note: |
        first

          second
    last: null""",
        ),
    ],
)
def test_block(layout, text):
    assert block_item(CONTAINER, 0, layout) == text


def test_flow():
    value = {"a": ["b", 1, True, None, {}], "image": "shop:1", "y": "n, m", "text": "a\nb"}
    assert flow(value) == (
        '{a: [b, 1, true, null, {}], image: "shop:1", "y": "n, m", text: "a\\nb"}'
    )
    compact = Layout(comma=",", colon=":", quoted=True)
    assert flow(value, compact) == json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("unit", ["  ", "    ", "\t"])
def test_pretty(unit):
    value = {"a": ["b", {"c": 1.5}, [], {}], "ü": {"d": "e\nf"}}
    assert pretty(value, "", Layout(unit=unit, quoted=True)) == json.dumps(
        value, indent=unit, ensure_ascii=False
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("shop", "shop"),
        ("a b", "a b"),
        ("envoyproxy/envoy:distroless-v1.40.0", "envoyproxy/envoy:distroless-v1.40.0"),
        ("100m", "100m"),
        ("64Mi", "64Mi"),
        ("--log-level=info", "--log-level=info"),
        ("ünïcode", "ünïcode"),
        ("http://127.0.0.1:80/a?b=c&d", "http://127.0.0.1:80/a?b=c&d"),
        ("{name}", '"{name}"'),
        ("", '""'),
        ("yes", '"yes"'),
        ("y", '"y"'),
        ("Off", '"Off"'),
        ("null", '"null"'),
        ("~", '"~"'),
        ("8080", '"8080"'),
        ("0644", '"0644"'),
        ("0o17", '"0o17"'),
        ("0x1F", '"0x1F"'),
        ("1e3", '"1e3"'),
        ("1_000", '"1_000"'),
        ("12:30:45", '"12:30:45"'),
        ("2001-12-14", '"2001-12-14"'),
        ("2001-12-14T21:59:43Z", '"2001-12-14T21:59:43Z"'),
        (".5", '".5"'),
        (".inf", '".inf"'),
        ("=", '"="'),
        ("<<", '"<<"'),
        ("---", '"---"'),
        ("- a", '"- a"'),
        ("a: b", '"a: b"'),
        ("a:", '"a:"'),
        ("a #b", '"a #b"'),
        ("#b", '"#b"'),
        ("*a", '"*a"'),
        ("!a", '"!a"'),
        ("%a", '"%a"'),
        ("@a", '"@a"'),
        ("`a`", '"`a`"'),
        ("'a'", "\"'a'\""),
        (" a", '" a"'),
        ("a ", '"a "'),
        ("a\tb", '"a\\tb"'),
        ("a\x85b", '"a\\u0085b"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("\ufeff", '"\\ufeff"'),
        ("\x7f", '"\\u007f"'),
        ("\U0001f600", "\U0001f600"),
        (True, "true"),
        (None, "null"),
        (0, "0"),
        (1.5, "1.5"),
        (1e30, "1e+30"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
    ],
)
def test_scalar(value, text):
    assert scalar(value) == text
    (document,) = parse(f"field: {text}\n", "example.yaml").documents
    assert same(document.data["field"], value)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("a\n", True),
        ("a\nb", True),
        ("a\n\n# b\n", True),
        ("a\tb\n", True),
        ("a", False),
        ("a\n\n", False),
        ("\na\n", False),
        (" a\n", False),
        ("a\n \nb\n", False),
        ("a\r\nb\n", False),
        ("a\x85\n", False),
    ],
)
def test_literal(value, literal):
    assert is_literal(value) is literal
    assert block_entry("key", value, 0).startswith("key: |") is literal


@pytest.mark.parametrize(
    ("value", "old", "text"),
    [
        ("new", '"old"', '"new"'),
        ("new", "'old'", "'new'"),
        ("it's", "'old'", "'it''s'"),
        ("a\nb", "'old'", '"a\\nb"'),
        ("new", "old", "new"),
        ("8080", "old", '"8080"'),
    ],
)
def test_requoted(value, old, text):
    assert requoted(value, old) == text


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
layouts = st.builds(
    Layout,
    step=st.integers(1, 4),
    dash=st.integers(0, 4),
    gap=st.integers(2, 4),
    quoted=st.booleans(),
)


@given(st.dictionaries(texts, values, min_size=1, max_size=4), layouts)
def test_block_reads_as_it_was(data, layout):
    (document,) = parse(f"{block_mapping(data, 0, layout)}\n", "example.yaml").documents
    assert same(document.data, data)


@given(values, layouts)
def test_flow_reads_as_it_was(value, layout):
    (document,) = parse(f"field: {flow(value, layout)}\n", "example.yaml").documents
    assert same(document.data["field"], value)


@given(values)
def test_json_reads_as_it_was(value):
    quoted = Layout(quoted=True)
    assert same(json.loads(flow(value, quoted)), value)
    assert same(json.loads(pretty(value, "", quoted)), value)


@given(texts)
def test_strings_are_strings_to_yaml_1_1(text):
    """PyYAML reads dates, `12:30` and `=` as something else, where they are not quoted."""
    assert yaml.safe_load(f"- {scalar(text)}\n") == [text]
    assert yaml.safe_load(f"- {double_quoted(text)}\n") == [text]
