"""What holds of all real manifests, and of whatever text there is."""

import json
import math
import re
import subprocess
import sys

import pytest
import yaml
from corpus import FILES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Location
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.scalars import resolve

LINE_END = re.compile(r"\r\n|\r|\n")

needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus is not beside the project")


class Reference(yaml.SafeLoader):
    """PyYAML in Python, with kubectl's scalars and keys."""

    def construct_kubectl(self, node):
        return resolve(node.value) if not node.style else node.value

    def construct_mapping(self, node, deep=False):
        self.flatten_mapping(node)
        pairs = (
            (self.construct_object(k, True), self.construct_object(v, True)) for k, v in node.value
        )
        return {
            str(key).lower() if isinstance(key, bool) else str(key): value for key, value in pairs
        }


Reference.yaml_implicit_resolvers = {}
Reference.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("^<<$"), ["<"])
Reference.add_constructor("tag:yaml.org,2002:str", Reference.construct_kubectl)
Reference.add_constructor("tag:yaml.org,2002:map", Reference.construct_mapping)


def walk(value, path=()):
    yield path, value
    if isinstance(value, dict | list):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(child, (*path, step))


def readable(text: str):
    try:
        return parse(text, "any.yaml")
    except ManifestError:
        return None


@needs_corpus
def test_real_files_read_as_a_second_parser_reads_them():
    agreed = faulty = 0
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        manifest = readable(text)
        if manifest is None:
            faulty += 1
            continue
        expected = [each for each in yaml.load_all(text, Reference) if isinstance(each, dict)]
        lists = [
            each["items"] if each.get("kind", "").endswith("List") else [each] for each in expected
        ]
        assert [each.data for each in manifest.documents] == [
            each for some in lists for each in some
        ], file
        agreed += len(manifest.documents)
    # Two with a key twice, two templates.
    assert (agreed >= 318, faulty) == (True, 4)


@needs_corpus
def test_every_value_of_real_files_is_found_at_its_place():
    values = 0
    for file in FILES:
        with file.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        manifest = readable(text)
        for document in manifest.documents if manifest else ():
            values += check_places(document, text)
    assert values >= 5_700


def check_places(document, text: str) -> int:
    """Check each value's place against the text there; return how many were compared."""
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    compared = 0
    for path, value in walk(document.data):
        for on in ("key", "value"):
            at = document.locate(path, on=on)
            assert 1 <= at.line <= at.end_line <= len(lines)
            assert 1 <= at.column <= len(lines[at.line - 1]) + 1
            assert 1 <= at.end_column <= len(lines[at.end_line - 1]) + 1
            assert (at.line, at.column) < (at.end_line, at.end_column)
        if isinstance(value, dict | list):
            assert at.line == at.end_line
            continue
        stretch = text_at(lines, at)
        key = document.node(path)[0]
        if stretch.startswith(("|", ">")) or (value is None and key and stretch == key.value):
            continue  # a block scalar needs its indentation, an empty value is placed on its key
        assert same(parse(f"x: {stretch}\n", "x").documents[0].data["x"], value), (path, stretch)
        compared += 1
    return compared


def text_at(lines: list[str], at: Location) -> str:
    stretch = lines[at.line - 1 : at.end_line]
    stretch[-1] = stretch[-1][: at.end_column - 1]
    stretch[0] = stretch[0][at.column - 1 :]
    return "\n ".join(stretch)


def same(one, other) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one)
    return type(one) is type(other) and (one == other or (both_nan and math.isnan(other)))


WITHOUT_LIBYAML = """
import json, pathlib, sys
sys.modules["yaml._yaml"] = None
import yaml
assert not yaml.__with_libyaml__
from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
paths = [(), ("metadata", "name"), ("spec", "template", "spec", "containers", 0, "image")]
for file in sys.argv[1:]:
    try:
        documents = parse(pathlib.Path(file).read_text(encoding="utf-8"), "f").documents
    except ManifestError as error:
        print(json.dumps(str(error.at)))
    else:
        print(json.dumps([[d.data, [repr(d.locate(p)) for p in paths]] for d in documents]))
"""


@needs_corpus
def test_without_libyaml_the_same_comes_out():
    files = [str(file) for file in FILES[::4]]
    script = [sys.executable, "-W", "error", "-c"]
    slow = subprocess.run(
        [*script, WITHOUT_LIBYAML, *files], capture_output=True, text=True, check=True
    )
    fast_code = WITHOUT_LIBYAML.replace('sys.modules["yaml._yaml"] = None', "").replace("not ", "")
    fast = subprocess.run([*script, fast_code, *files], capture_output=True, text=True, check=True)
    assert slow.stdout.splitlines() == fast.stdout.splitlines()
    assert len(fast.stdout.splitlines()) == len(files)


# All input

PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(), PLAIN_DATA, max_size=3), min_size=1, max_size=3),
       st.sampled_from([None, 0, 2, "\t"]), st.booleans())  # fmt: skip
def test_json_comes_back_as_it_went(objects, indent, ascii_only):
    text = "\n".join(json.dumps(each, indent=indent, ensure_ascii=ascii_only) for each in objects)
    manifest = parse(text, "any.json")
    assert manifest.format == "json"
    whole = [each for each in manifest.documents if not each.base]
    assert [each.data for each in whole] == [each for each in objects if each.get("kind") != "List"]
    for document in manifest.documents:
        check_json_places(document, text)


def check_json_places(document, text: str) -> None:
    for path, value in walk(document.data):
        key, node = document.node(path)
        start, end = document.offset(node.start_mark), document.offset(node.end_mark)
        assert json.loads(text[start:end]) == value
        if key is not None:
            written = text[document.offset(key.start_mark) : document.offset(key.end_mark)]
            assert json.loads(written) == path[-1]


@settings(max_examples=50)
@given(st.dictionaries(st.text(), PLAIN_DATA, max_size=4), st.sampled_from([True, False, None]),
       st.sampled_from([None, "\r\n"]), st.sampled_from([10, 80, 1000]))  # fmt: skip
def test_yaml_comes_back_as_it_went(data, flow, ends, width):
    text = yaml.dump(
        data, Dumper=Quoting, default_flow_style=flow, line_break=ends, width=width,
        allow_unicode=True, sort_keys=False,
    )  # fmt: skip
    (document,) = parse(text, "any.yaml").documents
    assert document.data == data


class Quoting(yaml.SafeDumper):
    """Writes every string in quotes: PyYAML takes `y` and `0o17` for text, kubectl does not."""

    def ignore_aliases(self, data):
        return True


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(st.text())
@example("a: 1\r---\rb: 2")
@example("\ufeff\ufeff")
@example("%YAML 9.9\n--- a")
@example("!<%C0> a")
@example('"\\ud800"')
@example("{{")
@example("[")
@example("? ")
@example("&a &b c")
def test_no_text_crashes_the_parser(text):
    manifest = readable(text)
    for document in manifest.documents if manifest else ():
        for path, _ in walk(document.data):
            assert document.locate(path).file == "any.yaml"


SCRAPS = ["a", ": ", "\n", "\n  ", "- ", "? ", "[", "]", "{", "}", ", ", "&x ", "*x", "<<: ", "'",
          '"', "|\n", ">-\n", "#", "---\n", "...\n", "!!int ", "!t ", "5", "~", "\t", "\r\n",
          "%YAML 1.1\n", "{{", "é", "\u2028", "kind: List\n", "items:\n"]  # fmt: skip


@given(st.lists(st.sampled_from(SCRAPS), max_size=25).map("".join))
def test_no_scraps_of_yaml_crash_the_parser(text):
    manifest = readable(text)
    for document in manifest.documents if manifest else ():
        for path, _ in walk(document.data):
            at = document.locate(path)
            assert (1, 1) <= (at.line, at.column) <= (at.end_line, at.end_column)
