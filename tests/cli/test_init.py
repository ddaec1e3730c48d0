"""init writes a profile that is right from the start, and overwrites nothing."""

import json
import re
from pathlib import Path

import pytest
import yaml

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import load_profile
from sidecarctl.profile.sidecar import sidecars

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "quickstart" / "deployment.yaml"


def test_the_profile_does_what_the_default_does(run, folder):
    done = run("init")
    assert (done.code, done.out) == (0, "")
    assert done.err == "profile.yaml and profile.schema.json written\n"
    own = list(yaml.safe_load_all(run("inject", "-p", "profile.yaml", EXAMPLE).out))
    default = list(yaml.safe_load_all(run("inject", EXAMPLE).out))
    for documents, name in ((own, "profile"), (default, "default")):
        # The receipts hold a hash of the lines that name the profile.
        annotations = documents[0]["metadata"].pop("annotations")
        assert annotations["sidecarctl.dev/profile"] == name
    assert own == default


def test_an_editor_finds_the_schema(run, folder):
    run("init", "prod.yaml")
    first = Path("prod.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=profile.schema.json"
    schema = json.loads(Path("profile.schema.json").read_text(encoding="utf-8"))
    assert schema["title"] == "sidecarctl profile"


def test_everything_there_is_stands_in_it(run, folder):
    run("init")
    text = Path("profile.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^    (?:# )?(\w+):(?: \{\})?$", text, re.MULTILINE)
    assert entries == [*concerns(), *sidecars()]


@pytest.mark.parametrize("name", ["concerns", "sidecars"])
def test_what_is_commented_out_is_right_when_it_is_not(run, folder, name):
    """Each commented block, one at a time, is a valid part of the profile."""
    run("init")
    text = Path("profile.yaml").read_text(encoding="utf-8")
    for entry in concerns() if name == "concerns" else sidecars():
        block = re.search(rf"^    # {entry}:.*\n(?:    #   .*\n)*", text, re.MULTILINE)
        if block:
            uncommented = block[0].replace("    # ", "    ")
            Path("one.yaml").write_text(text.replace(block[0], uncommented), encoding="utf-8")
            assert entry in getattr(load_profile("one.yaml"), name)


def test_nothing_is_overwritten(run, folder):
    Path("profile.yaml").write_text("mine\n", encoding="utf-8")
    done = run("init")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: 'profile.yaml' exists already, and init overwrites nothing\n"
        "  hint: name another file: sidecarctl init FILE\n"
    )
    assert Path("profile.yaml").read_text(encoding="utf-8") == "mine\n"
    Path("profile.schema.json").write_text("mine, too\n", encoding="utf-8")
    done = run("init", "other.yaml")
    assert (done.code, done.err) == (0, "other.yaml written\n")
    assert Path("profile.schema.json").read_text(encoding="utf-8") == "mine, too\n"


def test_a_name_that_no_profile_may_have(run, folder):
    done = run("init", "my profile (2).yaml")
    assert done.code == 0
    assert load_profile("my profile (2).yaml").name == "my-profile-2"


def test_a_dash_prints_the_profile_and_writes_nothing(run, folder):
    printed = run("init", "-")
    run("init")

    assert (printed.code, printed.err) == (0, "")
    assert printed.out == (folder / "profile.yaml").read_text()
    assert sorted(each.name for each in folder.iterdir()) == ["profile.schema.json", "profile.yaml"]
