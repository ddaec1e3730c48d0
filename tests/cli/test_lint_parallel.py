"""`lint` in several processes says the same, and an interrupt ends them all."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sidecarctl.lint import check as check_module

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def many(folder, count=30):
    deployment = (ROOT / "examples" / "lint" / "deployment.yaml").read_text()
    for number in range(count):
        text = deployment.replace("orders", f"orders-{number}")
        (folder / f"{number}.yaml").write_text(text)


def test_findings_are_the_same_in_one_process_and_in_two(run, folder, monkeypatch):
    many(folder)
    Path("ignored.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
        "data: {a: b}  # sidecarctl: ignore[SC208] nothing is here\n"
    )
    said = []
    for processes in (1, 2, 5):
        monkeypatch.setattr(check_module, "_MUCH", 0)
        monkeypatch.setattr(check_module, "processors", lambda n=processes: n)
        done = run("lint", ".", "--format", "json")
        said.append((done.code, done.out, done.err))

    assert said[0] == said[1] == said[2]
    assert said[0][0] == 1
    assert "SC002" in said[0][1]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="/proc tells of children")
def test_an_interrupt_ends_all_of_them(tmp_path):
    many(tmp_path, 1500)
    process = subprocess.Popen(
        [sys.executable, "-m", "sidecarctl", "lint", str(tmp_path)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text().strip():
        assert process.poll() is None, "it was over before it could be interrupted"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)

    assert (process.returncode, out, err) == (130, b"", b"")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
