"""Interception: what nobody redirected goes in no circle; the rest takes a network of its own.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/service_discovery#original-destination
"""

from collections.abc import Iterator

from sidecarctl.prove.client import connection, refusal
from sidecarctl.prove.row import Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

_CLOSED = "closed"
_WAIT_S = 2.0
_CAUSE = "it is sent on to where it was meant for, which is this listener: without end"
_WHY = "it takes root, and a network of its own with rules of iptables"


def prove(situation: Situation) -> Iterator[Word]:
    """Connect to each listener that passes connections on to where they were meant to go."""
    found = {each.index: each for each in situation.ways if _passes_on(each)}
    if not found:
        return
    with situation.stand() as stand:
        for way in found.values():
            if way.index in stand.ports:
                tried = f"{way.listener.name}: a connection that nobody redirected"
                yield told(tried, _CLOSED, _met(stand, way), cause=_CAUSE)
    for way in found.values():
        yield Unproved(f"{way.listener.name}: connections that are redirected", _WHY)


def _passes_on(way: Way) -> bool:
    return way.is_by_destination and any(
        each.part.text("type") == "ORIGINAL_DST" for each in way.clusters
    )


def _met(stand: Stand, way: Way) -> str:
    """Say what becomes of a connection to the address of *way* itself."""
    try:
        with connection(stand.port(way), timeout_s=_WAIT_S) as connected:
            connected.sendall(b"GET / HTTP/1.1\r\nhost: prove\r\n\r\n")
            return "passed on" if connected.recv(1) else _CLOSED
    except ConnectionError:
        return _CLOSED
    except OSError as error:
        return refusal(error)
