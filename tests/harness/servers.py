"""Applications to stand behind an Envoy: HTTP/1.1, Redis-like, echo and server-first TCP."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as the application saw it; header names are lower case."""

    method: str
    path: str
    headers: dict
    body: bytes


@dataclass
class Upstream:
    """A server that runs: its *port*, and what it has *seen* (requests, or lines).

    Requests that are held are answered once *released* is set.
    """

    port: int
    seen: list = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class _Threads(socketserver.ThreadingMixIn):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _HttpServer(_Threads, ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Keep quiet: a caller that hangs up is what many tests are about."""


class _TcpServer(_Threads, socketserver.TCPServer):
    def handle_error(self, request, client_address):
        """Keep quiet, as above."""


@contextmanager
def http_echo(name="app", *, port=0, watch=None):
    """Run an HTTP/1.1 application that answers with what it saw, as JSON, and its own *name*.

    ``/status/<code>``, ``/delay/<ms>``, ``/bytes/<count>``; ``/flaky/<n>?id=<x>`` fails with 503
    the first *n* times that *x* is asked for; ``/slow/<n>?id=<x>&ms=<ms>`` is late the first *n*
    times; ``/reset`` hangs up; ``/hold`` waits until ``released`` is set. Anything else is 200.
    *watch* is told of every request.
    """
    tries = {}

    class Handler(_EchoHandler):
        upstream = Upstream(0)
        title = name

        def note(self, request):
            self.upstream.seen.append(request)
            if watch:
                watch(request)

        def count(self, key):
            tries[key] = tries.get(key, 0) + 1
            return tries[key]

    server = _HttpServer(("127.0.0.1", port), Handler)
    Handler.upstream.port = server.server_address[1]
    with _serving(server):
        yield Handler.upstream


@contextmanager
def https_file(content, tls, *, port=0):
    """Run a server that answers every GET over *tls* with the text in the list *content*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = content[0].encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Keep quiet."""

    class Server(_HttpServer):
        def finish_request(self, request, client_address):
            with contextlib.suppress(OSError), tls.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)

    server = Server(("127.0.0.1", port), Handler)
    with _serving(server):
        yield server.server_address[1]


@contextmanager
def tcp_echo(*, port=0):
    """Run a server that sends back every line it gets."""
    with _tcp(lambda line: line, port=port) as upstream:
        yield upstream


@contextmanager
def redis_like(*, port=0):
    """Run a server that speaks second: ``PING`` gets ``+PONG``, ``INFO`` a bulk string."""
    answers = {b"PING": b"+PONG\r\n", b"INFO": b"$13\r\nredis_like:1\n\r\n"}

    def answer(line):
        return answers.get(line.strip().upper(), b"-ERR unknown command\r\n")

    with _tcp(answer, port=port) as upstream:
        yield upstream


@contextmanager
def banner_server(*, port=0, banner=b"220 ready\r\n"):
    """Run a server that speaks first, as MySQL and SMTP do, and then sends lines back."""
    with _tcp(lambda line: line, port=port, banner=banner) as upstream:
        yield upstream


@contextmanager
def silent_server():
    """Run a server that accepts connections (as many as wait in the backlog) and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield Upstream(listening.getsockname()[1])


@contextmanager
def full_server():
    """Run a server that takes no connection any more: whoever comes waits, as for a lost packet."""
    with contextlib.ExitStack() as stack, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):  # more than the kernel puts into the queue of a backlog of 0
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield Upstream(listening.getsockname()[1])


@contextmanager
def silent_resolver():
    """Run a DNS server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield Upstream(bound.getsockname()[1])


@contextmanager
def slow_resolver(delay_s):
    """Run a DNS server that says of every name, after *delay_s*, that it is 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_resolve, args=(bound, delay_s), daemon=True)
        thread.start()
        yield Upstream(bound.getsockname()[1])
        bound.sendto(b"", bound.getsockname())
        thread.join()


def _resolve(bound, delay_s):
    while True:
        query, asker = bound.recvfrom(512)
        if not query:
            return
        end = query.index(b"\0", 12) + 5
        is_ipv4 = query[end - 4 : end - 2] == b"\0\1"
        head = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_ipv4 else b"\0\0") + b"\0\0\0\0"
        found = b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x7f\0\0\1" if is_ipv4 else b""
        answer = threading.Timer(delay_s, bound.sendto, (head + query[12:end] + found, asker))
        answer.daemon = True
        answer.start()


@contextmanager
def _tcp(answer, *, port, banner=b""):
    upstream = Upstream(0)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(banner)
            for line in self.rfile:
                upstream.seen.append(line)
                self.wfile.write(answer(line))

    server = _TcpServer(("127.0.0.1", port), Handler)
    upstream.port = server.server_address[1]
    with _serving(server):
        yield upstream


@contextmanager
def _serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _EchoHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: no delayed ACK of 40 ms between them

    def handle_all(self):
        body = self.read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.note(request)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        verb, _, argument = parts.path.strip("/").partition("/")
        status, answer = 200, self.echo(request)
        if verb == "status":
            status = int(argument)
        elif verb == "delay":
            time.sleep(int(argument) / 1000)
        elif verb == "bytes":
            answer = b"x" * int(argument)
        elif verb == "hold":
            self.upstream.released.wait(5)
        elif verb == "reset":
            self.close_connection = True
            return
        elif verb == "flaky" and self.count(query["id"]) <= int(argument):
            status = 503
        elif verb == "slow" and self.count(query["id"]) <= int(argument):
            time.sleep(int(query["ms"]) / 1000)
        self.answer(status, answer)

    def read_body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = handle_all  # noqa: N815

    def echo(self, request):
        said = {
            "name": self.title,
            "method": request.method,
            "path": request.path,
            "headers": request.headers,
            "length": len(request.body),
        }
        return json.dumps(said).encode()

    def answer(self, status, body):
        with contextlib.suppress(OSError):  # the caller may have given up
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep quiet."""
