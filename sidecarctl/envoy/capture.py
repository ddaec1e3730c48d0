"""The listener that redirected connections of the application come to, wherever they were meant to.

A connection goes on to where it was meant to go, byte for byte. Only at the ports of dependencies
that are known by name Envoy looks for HTTP first: requests for such a name are led to the listener
of the dependency, which does for them what it does for those that are addressed to it.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/original_dst_filter
"""

from collections.abc import Iterator, Sequence
from typing import cast

from sidecarctl.envoy.proto import HTTP_OPTIONS, endpoint, router, socket_address, typed
from sidecarctl.envoy.slots import Listener, Slots, rows
from sidecarctl.findings import Json, JsonObject

_FILTERS = "extensions.filters.listener"
# What Envoy's HTTP inspector calls the protocols that it knows.
_HTTP = ("http/1.0", "http/1.1", "h2c")
# A server that speaks first at a port of HTTP is served after this time.
_INSPECT_S = "0.2s"
_ANYWHERE = "http"


def is_capture(listener: Listener) -> bool:
    """Tell whether *listener* sends on to where connections were meant to go: it has no target."""
    return not listener.target_host


def with_known(
    built: JsonObject, listener: Listener, others: Sequence[Listener], slots: Slots, *, ipv6: bool
) -> JsonObject:
    """Return *built*, Envoy's Listener for *listener*, with a filter chain for each known port.

    With *ipv6* it takes connections to IPv6 addresses as well: the kernel leads these to ``::1``.
    """
    ports = _by_port(others)
    own = built.get("listener_filters")
    filters: list[Json] = [
        typed("envoy.filters.listener.original_dst", f"{_FILTERS}.original_dst.v3.OriginalDst")
    ]
    if ports:
        inspector = typed(
            "envoy.filters.listener.http_inspector", f"{_FILTERS}.http_inspector.v3.HttpInspector"
        )
        filters.append({**inspector, "filter_disabled": {"not_match": _any_of(list(ports))}})
    chains: list[Json] = [_chain(listener, port, known, slots) for port, known in ports.items()]
    rest = built["filter_chains"]
    made: JsonObject = {
        **built,
        "listener_filters": [*filters, *(own if isinstance(own, list) else [])],
        "filter_chains": [_circle(listener), *chains, *(rest if isinstance(rest, list) else [])],
    }
    if ipv6:
        made["additional_addresses"] = [{"address": socket_address("::1", listener.port)}]
    if ports:
        made["listener_filters_timeout"] = _INSPECT_S
        made["continue_on_listener_filters_timeout"] = True
    return made


def capture_clusters(listener: Listener, others: Sequence[Listener]) -> Iterator[JsonObject]:
    """Yield the clusters that the chains of known ports send to, beside that of *listener*."""
    ports = _by_port(others)
    options: JsonObject = {
        HTTP_OPTIONS: {
            "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
            "use_downstream_protocol_config": {
                "http_protocol_options": {},
                "http2_protocol_options": {},
            },
        }
    }
    common: JsonObject = {"connect_timeout": "5s", "typed_extension_protocol_options": options}
    if ports:
        anywhere: JsonObject = {"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}
        yield {"name": f"{listener.name}-{_ANYWHERE}", **anywhere, **common}
    for each in (each for known in ports.values() for each in known):
        name = _hop(listener, each)
        there = endpoint(name, socket_address(each.address, each.port))
        yield {"name": name, "type": "STATIC", **common, "load_assignment": there}


def _by_port(others: Sequence[Listener]) -> dict[int, list[Listener]]:
    found: dict[int, list[Listener]] = {}
    for each in others:
        if each.hosts and each.protocol != "tcp":
            found.setdefault(each.target_port, []).append(each)
    return found


def _any_of(ports: list[int]) -> JsonObject:
    rules: list[Json] = [{"destination_port_range": {"start": p, "end": p + 1}} for p in ports]
    if len(rules) == 1:
        return cast(JsonObject, rules[0])
    return {"or_match": {"rules": rules}}


def _circle(listener: Listener) -> JsonObject:
    """Return the chain of connections that nobody redirected: sent on, they would come back here,
    again and again, until no more connections are allowed.
    """
    loopback: list[Json] = [
        {"address_prefix": "127.0.0.0", "prefix_len": 8},
        {"address_prefix": "::1", "prefix_len": 128},
    ]
    close = typed(
        "envoy.filters.network.direct_response",
        "extensions.filters.network.direct_response.v3.Config",
    )
    match: JsonObject = {"destination_port": listener.port, "prefix_ranges": loopback}
    return {"name": f"{listener.name}-closed", "filter_chain_match": match, "filters": [close]}


def _chain(listener: Listener, port: int, known: Sequence[Listener], slots: Slots) -> JsonObject:
    name = f"{listener.name}-{port}"
    hosts = [_host(each.name, _domains(each), _hop(listener, each)) for each in _unique(known)]
    rest = _host("others", ["*"], f"{listener.name}-{_ANYWHERE}")
    manager: JsonObject = {
        "stat_prefix": name,
        "codec_type": "AUTO",
        "server_header_transformation": "PASS_THROUGH",
        "http_protocol_options": {"accept_http_10": True},
        "stream_idle_timeout": "0s",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # The listener of the dependency gives a request its id; others are to stay as they are.
        "generate_request_id": False,
        "http_filters": [router(suppress_envoy_headers=True)],
        "route_config": {"name": name, "virtual_hosts": cast(list[Json], [*hosts, rest])},
    }
    if logs := rows(slots, "access_log"):
        manager["access_log"] = logs
    http = typed(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        manager,
    )
    match: JsonObject = {"destination_port": port, "application_protocols": list(_HTTP)}
    return {"name": name, "filter_chain_match": match, "filters": [http]}


def _unique(known: Sequence[Listener]) -> Iterator[Listener]:
    """Yield *known*, a name that an earlier one has left out: Envoy refuses a domain twice."""
    taken: set[str] = set()
    for each in known:
        if not taken & set(each.hosts):
            taken |= set(each.hosts)
            yield each


def _domains(listener: Listener) -> list[str]:
    port = listener.target_port
    return [name for host in listener.hosts for name in (host, f"{host}:{port}")]


def _host(name: str, domains: list[str], cluster: str) -> JsonObject:
    route: JsonObject = {
        "name": name, "match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}
    }  # fmt: skip
    return {"name": name, "domains": cast(list[Json], domains), "routes": [route]}


def _hop(listener: Listener, to: Listener) -> str:
    return f"{listener.name}-{to.name}"
