"""HTTP/2, as much of it as gRPC takes: a server's side of a connection, and one call.

h2 keeps the state of the connection; the frames of gRPC are five bytes and a message.
Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError
from msgspec import Struct, field

Headers = dict[str, str]
_CHUNK = 65_536


def frame(message: bytes) -> bytes:
    """Return *message* as gRPC puts it into the body, uncompressed."""
    return struct.pack(">BI", 0, len(message)) + message


class Stream(Struct):
    """One request on a connection, and the way to answer it."""

    headers: Headers
    _id: int
    _connection: "ServerConnection"
    body: bytearray = field(default_factory=bytearray)

    def start(self, headers: Headers, *, end: bool = False) -> None:
        self._connection.send(lambda h2: h2.send_headers(self._id, [*headers.items()], end))

    def data(self, data: bytes, *, end: bool = False) -> None:
        for start in range(0, max(len(data), 1), 16_384):
            part = data[start : start + 16_384]
            last = end and start + 16_384 >= len(data)
            self._connection.send(lambda h2, p=part, e=last: h2.send_data(self._id, p, e))  # type: ignore[misc]  # a lambda's defaults have no types

    def reset(self) -> None:
        self._connection.send(lambda h2: h2.reset_stream(self._id))


class ServerConnection:
    """The server's side of one connection; each request is answered in a thread of its own."""

    def __init__(self, connected: socket.socket, answer: Callable[[Stream], None]) -> None:
        self._socket, self._answer = connected, answer
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._lock = threading.Lock()
        self._streams: dict[int, Stream] = {}

    def serve(self, data: bytes) -> None:
        """Serve until the other side goes; *data* is what has been read already."""
        self.send(lambda h2: h2.initiate_connection())
        while data:
            with self._lock:
                try:
                    events = self._h2.receive_data(data)
                except ProtocolError:
                    return
                self._flush()
            for event in events:
                self._take(event)
            data = self._socket.recv(_CHUNK)

    def send(self, step: Callable[[H2Connection], None]) -> None:
        with self._lock, contextlib.suppress(ProtocolError, OSError):
            step(self._h2)
            self._flush()

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived) and event.stream_id is not None:
            self._streams[event.stream_id] = Stream(_texts(event.headers), event.stream_id, self)
        elif isinstance(event, DataReceived) and event.stream_id in self._streams:
            self._streams[event.stream_id].body += event.data or b""
            length, ident = event.flow_controlled_length or 0, event.stream_id
            self.send(lambda h2: h2.acknowledge_received_data(length, ident))
        elif isinstance(event, StreamEnded) and event.stream_id in self._streams:
            stream = self._streams.pop(event.stream_id)
            threading.Thread(target=self._answer, args=(stream,), daemon=True).start()


class Called(Struct, frozen=True):
    """What came of a call: HTTP status, gRPC status (None where there was none), messages."""

    http_status: str
    status: int | None
    message: str
    parts: tuple[bytes, ...]


def call(  # noqa: PLR0913  keyword-only: what a call is made of
    port: int,
    method: str,
    headers: Headers,
    *,
    tls: ssl.SSLContext | None = None,
    message: bytes = b"",
    timeout_s: float = 5.0,
) -> Called:
    """Call a gRPC *method* (``"/grpc.health.v1.Health/Check"``) and read to its end.

    Raises:
        OSError: the connection was refused or cut, or nothing came for *timeout_s*.
    """
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout_s)) as plain:
        if tls:
            with contextlib.closing(tls.wrap_socket(plain)) as wrapped:
                return _call(wrapped, method, headers, message)
        return _call(plain, method, headers, message)


def _call(connected: socket.socket, method: str, headers: Headers, message: bytes) -> Called:
    h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    h2.initiate_connection()
    pseudo = {":method": "POST", ":scheme": "http", ":authority": "localhost", ":path": method}
    fields = {**pseudo, "content-type": "application/grpc", "te": "trailers", **headers}
    h2.send_headers(1, [*sorted(fields.items(), key=lambda each: each[0][0] != ":")])
    h2.send_data(1, frame(message), end_stream=True)
    connected.sendall(h2.data_to_send())
    answered: Headers = {}
    body = bytearray()
    while True:
        data = connected.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("the connection was closed")
        for event in h2.receive_data(data):
            if isinstance(event, ResponseReceived | TrailersReceived):
                answered |= _texts(event.headers)
            elif isinstance(event, DataReceived):
                body += event.data or b""
                h2.acknowledge_received_data(event.flow_controlled_length or 0, 1)
            elif isinstance(event, StreamReset):
                raise ConnectionResetError("the stream was reset")
            elif isinstance(event, StreamEnded):
                return _called(answered, bytes(body))
        connected.sendall(h2.data_to_send())


def _called(answered: Headers, body: bytes) -> Called:
    status = answered.get("grpc-status", "")
    parts = tuple(messages(body))
    return Called(
        answered.get(":status", ""),
        int(status) if status.isdigit() else None,
        answered.get("grpc-message", ""),
        parts,
    )


def messages(body: bytes) -> Iterable[bytes]:
    """Yield the messages of a gRPC body."""
    while len(body) >= 5:
        (size,) = struct.unpack(">I", body[1:5])
        yield body[5 : 5 + size]
        body = body[5 + size :]


def _texts(headers: Iterable[object] | None) -> Headers:
    pairs = [each for each in headers or () if isinstance(each, tuple)]
    return {_text(name): _text(value) for name, value in pairs}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
