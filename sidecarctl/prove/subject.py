"""Whose Envoy it is: a bootstrap of the input, the workload it belongs to, the files beside it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from posixpath import basename, join, normpath

from msgspec import Struct, field

from sidecarctl.envoy.find import bootstraps
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.errors import ManifestError, SidecarctlError
from sidecarctl.findings import JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.embedded import embedded
from sidecarctl.manifest.narrow import mapping, mappings, strings, text
from sidecarctl.manifest.workload import Container, Workload
from sidecarctl.topology.fleet import fleet

_PATHS = re.compile(r"/[\w./-]+\w")


class Subject(Struct, frozen=True, eq=False, dict=True):
    """A *bootstrap* to be proved, and what is known of its pod.

    *files* are the other files that its container sees and that are in the input, by their path
    there; a ConfigMap that nobody mounts gives its keys as they are.
    """

    name: str
    namespace: str
    account: str
    bootstrap: Bootstrap
    files: Mapping[str, str] = field(default_factory=dict)

    def file(self, path: str) -> str | None:
        """Return the text of the file at *path* of the container, None where it is not known."""
        return self.files.get(normpath(path), self.files.get(basename(path)))


def subjects(
    documents: Iterable[Document], namespace: str, *, injected: bool = False
) -> list[Subject]:
    """Return every bootstrap of *documents*: those that a pod mounts, and those that none does.

    *injected* says that a profile has been injected, so that this need not be advised.

    Raises:
        SidecarctlError: there is none, one cannot be read, or a Secret of the input lacks a key.
    """
    joined = fleet(tuple(documents), (), namespace=namespace)
    found: list[Subject] = []
    taken: set[int] = set()
    for workload in joined.workloads:
        home = joined.namespace_of(workload.document)
        near = [each for each in joined.documents if joined.namespace_of(each) == home]
        for each, owner in _of_workload(workload, near, home):
            found.append(each)
            taken.add(id(owner))
    for document in joined.documents:
        if id(document) not in taken:
            found += _unmounted(document, joined.namespace_of(document))
    if not found:
        if injected:
            raise SidecarctlError("the profile gives no workload an Envoy of its own to be proved")
        raise SidecarctlError(
            "there is no Envoy bootstrap in the input",
            hint="inject first, or let prove do it: prove -p strict FILES",
        )
    return found


def _of_workload(
    workload: Workload, near: Sequence[Document], home: str
) -> Iterator[tuple[Subject, Document]]:
    maps = {each.name: each for each in near if each.is_a("", "ConfigMap")}
    secrets = {each.name: each for each in near if each.is_a("", "Secret")}
    volumes = [data for _, data in mappings(workload.pod, (), "volumes")]
    name = f"{workload.kind}/{workload.name}"
    for container in workload.containers():
        files, sources = _mounted(container, volumes, maps)
        wanted = _config_file(container)
        if wanted in sources:
            _must_be_read(*sources[wanted])
        own = [each for owner in _unique(sources) for each in bootstraps(owner)]
        named = [each for each in own if sources.get(wanted) == (each.owner, each.base[-1])]
        chosen = named or own
        _check_secrets(container, volumes, secrets, files)
        for each in chosen:
            title = name if len(chosen) == 1 else f"{name} ({each.base[-1]})"
            subject = Subject(title, home, workload.service_account, each, files)
            yield subject, each.owner


def _unmounted(document: Document, home: str) -> Iterator[Subject]:
    found = bootstraps(document)
    data = strings(mapping(document.data, "data"))
    for each in found:
        name = str(document) if each.base else document.file
        title = name if len(found) == 1 else f"{name} ({each.base[-1]})"
        yield Subject(title, home, "default", each, data if each.base else {})


def _mounted(
    container: Container, volumes: Sequence[JsonObject], maps: Mapping[str, Document]
) -> tuple[dict[str, str], dict[str, tuple[Document, str]]]:
    """Return the texts of the files that *container* sees, and which key each is."""
    files: dict[str, str] = {}
    sources: dict[str, tuple[Document, str]] = {}
    for mount in container.volume_mounts():
        for volume in volumes:
            if text(volume.get("name")) != mount.name:
                continue
            projected = [mapping(each, "configMap") for _, each in
                         mappings(volume, (), "projected", "sources")]  # fmt: skip
            for given in (mapping(volume, "configMap"), *projected):
                document = maps.get(text(given.get("name")))
                if document is None:
                    continue
                for key, content in strings(mapping(document.data, "data")).items():
                    path = normpath(mount.mount_path)
                    path = path if mount.sub_path else join(path, _as_file(given, key))
                    if not mount.sub_path or normpath(mount.sub_path) == key:
                        files[path] = content
                        sources[path] = (document, key)
    return files, sources


def _as_file(given: JsonObject, key: str) -> str:
    for _, item in mappings(given, (), "items"):
        if item.get("key") == key:
            return text(item.get("path"))
    return key


def _unique(sources: Mapping[str, tuple[Document, str]]) -> list[Document]:
    return list({id(document): document for document, _ in sources.values()}.values())


def _must_be_read(document: Document, key: str) -> None:
    """Make sure that what Envoy is started with can be read.

    Raises:
        ManifestError: it is no YAML, no JSON, or no mapping.
    """
    inner = embedded(document, ("data", key))
    if inner is not None and not inner.documents():
        at = document.locate(("data", key), on="key")
        raise ManifestError(f"{key!r} is no bootstrap: it holds no mapping", at=at)


def _check_secrets(
    container: Container,
    volumes: Sequence[JsonObject],
    secrets: Mapping[str, Document],
    files: Mapping[str, str],
) -> None:
    """Make sure that a Secret of the input has the keys that the files of SDS read.

    Raises:
        ManifestError: one is missing.
    """
    for mount in container.volume_mounts():
        for volume in volumes:
            if text(volume.get("name")) != mount.name:
                continue
            secret = secrets.get(text(mapping(volume, "secret").get("secretName")))
            if secret is None:
                continue
            keys = {*mapping(secret.data, "data"), *mapping(secret.data, "stringData")}
            for file, content in files.items():
                for word in _PATHS.findall(content):
                    parent, _, key = word.rpartition("/")
                    if parent == normpath(mount.mount_path) and key not in keys:
                        raise ManifestError(
                            f"{secret} has no key {key!r}, which {basename(file)} reads",
                            at=secret.locate(("data",), on="key"),
                        )


def _config_file(container: Container) -> str:
    words = list(_words(container))
    for word, after in pairwise([*words, ""]):
        if word in ("-c", "--config-path") and after:
            return normpath(after)
        if word.startswith("--config-path="):
            return normpath(word.partition("=")[2])
    return ""


def _words(container: Container) -> Iterator[str]:
    for name in ("command", "args"):
        value = container.data.get(name)
        yield from (text(word) for word in value) if isinstance(value, list) else ()
