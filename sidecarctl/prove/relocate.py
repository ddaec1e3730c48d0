"""A bootstrap moved onto loopback: addresses and ports, clusters, what is asked of elsewhere."""

from collections.abc import Sequence

from msgspec import Struct, field

from sidecarctl.envoy.mounts import RUN
from sidecarctl.envoy.part import Part
from sidecarctl.envoy.proto import socket_address
from sidecarctl.envoy.read import Bootstrap, Cluster
from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.ports import free_port
from sidecarctl.prove.walk import mappings_below, snake
from sidecarctl.prove.ways import Way, endpoints

DNS_ONLY = (
    "typed_dns_resolver_config",
    "dns_lookup_family",
    "dns_refresh_rate",
    "dns_failure_refresh_rate",
    "dns_jitter",
    "respect_dns_ttl",
    "dns_resolvers",
    "dns_resolution_config",
    "use_tcp_for_dns_lookups",
    "wait_for_warm_on_init",
    "cluster_type",
)
_FOUND_AT_RUN_TIME = ("EDS", "ORIGINAL_DST")
_LOOPBACK = "127.0.0.1"
_HERE = "loopback, and a port that is free"


class Placed(Struct):
    """Where things are now: the port of each listener by its number, and what is left out."""

    ports: dict[int, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def place_listeners(draft: Draft, bootstrap: Bootstrap) -> Placed:
    """Move the listeners to free ports of 127.0.0.1, and the admin interface onto a socket."""
    placed = Placed()
    for index, listener in enumerate(bootstrap.listeners):
        part = listener.part
        where = part.part("address", "socket_address")
        if not where:
            continue  # on a unix socket, or internal
        port = placed.ports[index] = free_port()
        old = where.number("port_value")
        protocol: JsonObject = {"protocol": "UDP"} if where.text("protocol") == "UDP" else {}
        moved: Json = {"socket_address": {"address": _LOOPBACK, "port_value": port, **protocol}}
        draft.set(part.at("address"), moved, _HERE)
        for extra in part.parts("additional_addresses"):
            address = socket_address(_LOOPBACK, free_port())
            draft.set(extra.at("address"), address, _HERE)
        for name in ("transparent", "freebind"):
            if part.has(name):
                draft.remove(part.at(name), "it takes privileges")
        # Two Envoys may share a port without an error: then the other one answers.
        draft.set(part.at("enable_reuse_port"), value=False, why="the port is to be ours alone")
        for chain in listener.chains:
            match = chain.part.part("filter_chain_match")
            if match.has("destination_port") and match.number("destination_port") == old:
                draft.set(match.at("destination_port"), port, _HERE)
    _place_admin(draft, bootstrap)
    _leave_out_dynamic(draft, bootstrap, placed)
    return placed


def _place_admin(draft: Draft, bootstrap: Bootstrap) -> None:
    admin = bootstrap.root.part("admin")
    if not admin.part("address").has("pipe"):
        pipe: JsonObject = {"pipe": {"path": f"{RUN}/admin.sock", "mode": 0o600}}
        draft.set((*admin.path, "address"), pipe, "a socket in the folder of the run")


def _leave_out_dynamic(draft: Draft, bootstrap: Bootstrap, placed: Placed) -> None:
    root = bootstrap.root
    for name in ("lds_config", "cds_config", "ads_config"):
        if root.part("dynamic_resources").has(name):
            placed.left_out.append(f"what comes by dynamic_resources.{name}")
    for name in ("dynamic_resources", "hds_config"):
        if root.has(name):
            draft.remove(root.at(name), "nobody here serves it")


def place_cluster(draft: Draft, cluster: Cluster, ports: Sequence[int]) -> None:
    """Lead *cluster* to *ports* of 127.0.0.1, one for each endpoint it has; else to the first."""
    part = cluster.part
    if part.text("type") in _FOUND_AT_RUN_TIME or not cluster.endpoints:
        _lead_to_one(draft, part, ports[0])
        return
    named = [each for each in endpoints(part) if each.part("address").has("socket_address")]
    for each, port in zip(named, ports, strict=False):
        where = each.part("address", "socket_address")
        before = f"{where.text('address')}:{where.get('port_value')}"
        address = socket_address(_LOOPBACK, port)
        draft.set(each.at("address"), address, f"in place of {before}: an application of the run")
    if part.text("type") != "STATIC":
        draft.set(part.at("type"), "STATIC", "the name is not looked up")
    for name in DNS_ONLY:
        if part.has(name):
            draft.remove(part.at(name), "the name is not looked up")


def _lead_to_one(draft: Draft, part: Part, port: int) -> None:
    member: JsonObject = {"endpoint": {"address": socket_address(_LOOPBACK, port)}}
    assignment: JsonObject = {
        "cluster_name": part.text("name"),
        "endpoints": [{"lb_endpoints": [member]}],
    }
    why = "its endpoints are found at run time: an application of the run"
    draft.set(part.at("load_assignment"), assignment, why)
    draft.set(part.at("type"), "STATIC", why)
    for name in ("eds_cluster_config", "lb_policy", *DNS_ONLY):
        if part.has(name):
            draft.remove(part.at(name), why)


def place_sinks(draft: Draft, bootstrap: Bootstrap, port: int) -> bool:
    """Lead the sinks of statistics that are sent by UDP to *port*; say whether there are any."""
    found = False
    for sink in bootstrap.root.parts("stats_sinks"):
        where = sink.part("typed_config", "address", "socket_address")
        if where:
            found = True
            here: JsonObject = {"protocol": "UDP", "address": _LOOPBACK, "port_value": port}
            draft.set(where.path, here, "a receiver of the run")
    return found


def speaks(cluster: Cluster, ways: Sequence[Way]) -> str:
    """Return what the application behind *cluster* has to speak: ``http`` or ``tcp``."""
    leading = [way for way in ways if any(each.part is cluster.part for each in way.clusters)]
    return "tcp" if leading and all(way.is_tcp for way in leading) else "http"


def is_on_a_socket(cluster: Cluster) -> bool:
    """Say whether *cluster* leads to a unix socket: Envoy's own admin interface, as a rule."""
    return any(each.part("address").has("pipe") for each in endpoints(cluster.part))


def lift_splits(draft: Draft) -> None:
    """Send every call to one server, once: proofs count what gets there."""
    for path, data in list(mappings_below(draft.data)):
        part = Part(path, data)
        weighted = part.part("weighted_clusters").parts("clusters")
        if weighted:
            first = weighted[0].text("name")
            draft.remove(part.at("weighted_clusters"), "all calls go to the first of them")
            draft.set(part.at("cluster"), first, "the first of those with a weight")
        if part.has("request_mirror_policies"):
            draft.remove(part.at("request_mirror_policies"), "a copy would count as a try")


NEVER: JsonObject = {"numerator": 0, "denominator": "HUNDRED"}


def lift_faults(draft: Draft) -> None:
    """Let no fault happen by chance: those that happen to everybody, or to a share of all."""
    for path, part in list(mappings_below(draft.data)):
        if not str(part.get("@type")).endswith(".HTTPFault") or part.get("headers"):
            continue
        for kind in ("delay", "abort"):
            fault = Part(path, part).part(kind)
            if fault.has("percentage") and not fault.has(f"header_{kind}"):
                draft.set(fault.at("percentage"), NEVER, "chance decides nothing here")


def lift_limits(draft: Draft) -> None:
    """Let local rate limits count and refuse nothing."""
    for path, part in list(mappings_below(draft.data)):
        if str(part.get("@type")).endswith(".LocalRateLimit"):
            for key in [each for each in part if snake(each) == "filter_enforced"]:
                none: JsonObject = {"default_value": {"numerator": 0, "denominator": "HUNDRED"}}
                draft.set((*path, key), none, "a proof of something else sends more")
