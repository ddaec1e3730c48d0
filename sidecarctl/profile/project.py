"""The configuration file of a project, as far as it says which profile is used here."""

import os
from pathlib import Path

from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.files import read
from sidecarctl.manifest.narrow import text

FILE = ".sidecarctl.yaml"


def find_config(folder: Path) -> Path | None:
    """Return the configuration file that is nearest upward from *folder*, relative to it."""
    for each in (folder, *folder.parents):
        if (each / FILE).is_file():
            return Path(os.path.relpath(each / FILE, folder))
    return None


def profile_of(file: Path) -> str | None:
    """Return the profile that the configuration *file* names: a built-in name, or a file.

    Raises:
        ManifestError: the file cannot be read.
    """
    (source,) = read([str(file)])
    documents = parse(source.text, source.name).documents
    return named_profile(documents[0], file.parent) if documents else None


def named_profile(config: Document, folder: Path) -> str | None:
    """Return the profile that *config*, which lies in *folder*, names; a file before a name."""
    name = text(config.data.get("profile"))
    own = folder / name
    return (str(own) if own.is_file() else name) or None
