"""Tokens are proved with keys of the run, and what lets wrong ones through comes out as that."""

import json

import pytest
from harness.proxy import inbound
from prove.proving import (
    Config,
    failed,
    http_filter,
    manager,
    open_,
    proved,
    rendered,
    words_of,
)

from sidecarctl.manifest.document import parse
from sidecarctl.prove.stand import Situation
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.trial import Trial

_SHOP = "spiffe://cluster.local/ns/prod/sa/shop"
_IN = "inbound-8080"
_PROVIDER = {
    "name": "main",
    "issuer": "https://idp.example.com",
    "audiences": ["shop"],
    "jwks": {"configMap": "keys"},
    "claimHeaders": {"x-user": "sub"},
}
_WRONG = {
    "no token",
    "a token that somebody else signed",
    "a token that nobody signed",
    "a token that is over",
    "a token of another issuer",
    "a token for somebody else",
    "a token without an end",
}


def _config(*rules, providers=(_PROVIDER,), **values):
    jwt = {"providers": list(providers), **values.pop("jwt", {})}
    concerns = {"mtls": {}, "accessControl": {"rules": list(rules), "jwt": jwt, **values}}
    return rendered([inbound(8080, tls="strict")], concerns)


def _claims():
    rule = {
        "from": [_SHOP],
        "methods": ["GET"],
        "paths": ["/api/*"],
        "claims": {"scope": "orders.read", "groups": "admin*", "realm.roles": "boss", "ok": True},
    }
    return _config(rule)


def _url():
    return _config({}, providers=[{**_PROVIDER, "jwks": {"url": "https://idp.example.com/keys"}}])


def _optional():
    return _config({"paths": ["/"]}, {"claims": {"a": "b"}, "paths": ["/x/*"]},
                   jwt={"required": False})  # fmt: skip


@pytest.mark.parametrize("whole", [_claims, _url], ids=["claims", "url"])
def test_what_is_rendered_is_proved(whole, short_folder):
    words = words_of(whole(), "accessControl", short_folder)
    assert failed(words) == {}
    assert {*_WRONG, "made-up x-user"} <= set(proved(words))


def test_a_token_without_the_claims_is_not_enough(short_folder):
    words = words_of(_claims(), "accessControl", short_folder)
    assert open_(words) == {}
    assert "without the claims groups, ok, realm, scope" in proved(words)
    assert "another identity" in proved(words)
    assert any("/prove-not-allowed in" in each for each in proved(words))


def test_where_none_is_required_wrong_ones_are_refused_all_the_same(short_folder):
    words = words_of(_optional(), "accessControl", short_folder)
    assert failed(words) == {}
    assert _WRONG - {"no token"} <= set(proved(words))
    assert "no token" not in proved(words)


def test_shadow_is_proved_with_a_token(short_folder):
    words = words_of(_config({"from": [_SHOP]}, mode="shadow"), "accessControl", short_folder)
    assert failed(words) == {}
    assert "in shadow, another identity" in proved(words)


@pytest.mark.parametrize("concern", ["mtls", "hardening", "timeouts"])
def test_other_proofs_bring_the_token_along(concern, short_folder):
    words = words_of(_claims(), concern, short_folder)
    assert failed(words) == {}
    assert not any("token" in why for why in open_(words).values())


def _jwt(b):
    return http_filter(b, _IN, "jwt_authn")


def _provider(b):
    return _jwt(b)["providers"]["main"]


def _any_token(b):
    requirements = [{"provider_name": "main"}, {"allow_missing_or_failed": {}}]
    _jwt(b)["rules"][0]["requires"] = {"requires_any": {"requirements": requirements}}


def _rules_that_see_none(b):
    for policy in http_filter(b, _IN, "rbac")["rules"]["policies"].values():
        policy["principals"] = [{"any": True}]


def _both(b):
    _any_token(b)
    _rules_that_see_none(b)


def _asks_nobody(b):
    del _jwt(b)["rules"]
    _rules_that_see_none(b)


def _after_the_rules(b):
    filters = manager(b, _IN)["http_filters"]
    (mine,) = [each for each in filters if each["name"].endswith("jwt_authn")]
    filters.remove(mine)
    filters.insert(len(filters) - 1, mine)


_BREAKS = [
    (_both, {
        "a token that somebody else signed": "allow_missing_or_failed lets wrong tokens through",
        "a token that is over": "allow_missing_or_failed lets wrong tokens through",
        "a token that nobody signed": "allow_missing_or_failed lets wrong tokens through",
    }),
    (_asks_nobody, {"no token": "no rule of the filter asks for a token"}),
    (_after_the_rules, {f"GET / as {_SHOP}": "the filter of tokens stands behind the rules"}),
]  # fmt: skip


@pytest.mark.parametrize(("how", "expected"), _BREAKS, ids=[how.__name__ for how, _ in _BREAKS])
def test_what_is_broken_fails_and_its_cause_is_named(how, expected, short_folder):
    found = failed(words_of(_config({"from": [_SHOP]}).broken(how), "accessControl", short_folder))
    assert set(expected) <= set(found)
    assert {tried: found[tried][: len(cause)] for tried, cause in expected.items()} == expected


def test_rules_hold_where_the_filter_of_tokens_lets_all_through(short_folder):
    words = words_of(_config({}).broken(_any_token), "accessControl", short_folder)
    assert failed(words) == {}
    assert _WRONG - {"no token"} <= set(proved(words))


def _takes_for_ever(b):
    del _provider(b)["audiences"], _provider(b)["require_expiration"]


def test_what_a_provider_takes_is_named_as_not_proved(short_folder):
    words = words_of(_config({}).broken(_takes_for_ever), "accessControl", short_folder)
    assert failed(words) == {}
    assert {"a token for somebody else", "a token without an end"} <= set(open_(words))


def _by_others(**provider):
    """Return a bootstrap as others write it: no TLS, no rules but the filter's, camelCase."""
    config = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"p": {"issuer": "i", "remoteJwks": {
            "httpUri": {"uri": "https://x/k", "cluster": "app", "timeout": "1s"}}, **provider}},
        "rules": [{"match": {"path": "/open"}},
                  {"match": {"prefix": "/"}, "requires": {"providerName": "p"}}],
    }  # fmt: skip
    plain = rendered([inbound(8080)], {}).bootstrap
    manager(plain, _IN)["http_filters"].insert(0, {"name": "jwt", "typed_config": config})
    return Config(json.loads(json.dumps(plain)), {})


def test_bootstraps_of_others_are_proved(short_folder):
    words = words_of(_by_others(audiences=["a"]), "accessControl", short_folder)
    assert failed(words) == {}
    assert _WRONG - {"a token without an end"} <= set(proved(words))
    assert set(open_(words)) == {"a token without an end", "the keys of its issuer"}


def test_a_token_that_is_asked_for_elsewhere_is_named(short_folder):
    words = words_of(_by_others(fromParams=["t"]), "accessControl", short_folder)
    assert (failed(words), proved(words)) == ({}, [])
    (why,) = open_(words).values()
    assert why == "a caller needs a token, and what is asked of it cannot be read"


@pytest.mark.parametrize("config", [_by_others(), _config({})], ids=["fetched", "in a file"])
def test_that_the_keys_are_others_is_named(config, short_folder):
    (subject,) = subjects(parse(config.text(), "shop.yaml").documents, "prod")
    situation = Situation(subject, Trial(short_folder), "0")
    with situation.stand() as stand:
        assert stand.envoy.alive
    reasons = [each.why for each in situation.rewrites]
    assert "the run's own keys of tokens: nobody here signs with others" in reasons
