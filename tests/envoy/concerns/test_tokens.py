"""Tokens of callers: whose are taken, what is refused how, and what rules see of them."""

import socket
import ssl
import time
from contextlib import closing

import pytest
from harness.certificates import Authority, client_context, publish, secret, spiffe
from harness.clients import request
from harness.collectors import eventually
from harness.ports import free_port
from harness.proxy import build, inbound, proxied, serving
from harness.servers import http_echo, https_file

from sidecarctl.envoy.mounts import CERTIFICATES, KEYS, under
from sidecarctl.prove.certificates import server_context
from sidecarctl.prove.tokens import Signer, unsigned

_OURS = Authority()
SHOP, WEB, OPS = (_OURS.leaf(spiffe(name, "prod")) for name in ("shop", "web", "ops"))
IDP, FORGER = Signer("one"), Signer("one")
_ISSUER = "https://idp.example.com"
_PROVIDER = {
    "name": "main",
    "issuer": _ISSUER,
    "audiences": ["shop"],
    "jwks": {"configMap": "keys"},
    "claimHeaders": {"x-user": "sub"},
}
_GOOD = {"iss": _ISSUER, "aud": "shop", "sub": "ann"}
_NOW = int(time.time())


def _concerns(*rules, providers=(_PROVIDER,), mode="enforce", **jwt):
    return {
        "hardening": {},
        "lifecycle": {},
        "mtls": {"allow": ["spiffe://cluster.local/*"]},
        "accessControl": {
            "rules": list(rules or [{}]),
            "mode": mode,
            "jwt": {"providers": list(providers), **jwt},
        },
    }


@pytest.fixture(scope="module")
def app():
    with http_echo() as running:
        yield running


@pytest.fixture
def guard(app, tmp_path):
    """Start an Envoy before *app* that knows the keys of `IDP`; return a way to ask it."""
    started = []

    def start(*rules, tls="strict", **options):
        listener = inbound(app.port, tls=tls)
        publish(under(tmp_path, f"{KEYS}/main"), {"jwks.json": IDP.key_set().encode()})
        concerns = _concerns(*rules, **options)
        envoy = proxied([listener], concerns, root=tmp_path, leaf=SHOP)
        started.append(envoy)
        running = envoy.__enter__()

        def ask(token=None, path="/", *, leaf=WEB, method="GET", headers=None):
            shown = {"authorization": f"Bearer {token}"} if token else {}
            context = client_context(leaf) if leaf and tls != "none" else None
            return request(listener.port, path, method, headers={**shown, **(headers or {})},
                           tls=context)  # fmt: skip

        ask.envoy, ask.port = running, listener.port
        return ask

    yield start
    for envoy in started:
        envoy.__exit__(None, None, None)


_URL = {**_PROVIDER, "name": "far", "jwks": {"url": "https://idp.example.com:8443/keys"}}
_WORDS = {"scope": "read*", "https://example.com/role": "x", "realm_access.roles": "a", "ok": True}


@pytest.mark.parametrize("mode", ["enforce", "shadow"])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("providers", [[_PROVIDER], [_URL], [_PROVIDER, _URL]])
def test_every_listener_validates_without_a_warning(mode, required, providers):
    listeners = [
        inbound(8080, protocol, tls=tls, name=f"{protocol}-{tls}")
        for protocol in ("http", "grpc", "tcp")
        for tls in ("none", "permissive", "strict")
    ]
    rules = ({"claims": _WORDS}, {"from": [spiffe("web", "prod"), "anonymous"]})
    concerns = _concerns(*rules, providers=providers, mode=mode, required=required)
    assert build(listeners, concerns).verdict().messages == ()


_CASES = {
    "right": (lambda: IDP.token(_GOOD), 200),
    "one of several audiences": (lambda: IDP.token({**_GOOD, "aud": ["a", "shop"]}), 200),
    "none": (lambda: None, 401),
    "no token at all": (lambda: "x", 401),
    "another key": (lambda: FORGER.token(_GOOD), 401),
    "another audience": (lambda: IDP.token({**_GOOD, "aud": "stock"}), 403),
    "no audience": (lambda: IDP.token({**_GOOD, "aud": None}), 403),
    "another issuer": (lambda: IDP.token({**_GOOD, "iss": "https://evil"}), 401),
    "over": (lambda: IDP.token({**_GOOD, "exp": _NOW - 3600}), 401),
    "not yet": (lambda: IDP.token({**_GOOD, "nbf": _NOW + 3600}), 401),
    "without an end": (lambda: IDP.token({**_GOOD, "exp": None}), 401),
    "unsigned": (lambda: unsigned(_GOOD), 401),
}


def test_what_is_no_right_token_is_refused(guard):
    ask = guard()
    assert {case: ask(token()).status for case, (token, _) in _CASES.items()} == {
        case: status for case, (_, status) in _CASES.items()
    }


def test_where_none_is_required_a_wrong_one_is_refused_all_the_same(guard):
    ask = guard(required=False)
    seen = {case: ask(token()).status for case, (token, _) in _CASES.items()}
    assert seen.pop("none") == 200
    assert {case for case, status in seen.items() if status == 200} == {
        "right",
        "one of several audiences",
    }


def test_a_token_in_the_query_is_none(guard):
    assert guard()(path=f"/?access_token={IDP.token(_GOOD)}").status == 401


def test_a_claim_becomes_a_header_that_no_caller_makes_up(guard):
    ask = guard(required=False)
    forged = {"x-user": "root"}
    seen = ask(IDP.token(_GOOD), headers=forged).json["headers"]
    assert seen["x-user"] == "ann"
    assert "x-user" not in ask(headers=forged).json["headers"]
    without = IDP.token({**_GOOD, "sub": None})
    assert "x-user" not in ask(without, headers=forged).json["headers"]


@pytest.mark.parametrize("forward", [True, False])
def test_the_application_sees_the_token_where_it_is_to(guard, forward):
    seen = guard(forward=forward)(IDP.token(_GOOD)).json["headers"]
    assert ("authorization" in seen) is forward


def test_rules_look_at_claims(guard):
    ask = guard(
        {"claims": {"scope": "orders.read"}, "methods": ["GET"]},
        {"claims": {"groups": "admin*", "email_verified": True}, "paths": ["/admin/*"]},
        {"claims": {"realm_access.roles": "boss", "https://example.com/role": "x"}},
    )

    def status(path="/", method="GET", **claims):
        return ask(IDP.token({**_GOOD, **claims}), path, method=method).status

    assert status() == 403
    assert status(scope="openid orders.read") == 200
    assert status(scope="openid orders.readers") == 403
    assert status(scope="orders.read", method="DELETE") == 403
    assert status("/admin/x", "DELETE", groups=["a", "admins"], email_verified=True) == 200
    assert status("/admin/x", groups="admins", email_verified=True) == 200
    assert status("/admin/x", groups=["admins"], email_verified="true") == 403
    assert status("/admin/x", groups=["admins"]) == 403
    nested = {"realm_access": {"roles": ["boss"]}, "https://example.com/role": "x"}
    assert status(**nested) == 200
    assert status(**{**nested, "https://example.com/role": "y"}) == 403
    assert ask(FORGER.token({**_GOOD, "scope": "orders.read"})).status == 401


def test_claims_and_identities_must_fit_together(guard):
    ask = guard({"from": [spiffe("web", "prod")], "claims": {"sub": "ann"}})
    assert ask(IDP.token(_GOOD)).status == 200
    assert ask(IDP.token(_GOOD), leaf=OPS).status == 403
    assert ask(IDP.token({**_GOOD, "sub": "bob"})).status == 403


def test_callers_without_a_certificate_show_tokens_too(guard):
    ask = guard({"from": ["anonymous"], "claims": {"sub": "ann"}}, tls="none")
    assert ask(IDP.token(_GOOD)).status == 200
    assert ask().status == 401


@pytest.mark.parametrize("path", ["//admin", "/x/%2e%2e/admin", "/%61dmin", "/./admin"])
def test_no_spelling_of_a_path_gets_around_a_claim(guard, path):
    ask = guard({"paths": ["/x/*"]}, {"claims": {"groups": "admin"}, "paths": ["/admin"]})
    assert ask(IDP.token(_GOOD), path).status == 403
    assert ask(IDP.token({**_GOOD, "groups": ["admin"]}), path).status == 200


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("line", ["OPTIONS *", "CONNECT a:80", "GET ?x", "GET http://localhost/x"])
def test_no_form_of_a_target_brings_a_made_up_claim(guard, app, line, required):
    ask = guard({"from": ["anonymous"]}, tls="none", required=required)
    head = f"{line} HTTP/1.1\r\nhost: localhost\r\nx-user: root\r\nconnection: close\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", ask.port), 5)) as connected:
        connected.sendall(head.encode())
        with connected.makefile("rb") as answer:
            assert b"root" not in answer.read()
    assert not any("root" in str(each.headers) for each in app.seen)


def test_keys_of_a_config_map_are_mounted_as_a_whole_folder():
    whole = build([inbound(80)], _concerns()).fragments[-1]
    assert whole["pod"]["volumes"] == [{"name": "envoy-jwks-main", "configMap": {"name": "keys"}}]
    mount = {"name": "envoy-jwks-main", "mountPath": "/etc/envoy-jwks/main", "readOnly": True}
    assert whole["container"]["volumeMounts"] == [mount]


def test_shadow_refuses_nothing_and_counts_who_has_no_token(guard):
    ask = guard(mode="shadow")
    assert [ask(token()).status for token, _ in _CASES.values()] == [200] * len(_CASES)
    metrics = ask.envoy.admin("/stats/prometheus?usedonly").body
    (denied,) = [line for line in metrics.splitlines() if "rbac_shadow_denied{" in line]
    right = sum(status == 200 for _, status in _CASES.values())
    assert int(denied.split()[-1]) == len(_CASES) - right


def _far(port, **jwks):
    return {**_PROVIDER, "jwks": {"url": f"https://localhost:{port}/keys", "ca": "mesh", **jwks}}


def test_keys_are_fetched_and_fetched_again(app, tmp_path):
    listener, keys = inbound(app.port, tls="strict"), [IDP.key_set()]
    publish(under(tmp_path, CERTIFICATES), secret(SHOP))
    with https_file(keys, _server(_OURS.leaf(dns=("localhost",)))) as port:
        concerns = _concerns(providers=[_far(port)], cacheFor="1s")
        with serving(build([listener], concerns), root=tmp_path):
            eventually(lambda: _status(listener, IDP.token(_GOOD)) == 200)
            assert _status(listener, FORGER.token(_GOOD)) == 401
            keys[0] = FORGER.key_set()
            eventually(lambda: _status(listener, FORGER.token(_GOOD)) == 200)
            assert _status(listener, IDP.token(_GOOD)) == 401


def test_a_server_of_keys_that_is_down_holds_nothing_up_and_lets_nobody_in(app, tmp_path):
    listener, port = inbound(app.port, tls="strict"), free_port()
    publish(under(tmp_path, CERTIFICATES), secret(SHOP))
    began = time.monotonic()
    with serving(build([listener], _concerns(providers=[_far(port)])), root=tmp_path) as envoy:
        assert time.monotonic() - began < 3
        assert envoy.admin("/ready").body == "LIVE\n"
        assert _status(listener, IDP.token(_GOOD)) == 401
        with https_file([IDP.key_set()], _server(_OURS.leaf(dns=("localhost",))), port=port):
            eventually(lambda: _status(listener, IDP.token(_GOOD)) == 200, timeout_s=10)


@pytest.mark.parametrize(
    "leaf",
    [
        Authority("rogue").leaf(dns=("localhost",)),
        _OURS.leaf(dns=("other.example",)),
        _OURS.leaf(dns=("localhost",), days=-1),
    ],
    ids=["another authority", "another name", "expired"],
)
def test_keys_of_a_server_that_is_not_believed_are_none(app, tmp_path, leaf):
    listener = inbound(app.port, tls="strict")
    publish(under(tmp_path, CERTIFICATES), secret(SHOP))
    with (
        https_file([IDP.key_set()], _server(leaf)) as port,
        serving(build([listener], _concerns(providers=[_far(port)])), root=tmp_path),
    ):
        time.sleep(1)
        assert _status(listener, IDP.token(_GOOD)) == 401


def _server(leaf):
    context = server_context(leaf, ())
    context.verify_mode = ssl.CERT_NONE
    return context


def _status(listener, token):
    headers = {"authorization": f"Bearer {token}"}
    return request(listener.port, headers=headers, tls=client_context(WEB)).status
