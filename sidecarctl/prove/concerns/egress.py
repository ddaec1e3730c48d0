"""Egress: a plaintext caller on loopback reaches its dependency, by the TLS that is asked for."""

import socket
from collections.abc import Iterator, Sequence

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.proto import socket_address
from sidecarctl.envoy.read import Cluster
from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.callers import Nobody
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.origination import reach, strangers, wants_certificate
from sidecarctl.prove.relocate import DNS_ONLY
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way, endpoints

_DNS = ("STRICT_DNS", "LOGICAL_DNS")
_NOWHERE = "nowhere.invalid"
_READY_S = 3.0
_CARES = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"


def prove(situation: Situation) -> Iterator[Word]:
    """Call every dependency; put the wrong servers in its place; let its name not be found."""
    called = [way for way in situation.ways if not way.inbound and way.clusters]
    if not called:
        return
    with situation.stand() as stand:
        for way in called:
            yield from _reached(situation, stand, way)
    simple = [
        way for way in called if way.clusters[0].tls and not wants_certificate(way.clusters[0])
    ]
    if simple:
        yield from strangers(situation, simple)
    named = [cluster for cluster in situation.subject.bootstrap.clusters
             if cluster.part.text("type") in _DNS]  # fmt: skip
    if named:
        yield _unresolved(situation, named)


def _reached(situation: Situation, stand: Stand, way: Way) -> Iterator[Word]:
    known = situation.caller(way)
    if isinstance(known, Nobody):
        yield Unproved(way.name, known.why)
        return
    cluster = known.clusters[0]
    said = reach(stand, way, known)
    shown = stand.upstream(known).shown
    seen = "reached" if said == "called" else said
    expected = "reached"
    if cluster.tls:
        expected += ", over TLS"
        seen += ", over TLS" if shown.get("version") else ""
        wanted = cluster.tls.part("common_tls_context").get("alpn_protocols")
        if isinstance(wanted, list) and wanted:
            expected += f" as {wanted[0]}"
            seen += f" as {shown.get('alpn') or 'nothing'}"
        sni = cluster.tls.text("sni")
        if sni:
            expected += f", by the name {sni}"
            seen += f", by the name {shown.get('sni') or 'of nobody'}"
    where = cluster.endpoints[0] if cluster.endpoints else None
    target = f" ({where.host}:{where.port})" if where else ""
    yield told(f"{way.name}: its dependency{target}", expected, seen, cause="it was not reached")


def _unresolved(situation: Situation, named: Sequence[Cluster]) -> Word:
    """Start with a resolver that never answers: the pod must not hang on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = int(silent.getsockname()[1])
        tried = "a resolver that never answers"
        expected = f"ready within {_READY_S:g} s"
        try:
            with situation.stand(
                lambda draft: _look_up(draft, named, port), ready_s=_READY_S
            ) as stand:
                return Shown(tried, expected, expected, stand.envoy.alive)
        except SidecarctlError as error:
            late = "was not ready" in error.message
            seen = f"not ready within {_READY_S:g} s" if late else error.message
            cause = "a cluster holds up the start: set wait_for_warm_on_init: false"
            return Shown(tried, expected, seen, ok=False, cause=cause)


def _look_up(draft: Draft, named: Sequence[Cluster], port: int) -> None:
    """Give the clusters back the names that they look up, and a resolver that is silent."""
    for cluster in named:
        part = cluster.part
        draft.set(part.at("type"), part.text("type"), "looked up after all")
        for name in DNS_ONLY:
            if part.has(name):
                draft.set(part.at(name), part.get(name), "looked up after all")
        for each in endpoints(part):
            draft.set(each.at("address"), socket_address(_NOWHERE, 80), "a name nobody has")
        draft.set(part.at("typed_dns_resolver_config"), _silent(part, port), "a silent resolver")


def _silent(part: Part, port: int) -> Json:
    given = part.part("typed_dns_resolver_config", "typed_config")
    config: JsonObject = dict(given.data) if given.is_a("CaresDnsResolverConfig") else {}
    config |= {"@type": _CARES, "resolvers": [socket_address("127.0.0.1", port)]}
    return {"name": "envoy.network.dns_resolver.cares", "typed_config": config}
