"""ARCHITECTURE.md is true: every room stands in it, and nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sidecarctl"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
# The first column of the table of rooms: | `manifest/` | ...
ROOMS = re.findall(r"^\| `([\w.]+/?)` +\|", TEXT, re.MULTILINE)


def test_every_room_stands_in_it_once():
    folders = [
        f"{folder.name}/" for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()
    ]
    modules = [file.name for file in PACKAGE.glob("*.py") if not file.name.startswith("__")]
    assert sorted(ROOMS) == sorted(folders + modules)


def test_every_file_it_names_exists():
    named = set(re.findall(r"`((?:[\w.-]+/)+(?:[\w.-]+\.\w+)?|[\w-]+\.(?:py|md|toml))`", TEXT))
    missing = {
        name for name in named if not (ROOT / name).exists() and not (PACKAGE / name).exists()
    }
    assert missing == set()


def test_every_module_has_a_sign_on_the_door():
    unsigned = [
        str(file.relative_to(ROOT))
        for file in PACKAGE.rglob("*.py")
        if not file.read_text(encoding="utf-8").startswith(('"""', "r'''", 'r"""'))
    ]
    assert unsigned == []
