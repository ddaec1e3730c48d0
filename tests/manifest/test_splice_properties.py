"""What holds of every rewrite: the data is what was asked for, and what was not asked for stays."""

import copy
from collections import Counter

import pytest
from corpus import FILES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from manifests import json_manifests, manifests

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.edits.identity import same
from sidecarctl.manifest.edits.splice import Rewrite, rewrite

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus is not beside the project")

_VALUES = (
    None, True, 7, 1.5, "shop", "0644", "a: b", "one\ntwo\n", {}, [], {"a": 1}, [1, "x"],
    {"name": "app-0"}, [{"name": "a", "b": {"c": []}}, {"name": "d"}],
)  # fmt: skip


def changed(data, chance):
    """Return *data* with a few things added, replaced, renamed, moved and removed by chance."""
    data = copy.deepcopy(data)
    for _ in range(chance.randint(1, 4)):
        parents = [data]
        for parent in parents:
            children = parent.values() if isinstance(parent, dict) else parent
            parents += [each for each in children if isinstance(each, dict | list)]
        parent = chance.choice(parents)
        value = copy.deepcopy(chance.choice(_VALUES))
        if isinstance(parent, list):
            _change_list(parent, value, chance)
        else:
            _change_mapping(parent, value, chance)
    return data


def _change_list(items, value, chance):
    position = chance.randint(0, len(items))
    if position == len(items) or chance.random() < 0.5:
        items.insert(position, value)
    elif chance.random() < 0.5:
        items[position] = value
    else:
        del items[position]


def _change_mapping(mapping, value, chance):
    entries = list(mapping.items())
    position = chance.randint(0, len(entries))
    if position == len(entries) or chance.random() < 0.4:
        entries.insert(position, (f"new-{chance.randrange(9)}", value))
    elif chance.random() < 0.5:
        entries[position] = (entries[position][0], value)
    elif len(entries) > 1:
        del entries[position]
    mapping.clear()
    mapping.update(entries)


def check(text, chance, file="shop.yaml"):
    manifest = parse(text, file)
    wanted = [Rewrite(each, changed(each.data, chance)) for each in manifest.documents]
    result = rewrite(manifest, wanted)
    found = parse(result.text, file).documents
    assert len(found) == len(wanted)
    assert all(same(each.after, now.data) for each, now in zip(wanted, found, strict=True))
    assert rewrite(manifest, [Rewrite(each, each.data) for each in manifest.documents]).text == text


@given(manifests(), st.randoms(use_true_random=False))
@relaxed
def test_any_change_of_yaml(text, chance):
    check(text, chance)


@given(json_manifests(), st.randoms(use_true_random=False))
@relaxed
def test_any_change_of_json(text, chance):
    check(text, chance, "shop.json")


def additions(manifest):
    """Return rewrites that only add: a container, a volume and a label to each workload."""
    wanted = []
    for document in manifest.documents:
        after = copy.deepcopy(document.data)
        spec = after.get("spec")
        template = spec.get("template") if isinstance(spec, dict) else None
        if not isinstance(template, dict) or not (template.get("spec") or {}).get("containers"):
            continue
        pod, metadata = template["spec"], after["metadata"]
        pod["containers"].append({"name": "zz", "args": ["-c"]})
        pod["volumes"] = [*(pod.get("volumes") or []), {"name": "zz", "emptyDir": {}}]
        metadata["labels"] = {**(metadata.get("labels") or {}), "zz": "1"}
        wanted.append(Rewrite(document, after, ({"kind": "ConfigMap", "metadata": {}},)))
    return wanted


def kept(text, after):
    """Tell whether every line of *text* still stands in *after*, in order."""
    lines = iter(after.splitlines(keepends=True))
    return all(line in lines for line in text.splitlines(keepends=True))


@needs_corpus
def test_corpus_keeps_its_lines(capsys):
    """All lines stay, but of a file whose last line has no line break to begin with."""
    counts = Counter()
    for file in FILES:
        with file.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        try:
            manifest = parse(text, str(file))
        except ManifestError:
            continue
        wanted = additions(manifest)
        if wanted and text.endswith("\n"):
            counts["files"] += 1
            counts["workloads"] += len(wanted)
            counts["kept"] += kept(text, rewrite(manifest, wanted).text)
    with capsys.disabled():
        print(f"\nadded to workloads: {dict(counts)}")  # noqa: T201  the counts are to be seen
    assert counts["kept"] == counts["files"]
    assert counts["files"] >= 58
    assert counts["workloads"] >= 70
