"""What holds of every injection: it can be taken back, whatever was edited elsewhere."""

import copy
from collections import Counter

import pytest
from corpus import FILES
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from injections import MARKS, rewrites
from manifests import json_manifests, manifests
from msgspec import structs

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.splice import Rewrite, rewrite
from sidecarctl.manifest.records.at_once import at_once
from sidecarctl.manifest.records.record import eject_text, inject_text, step_by_step
from sidecarctl.manifest.records.stamp import RECORD

relaxed = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus is not beside the project")


def injected(text, file="shop.yaml"):
    manifest = parse(text, file)
    wanted = rewrites(manifest)
    return inject_text(manifest, wanted, [MARKS] * len(wanted))


def ejected(text, file="shop.yaml"):
    result = eject_text(parse(text, file))
    assert result.exact, result
    return result.text


def check_record(text, file="shop.yaml"):
    """Check everything that must hold of one file; return how many documents were changed."""
    before = parse(text, file)
    wanted = rewrites(before)
    after = inject_text(before, wanted, [MARKS] * len(wanted))
    assert ejected(after, file) == text
    check_data(before, wanted, parse(after, file))
    check_at_once(before, wanted, after)
    return len(wanted)


def check_at_once(before, wanted, after):
    """Check that changes and records come out the same, made at once or step by step."""
    assert step_by_step(before, wanted, [MARKS] * len(wanted)) == after


def check_data(before, wanted, after):
    """Check that the documents are what they should be, and bear records that hold no copy."""
    found = list(after.documents)
    for document in before.documents:
        each = next((each for each in wanted if each.document is document), None)
        now = found.pop(0)
        if each is None:
            assert now.data == document.data
            continue
        assert without_stamp(now.data, each.after) == each.after
        record = now.annotations[RECORD]
        assert not [line for line in record.splitlines() if len(line) > 400]
        assert "image: " not in record
        assert [found.pop(0).data for _ in each.new] == list(each.new)
    assert found == []


def without_stamp(data, like):
    """Return *data* without the annotations of the stamp, and the parents that *like* lacks."""
    data = copy.deepcopy(data)
    for key in (RECORD, *MARKS):
        del data["metadata"]["annotations"][key]
    if not data["metadata"]["annotations"]:
        if "annotations" in like["metadata"]:
            data["metadata"]["annotations"] = like["metadata"]["annotations"]
        else:
            del data["metadata"]["annotations"]
    return data


@given(manifests())
@relaxed
def test_any_yaml(text):
    check_record(text)


def labelled(manifest):
    """Return the rewrites of *manifest*, each with a label beside the record as well."""
    return [
        structs.replace(each, after=set_label(copy.deepcopy(each.after)))
        for each in rewrites(manifest)
        if isinstance(each.document.data.get("metadata"), dict)
    ]


def set_label(data):
    metadata = data["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), "tags.datadoghq.com/env": "test"}
    return data


@given(manifests())
@relaxed
def test_labels_beside_the_record(text):
    before = parse(text, "shop.yaml")
    wanted = labelled(before)
    after = inject_text(before, wanted, [MARKS] * len(wanted))
    assert ejected(after) == text
    check_at_once(before, wanted, after)


@needs_corpus
def test_labels_beside_the_record_in_the_corpus():
    counts = Counter()
    for file in FILES:
        try:
            before = parse(file.read_text(encoding="utf-8"), str(file))
        except ManifestError:
            continue
        wanted = labelled(before)
        if wanted:
            counts[at_once(before, wanted, [MARKS] * len(wanted)) is not None] += 1
            after = inject_text(before, wanted, [MARKS] * len(wanted))
            assert ejected(after, str(file)) == before.text
            check_at_once(before, wanted, after)
    assert counts[True] > counts[False] > 0  # pods have their annotations where the record goes


@given(json_manifests())
@relaxed
def test_any_json(text):
    check_record(text, "shop.json")


@needs_corpus
def test_corpus(capsys):
    """Every workload and Service of the corpus, with exact counts so that none falls out unseen."""
    counts = Counter()
    for file in FILES:
        with file.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        try:
            manifest = parse(text, str(file))
        except ManifestError:
            counts["not read"] += 1
            continue
        counts["files"] += 1
        counts["documents"] += len(manifest.documents)
        counts["changed"] += check_record(text, str(file))
        wanted = rewrites(manifest)
        if wanted:
            counts["at once"] += at_once(manifest, wanted, [MARKS] * len(wanted)) is not None
    with capsys.disabled():
        print(f"\ninjected and ejected to the byte: {dict(counts)}")  # noqa: T201  to be seen
    assert counts["files"] >= 239
    assert counts["documents"] >= 318
    assert counts["changed"] >= 163
    assert counts["at once"] >= 50


def data_of(text):
    return [document.data for document in parse(text, "shop.yaml").documents]


def by_data(change):
    """Return an edit of the workload, as a person would make it in an editor."""

    def edit(text):
        manifest = parse(text, "shop.yaml")
        document = next(each for each in manifest.documents if each.name == "shop")
        after = copy.deepcopy(document.data)
        change(after)
        return rewrite(manifest, [Rewrite(document, after)]).text

    return edit


def spec_of(data):
    spec = data["spec"]
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec.get("template", {}).get("spec", spec) if "template" in spec else spec


def append_container(data):
    spec_of(data)["containers"].append({"name": "mine", "image": "mine:1"})


def change_image(data):
    spec_of(data)["containers"][0]["image"] = "shop:2"


def change_name(data):
    data["metadata"]["resourceVersion"] = "7"


def add_document_before(text):
    head = "a: b\n---\n"
    return (head if "\r" not in text else head.replace("\n", "\r\n")) + text


def add_document_behind(text):
    line_break = "\r\n" if "\r" in text else "\n"
    text = text if text.endswith("\n") else text + line_break
    return text + line_break.join(("---", "a: b", ""))


EDITS = (
    by_data(append_container),
    by_data(change_image),
    by_data(change_name),
    add_document_before,
    add_document_behind,
)


@given(manifests(), st.lists(st.sampled_from(EDITS), min_size=1, max_size=3, unique=True))
@relaxed
def test_edits_elsewhere(text, edits):
    after, expected = injected(text), text
    for edit in edits:
        try:
            expected = edit(expected)
        except ManifestError:
            assume(False)
        after = edit(after)
    assert ejected(after) == expected


@given(manifests(), st.data())
@relaxed
def test_comments_elsewhere(text, data):
    """A comment on a line of its own, before any line that injection left as it was."""
    after = injected(text)
    counts = Counter(text.splitlines(keepends=True))
    both = Counter(after.splitlines(keepends=True))
    lines = [line for line, count in counts.items() if count == both[line] == 1]
    assume(lines)
    line = data.draw(st.sampled_from(lines))
    comment = " " * data.draw(st.integers(0, 12)) + "# mine" + ("\r\n" if "\r" in text else "\n")
    expected = with_line(text, line, comment)
    try:
        assume(data_of(expected) == data_of(text))
    except ManifestError:
        assume(False)
    assert ejected(with_line(after, line, comment)) == expected


def with_line(text, line, new):
    lines = text.splitlines(keepends=True)
    lines.insert(lines.index(line), new)
    return "".join(lines)


def mangled(text, chance):
    """Return *text* with some lines taken out, doubled, moved, indented or changed."""
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randint(1, 4)):
        at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
        step = chance.randrange(5)
        if step == 0 and len(lines) > 1:
            del lines[at]
        elif step == 1:
            lines.insert(to, lines[at])
        elif step == 2:
            lines[at], lines[to] = lines[to], lines[at]
        elif step == 3:
            lines[at] = f"  {lines[at]}"
        else:
            position = chance.randrange(len(lines[at]))
            lines[at] = (
                lines[at][:position] + chance.choice("-: x#\"'+~[]{}0") + lines[at][position:]
            )
    return "".join(lines)


@given(manifests(), st.randoms(use_true_random=False))
@relaxed
def test_a_mangled_file_is_no_crash(text, chance):
    try:
        manifest = parse(mangled(injected(text), chance), "shop.yaml")
        result = eject_text(manifest)
    except ManifestError as error:
        assert error.message  # noqa: PT017  either is right
        return
    assert not any(RECORD in document.annotations for document in parse(result.text, "").documents)
