"""Which characters change when data changes: block and flow, comments, line ends, documents."""

import copy

import pytest

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.splice import Rewrite, rewrite


def rewritten(text, after, *, new=(), file="shop.yaml"):
    """Return *text* with the data of its first document changed by *after*."""
    manifest = parse(text, file)
    document = manifest.documents[0]
    data = copy.deepcopy(document.data)
    data = after(data) or data
    return rewrite(manifest, [Rewrite(document, data, tuple(new))]).text


def put(path, value):
    """Return a change that sets the field at *path*; a step behind the end of a list appends."""

    def change(data):
        *above, last = path
        for step in above:
            data = data[step]
        if isinstance(data, list) and last == len(data):
            data.append(value)
        else:
            data[last] = value

    return change


def insert(path, position, value):
    def change(data):
        for step in path:
            data = data[step]
        data.insert(position, value)

    return change


def remove(*path):
    def change(data):
        *above, last = path
        for step in above:
            data = data[step]
        del data[last]

    return change


ENVOY = {"name": "envoy", "args": ["-c", "x"]}

APPENDED = {
    "a list that is not indented": (
        "a:\n- name: x\nb: 1\n",
        'a:\n- name: x\n- name: envoy\n  args:\n  - "-c"\n  - x\nb: 1\n',
    ),
    "a list that is indented": (
        "a:\n  - name: x\nb: 1\n",
        'a:\n  - name: x\n  - name: envoy\n    args:\n      - "-c"\n      - x\nb: 1\n',
    ),
    "a wide dash": (
        "a:\n    -   name: x\n",
        "a:\n    -   name: x\n    -   name: envoy\n"
        '        args:\n            -   "-c"\n            -   x\n',
    ),
    "a dash alone on its line": (
        "a:\n  -\n    name: x\n",
        'a:\n  -\n    name: x\n  - name: envoy\n    args:\n      - "-c"\n      - x\n',
    ),
    "a comment as deep as the item belongs to it": (
        "a:\n  - name: x\n    # deep\n  # as deep\n# not\nb: 1\n",
        "a:\n  - name: x\n    # deep\n  # as deep\n"
        '  - name: envoy\n    args:\n      - "-c"\n      - x\n# not\nb: 1\n',
    ),
    "a comment beside the dashes and the next key": (
        "a:\n- name: x\n  # deep\n# of b\nb: 1\n",
        'a:\n- name: x\n  # deep\n- name: envoy\n  args:\n  - "-c"\n  - x\n# of b\nb: 1\n',
    ),
    "blank lines stay behind": (
        "a:\n- name: x\n\n\nb: 1\n",
        'a:\n- name: x\n- name: envoy\n  args:\n  - "-c"\n  - x\n\n\nb: 1\n',
    ),
    "a comment behind the value": (
        "a:\n- name: x # why\n",
        'a:\n- name: x # why\n- name: envoy\n  args:\n  - "-c"\n  - x\n',
    ),
    "no line break at the end": (
        "a:\n- name: x",
        'a:\n- name: x\n- name: envoy\n  args:\n  - "-c"\n  - x',
    ),
    "CRLF": (
        "a:\r\n- name: x\r\nb: 1\r\n",
        'a:\r\n- name: x\r\n- name: envoy\r\n  args:\r\n  - "-c"\r\n  - x\r\nb: 1\r\n',
    ),
    "a byte order mark": (
        "\ufeffa:\n- name: x\n",
        '\ufeffa:\n- name: x\n- name: envoy\n  args:\n  - "-c"\n  - x\n',
    ),
    "a block of text that keeps its blank lines": (
        "a:\n- name: |+\n    x\n\n\nb: 1\n",
        'a:\n- name: |+\n    x\n\n\n- name: envoy\n  args:\n  - "-c"\n  - x\nb: 1\n',
    ),
    "a block of text that does not": (
        "a:\n- name: |\n    x\n\n\nb: 1\n",
        'a:\n- name: |\n    x\n- name: envoy\n  args:\n  - "-c"\n  - x\n\n\nb: 1\n',
    ),
    "a list in a list": (
        "a:\n- - name: x\n",
        'a:\n- - name: x\n- name: envoy\n  args:\n  - "-c"\n  - x\n',
    ),
    "a key with a question mark": (
        "? a\n: - name: x\nb: 1\n",
        '? a\n: - name: x\n  - name: envoy\n    args:\n    - "-c"\n    - x\nb: 1\n',
    ),
    "tags and anchors": (
        "a: !!seq &a\n- &x\n  name: x\n",
        'a: !!seq &a\n- &x\n  name: x\n- name: envoy\n  args:\n  - "-c"\n  - x\n',
    ),
    "flow style": (
        "a: [{name: x}] # why\n",
        'a: [{name: x}, {name: envoy, args: ["-c", x]}] # why\n',
    ),
    "flow style over lines": (
        "a: [\n  {name: x},\n]\n",
        'a: [\n  {name: x},\n  {name: envoy, args: ["-c", x]},\n]\n',
    ),
    "flow style with quotes": (
        'a: [{"name": "x"}]\n',
        'a: [{"name": "x"}, {"name": "envoy", "args": ["-c", "x"]}]\n',
    ),
    "JSON on one line": (
        '{"a": [{"name": "x"}]}',
        '{"a": [{"name": "x"}, {"name": "envoy", "args": ["-c", "x"]}]}',
    ),
    "JSON without blanks": (
        '{"a":[{"name":"x"}]}\n',
        '{"a":[{"name":"x"},{"name":"envoy","args":["-c","x"]}]}\n',
    ),
    "JSON over lines": (
        '{\n\t"a": [\n\t\t{\n\t\t\t"name": "x"\n\t\t}\n\t]\n}\n',
        '{\n\t"a": [\n\t\t{\n\t\t\t"name": "x"\n\t\t},\n\t\t{\n\t\t\t"name": "envoy",\n'
        '\t\t\t"args": [\n\t\t\t\t"-c",\n\t\t\t\t"x"\n\t\t\t]\n\t\t}\n\t]\n}\n',
    ),
}


@pytest.mark.parametrize("case", APPENDED)
def test_append(case):
    before, after = APPENDED[case]
    assert rewritten(before, put(("a", 1), ENVOY)) == after


NAMED = {"name": "w"}

INSERTED = {
    "at the head, above the comment of the first item": (
        "a: # list\n# of x\n- name: x\n",
        0,
        "a: # list\n- name: w\n# of x\n- name: x\n",
    ),
    "between, above the comment of the next item": (
        "a:\n- name: x\n  # deep\n# of z\n- name: z\n",
        1,
        "a:\n- name: x\n  # deep\n- name: w\n# of z\n- name: z\n",
    ),
    "at the head of a list in a list": ("a:\n- - name: x\n", 0, "a:\n- name: w\n- - name: x\n"),
    "at the head in flow style": ("a: [{name: x}]\n", 0, "a: [{name: w}, {name: x}]\n"),
    "between in flow style": ("a: [ x, z ]\n", 1, "a: [ x, {name: w}, z ]\n"),
    "at the head over lines": (
        '{\n "a": [\n  1\n ]\n}',
        0,
        '{\n "a": [\n  {\n   "name": "w"\n  },\n  1\n ]\n}',
    ),
}


@pytest.mark.parametrize("case", INSERTED)
def test_insert(case):
    before, position, after = INSERTED[case]
    assert rewritten(before, insert(("a",), position, NAMED)) == after


def test_insert_into_a_list_in_a_list():
    assert rewritten("a:\n- - x\n", insert(("a", 0), 0, "w")) == "a:\n- - w\n  - x\n"


KEYS = {
    "behind the last key": (
        "a:\n  b: 1\nc: 2\n",
        {"b": 1, "k": NAMED},
        "a:\n  b: 1\n  k:\n    name: w\nc: 2\n",
    ),
    "behind the key before it": (
        "a:\n  b: 1\n  c: 2\n",
        {"b": 1, "k": 0, "c": 2},
        "a:\n  b: 1\n  k: 0\n  c: 2\n",
    ),
    "before the first key": (
        "a:\n  # b\n  b: 1\n",
        {"k": 0, "b": 1},
        "a:\n  k: 0\n  # b\n  b: 1\n",
    ),
    "before the first key beside a dash": (
        "a:\n- b: 1\n",
        [{"k": 0, "b": 1}],
        "a:\n- k: 0\n  b: 1\n",
    ),
    "as many columns as elsewhere": (
        "a:\n    b: 1\n",
        {"b": 1, "k": NAMED},
        "a:\n    b: 1\n    k:\n        name: w\n",
    ),
    "dashes as beside it": (
        "a:\n  b:\n    - 1\nc:\n- 1\nd:\n- 1\n",
        {"b": [1], "k": [0]},
        "a:\n  b:\n    - 1\n  k:\n    - 0\nc:\n- 1\nd:\n- 1\n",
    ),
    "flow style": ("a: {b: 1}\n", {"b": 1, "k": "yes"}, 'a: {b: 1, k: "yes"}\n'),
    "behind a merge key": (
        "x: &x\n  b: 1\na:\n  <<: *x\n  c: 2\n",
        {"k": 0, "b": 1, "c": 2},
        "x: &x\n  b: 1\na:\n  <<: *x\n  c: 2\n  k: 0\n",
    ),
    "in place of what a merge key brings": (
        "x: &x\n  b: 1\na:\n  <<: *x\n",
        {"b": 3},
        "x: &x\n  b: 1\na:\n  <<: *x\n  b: 3\n",
    ),
    "in place of a removed one": (
        "a:\n  b: 1 # why\n  c: 2\n",
        {"k": NAMED, "c": 2},
        "a:\n  k: {name: w} # why\n  c: 2\n",
    ),
    "in place of a removed one, over lines": (
        "a:\n  b:\n    z: 1\n  c: 2\n",
        {"c": 2, "k": NAMED},
        "a:\n  k:\n    name: w\n  c: 2\n",
    ),
    "in place of the only one": ("a:\n  b: 1\n", {"k": 0}, "a:\n  k: 0\n"),
    "in place of one in flow style": (
        "a: {b: {c: 1}, d: 2}\n",
        {"d": 2, "k": NAMED},
        "a: {k: {name: w}, d: 2}\n",
    ),
    "instead of an alias": (
        "x: &x\n  b: 1\na: *x # why\n",
        {"b": 1, "k": 0},
        "x: &x\n  b: 1\na: {b: 1, k: 0} # why\n",
    ),
    "instead of an alias, over lines": (
        "x: &x\n  b: 1\na: *x\n",
        {"b": 1, "k": 0},
        "x: &x\n  b: 1\na:\n  b: 1\n  k: 0\n",
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_key(case):
    before, value, after = KEYS[case]
    assert rewritten(before, put(("a",), value)) == after


FILLED = {
    "nothing": ("a:\nb: 1\n", [NAMED], "a:\n- name: w\nb: 1\n"),
    "nothing but a comment": ("a: # why\nb: 1\n", [NAMED], "a: # why\n- name: w\nb: 1\n"),
    "nothing, blanks behind it": ("a:  \nb: 1\n", "x\ny\n", "a: |\n  x\n  y\nb: 1\n"),
    "nothing, with a scalar": ("a: # why\n", 1, "a: 1 # why\n"),
    "nothing, with text of two lines": ("a: # why\n", "x\ny\n", 'a: "x\\ny\\n" # why\n'),
    "nothing behind a dash": ("a:\n-\n- 1\n", [NAMED, 1], "a:\n- name: w\n- 1\n"),
    "nothing at the end of the file": ("a:", {"b": {"c": 1}}, "a:\n  b:\n    c: 1"),
    "null": ("a: ~\n", NAMED, "a:\n  name: w\n"),
    "braces": ("a: {}\nb: 1\n", NAMED, "a:\n  name: w\nb: 1\n"),
    "braces and a comment": ("a: {} # why\n", NAMED, "a: {name: w} # why\n"),
    "brackets behind a dash": ("a:\n- []\n", [[1, 2]], "a:\n- - 1\n  - 2\n"),
    "brackets in flow style": ("a: {b: [ ]}\n", {"b": [1]}, "a: {b: [1]}\n"),
    "nothing in flow style": ("a: {b: , c: 1}\n", {"b": [1], "c": 1}, "a: {b: [1] , c: 1}\n"),
    "braces in JSON over lines": ('{\n  "a": {}\n}', NAMED, '{\n  "a": {\n    "name": "w"\n  }\n}'),
    "braces in JSON": ('{"a":{}}', NAMED, '{"a":{"name":"w"}}'),
    "null in JSON": ('{"a":null}', [NAMED], '{"a":[{"name":"w"}]}'),
}


@pytest.mark.parametrize("case", FILLED)
def test_fill(case):
    before, value, after = FILLED[case]
    assert rewritten(before, put(("a",), value)) == after


REPLACED = {
    "plain": ("a: x # why\n", "w", "a: w # why\n"),
    "plain by what needs quotes": ("a: x\n", "yes", 'a: "yes"\n'),
    "double quotes stay": ('a: "x" # why\n', "w", 'a: "w" # why\n'),
    "single quotes stay": ("a: 'x'\n", "it's", "a: 'it''s'\n"),
    "a number": ("a: 5\n", 30, "a: 30\n"),
    "a number by a name": ('{"a": 80}\n', "http", '{"a": "http"}\n'),
    "text by a number": ("a: 'x'\n", 1, "a: 1\n"),
    "one on the next line": ("a: # why\n  x # b\nb: 1\n", "z", "a: # why\n  z # b\nb: 1\n"),
    "an entry on the next line": ("a:\n  b: 1\nb: 1\n", 5, "a: 5\nb: 1\n"),
    "one over lines": ("a: x\n  w # why\nb: 1\n", "z", "a: z # why\nb: 1\n"),
    "quotes over lines": ('a: "x\n  w"\nb: 1\n', "z", "a: z\nb: 1\n"),
    "a block of text": ("a: |\n  x\n\nb: 1\n", "z", "a: z\n\nb: 1\n"),
    "a block of text by another": ("a: |\n  x\nb: 1\n", "w\nz\n", "a: |\n  w\n  z\nb: 1\n"),
    "the last block of text": ("a: |-\n  x", "w\nz\n", "a: |\n  w\n  z\n"),
    "a mapping by a scalar": ("a: # why\n  b: 1\nc: 2\n", "z", "a: z\nc: 2\n"),
    "a mapping by an empty one": ("a:\n  b: 1\nc: 2\n", {}, "a: {}\nc: 2\n"),
    "a scalar by a mapping": ("a: 1\nc: 2\n", NAMED, "a:\n  name: w\nc: 2\n"),
    "a scalar by null": ("a: 1\n", None, "a: null\n"),
    "an item by another thing": ("a:\n- name: x\n- 1\n", [NAMED, 1], "a:\n- name: w\n- 1\n"),
    "text in flow style": ("a: ['x', w]\n", ["z", "w"], "a: ['z', w]\n"),
}


@pytest.mark.parametrize("case", REPLACED)
def test_replace(case):
    before, value, after = REPLACED[case]
    assert rewritten(before, put(("a",), value)) == after


def test_the_same_item_is_changed_in_place():
    before = "a:\n- name: grpc # why\n  containerPort: 70\n- name: b\n"
    after = [{"name": "app-grpc", "containerPort": 70}, {"name": "b", "protocol": "TCP"}]
    assert rewritten(before, put(("a",), after)) == (
        "a:\n- name: app-grpc # why\n  containerPort: 70\n- name: b\n  protocol: TCP\n"
    )


REMOVED = {
    "an item": ("a:\n- 1\n- 2 # why\n  # deep\n- 3\n", ("a", 1), "a:\n- 1\n- 3\n"),
    "the last item": ("a:\n- 1\n- 2\nb: 1\n", ("a", 1), "a:\n- 1\nb: 1\n"),
    "the last line": ("a:\n- 1\n- 2", ("a", 1), "a:\n- 1\n"),
    "the only item": ("a:\n- 1\nb: 1\n", ("a", 0), "a: []\nb: 1\n"),
    "a key": ("a:\n  b: 1\n  c:\n    d: 1\n", ("a", "b"), "a:\n  c:\n    d: 1\n"),
    "a key beside a dash": ("a:\n- b: 1\n  c: 2\n", ("a", 0, "b"), "a:\n- c: 2\n"),
    "an item in flow style": ("a: [1, 2, 3]\n", ("a", 1), "a: [1, 3]\n"),
    "the last item in flow style": ("a: [1, 2]\n", ("a", 1), "a: [1]\n"),
    "a member of JSON": ('{\n  "a": 1,\n  "b": 2\n}\n', ("b",), '{\n  "a": 1\n}\n'),
}


@pytest.mark.parametrize("case", REMOVED)
def test_remove(case):
    before, path, after = REMOVED[case]
    assert rewritten(before, remove(*path)) == after


def test_edits_that_meet_at_one_line():
    before = "a:\n  b:\n    c:\n    - x: 1\n"
    after = {"b": {"c": [{"x": 1, "w": 2}, 3], "d": 4}, "e": 5}
    assert rewritten(before, put(("a",), after)) == (
        "a:\n  b:\n    c:\n    - x: 1\n      w: 2\n    - 3\n    d: 4\n  e: 5\n"
    )
    assert rewritten(before.rstrip(), put(("a",), after)) == (
        "a:\n  b:\n    c:\n    - x: 1\n      w: 2\n    - 3\n    d: 4\n  e: 5"
    )


HEAD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n"
NEW = {"kind": "ConfigMap", "metadata": {"name": "k"}}
TEXT = "kind: ConfigMap\nmetadata:\n  name: k"

DOCUMENTS = {
    "the only one": (HEAD, f"{HEAD}---\n{TEXT}\n"),
    "no line break at the end": (HEAD.rstrip(), f"{HEAD}---\n{TEXT}"),
    "another behind it": (
        f"{HEAD}\n# end\n--- # next\na: 1\n",
        f"{HEAD}\n# end\n---\n{TEXT}\n--- # next\na: 1\n",
    ),
    "an end": (f"{HEAD}...\n# end\n", f"{HEAD}...\n---\n{TEXT}\n# end\n"),
    "an end and a directive": (
        f"%YAML 1.1\n---\n{HEAD}...\n%YAML 1.1\n---\na: 1\n",
        f"%YAML 1.1\n---\n{HEAD}...\n---\n{TEXT}\n...\n%YAML 1.1\n---\na: 1\n",
    ),
    "an empty one behind it": (
        f"---\n{HEAD}---\n---\na: 1\n",
        f"---\n{HEAD}---\n{TEXT}\n---\n---\na: 1\n",
    ),
    "text that keeps its blank lines": (
        f"{HEAD}a: |+\n  b\n\n\n",
        f"{HEAD}a: |+\n  b\n\n\n---\n{TEXT}\n",
    ),
    "CRLF": (HEAD.replace("\n", "\r\n"), f"{HEAD}---\n{TEXT}\n".replace("\n", "\r\n")),
    "a List": (
        "kind: List\nitems:\n- kind: Pod\n- a: 1\n",
        "kind: List\nitems:\n- kind: Pod\n- kind: ConfigMap\n  metadata:\n    name: k\n- a: 1\n",
    ),
    "JSON": ('{"kind":"Pod"}', '{"kind":"Pod"}\n{"kind":"ConfigMap","metadata":{"name":"k"}}'),
    "JSON, one object after another": (
        '{"kind": "Pod"}\n{"a": 1}\n',
        '{"kind": "Pod"}\n{"kind": "ConfigMap", "metadata": {"name": "k"}}\n{"a": 1}\n',
    ),
    "JSON, two objects on a line": (
        '{"kind":"Pod"}{"a":1}',
        '{"kind":"Pod"}{"kind":"ConfigMap","metadata":{"name":"k"}}{"a":1}',
    ),
    "JSON over lines": (
        '{\n  "kind": "Pod"\n}\n',
        '{\n  "kind": "Pod"\n}\n'
        '{\n  "kind": "ConfigMap",\n  "metadata": {\n    "name": "k"\n  }\n}\n',
    ),
    "a List in JSON": (
        '{"kind": "List", "items": [{"kind": "Pod"}]}',
        '{"kind": "List", "items": [{"kind": "Pod"}, '
        '{"kind": "ConfigMap", "metadata": {"name": "k"}}]}',
    ),
    "JSON in YAML": ('# head\n{"kind": "Pod"}\n', f'# head\n{{"kind": "Pod"}}\n---\n{TEXT}\n'),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_new_document(case):
    before, after = DOCUMENTS[case]
    assert rewritten(before, dict, new=[NEW]) == after


def test_documents_go():
    text = "a: 1\n---\nb: 1\n--- # third\nc: 1\n# end\n"
    manifest = parse(text, "shop.yaml")
    a, b, c = manifest.documents
    assert rewrite(manifest, [], gone=[b]).text == "a: 1\n--- # third\nc: 1\n# end\n"
    assert rewrite(manifest, [], gone=[a, c]).text == "b: 1\n# end\n"


def test_members_of_a_list_go():
    text = "kind: List\nitems:\n- a: 1\n# b\n- b: 1\n- c: 1\n"
    manifest = parse(text, "shop.yaml")
    _, b, c = manifest.documents
    assert rewrite(manifest, [], gone=[b, c]).text == "kind: List\nitems:\n- a: 1\n# b\n"


def test_what_stays_the_same_is_not_touched():
    text = "a: {b: 1}   \n\n\n#\tx\n"
    assert rewritten(text, dict) == text


REFUSED = {
    "an anchor": (
        "x: &x\n  b: 1\na: *x\n",
        put(("x", "k"), 0),
        "shop.yaml:1:4: the field x is shared by the alias *x at line 3",
    ),
    "what an anchor holds": (
        "x: &x\n  b: [1]\na: *x\n",
        put(("x", "b", 0), 0),
        "shop.yaml:1:4: the field x is shared by the alias *x at line 3",
    ),
    "a scalar with an anchor": (
        "x: &x 1\na: *x\n",
        put(("x",), 0),
        "shop.yaml:1:4: the field x is shared by the alias *x at line 2",
    ),
    "what a merge key shares": (
        "x: &x\n  b: 1\na:\n  <<: *x\n",
        put(("x", "b"), 0),
        "shop.yaml:1:4: the field x is shared by the alias *x at line 4",
    ),
    "what a merge key brings": (
        "x: &x\n  b: 1\na:\n  <<: *x\n  c: 1\n",
        remove("a", "b"),
        "shop.yaml:4:3: the field a.b comes from a merge key '<<'",
    ),
    "what a merge key overrides": (
        "x: &x\n  b: 1\na:\n  b: 2\n  <<: *x\n",
        put(("a", "b"), 0),
        "shop.yaml:4:3: the field a.b comes from a merge key '<<'",
    ),
    "a block of text without its end": (
        "a:\n  b: |\n    x",
        put(("a", "k"), 0),
        "shop.yaml:2:6: the block of text at the end of the file would change "
        "if anything came behind it",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuse(case):
    before, change, message = REFUSED[case]
    with pytest.raises(ManifestError) as caught:
        rewritten(before, change)
    assert str(caught.value) == message
    assert caught.value.hint
