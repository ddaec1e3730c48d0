"""The way of libyaml: what `quick` gave back, JSON, and all that is wrong with a text."""

from typing import Literal, TypeAlias

from yaml.nodes import MappingNode, Node

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Json
from sidecarctl.manifest.reading.compose import compose
from sidecarctl.manifest.reading.compose_json import NotJsonError, compose_json, looks_like_json
from sidecarctl.manifest.reading.plain import plain
from sidecarctl.manifest.reading.template import blame_template, refuse_template
from sidecarctl.manifest.text import Text

Format: TypeAlias = Literal["yaml", "json"]


def full(source: Text) -> tuple[Format, list[Node], list[Json]]:
    """Return the format of *source*, the root of each document, and the data of each.

    The data of a document that is no mapping is None.

    Raises:
        ManifestError: as `parse` does.
    """
    form, roots = _compose(source)
    data = [
        plain(root, source, lenient=not _is_kubernetes(root))
        if isinstance(root, MappingNode)
        else None
        for root in roots
    ]
    refuse_template(source, (root for root in roots if _is_kubernetes(root)))
    return form, roots, data


def _compose(source: Text) -> tuple[Format, list[Node]]:
    expected = None
    if looks_like_json(source):
        try:
            return "json", compose_json(source)
        except NotJsonError as error:
            at = source.location(error.offset, error.offset + 1)
            expected = ManifestError(error.message, at=at)
    try:
        return "yaml", compose(source)
    except ManifestError as error:
        is_json = expected and source.file.endswith(".json")
        raise blame_template(source, expected if expected and is_json else error) from None


def _is_kubernetes(root: Node) -> bool:
    if not isinstance(root, MappingNode):
        return False
    return {"apiVersion", "kind"} <= {key.value for key, _ in root.value if key.id == "scalar"}
