"""Dependencies on loopback ports: their protocol, their TLS, their own timeouts."""

import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from harness.certificates import Authority, publish, secret, spiffe
from harness.clients import request, talk
from harness.proxy import build, outbound, proxied
from harness.servers import http_echo, redis_like

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.schema import read_schema

_ALWAYS = {"hardening": {}, "lifecycle": {}, "egress": {}}
_OURS = Authority()
WEB = _OURS.leaf(spiffe("web", "prod"))


def _dependency(target, tls="none", protocol="http", host="localhost", **entry):
    kind = protocol if protocol in {"http", "grpc"} else "tcp"
    values = {"name": "dep", "protocol": protocol, "tls": tls, **entry}
    return outbound(
        target,
        kind,
        target_host=host,
        tls=tls,
        sans=tuple(entry.get("sans", ())),
        sni=entry.get("sni", host),
        values=values,
    )


@contextmanager
def _tls_server(folder, leaf, *, demands_certificate=False, alpn=()):
    """Run an HTTPS application; yield its port and what peers have shown it and asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(cadata=leaf.trusted.decode())
    context.verify_mode = ssl.CERT_REQUIRED if demands_certificate else ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    shown = []
    context.sni_callback = lambda _connected, name, _context: shown.append(("sni", name))
    publish(folder, secret(leaf))
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            names = dict(self.connection.getpeercert() or {}).get("subjectAltName", ())
            shown.append(("peer", names))
            shown.append(("alpn", self.connection.selected_alpn_protocol()))
            shown.append(("host", self.headers["host"]))
            shown.append(("scheme", self.headers["x-forwarded-proto"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Keep quiet: refused handshakes are what the tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("tls", ["none", "simple", "mutual"])
@pytest.mark.parametrize("host", ["db.prod.svc", "10.0.0.1", "fd00::1"])
def test_every_dependency_validates_without_a_warning(tls, host):
    listeners = [
        _dependency(5432 + index, tls, protocol, host)
        for index, protocol in enumerate(("http", "grpc", "tcp", "postgres"))
    ]
    assert build(listeners, _ALWAYS).verdict().messages == ()


@pytest.mark.parametrize("ca", ["system", "mesh"])
@pytest.mark.parametrize("sans", [["a.example", spiffe("db"), "10.0.0.1", "fd00::1"]])
def test_every_name_validates_without_a_warning(ca, sans):
    listener = _dependency(443, "simple", ca=ca, sans=sans)
    built = build([listener], _ALWAYS)
    assert built.verdict().messages == ()
    (cluster,) = (
        each
        for each in yaml.safe_load(built.text)["static_resources"]["clusters"]
        if each["name"] == listener.name
    )
    context = cluster["transport_socket"]["typed_config"]["common_tls_context"]
    matched = context["combined_validation_context"]["default_validation_context"]
    kinds = [each["san_type"] for each in matched["match_typed_subject_alt_names"]]
    assert kinds == ["DNS", "URI", "IP_ADDRESS", "IP_ADDRESS"]


def test_plaintext_dependencies():
    with http_echo() as rates, redis_like() as redis:
        http, tcp = _dependency(rates.port), _dependency(redis.port, protocol="tcp")
        with proxied([http, tcp], _ALWAYS):
            assert request(http.port).json["headers"]["host"] == f"localhost:{rates.port}"
            assert talk(tcp.port, b"PING\r\n") == [b"+PONG\r\n"]


def test_simple_tls_checks_the_server_by_name_and_shows_nothing(tmp_path):
    with _tls_server(tmp_path / "server", _OURS.leaf(dns=("localhost",))) as (port, shown):
        listener = _dependency(port, "simple", ca="mesh")
        with proxied([listener], _ALWAYS, root=tmp_path, leaf=WEB):
            assert request(listener.port).status == 200
    host = f"localhost:{port}"
    assert shown == [
        ("sni", "localhost"),
        ("peer", ()),
        ("alpn", None),
        ("host", host),
        ("scheme", "https"),
    ]


def test_mutual_tls_shows_the_certificate_of_the_workload(tmp_path):
    server = _tls_server(
        tmp_path / "server", _OURS.leaf(dns=("localhost",)), demands_certificate=True
    )
    with server as (port, shown):
        listener = _dependency(port, "mutual")
        with proxied([listener], _ALWAYS, root=tmp_path, leaf=WEB):
            assert request(listener.port).status == 200
    assert ("URI", spiffe("web", "prod")) in dict(shown)["peer"]


@pytest.mark.parametrize(
    ("leaf", "entry"),
    [
        (_OURS.leaf(dns=("other",)), {"ca": "mesh"}),
        (_OURS.leaf(dns=("localhost",)), {"ca": "mesh", "sans": ["other"]}),
        (_OURS.leaf(dns=("localhost",)), {"ca": "mesh", "sans": [spiffe("db")]}),
        (_OURS.leaf(dns=("localhost",)), {"ca": "system"}),
        (Authority("rogue").leaf(dns=("localhost",)), {"ca": "mesh"}),
    ],
    ids=["other host", "not in sans", "no identity", "no public authority", "other authority"],
)
def test_a_server_that_is_not_the_right_one_is_not_called(tmp_path, leaf, entry):
    with _tls_server(tmp_path / "server", leaf) as (port, shown):
        listener = _dependency(port, "simple", **entry)
        with proxied([listener], _ALWAYS, root=tmp_path, leaf=WEB):
            assert request(listener.port).status == 503
    assert [what for what, _ in shown] == ["sni"]


def test_names_of_its_own(tmp_path):
    with _tls_server(tmp_path / "server", _OURS.leaf(uri=spiffe("db"), dns=("db.example",))) as (
        port,
        shown,
    ):
        entry = {"ca": "mesh", "sans": ["db.example", spiffe("db")], "sni": "db.example"}
        listener = _dependency(port, "simple", **entry)
        with proxied([listener], _ALWAYS, root=tmp_path, leaf=WEB):
            assert request(listener.port).status == 200
    assert shown[0] == ("sni", "db.example")


def test_postgres_asks_for_its_protocol_by_name(tmp_path):
    leaf = _OURS.leaf(dns=("localhost",))
    server = _tls_server(tmp_path / "server", leaf, demands_certificate=True, alpn=["postgresql"])
    with server as (port, shown):
        listener = _dependency(port, "mutual", "postgres")
        with proxied([listener], _ALWAYS, root=tmp_path, leaf=WEB):
            # The proxy passes bytes on: that they are HTTP here does not matter.
            assert request(listener.port).status == 200
    assert dict(shown)["alpn"] == "postgresql"


@pytest.mark.parametrize("name", ["timeouts", "retries", "circuitBreaker"])
def test_a_dependency_may_say_of_a_concern_what_the_concern_takes(name):
    own = read_schema(concerns()["egress"].folder / "values.schema.json")["$defs"]
    theirs = read_schema(concerns()[name].folder / "values.schema.json")
    assert own[name]["properties"] == theirs["properties"]
    assert theirs.get("$defs", {}).items() <= own.items()
