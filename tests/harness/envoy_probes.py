"""Bootstraps that differ from a good one in one place: schema, rules, deprecation and semantics."""

from copy import deepcopy

T = "type.googleapis.com/"
_EXT = f"{T}envoy.extensions"


def typed(name, **fields):
    return {"name": name, "typed_config": {"@type": f"{_EXT}.{name}", **fields}}


FAULT = "filters.http.fault.v3.HTTPFault"
LIMIT = "filters.http.local_ratelimit.v3.LocalRateLimit"
JWT = "filters.http.jwt_authn.v3.JwtAuthentication"
LUA = "filters.http.lua.v3.Lua"
STDOUT = "access_loggers.stream.v3.StdoutAccessLog"
FILE = "access_loggers.file.v3.FileAccessLog"
DOWNSTREAM = "transport_sockets.tls.v3.DownstreamTlsContext"


def address(host, port):
    return {"socket_address": {"address": host, "port_value": port}}


def base():
    route = {"match": {"prefix": "/"}, "route": {"cluster": "app", "timeout": "5s"}}
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="in",
        http_filters=[typed("filters.http.router.v3.Router")],
        route_config={"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
    )
    ends = [{"lb_endpoints": [{"endpoint": {"address": address("127.0.0.1", 21080)}}]}]
    return {
        "node": {"id": "a", "cluster": "b"},
        "admin": {"address": address("127.0.0.1", 21901)},
        "static_resources": {
            "listeners": [
                {
                    "name": "in",
                    "address": address("127.0.0.1", 21690),
                    "filter_chains": [{"filters": [manager]}],
                }
            ],
            "clusters": [
                {
                    "name": "app",
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "load_assignment": {"cluster_name": "app", "endpoints": ends},
                }
            ],
        },
    }


def top(data):
    return data


def listener(data):
    return data["static_resources"]["listeners"][0]


def cluster(data):
    return data["static_resources"]["clusters"][0]


def chain(data):
    return listener(data)["filter_chains"][0]


def manager(data):
    return chain(data)["filters"][0]["typed_config"]


def host(data):
    return manager(data)["route_config"]["virtual_hosts"][0]


def route(data):
    return host(data)["routes"][0]


def action(data):
    return route(data)["route"]


def port(data):
    return listener(data)["address"]["socket_address"]


def end(data):
    (group,) = cluster(data)["load_assignment"]["endpoints"]
    return group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]


def put(where, **fields):
    """Set fields; one given as ``...`` is taken away."""

    def edit(data):
        for key, value in fields.items():
            if value is ...:
                del where(data)[key]
            else:
                where(data)[key] = value

    return edit


def filters(name, **fields):
    return lambda data: manager(data)["http_filters"].insert(0, typed(name, **fields))


def log(name, **fields):
    return put(manager, access_log=[typed(name, **fields)])


def tls(**common):
    return put(chain, transport_socket=typed(DOWNSTREAM, common_tls_context=common))


def provider(kind, **fields):
    config = {"@type": f"{T}envoy.config.trace.v3.{kind}", **fields}
    return {"name": "z", "typed_config": config}


def again(kind, **fields):
    def edit(data):
        rows = data["static_resources"][kind]
        rows.append({**deepcopy(rows[0]), **fields})

    return edit


def both(*edits):
    def edit(data):
        for each in edits:
            each(data)

    return edit


ZIPKIN = {"collector_endpoint": "/x", "collector_endpoint_version": "HTTP_JSON"}
SDS = {"name": "cert", "sds_config": {"path": "/etc/hostname"}}
NO_VERSION = {"name": "cert", "sds_config": {"path_config_source": {"path": "/etc/hostname"}}}
PROVIDER = {"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}
WILDCARD = {"name": "w", "domains": ["*"], "routes": []}

PROBES = {
    "nothing": put(top),
    "unknown field": put(manager, statprefix="x"),
    "unknown field at the top": put(top, adminn={}),
    "lowerCamelCase": put(cluster, connect_timeout=..., connectTimeout="1s"),
    "lowerCamelCase inside Any": put(manager, stat_prefix=..., statPrefix="x"),
    **{
        f"connect timeout {text!r}": put(cluster, connect_timeout=text)
        for text in ("5 seconds", "5m", "500ms", "0.5s", "5", 5, "-1s", "0s", "1.s", "+1s", None)
    },
    **{
        f"route timeout {text!r}": put(action, timeout=text)
        for text in ("5m", "1.1234567891s", "1e3s", "999999999999s", "-0.5s")
    },
    "no stat_prefix": put(manager, stat_prefix=...),
    "no cluster name": put(cluster, name=...),
    "percentage above 100": put(manager, tracing={"random_sampling": {"value": 150}}),
    **{
        f"port {value!r}": put(port, port_value=value)
        for value in (70000, "8080", "0x50", 80.0, 80.5, -1, True, "", " 80", "abc", None)
    },
    **{
        f"type {value!r}": put(cluster, type=value)
        for value in ("STRICTDNS", "static", 0, "0", 99, True)
    },
    **{
        f"bool {value!r}": put(manager, use_remote_address=value)
        for value in ("yes", "True", "1", "maybe", 1, "", None)
    },
    **{f"string {value!r}": put(manager, server_name=value) for value in (5, True, ["a"], {})},
    "a list for a mapping": put(cluster, load_assignment=[]),
    "one value for a list": put(host, domains="*"),
    "null in a list": put(host, domains=["*", None]),
    "no domains": put(host, domains=[]),
    "both of a oneof": put(route, direct_response={"status": 200}),
    "none of a oneof": put(route, route=...),
    "bytes": put(route, route=..., direct_response={"status": 200, "body": {"inline_bytes": "!"}}),
    "header with a line break": put(
        route, response_headers_to_add=[{"header": {"key": "a\nb", "value": "c"}}]
    ),
    "unknown cluster in a route": put(action, cluster="nope"),
    "tcp_proxy to an unknown cluster": put(
        chain,
        filters=[typed("filters.network.tcp_proxy.v3.TcpProxy", stat_prefix="x", cluster="nope")],
    ),
    "tracing to an unknown cluster": put(
        manager, tracing={"provider": provider("ZipkinConfig", collector_cluster="nope", **ZIPKIN)}
    ),
    "mirror to an unknown cluster": put(action, request_mirror_policies=[{"cluster": "nope"}]),
    "no filters": put(manager, http_filters=[]),
    "router not last": lambda data: manager(data)["http_filters"].append(typed(FAULT)),
    "filter without a config": lambda data: manager(data)["http_filters"].insert(
        0, {"name": "envoy.filters.http.fault"}
    ),
    "slip in @type": filters(f"{FAULT}t"),
    "@type without a host": filters("x", **{"@type": "envoy.extensions.filters.http.x"}),
    "no @type": lambda data: manager(data)["http_filters"].insert(
        0, {"name": "x", "typed_config": {"delay": {}}}
    ),
    "any name with the right type": lambda data: manager(data)["http_filters"].insert(
        0, {**typed(FAULT), "name": "anything"}
    ),
    "unknown field in a TypedStruct": filters(
        "x",
        **{
            "@type": f"{T}xds.type.v3.TypedStruct",
            "type_url": f"{_EXT}.{FAULT}",
            "value": {"nope": 1},
        },
    ),
    "unknown key per filter": put(
        route, typed_per_filter_config={"nonsense": typed(FAULT)["typed_config"]}
    ),
    "two clusters of one name": again("clusters"),
    "two listeners of one name": again("listeners"),
    "two listeners of one address": again("listeners", name="in2"),
    "two hosts of one domain": lambda data: manager(data)["route_config"]["virtual_hosts"].append(
        WILDCARD
    ),
    "unreachable route": lambda data: host(data)["routes"].append(
        {"match": {"prefix": "/api"}, "route": {"cluster": "app"}}
    ),
    "bad regex": put(route, match={"safe_regex": {"regex": "("}}),
    "bad log operator": log(STDOUT, log_format={"json_format": {"x": "%NOPE%"}}),
    "Lua that is none": filters(LUA, default_source_code={"inline_string": "function ("}),
    "JWKS that is none": filters(
        JWT, providers={"p": {"local_jwks": {"inline_string": "x"}}}, rules=[PROVIDER]
    ),
    "unknown provider": filters(JWT, providers={}, rules=[PROVIDER]),
    "name in a STATIC cluster": put(end, address="payments"),
    "name in a listener": put(port, address="localhost"),
    "limit filled each 10 ms": filters(
        LIMIT, stat_prefix="x", token_bucket={"max_tokens": 1, "fill_interval": "0.01s"}
    ),
    "limit without a stat_prefix": filters(LIMIT),
    "weights without a sum": put(
        route, route={"weighted_clusters": {"clusters": [{"name": "app", "weight": 0}]}}
    ),
    "log in no folder": log(FILE, path="/no/such/folder/x.log"),
    "secret in the clusters' place": lambda data: data["static_resources"].update(secrets={}),
    "gone: runtime": put(top, runtime={"symlink_root": "/x"}),
    "gone: OpenCensus": put(manager, tracing={"provider": provider("OpenCensusConfig")}),
    "gone: v2alpha": put(
        top,
        overload_manager={
            "resource_monitors": [
                {
                    "name": "x",
                    "typed_config": {
                        "@type": f"{T}envoy.config.resource_monitor.fixed_heap.v2alpha"
                        ".FixedHeapConfig"
                    },
                }
            ]
        },
    ),
    "old: http2_protocol_options": put(cluster, http2_protocol_options={}),
    "old: common_http_protocol_options": put(
        cluster, common_http_protocol_options={"idle_timeout": "5s"}
    ),
    "old: access_log_path": lambda data: data["admin"].update(access_log_path="/dev/null"),
    "old: respect_dns_ttl": put(cluster, type="STRICT_DNS", respect_dns_ttl=True),
    "old: dns_resolvers": put(cluster, dns_resolvers=[address("127.0.0.1", 53)]),
    "old: dns_resolution_config": put(
        cluster, dns_resolution_config={"resolvers": [address("127.0.0.1", 53)]}
    ),
    "old: exact_match": put(
        route, match={"prefix": "/", "headers": [{"name": "a", "exact_match": "b"}]}
    ),
    "old: google_re2": put(route, match={"safe_regex": {"google_re2": {}, "regex": "/.*"}}),
    "old: append": put(
        route, response_headers_to_add=[{"header": {"key": "a", "value": "b"}, "append": False}]
    ),
    "old: deprecated_v1": put(listener, deprecated_v1={"bind_to_port": False}),
    "old: json_format": log(FILE, path="/dev/stdout", json_format={"a": "%PROTOCOL%"}),
    "old: text_format": log(FILE, path="/dev/stdout", log_format={"text_format": "x\n"}),
    "old: total_weight": put(
        route,
        route={
            "weighted_clusters": {"total_weight": 100, "clusters": [{"name": "app", "weight": 100}]}
        },
    ),
    "old: cors": put(action, cors={"allow_origin_string_match": [{"prefix": "x"}]}),
    "old: watchdog": put(top, watchdog={}),
    "old: tracing": put(
        top, tracing={"http": provider("ZipkinConfig", collector_cluster="app", **ZIPKIN)}
    ),
    "old: source_ip": filters(
        "filters.http.rbac.v3.RBAC",
        rules={
            "policies": {
                "p": {
                    "permissions": [{"any": True}],
                    "principals": [
                        {"source_ip": {"address_prefix": "127.0.0.1", "prefix_len": 32}}
                    ],
                }
            }
        },
    ),
    "old: inline_code": filters(LUA, inline_code="function envoy_on_request(h) end"),
    "old: sds path": tls(tls_certificate_sds_secret_configs=[SDS]),
    "sds without a version": tls(tls_certificate_sds_secret_configs=[NO_VERSION]),
    "not old: use_original_dst": put(listener, use_original_dst=True),
    "null for a message": put(cluster, upstream_connection_options=None),
}

SEMANTIC = {
    "route timeout '-0.5s'": "the route, not the descriptor, wants a positive time",
    "unknown cluster in a route": "names are looked up when it starts",
    "tracing to an unknown cluster": "names are looked up when it starts",
    "mirror to an unknown cluster": "names are looked up when it starts",
    "router not last": "the order of filters",
    "filter without a config": "which extension a name stands for",
    "two clusters of one name": "names are compared when it starts",
    "two listeners of one address": "addresses are compared when it starts",
    "two hosts of one domain": "domains are compared when it starts",
    "bad regex": "RE2 compiles it",
    "bad log operator": "the formatter reads it",
    "Lua that is none": "Lua compiles it",
    "JWKS that is none": "the filter reads it",
    "unknown provider": "names are looked up when it starts",
    "name in a STATIC cluster": "addresses are parsed when it starts",
    "name in a listener": "addresses are parsed when it starts",
    "limit filled each 10 ms": "the filter, not the descriptor, has the limit",
    "weights without a sum": "the route adds them up",
    "log in no folder": "the file system",
    "secret in the clusters' place": "an empty secret is of no kind that it knows",
}
"""What Envoy refuses and its descriptors do not say: the rules of lint see most of it."""
