"""Full sets of concerns boot: the Envoy of every workload is ready and has nothing to say."""

from pathlib import Path

import pytest

from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile
from sidecarctl.prove.stand import Situation
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.trial import Trial

TESTS = Path(__file__).resolve().parents[1]
SHOP = (TESTS / "fixtures" / "shop.yaml").read_text()


@pytest.mark.parametrize(
    ("profile", "sets"),
    [
        ("default", []),
        ("strict", []),
        ("strict", ["reload=files"]),
        ("strict", ["concerns.interception.mode=transparent", "concerns.tracing.to=zipkin"]),
        (str(TESTS / "profiles" / "full.yaml"), []),
        (str(TESTS / "profiles" / "reload.yaml"), []),
        (str(TESTS / "profiles" / "captured.yaml"), ["reload=files"]),
    ],
    ids=["default", "strict", "strict-reload", "strict-captured", "full", "reload", "captured"],
)
def test_it_boots_without_a_word(profile, sets, short_folder):
    result = inject([parse(SHOP, "shop.yaml")], [], load_profile(profile, sets=sets))
    text = result.texts["shop.yaml"][1]
    found = subjects(parse(text, "shop.yaml").documents, "default")
    assert len(found) == 3
    trial = Trial(short_folder)
    for number, subject in enumerate(found):
        with Situation(subject, trial, str(number)).stand() as stand:
            assert stand.envoy.alive
            assert stand.envoy.messages() == ()
