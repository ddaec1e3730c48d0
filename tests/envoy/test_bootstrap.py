"""Bootstraps are put together, written as text, and read back by Envoy as they were meant."""

import os
import signal

import pytest
import yaml
from harness.clients import request, talk
from harness.collectors import eventually
from harness.grpc_echo import HEALTH, UNARY, call, grpc_echo, stream
from harness.ports import free_port
from harness.proxy import build, inbound, outbound, proxied
from harness.servers import banner_server, http_echo, redis_like

from sidecarctl.envoy.binary import running, validate
from sidecarctl.envoy.bootstrap import AppProbe, Contribution, Listener, assemble, dump
from sidecarctl.envoy.certificates import Certified, certified
from sidecarctl.errors import ProfileError

_ALWAYS = {"hardening": {}, "lifecycle": {}}


def _assemble(*listeners, contributions=(), probes=(), ops_port=9902):
    return assemble(
        node_id="shop.prod",
        cluster_name="shop",
        ops_port=ops_port,
        address="127.0.0.1",
        listeners=listeners,
        contributions=contributions,
        probes=probes,
    )


def _manager(bootstrap, name):
    """Return the HttpConnectionManager of the listener called *name*."""
    (listener,) = (
        each for each in bootstrap["static_resources"]["listeners"] if each["name"] == name
    )
    return listener["filter_chains"][0]["filters"][-1]["typed_config"]


NASTY = [
    "", "y", "N", "yes", "off", "null", "~", "0644", "1e3", "0x1F", "12:30:45", "2024-01-01", "1.0",
    "%START_TIME%", "a: b", "# no comment", "- x", "{}", "[]", "'", '"', "\\", "\\n", "one\ntwo\n",
    "tab\t", "é", "€", "😀", "\u2028", "\x7f", "\x85", "\ufeff", "\x00", "*a", "&a", "!x", "@x",
    "`", " lead", "trail ", "a\r\nb",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_every_string_is_read_back_as_it_was(text):
    data = {"a": [text, {text or "k": [text]}], "b": {}, "c": [], "d": None}
    assert yaml.safe_load(dump(data)) == data


def test_text_is_block_yaml_with_every_string_quoted():
    data = {
        "node": {"id": "n", "on": True},
        "@type": "t",
        "list": [{"a": 1, "b": [2, 3]}, [], [["x"]], 0.25, None],
    }
    assert dump(data) == (
        "node:\n"
        '  id: "n"\n'
        '  "on": true\n'
        '"@type": "t"\n'
        "list:\n"
        "  - a: 1\n"
        "    b:\n"
        "      - 2\n"
        "      - 3\n"
        "  - []\n"
        '  - - - "x"\n'
        "  - 0.25\n"
        "  - null\n"
    )


def test_envoy_reads_the_same_strings():
    listener, ops_port = inbound(8080), free_port()
    routes = [
        {
            "match": {"path": f"/{index}"},
            "direct_response": {"status": 200, "body": {"inline_string": text}},
        }
        for index, text in enumerate(NASTY)
    ]
    hosts = [{"name": "all", "domains": ["*"], "routes": routes}]
    slots = {"http": {"route_config": {"virtual_hosts": hosts}}}
    said = [Contribution("x", 1, slots, listener.name)]
    with running(dump(_assemble(listener, contributions=said, ops_port=ops_port))):
        read = [request(listener.port, f"/{index}").body.decode() for index in range(len(NASTY))]
    assert read == NASTY


def test_the_router_is_last_and_filters_stand_in_order():
    slots = [
        Contribution("b", 300, {"http_filters": [{"name": "limit"}]}, "inbound-80"),
        Contribution("a", 200, {"http_filters": [{"name": "rbac"}]}, "inbound-80"),
    ]
    bootstrap = _assemble(inbound(80), contributions=slots)
    names = [each["name"] for each in _manager(bootstrap, "inbound-80")["http_filters"]]
    assert names == ["rbac", "limit", "envoy.filters.http.router"]


def test_network_filters_stand_before_the_proxy():
    slots = [Contribution("a", 1, {"network_filters": [{"name": "rbac"}]}, "inbound-80")]
    (_, listener) = _assemble(inbound(80, "tcp"), contributions=slots)["static_resources"][
        "listeners"
    ]
    names = [each["name"] for each in listener["filter_chains"][0]["filters"]]
    assert names == ["rbac", "envoy.filters.network.tcp_proxy"]


def test_route_variants_stand_before_the_common_route_and_share_its_fields():
    slots = {
        "route": {"timeout": "5s"},
        "route_variants": [
            {
                "name": "reads",
                "match": {"headers": [{"name": ":method"}]},
                "route": {"timeout": "1s"},
            }
        ],
    }
    parts = [Contribution("retries", 1, slots, "egress-80")]
    bootstrap = _assemble(outbound(80, target_host="orders"), contributions=parts)
    (host,) = _manager(bootstrap, "egress-80")["route_config"]["virtual_hosts"]
    shared = {"cluster": "egress-80", "host_rewrite_literal": "orders"}
    assert host["routes"] == [
        {
            "name": "reads",
            "match": {"prefix": "/", "headers": [{"name": ":method"}]},
            "route": {**shared, "timeout": "1s"},
        },
        {"name": "default", "match": {"prefix": "/"}, "route": {**shared, "timeout": "5s"}},
    ]


def test_targets_are_clusters_like_the_listener_s_and_those_with_a_match_have_all_routes():
    slots = {
        "cluster": {"connect_timeout": "3s"},
        "route": {"weighted_clusters": {"clusters": []}},
        "route_variants": [{"name": "reads", "match": {"headers": [{"name": ":method"}]}}],
        "targets": [
            {"name": "b", "host": "::1", "port": 81, "match": {"headers": [{"name": "x-b"}]}},
            {"name": "copy", "host": "127.0.0.1", "port": 82},
        ],
    }
    built = _assemble(outbound(80), contributions=[Contribution("a", 1, slots, "egress-80")])
    (host,) = _manager(built, "egress-80")["route_config"]["virtual_hosts"]
    assert [
        (
            each["name"],
            [header["name"] for header in each["match"].get("headers", [])],
            each["route"].get("cluster", "by weight"),
            "weighted_clusters" in each["route"],
        )
        for each in host["routes"]
    ] == [
        ("b-reads", ["x-b", ":method"], "egress-80-b", False),
        ("b", ["x-b"], "egress-80-b", False),
        ("reads", [":method"], "by weight", True),
        ("default", [], "by weight", True),
    ]
    clusters = {each["name"]: each for each in built["static_resources"]["clusters"]}
    for name in ("egress-80", "egress-80-b", "egress-80-copy"):
        assert clusters[name]["connect_timeout"] == "3s"


@pytest.mark.parametrize(
    ("fields", "authority"),
    [
        ({"target_host": "orders"}, "orders"),
        ({"target_host": "orders", "target_port": 8080}, "orders:8080"),
        ({"target_host": "fd00::1", "target_port": 8080}, "[fd00::1]:8080"),
        (
            {"target_host": "a.example", "target_port": 443, "values": {"tls": "simple"}},
            "a.example",
        ),
        ({"target_host": "10.0.0.1", "authority": "orders:1"}, "orders:1"),
    ],
)
def test_the_server_sees_the_host_that_the_application_meant(fields, authority):
    (host,) = _manager(_assemble(outbound(80, **fields)), "egress-80")["route_config"][
        "virtual_hosts"
    ]
    assert host["routes"][-1]["route"]["host_rewrite_literal"] == authority


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_tls_without_certificates_is_refused(direction):
    listener = Listener("l", direction, "http", "127.0.0.1", 1, "127.0.0.1", 2, "strict")
    with pytest.raises(ProfileError) as caught:
        _assemble(listener)
    assert str(caught.value) == (
        "the listener 'l' speaks mutual TLS, and no concern gives certificates"
    )


def test_two_listeners_of_one_name_are_refused():
    with pytest.raises(ProfileError) as caught:
        _assemble(inbound(80), inbound(80))
    assert str(caught.value) == "two listeners of Envoy would be called 'inbound-80'"


def test_two_clusters_of_one_name_are_refused():
    further = [Contribution("tracing", 1, {"clusters": [{"name": "inbound-80"}]})]
    with pytest.raises(ProfileError) as caught:
        _assemble(inbound(80), contributions=further)
    assert str(caught.value) == "two clusters of Envoy would be called 'inbound-80'"


def test_certificate_files_are_those_that_the_bootstrap_refers_to():
    plain = _assemble(inbound(80))
    assert certified(plain, {"files": {"sds-cert.yaml": {}}}) == Certified(plain, {}, own=False)
    strict = build([inbound(80, tls="strict")], {"mtls": {}, **_ALWAYS})
    assert list(strict.files) == ["sds-cert.yaml", "sds-ca.yaml"]


@pytest.mark.parametrize("protocol", ["http", "grpc", "tcp"])
def test_every_kind_of_listener_validates_without_a_warning(protocol):
    addresses = ["0.0.0.0", "::", "127.0.0.1"]
    hosts = ["orders.prod.svc", "10.0.0.1", "fd00::1"]
    listeners = [
        *(inbound(8080, protocol, address=each, name=f"in {each}") for each in addresses),
        *(outbound(443, protocol, target_host=each, name=f"out {each}") for each in hosts),
    ]
    assert build(listeners, _ALWAYS).verdict().messages == ()


def test_http_passes_and_keeps_its_protocol():
    with http_echo() as app, proxied([listener := inbound(app.port)], _ALWAYS):
        reply = request(listener.port, "/a?b=c", "POST", body=b"hello")
        assert reply.json | {"headers": None} == {
            "name": "app", "method": "POST", "path": "/a?b=c", "length": 5, "headers": None,
        }  # fmt: skip


def test_http_1_0_is_served():
    with http_echo() as app, proxied([listener := inbound(app.port)], _ALWAYS):
        assert talk(listener.port, b"GET / HTTP/1.0\r\nhost: shop\r\n\r\n")[0].endswith(
            b"200 OK\r\n"
        )


def test_grpc_passes_through_both_sides_and_streams_are_not_cut():
    with grpc_echo() as app:
        server = inbound(app.port, "grpc")
        client = outbound(server.port, "grpc")
        with proxied([server], _ALWAYS), proxied([client], _ALWAYS):
            assert call(client.port, b"hello") == b"hello"
            assert stream(client.port, b"abc") == [b"a", b"b", b"c"]
    assert [method for method, _ in app.seen] == [UNARY, "/test.Echo/Stream"]


def test_h2c_passes_through_an_http_listener():
    with grpc_echo() as app, proxied([listener := inbound(app.port, "http")], _ALWAYS):
        assert call(listener.port, b"hello") == b"hello"


def test_tcp_passes_whoever_speaks_first():
    with redis_like() as redis, banner_server() as mysql:
        listeners = [inbound(redis.port, "tcp"), inbound(mysql.port, "tcp")]
        with proxied(listeners, _ALWAYS):
            assert talk(listeners[0].port, b"PING\r\n") == [b"+PONG\r\n"]
            assert talk(listeners[1].port, b"x\n", first=b"220 ready\r\n") == [b"x\n"]


def test_outbound_resolves_names_and_does_not_wait_for_them():
    dead = outbound(80, target_host="nowhere.invalid")
    with http_echo() as app:
        alive = outbound(app.port, target_host="localhost")
        with proxied([dead, alive], _ALWAYS):
            assert request(dead.port).status == 503
            reply = request(alive.port)
    assert reply.status == 200
    assert reply.json["headers"]["host"] == f"localhost:{app.port}"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ready", 200),
        ("POST", "/ready", 404),
        ("GET", "/stats/prometheus", 200),
        ("GET", "/stats", 404),
        ("GET", "/drain", 404),
        ("GET", "/config_dump", 404),
        ("POST", "/quitquitquit", 404),
        ("GET", "/ready/../config_dump", 404),
        ("GET", "/ready%2f..%2fconfig_dump", 400),
        ("GET", "/", 404),
    ],
)
def test_the_ops_listener_lets_little_through(ops, method, path, status):
    assert request(ops, path, method).status == status


@pytest.fixture(scope="module")
def ops():
    built = build([inbound(8080)], _ALWAYS)
    with running(built.text, built.files):
        yield built.ops_port


def test_metrics_are_those_that_are_used(ops):
    request(ops, "/ready")
    body = request(ops, "/stats/prometheus").body
    assert b'envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="ops"}' in body
    assert b"tcp_proxy" not in body


def test_probes_of_an_application_on_loopback_go_through_ops():
    with http_echo() as app, grpc_echo() as grpc_app:
        ops_port, port = free_port(), free_port()
        probes = [
            AppProbe("app-live", "http", app.port, "/healthz?full=1", "/app-probe/app/liveness"),
            AppProbe("probe-1", "grpc", grpc_app.port, port=port),
        ]
        text = dump(_assemble(probes=probes, ops_port=ops_port))
        with running(text):
            seen = request(ops_port, "/app-probe/app/liveness", headers={"x-probe": "1"}).json
            assert (seen["path"], seen["headers"]["x-probe"]) == ("/healthz?full=1", "1")
            assert request(ops_port, "/app-probe/app/liveness", "POST").status == 404
            assert request(ops_port, "/app-probe/app/other").status == 404
            assert call(port, b"", HEALTH) == b"\x08\x01"
            with pytest.raises(Exception, match="UNIMPLEMENTED"):
                call(port, b"x", UNARY)
    assert [method for method, _ in grpc_app.seen] == []


def test_validate_sees_what_is_wrong():
    broken = _assemble(
        inbound(80), contributions=[Contribution("x", 1, {"http": {"codec": 1}}, "inbound-80")]
    )
    assert not validate(dump(broken)).accepted


def test_websocket_upgrade_passes():
    with http_echo() as app, proxied([listener := inbound(app.port)], _ALWAYS):
        upgrade = {"connection": "upgrade", "upgrade": "websocket"}
        # The echo application does not switch protocols; without upgrade_configs Envoy answers 403.
        assert request(listener.port, headers=upgrade).status == 200


def test_it_starts_again_where_it_was_killed(tmp_path):
    built = build([inbound(8080)], _ALWAYS)
    with running(built.text, built.files, root=tmp_path) as envoy:
        os.kill(envoy.pid, signal.SIGKILL)
        eventually(lambda: not envoy.alive)
    assert (tmp_path / "run/envoy/admin.sock").exists()
    with running(built.text, built.files, root=tmp_path) as envoy:
        assert envoy.admin("/ready").body == "LIVE\n"
