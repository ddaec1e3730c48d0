"""Injected workloads of one input talk to each other through both their Envoys, under `strict`."""

from pathlib import Path

import pytest
from harness.certificates import Authority, client_context, spiffe
from harness.clients import request, talk
from harness.fleet import running_fleet
from harness.grpc_echo import call, grpc_echo
from harness.servers import http_echo, redis_like

from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

SHOP = Path(__file__).parent.parent / "fixtures" / "shop.yaml"
AUTHORITY = Authority()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The three workloads of the fixture with their applications, and what these have seen."""
    text = SHOP.read_text(encoding="utf-8")
    result = inject([parse(text, "shop.yaml")], [], load_profile("strict"))
    assert not result.refused, [(each.name, each.message) for each in result.refused]
    injected = result.texts["shop.yaml"][1]
    with (
        http_echo("front") as front,
        grpc_echo() as stock,
        http_echo("rest") as rest,
        redis_like() as cache,
    ):
        applications = {
            ("shop", 8080): front.port,
            ("stock", 7070): stock.port,
            ("stock", 8081): rest.port,
            ("cache", 6379): cache.port,
        }
        folder = tmp_path_factory.mktemp("fleet")
        with running_fleet(injected, AUTHORITY, applications, folder) as found:
            yield found, {"stock": stock, "rest": rest, "cache": cache}


def test_grpc_passes_from_the_caller_s_variable_to_the_callee_s_application(shop):
    found, seen = shop
    caller = found["shop"]
    assert caller.env["STOCK_ADDR"].startswith("127.0.0.1:")
    assert call(caller.at(caller.env["STOCK_ADDR"]), b"how many") == b"how many"
    assert seen["stock"].seen


def test_http_passes_and_the_callee_knows_the_caller_by_its_certificate(shop):
    found, seen = shop
    caller = found["shop"]
    address = caller.env["STOCK_URL"].split("/")[2]
    assert caller.env["STOCK_URL"].endswith("/v1?full=yes")
    reply = request(caller.at(address), "/v1?full=yes")
    assert reply.status == 200
    headers = seen["rest"].seen[-1].headers
    assert headers["x-forwarded-client-cert"].endswith(f"URI={spiffe('shop')}")
    assert headers["host"] == "stock.default.svc.cluster.local:8081"


def test_redis_passes_although_it_is_no_http(shop):
    found, _ = shop
    caller = found["shop"]
    address = caller.env["CACHE"].split("/")[2]
    assert talk(caller.at(address), b"PING\r\n") == [b"+PONG\r\n"]


def test_who_shows_no_certificate_of_the_namespace_gets_nowhere(shop):
    found, seen = shop
    port = found["stock"].inbound("inbound-8081")
    before = len(seen["rest"].seen)
    other = Authority("someone else")
    strangers = {
        "plaintext": None,
        "no certificate": client_context(trusted=AUTHORITY.certificate),
        "wrong CA": client_context(other.leaf(spiffe("shop"), trusted=AUTHORITY.certificate)),
        "another namespace": client_context(AUTHORITY.leaf(spiffe("shop", "elsewhere"))),
    }
    for name, tls in strangers.items():
        with pytest.raises(OSError):  # noqa: PT011  a reset, an alert, an EOF: never an answer
            request(port, "/v1", tls=tls)
        assert len(seen["rest"].seen) == before, name
    assert request(port, "/v1", tls=client_context(AUTHORITY.leaf(spiffe("shop")))).status == 200
