"""What Envoy serves about itself: the ops listener, the application's probes, the admin socket.

The admin interface lies on a unix socket that only Envoy's user can open. The ops listener, on the
pod's address, lets exactly these through: ``GET /ready``, ``GET /stats/prometheus``, ``GET /drain``
with its token, and the application's probes. It keeps serving when Envoy is overloaded: a pod under
load must not fail its probes for it.
"""

import hashlib
from collections.abc import Sequence
from typing import cast

from sidecarctl.envoy.proto import HTTP_OPTIONS, endpoint, router, socket_address, typed
from sidecarctl.envoy.slots import AppProbe
from sidecarctl.findings import Json, JsonObject

ADMIN_SOCKET = "/run/envoy/admin.sock"
DRAIN_HEADER = "x-sidecar-drain-token"
DRAIN_WAIT_HEADER = "x-envoy-fault-delay-request"
"""How long ``/drain`` is to hold its answer back, in ms: a classic sidecar stays up meanwhile."""

_ADMIN = "envoy-admin"
_GRPC_CHECK = "/grpc.health.v1.Health/Check"
# The kubelet's hook sends GET, admin wants POST. Only inbound connections are drained, each told to
# close; no listener ever closes, and Envoy stays up.
_DRAIN = f'''function envoy_on_request(handle)
  local headers, body = handle:httpCall("{_ADMIN}", {{
    [":method"] = "POST",
    [":path"] = "/drain_listeners?inboundonly&graceful&skip_exit",
    [":authority"] = "{_ADMIN}",
  }}, nil, 2000)
  if headers[":status"] ~= "200" then
    handle:respond({{[":status"] = "503"}}, body)
  end
end
'''
_LUA = "envoy.filters.http.lua"
_LUA_TYPE = "extensions.filters.http.lua.v3"
_FAULT = "envoy.filters.http.fault"
_FAULT_TYPE = "extensions.filters.http.fault.v3.HTTPFault"


def drain_token(node_id: str) -> str:
    """Return the token that ``/drain`` of the Envoy called *node_id* wants, always the same.

    It is no secret: it stands in the manifest, and it follows from names. It keeps crawlers and
    slips from draining a pod; the whole effect of a drain is ``Connection: close``.
    """
    return hashlib.sha256(f"sidecarctl drain {node_id}".encode()).hexdigest()[:32]


def admin() -> JsonObject:
    """Return the Admin message: a socket of mode 0600 that answers what the ops listener asks."""
    return {
        "address": {"pipe": {"path": ADMIN_SOCKET, "mode": 0o600}},
        # `exact` does not match a path with a query string.
        "allow_paths": [
            {"exact": "/ready"},
            {"prefix": "/stats/prometheus"},
            {"prefix": "/drain_listeners"},
        ],
    }


def ops_listeners(
    address: str, port: int, token: str, probes: Sequence[AppProbe]
) -> list[JsonObject]:
    """Return the ops listener on *port*, and a listener for each gRPC probe."""
    routes = [
        _admin_route("/ready", "/ready"),
        _admin_route("/stats/prometheus", "/stats/prometheus?usedonly"),
        _drain_route(token),
        *(_probe_route(probe) for probe in probes if probe.kind == "http"),
    ]
    lua, fault = typed(_LUA, f"{_LUA_TYPE}.Lua"), typed(_FAULT, _FAULT_TYPE)
    ops = _listener(socket_address(address, port), "ops", "HTTP1", routes, lua, fault)
    grpc = [
        _listener(socket_address(address, probe.port), probe.name, "HTTP2", [_probe_route(probe)])
        for probe in probes
        if probe.kind == "grpc"
    ]
    return [ops, *grpc]


def ops_clusters(probes: Sequence[AppProbe]) -> list[JsonObject]:
    """Return the cluster of the admin socket, and one for each probe."""
    pipe: JsonObject = {"pipe": {"path": ADMIN_SOCKET}}
    built = [_cluster(_ADMIN, pipe)]
    for probe in probes:
        cluster = _cluster(_probe_cluster(probe), socket_address("127.0.0.1", probe.app_port))
        if probe.kind == "grpc":
            cluster["typed_extension_protocol_options"] = {
                HTTP_OPTIONS: {
                    "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }
            }
        built.append(cluster)
    return built


def _listener(
    address: JsonObject, name: str, codec: str, routes: list[JsonObject], *filters: Json
) -> JsonObject:
    deny: JsonObject = {
        "name": "deny",
        "match": {"prefix": "/"},
        "direct_response": {"status": 404},
    }
    manager: JsonObject = {
        "stat_prefix": name,
        "codec_type": codec,
        "server_header_transformation": "PASS_THROUGH",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "stream_idle_timeout": "10s",
        "request_headers_timeout": "5s",
        "common_http_protocol_options": {
            "idle_timeout": "60s",
            "max_headers_count": 50,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http_filters": [*filters, router()],
        "route_config": {
            "name": name,
            "virtual_hosts": [
                {"name": name, "domains": ["*"], "routes": cast(list[Json], [*routes, deny])}
            ],
        },
    }
    chain = typed(
        "envoy.filters.network.http_connection_manager",
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        manager,
    )
    return {
        "name": name,
        "address": address,
        "ignore_global_conn_limit": True,
        "bypass_overload_manager": True,
        "per_connection_buffer_limit_bytes": 32768,
        "filter_chains": [{"filters": [chain]}],
    }


def _admin_route(path: str, target: str) -> JsonObject:
    return {
        "name": path.removeprefix("/"),
        "match": {"path": path, "headers": [_exactly(":method", "GET")]},
        "route": {"cluster": _ADMIN, "timeout": "10s", "prefix_rewrite": target},
    }


def _drain_route(token: str) -> JsonObject:
    headers: list[Json] = [_exactly(":method", "GET"), _exactly(DRAIN_HEADER, token)]
    hold: JsonObject = {"header_delay": {}, "percentage": {"numerator": 100}}
    per_route: JsonObject = {
        _LUA: _per_route(f"{_LUA_TYPE}.LuaPerRoute", {"source_code": {"inline_string": _DRAIN}}),
        _FAULT: _per_route(_FAULT_TYPE, {"delay": hold, "max_active_faults": 2}),
    }
    return {
        "name": "drain",
        "match": {"path": "/drain", "headers": headers},
        # The drain itself is the Lua code's; a direct response could not outlive the listener's
        # stream_idle_timeout while it is held back.
        "route": {
            "cluster": _ADMIN,
            "timeout": "2s",
            "idle_timeout": "3600s",
            "prefix_rewrite": "/ready",
        },
        "typed_per_filter_config": per_route,
    }


def _per_route(message: str, fields: JsonObject) -> JsonObject:
    return {"@type": f"type.googleapis.com/envoy.{message}", **fields}


def _probe_route(probe: AppProbe) -> JsonObject:
    # The kubelet's own timeoutSeconds ends a probe; Envoy's limits only have to be longer.
    route: JsonObject = {
        "cluster": _probe_cluster(probe),
        "timeout": "60s",
        "idle_timeout": "60s",
    }
    if probe.kind == "grpc":
        match: JsonObject = {"path": _GRPC_CHECK}
    else:
        match = {"path": probe.served_path, "headers": [_exactly(":method", "GET")]}
        route["prefix_rewrite"] = probe.path
    return {"name": probe.name, "match": match, "route": route}


def _probe_cluster(probe: AppProbe) -> str:
    return f"app-{probe.name}"


def _cluster(name: str, address: JsonObject) -> JsonObject:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": endpoint(name, address),
    }


def _exactly(header: str, value: str) -> JsonObject:
    return {"name": header, "string_match": {"exact": value}}
