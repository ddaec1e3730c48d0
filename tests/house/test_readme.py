"""What README.md shows is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from sidecarctl.profile.profile import load_profile

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(language, number=0):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[number]


def _sidecarctl(*arguments):
    command = [sys.executable, "-m", "sidecarctl", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_diff_is_what_the_command_prints():
    command, *shown = _block("diff").splitlines()
    done = _sidecarctl(*command.removeprefix("$ sidecarctl ").split())
    printed = iter(done.stdout.splitlines())
    missing = [line for line in shown if line != "…" and line not in printed]
    assert (done.returncode, missing) == (1, [])


def test_what_stands_before_it_is_the_example():
    example = (ROOT / "examples" / "quickstart" / "deployment.yaml").read_text(encoding="utf-8")
    assert _block("yaml").partition("\n")[2] in example


def test_the_profile_is_one(tmp_path):
    file = tmp_path / "production.yaml"
    file.write_text(_block("yaml", 1), encoding="utf-8")
    assert load_profile(str(file)).name == yaml.safe_load(_block("yaml", 1))["metadata"]["name"]


def test_every_verb_stands_in_it():
    verbs = re.findall(r"^\| `(\w+)[ `]", TEXT, re.MULTILINE)
    listed = _sidecarctl("--help").stdout.partition("Commands:")[2]
    assert sorted(verbs) == sorted(re.findall(r"^  (\w+) ", listed, re.MULTILINE))


def test_the_finding_is_what_lint_prints():
    command, *shown = _block("text").splitlines()
    done = _sidecarctl(*command.removeprefix("$ sidecarctl ").split())
    assert done.returncode == 1
    assert "\n".join(shown) in done.stdout
