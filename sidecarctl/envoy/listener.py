"""One listener and the cluster behind it: what Envoy does before any concern has spoken.

The base is transparent: it cuts no stream, keeps the protocol, and states what Envoy's own defaults
would decide silently (a route timeout of 15 s, an idle TCP connection closed after an hour). It
trusts nothing that a caller may have made up.
"""

import ipaddress
from typing import cast

from sidecarctl.envoy.slots import Listener, Slots, overlay
from sidecarctl.errors import ProfileError
from sidecarctl.findings import Json, JsonObject

_TYPE = "type.googleapis.com/envoy."
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

# A server that speaks first sends nothing until the TLS inspector has given up waiting for the
# client: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto
_INSPECT_TCP_S = "0.2s"
_INSPECT_S = "5s"


def typed(name: str, message: str, fields: JsonObject | None = None) -> JsonObject:
    """Return the extension *name* configured by *message* (its type below ``envoy.``)."""
    return {"name": name, "typed_config": {"@type": _TYPE + message, **(fields or {})}}


def router() -> JsonObject:
    """Return the HTTP filter that must be the last of every chain."""
    return typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")


def socket_address(address: str, port: int) -> JsonObject:
    """Return *address* and *port*; ``::`` also takes IPv4."""
    fields: JsonObject = {"address": address, "port_value": port}
    if address == "::":
        fields["ipv4_compat"] = True
    return {"socket_address": fields}


def build_listener(listener: Listener, slots: Slots) -> JsonObject:
    """Return Envoy's Listener for *listener* with what the concerns say in *slots*.

    Raises:
        ProfileError: the listener demands TLS and no concern says which.
    """
    if listener.tls != "none" and not _map(slots, _tls_slot(listener)):
        raise ProfileError(
            f"the listener {listener.name!r} speaks mutual TLS, and no concern gives certificates",
            hint="switch mtls on",
        )
    inspector = typed(
        "envoy.filters.listener.tls_inspector",
        "extensions.filters.listener.tls_inspector.v3.TlsInspector",
    )
    demands_tls = bool(_map(slots, "transport_socket"))
    built: JsonObject = {
        "name": listener.name,
        "traffic_direction": listener.direction.upper(),
        "address": socket_address(listener.address, listener.port),
    }
    if demands_tls:
        # Without the inspector, chains that match on the transport protocol take TLS for plaintext,
        # and `--mode validate` says nothing.
        built |= _inspection(listener)
    filters = [*([inspector] if demands_tls else []), *_list(slots, "listener_filters")]
    if filters:
        built["listener_filters"] = filters
    built["filter_chains"] = cast(list[Json], _filter_chains(listener, slots))
    return overlay(built, slots.get("listener"))


def build_cluster(listener: Listener, slots: Slots) -> JsonObject:
    """Return the Cluster that *listener* sends to, with what the concerns say in *slots*."""
    inbound = listener.direction == "inbound"
    built: JsonObject = {"name": listener.name, **_discovery(listener.target_host)}
    built["connect_timeout"] = "1s" if inbound else "5s"
    if not inbound:
        # With one endpoint, as a ClusterIP is, the default threshold of 50 % would make outlier
        # detection do nothing at all.
        built["common_lb_config"] = {"healthy_panic_threshold": {"value": 0}}
        built["upstream_connection_options"] = {
            "tcp_keepalive": {"keepalive_time": 60, "keepalive_interval": 10, "keepalive_probes": 3}
        }
    if listener.protocol != "tcp":
        options: JsonObject = {
            "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
            # HTTP/1.1 stays HTTP/1.1, gRPC stays HTTP/2, whatever the application understands.
            "use_downstream_protocol_config": {
                "http_protocol_options": {},
                "http2_protocol_options": {},
            },
        }
        options = overlay(options, slots.get("upstream_http"))
        built["typed_extension_protocol_options"] = {HTTP_OPTIONS: options}
    built["load_assignment"] = _endpoint(listener)
    if thresholds := _map(slots, "thresholds"):
        built["circuit_breakers"] = {"thresholds": [thresholds]}
    if socket := _map(slots, "upstream_transport_socket"):
        built["transport_socket"] = socket
    return overlay(built, slots.get("cluster"))


def _tls_slot(listener: Listener) -> str:
    return "transport_socket" if listener.direction == "inbound" else "upstream_transport_socket"


def _inspection(listener: Listener) -> JsonObject:
    if listener.tls == "permissive" and listener.protocol == "tcp":
        return {
            "listener_filters_timeout": _INSPECT_TCP_S,
            "continue_on_listener_filters_timeout": True,
        }
    return {"listener_filters_timeout": _INSPECT_S}


def _filter_chains(listener: Listener, slots: Slots) -> list[JsonObject]:
    filters: list[Json] = [*_list(slots, "network_filters"), _last_filter(listener, slots)]
    chain = overlay({"filters": filters}, slots.get("filter_chain"))
    socket = _map(slots, "transport_socket")
    if not socket:
        return [chain]
    encrypted: JsonObject = {
        "name": "tls",
        "filter_chain_match": {"transport_protocol": "tls"},
        "transport_socket_connect_timeout": "5s",
        "transport_socket": socket,
    }
    chains = [overlay(encrypted, chain)]
    if listener.tls == "permissive":
        plain: JsonObject = {
            "name": "plaintext",
            "filter_chain_match": {"transport_protocol": "raw_buffer"},
        }
        chains.append(overlay(plain, chain))
    return chains


def _last_filter(listener: Listener, slots: Slots) -> JsonObject:
    if listener.protocol == "tcp":
        fields: JsonObject = {"stat_prefix": listener.name, "cluster": listener.name}
        fields["idle_timeout"] = "0s"  # Envoy would close a quiet database connection after 1 h
        if logs := _list(slots, "access_log"):
            fields["access_log"] = logs
        return typed(
            "envoy.filters.network.tcp_proxy",
            "extensions.filters.network.tcp_proxy.v3.TcpProxy",
            overlay(fields, slots.get("tcp")),
        )
    return typed(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        _http(listener, slots),
    )


def _http(listener: Listener, slots: Slots) -> JsonObject:
    inbound = listener.direction == "inbound"
    fields: JsonObject = {
        "stat_prefix": listener.name,
        "codec_type": "AUTO",
        "server_header_transformation": "PASS_THROUGH",
        "http_protocol_options": {"accept_http_10": True},
        "stream_idle_timeout": "0s",  # gRPC streams and WebSockets may be quiet for long
        "upgrade_configs": [{"upgrade_type": "websocket"}],
    }
    if inbound:
        # What names the caller (x-forwarded-for, x-forwarded-client-cert) is taken from the
        # connection. internal_address_config stays unset: even an empty one brings back the trust
        # in private addresses that 1.40 has given up.
        fields |= {
            "use_remote_address": True,
            "forward_client_cert_details": "SANITIZE",
            # Peers with a certificate are proxies of this mesh: their request id joins our logs.
            "preserve_external_request_id": listener.tls == "strict",
        }
    if logs := _list(slots, "access_log"):
        fields["access_log"] = logs
    if tracing := _map(slots, "tracing"):
        fields["tracing"] = tracing
    fields["http_filters"] = [*_list(slots, "http_filters"), router()]
    fields["route_config"] = {
        "name": listener.name,
        "virtual_hosts": [
            {
                "name": listener.name,
                "domains": ["*"],
                "routes": cast(list[Json], _routes(listener, slots)),
            }
        ],
    }
    return overlay(fields, slots.get("http"))


def _routes(listener: Listener, slots: Slots) -> list[JsonObject]:
    # Unset, Envoy's route timeout is 15 s.
    action: JsonObject = {"cluster": listener.name, "timeout": "0s"}
    if listener.direction == "outbound":
        # The application calls loopback: the server is to see the name it was called by before.
        action["host_rewrite_literal"] = listener.authority or _authority(listener)
    action = overlay(action, slots.get("route"))
    routes = []
    for variant in _list(slots, "route_variants"):
        if isinstance(variant, dict):
            match = overlay({"prefix": "/"}, variant.get("match"))
            route = overlay(action, variant.get("route"))
            routes.append({**variant, "match": match, "route": route})
    return [*routes, {"name": "default", "match": {"prefix": "/"}, "route": action}]


def _authority(listener: Listener) -> str:
    host, port = listener.target_host, listener.target_port
    if ":" in host:
        host = f"[{host}]"
    default = 443 if listener.values.get("tls", "none") != "none" else 80
    return host if port == default else f"{host}:{port}"


def _discovery(host: str) -> JsonObject:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return {
            "type": "STRICT_DNS",
            # A resolver that does not answer must not hold up the start of the pod.
            "wait_for_warm_on_init": False,
            "dns_lookup_family": "V4_PREFERRED",
            "typed_dns_resolver_config": typed(
                "envoy.network.dns_resolver.cares",
                "extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                {"query_timeout_seconds": 2, "query_tries": 2},
            ),
        }
    return {"type": "STATIC"}


def _endpoint(listener: Listener) -> JsonObject:
    address = socket_address(listener.target_host, listener.target_port)
    return {
        "cluster_name": listener.name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }


def _map(slots: Slots, name: str) -> JsonObject:
    value = slots.get(name)
    return value if isinstance(value, dict) else {}


def _list(slots: Slots, name: str) -> list[Json]:
    value = slots.get(name)
    return value if isinstance(value, list) else []
