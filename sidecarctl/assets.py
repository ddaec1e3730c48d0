"""Where the templates and schemas lie, in a wheel as in a checkout."""

from pathlib import Path
from typing import Literal

from sidecarctl.errors import SidecarctlError

_PACKAGE = Path(__file__).resolve().parent


def asset_dir(name: Literal["templates", "schemas"]) -> Path:
    """Return the folder *name* that belongs to this installation.

    Raises:
        SidecarctlError: the installation has lost it.
    """
    packaged, beside = _PACKAGE / "_assets" / name, _PACKAGE.parent / name
    if packaged.is_dir():
        return packaged  # a wheel
    # Without the look at pyproject.toml a broken wheel would take a foreign templates folder.
    if (_PACKAGE.parent / "pyproject.toml").is_file() and beside.is_dir():
        return beside  # a checkout or an editable install
    raise SidecarctlError(
        f"the {name} folder is missing from this installation", hint="reinstall sidecarctl"
    )
