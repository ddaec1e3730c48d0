"""Real manifests: every error is a true one, and what `inject` adds is clean."""

from pathlib import Path

import pytest
from corpus import FILES, ROOT
from test_kubernetes import agree

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.findings import Severity
from sidecarctl.inject.inject import inject
from sidecarctl.kubernetes import kubernetes_schema
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.check import Order, check
from sidecarctl.lint.engine import all_rules
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.files import Source
from sidecarctl.profile.profile import load_profile

HERE = Path(__file__).parent
FIXTURES = sorted((HERE.parent / "fixtures").iterdir())
ORDER = Order(all_rules(), Version(1, 33))
SAID_BY_INJECT = {"hpa-averages-over-sidecar"}
"""What `inject` leaves as it is and says in a note: it does not edit autoscalers."""

needs_corpus = pytest.mark.skipif(not FILES, reason=f"there is no corpus at {ROOT}")


def lint(*sources):
    return check(sources, ORDER).findings


def text_of(file):
    return file.read_bytes().decode("utf-8")


@needs_corpus
def test_every_error_on_the_corpus_is_a_true_one():
    """Each folder is a run of its own, as its user would lint it."""
    lines = (HERE / "corpus-errors.txt").read_text(encoding="utf-8").splitlines()
    known = {line.partition(" | ")[0] for line in lines if not line.startswith("#")}
    found = set()
    for folder in sorted({file.relative_to(ROOT).parts[0] for file in FILES}):
        sources = [
            Source(str(file.relative_to(ROOT)), None, text_of(file))
            for file in FILES
            if file.relative_to(ROOT).parts[0] == folder
        ]
        found |= {
            f"{one.location.file}:{one.location.line} {one.slug}"
            for one in lint(*sources)
            if one.severity is Severity.ERROR
        }
    assert found == known


@needs_corpus
def test_the_walker_and_jsonschema_agree_on_the_corpus():
    judged = 0
    for file in FILES:
        try:
            documents = parse(text_of(file), file.name).documents
        except ManifestError:
            continue
        for document in documents:
            for version in ("1.28", "1.33", "1.37"):
                kind = (version, document.api_version, document.kind)
                if document.data.get("kind") and kubernetes_schema(*kind):
                    agree(document.data, version)
                    judged += 1
    assert judged >= 750


@pytest.mark.parametrize("profile", ["default", "strict", "datadog", "istio"])
def test_what_inject_renders_has_no_finding_that_its_input_had_not(profile):
    chosen = load_profile(profile)
    injected = clean = 0
    for file in (*FIXTURES, *FILES):
        name, before = str(file), text_of(file)
        try:
            result = inject([parse(before, name)], [], chosen)
        except (ManifestError, ProfileError):
            continue
        if result.refused or name not in result.texts or result.texts[name][1] == before:
            continue
        injected += 1
        known = [one.code for one in lint(Source(name, None, before))]
        clean += not known
        fresh = []
        for one in lint(Source(name, None, result.texts[name][1])):
            if one.code in known:
                known.remove(one.code)
            elif one.slug not in SAID_BY_INJECT:
                fresh.append((str(one.location), one.code, one.message))
        assert fresh == [], f"{profile}: {name}"
    print(f"{profile}: {injected} files injected, {clean} of them without a finding before")  # noqa: T201
    assert injected >= (60 if FILES else 8)
