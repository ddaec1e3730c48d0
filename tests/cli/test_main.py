"""The door: version, help, mistakes on the command line, and how a run ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sidecarctl import __version__

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "quickstart" / "deployment.yaml"


def test_version(run):
    done = run("--version")
    assert (done.code, done.out, done.err) == (0, f"sidecarctl {__version__}\n", "")


def test_without_a_verb_the_help_is_shown_as_a_mistake(run):
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: sidecarctl [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize("verb", ["inject", "eject", "list", "explain", "init", "schema"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_verb_has_help(run, verb, option):
    done = run(verb, option)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: sidecarctl {verb}")
    assert "─" not in done.out


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ("inject --prfile x f.yaml", "no such option: --prfile", "did you mean --profile?"),
        ("inject --foo f.yaml", "no such option: --foo", "sidecarctl inject --help"),
        ("ejectt", "no such command 'ejectt'", "did you mean 'eject', 'inject'?"),
        ("inject", "missing argument 'FILES...'", "sidecarctl inject --help"),
        ("schema", "missing argument 'profile|config'", "sidecarctl schema --help"),
        (
            "inject --only pods f.yaml",
            "invalid value for '--only': 'pods' is not one of 'workloads', 'services'",
            "sidecarctl inject --help",
        ),
    ],
)
def test_a_mistake_on_the_command_line(run, arguments, message, hint):
    done = run(*arguments.split())
    assert (done.code, done.out, done.err) == (2, "", f"error: {message}\n  hint: {hint}\n")


def test_options_that_contradict_one_another(run):
    done = run("inject", "-i", "--diff", "f.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: --diff and --in-place exclude one another\n"


def test_standard_input_cannot_be_replaced(run):
    done = run("eject", "-i", "-")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --in-place has no file to replace where the input is '-'\n"
        "  hint: leave it out: the result goes to standard output\n"
    )


def test_a_mistake_is_json_where_json_is_asked_for(run):
    done = run("inject", "--report", "json", "missing.yaml")
    assert (done.code, done.out) == (2, "")
    report = json.loads(done.err)
    assert report["version"] == 1
    assert [error["message"] for error in report["errors"]] == ["there is no file 'missing.yaml'"]


def test_a_closed_pipe_ends_quietly(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_text("---\n".join([EXAMPLE.read_text(encoding="utf-8")] * 60), encoding="utf-8")
    command = f'"{sys.executable}" -m sidecarctl inject "{large}" 2>/dev/null | head -1'
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    first = EXAMPLE.read_bytes().splitlines()[0]
    assert (done.stdout, done.stderr) == (first + b"\n0\n", b"")


def test_a_reader_of_the_report_may_go(sidecarctl):
    reader, writer = os.pipe()
    os.close(reader)
    done = sidecarctl("inject", EXAMPLE, stderr=writer)
    os.close(writer)
    assert done.returncode == 0
    assert done.stdout.startswith(EXAMPLE.read_bytes().splitlines()[0])


def test_interrupted():
    command = [sys.executable, "-m", "sidecarctl", "inject", "-"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes, env={"PYTHONPATH": str(ROOT)}) as child:
        _wait_until_it_reads(child.pid)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, b"", b"")


def _wait_until_it_reads(pid):
    """Wait until *pid* sleeps in a read of its standard input (a pipe)."""
    for _ in range(600):
        if "pipe_read" in Path(f"/proc/{pid}/wchan").read_text(encoding="ascii"):
            return
        call = Path(f"/proc/{pid}/syscall")
        if call.exists() and call.read_text(encoding="ascii").split()[:2] == ["0", "0x0"]:
            return
        time.sleep(0.05)
    pytest.fail("it never read its input")


def test_utf8_in_the_c_locale(sidecarctl, tmp_path):
    file = tmp_path / "ärger.yaml"
    text = EXAMPLE.read_text(encoding="utf-8").replace("# A small", "# Ein käsiger")
    file.write_text(text, encoding="utf-8")
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = sidecarctl("inject", file, env=environment)
    assert done.returncode == 0
    assert "# Ein käsiger" in done.stdout.decode()
    assert "✓ injected" in done.stderr.decode()


def test_completion_is_offered(sidecarctl):
    done = sidecarctl(
        "--show-completion", "bash", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    )
    assert done.returncode == 0
    assert b"_SIDECARCTL_COMPLETE=complete_bash" in done.stdout
