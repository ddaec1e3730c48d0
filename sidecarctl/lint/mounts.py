"""Which ConfigMaps of the input a container mounts, and as which files."""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import join, normpath

from msgspec import Struct

from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, mappings, strings, text
from sidecarctl.manifest.workload import Container, VolumeMount, Workload


class Mounted(Struct, frozen=True):
    """A ConfigMap of the input in a container.

    *source* is where the pod names it, *files* maps each file in the container to the key that it
    is made of.
    """

    container: Container
    mount: VolumeMount
    source: FieldPath
    document: Document
    files: Mapping[str, str]

    def covers(self, file: str) -> bool:
        """Say whether *file* would lie in this mount."""
        return f"{file}/".startswith(f"{normpath(self.mount.mount_path)}/")


def mounted(
    workload: Workload,
    containers: Iterable[Container],
    home: str,
    known: Mapping[tuple[str, str], Document],
) -> Iterator[Mounted]:
    """Yield every mount of one of the ConfigMaps that are *known*, by namespace and name."""
    volumes = {
        text(volume.get("name")): list(_sources(path, volume))
        for path, volume in mappings(workload.pod, workload.pod_path, "volumes")
    }
    for container in containers if any(volumes.values()) else ():
        for mount in container.volume_mounts():
            for source, given in volumes.get(mount.name, ()):
                document = known.get((home, text(given.get("name"))))
                if document is not None:
                    files = dict(_files(given, document, mount))
                    yield Mounted(container, mount, (*source, "name"), document, files)


def _sources(path: FieldPath, volume: JsonObject) -> Iterator[tuple[FieldPath, JsonObject]]:
    own = mapping(volume, "configMap")
    if own:
        yield (*path, "configMap"), own
    for part, data in mappings(volume, path, "projected", "sources"):
        projected = mapping(data, "configMap")
        if projected:
            yield (*part, "configMap"), projected


def _files(given: JsonObject, document: Document, mount: VolumeMount) -> Iterator[tuple[str, str]]:
    """Yield (file in the container, key), as the kubelet writes them."""
    items = [
        (text(item.get("key")), text(item.get("path"))) for _, item in mappings(given, (), "items")
    ]
    keys = strings(mapping(document.data, "data"))
    for key, file in items or [(key, key) for key in keys]:
        if key not in keys:
            continue
        if mount.sub_path:
            if normpath(file) == normpath(mount.sub_path):
                yield normpath(mount.mount_path), key
        else:
            yield normpath(join(mount.mount_path, file)), key
