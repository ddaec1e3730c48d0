"""What Jinja compiled is kept beside a template, and is never older than it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RENDER = (
    "import sys\nfrom pathlib import Path\nfrom sidecarctl.inject.render import render\n"
    "import jinja2.environment as e\ncompiled = []\nonce = e.Environment.compile\n"
    "e.Environment.compile = lambda *a, **k: compiled.append(1) or once(*a, **k)\n"
    "print(render(Path(sys.argv[1]), {'n': 1}), 'compiled' if compiled else 'kept')"
)


@pytest.fixture
def template(tmp_path):
    file = tmp_path / "pod.yaml.j2"
    file.write_text("a: {{ n | yaml }}\n")
    return file


def render(template, **env):
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", RENDER, str(template)],
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def kept(template) -> list[Path]:
    return sorted(template.parent.rglob("*.j2c*"))


def test_the_second_run_compiles_nothing(template):
    assert [render(template), render(template)] == ["{'a': 1} compiled", "{'a': 1} kept"]


def test_a_template_that_changed_is_compiled_anew(template):
    render(template)
    template.write_text("b: {{ n | yaml }}\n")

    assert [render(template), render(template)] == ["{'b': 1} compiled", "{'b': 1} kept"]


@pytest.mark.parametrize("length", [0, 10, 40, -5])
def test_a_file_that_was_cut_off_is_made_anew(template, length):
    render(template)
    (file,) = kept(template)
    file.write_bytes(file.read_bytes()[:length])

    assert [render(template), render(template)] == ["{'a': 1} compiled", "{'a': 1} kept"]


def test_a_template_that_was_moved_is_compiled_anew(template, tmp_path):
    render(template)
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in [template, template.parent / "__pycache__"]:
        file.rename(moved / file.name)

    assert render(moved / template.name) == "{'a': 1} compiled"


def test_nothing_is_kept_where_python_keeps_nothing(template):
    assert render(template, PYTHONDONTWRITEBYTECODE="1") == "{'a': 1} compiled"
    assert kept(template) == []


def test_it_is_kept_where_python_keeps_its_own(template, tmp_path):
    prefix = tmp_path / "cache"

    assert render(template, PYTHONPYCACHEPREFIX=str(prefix)) == "{'a': 1} compiled"
    assert [file.is_relative_to(prefix) for file in kept(template)] == [True]
    assert render(template, PYTHONPYCACHEPREFIX=str(prefix)) == "{'a': 1} kept"


def test_a_folder_that_takes_no_files_is_no_fault(template):
    # A file in the way, as root may write into any folder.
    (template.parent / "__pycache__").write_text("")

    assert [render(template), render(template)] == ["{'a': 1} compiled"] * 2
