"""Certificates from every source: what is served, and that a new one comes without a failure."""

import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPSConnection

import pytest
from harness.certificates import Authority, client_context, publish, secret, spiffe
from harness.clients import ask, request
from harness.collectors import eventually
from harness.proxy import build, inbound, outbound, serving
from harness.servers import http_echo, https_file
from harness.workload_api import Agent, workload_api

from sidecarctl.envoy.mounts import CERTIFICATES, under
from sidecarctl.prove.certificates import server_context

_ALWAYS = {"hardening": {}, "lifecycle": {}}
_STRICT = _ALWAYS | {"mtls": {}}
_SHOP = spiffe("shop", "prod")
_OURS, _ROGUE = Authority(), Authority("rogue")
WEB = _OURS.leaf(spiffe("web", "prod"))
_ISSUER = {"issuer": {"name": "mesh-ca"}}
SOURCES = {
    "secret": {},
    "certificate": _ISSUER,
    "certManagerCsi": _ISSUER,
    "spiffeCsi": {},
    "podCertificate": {"signer": "example.com/spiffe"},
}


def _bundle(leaf):
    """Return what the kubelet projects for a pod certificate: key and chain in one file."""
    return {"bundle.pem": leaf.bundle, "ca.crt": leaf.trusted}


def _one_by_one(mount, files):
    """Replace each of *files* in one step, but not all of them: what a simple driver does."""
    mount.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (mount / f".{name}").write_bytes(content)
        (mount / f".{name}").rename(mount / name)


_LAYOUTS = {
    "secret": (publish, secret),
    "certificate": (publish, secret),
    "certManagerCsi": (publish, secret),
    "certManagerCsi, file by file": (_one_by_one, secret),
    "podCertificate": (publish, _bundle),
}


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


def _built(listener, source):
    return build([listener], _STRICT, certificates={"from": source, **SOURCES[source]})


@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_validates_without_a_warning(source, protocol):
    listeners = [
        inbound(8080, protocol, tls="strict", name="strict"),
        inbound(8080, protocol, tls="permissive", name="permissive"),
        outbound(80, protocol, tls="strict", sans=(_SHOP,), sni="shop.prod.svc"),
    ]
    given = {"from": source, **SOURCES[source]}
    assert build(listeners, _STRICT, certificates=given).verdict().messages == ()


@pytest.mark.parametrize("layout", _LAYOUTS)
def test_a_new_certificate_comes_while_requests_run(app, tmp_path, layout):
    write, files = _LAYOUTS[layout]
    listener, mount = inbound(app.port, tls="strict"), under(tmp_path, CERTIFICATES)
    write(mount, files(_OURS.leaf(_SHOP)))
    with serving(_built(listener, layout.partition(",")[0]), root=tmp_path) as envoy:
        with _calling(listener.port) as calls:
            _rotate(listener.port, calls, lambda: write(mount, files(_OURS.leaf(_SHOP))))
        assert calls.failed == []
        _refuses_strangers(listener.port)
        assert envoy.alive


def test_the_workload_api_gives_certificates_and_new_ones(app, tmp_path):
    listener, agent = inbound(app.port, tls="strict"), Agent()
    agent.publish(_SHOP, _OURS.leaf(_SHOP))
    with (
        workload_api(_socket(tmp_path), agent),
        serving(_built(listener, "spiffeCsi"), root=tmp_path) as envoy,
    ):
        with _calling(listener.port) as calls:
            _rotate(listener.port, calls, lambda: agent.publish(_SHOP, _OURS.leaf(_SHOP)))
        assert calls.failed == []
        _refuses_strangers(listener.port)
        assert envoy.messages() == ()


def test_an_agent_may_come_late_and_gives_no_other_identity(app, tmp_path):
    listener, agent = inbound(app.port, tls="strict"), Agent()
    other = spiffe("other", "prod")
    agent.publish(other, _OURS.leaf(other))
    with serving(_built(listener, "spiffeCsi"), root=tmp_path, ready_s=30) as envoy:
        assert _is_refused(listener.port)  # after 15 s Envoy goes on without certificates
        with workload_api(_socket(tmp_path), agent):
            eventually(lambda: _SHOP in agent.refused, timeout_s=40)
            assert _is_refused(listener.port)
            agent.publish(_SHOP, _OURS.leaf(_SHOP))
            eventually(lambda: not _is_refused(listener.port), timeout_s=40)
        assert request(listener.port, tls=client_context(WEB)).status == 200
        assert envoy.alive


@pytest.mark.parametrize(
    ("source", "uri", "status"),
    [("secret", None, 200), ("spiffeCsi", None, 503), ("spiffeCsi", spiffe("db", "prod"), 200)],
)
def test_authorities_of_spire_vouch_for_spiffe_names_alone(tmp_path, source, uri, status):
    agent, leaf = Agent(), _OURS.leaf(_SHOP)
    agent.publish(_SHOP, leaf)
    if source == "secret":
        publish(under(tmp_path, CERTIFICATES), secret(leaf))
    with (
        workload_api(_socket(tmp_path), agent),
        https_file(["hello"], server_context(_OURS.leaf(uri), ())) as port,
    ):
        values = {"name": "db", "protocol": "http", "tls": "mutual", "ca": "mesh"}
        listener = outbound(port, tls="mutual", sni="localhost", values=values,
                            sans=(uri or "localhost",))  # fmt: skip
        built = build([listener], _ALWAYS | {"egress": {}}, certificates={"from": source})
        with serving(built, root=tmp_path):
            assert request(listener.port).status == status


class _Calls:
    def __init__(self):
        self.count, self.failed = 0, []


@contextmanager
def _calling(port):
    """Send requests on new connections, and on one that stays open, until the block ends."""
    calls, ended = _Calls(), threading.Event()

    def once(connection):
        try:
            status = ask(connection).status
        except OSError as error:
            status = error
        calls.count += 1
        if status != 200:
            calls.failed.append(status)

    def keep_calling():
        with closing(_connection(port)) as kept:
            while not ended.is_set():
                once(kept)
                with closing(_connection(port)) as fresh:
                    once(fresh)
                time.sleep(0.01)

    thread = threading.Thread(target=keep_calling)
    thread.start()
    try:
        yield calls
    finally:
        ended.set()
        thread.join()


def _rotate(port, calls, publish_another):
    """Bring three new certificates, one after another, each while requests go on."""
    for _ in range(3):
        before, done = _serial(port), calls.count
        publish_another()
        eventually(lambda before=before: _serial(port) != before)
        eventually(lambda done=done: calls.count > done + 6)


def _connection(port):
    return HTTPSConnection("127.0.0.1", port, context=client_context(WEB), timeout=5)


def _serial(port):
    with closing(_connection(port)) as connection:
        connection.connect()
        return connection.sock.getpeercert()["serialNumber"]


def _refuses_strangers(port):
    web = spiffe("web", "prod")
    for leaf in (
        None,
        _ROGUE.leaf(web, trusted=_OURS.certificate),
        _OURS.leaf(web, days=-1),
        _OURS.leaf(spiffe("web", "prod", "other.domain")),
    ):
        with pytest.raises(OSError, match=r"reset|EOF|closed|alert|Remote end|ALERT"):
            request(port, tls=client_context(leaf, trusted=_OURS.certificate))


def _is_refused(port):
    try:
        return request(port, tls=client_context(WEB)).status != 200
    except OSError:
        return True


def _socket(root):
    folder = under(root, CERTIFICATES)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "spire-agent.sock"
