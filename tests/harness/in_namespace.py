"""What runs inside a namespace, as a user of its own: servers, or one request.

UID serve KIND,ADDRESS,PORT,TITLE …   until stdin is closed; KIND is http or banner
UID get URL [HOST]                    prints {"status", "body"} or {"error"}
UID hear ADDRESS PORT                 prints {"said", "seconds"} or {"error"}
"""

import encodings.idna  # noqa: F401  another user may not be able to read the library any more
import json
import os
import socket
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    title = ""
    tries: dict


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        count = self.server.tries[self.path] = self.server.tries.get(self.path, 0) + 1
        status = 503 if self.path.startswith("/flaky") and count == 1 else 200
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = {"title": self.server.title, "headers": headers, "from": self.client_address[0]}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep quiet."""


def _http(address, port, title):
    kind = type("Server", (_Server,), {"address_family": _family(address)})
    server = kind((address, port), _Handler)
    server.title, server.tries = title, {}
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _banner(address, port, title):
    listening = socket.create_server((address, port), family=_family(address))

    def run():
        while True:
            connected, where = listening.accept()
            connected.sendall(f"220 {title} {where[0]}\n".encode())
            connected.close()

    threading.Thread(target=run, daemon=True).start()


def serve(*servers):
    kinds = {"http": _http, "banner": _banner}
    for each in servers:
        kind, address, port, title = each.split(",")
        kinds[kind](address, int(port), title)
    _say("ready")
    sys.stdin.read()


def get(url, host=""):
    parts = urlsplit(url)
    try:
        connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=5)
        connection.request("GET", parts.path or "/", headers={"host": host} if host else {})
        response = connection.getresponse()
        text = response.read().decode()
        _say(json.dumps({"status": response.status, "body": _data(text)}))
    except (OSError, HTTPException) as error:
        _say(json.dumps({"error": type(error).__name__}))


def _say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _data(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def hear(address, port):
    began = time.monotonic()
    try:
        with socket.create_connection((address, int(port)), 5) as connected:
            said = connected.recv(100).decode()
        _say(json.dumps({"said": said, "seconds": time.monotonic() - began}))
    except OSError as error:
        _say(json.dumps({"error": type(error).__name__}))


if __name__ == "__main__":
    uid, verb, *words = sys.argv[1:]
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))
    {"serve": serve, "get": get, "hear": hear}[verb](*words)
