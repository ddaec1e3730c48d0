"""Callers: one HTTP/1.1 request on one fresh connection, lines over TCP."""

import json
import socket
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; header names are lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def request(port, path="/", method="GET", *, headers=None, body=None, tls=None, timeout_s=5.0):
    """Send one request to 127.0.0.1:*port* on a connection of its own; *tls* is an SSLContext.

    Raises:
        OSError: nobody listens, the connection was cut, TLS failed.
    """
    kind = HTTPSConnection if tls else HTTPConnection
    options = {"context": tls} if tls else {}
    with closing(kind("127.0.0.1", port, timeout=timeout_s, **options)) as connection:
        return ask(connection, path, method, headers=headers, body=body)


def ask(connection, path="/", method="GET", *, headers=None, body=None):
    """Send one request on *connection* (an HTTPConnection), which stays open."""
    connection.request(method, path, body=body, headers=headers or {})
    response = connection.getresponse()
    fields = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, fields, response.read())


def talk(port, *lines, first=b"", tls=None, timeout_s=3.0):
    """Send *lines* over TCP and return what came back for each, after waiting for *first*.

    Raises:
        OSError: the connection was refused, cut, or silent for *timeout_s*.
    """
    with (
        socket.create_connection(("127.0.0.1", port), timeout_s) as plain,
        closing(tls.wrap_socket(plain) if tls else plain) as connected,
        closing(connected.makefile("rb")) as stream,
    ):
        if first:
            _expect(stream, first)
        return [_exchange(connected, stream, line) for line in lines]


def _exchange(connected, stream, line):
    connected.sendall(line)
    answer = stream.readline()
    if not answer:
        raise ConnectionResetError("the connection was closed")
    return answer


def _expect(stream, first):
    got = stream.read(len(first))
    if got != first:
        raise ConnectionResetError(f"expected {first!r} first, got {got!r}")
