"""Callers: one request on a connection of its own, many on one, lines over TCP."""

import json
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPException

from msgspec import Struct, field

from sidecarctl.findings import JsonObject

_PIPELINED = 100
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Ask(Struct, frozen=True):
    """A request to send: the method, the path, headers, a body."""

    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = "localhost"
    body: bytes = b""

    def text(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"content-length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


class Reply(Struct, frozen=True):
    """An answer; header names are lower case. *status* 0 says why there was none, in *error*."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    seconds: float = 0.0

    @property
    def said(self) -> str:
        """Return the status as a word of the table, or what came in its place."""
        return str(self.status) if self.status else self.error

    @property
    def echoed(self) -> Mapping[str, str]:
        """Return the headers that the application says it saw, ``{}`` where it did not answer."""
        try:
            data: JsonObject = json.loads(self.body)
        except ValueError:
            return {}
        headers = data.get("headers")
        return {k: str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}


@contextmanager
def connection(
    port: int,
    tls: ssl.SSLContext | None = None,
    name: str = "",
    timeout_s: float = 5.0,
    *,
    source: str = "",
) -> Iterator[socket.socket]:
    """Open a connection to 127.0.0.1:*port*, with TLS where it is given; *name* is the SNI.

    *source* is the loopback address to come from.

    Raises:
        OSError: it was refused, or the handshake failed.
    """
    come_from = (source, 0) if source else None
    with closing(socket.create_connection(("127.0.0.1", port), timeout_s, come_from)) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is None:
            yield plain
            return
        with closing(tls.wrap_socket(plain, server_hostname=name or None)) as wrapped:
            yield wrapped


def exchange(connected: socket.socket, ask: Ask) -> Reply:
    """Send *ask* on an open connection and read the answer.

    Raises:
        OSError: the connection was cut, or nothing came in time.
    """
    began = time.monotonic()
    connected.sendall(ask.text())
    reader = _Reader(connected)
    status, headers = reader.head()
    body = b"" if ask.method == "HEAD" else reader.body(headers)
    return Reply(status, headers, body, seconds=time.monotonic() - began)


def send(
    port: int, ask: Ask, tls: ssl.SSLContext | None = None, name: str = "", timeout_s: float = 8.0
) -> Reply:
    """Send *ask* on a connection of its own; a refusal is a reply of status 0 that says which."""
    began = time.monotonic()
    try:
        with connection(port, tls, name, timeout_s) as connected:
            return exchange(connected, ask)
    except (OSError, HTTPException, ValueError) as error:
        return Reply(0, error=refusal(error), seconds=time.monotonic() - began)


def refusal(error: Exception) -> str:
    """Say in a few words how a connection failed."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        alert = re.search(r"alert[ _](?:sslv3 )?([\w ]+?)(?: \(|\]|$)", str(error).lower())
        return f"TLS refused: {alert[1].replace('_', ' ')}" if alert else "TLS refused"
    return "connection closed"


def statuses(  # noqa: PLR0913  keyword-only where it may be left out
    port: int,
    ask: Ask,
    count: int,
    tls: ssl.SSLContext | None = None,
    name: str = "",
    *,
    source: str = "",
) -> Counter[str]:
    """Send *ask* *count* times, many at once on one connection, and count the answers.

    Envoy hangs up where answers of its own pile up before those of a pipeline ("too many responses
    queued"): what it has not looked at then is sent one by one.
    """
    found: Counter[str] = Counter()
    batch, left = _PIPELINED, count
    while left:
        size = min(batch, left)
        answered = 0
        try:
            with connection(port, tls, name, source=source) as connected:
                reader = _Reader(connected)
                for _ in range(0, left, size) if size == 1 else (0,):
                    connected.sendall(ask.text() * size)
                    for _ in range(size):
                        found[str(reader.answer(ask))] += 1
                        answered += 1
        except (OSError, ValueError) as error:
            if not answered:
                found[refusal(error)] += 1
                answered = 1
            batch = 1
        left -= answered
    return found


class _Reader:
    """Reads HTTP/1.1 answers off a connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self._data = connected, b""

    def head(self) -> tuple[int, dict[str, str]]:
        while True:
            while b"\r\n\r\n" not in self._data:
                self._more()
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            match = _STATUS.match(head)
            if not match:
                raise ValueError("no HTTP")
            status = int(match[1])
            if status not in (100, 102, 103):
                break
        pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
        return status, {name.lower(): value.strip() for name, _, value in pairs}

    def answer(self, ask: Ask) -> int:
        """Read an answer to *ask* and return its status."""
        status, headers = self.head()
        if ask.method != "HEAD":
            self.body(headers)
        return status

    def body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        size = int(headers.get("content-length", 0))
        while len(self._data) < size:
            self._more()
        body, self._data = self._data[:size], self._data[size:]
        return body

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._data:
                self._more()
            line, _, self._data = self._data.partition(b"\r\n")
            size = int(line, 16)
            while len(self._data) < size + 2:
                self._more()
            body += self._data[:size]
            self._data = self._data[size + 2 :]
            if not size:
                return body

    def _more(self) -> None:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionResetError("the connection was closed")
        self._data += data
