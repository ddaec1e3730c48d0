"""Streams speak UTF-8, end quietly when the reader has gone, and complain when the disk is full."""

import subprocess
import sys
from pathlib import Path

import pytest

_WRITE = """
import sys
from sidecarctl.errors import SidecarctlError
from sidecarctl.report.streams import prepare, write_err, write_out
prepare()
try:
    write_out("\\u00e4rger \\u2713\\r\\n" * {times})
except SidecarctlError as error:
    write_err(f"error: {{error}}\\n")
    sys.exit(2)
"""


def _python(times, **options):
    return subprocess.run(
        [sys.executable, "-c", _WRITE.format(times=times)],
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
        **options,
    )


def test_utf8_and_line_ends_are_kept_in_the_c_locale():
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": "."}
    done = _python(1, stdout=subprocess.PIPE, env=environment)
    assert (done.stdout, done.stderr) == ("ärger ✓\r\n".encode(), b"")


def test_a_closed_pipe_ends_quietly():
    pipeline = f'"{sys.executable}" -c "$CODE" | head -c 0; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", pipeline],
        env={"CODE": _WRITE.format(times=100_000), "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def test_a_full_disk_is_an_error():
    with Path("/dev/full").open("wb") as full:
        done = _python(1, stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"error: cannot write to standard output: No space left on device\n"


def test_a_closed_standard_output_is_an_error():
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "$CODE" >&-'],
        env={"CODE": _WRITE.format(times=1), "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (2, b"error: standard output is closed\n")


@pytest.mark.parametrize("target", ["/dev/full", None])
def test_a_broken_standard_error_stops_nothing(target):
    code = (
        "from sidecarctl.report.streams import *\nprepare(); write_err('x\\n'); write_out('y\\n')"
    )
    redirect = f"2>{target}" if target else "2>&-"
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "$CODE" {redirect}'],
        env={"CODE": code, "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, b"y\n")
