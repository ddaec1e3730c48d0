"""The pre-commit hooks, run by the real pre-commit in a repository of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
CLEAN = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers: [{name: shop, image: "shop:1"}]
"""


def shell(*words, folder, **variables):
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def repository(tmp_path):
    """A repository with our hooks, run by the Python at hand instead of one that is installed."""
    hooks = [
        {
            **hook,
            "entry": hook["entry"].replace("sidecarctl", f"{sys.executable} -m sidecarctl", 1),
            "language": "system",
        }
        for hook in HOOKS
    ]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    assert shell("git", "init", "-q", folder=tmp_path).returncode == 0
    return tmp_path


def run_hook(repository, hook, **files):
    for name, text in files.items():
        (repository / f"{name}.yaml").write_text(text)
    shell("git", "add", "-A", folder=repository)
    done = shell(
        sys.executable, "-m", "pre_commit", "run", hook, folder=repository,
        PYTHONPATH=str(ROOT), PRE_COMMIT_HOME=str(repository / ".cache"),
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_lint_fails_on_a_finding_and_passes_without(repository):
    broken = CLEAN.replace("containers", "conainers")
    code, text = run_hook(repository, "sidecarctl-lint", pod=broken, chart="a: {{ .Values.a }}\n")
    assert code == 1
    assert "pod.yaml:5:3: error: spec has no field 'conainers' [SC802 unknown-field]" in text
    code, text = run_hook(repository, "sidecarctl-lint", pod=CLEAN)
    assert (code, "Passed" in text) == (0, True)


def test_inject_check_fails_until_the_injected_manifest_is_committed(repository):
    manifest = (ROOT / "examples/quickstart/deployment.yaml").read_text(encoding="utf-8")
    code, text = run_hook(repository, "sidecarctl-inject-check", shop=manifest)
    assert (code, "injected" in text) == (1, True), text
    done = shell(
        sys.executable, "-m", "sidecarctl", "inject", "-i", "shop.yaml",
        folder=repository, PYTHONPATH=str(ROOT),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code, text = run_hook(repository, "sidecarctl-inject-check")
    assert code == 0, text
