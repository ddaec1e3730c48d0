"""Listeners, clusters and routes from files: swapped under load, refused where they are wrong."""

import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import pytest
import yaml
from harness.clients import ask, request
from harness.collectors import eventually
from harness.ports import free_port
from harness.proxy import build, inbound, outbound
from harness.servers import http_echo, silent_resolver, slow_resolver

from sidecarctl.envoy.binary import running
from sidecarctl.envoy.bootstrap import dump
from sidecarctl.envoy.mounts import publish_config
from sidecarctl.envoy.reload import join, split

_ALWAYS = {"hardening": {}, "lifecycle": {}, "timeouts": {}, "circuitBreaker": {}}


@pytest.fixture(scope="module")
def stable():
    with http_echo() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def canary():
    with http_echo() as running_server:
        yield running_server


class Fleet:
    """The callers' Envoy: a ConfigMap that is written again and again, below *root*."""

    def __init__(self, root, *listeners):
        self.root, self.listeners, self.ops = root, listeners, free_port()

    def config(self, concerns=None, *, also=()):
        """Return the bootstrap and the other files of a ConfigMap, as data."""
        built = build([*self.listeners, *also], _ALWAYS | (concerns or {}))
        whole = yaml.safe_load(built.text)
        ops = whole["static_resources"]["listeners"][0]
        ops["address"]["socket_address"]["port_value"] = self.ops
        return split(whole)

    def publish(self, config):
        head, files = config
        publish_config(self.root, dump(head), {name: dump(data) for name, data in files.items()})

    @contextmanager
    def serving(self, config):
        head, files = config
        texts = {name: dump(data) for name, data in files.items()}
        with running(dump(head), texts, root=self.root) as envoy:
            yield envoy


def _split(listener, weight, port):
    variant = {"name": "canary", "host": "127.0.0.1", "port": port, "weight": weight}
    return {"trafficSplit": {"splits": [{"of": str(listener.target_port), "variants": [variant]}]}}


@contextmanager
def _load(port, threads=3):
    """Send requests all the time, on connections that are kept; yield what became of them."""
    seen, stop = Counter(), threading.Event()

    def run():
        while not stop.is_set():
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                try:
                    reply = ask(connection)
                    while not stop.is_set() and reply.headers.get("connection") != "close":
                        seen[reply.status] += 1
                        reply = ask(connection)
                    seen[reply.status] += 1
                except OSError as error:
                    seen[type(error).__name__] += 1

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for each in workers:
        each.start()
    try:
        yield seen
    finally:
        stop.set()
        for each in workers:
            each.join()


def _rejected(envoy, kind):
    lines = envoy.admin("/stats/prometheus").body.splitlines()
    found = [each for each in lines if each.startswith("envoy_") and f"{kind}_update_rej" in each]
    return sum(int(each.rpartition(" ")[2]) for each in found)


def _took_s(look, timeout_s=5.0):
    began = time.monotonic()
    while not look():
        assert time.monotonic() - began < timeout_s, "never"
        time.sleep(0.005)
    return time.monotonic() - began


@pytest.mark.parametrize("tls", ["none", "strict", "permissive"])
def test_what_is_split_is_joined_again(tls):
    listeners = [
        inbound(8080, tls=tls),
        inbound(6379, "tcp", tls=tls),
        outbound(80, tls="none"),
        outbound(90, "grpc", target_host="orders.prod.svc"),
    ]
    chosen = _ALWAYS | {"mtls": {}, "tracing": {"to": "zipkin"}, "accessLog": {}, "retries": {}}
    whole = yaml.safe_load(build(listeners, chosen).text)
    head, files = split(whole)
    assert sorted(files) == [
        "cds.yaml", "lds.yaml", "rds-egress-80.yaml", "rds-egress-90.yaml", "rds-inbound-8080.yaml"
    ]  # fmt: skip
    assert [each["name"] for each in head["static_resources"]["clusters"]] == [
        "envoy-admin", "tracing-collector"
    ]  # fmt: skip
    joined, moved = join(head, files)
    assert {key for key in joined if joined[key] != whole[key]} == {"static_resources"}
    (named,) = [each for each in joined["static_resources"]["clusters"]
                if each.get("wait_for_warm_on_init")]  # fmt: skip
    assert named["name"] == "egress-90"
    named["wait_for_warm_on_init"] = False
    named["typed_dns_resolver_config"]["typed_config"] |= {
        "query_timeout_seconds": 2, "query_tries": 2
    }  # fmt: skip
    for kind, members in whole["static_resources"].items():
        assert sorted(joined["static_resources"][kind], key=str) == sorted(members, key=str)
    assert {each.file for each in moved} == set(files)


def test_what_the_bootstrap_itself_or_a_filter_names_stays_in_it():
    listener = {"name": "app", "filter_chains": [{"filters": [{"collector_cluster": "traces"}]}]}
    clusters = [{"name": "statsd"}, {"name": "app"}, {"name": "traces"}]
    whole = {
        "stats_sinks": [{"typed_config": {"tcp_cluster_name": "statsd"}}],
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }
    head, files = split(whole)
    assert head["static_resources"] == {"clusters": [{"name": "statsd"}, {"name": "traces"}]}
    assert [each["name"] for each in files["cds.yaml"]["resources"]] == ["app"]


def test_new_weights_are_served_within_a_second_and_nothing_fails(stable, canary, tmp_path):
    listener = outbound(stable.port)
    fleet = Fleet(tmp_path, listener)
    with (
        fleet.serving(fleet.config(_split(listener, "0%", canary.port))) as envoy,
        closing(HTTPConnection("127.0.0.1", listener.port, timeout=5)) as kept,
        _load(listener.port) as seen,
    ):
        assert ask(kept).status == 200
        before = kept.sock
        eventually(lambda: seen[200] > 100)
        assert not canary.seen
        fleet.publish(fleet.config(_split(listener, "100%", canary.port)))
        assert _took_s(lambda: canary.seen) < 1.0
        assert ask(kept).status == 200
        assert kept.sock is before  # routes alone have changed: no connection ended for it
        for weight in range(90, 0, -10):
            fleet.publish(fleet.config(_split(listener, f"{weight}%", canary.port)))
            time.sleep(0.05)
        assert envoy.alive
    assert set(seen) == {200}, seen


def test_a_version_is_added_and_taken_away_at_a_weight_of_zero_and_nothing_fails(
    stable, canary, tmp_path
):
    listener = outbound(stable.port)
    fleet = Fleet(tmp_path, listener)
    steps = [_split(listener, weight, canary.port) for weight in ("0%", "50%", "0%")]
    with fleet.serving(fleet.config()), _load(listener.port) as seen:
        for step in [*steps, {}] * 3:
            fleet.publish(fleet.config(step))
            time.sleep(0.15)
    assert set(seen) == {200}, seen


def test_other_limits_of_a_cluster_and_other_filters_of_a_listener_fail_nothing(stable, tmp_path):
    listener = inbound(stable.port)
    fleet = Fleet(tmp_path, listener)
    with fleet.serving(fleet.config()) as envoy, _load(listener.port) as seen:
        for number in range(5):
            other = {"circuitBreaker": {"maxPending": 300 + number}, "accessLog": {}}
            fleet.publish(fleet.config(other | {"timeouts": {"request": f"{20 + number}s"}}))
            time.sleep(0.2)
        assert eventually(envoy.access_log)
    assert set(seen) == {200}, seen


def _asking(config, resolver):
    """Let every cluster of *config* ask *resolver* for its addresses."""
    for cluster in config[1]["cds.yaml"]["resources"]:
        if cluster["type"] == "STRICT_DNS":
            where = {"socket_address": {"address": "127.0.0.1", "port_value": resolver.port}}
            cluster["typed_dns_resolver_config"]["typed_config"]["resolvers"] = [where]
    return config


def test_another_cluster_for_a_name_fails_nothing_while_the_name_is_looked_up(stable, tmp_path):
    listener = outbound(stable.port, target_host="orders.prod.svc.")
    fleet = Fleet(tmp_path, listener)
    with slow_resolver(0.1) as resolver:

        def config(pending):
            return _asking(fleet.config({"circuitBreaker": {"maxPending": pending}}), resolver)

        with fleet.serving(config(300)), _load(listener.port) as seen:
            for pending in range(301, 305):
                fleet.publish(config(pending))
                time.sleep(0.4)
    assert seen[200] > 100
    assert set(seen) == {200}, seen


def test_a_resolver_that_does_not_answer_holds_up_the_start_for_some_seconds_at_most(tmp_path):
    fleet = Fleet(tmp_path, outbound(80, target_host="orders.prod.svc."))
    with silent_resolver() as resolver:
        began = time.monotonic()
        with fleet.serving(_asking(fleet.config(), resolver)):
            assert time.monotonic() - began < 6


def test_a_new_listener_and_its_routes_are_served(stable, tmp_path):
    """The link of its file of routes is made after the swap, as the kubelet makes it."""
    first, second = inbound(stable.port), inbound(stable.port, name="another")
    fleet = Fleet(tmp_path, first)
    with fleet.serving(fleet.config()) as envoy:
        fleet.publish(fleet.config(also=[second]))
        assert eventually(lambda: _answers(second.port))
        assert _rejected(envoy, "lds") == 0
        fleet.publish(fleet.config())
        assert request(first.port).status == 200


def test_files_of_another_layout_leave_an_envoy_that_runs_as_it_is(stable, tmp_path):
    """A pod of the old revision, while a roll-out moves ports."""
    old, new = inbound(stable.port), inbound(stable.port, name="another")
    fleet = Fleet(tmp_path, old)
    whole = join(*fleet.config())[0]
    with fleet.serving(split(whole, "old")) as envoy, _load(old.port) as seen:
        later = Fleet(tmp_path, new)
        later.ops = fleet.ops
        fleet.publish(split(join(*later.config())[0], "new"))
        (tmp_path / "etc/envoy/lds-old.yaml").unlink()  # as the kubelet does
        time.sleep(0.5)
        assert envoy.alive
        assert not _answers(new.port)
        fleet.publish(split(whole, "old"))
    assert set(seen) == {200}, seen


def _answers(port):
    try:
        return request(port).status == 200
    except OSError:
        return False


def _wrong_routes(head, files):
    (name,) = [each for each in files if each.startswith("rds-")]
    routes = files[name]["resources"][0]["virtual_hosts"][0]["routes"]
    routes[0]["match"] = {"safe_regex": {"regex": "("}}
    return head, files


def _wrong_listener(head, files):
    chain = files["lds.yaml"]["resources"][-1]["filter_chains"][0]
    chain["filters"][-1]["typed_config"]["stat_prefix"] = ""
    return head, files


def _wrong_cluster(head, files):
    files["cds.yaml"]["resources"][-1]["connect_timeout"] = "-1s"
    return head, files


@pytest.mark.parametrize(
    ("kind", "wrong"), [("rds", _wrong_routes), ("lds", _wrong_listener), ("cds", _wrong_cluster)]
)
def test_what_is_invalid_is_refused_while_the_old_serves(kind, wrong, stable, tmp_path):
    listener = inbound(stable.port)
    fleet = Fleet(tmp_path, listener)
    with fleet.serving(fleet.config()) as envoy, _load(listener.port) as seen:
        fleet.publish(wrong(*fleet.config()))
        assert eventually(lambda: _rejected(envoy, kind) == 1)
        assert request(listener.port).status == 200
        said = " ".join(envoy.messages())
        assert "rejected" in said
        fleet.publish(fleet.config({"accessLog": {}}))
        assert eventually(envoy.access_log), "what is right is taken after what was wrong"
    assert set(seen) == {200}, seen


def test_a_file_that_is_no_yaml_is_refused_while_the_old_serves(stable, tmp_path):
    listener = inbound(stable.port)
    fleet = Fleet(tmp_path, listener)
    head, files = fleet.config()
    with fleet.serving((head, files)) as envoy:
        texts = {name: dump(data) for name, data in files.items()} | {"lds.yaml": "resources: ["}
        publish_config(tmp_path, dump(head), texts)
        assert eventually(lambda: "Filesystem config update" in " ".join(envoy.messages()))
        assert request(listener.port).status == 200
