"""What a bootstrap holds: listeners, filters, routes, clusters.

Views that never fail: what has another shape than Envoy takes is passed over.
Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
"""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import ip_address
from typing import Literal

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.findings import FieldPath, JsonObject, Location
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.embedded import Embedded


class Address(Struct, frozen=True):
    """A socket address; *port* is None for a pipe, or where the port is a name."""

    host: str
    port: int | None
    path: FieldPath
    protocol: str = "TCP"

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or not self.host


class Chain(Struct, frozen=True):
    """A filter chain: its TLS context (empty where it speaks plaintext) and its last filter."""

    part: Part
    tls: Part
    http: Part  # the HttpConnectionManager
    tcp: Part  # the TcpProxy

    @property
    def demands_certificate(self) -> bool:
        return self.tls.get("require_client_certificate") is True

    def http_filters(self) -> tuple[Part, ...]:
        return self.http.parts("http_filters")

    def routes(self) -> Iterator[Part]:
        """Yield the routes that stand in the configuration itself."""
        for host in self.http.part("route_config").parts("virtual_hosts"):
            yield from host.parts("routes")


class Listener(Struct, frozen=True):
    """A listener and the addresses that it binds."""

    part: Part
    name: str
    addresses: tuple[Address, ...]
    chains: tuple[Chain, ...]

    @property
    def is_loopback(self) -> bool:
        return all(address.is_loopback for address in self.addresses)

    @property
    def demands_certificate(self) -> bool:
        """Say whether nobody gets in without a client certificate."""
        return bool(self.chains) and all(chain.demands_certificate for chain in self.chains)


class Cluster(Struct, frozen=True):
    """A cluster with the endpoints that stand in the configuration itself."""

    part: Part
    name: str
    endpoints: tuple[Address, ...]
    tls: Part

    @property
    def is_loopback(self) -> bool:
        return bool(self.endpoints) and all(one.is_loopback for one in self.endpoints)


class Origin(Struct, frozen=True):
    """What stands at *path* of a joined bootstrap stands at *at* of *document*, inside *text*."""

    path: FieldPath
    document: Document
    text: Embedded
    at: FieldPath


class Bootstrap(Struct, frozen=True, eq=False, dict=True):
    """A bootstrap in *owner*: a document of its own, or the text of a ConfigMap at *base*.

    Where listeners, clusters and routes lie in files of the same ConfigMap, *joined* is the whole
    with all of them in it, and *origins* says which part came from where. All paths are those of
    the whole.
    """

    owner: Document
    base: FieldPath
    document: Document
    text: Embedded | None
    joined: JsonObject | None = None
    origins: tuple[Origin, ...] = ()

    def locate(self, path: FieldPath, *, on: Literal["value", "key"] = "value") -> Location:
        """Return the place of what stands at *path* of the bootstrap."""
        origin = self._origin(path)
        if origin is not None:
            below = (*origin.at, *path[len(origin.path) :])
            return origin.text.locate(origin.document, below, on=on)
        if self.text is None:
            return self.document.locate(path, on=on)
        return self.text.locate(self.document, path, on=on)

    def path(self, path: FieldPath) -> FieldPath:
        """Return where in the owner stands what stands at *path* of the bootstrap."""
        origin = self._origin(path)
        if origin is not None:
            return (*origin.text.path, *origin.at, *path[len(origin.path) :])
        return (*self.base, *path)

    def _origin(self, path: FieldPath) -> Origin | None:
        found = [each for each in self.origins if path[: len(each.path)] == each.path]
        return max(found, key=lambda each: len(each.path), default=None)

    @property
    def root(self) -> Part:
        return Part((), self.document.data if self.joined is None else self.joined)

    @property
    def admin(self) -> Address | None:
        """Return where the admin interface listens, None where it does not, or on a pipe."""
        return next(iter(_addresses(self.root.part("admin"))), None)

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        return tuple(map(_listener, self.root.part("static_resources").parts("listeners")))

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        return tuple(map(_cluster, self.root.part("static_resources").parts("clusters")))

    def has_dynamic(self, kind: Literal["lds_config", "cds_config"]) -> bool:
        """Say whether listeners or clusters also come from elsewhere."""
        dynamic = self.root.part("dynamic_resources")
        return dynamic.has(kind) or dynamic.has("ads_config")

    def chains(self) -> Iterator[tuple[Listener, Chain]]:
        for listener in self.listeners:
            for chain in listener.chains:
                yield listener, chain


def verifies_peer(tls: Part) -> bool:
    """Say whether a TLS context checks the certificate of the other side at all.

    ``system_root_certs: {}`` looks like it and verifies nothing: Envoy 1.40 does not implement it.
    """
    common = tls.part("common_tls_context")
    combined = common.part("combined_validation_context")
    contexts = (
        common.part("validation_context"),
        combined.part("default_validation_context"),
    )
    by_reference = (
        common.part("validation_context_sds_secret_config"),
        combined.part("validation_context_sds_secret_config"),
        common.part("validation_context_certificate_provider_instance"),
    )
    return any(map(bool, by_reference)) or any(map(_has_trust, contexts))


def _has_trust(context: Part) -> bool:
    return bool(
        context.part("trusted_ca")
        or context.part("custom_validator_config")
        or context.part("ca_certificate_provider_instance")
        or context.get("verify_certificate_hash")
        or context.get("verify_certificate_spki")
    )


def _listener(part: Part) -> Listener:
    further = (one for extra in part.parts("additional_addresses") for one in _addresses(extra))
    default = part.part("default_filter_chain")
    chains = (*part.parts("filter_chains"), *((default,) if default else ()))
    return Listener(
        part=part,
        name=part.text("name"),
        addresses=(*_addresses(part), *further),
        chains=tuple(map(_chain, chains)),
    )


def _chain(part: Part) -> Chain:
    configs = [one.part("typed_config") for one in part.parts("filters")]
    empty = part.part("typed_config")
    return Chain(
        part=part,
        tls=_tls(part, "DownstreamTlsContext"),
        http=next((one for one in configs if one.is_a("HttpConnectionManager")), empty),
        tcp=next((one for one in configs if one.is_a("TcpProxy")), empty),
    )


def _cluster(part: Part) -> Cluster:
    groups = part.part("load_assignment").parts("endpoints")
    endpoints = (
        address
        for group in groups
        for one in group.parts("lb_endpoints")
        for address in _addresses(one.part("endpoint"))
    )
    return Cluster(part, part.text("name"), tuple(endpoints), _tls(part, "UpstreamTlsContext"))


def _tls(part: Part, message: str) -> Part:
    """Return the TLS context of a filter chain or cluster, also one inside another socket."""
    config = part.part("transport_socket", "typed_config")
    while config and not config.is_a(message):
        config = config.part("transport_socket", "typed_config")
    return config


def _addresses(part: Part) -> Iterator[Address]:
    socket = part.part("address", "socket_address")
    if socket:
        protocol = socket.text("protocol") or "TCP"
        port = socket.number("port_value")
        yield Address(socket.text("address"), port, socket.path, protocol)
