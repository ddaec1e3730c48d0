"""Text becomes documents, and everything in them has a place."""

from textwrap import dedent

import pytest

from sidecarctl.findings import Location
from sidecarctl.manifest.document import parse

HEAD = "apiVersion: v1\nkind: Any\n"


def data_of(text: str):
    (document,) = parse(HEAD + dedent(text), "any.yaml").documents
    return {key: value for key, value in document.data.items() if key not in {"apiVersion", "kind"}}


def place(location: Location) -> str:
    return f"{location.line}:{location.column}-{location.end_line}:{location.end_column}"


# What a file holds


def test_documents_of_a_stream_are_counted_with_the_empty_ones():
    text = (
        "# nothing\n---\n---\nkind: A\n--- # comment\n[1, 2]\n...\n%YAML 1.1\n---\nkind: B\n...\n"
    )
    manifest = parse(text, "any.yaml")
    assert manifest.format == "yaml"
    assert [(each.index, each.kind) for each in manifest.documents] == [(1, "A"), (3, "B")]


@pytest.mark.parametrize(
    "text", ["", "\n", "# only a comment\n", "---\n", "\ufeff", "~\n", "text\n"]
)
def test_a_file_without_a_mapping_has_no_documents(text):
    assert parse(text, "any.yaml").documents == ()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_move_no_place(ends, mark):
    text = mark + ends.join(
        ["# é", "kind: Pod", "spec:", "  wörter: [ä, 😀, c]", "  text: |", "    x"]
    )
    (document,) = parse(text, "any.yaml").documents
    assert document.data == {"kind": "Pod", "spec": {"wörter": ["ä", "😀", "c"], "text": "x"}}
    assert place(document.locate(("kind",))) == "2:7-2:10"
    assert place(document.locate(("spec", "wörter", 2))) == "4:18-4:19"
    start = document.offset(document.node(("spec", "wörter", 1))[1].start_mark)
    assert text[start] == "😀"


def test_a_byte_order_mark_takes_no_column():
    (document,) = parse("\ufeffkind: Pod", "any.yaml").documents
    assert place(document.locate(("kind",), on="key")) == "1:1-1:5"


def test_lines_end_where_editors_end_them():
    # YAML 1.1 ends a line at U+2028 and U+0085, too; editors, SARIF and GitHub do not.
    (document,) = parse("a: '\u2028 \x85'\nb: 1\n", "any.yaml").documents
    assert place(document.locate(("b",))) == "2:4-2:5"


def test_members_of_a_list_are_documents():
    text = """\
        apiVersion: v1
        kind: List
        items:
        - kind: Service
          apiVersion: v1
          metadata: {name: a}
        - null
        - kind: Pod
          apiVersion: v1
          metadata: {name: b}
    """
    service, pod = parse(dedent(text), "any.yaml").documents
    assert (str(service), service.base) == ("Service/a", ("items", 0))
    assert (str(pod), pod.base, pod.index) == ("Pod/b", ("items", 2), 0)
    assert pod.data == {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "b"}}
    assert place(pod.locate(("metadata", "name"))) == "10:20-10:21"


def test_members_of_a_typed_list_take_its_kind():
    text = "apiVersion: apps/v1\nkind: DeploymentList\nitems: [{metadata: {name: a}}]\n"
    (document,) = parse(text, "any.yaml").documents
    assert document.is_a("apps", "Deployment")
    assert document.data == {"metadata": {"name": "a"}}


def test_a_list_without_items_is_a_document():
    (document,) = parse("kind: AllowList\nspec: {}\n", "any.yaml").documents
    assert document.base == ()


def test_json_objects_may_follow_one_another():
    text = '{"kind": "A", "n": 1e3}\n{"kind": "B",\n\t"s": ["\\ud83d\\ude00 \\/ \\ud83d"]}'
    manifest = parse(text, "any.json")
    first, second = manifest.documents
    assert manifest.format == "json"
    assert first.data == {"kind": "A", "n": 1000.0}
    assert second.data == {"kind": "B", "s": ["😀 / \ufffd"]}
    assert (second.index, place(second.locate(("s", 0)))) == (1, "3:8-3:32")


def test_json_that_libyaml_does_not_read():
    long = "k" * 2000
    text = f'{{"{long}"\n: {{"a"\n:1}}}}'
    assert parse(text, "any.json").documents[0].data == {long: {"a": 1}}


@pytest.mark.parametrize("text", ["{a: 1}", '{"a": 1,}', '{"a": 1} # comment', '{"a": 1}\n---\n{}'])
def test_yaml_in_flow_style_is_no_json(text):
    manifest = parse(text, "any.yaml")
    assert manifest.format == "yaml"
    assert manifest.documents[0].data == {"a": 1}


def test_what_a_document_says_of_itself():
    text = """\
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: 5
          namespace: shop
          labels: {app: shop, bad: 1}
          annotations: [1]
    """
    (document,) = parse(dedent(text), "any.yaml").documents
    assert (document.api_version, document.group, document.kind) == (
        "apps/v1",
        "apps",
        "Deployment",
    )
    assert (document.name, document.namespace) == ("5", "shop")
    assert (document.labels, document.annotations) == ({"app": "shop"}, {})
    assert str(document) == "Deployment/5"
    assert document.is_a("apps", "Deployment")
    assert not document.is_a("", "Deployment")


@pytest.mark.parametrize("metadata", ["", "metadata:\n", "metadata: text\n", "metadata: [1]\n"])
def test_a_document_without_metadata_has_no_name(metadata):
    (document,) = parse(f"apiVersion: v1\nkind: Pod\n{metadata}", "any.yaml").documents
    assert (document.name, document.namespace, document.labels) == ("", None, {})
    assert document.group == ""


# Keys, aliases, merges


def test_keys_become_strings_as_in_json():
    text = "{1: a, 0644: b, 1.10: c, yes: d, 'no': e, 2001-01-01: f, !!str 5: g, &k x: h}"
    keys = ["1", "420", "1.1", "true", "no", "2001-01-01", "5", "x"]
    assert list(data_of(f"m: {text}\n")["m"]) == keys


def test_every_alias_has_a_copy_of_its_own():
    data = data_of("a: &a [{x: 1}]\nb: *a\nc: *a\n")
    assert data == {"a": [{"x": 1}], "b": [{"x": 1}], "c": [{"x": 1}]}
    assert data["a"] is not data["b"]
    assert data["b"][0] is not data["c"][0]


def test_an_anchor_may_be_set_again():
    assert data_of("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_merge_keys_are_expanded_as_kubectl_does():
    text = """\
        x: &x {p: 1, q: 2}
        y: &y {p: 10, r: 3}
        before: {<<: *x, p: own}
        after: {p: own, <<: *x}
        list: {<<: [*x, *y]}
        nested: {<<: {<<: *y, p: 5}}
        twice: {<<: *x, <<: *y}
        quoted: {"<<": 1}
    """
    data = data_of(text)
    assert data["before"] == {"p": "own", "q": 2}
    assert data["after"] == {"p": 1, "q": 2}  # what stands later wins, so says kubectl
    assert data["list"] == {"p": 1, "q": 2, "r": 3}
    assert data["nested"] == {"p": 5, "r": 3}
    assert data["twice"] == {"p": 10, "q": 2, "r": 3}
    assert data["quoted"] == {"<<": 1}


def test_the_nodes_of_a_merged_field_are_those_of_the_anchor():
    text = "x: &x {p: 1, q: 2}\nm: {<<: *x, p: own}\no: {p: own, <<: *x}\n"
    (document,) = parse(text, "any.yaml").documents
    assert place(document.locate(("m", "q"))) == "1:17-1:18"
    assert place(document.locate(("m", "p"))) == "2:16-2:19"
    assert place(document.locate(("o", "p"))) == "1:11-1:12"
    assert document.node(("x",))[1] is document.node(("x",))[1]


def test_the_node_of_an_alias_is_that_of_its_anchor():
    (document,) = parse("a: &a {x: 1}\nb: *a\n", "any.yaml").documents
    assert document.node(("a",))[1] is document.node(("b",))[1]
    assert place(document.locate(("b",), on="key")) == "2:1-2:2"


def test_a_document_that_kubernetes_never_sees_may_hold_anything():
    text = "? [a, b]\n: 1\n~: 2\nport: !!int none\n---\nkind: Pod\napiVersion: v1\n"
    first, second = parse(text, "any.yaml").documents
    assert first.data == {"[a, b]": 1, "~": 2, "port": "none"}
    assert second.kind == "Pod"


# Places

PLACES = """\
# head
kind: Pod   # why
spec:
  containers:  # two
  - name: app  # first
    image: >-
      long
      text
    args: [a, {b: c},
           d]
    empty:
    other: &o
      x: 1
  - {name: proxy, image: "e n"}
  -   - deep: 1
  alias: *o
"""


@pytest.mark.parametrize(
    ("path", "on", "expected"),
    [
        ((), "value", "2:1-2:10"),
        (("kind",), "value", "2:7-2:10"),
        (("kind",), "key", "2:1-2:5"),
        (("spec",), "value", "4:3-4:14"),
        (("spec", "containers"), "value", "5:3-5:14"),
        (("spec", "containers", 0), "value", "5:5-5:14"),
        (("spec", "containers", 0), "key", "5:5-5:14"),
        (("spec", "containers", 0, "image"), "value", "6:12-8:11"),
        (("spec", "containers", 0, "args"), "value", "9:11-9:22"),
        (("spec", "containers", 0, "args", 1, "b"), "value", "9:19-9:20"),
        (("spec", "containers", 0, "empty"), "value", "11:5-11:10"),
        (("spec", "containers", 0, "other"), "value", "12:12-12:14"),
        (("spec", "containers", 1), "value", "14:5-14:32"),
        (("spec", "containers", 1, "image"), "value", "14:26-14:31"),
        (("spec", "containers", 2, 0), "value", "15:9-15:16"),
        (("spec", "alias"), "key", "16:3-16:8"),
        (("spec", "alias", "x"), "value", "13:10-13:11"),
        (("spec", "containers", 1, "resources", "limits", "memory"), "value", "14:5-14:32"),
        (("spec", "containers", 7, "name"), "value", "4:3-4:13"),
        (("spec", "containers", "name"), "value", "4:3-4:13"),
        (("metadata", "name"), "value", "2:1-2:10"),
        (("kind", "x"), "value", "2:1-2:5"),
    ],
)
def test_the_place_of(path, on, expected):
    (document,) = parse(PLACES, "any.yaml").documents
    assert place(document.locate(path, on=on)) == expected


def test_the_place_of_a_document_that_is_not_the_first():
    _, second = parse("kind: A\n---\n# head\n\nkind: B\n", "any.yaml").documents
    assert str(second.locate(("metadata", "name"))) == "any.yaml:5:1"
