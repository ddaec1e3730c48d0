"""The applications of a run: HTTP/1.1, HTTP/2 and gRPC on one port, or an echo over TCP.

What a request asks for stands in the header ``x-prove``, not in its path: a path may have to be
one that a rule lets through. ``status=503`` · ``delay=0.5`` (seconds) · ``flaky=1`` (503 the first
time that this ``x-prove-id`` is seen) · ``slow=0.5`` (late, that time) · ``reset`` · ``hold`` ·
``stream=5`` (five parts, 0.3 s apart).
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from sidecarctl.prove.http2 import ServerConnection, Stream, frame

HEADER = "x-prove"
IDENTITY = "x-prove-id"
PART_S = 0.3
_PREFACE = b"PRI"
_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
_HEALTH = "/grpc.health.v1.Health/Check"
_UNAVAILABLE = "14"
_LINGER = struct.pack("ii", 1, 0)
_BACKLOG = 256


class Seen(Struct, frozen=True):
    """A request (or a connection, for TCP) as the application saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: tuple[str, ...] = ()
    protocol: str = ""


class Upstream(Struct, eq=False, dict=True):
    """A server that runs: its *port*, what it has *seen*; what is held is answered once *released*.

    *shown* says what is true of the last TLS handshake: the name asked for, the protocol.
    """

    port: int
    speaks: str
    seen: list[Seen] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    shown: dict[str, str] = field(default_factory=dict)
    _tries: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, method: str = "") -> int:
        return sum(1 for each in list(self.seen) if method in ("", each.method))

    def tries(self, identity: str) -> int:
        """Return how many requests with this ``x-prove-id`` have come."""
        return sum(1 for each in list(self.seen) if each.headers.get(IDENTITY) == identity)


@contextmanager
def serving(speaks: str, tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """Run a server that *speaks* ``http`` or ``tcp`` until the block ends."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen(_BACKLOG)
        upstream = Upstream(listening.getsockname()[1], speaks)
        if tls:
            tls.sni_callback = lambda _socket, name, _context: _note_name(upstream, name)
        open_sockets: set[socket.socket] = set()
        thread = threading.Thread(
            target=_accept, args=(listening, upstream, tls, open_sockets), daemon=True
        )
        thread.start()
        try:
            yield upstream
        finally:
            upstream.released.set()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            for each in list(open_sockets):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            thread.join(1)


def _note_name(upstream: Upstream, name: object) -> None:
    upstream.shown["sni"] = str(name or "")


def _accept(
    listening: socket.socket,
    upstream: Upstream,
    tls: ssl.SSLContext | None,
    open_sockets: set[socket.socket],
) -> None:
    while True:
        try:
            connected, _ = listening.accept()
        except OSError:
            return
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_sockets.add(connected)
        threading.Thread(
            target=_connection, args=(connected, upstream, tls, open_sockets), daemon=True
        ).start()


def _connection(
    connected: socket.socket,
    upstream: Upstream,
    tls: ssl.SSLContext | None,
    open_sockets: set[socket.socket],
) -> None:
    try:
        with contextlib.closing(connected):
            if tls is None:
                _serve(connected, upstream, ())
                return
            connected.settimeout(10)
            with contextlib.closing(tls.wrap_socket(connected, server_side=True)) as wrapped:
                wrapped.settimeout(None)
                upstream.shown["alpn"] = wrapped.selected_alpn_protocol() or ""
                upstream.shown["version"] = wrapped.version() or ""
                peer = _names(wrapped)
                upstream.shown["peer"] = ", ".join(peer)
                _serve(wrapped, upstream, peer)
    except (OSError, ValueError):
        pass  # the other side has gone, or has not taken our certificate
    finally:
        open_sockets.discard(connected)


def _names(wrapped: ssl.SSLSocket) -> tuple[str, ...]:
    told = wrapped.getpeercert() or {}
    names = told.get("subjectAltName", ())
    return tuple(str(each[1]) for each in names if isinstance(each, tuple))


def _serve(connected: socket.socket, upstream: Upstream, peer: tuple[str, ...]) -> None:
    if upstream.speaks == "tcp":
        _echo(connected, upstream, peer)
        return
    data = b""
    while len(data) < len(_PREFACE):
        more = connected.recv(65_536)
        if not more:
            return
        data += more
    if data.startswith(_PREFACE):
        ServerConnection(connected, lambda stream: _answer_stream(stream, upstream, peer)).serve(
            data
        )
    else:
        _http1(connected, upstream, peer, data)


def _echo(connected: socket.socket, upstream: Upstream, peer: tuple[str, ...]) -> None:
    while data := connected.recv(65_536):
        upstream.seen.append(Seen("", "", {}, data, peer, "tcp"))
        connected.sendall(data)


def _http1(
    connected: socket.socket, upstream: Upstream, peer: tuple[str, ...], data: bytes
) -> None:
    """Answer the requests of a connection, one after another; *data* has been read already."""
    while True:
        while b"\r\n\r\n" not in data:
            more = connected.recv(65_536)
            if not more:
                return
            data += more
        head, _, data = data.partition(b"\r\n\r\n")
        start, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = start.split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        body, data = _body(connected, headers, data)
        request = Seen(method, path, headers, body, peer, "HTTP/1.1")
        upstream.seen.append(request)
        if headers.get("upgrade", "").lower() == "websocket":
            _upgraded(connected)
            return
        status, said, pause_s = _decide(request, upstream)
        if status == 0:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
            return
        time.sleep(pause_s)
        answer = f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n"
        answer += f"content-length: {len(said)}\r\n\r\n"
        connected.sendall(answer.encode() + (b"" if method == "HEAD" else said))


def _body(connected: socket.socket, headers: dict[str, str], data: bytes) -> tuple[bytes, bytes]:
    """Return the body, and what has been read beyond it."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while True:
            while b"\r\n" not in data:
                data += _more(connected)
            size_line, _, data = data.partition(b"\r\n")
            size = int(size_line, 16)
            while len(data) < size + 2:
                data += _more(connected)
            body, data = body + data[:size], data[size + 2 :]
            if not size:
                return body, data
    size = int(headers.get("content-length", 0))
    while len(data) < size:
        data += _more(connected)
    return data[:size], data[size:]


def _more(connected: socket.socket) -> bytes:
    data = connected.recv(65_536)
    if not data:
        raise ConnectionResetError("the connection was closed")
    return data


def _upgraded(connected: socket.socket) -> None:
    head = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    connected.sendall(head.encode())
    while data := connected.recv(65_536):
        connected.sendall(data)


def _decide(request: Seen, upstream: Upstream) -> tuple[int, bytes, float]:
    """Return status (0: hang up), body and the pause before the answer."""
    word, _, value = request.headers.get(HEADER, "").partition("=")
    status, pause_s = 200, 0.0
    if word == "status":
        status = int(value)
    elif word == "delay":
        pause_s = float(value)
    elif word == "reset":
        status = 0
    elif word == "hold":
        upstream.released.wait(10)
    elif word in ("flaky", "slow"):
        with upstream._lock:
            upstream._tries[request.headers.get(IDENTITY, "")] += 1
            again = upstream._tries[request.headers.get(IDENTITY, "")] > 1
        if not again and word == "flaky":
            status = 503
        elif not again:
            pause_s = float(value)
    said = {"method": request.method, "path": request.path, "headers": request.headers}
    return status, json.dumps(said).encode(), pause_s


def _answer_stream(stream: Stream, upstream: Upstream, peer: tuple[str, ...]) -> None:
    headers = stream.headers
    path = headers.get(":path", "")
    request = Seen(headers.get(":method", ""), path, headers, bytes(stream.body), peer, "HTTP/2")
    upstream.seen.append(request)
    status, said, pause_s = _decide(request, upstream)
    if status == 0:
        stream.reset()
        return
    if not headers.get("content-type", "").startswith("application/grpc"):
        time.sleep(pause_s)
        stream.start({":status": str(status), "content-length": str(len(said))})
        stream.data(said, end=True)
        return
    word, _, value = headers.get(HEADER, "").partition("=")
    begin = {":status": "200", "content-type": "application/grpc"}
    if status != 200:  # a failure without a body: nothing else is tried again
        stream.start({**begin, "grpc-status": _UNAVAILABLE}, end=True)
        return
    stream.start(begin)
    time.sleep(pause_s)
    for _ in range(int(value) if word == "stream" else 0):
        stream.data(frame(b"part"))
        time.sleep(PART_S)
    if word != "stream":
        stream.data(frame(_SERVING if path == _HEALTH else b""))
    stream.start({"grpc-status": "0"}, end=True)
