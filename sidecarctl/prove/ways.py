"""The ways into an Envoy: each filter chain of each listener, and where it leads."""

from collections.abc import Iterator

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap, Chain, Cluster, Listener

_BY_ADDRESS = (
    "prefix_ranges",
    "address_suffix",
    "direct_source_prefix_ranges",
    "source_prefix_ranges",
    "source_ports",
    "source_type",
)


class Way(Struct, frozen=True, eq=False):
    """A filter chain of a listener, and the *clusters* that it leads to.

    *index* is the listener's number: two may have one name. *ops* says that it leads to Envoy's
    own admin interface.
    """

    index: int
    listener: Listener
    chain: Chain
    clusters: tuple[Cluster, ...]
    ops: bool

    @property
    def name(self) -> str:
        several = len(self.listener.chains) > 1
        by_name = self.is_by_destination and self.chain.part.text("name")
        kind = f" ({by_name or ('TLS' if self.chain.tls else 'plaintext')})" if several else ""
        return f"{self.listener.name or f'listener {self.index}'}{kind}"

    @property
    def inbound(self) -> bool:
        told = self.listener.part.text("traffic_direction")
        serves_tls = any(chain.tls for chain in self.listener.chains)
        return told == "INBOUND" if told else serves_tls or not self.listener.is_loopback

    @property
    def is_http(self) -> bool:
        return bool(self.chain.http)

    @property
    def is_tcp(self) -> bool:
        return bool(self.chain.tcp)

    @property
    def demands_certificate(self) -> bool:
        return self.chain.demands_certificate

    @property
    def is_grpc(self) -> bool:
        """Say whether it is meant for gRPC, as far as the bootstrap tells."""
        protocols = self.chain.tls.part("common_tls_context").get("alpn_protocols")
        codec = self.chain.http.text("codec_type")
        retried = any("unavailable" in route.part("route", "retry_policy").text("retry_on")
                      for route in self.chain.routes())  # fmt: skip
        return self.is_http and (
            protocols == ["h2"] or codec == "HTTP2" or retried or _speaks_http2(self.clusters)
        )

    @property
    def is_by_destination(self) -> bool:
        """Say whether where a connection was meant to go, or comes from, leads to this chain."""
        match = self.chain.part.part("filter_chain_match")
        own = self.listener.addresses[0].port if self.listener.addresses else None
        filters = (
            each.part("typed_config") for each in self.listener.part.parts("listener_filters")
        )
        return (
            any(match.has(name) for name in _BY_ADDRESS)
            or (match.has("destination_port") and match.number("destination_port") != own)
            or any(each.is_a("OriginalDst") for each in filters)
            or self.listener.part.get("bind_to_port") is False
        )

    def filters(self, message: str) -> tuple[Part, ...]:
        """Return the typed configs of its filters of HTTP that are a *message*."""
        configs = (each.part("typed_config") for each in self.chain.http_filters())
        return tuple(each for each in configs if each.is_a(message))

    def network_filters(self, message: str) -> tuple[Part, ...]:
        configs = (each.part("typed_config") for each in self.chain.part.parts("filters"))
        return tuple(each for each in configs if each.is_a(message))

    def server_name(self) -> str:
        """Return the SNI that leads to this chain, ``""`` where any does."""
        names = self.chain.part.part("filter_chain_match").get("server_names")
        first = names[0] if isinstance(names, list) and names else ""
        return str(first).replace("*.", "prove.")

    def virtual_host(self, name: str) -> Part:
        """Return the virtual host that requests for *name* are for, an empty part for none."""
        every = self.chain.http.part("route_config").parts("virtual_hosts")
        for looks in (_is_named, _ends_as_named, _begins_as_named, _is_for_all):
            for each in every:
                if any(looks(domain, name) for domain in _domains(each)):
                    return each
        return Part((), {})

    def host(self, virtual: Part | None = None) -> str:
        """Return a Host that *virtual* (known by its path), or any of its routes, is for."""
        for each in self.chain.http.part("route_config").parts("virtual_hosts"):
            if virtual is not None and each.path != virtual.path:
                continue
            for domain in _domains(each):
                return "localhost" if domain == "*" else domain.replace("*", "prove")
        return "localhost"


def _domains(virtual: Part) -> list[str]:
    domains = virtual.get("domains")
    return [str(each) for each in domains] if isinstance(domains, list) else []


# Exact names go before suffixes, those before prefixes, and "*" comes last: route_components.proto.
def _is_named(domain: str, name: str) -> bool:
    return domain.lower() == name.lower()


def _ends_as_named(domain: str, name: str) -> bool:
    return len(domain) > 1 and domain.startswith("*") and name.endswith(domain[1:])


def _begins_as_named(domain: str, name: str) -> bool:
    return len(domain) > 1 and domain.endswith("*") and name.startswith(domain[:-1])


def _is_for_all(domain: str, _name: str) -> bool:
    return domain == "*"


def ways(bootstrap: Bootstrap) -> tuple[Way, ...]:
    """Return all the ways into *bootstrap*, in order."""
    return tuple(_ways(bootstrap))


def _ways(bootstrap: Bootstrap) -> Iterator[Way]:
    clusters = {each.name: each for each in bootstrap.clusters}
    for index, listener in enumerate(bootstrap.listeners):
        for chain in listener.chains:
            names = dict.fromkeys(_cluster_names(chain))
            known = tuple(clusters[name] for name in names if name in clusters)
            own = listener.part.get("bypass_overload_manager") is True
            ops = own or any(_leads_to_a_pipe(each) for each in known)
            yield Way(index, listener, chain, known, ops)


def _cluster_names(chain: Chain) -> Iterator[str]:
    for action in (*(route.part("route") for route in chain.routes()), chain.tcp):
        yield from cluster_names(action)


def cluster_names(action: Part) -> Iterator[str]:
    """Yield the names of the clusters that a RouteAction or a TcpProxy sends to."""
    yield action.text("cluster")
    for weighted in action.part("weighted_clusters").parts("clusters"):
        yield weighted.text("name")


def _leads_to_a_pipe(cluster: Cluster) -> bool:
    return any(True for _ in endpoints(cluster.part) if _.part("address").has("pipe"))


def endpoints(cluster: Part) -> Iterator[Part]:
    """Yield the ``endpoint`` of every member of *cluster*'s own assignment."""
    for group in cluster.part("load_assignment").parts("endpoints"):
        for member in group.parts("lb_endpoints"):
            yield member.part("endpoint")


def _speaks_http2(clusters: tuple[Cluster, ...]) -> bool:
    return any(http_options(each.part).part("explicit_http_config").has("http2_protocol_options")
               or each.part.has("http2_protocol_options") for each in clusters)  # fmt: skip


def http_options(cluster: Part) -> Part:
    """Return the HttpProtocolOptions of *cluster*, an empty part where it has none."""
    options = cluster.part("typed_extension_protocol_options")
    return options.part("envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
