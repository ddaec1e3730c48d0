"""Policies, read: the same answer as the real filter gives, or none."""

import pytest

from sidecarctl.envoy.part import Part
from sidecarctl.prove.rbac import Request, allows, samples

_WEB, _OPS = "spiffe://a/ns/prod/sa/web", "spiffe://a/ns/prod/sa/ops"
_ANY = [{"any": True}]
_PRINCIPAL = {
    "custom": {
        "name": "envoy.rbac.principals.mtls_authenticated",
        "typed_config": {
            "@type": "x/envoy.extensions.rbac.principals.mtls_authenticated.v3.Config",
            "san_matcher": {"san_type": "URI", "matcher": {"exact": _WEB}},
        },
    }
}
_GET = {"header": {"name": ":method", "string_match": {"exact": "GET"}}}
_API = {"url_path": {"path": {"prefix": "/api/"}}}


def _from(prefix):
    return {"remote_ip": {"address_prefix": prefix, "prefix_len": 8}}


def rules(permissions, principals, action="ALLOW"):
    policies = {"p": {"permissions": permissions, "principals": principals}}
    return Part((), {"action": action, "policies": policies})


def request(method="GET", path="/api/x?q=1", identity=_WEB):
    return Request(method, path, {}, (identity,), verified=True)


@pytest.mark.parametrize(
    ("given", "asked", "answer"),
    [
        (rules(_ANY, [_PRINCIPAL]), request(), True),
        (rules(_ANY, [_PRINCIPAL]), request(identity=_OPS), False),
        (rules(_ANY, [_PRINCIPAL]), Request("GET", "/", {}, (_WEB,)), False),
        (rules([{"and_rules": {"rules": [_GET, _API]}}], _ANY), request(), True),
        (rules([{"and_rules": {"rules": [_GET, _API]}}], _ANY), request("POST"), False),
        (rules([{"or_rules": {"rules": [_GET, _API]}}], _ANY), request("POST"), True),
        (rules([{"not_rule": _API}], _ANY), request(), False),
        (rules([_API], _ANY, "DENY"), request(), False),
        (rules([_API], _ANY, "DENY"), request(path="/x"), True),
        (rules([_API], _ANY, "LOG"), request(path="/x"), True),
        (Part((), {"policies": {}}), request(), False),
        (rules(_ANY, [_from("127.0.0.0")]), request(), True),
        (rules(_ANY, [_from("10.0.0.0")]), request(), False),
        (rules(_ANY, [{"metadata": {}}]), request(), None),
        (rules([{"uri_template": {}}, _API], _ANY), request(), True),
    ],
)  # fmt: skip
def test_policies(given, asked, answer):
    assert allows(given, asked) is answer


def test_what_policies_speak_of():
    found = samples(rules([_GET, _API], [_PRINCIPAL]))
    assert (found.methods, found.paths, found.identities) == (["GET"], ["/api/prove"], [_WEB])
