"""Who may call what: by identity, path, method, header and address, and nobody by default."""

import grpc
import pytest
from harness.certificates import Authority, client_context, spiffe
from harness.clients import request, talk
from harness.grpc_echo import STREAM, UNARY, call, credentials, grpc_echo
from harness.proxy import build, inbound, proxied
from harness.servers import banner_server, http_echo, redis_like

_OURS = Authority()
SHOP, WEB, OPS = (_OURS.leaf(spiffe(name, "prod")) for name in ("shop", "web", "ops"))
_WEB = {"from": [spiffe("web", "prod")]}
_EVERY_FIELD = {
    "name": "all",
    "from": ["anonymous", "spiffe://cluster.local/ns/*/sa/web", spiffe("ops")],
    "ports": [8080],
    "paths": ["/a", "/b/*", "/c/*/d", "*"],
    "methods": ["GET", "POST"],
    "headers": {"x-a": "b", "x-c": "d*"},
    "sources": ["10.0.0.0/8", "fd00::/8"],
}


def _concerns(*rules, **values):
    return {
        "hardening": {},
        "lifecycle": {},
        "mtls": {"allow": ["spiffe://cluster.local/*"]},
        "accessControl": {"rules": list(rules), **values},
    }


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


@pytest.fixture
def guard(app, tmp_path):
    """Start an Envoy before *app* with the given rules; return its port."""
    started = []

    def start(*rules, tls="strict", target=None, protocol="http", **values):
        listener = inbound(target or app.port, protocol, tls=tls)
        concerns = _concerns(*rules, **values)
        envoy = proxied([listener], concerns, root=tmp_path, leaf=SHOP)
        started.append(envoy)
        started.append(envoy.__enter__())
        return listener.port

    yield start
    if started:
        started[0].__exit__(None, None, None)


def _status(port, path="/", method="GET", leaf=WEB, headers=None):
    tls = client_context(leaf) if leaf else None
    return request(port, path, method, headers=headers, tls=tls).status


@pytest.mark.parametrize("mode", ["enforce", "shadow"])
@pytest.mark.parametrize(
    "rules",
    [[_EVERY_FIELD], [_WEB], [{"from": ["anonymous"]}], [{}], [{"ports": [1]}], [_WEB, {}]],
    ids=["every field", "identity", "anonymous", "everybody", "another port", "two"],
)
def test_every_listener_validates_without_a_warning(mode, rules):
    listeners = [
        inbound(8080, protocol, tls=tls, name=f"{protocol}-{tls}")
        for protocol in ("http", "grpc", "tcp")
        for tls in ("none", "permissive", "strict")
    ]
    assert build(listeners, _concerns(*rules, mode=mode)).verdict().messages == ()


def test_what_no_rule_allows_is_refused(guard):
    port = guard(_WEB | {"methods": ["GET", "POST"], "paths": ["/api/*", "/exact"]})
    assert _status(port, "/api/x?q=1") == 200
    assert _status(port, "/api/x", "POST") == 200
    assert _status(port, "/exact") == 200
    assert _status(port, "/api/x", "DELETE") == 403
    assert _status(port, "/api") == 403
    assert _status(port, "/exact/") == 403
    assert _status(port, "/API/x") == 403
    assert _status(port, "/api/x", leaf=OPS) == 403


@pytest.mark.parametrize(
    "path", ["//admin", "/x/../admin", "/x/%2e%2e/admin", "/%61dmin", "/./admin", "/api/../admin"]
)
def test_no_spelling_of_a_path_gets_around_a_rule(guard, app, path):
    assert _status(guard(_WEB | {"paths": ["/api/*", "/x/*"]}), path) == 403


@pytest.mark.parametrize(("choice", "status"), [("redirect", 307), ("reject", 400), ("keep", 200)])
def test_escaped_slashes(guard, choice, status):
    port = guard(_WEB | {"paths": ["/x/*"]}, escapedSlashes=choice)
    assert _status(port, "/x/a%2fb") == status


def test_headers_and_ports_must_fit(guard, app):
    port = guard(_WEB | {"headers": {"x-tenant": "acme*"}, "ports": [app.port]})
    assert _status(port, headers={"x-tenant": "acme-1"}) == 200
    assert _status(port, headers={"x-tenant": "other"}) == 403
    assert _status(port) == 403


def test_a_rule_for_another_port_allows_nothing(guard):
    assert _status(guard(_WEB | {"ports": [1]})) == 403


def test_identities_by_pattern(guard):
    port = guard({"from": ["spiffe://cluster.local/ns/*/sa/ops"]})
    assert _status(port, leaf=OPS) == 200
    assert _status(port, leaf=WEB) == 403


def test_sources_must_fit(guard):
    assert _status(guard(_WEB | {"sources": ["198.51.100.0/24"]})) == 403


def test_sources_that_fit(guard):
    assert _status(guard(_WEB | {"sources": ["0.0.0.0/0"]})) == 200


def test_without_from_every_caller_that_mtls_lets_in_may_call(guard):
    port = guard({"paths": ["/open"]})
    assert _status(port, "/open", leaf=OPS) == 200
    assert _status(port, "/closed", leaf=OPS) == 403


def test_plaintext_callers_meet_rules_for_anonymous_and_for_everybody_alone(guard):
    rules = (_WEB, {"from": ["anonymous"], "paths": ["/static/*"]}, {"paths": ["/open"]})
    port = guard(*rules, tls="none")
    forged = {"x-forwarded-client-cert": f"URI={spiffe('web', 'prod')}"}
    assert _status(port, "/", leaf=None, headers=forged) == 403
    assert _status(port, "/static/x", leaf=None) == 200
    assert _status(port, "/open", leaf=None) == 200


def test_no_rule_for_plaintext_callers_lets_none_in(guard):
    assert _status(guard(_WEB, tls="none"), leaf=None) == 403


def test_permissive_tells_callers_with_and_without_a_certificate_apart(guard):
    rules = (_WEB | {"paths": ["/api"]}, {"from": ["anonymous"], "paths": ["/static"]})
    port = guard(*rules, tls="permissive")
    assert _status(port, "/api") == 200
    assert _status(port, "/static") == 403
    assert _status(port, "/api", leaf=None) == 403
    assert _status(port, "/static", leaf=None) == 200


def test_shadow_refuses_nothing_and_counts(app, tmp_path):
    listener = inbound(app.port, tls="strict")
    concerns = _concerns(_WEB | {"paths": ["/api"]}, mode="shadow")
    with proxied([listener], concerns, root=tmp_path, leaf=SHOP) as envoy:
        assert _status(listener.port, "/other") == 200
        metrics = envoy.admin("/stats/prometheus?usedonly").body
    labels = f'envoy_http_conn_manager_prefix="{listener.name}"'
    assert f"envoy_http_rbac_shadow_denied{{{labels}}} 1" in metrics.splitlines()


def test_grpc_methods_are_paths(guard):
    with grpc_echo() as service:
        port = guard(_WEB | {"paths": [UNARY]}, target=service.port, protocol="grpc")
        assert call(port, tls=credentials(WEB)) == b"hello"
        for method, leaf in ((STREAM, WEB), (UNARY, OPS)):
            with pytest.raises(grpc.RpcError) as caught:
                call(port, method=method, tls=credentials(leaf))
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_tcp_knows_identities_alone(guard):
    with redis_like() as redis:
        rules = (_WEB, {"from": [spiffe("ops", "prod")], "paths": ["/*"]})
        port = guard(*rules, target=redis.port, protocol="tcp")
        assert talk(port, b"PING\r\n", tls=client_context(WEB)) == [b"+PONG\r\n"]
        with pytest.raises(OSError, match=r"reset|closed|EOF"):
            talk(port, b"PING\r\n", tls=client_context(OPS))
    assert redis.seen == [b"PING\r\n"]


def test_tcp_refuses_at_the_first_bytes_where_the_server_speaks_first(guard):
    with banner_server() as mysql:
        port = guard(_WEB, target=mysql.port, protocol="tcp")
        banner = b"220 ready\r\n"
        assert talk(port, b"x\n", first=banner, tls=client_context(WEB)) == [b"x\n"]
        with pytest.raises(OSError, match=r"reset|closed|EOF"):
            talk(port, b"x\n", first=banner, tls=client_context(OPS))
    assert mysql.seen == [b"x\n"]
