"""Calls go to another version by weight, header or cookie, and copies of them hurt nobody."""

from collections import Counter
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest
from harness.certificates import Authority, spiffe
from harness.clients import ask, request
from harness.collectors import eventually
from harness.grpc_echo import call, grpc_echo
from harness.ports import free_port
from harness.proxy import inbound, outbound, proxied
from harness.servers import banner_server, http_echo, silent_server

from sidecarctl.errors import ProfileError


def test_a_canary_gets_its_share():
    with _versions() as (stable, canary), _split(stable, [_variant(canary, weight="10%")]) as port:
        seen = _names(port, [{}] * 2000)
    assert _within_5_sigma(seen["canary"], 2000, 0.1)
    assert seen["stable"] + seen["canary"] == 2000


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ({"header": "x-user"}, lambda user: {"x-user": f"user-{user}"}),
        ({"cookie": "user"}, lambda user: {"cookie": f"a=b; user=user-{user}"}),
    ],
    ids=["header", "cookie"],
)
def test_a_sticky_user_does_not_flip(key, header):
    variants = lambda canary: [_variant(canary, weight="30%")]  # noqa: E731
    with _versions() as (stable, canary), _split(stable, variants(canary), sticky=key) as port:
        first = [_where(port, header(user)) for user in range(300)]
        for _ in range(3):
            assert [_where(port, header(user)) for user in range(300)] == first
        without = _names(port, [{}] * 400)
    assert _within_5_sigma(first.count("canary"), 300, 0.3)
    assert _within_5_sigma(without["canary"], 400, 0.3)


def test_all_may_go_to_the_other_version():
    with _versions() as (stable, canary), _split(stable, [_variant(canary, weight="100%")]) as port:
        assert _names(port, [{}] * 100) == {"canary": 100}


def test_weights_beyond_a_hundred_percent_are_parts_of_their_sum():
    with _versions() as (stable, canary), http_echo("other") as other:
        variants = [_variant(canary, weight="100%"), _variant(other, "other", weight="100%")]
        with _split(stable, variants) as port:
            seen = _names(port, [{}] * 400)
    assert seen["canary"] + seen["other"] == 400
    assert _within_5_sigma(seen["canary"], 400, 0.5)


def test_a_header_chooses_the_version():
    match = {"header": {"name": "x-version", "value": "v2"}}
    with _versions() as (stable, canary), _split(stable, [_variant(canary, match=match)]) as port:
        assert _where(port, {"x-version": "v2"}) == "canary"
        for other in ({}, {"x-version": "v22"}, {"x-version": "V2"}, {"x-other": "v2"}):
            assert _where(port, other) == "stable"


def test_a_cookie_chooses_the_version():
    match = {"cookie": {"name": "exp", "value": "b"}}
    with _versions() as (stable, canary), _split(stable, [_variant(canary, match=match)]) as port:
        for cookie in ("exp=b", "a=1; exp=b", "exp=b; a=1", "a=1;exp=b;c=2"):
            assert _where(port, {"cookie": cookie}) == "canary", cookie
        for cookie in ("exp=a", "exp=bb", "xexp=b", "a=exp; b=b", "a=exp=b"):
            assert _where(port, {"cookie": cookie}) == "stable", cookie


def test_a_match_goes_before_the_weights():
    match = {"header": {"name": "x-version", "value": "v1"}}
    with _versions() as (stable, canary), http_echo("beta") as beta:
        variants = [_variant(canary, weight="100%"), _variant(beta, "beta", match=match)]
        with _split(stable, variants) as port:
            assert _where(port, {"x-version": "v1"}) == "beta"
            assert _where(port, {}) == "canary"


def test_another_version_has_the_retries_and_timeouts_of_the_server():
    match = {"header": {"name": "x-version", "value": "v2"}}
    concerns = {"retries": {}, "timeouts": {"request": "500ms"}}
    with (
        _versions() as (stable, canary),
        _split(stable, [_variant(canary, match=match)], concerns=concerns) as port,
    ):
        headers = {"x-version": "v2"}
        assert request(port, "/flaky/2?id=a", headers=headers).status == 200
        assert request(port, "/flaky/2?id=b", "POST", headers=headers).status == 503
        assert request(port, "/delay/900", headers=headers).status == 504
        events = headers | {"accept": "text/event-stream"}
        assert request(port, "/delay/900", headers=events).status == 200
        assert stable.seen == []


def test_the_other_version_sees_the_host_of_the_server():
    with _versions() as (stable, canary), _split(stable, [_variant(canary, weight="100%")]) as port:
        request(port)
    assert canary.seen[0].headers["host"] == f"127.0.0.1:{stable.port}"


def test_a_mirror_gets_its_share_of_copies():
    with _versions() as (stable, copy), _split(stable, mirror=_mirror(copy.port, "25%")) as port:
        assert _names(port, [{"x-copy": "me"}] * 800) == {"stable": 800}
        eventually(lambda: len(copy.seen) > 100)
    assert _within_5_sigma(len(copy.seen), 800, 0.25)
    assert (copy.seen[0].method, copy.seen[0].path) == ("GET", "/")
    assert copy.seen[0].headers["x-copy"] == "me"
    assert copy.seen[0].headers["host"] == stable.seen[0].headers["host"]


def test_a_mirror_that_fails_hurts_nobody():
    with http_echo("stable") as stable, silent_server() as silent, banner_server() as garbled:
        for target in (free_port(), silent.port, garbled.port):  # nobody, no answer, no HTTP
            with _split(stable, mirror=_mirror(target, "100%")) as port:
                assert _names(port, [{}] * 200) == {"stable": 200}
        assert garbled.seen != []


def test_grpc_calls_are_split():
    match = {"header": {"name": "x-version", "value": "v2"}}
    with grpc_echo() as stable, grpc_echo() as canary:
        variants = [_variant(canary, match=match)]
        with _split(stable, variants, protocol="grpc") as port:
            assert call(port, metadata=[("x-version", "v2")]) == b"hello"
            assert call(port) == b"hello"
        assert (len(stable.seen), len(canary.seen)) == (1, 1)


def test_another_version_is_spoken_to_as_the_server_is(tmp_path):
    ours = Authority()
    match = {"header": {"name": "x-version", "value": "v2"}}
    shown = {"tls": "strict", "sans": (spiffe("orders", "prod"),), "sni": "orders"}
    with _versions() as (stable, canary):
        one, two = (inbound(each.port, tls="strict", name=each_name)
                    for each, each_name in ((stable, "one"), (canary, "two")))  # fmt: skip
        client = outbound(one.port, name="egress-orders", **shown)
        variant = {"name": "canary", "host": "127.0.0.1", "port": two.port, "match": match}
        concerns = {
            "mtls": {},
            "trafficSplit": {"splits": [{"of": "orders", "variants": [variant]}]},
        }
        with (
            proxied(
                [one], {"mtls": {}}, root=tmp_path / "1", leaf=ours.leaf(spiffe("orders", "prod"))
            ),
            proxied(
                [two], {"mtls": {}}, root=tmp_path / "2", leaf=ours.leaf(spiffe("other", "prod"))
            ),
            proxied([client], concerns, root=tmp_path / "3", leaf=ours.leaf(spiffe("web", "prod"))),
        ):
            assert _where(client.port, {}) == "stable"
            refused = request(client.port, headers={"x-version": "v2"})
        assert (refused.status, canary.seen) == (503, [])


def test_another_version_may_have_an_identity_of_its_own(tmp_path):
    ours = Authority()
    with _versions() as (stable, canary):
        one, two = (inbound(each.port, tls="strict", name=each_name)
                    for each, each_name in ((stable, "one"), (canary, "two")))  # fmt: skip
        shown = {"tls": "strict", "sans": (spiffe("orders", "prod"),), "sni": "orders"}
        client = outbound(one.port, name="egress-orders", **shown)
        variants = [
            {"name": name, "host": "127.0.0.1", "port": port, "sans": [spiffe(account, "prod")],
             "match": {"header": {"name": "x-version", "value": name}}}
            for name, port, account in (
                ("v2", two.port, "other"), ("stranger", two.port, "nobody"),
                ("first", one.port, "other"))
        ]  # fmt: skip
        concerns = {
            "mtls": {},
            "trafficSplit": {"splits": [{"of": "orders", "variants": variants}]},
        }
        leaves = [ours.leaf(spiffe(account, "prod")) for account in ("orders", "other", "web")]
        with (
            proxied([one], {"mtls": {}}, root=tmp_path / "1", leaf=leaves[0]),
            proxied([two], {"mtls": {}}, root=tmp_path / "2", leaf=leaves[1]),
            proxied([client], concerns, root=tmp_path / "3", leaf=leaves[2]),
        ):
            assert _where(client.port, {}) == "stable"
            assert _where(client.port, {"x-version": "v2"}) == "canary"
            for other in ("stranger", "first"):
                assert request(client.port, headers={"x-version": other}).status == 503


def test_an_identity_in_plaintext_is_refused():
    with _versions() as (stable, canary):
        variants = [_variant(canary, weight="1%", sans=[spiffe("canary")])]
        with pytest.raises(ProfileError, match="plaintext"), _split(stable, variants):
            pass


def test_a_service_is_split_by_its_name_and_no_other():
    with _versions() as (stable, canary):
        service = outbound(stable.port, name=f"egress-orders-{stable.port}")
        other = outbound(stable.port, name=f"egress-orders-db-{stable.port}")
        splits = [{"of": "orders", "variants": [_variant(canary, weight="100%")]},
                  {"of": "orders", "variants": []}]  # fmt: skip
        with proxied([service, other], {"trafficSplit": {"splits": splits}}):
            assert (_where(service.port, {}), _where(other.port, {})) == ("canary", "stable")


def test_two_versions_of_one_name_are_refused():
    with _versions() as (stable, canary):
        twins = [_variant(canary, weight="1%"), _variant(canary, weight="2%")]
        with pytest.raises(ProfileError, match="two clusters"), _split(stable, twins):
            pass


@contextmanager
def _versions():
    with http_echo("stable") as stable, http_echo("canary") as canary:
        yield stable, canary


@contextmanager
def _split(stable, variants=(), *, protocol="http", concerns=None, **fields):
    """Run an Envoy that splits the calls of *stable*; yield the port of its listener."""
    listener = outbound(stable.port, protocol, name="egress-orders")
    split = {"of": "orders", "variants": list(variants), **fields}
    with proxied([listener], {**(concerns or {}), "trafficSplit": {"splits": [split]}}):
        yield listener.port


def _variant(server, name="canary", **fields):
    return {"name": name, "host": "127.0.0.1", "port": server.port, **fields}


def _mirror(port, percentage):
    return {"host": "127.0.0.1", "port": port, "percentage": percentage}


def _where(port, headers):
    return request(port, headers=headers).json["name"]


def _names(port, requests):
    """Return how often each version answered; every answer is a 200."""
    seen = Counter()
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for headers in requests:
            reply = ask(connection, headers=headers)
            assert reply.status == 200
            seen[reply.json["name"]] += 1
    return seen


def _within_5_sigma(seen, count, share):
    """Tell whether *seen* of *count* is as *share* says; chance alone fails once in a million."""
    return abs(seen - count * share) <= 5 * (count * share * (1 - share)) ** 0.5
