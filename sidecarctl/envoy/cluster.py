"""The cluster behind a listener: where its traffic goes, and by which protocol."""

import ipaddress
from collections.abc import Iterator

from msgspec.structs import replace

from sidecarctl.envoy.proto import HTTP_OPTIONS, endpoint, san_type, socket_address, typed
from sidecarctl.envoy.slots import Listener, Slots, overlay, rows, table
from sidecarctl.errors import ProfileError
from sidecarctl.findings import Json, JsonObject


def build_clusters(listener: Listener, slots: Slots) -> Iterator[JsonObject]:
    """Yield the Cluster behind *listener*, and one for each of its further targets."""
    yield build_cluster(listener, slots)
    for target in rows(slots, "targets"):
        if isinstance(target, dict):
            name, port = f"{listener.name}-{target['name']}", target["port"]
            there = replace(
                listener,
                name=name,
                target_host=str(target["host"]),
                target_port=port if isinstance(port, int) else 0,
            )
            built = build_cluster(there, slots)
            yield _identified(built, target) if {"sans", "sni"} & target.keys() else built


def _identified(cluster: JsonObject, target: JsonObject) -> JsonObject:
    """Return *cluster* whose servers must show the names of *target* in place of the listener's.

    Raises:
        ProfileError: it speaks plaintext, so that nothing can be shown.
    """
    socket = table(cluster, "transport_socket")
    tls = table(socket, "typed_config")
    if not tls:
        raise ProfileError(
            f"{cluster['name']!r} is to show an identity, and the calls to it are plaintext",
            hint="leave out its sans and sni, or let the calls speak TLS",
        )
    own: JsonObject = {}
    if sans := target.get("sans"):
        names = [str(each) for each in sans] if isinstance(sans, list) else []
        matchers: list[Json] = [
            {"san_type": san_type(name), "matcher": {"exact": name}} for name in names
        ]
        context: JsonObject = {"match_typed_subject_alt_names": matchers}
        own["common_tls_context"] = {
            "combined_validation_context": {"default_validation_context": context}
        }
    if sni := target.get("sni"):
        own["sni"] = sni
    return {**cluster, "transport_socket": {**socket, "typed_config": overlay(tls, own)}}


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
    if listener.target_host:
        address = socket_address(listener.target_host, listener.target_port)
        built["load_assignment"] = endpoint(listener.name, address)
    if thresholds := table(slots, "thresholds"):
        built["circuit_breakers"] = {"thresholds": [thresholds]}
    if socket := table(slots, "upstream_transport_socket"):
        built["transport_socket"] = socket
    return overlay(built, slots.get("cluster"))


def _discovery(host: str) -> JsonObject:
    if not host:
        return {"type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"}
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
