"""The examples of the pages are profiles that work, and Envoy takes what becomes of them."""

import re
from pathlib import Path

import pytest
import yaml

from sidecarctl.envoy.binary import find_envoy, validate
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.plan.outcome import Status
from sidecarctl.profile.profile import load_profile

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("templates/concerns/*/README.md"))
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
DEPLOYMENT = (ROOT / "examples" / "quickstart" / "deployment.yaml").read_text()


def examples():
    for page in PAGES:
        for number, text in enumerate(BLOCK.findall(page.read_text())):
            spec = yaml.safe_load(text)
            # What is no profile: an annotation, or a fragment that a sentence speaks of.
            if set(spec) <= {"concerns", "sidecars", "agents", "proxy", "reload", "overrides"}:
                yield pytest.param(page.parent.name, spec, id=f"{page.parent.name}-{number}")


def test_every_concern_has_an_example():
    shown = {example.values[0] for example in examples()}

    assert shown == {page.parent.name for page in PAGES}


@pytest.mark.parametrize(("concern", "spec"), list(examples()))
def test_the_example_of_a_page_works(concern, spec, tmp_path):
    assert concern in spec["concerns"], "the example is of something else"
    head = {"apiVersion": "sidecarctl.dev/v1alpha1", "kind": "Profile", "metadata": {"name": "x"}}
    profile = tmp_path / "profile.yaml"
    profile.write_text(yaml.safe_dump({**head, "spec": spec}))

    result = inject([parse(DEPLOYMENT, "deployment.yaml")], [], load_profile(str(profile)))

    assert [
        (one.status, one.message) for one in result.outcomes if one.status != Status.INJECTED
    ] == []
    documents = parse(result.texts["deployment.yaml"][1], "deployment.yaml").documents
    maps = [one.data["data"] for one in documents if one.kind == "ConfigMap"]
    verdicts = [validate(files["bootstrap.yaml"], files) for files in maps if find_envoy()]
    assert maps
    assert [one for one in verdicts if not one.clean] == []
