"""Runs the command line, in this process or in one of its own."""

import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sidecarctl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd, monkeypatch):
    """Run a command line in this process; stdout and stderr are what really came out."""

    def _run(*arguments, stdin=None):
        if stdin is not None:
            data = stdin if isinstance(stdin, bytes) else stdin.encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        code = stop.value.code
        return Done(0 if code is None else int(code), out, err)

    return _run


@pytest.fixture
def sidecarctl():
    """Run a command line in a process of its own; bytes in, bytes out."""

    def _sidecarctl(*arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "sidecarctl", *map(str, arguments)],
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **options.pop("env", {})},
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            check=False,
            timeout=60,
            **options,
        )

    return _sidecarctl


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, so that messages name files as a user would."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
