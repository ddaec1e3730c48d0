"""Where bootstraps stand: in documents of their own, and in ConfigMaps beside other files.

Files of the same ConfigMap that Envoy reads listeners, clusters and routes from count as part of
the bootstrap that names them.
"""

import re
from collections.abc import Iterable, Iterator

from sidecarctl.envoy.read import Bootstrap, Origin
from sidecarctl.envoy.reload import join
from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.embedded import Embedded, embedded
from sidecarctl.manifest.narrow import mapping, strings

_MARKS = ("static_resources", "staticResources", "dynamic_resources", "dynamicResources")
_NAMES_FILES = re.compile(r"\b(?:lds_config|ldsConfig|cds_config|cdsConfig|rds)\b")


def bootstraps(document: Document) -> tuple[Bootstrap, ...]:
    """Return the bootstraps that *document* holds: itself, or texts of a ConfigMap.

    A text that cannot be read is left out; Envoy itself says what is wrong with it.
    """
    if document.is_a("", "ConfigMap"):
        return tuple(_of_config_map(document))
    if not document.kind and any(mark in document.data for mark in _MARKS):
        return (Bootstrap(document, (), document, None),)
    return ()


def _of_config_map(document: Document) -> Iterator[Bootstrap]:
    texts = strings(mapping(document.data, "data"))
    for key in texts:
        found = [(text, each) for text, each in _inside(document, key, *_MARKS)
                 if any(mark in each.data for mark in _MARKS)]  # fmt: skip
        files: dict[str, tuple[Embedded, Document]] = {}
        if found and _NAMES_FILES.search(texts[key]):
            files = dict(_resource_files(document, texts, key))
        for text, each in found:
            data, moved = join(each.data, {name: inner.data for name, (_, inner) in files.items()})
            origins = tuple(
                Origin(one.path, files[one.file][1], files[one.file][0], one.at) for one in moved
            )
            yield Bootstrap(document, ("data", key), each, text, data if moved else None, origins)


def _resource_files(
    document: Document, keys: Iterable[str], besides: str
) -> Iterator[tuple[str, tuple[Embedded, Document]]]:
    """Yield the files of *document* that hold resources of xDS, by name."""
    for key in keys:
        for text, each in _inside(document, key, "resources") if key != besides else ():
            if isinstance(each.data.get("resources"), list):
                yield key, (text, each)
                break


def _inside(document: Document, key: str, *marks: str) -> Iterator[tuple[Embedded, Document]]:
    """Yield what the text at *key* holds; nothing where no *marks* are in it, or it is no YAML."""
    text = embedded(document, ("data", key))
    if text is None or not any(mark in text.text for mark in marks):
        return
    try:
        inner = text.documents()
    except ManifestError:
        return
    for each in inner:
        yield text, each
