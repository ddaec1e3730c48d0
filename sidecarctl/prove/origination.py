"""TLS towards servers: the right one is called and shown a certificate, the wrong ones are not."""

from collections.abc import Iterator, Sequence

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Cluster, verifies_peer
from sidecarctl.prove.callers import STRANGER, Caller, Nobody
from sidecarctl.prove.certificates import Leaf
from sidecarctl.prove.client import connection, refusal
from sidecarctl.prove.peers import name_matchers, server_names
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

_CALLED, _LEFT = "called", "not called"
_OTHER_HOST = "other.example"


def wants_certificate(cluster: Cluster) -> bool:
    """Say whether Envoy shows a certificate to the servers of *cluster*."""
    common = cluster.tls.part("common_tls_context")
    return any(common.has(name) for name in (
        "tls_certificates", "tls_certificate_sds_secret_configs"))  # fmt: skip


def own_certificate(situation: Situation, called: Sequence[Way]) -> Iterator[Word]:
    """Call the right servers: each is reached, and sees who calls."""
    with situation.stand() as stand:
        for way in called:
            known = situation.caller(way)
            if isinstance(known, Nobody):
                yield Unproved(f"{way.name}: towards the server", known.why)
                continue
            seen = reach(stand, way, known)
            shown = stand.upstream(known).shown.get("peer", "")
            expected = f"{_CALLED}, showing {situation.identity}"
            said = f"{_CALLED}, showing {shown or 'nothing'}" if seen == _CALLED else seen
            cause = "it shows another one, or none" if seen == _CALLED else "it was not reached"
            yield told(f"{way.name}: the right server", expected, said, cause=cause)


def strangers(situation: Situation, called: Sequence[Way]) -> Iterator[Word]:
    """Put servers in the place of the right ones that must not be called."""
    rogue, ours = situation.trial.rogue, situation.trial.authority

    def of_another_authority(cluster: Cluster) -> Leaf:
        return rogue.leaf(server_names(cluster.tls), trusted=ours.certificate)

    def of_another_name(cluster: Cluster) -> Leaf:
        names = [STRANGER] if any("://" in each for each in server_names(cluster.tls)) else []
        return ours.leaf([*names, _OTHER_HOST])

    def of_yesterday(cluster: Cluster) -> Leaf:
        return ours.leaf(server_names(cluster.tls), days=-1)

    for what, leaves, why in (
        ("a server of another authority", of_another_authority, _why_unverified),
        ("a server of another name", of_another_name, _why_unnamed),
        ("a server whose certificate is over", of_yesterday, _why_unverified),
    ):
        with situation.stand(leaves=leaves) as stand:
            for way in called:
                known = situation.caller(way)
                if isinstance(known, Nobody):
                    continue
                reach(stand, way, known)
                seen = _CALLED if stand.upstream(known).seen else _LEFT
                cause = why(known.clusters[0].tls)
                yield Shown(f"{way.name}: {what}", _LEFT, seen, seen == _LEFT, cause)


def reach(stand: Stand, way: Way, known: Caller) -> str:
    """Send one request, or a line, through *way*; say *called*, or how it failed."""
    if way.is_http:
        reply = stand.send(way, known)
        reached = reply.status == 200 and stand.upstream(known).seen
        return _CALLED if reached else reply.said
    try:
        with connection(stand.port(way), known.tls, known.name, 4.0) as connected:
            connected.sendall(b"prove\n")
            return _CALLED if connected.recv(64) else "connection closed"
    except OSError as error:
        return refusal(error)


def _why_unverified(tls: Part) -> str:
    if not verifies_peer(tls):
        return "there is no validation context: no server's certificate is verified"
    return "the server's certificate is not verified"


def _why_unnamed(tls: Part) -> str:
    if not name_matchers(tls):
        return "there are no match_typed_subject_alt_names: any name of the authority will do"
    return "the names in the server's certificate are not checked"
