"""Mutual TLS: who is let in and who is not, who is called and who is not; certificates rotate."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import verifies_peer
from sidecarctl.prove.callers import STRANGER, Caller, Nobody
from sidecarctl.prove.certificates import Leaf, client_context
from sidecarctl.prove.client import connection, exchange, refusal, send
from sidecarctl.prove.origination import own_certificate, strangers, wants_certificate
from sidecarctl.prove.peers import lets_in, name_matchers
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

_IN, _OUT = "let in", "refused"
# Long enough for the TLS inspector to see that it is no TLS: it waits for a whole record's head.
_LINE = b"prove prove prove prove prove prove\n"
_ROTATION_S = 3.0
_FORGED = "URI=spiffe://forged.example/admin"


def prove(situation: Situation) -> Iterator[Word]:
    """Send the right and the wrong certificates, in both directions, and swap them once."""
    served = [way for way in situation.ways if way.chain.tls]
    called = [way for way in situation.ways if any(map(wants_certificate, way.clusters))]
    if served:
        with situation.stand() as stand:
            for way in served:
                yield from _served(situation, stand, way)
            rotating = next((each for each in served if each.is_http), None)
            if rotating:
                yield from _rotation(situation, stand, rotating)
    if called:
        yield from own_certificate(situation, called)
        yield from strangers(situation, called)


def _served(situation: Situation, stand: Stand, way: Way) -> Iterator[Word]:
    tls = way.chain.tls
    if not way.demands_certificate and not verifies_peer(tls):
        yield Unproved(way.name, "it speaks TLS without asking for a certificate")
        return
    known = situation.caller(way)
    if isinstance(known, Nobody):
        yield Unproved(way.name, known.why)
        return
    for case in _cases(situation, stand, way, known):
        seen = _knock(stand, way, case.tls)
        shown = _IN if seen == _IN else _OUT
        detail = f" ({seen.removeprefix('TLS refused: ')})" if seen not in (_IN, _OUT) else ""
        ok = shown == case.expected
        yield Shown(f"{way.name}: {case.what}", case.expected, shown + detail, ok, case.cause)
    if not name_matchers(tls):
        yield Unproved(f"{way.name}: which identities", "every name of the authority is let in")
    if way.is_http:
        forged = known.with_headers(x_forwarded_client_cert=_FORGED)
        reply = stand.send(way, known, forged)
        passed = _FORGED in reply.echoed.get("x-forwarded-client-cert", "")
        yield told(
            f"{way.name}: a made-up x-forwarded-client-cert",
            "not passed on",
            "passed on" if passed else "not passed on" if reply.status else reply.said,
            cause="forward_client_cert_details keeps what the caller says",
        )


class _Case(Struct, frozen=True):
    what: str
    tls: ssl.SSLContext | None
    expected: str
    cause: str


def _cases(situation: Situation, stand: Stand, way: Way, known: Caller) -> Iterator[_Case]:
    ours, rogue = situation.trial.authority, situation.trial.rogue
    names = known.leaf.names if known.leaf else ()
    trusted = ours.certificate
    plaintext = _IN if _takes_plaintext(way) else _OUT
    unchecked = _why_unchecked(way.chain.tls)
    yield _Case("a right certificate", known.tls, _IN, "nobody is let in")
    yield _Case("plaintext", None, plaintext, "a filter chain takes plaintext")

    def showing(leaf: Leaf | None) -> ssl.SSLContext:
        return client_context(leaf, trusted)

    yield _Case("no certificate", showing(None), _OUT, unchecked)
    other = rogue.leaf(names, trusted=trusted)
    yield _Case("a certificate of another authority", showing(other), _OUT, unchecked)
    yield _Case("an expired certificate", showing(ours.leaf(names, days=-1)), _OUT, unchecked)
    if lets_in(way.chain.tls, STRANGER) is False:
        cause = "the names in the certificate are not checked"
        yield _Case("another identity", showing(ours.leaf([STRANGER])), _OUT, cause)
    lowest = way.chain.tls.part("common_tls_context", "tls_params")
    if lowest.text("tls_minimum_protocol_version") == "TLSv1_3":
        old = client_context(known.leaf, trusted, highest=ssl.TLSVersion.TLSv1_2)
        yield _Case("TLS 1.2", old, _OUT, "older versions are taken")


def _why_unchecked(tls: Part) -> str:
    if not verifies_peer(tls):
        return "there is no validation context: whatever is shown is taken, and nothing, too"
    if tls.get("require_client_certificate") is not True:
        return "require_client_certificate is not set: a caller need not show one"
    return "certificates are not checked"


def _takes_plaintext(way: Way) -> bool:
    return any(not chain.tls for chain in way.listener.chains)


def _knock(stand: Stand, way: Way, tls: ssl.SSLContext | None) -> str:
    """Return *let in*, or how it was refused; what comes later than TLS (403) is in."""
    try:
        with connection(stand.port(way), tls, way.server_name(), 4.0) as connected:
            connected.sendall(b"GET / HTTP/1.1\r\nhost: prove\r\n\r\n" if way.is_http else _LINE)
            data = connected.recv(64)
            heard = data.startswith(b"HTTP/1.") if way.is_http else bool(data)
            return _IN if heard else _OUT
    except OSError as error:
        return refusal(error)


def _rotation(situation: Situation, stand: Stand, way: Way) -> Iterator[Word]:
    known = situation.caller(way)
    if isinstance(known, Nobody):
        return
    if not stand.files.certificates:
        yield Unproved(f"{way.name}: rotation", "the certificate stands in the bootstrap itself")
        return
    fresh = situation.trial.authority.leaf([situation.identity])
    before = _serial(stand, way, known)
    failed: list[str] = []
    sent = [0]
    ended = threading.Event()

    def keep_calling() -> None:
        while not ended.is_set():
            reply = send(stand.port(way), known.ask, known.tls, known.name)
            sent[0] += 1
            if not reply.status:
                failed.append(reply.said)

    with ExitStack() as stack:
        thread = threading.Thread(target=keep_calling, daemon=True)
        thread.start()
        stack.callback(ended.set)
        kept = stack.enter_context(connection(stand.port(way), known.tls, known.name))
        exchange(kept, known.ask)
        began = time.monotonic()
        stand.files.publish(fresh)
        new = situation.trial.until(lambda: _serial(stand, way, known) != before, _ROTATION_S)
        took_s = time.monotonic() - began
        try:
            exchange(kept, known.ask)
            dropped = ""
        except (OSError, ValueError):
            dropped = ", an open connection dropped"
        ended.set()
        thread.join()
    fate = f"{sent[0]} requests, {len(failed)} failed{dropped}"
    seen = f"served after {took_s:.2f} s" if new else f"not served after {_ROTATION_S:g} s"
    yield Shown(
        f"{way.name}: a new certificate, as the kubelet swaps it in",
        f"served within {_ROTATION_S:g} s, no request fails",
        f"{seen}; {fate}",
        ok=new and not failed and not dropped,
        cause="only what SDS reads, with a watched_directory, is read again" if not new else "",
    )


def _serial(stand: Stand, way: Way, known: Caller) -> bytes:
    if known.tls is None:
        return b""
    with connection(stand.port(way), known.tls, known.name) as connected:
        if not isinstance(connected, ssl.SSLSocket):
            return b""
        return connected.getpeercert(binary_form=True) or b""
