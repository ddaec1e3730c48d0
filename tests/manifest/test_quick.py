"""The quick reader says what libyaml says, or nothing: on real files, and on damaged copies."""

import math
from pathlib import Path

import corpus
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sidecarctl.errors import ManifestError
from sidecarctl.manifest import document
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.reading.quick import quick

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted((*ROOT.glob("tests/fixtures/*.yaml"), *ROOT.glob("examples/**/*.yaml")))
TEXTS = [
    file.read_bytes().decode()
    for file in (*corpus.FILES, *OWN)
    if file.suffix in {".yaml", ".yml"} and file.stat().st_size < 100_000
]


def by_libyaml(text, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(document, "quick", lambda _: None)
        return parse(text, "f")


def same(ours, theirs):
    """Equal in type and order as well: 1 is no True, and a NaN is a NaN."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs or (isinstance(ours, float) and math.isnan(ours) and math.isnan(theirs))


def shape(manifest):
    return [
        (one.index, one.base, one.member_api_version, one.member_kind) for one in manifest.documents
    ]


def paths(data, base=()):
    yield base
    children = data.items() if isinstance(data, dict) else ()
    children = enumerate(data) if isinstance(data, list) else children
    for step, value in children:
        yield from paths(value, (*base, step))


def test_real_files_are_read_as_libyaml_reads_them(monkeypatch, record_property):
    accepted = 0
    for text in TEXTS:
        try:
            theirs = by_libyaml(text, monkeypatch)
        except ManifestError:
            assert quick(text) is None
            continue
        ours = parse(text, "f")
        accepted += quick(text.removeprefix("\ufeff")) is not None
        assert shape(ours) == shape(theirs)
        assert all(
            same(mine.data, its.data)
            for mine, its in zip(ours.documents, theirs.documents, strict=True)
        )
    sentence = f"quick reader: {accepted} of {len(TEXTS)} files, all as libyaml reads them"
    record_property("covered", sentence)
    assert accepted >= corpus.at_least(250, len(OWN) - 6)


def test_places_are_those_of_libyaml(monkeypatch, record_property):
    """Also where one document of a long stream alone is composed."""
    count = 0
    for text in TEXTS:
        try:
            theirs = by_libyaml(text, monkeypatch)
        except ManifestError:
            continue
        for mine, its in zip(parse(text, "f").documents, theirs.documents, strict=True):
            for path in paths(its.data):
                count += 1
                for each in (path, (*path, "absent"), (*path, 99), (*path, "absent", 0)):
                    assert mine.locate(each) == its.locate(each)
                    assert mine.locate(each, on="key") == its.locate(each, on="key")
    record_property("covered", f"quick reader: {count} places, all as libyaml has them")
    assert count > corpus.at_least(10_000, 200)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_in_the_parts_of_a_stream(monkeypatch, newline, mark):
    filler = "# wörter\n" * 600
    text = f"{filler}a: 1\n---  # zwei\n{filler}b:\n- {{c: 'ä'}}\n---\n---\nd: |\n  e\n  f\n"
    text = mark + text.replace("\n", newline)
    theirs = by_libyaml(text, monkeypatch)
    ours = parse(text, "f")
    assert quick(text.removeprefix(mark)) is not None
    assert shape(ours) == shape(theirs) == [(i, (), "", "") for i in (0, 1, 3)]
    for mine, its in zip(ours.documents, theirs.documents, strict=True):
        for path in paths(its.data):
            assert mine.locate(path) == its.locate(path)
            assert mine.span(path)[0] == its.span(path)[0]
        assert mine.root.start_mark.index == its.root.start_mark.index


_ODD = st.one_of(
    st.sampled_from(" \t:#-'\"{}[],|>&*!%@`?\n\\~=0.eyn\r_+<>/$()^;é\xa0\u2028\x85\ufeff\x07"),
    st.sampled_from(["---\n", "...\n", ": ", " #", "- ", "? ", "|\n", "|+\n", ">-\n", "|2\n"]),
    st.sampled_from(["<<: ", "''", '""', "null", "yes", "0x1f", "1_0", ".5", "\r\n", "   "]),
    st.sampled_from(["\n\n", "{a: b}", "[1, x]", "{#}", "[a,]"]),
)


@st.composite
def damaged(draw):
    """Some lines of a real file, with a few characters put in, taken out or moved."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    start = draw(st.integers(0, max(len(lines) - 5, 0)))
    lines = lines[start : start + draw(st.integers(1, 40))]
    left = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    lines = [line[left:] for line in lines]
    for _ in range(draw(st.integers(0, 3))):
        number = draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        at = draw(st.integers(0, len(line)))
        cut = draw(st.integers(0, 2))
        odd = draw(st.one_of(st.just(""), _ODD))
        lines[number] = line[:at] + odd + line[at + cut :]
    return "\n".join(lines)


@settings(max_examples=1500, deadline=None)
@example(text="ports:\n- {containerPort: 9100, name: metrics}")
@given(text=damaged())
def test_damaged_files_are_given_back_or_read_as_libyaml_reads_them(text):
    read = quick(text.removeprefix("\ufeff"))
    if read is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        theirs = by_libyaml(text, patch)  # raises where the quick reader took what is wrong
    ours = parse(text, "f")
    assert shape(ours) == shape(theirs)
    for mine, its in zip(ours.documents, theirs.documents, strict=True):
        assert same(mine.data, its.data)
        for path in paths(its.data):
            assert mine.locate(path) == its.locate(path)
            assert mine.locate((*path, "absent")) == its.locate((*path, "absent"))
            assert mine.locate(path, on="key") == its.locate(path, on="key")


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n", "a: *x\n", "a: !t 1\n", "<<: {a: 1}\n", "? a\n: b\n", "a:\tb\n", "%YAML 1.1\n",
        "a: 1\na: 2\n", "{a: 1}\n", "a: b\n  c\n", "a: 'b\n  c'\n", "a: {b: 1,\n  c: 2}\n",
        "a: b: c\n", "a: - b\n", "- a: 1\n b: 2\n", "a: \x07\n", "~: 1\n", "a: [1, 2\n", "a: {#}\n",
        "a: |\n  b", "...\n", "text\n", "a: 1\n---x\n", "a: {b: 1, b: 2}\n", "a: |\n     \n  b\n",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_given_back(text):
    assert quick(text) is None


def test_what_is_read_twice_is_not_shared():
    (first, _), (second, _) = quick("a: {b: [1]}\n---\na: {b: [1]}\n")
    first["a"]["b"].append(2)

    assert second == {"a": {"b": [1]}}
