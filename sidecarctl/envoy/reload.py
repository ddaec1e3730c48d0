"""A bootstrap whose listeners, clusters and routes lie in files that Envoy reads again by itself.

``split`` takes them out of a bootstrap, ``join`` puts them back, for whoever looks at the whole.

=================  ===============================================================================
file               holds
=================  ===============================================================================
``bootstrap.yaml`` what Envoy reads once: node, admin, overload manager, sinks of statistics, and
                   the clusters that these or a filter name (a collector of traces, the admin's)
``cds.yaml``       the clusters that routes lead to
``lds.yaml``       the listeners
``rds-<x>.yaml``   the routes of the listener ``<x>``: of several in one file Envoy takes none
=================  ===============================================================================

A new listener waits until its routes are there, and a change of routes alone leaves listeners, and
so connections, as they are. In which order Envoy takes the files of one change is chance: a filter
that names a cluster which is not there yet would be refused for good, so such clusters are static.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/config_source.proto
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename
from typing import cast

from msgspec import Struct

from sidecarctl.envoy.mounts import CONFIG, DATA
from sidecarctl.envoy.part import Part
from sidecarctl.envoy.slots import overlay
from sidecarctl.findings import FieldPath, Json, JsonObject

_TYPE = "type.googleapis.com/envoy.config."
_LISTENER = f"{_TYPE}listener.v3.Listener"
_CLUSTER = f"{_TYPE}cluster.v3.Cluster"
_ROUTES = f"{_TYPE}route.v3.RouteConfiguration"


def split(bootstrap: JsonObject, layout: str = "") -> tuple[JsonObject, dict[str, JsonObject]]:
    """Return *bootstrap* without what may change while Envoy runs, and the files of that by name.

    *layout* ends the names of the files: an Envoy that knows them by another one finds them gone,
    and keeps what it has.

    Listeners without a direction are Envoy's own (``ops``, probes); their routes follow from the
    pod, and stay with them.
    """
    head = {key: value for key, value in bootstrap.items() if key != "static_resources"}
    static = bootstrap.get("static_resources")
    resources = static if isinstance(static, dict) else {}
    files: dict[str, JsonObject] = {}
    end = f"-{layout}.yaml" if layout else ".yaml"
    listeners = [_without_routes(each, files, end) for each in _objects(resources.get("listeners"))]
    own = {each.get("name") for each in listeners}  # as the cluster behind each is called
    fixed = {*_texts(head), *(set(_texts(cast(list[Json], listeners))) - own)}
    clusters = _objects(resources.get("clusters"))
    fixed |= {text for each in clusters for text in _secret_servers(each)}
    kept = [each for each in clusters if each.get("name") in fixed]
    files[f"lds{end}"] = _resources(_LISTENER, listeners)
    rest = [_resolved_first(each) for each in clusters if each not in kept]
    files[f"cds{end}"] = _resources(_CLUSTER, rest)
    dynamic: JsonObject = {"lds_config": _source(f"lds{end}"), "cds_config": _source(f"cds{end}")}
    built: JsonObject = {**head, "dynamic_resources": dynamic}
    if kept:
        built["static_resources"] = {"clusters": cast(list[Json], kept)}
    return built, files


class Moved(Struct, frozen=True):
    """What stands at *path* of a joined bootstrap stands at *at* of the file *file*."""

    path: FieldPath
    file: str
    at: FieldPath


def join(bootstrap: JsonObject, files: Mapping[str, JsonObject]) -> tuple[JsonObject, list[Moved]]:
    """Return *bootstrap* with the resources of *files* (by name) in it, and what came from where.

    A copy where anything is put in. Files that *files* does not have, and resources in another
    shape than Envoy takes, are left where they are.
    """
    moved: list[Moved] = []
    root = Part((), bootstrap)
    dynamic = root.part("dynamic_resources")
    sources = {
        kind: _file_of(dynamic.part(f"{name}_config"), files)
        for kind, name in (("listeners", "lds"), ("clusters", "cds"))
    }
    if not any(sources.values()) and not any(_by_rds(root, files)):
        return bootstrap, moved
    root = Part((), copy.deepcopy(bootstrap))
    for kind, file in sources.items():
        if file:
            _put_in(root, kind, file, files[file], moved)
    for manager, file in list(_by_rds(root, files)):
        _put_routes(manager, file, files[file], moved)
    return root.data, moved


def _put_in(root: Part, kind: str, file: str, content: JsonObject, moved: list[Moved]) -> None:
    """Put the resources of *file* behind what the bootstrap has itself of that *kind*."""
    dynamic = root.part("dynamic_resources")
    del dynamic.data[str(dynamic.at("lds_config" if kind == "listeners" else "cds_config")[-1])]
    if not dynamic:
        del root.data[str(dynamic.path[-1])]
    static = root.data.setdefault(str(root.at("static_resources")[-1]), {})
    if not isinstance(static, dict):
        return
    members = static.setdefault(kind, [])
    if not isinstance(members, list):
        return
    for at, each in _members(content):
        path = (*root.at("static_resources"), kind, len(members))
        moved.append(Moved(path, file, at))
        members.append(each)


def _put_routes(manager: Part, file: str, content: JsonObject, moved: list[Moved]) -> None:
    wanted = manager.part("rds").text("route_config_name")
    for at, each in _members(content):
        if each.get("name") == wanted:
            del manager.data["rds"]
            path = manager.at("route_config")
            manager.data[str(path[-1])] = each
            moved.append(Moved(path, file, at))
            return


def _by_rds(root: Part, files: Mapping[str, JsonObject]) -> Iterator[tuple[Part, str]]:
    """Yield each HttpConnectionManager whose routes lie in one of *files*, with its name."""
    for listener in root.part("static_resources").parts("listeners"):
        default = listener.part("default_filter_chain")
        for chain in (*listener.parts("filter_chains"), *([default] if default else [])):
            for each in chain.parts("filters"):
                manager = each.part("typed_config")
                file = _file_of(manager.part("rds", "config_source"), files)
                if file:
                    yield manager, file


def _file_of(source: Part, files: Mapping[str, JsonObject]) -> str:
    name = basename(source.part("path_config_source").text("path"))
    return name if name in files else ""


def _members(content: JsonObject) -> Iterator[tuple[FieldPath, JsonObject]]:
    for part in Part((), content).parts("resources"):
        yield part.path, {key: value for key, value in part.data.items() if key != "@type"}


def _without_routes(listener: JsonObject, files: dict[str, JsonObject], end: str) -> JsonObject:
    if "traffic_direction" not in listener:
        return listener
    chains: list[Json] = []
    for chain in _objects(listener.get("filter_chains")):
        filters: list[Json] = [
            _by_reference(each, files, end) for each in _objects(chain.get("filters"))
        ]
        chains.append({**chain, "filters": filters})
    return {**listener, "filter_chains": chains}


def _by_reference(network_filter: JsonObject, files: dict[str, JsonObject], end: str) -> JsonObject:
    config = network_filter.get("typed_config")
    routes = config.get("route_config") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(routes, dict) or not routes.get("name"):
        return network_filter
    name = str(routes["name"])
    file = f"rds-{name}{end}"
    files[file] = _resources(_ROUTES, [routes])
    rds: JsonObject = {"config_source": _source(file), "route_config_name": name}
    moved = {key: value for key, value in config.items() if key != "route_config"}
    return {**network_filter, "typed_config": {**moved, "rds": rds}}


def _resolved_first(cluster: JsonObject) -> JsonObject:
    """Return *cluster*, which takes over from an older one of its name once it has addresses.

    At the start this lets Envoy wait for the resolver: for two seconds, where that does not answer.
    """
    if "wait_for_warm_on_init" not in cluster:
        return cluster
    quick: JsonObject = {"typed_config": {"query_timeout_seconds": 1, "query_tries": 1}}
    changes: JsonObject = {"wait_for_warm_on_init": True, "typed_dns_resolver_config": quick}
    return overlay(cluster, changes)


def _resources(kind: str, members: Sequence[JsonObject]) -> JsonObject:
    return {"resources": [{"@type": kind, **each} for each in members]}


def _source(file: str) -> JsonObject:
    # The kubelet makes the link of a new file only after the swap of `..data`, and a listener that
    # names a file which is not there is refused for good: so none goes by its own link.
    return {
        "path_config_source": {
            "path": f"{CONFIG}/{DATA}/{file}",
            "watched_directory": {"path": CONFIG},
        },
        "resource_api_version": "V3",
    }


def _objects(value: Json) -> list[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _secret_servers(cluster: JsonObject) -> Iterator[str]:
    """Yield what the TLS of *cluster* says of servers of secrets: Envoy must know these before."""
    for part in _below(cluster.get("transport_socket")):
        yield from _texts(part.get("api_config_source"))


def _below(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _below(below)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _texts(below)
