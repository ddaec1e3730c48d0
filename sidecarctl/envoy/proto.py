"""Messages of Envoy's API that turn up in many parts of a bootstrap."""

from ipaddress import ip_address

from sidecarctl.findings import Json, JsonObject

_TYPE = "type.googleapis.com/envoy."

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
"""The key and the type of what a Cluster says about HTTP."""


def typed(name: str, message: str, fields: JsonObject | None = None) -> JsonObject:
    """Return the extension *name* configured by *message* (its type below ``envoy.``)."""
    return {"name": name, "typed_config": {"@type": _TYPE + message, **(fields or {})}}


def router(**fields: Json) -> JsonObject:
    """Return the HTTP filter that must be the last of every chain."""
    return typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router", fields)


def socket_address(address: str, port: int) -> JsonObject:
    """Return *address* and *port*; ``::`` also takes IPv4."""
    fields: JsonObject = {"address": address, "port_value": port}
    if address == "::":
        fields["ipv4_compat"] = True
    return {"socket_address": fields}


def endpoint(cluster: str, address: JsonObject) -> JsonObject:
    """Return the assignment of the one endpoint at *address* to *cluster*."""
    return {
        "cluster_name": cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }


def san_type(name: str) -> str:
    """Return as what *name* stands in a certificate: an address has no DNS name there."""
    if "://" in name:
        return "URI"
    try:
        ip_address(name)
    except ValueError:
        return "DNS"
    return "IP_ADDRESS"
