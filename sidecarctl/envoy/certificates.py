"""How Envoy finds its certificates: by SDS alone, from files of the ConfigMap or from a server.

Only what is referenced in this way is read again when it changes: certificates named in the
bootstrap itself never are, and of two secrets in one file Envoy takes none.
"""

import copy
from collections.abc import Iterator
from posixpath import basename, dirname

from msgspec import Struct

from sidecarctl.envoy.mounts import CONFIG
from sidecarctl.envoy.part import Part
from sidecarctl.findings import Json, JsonObject

_PUBLIC = "sds-system-ca.yaml"
_SDS = frozenset({"sds_config", "sdsConfig"})


class Certified(Struct, frozen=True):
    """A *bootstrap* that finds its certificates, and the *files* of SDS that it refers to, by name.

    *own* says whether it uses the workload's own certificate or authority.
    """

    bootstrap: JsonObject
    files: dict[str, JsonObject]
    own: bool


def certified(bootstrap: JsonObject, given: JsonObject) -> Certified:
    """Return *bootstrap* with the certificates that are *given* (``certificates.yaml.j2``).

    The cells of concerns refer to files of SDS. ``files`` are these; for a file that stands in
    ``sources`` instead, each reference to it becomes that one, and ``clusters`` are added, by which
    its server is reached.
    """
    named = {name for _, name in _references(bootstrap)}
    files = {name: data for name, data in _tables(given, "files").items() if name in named}
    sources = {name: data for name, data in _tables(given, "sources").items() if name in named}
    if sources:
        bootstrap = copy.deepcopy(bootstrap)
        for reference, name in list(_references(bootstrap)):
            reference.update(sources.get(name, {}))
        static = bootstrap["static_resources"]
        clusters = static.get("clusters") if isinstance(static, dict) else None
        further = given.get("clusters")
        if isinstance(clusters, list) and isinstance(further, list):
            clusters.extend(further)
    return Certified(bootstrap, files, bool(named - {_PUBLIC}))


def _references(value: Json) -> Iterator[tuple[JsonObject, str]]:
    """Yield each reference to a secret in a file of the ConfigMap, and the file's name."""
    if isinstance(value, dict):
        if not value.keys().isdisjoint(_SDS):  # nearly no mapping: a whole bootstrap is walked
            source = Part((), value).part("sds_config", "path_config_source")
            path = source.text("path")
            if dirname(path) == CONFIG:
                yield value, basename(path)
        for below in value.values():
            if below and not isinstance(below, str):
                yield from _references(below)
    elif isinstance(value, list):
        for below in value:
            yield from _references(below)


def _tables(value: JsonObject, name: str) -> dict[str, JsonObject]:
    found = value.get(name)
    items = found.items() if isinstance(found, dict) else ()
    return {key: each for key, each in items if isinstance(each, dict)}
