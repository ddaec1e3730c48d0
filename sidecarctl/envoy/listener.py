"""One listener: what Envoy does before any concern has spoken.

The base is transparent: it cuts no stream, keeps the protocol, and states what Envoy's own defaults
would decide silently (a route timeout of 15 s, an idle TCP connection closed after an hour). It
trusts nothing that a caller may have made up.
"""

from typing import cast

from sidecarctl.envoy.proto import router, socket_address, typed
from sidecarctl.envoy.slots import Listener, Slots, overlay, rows, table
from sidecarctl.errors import ProfileError
from sidecarctl.findings import Json, JsonObject

# A server that speaks first sends nothing until the TLS inspector has given up waiting for the
# client: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto
_INSPECT_TCP_S = "0.2s"
_INSPECT_S = "5s"
# Of these a RouteAction has one: Envoy refuses two.
_DESTINATIONS = frozenset({"cluster", "cluster_header", "weighted_clusters"})


def build_listener(listener: Listener, slots: Slots) -> JsonObject:
    """Return Envoy's Listener for *listener* with what the concerns say in *slots*.

    Raises:
        ProfileError: the listener demands TLS and no concern says which.
    """
    if listener.tls != "none" and not table(slots, _tls_slot(listener)):
        raise ProfileError(
            f"the listener {listener.name!r} speaks mutual TLS, and no concern gives certificates",
            hint="switch mtls on",
        )
    inspector = typed(
        "envoy.filters.listener.tls_inspector",
        "extensions.filters.listener.tls_inspector.v3.TlsInspector",
    )
    demands_tls = bool(table(slots, "transport_socket"))
    built: JsonObject = {
        "name": listener.name,
        "traffic_direction": listener.direction.upper(),
        "address": socket_address(listener.address, listener.port),
    }
    if demands_tls:
        # Without the inspector, chains that match on the transport protocol take TLS for plaintext,
        # and `--mode validate` says nothing.
        built |= _inspection(listener)
    filters = [*([inspector] if demands_tls else []), *rows(slots, "listener_filters")]
    if filters:
        built["listener_filters"] = filters
    built["filter_chains"] = cast(list[Json], _filter_chains(listener, slots))
    return overlay(built, slots.get("listener"))


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
    filters: list[Json] = [*rows(slots, "network_filters"), _last_filter(listener, slots)]
    chain = overlay({"filters": filters}, slots.get("filter_chain"))
    socket = table(slots, "transport_socket")
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
        if logs := rows(slots, "access_log"):
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
        # Who calls is taken from the connection, not from what the caller says.
        # internal_address_config stays unset: even an empty one brings back the trust in private
        # addresses that 1.40 has given up.
        fields |= {
            "use_remote_address": True,
            "forward_client_cert_details": "SANITIZE",
            # Peers with a certificate are proxies of this mesh: their request id joins our logs.
            "preserve_external_request_id": listener.tls == "strict",
        }
    if logs := rows(slots, "access_log"):
        fields["access_log"] = logs
    if tracing := table(slots, "tracing"):
        fields["tracing"] = tracing
    fields["http_filters"] = [*rows(slots, "http_filters"), router()]
    fields["route_config"] = _route_config(listener, slots)
    return overlay(fields, slots.get("http"))


def _route_config(listener: Listener, slots: Slots) -> JsonObject:
    routes = cast(list[Json], _routes(listener, slots))
    host: JsonObject = {"name": listener.name, "domains": ["*"], "routes": routes}
    built: JsonObject = {"name": listener.name}
    if listener.direction == "outbound" and listener.tls != "none":
        # On loopback it was http, and a server that believes that redirects to https for ever.
        built["request_headers_to_add"] = [
            {
                "header": {"key": "x-forwarded-proto", "value": "https"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ]
    return {**built, "virtual_hosts": [host]}


def _routes(listener: Listener, slots: Slots) -> list[JsonObject]:
    # Unset, Envoy's route timeout is 15 s.
    action: JsonObject = {"cluster": listener.name, "timeout": "0s"}
    if listener.direction == "outbound":
        # The application calls loopback: the server is to see the name it was called by before.
        action["host_rewrite_literal"] = listener.authority or _authority(listener)
    action = _toward(action, table(slots, "route"))
    variants = [each for each in rows(slots, "route_variants") if isinstance(each, dict)]
    routes = []
    for target in (*rows(slots, "targets"), None):
        if isinstance(target, dict) and "match" in target:
            there: JsonObject = {"cluster": f"{listener.name}-{target['name']}"}
            common = _route(str(target["name"]), table(target, "match"), _toward(action, there))
        elif target is None:
            common = _route("default", {}, action)
        else:
            continue
        routes += [*(_vary(common, each) for each in variants), common]
    return routes


def _route(name: str, match: JsonObject, action: JsonObject) -> JsonObject:
    return {"name": name, "match": overlay({"prefix": "/"}, match), "route": action}


def _vary(route: JsonObject, variant: JsonObject) -> JsonObject:
    """Return *variant* of *route*: what fits the matches of both."""
    match, more = table(route, "match"), table(variant, "match")
    both = overlay(match, more)
    if headers := [*rows(match, "headers"), *rows(more, "headers")]:
        both["headers"] = headers
    name = str(variant["name"])
    if route["name"] != "default":
        name = f"{route['name']}-{name}"
    action = _toward(table(route, "route"), table(variant, "route"))
    return {**variant, "name": name, "match": both, "route": action}


def _toward(action: JsonObject, changes: JsonObject) -> JsonObject:
    """Return *action* with *changes*; where they name a destination, it is the only one."""
    kept = action
    if _DESTINATIONS & changes.keys():
        kept = {key: value for key, value in action.items() if key not in _DESTINATIONS}
    return overlay(kept, changes)


def _authority(listener: Listener) -> str:
    host, port = listener.target_host, listener.target_port
    if ":" in host:
        host = f"[{host}]"
    default = 443 if listener.values.get("tls", "none") != "none" else 80
    return host if port == default else f"{host}:{port}"
