"""Mutual TLS: who is let in, who is not, and that certificates rotate without a restart."""

import ssl
import time
from contextlib import closing
from http.client import HTTPSConnection

import grpc
import pytest
from harness.certificates import Authority, client_context, publish, secret, spiffe
from harness.clients import ask, request, talk
from harness.collectors import eventually
from harness.grpc_echo import call, credentials, grpc_echo, stream
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import banner_server, http_echo, https_file, redis_like, tcp_echo

from sidecarctl.envoy.mounts import CERTIFICATES, under
from sidecarctl.prove.certificates import server_context

_ALWAYS = {"hardening": {}, "lifecycle": {}}
_STRICT = _ALWAYS | {"mtls": {}}
_SHOP = spiffe("shop", "prod")
_OURS, _ROGUE = Authority(), Authority("rogue")
SHOP, WEB = _OURS.leaf(_SHOP), _OURS.leaf(spiffe("web", "prod"))


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


@pytest.fixture(scope="module")
def strict(app, tmp_path_factory):
    """A strict listener before *app*; the identities of namespace `prod` may come in."""
    listener = inbound(app.port, tls="strict")
    concerns = _ALWAYS | {"mtls": {"allow": ["spiffe://cluster.local/ns/prod/sa/*"]}}
    with proxied([listener], concerns, root=tmp_path_factory.mktemp("strict"), leaf=SHOP):
        yield listener


def _refused(port, tls=None):
    with pytest.raises(OSError, match=r"reset|EOF|closed|alert|Remote end|ALERT") as caught:
        request(port, tls=tls)
    return caught.value


@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
def test_every_listener_validates_without_a_warning(protocol):
    listeners = [
        *(
            inbound(8080, protocol, tls=mode, name=mode)
            for mode in ("strict", "permissive", "none")
        ),
        outbound(80, protocol, tls="strict", sans=(spiffe("a"), spiffe("b")), sni="a.b.svc"),
        outbound(81, protocol, tls="strict"),
    ]
    allow = ["spiffe://cluster.local/ns/*/sa/web", "spiffe://cluster.local/*", spiffe("a")]
    values = {"minVersion": "1.3", "allow": allow}
    assert build(listeners, _ALWAYS | {"mtls": values}).verdict().messages == ()


def test_a_caller_with_a_right_certificate_comes_in(strict):
    assert request(strict.port, tls=client_context(WEB)).status == 200


def test_the_application_is_told_who_calls_and_no_caller_can_make_it_up(strict):
    forged = {"x-forwarded-client-cert": f"URI={spiffe('admin')}", "x-request-id": "mine"}
    seen = request(strict.port, headers=forged, tls=client_context(WEB)).json["headers"]
    assert seen["x-forwarded-client-cert"].endswith(f";URI={spiffe('web', 'prod')}")
    assert spiffe("admin") not in seen["x-forwarded-client-cert"]
    assert seen["x-request-id"] == "mine"


def test_plaintext_is_refused(strict):
    _refused(strict.port)


def test_a_caller_without_a_certificate_is_refused(strict):
    _refused(strict.port, client_context(trusted=_OURS.certificate))


@pytest.mark.parametrize(
    "leaf",
    [
        _ROGUE.leaf(spiffe("web", "prod"), trusted=_OURS.certificate),
        _OURS.leaf(spiffe("web", "prod"), days=-1),
        _OURS.leaf(spiffe("web", "dev")),
        _OURS.leaf(spiffe("web", "prod", "other.domain")),
        _OURS.leaf(),
    ],
    ids=["other authority", "expired", "other namespace", "other trust domain", "no identity"],
)
def test_a_wrong_certificate_is_refused(strict, leaf):
    _refused(strict.port, client_context(leaf))


def test_without_allow_every_identity_of_the_trust_domain_comes_in(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP):
        anyone = _OURS.leaf(spiffe("any", "where"))
        assert request(listener.port, tls=client_context(anyone)).status == 200
        _refused(listener.port, client_context(_OURS.leaf(spiffe("x", "y", "other.domain"))))


def test_the_lowest_version_can_be_raised(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    with proxied([listener], _ALWAYS | {"mtls": {"minVersion": "1.3"}}, root=tmp_path, leaf=SHOP):
        assert request(listener.port, tls=client_context(WEB)).status == 200
        _refused(listener.port, client_context(WEB, at_most=ssl.TLSVersion.TLSv1_2))


def test_a_caller_that_could_do_http_2_gets_what_the_application_speaks(strict):
    tls = client_context(WEB, alpn=["h2", "http/1.1"])
    with closing(HTTPSConnection("127.0.0.1", strict.port, context=tls, timeout=5)) as connection:
        assert ask(connection).status == 200
        assert connection.sock.selected_alpn_protocol() == "http/1.1"


def test_permissive_takes_both_and_still_refuses_a_wrong_certificate(app, tmp_path):
    listener = inbound(app.port, tls="permissive")
    with proxied([listener], _ALWAYS | {"mtls": {}}, root=tmp_path, leaf=SHOP):
        forged = {"x-forwarded-client-cert": f"URI={spiffe('admin')}"}
        plain = request(listener.port, headers=forged)
        assert plain.status == 200
        assert "x-forwarded-client-cert" not in plain.json["headers"]
        assert request(listener.port, tls=client_context(WEB)).status == 200
        wrong = _ROGUE.leaf(spiffe("web", "prod"), trusted=_OURS.certificate)
        _refused(listener.port, client_context(wrong))


def test_permissive_lets_a_server_speak_first(tmp_path):
    with banner_server() as mysql:
        listener = inbound(mysql.port, "tcp", tls="permissive")
        with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP):
            began = time.monotonic()
            assert talk(listener.port, b"x\n", first=b"220 ready\r\n") == [b"x\n"]
            assert time.monotonic() - began < 10  # by Envoy's own default it waits 15 s
            tls = client_context(WEB)
            assert talk(listener.port, b"x\n", first=b"220 ready\r\n", tls=tls) == [b"x\n"]


def test_strict_tcp_takes_callers_with_a_certificate_alone(tmp_path):
    with redis_like() as redis:
        listener = inbound(redis.port, "tcp", tls="strict")
        with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP):
            assert talk(listener.port, b"PING\r\n", tls=client_context(WEB)) == [b"+PONG\r\n"]
            with pytest.raises(OSError, match=r"reset|closed"):
                talk(listener.port, b"PING\r\n")
    assert redis.seen == [b"PING\r\n"]


def test_grpc_with_certificates(tmp_path):
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc", tls="strict")
        with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP):
            assert call(listener.port, tls=credentials(WEB)) == b"hello"
            with pytest.raises(grpc.RpcError) as caught:
                call(listener.port, timeout_s=2)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def pair(tmp_path):
    """Start a server's and a caller's Envoy that talk mutual TLS; return the caller's port."""
    started = []

    def start(target, protocol, shown=_SHOP):
        server = inbound(target, protocol, tls="strict")
        client = outbound(server.port, protocol, tls="strict", sans=(shown,), sni="shop.prod.svc")
        for name, listener, leaf in (("server", server, SHOP), ("client", client, WEB)):
            envoy = proxied([listener], _STRICT, root=tmp_path / name, leaf=leaf)
            (tmp_path / name).mkdir(exist_ok=True)
            started.append(envoy)
            envoy.__enter__()
        return client.port

    yield start
    for envoy in reversed(started):
        envoy.__exit__(None, None, None)


def test_two_proxies_talk_http(pair, app):
    reply = request(pair(app.port, "http"), "/x", "POST", body=b"1")
    assert reply.status == 200
    uri = reply.json["headers"]["x-forwarded-client-cert"]
    assert uri.endswith(f";URI={spiffe('web', 'prod')}")


def test_two_proxies_talk_grpc(pair):
    with grpc_echo() as app:
        port = pair(app.port, "grpc")
        assert call(port) == b"hello"
        assert stream(port, b"ab") == [b"a", b"b"]


def test_two_proxies_carry_h2c_on_an_http_port(pair):
    with grpc_echo() as app:
        assert call(pair(app.port, "http")) == b"hello"


def test_two_proxies_carry_tcp(pair):
    with banner_server() as mysql:
        assert talk(pair(mysql.port, "tcp"), b"x\n", first=b"220 ready\r\n") == [b"x\n"]


def test_a_server_with_another_identity_is_not_believed(pair, app):
    assert request(pair(app.port, "http", shown=spiffe("orders", "prod"))).status == 503


@pytest.mark.parametrize(
    ("leaf", "status"),
    [
        (SHOP, 200),
        (_ROGUE.leaf(_SHOP, trusted=_OURS.certificate), 503),
        (_OURS.leaf(_SHOP, days=-1), 503),
        (WEB, 503),
    ],
    ids=["right", "other authority", "expired", "other identity"],
)
def test_a_server_is_called_only_with_a_right_certificate(tmp_path, leaf, status):
    with https_file(["hello"], server_context(leaf, ())) as port:
        listener = outbound(port, tls="strict", sans=(_SHOP,), sni="shop.prod.svc")
        with proxied([listener], _STRICT, root=tmp_path, leaf=WEB):
            assert request(listener.port).status == status


def test_a_key_that_does_not_fit_its_certificate_is_not_taken(app, tmp_path):
    listener, mount = inbound(app.port, tls="strict"), under(tmp_path, CERTIFICATES)
    with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP) as envoy:
        before, other = _serial(listener.port, WEB), _OURS.leaf(_SHOP)
        publish(mount, secret(other) | {"tls.key": SHOP.key})
        eventually(lambda: "KEY_VALUES_MISMATCH" in "".join(envoy.messages()))
        assert _serial(listener.port, WEB) == before
        assert request(listener.port, tls=client_context(WEB)).status == 200
        publish(mount, secret(other))
        eventually(lambda: _serial(listener.port, WEB) != before)


def test_certificates_rotate_without_a_restart(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    with proxied([listener], _STRICT, root=tmp_path, leaf=SHOP) as envoy:
        before = _serial(listener.port, WEB)
        other = Authority("next")
        both = _OURS.certificate + other.certificate
        mount = under(tmp_path, CERTIFICATES)
        publish(mount, secret(_OURS.leaf(spiffe("shop", "prod"), trusted=both)))
        eventually(lambda: _serial(listener.port, WEB) != before)
        newcomer = other.leaf(spiffe("web", "prod"), trusted=both)
        eventually(lambda: request(listener.port, tls=client_context(newcomer)).status == 200)
        publish(mount, secret(other.leaf(spiffe("shop", "prod"))))
        eventually(lambda: _is_refused(listener.port, WEB))
        assert envoy.alive
        assert envoy.messages() == ()


def _serial(port, leaf):
    with closing(HTTPSConnection("127.0.0.1", port, context=client_context(leaf))) as connection:
        connection.connect()
        return connection.sock.getpeercert()["serialNumber"]


def _is_refused(port, leaf):
    trusted = Authority().certificate  # the answer is not checked here
    context = client_context(leaf, trusted=trusted)
    context.verify_mode = ssl.CERT_NONE
    try:
        request(port, tls=context)
    except OSError:
        return True
    return False


def test_connections_are_renewed_between_requests_and_streams_are_not_cut(tmp_path):
    with grpc_echo() as app:
        listener = inbound(app.port, "grpc", tls="strict")
        values = {"mtls": {"maxConnectionAge": "200ms"}}
        with proxied([listener], _ALWAYS | values, root=tmp_path, leaf=SHOP):
            assert len(stream(listener.port, b"x" * 20, tls=credentials(WEB))) == 20  # 1 s


def test_http_connections_are_renewed(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    concerns = _ALWAYS | {"mtls": {"maxConnectionAge": "100ms"}}
    with proxied([listener], concerns, root=tmp_path, leaf=SHOP):
        tls = client_context(WEB)
        with closing(HTTPSConnection("127.0.0.1", listener.port, context=tls)) as connection:
            assert "connection" not in ask(connection).headers
            time.sleep(0.2)
            assert ask(connection).headers["connection"] == "close"


def test_a_missing_certificate_holds_nothing_up(tmp_path):
    with tcp_echo() as app:
        listener = inbound(app.port, "tcp", tls="strict")
        with proxied([listener], _STRICT, root=tmp_path) as envoy:
            assert envoy.admin("/ready").body == "LIVE\n"
            assert _is_refused_tcp(listener.port)
            for _ in range(2):  # the links to new keys come after the change that is watched
                publish(under(tmp_path, CERTIFICATES), secret(SHOP))
            eventually(lambda: not _is_refused_tcp(listener.port))


def _is_refused_tcp(port):
    try:
        return talk(port, b"x\n", tls=client_context(WEB)) != [b"x\n"]
    except OSError:
        return True
