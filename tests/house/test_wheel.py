"""What users install: the sdist makes the wheel, and the wheel works from any folder.

Nothing else catches a template or a schema that is missing from the package.
"""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "quickstart" / "deployment.yaml"
ASSETS = sorted(
    str(file.relative_to(ROOT))
    for folder in ("templates", "schemas")
    for file in (ROOT / folder).rglob("*")
    if file.is_file() and "__pycache__" not in file.parts
)


def _run(*command, cwd=ROOT):
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    (made,) = folder.glob("*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"]
    _run(*pip, "--no-build-isolation", "--wheel-dir", folder, sdist)
    (made,) = folder.glob("*.whl")
    return made


def test_the_sdist_holds_the_sources_and_no_caches(sdist):
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {*ASSETS, "LICENSE", "README.md", "pyproject.toml", "sidecarctl/__init__.py"} <= {*names}
    assert ASSETS
    litter = ("__pycache__", "_cache", ".venv", ".hypothesis", ".pyc", ".j2c")
    assert [name for name in names if any(word in name for word in litter)] == []


def test_the_wheel_holds_every_template_and_schema(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"sidecarctl/_assets/{name}" for name in ASSETS} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"sidecarctl"}


def test_the_wheel_injects_from_another_folder(wheel, tmp_path):
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run(*pip, "--python", environment / "bin" / "python", "install", wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "deployment.yaml").write_bytes(EXAMPLE.read_bytes())
    sidecarctl = environment / "bin" / "sidecarctl"
    injected = _run(sidecarctl, "inject", "deployment.yaml", cwd=elsewhere)
    assert injected == (EXAMPLE.parent / "deployment.injected.yaml").read_bytes()
    (elsewhere / "injected.yaml").write_bytes(injected)
    assert _run(sidecarctl, "eject", "injected.yaml", cwd=elsewhere) == EXAMPLE.read_bytes()
