"""Folders of ``templates/``: found by listing, so that nothing has to be registered."""

from pathlib import Path

from sidecarctl.assets import asset_dir
from sidecarctl.errors import TemplateError
from sidecarctl.findings import JsonObject, Location
from sidecarctl.manifest.document import parse


def folders(room: str, head: str) -> list[Path]:
    """Return the folders of ``templates/<room>`` that hold a file named *head*, by name."""
    return sorted(file.parent for file in (asset_dir("templates") / room).glob(f"*/{head}"))


def read_head(file: Path) -> JsonObject:
    """Return the mapping in *file*, a ``concern.yaml`` or ``sidecar.yaml``.

    Raises:
        TemplateError: it holds no single mapping.
        ManifestError: it is no YAML.
    """
    name = "/".join(("templates", *file.parts[-3:]))
    documents = parse(file.read_text(encoding="utf-8"), name).documents
    if len(documents) != 1:
        raise TemplateError("must hold one mapping", at=Location(name, 1, 1, 1, 1))
    return documents[0].data


def readme(folder: Path) -> str:
    """Return the page of *folder* for people, empty where it has none."""
    file = folder / "README.md"
    return file.read_text(encoding="utf-8") if file.is_file() else ""
