"""Whatever a manifest holds, no rule breaks, and every finding stands in its file."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lint.docstrings import examples, findings
from test_kubernetes import replaced

from sidecarctl.errors import ManifestError
from sidecarctl.lint.engine import CRASHED, all_rules
from sidecarctl.manifest.document import parse

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    one for rule in all_rules() for word in ("Bad", "Good") for one in examples(rule.doc, word)
]
TEXTS = [
    (ROOT / "examples" / "lint" / "deployment.yaml").read_text(encoding="utf-8"),
    *(text for text, _ in EXAMPLES),
]


def documents_of(text):
    try:
        return [document.data for document in parse(text, "example.yaml").documents]
    except ManifestError:
        return []


STREAMS = [found for text in TEXTS if (found := documents_of(text))]
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "Always", "8080", "http", "localhost:1", "::", "{", "a: [", "static_resources: 1"]
    ),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=2),
    st.dictionaries(st.sampled_from(["name", "port", "configMap", "a"]), st.integers(), max_size=2),
)


def places(data, path=()):
    """Yield every path of *data*, its root apart."""
    steps = data.items() if isinstance(data, dict) else enumerate(data)
    for step, item in steps:
        yield (*path, step)
        if isinstance(item, dict | list):
            yield from places(item, (*path, step))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_rule_breaks_on_a_document_of_any_shape(data):
    stream = data.draw(st.sampled_from(STREAMS))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(stream))))
        stream = replaced(stream, path, data.draw(JUNK))
    text = "---\n".join(f"{json.dumps(each)}\n" for each in stream)
    found = findings(text)
    assert [one.message for one in found if one.slug == CRASHED] == []
    lines = text.splitlines()
    for one in found:
        place = one.location
        assert 1 <= place.line <= place.end_line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.sampled_from("a:-{}[]\n \"'|>#&*!0x\t"), max_size=60))
def test_no_text_breaks_the_lint(text):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  static_resources: |\n"
    block = "".join(f"    {line}\n" for line in text.splitlines())
    for each in (text, f"{head}    static_resources:\n{block}"):
        assert [one.message for one in findings(each) if one.slug == CRASHED] == []
