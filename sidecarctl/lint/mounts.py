"""Which ConfigMaps of the input a container mounts, and as which files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import join, normpath

from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, mappings, strings, text
from sidecarctl.manifest.workload import Container, VolumeMount, Workload
from sidecarctl.topology.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Mounted:
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


def config_maps(workload: Workload, joined: Fleet) -> Iterator[Mounted]:
    """Yield every mount of a ConfigMap that is in the input, container by container."""
    volumes = list(mappings(workload.pod, workload.pod_path, "volumes"))
    home = joined.namespace_of(workload.document)
    known = {
        each.name: each
        for each in (*joined.documents, *joined.context)
        if each.is_a("", "ConfigMap") and joined.namespace_of(each) == home
    }
    for container in workload.containers():
        for mount in container.volume_mounts():
            for path, volume in volumes:
                if text(volume.get("name")) != mount.name:
                    continue
                for source, given in _sources(path, volume):
                    document = known.get(text(given.get("name")))
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
