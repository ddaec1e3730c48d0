"""Where new documents go: after their owner, to a file of their own, or to the one they had."""

from collections.abc import Iterator, Sequence
from itertools import count

from msgspec import Struct, field

from sidecarctl.findings import JsonObject
from sidecarctl.inject.build import MANAGED_BY, OWNER, TOOL
from sidecarctl.manifest.document import Manifest
from sidecarctl.manifest.narrow import mapping, text
from sidecarctl.manifest.whole import whole_text

_Key = tuple[str, str, str]
"""Kind, namespace ("" where none is said) and name."""


class Homes(Struct):
    """The files of new documents, filled while they are made.

    *companions* says which file of the input an earlier run wrote a document to; *texts* has the
    new documents of each such file, *files* those of new files.
    """

    companions: dict[_Key, str] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def take(self, document: JsonObject, namespace: str, *, split: bool) -> bool:
        """Take *document* in and tell whether it has a file apart from its owner's."""
        companion = self.companions.get(_key(document))
        if companion is not None:
            self.texts[companion].append(whole_text(document))
        elif split:
            name = next(each for each in _names(document, namespace) if each not in self.files)
            self.files[name] = whole_text(document)
        return companion is not None or split

    def text(self, companion: str) -> str:
        """Return the new text of the file *companion*, which is empty where it is to go."""
        return "---\n".join(self.texts[companion])


def homes(manifests: Sequence[Manifest]) -> Homes:
    """Find the files that an earlier run wrote for owners that are in this run.

    Such a file without its owner is left alone: who knows what has become of that.
    """
    owners = {
        (str(document), document.namespace)
        for manifest in manifests
        if not is_ours(manifest)
        for document in manifest.documents
    }
    found = Homes()
    for manifest in manifests:
        if is_ours(manifest) and all(
            (each.annotations[OWNER], each.namespace) in owners for each in manifest.documents
        ):
            found.texts[manifest.file] = []
            for each in manifest.documents:
                found.companions[_key(each.data)] = manifest.file
    return found


def is_ours(manifest: Manifest) -> bool:
    """Tell whether *manifest* holds nothing but new documents that `inject` wrote."""
    return bool(manifest.documents) and all(
        document.labels.get(MANAGED_BY) == TOOL and OWNER in document.annotations
        for document in manifest.documents
    )


def _key(document: JsonObject) -> _Key:
    metadata = mapping(document, "metadata")
    return (
        text(document.get("kind")),
        text(metadata.get("namespace")),
        text(metadata.get("name")),
    )


def _names(document: JsonObject, namespace: str) -> Iterator[str]:
    """Yield names for the file of *document*, the best first.

    Workloads of two namespaces may be called the same, and no document may take another's file.
    """
    kind, _, name = _key(document)
    stem = name if kind == "ConfigMap" else f"{name}-{kind.lower()}"
    yield f"{stem}.yaml"
    yield f"{namespace}-{stem}.yaml"
    for number in count(2):
        yield f"{namespace}-{stem}-{number}.yaml"
