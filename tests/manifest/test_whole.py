"""A whole document, written by ruamel, reads back as what it was and looks as `emit` has it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecarctl.manifest.document import parse
from sidecarctl.manifest.emit import block_mapping
from sidecarctl.manifest.whole import whole_text

TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    [
        "y",
        "0644",
        "12:30:45",
        "a: b",
        "- x",
        "# no",
        "two\nlines\n",
        "two\nlines",
        " lead\nx",
        "null",
    ]
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXTS, x, max_size=3),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(TEXTS, DATA, min_size=1, max_size=4))
def test_what_is_written_reads_back(document):
    (found,) = parse(whole_text(document), "new.yaml").documents
    assert found.data == document


def test_a_config_map_is_laid_out_as_kubectl_does():
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "labels": {"a": "yes"}},
        "data": {"bootstrap.yaml": 'node:\n  id: "x"\n', "list": "one"},
        "items": [{"key": "a", "mode": 420}],
    }
    text = whole_text(document)
    assert text == block_mapping(document, 0) + "\n"
    assert text.splitlines()[6:] == [
        "data:",
        "  bootstrap.yaml: |",
        "    node:",
        '      id: "x"',
        "  list: one",
        "items:",
        "- key: a",
        "  mode: 420",
    ]
