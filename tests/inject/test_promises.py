"""What holds of every injection, on every real document and for every profile.

Each (file, profile) is one run of `inject` on that file alone; the numbers at the end say how much
was covered, and a fall of them fails.
"""

import difflib
from collections import Counter
from functools import cache, lru_cache
from pathlib import Path

import pytest
from api_schemas import VERSIONS, faults
from corpus import FILES as CORPUS
from corpus import at_least

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.inject.eject import eject
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.workload import Role, workload
from sidecarctl.plan.outcome import Status
from sidecarctl.profile.profile import load_profile
from sidecarctl.topology.fleet import fleet

HERE = Path(__file__).parent
FULL = HERE.parent / "profiles" / "full.yaml"
RELOAD = HERE.parent / "profiles" / "reload.yaml"
CAPTURED = HERE.parent / "profiles" / "captured.yaml"
PROFILES = ("default", "strict", "datadog", "istio", str(FULL), str(RELOAD), str(CAPTURED))
FIXTURES = sorted((HERE.parent / "fixtures").iterdir())
FILES = [*FIXTURES, *CORPUS]

# What is covered today. A fall means that less is injected than before: look, before it is lowered.
FLOOR = {
    "default": 89, "strict": 88, "datadog": 115, "istio": 120, "full.yaml": 115, "reload.yaml": 115,
    "captured.yaml": 115,
}  # fmt: skip


def read(file):
    return file.read_bytes().decode("utf-8")


def run(text, name, profile):
    return inject([parse(text, name)], [], profile)


def text_of(result, name):
    return result.texts[name][1]


@lru_cache(maxsize=4096)
def documents(text, name):
    """Return the documents of *text*; each test looks at the same texts, so they are read once."""
    return parse(text, name).documents


@pytest.fixture(params=PROFILES, ids=lambda each: Path(each).name)
def runs(request):
    """Every file with one profile: (file, text, result), those that cannot be parsed left out."""
    return runs_of(request.param)


@cache
def runs_of(name):
    """Inject into every file once for all tests: pytest alone would do so whenever it changes over
    from one profile to another.
    """
    profile = load_profile(name)
    found = []
    for file in FILES:
        try:
            parse(read(file), str(file))
        except ManifestError:
            continue
        try:
            result = run(read(file), str(file), profile)
        except ProfileError:
            # A template with {{uid}} in its names, which no label can hold.
            if file.name != "vttablet-pod-template.yaml":
                raise
            continue
        found.append((file, read(file), result))
    return profile, found


def injected(runs):
    """Yield (name, text before, text after) of each file that changed."""
    _, found = runs
    for file, text, result in found:
        if not result.refused and text_of(result, str(file)) != text:
            yield str(file), text, text_of(result, str(file))


def test_every_workload_is_accounted_for_with_a_reason(runs, request, record_property):
    _, found = runs
    count = Counter()
    for file, text, result in found:
        workloads = fleet(documents(text, str(file))).workloads
        known = {(each.kind, each.name) for each in workloads}
        unsupported = [each for each in result.outcomes if each.code == "unsupported-kind"]
        assert len(result.outcomes) - len(unsupported) == len(workloads)
        assert {
            (each.kind, each.name) for each in result.outcomes if each not in unsupported
        } == known
        assert all(each.code and each.message for each in result.outcomes)
        if result.refused:
            assert text_of(result, str(file)) == text
        count.update(
            each.status if not result.refused or each.status is not Status.INJECTED else "held back"
            for each in result.outcomes
        )
    name = Path(request.node.callspec.params["runs"]).name
    numbers = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    record_property("covered", f"profile {name}: {len(found)} files, workloads: {numbers}")
    assert count[Status.INJECTED] >= at_least(FLOOR[name], 15)


def test_injected_twice_is_injected_once(runs):
    profile, _ = runs
    for name, _, after in injected(runs):
        again = run(after, name, profile)
        assert text_of(again, name) == after, name
        assert {each.status for each in again.outcomes} <= {Status.UNCHANGED, Status.SKIPPED}, name


def test_eject_gives_the_original_back_to_the_byte(runs):
    for name, before, after in injected(runs):
        assert text_of(eject([parse(after, name)]), name) == before, name


def test_eject_keeps_edits_that_were_made_since(runs):
    count = 0
    for name, before, after in injected(runs):
        for edit in EDITS:
            edited = edit(before)
            if edited is None or edit(after) is None:
                continue
            count += 1
            assert text_of(eject([parse(edit(after), name)]), name) == edited, (name, edit.__name__)
    assert count > at_least(100, 10)


def append_comment(text):
    """Add a comment at the very end, where no document of JSON or flow style is broken by it."""
    if not text.endswith("\n") or "\r" in text or text.lstrip("\ufeff").startswith("{"):
        return None
    return text + "# looked at\n"


def prepend_comment(text):
    bare = text.lstrip("\ufeff")
    if bare.startswith(("{", "%")) or "\r" in text:
        return None
    return text.replace(bare, "# looked at\n" + bare)


def other_image(text):
    """Change the tag of every image that is not the sidecar's."""
    for tag in (":1.0.0", ":v0.10.6", ":v1", ":latest"):
        if tag in text and "envoyproxy" + tag not in text:
            return text.replace(tag, ":9.9.9-edited")
    return None


EDITS = (append_comment, prepend_comment, other_image)


def test_lines_that_are_not_changed_stand_as_they_stood(runs):
    """Only lines that hold a replaced value may differ; everything else is additions."""
    for name, before, after in injected(runs):
        changed = changed_lines(name, before, after)
        matcher = difflib.SequenceMatcher(
            None, bare_lines(before), bare_lines(after), autojunk=False
        )
        for tag, first, last, *_ in matcher.get_opcodes():
            if tag in {"replace", "delete"}:
                assert set(range(first + 1, last + 1)) <= changed, (name, first + 1, last)


def bare_lines(text):
    """Return the lines of *text* without the comma that JSON needs once something follows."""
    return [line.rstrip().removesuffix(",") for line in text.splitlines()]


def changed_lines(name, before, after):
    """Return the lines of *before* on which a value stands that is another in *after*.

    An alias whose anchor is used elsewhere is written out before anything is added to it.
    """
    lines = {number for number, line in enumerate(before.splitlines(), 1) if ": *" in line}
    old, new = documents(before, name), documents(after, name)
    theirs = [each for each in new if not ours(each)]
    for first, second in zip(old, theirs, strict=True):
        walk(first, first.data, second.data, (), lines)
    return lines


def walk(document, old, new, path, lines):
    if isinstance(old, dict) and isinstance(new, dict) and old:
        for key in old:
            if key not in new or old[key] != new[key]:
                walk(document, old[key], new.get(key), (*path, key), lines)
    elif isinstance(old, list) and isinstance(new, list) and old:
        identities = [identity(each) for each in new]
        for index, each in enumerate(old):
            if each not in new:
                match = identities.index(identity(each)) if identity(each) in identities else index
                walk(document, each, new[match], (*path, index), lines)
    if not isinstance(old, dict | list) or not old or is_flow(document, path):
        place = document.locate(path)
        lines.update(range(place.line, place.end_line + 1))
        lines.add(document.locate(path, on="key").line)


def identity(entry):
    if not isinstance(entry, dict):
        return entry
    keys = ("name", "mountPath", "containerPort", "port")
    return next(((key, str(entry[key])) for key in keys if key in entry), str(entry))


def is_flow(document, path):
    found = document.node(path)
    return bool(found and getattr(found[1], "flow_style", False))


def ours(document):
    return "sidecarctl.dev/owner" in document.annotations


def test_the_documents_of_the_input_keep_their_number_and_order(runs):
    for name, before, after in injected(runs):
        old = [str(each) for each in documents(before, name)]
        assert [str(each) for each in documents(after, name) if not ours(each)] == old


def test_selectors_stay(runs):
    for name, before, after in injected(runs):
        new = [each for each in documents(after, name) if not ours(each)]
        for old, each in zip(documents(before, name), new, strict=True):
            for field in ("selector", "volumeClaimTemplates", "serviceName"):
                spec, other = old.data.get("spec"), each.data.get("spec")
                if isinstance(spec, dict):
                    assert other.get(field) == spec.get(field), (name, str(old))
            found = workload(each)
            match = spec.get("selector", {}) if isinstance(spec, dict) else {}
            match = match.get("matchLabels", {}) if isinstance(match, dict) else {}
            if (
                found
                and isinstance(match, dict)
                and workload(old).pod_labels.items() >= match.items()
            ):
                assert found.pod_labels.items() >= match.items(), (name, str(old))


def test_no_annotation_holds_a_copy_of_the_document(runs):
    for name, before, after in injected(runs):
        old = {value for each in documents(before, name) for value in annotations(each)}
        lines = {line.strip() for line in before.splitlines() if len(line.strip()) >= 24}
        for document in documents(after, name):
            for value in annotations(document):
                if value not in old:
                    assert not any(line in value for line in lines), (name, value)


def annotations(document):
    found = workload(document)
    return [*document.annotations.values(), *(found.pod_annotations.values() if found else ())]


def test_names_ports_and_mounts_are_consistent(runs):
    for name, before, after in injected(runs):
        was = {str(each): problems(each) for each in documents(before, name)}
        for document in documents(after, name):
            assert problems(document) <= was.get(str(document), set()), (name, str(document))


def problems(document):
    """Return what the API server or the kubelet would object to, as readable words."""
    found = workload(document)
    if found is None:
        return set()
    wrong = set()
    containers = found.containers()
    volumes = [
        each.get("name") for each in found.pod.get("volumes") or [] if isinstance(each, dict)
    ]
    claims = document.data.get("spec", {}).get("volumeClaimTemplates") or []
    known = {*volumes, *(each["metadata"]["name"] for each in claims)}
    wrong |= twice("container", [each.name for each in containers])
    wrong |= twice("volume", volumes)
    running = [each for each in containers if each.role is not Role.INIT]
    numbers = [(port.number, port.protocol) for each in running for port in each.ports()]
    wrong |= twice("port", numbers)
    wrong |= twice(
        "port name", [port.name for each in running for port in each.ports() if port.name]
    )
    for each in containers:
        mounts = [mount for mount in each.data.get("volumeMounts") or [] if isinstance(mount, dict)]
        wrong |= {f"no volume {m.get('name')}" for m in mounts if m.get("name") not in known}
        wrong |= twice("mount", [(each.name, mount.get("mountPath")) for mount in mounts])
        wrong |= twice("variable", [(each.name, variable.name) for variable in each.env()])
        names = {port.name for other in containers for port in other.ports()}
        for probe in each.probes():
            if isinstance(probe.port, str) and probe.port not in names:
                wrong.add(f"{each.name} is probed on {probe.port}, which no port is called")
    return wrong


def twice(what, things):
    return {f"{what} {thing} twice" for thing, number in Counter(things).items() if number > 1}


def test_the_schema_accepts_what_it_accepted_before(runs, request, record_property):
    """Native sidecars are written for 1.33, so 1.29 must take them as well."""
    count = Counter()
    for name, before, after in injected(runs):
        was = {str(each): each.data for each in documents(before, name)}
        for document in documents(after, name):
            for version in VERSIONS:
                old = was.get(str(document))
                if old is not None and faults(old, version) != []:
                    continue
                assert faults(document.data, version) in ([], None), (name, str(document), version)
                count[version] += 1
    name = Path(request.node.callspec.params["runs"]).name
    numbers = ", ".join(f"{number} for {version}" for version, number in sorted(count.items()))
    record_property("covered", f"profile {name}: schema-valid documents: {numbers}")
    assert min(count.values()) > at_least(100, 20)
