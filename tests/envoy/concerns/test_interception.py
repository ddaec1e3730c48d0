"""Transparent interception in a network namespace: what the init container does, is done here."""

import json
import time
from contextlib import contextmanager

import pytest
import yaml
from harness.collectors import eventually
from harness.namespaces import POD, POD6, WORLD, WORLD6, namespaces, need_namespaces

from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

pytestmark = need_namespaces

_WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: prod}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: app
          image: registry.example.com/shop:1.0.0
          ports:
            - {name: http, containerPort: 8080}
            - {name: http-old, containerPort: 8081}
          readinessProbe: {httpGet: {path: /healthz, port: http}}
"""
_PROFILE = """\
apiVersion: sidecarctl.dev/v1alpha1
kind: Profile
metadata: {name: captured}
spec:
  concerns:
    interception:
      mode: transparent
      exclude:
        inboundPorts: [8081]
        outboundPorts: [5432]
        cidrs: [10.88.0.3/32, "fd00:88::3/128"]
        uids: [1234]
    accessLog: {}
    metrics: {}
    retries: {}
    egress:
      dependencies:
        - {name: rates, localPort: 18080, host: 10.88.0.2, port: 80, protocol: http}
  sidecars:
    envoy: {ipFamily: dual}
"""
_UID = 65532


def _injected(folder, *sets):
    """Return the pod spec, and the files of its ConfigMap."""
    file = folder / "profile.yaml"
    file.write_text(_PROFILE)
    result = inject([parse(_WORKLOAD, "shop.yaml")], [], load_profile(str(file), sets=sets))
    assert not result.refused, result.refused
    documents = list(yaml.safe_load_all(result.texts["shop.yaml"][1]))
    (workload,) = [each for each in documents if each["kind"] == "Deployment"]
    (config_map,) = [each for each in documents if each["kind"] == "ConfigMap"]
    return workload["spec"]["template"]["spec"], dict(config_map["data"])


@contextmanager
def _pod(*sets, redirected=True):
    """Run the pod and the world around it; the init container's own script redirects."""
    with namespaces() as around:
        pod, files = _injected(around.root, *sets)
        first, second = pod["initContainers"]
        assert (first["name"], second["name"]) == ("envoy-redirect", "envoy")
        assert second["securityContext"]["runAsUser"] == _UID
        if redirected:
            for _ in range(2):  # a pod may run its init containers again
                around.run(around.pod, *first["command"], *first["args"])
        around.run(around.world, "ip", "addr", "add", "10.88.0.3/24", "dev", "vworld")
        around.run(around.world, "ip", "addr", "add", "fd00:88::3/64", "dev", "vworld", "nodad")
        around.serve(around.pod, "http,127.0.0.1,8080,app", "http,0.0.0.0,8081,old")
        around.serve(
            around.world,
            "http,0.0.0.0,80,rates", "http,::,8888,six", "http,0.0.0.0,9000,other",
            "http,0.0.0.0,5432,database", "banner,0.0.0.0,2525,mail", "banner,::,2526,mail6",
            uid=0,
        )  # fmt: skip
        bootstrap = files.pop("bootstrap.yaml")
        with around.envoy(bootstrap, files, _UID) as envoy:
            yield around, envoy


@pytest.fixture(scope="module")
def captured():
    with _pod() as running:
        yield running


class _Seen:
    """What the access log has of a listener: a mark, and the lines after it."""

    def __init__(self, envoy):
        self.envoy, self.before = envoy, -1
        while self.before != (now := len(envoy.access_log())):  # lines of what was before
            self.before = now
            time.sleep(0.15)

    def lines(self):
        return [json.loads(line) for line in self.envoy.access_log()[self.before :]]

    def has(self, words):
        """Tell whether a line with *words* comes."""
        return eventually(lambda: [each for each in self.lines() if words in str(each)])


def _none(seen):
    with pytest.raises(TimeoutError):
        eventually(seen.lines, timeout_s=0.4)


def test_what_comes_in_passes_the_proxy_and_reaches_an_application_on_loopback(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.world, f"http://{POD}:8080/in")
    assert (reply["status"], reply["body"]["title"]) == (200, "app")
    assert reply["body"]["from"] == "127.0.0.1"
    assert "x-request-id" in reply["body"]["headers"]
    assert seen.has("/in")


def test_so_does_what_comes_in_over_ipv6(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.world, f"http://[{POD6}]:8080/six")
    assert (reply["status"], reply["body"]["title"]) == (200, "app")
    assert seen.has("/six")


def test_an_excluded_port_is_reached_past_the_proxy(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.world, f"http://{POD}:8081/")
    assert (reply["status"], reply["body"]["title"]) == (200, "old")
    assert reply["body"]["from"] == WORLD
    _none(seen)


def test_what_the_application_calls_passes_the_proxy_untouched(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.pod, f"http://{WORLD}:9000/")
    assert (reply["status"], reply["body"]["title"]) == (200, "other")
    assert set(reply["body"]["headers"]) == {"host", "accept-encoding"}
    assert seen.has(f"{WORLD}:9000")


def test_over_ipv6_as_well(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.pod, f"http://[{WORLD6}]:8888/")
    assert reply["body"]["title"] == "six"
    assert seen.has(WORLD6)
    assert around.hear(around.pod, WORLD6, 2526)["said"] == f"220 mail6 {POD6}\n"


def test_a_known_dependency_gets_its_own_routes_wherever_it_is_called(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    reply = around.get(around.pod, f"http://{WORLD}/flaky")
    assert (reply["status"], reply["body"]["title"]) == (200, "rates")  # tried again
    assert reply["body"]["headers"]["host"] == WORLD
    assert seen.has("/flaky")


def test_another_host_at_the_port_of_a_known_one_is_passed_on(captured):
    around, _ = captured
    reply = around.get(around.pod, f"http://{WORLD}/flaky-other", host="somebody.example")
    assert (reply["status"], reply["body"]["title"]) == (503, "rates")  # nobody tries again
    assert set(reply["body"]["headers"]) == {"host", "accept-encoding", "x-forwarded-proto"}


def test_the_listener_of_a_dependency_serves_on_loopback_as_before(captured):
    around, _ = captured
    assert around.get(around.pod, "http://127.0.0.1:18080/x")["body"]["title"] == "rates"


def test_a_server_that_speaks_first_is_heard_at_once(captured):
    around, envoy = captured
    seen = _Seen(envoy)
    heard = around.hear(around.pod, WORLD, 2525)
    assert heard["said"] == f"220 mail {POD}\n"
    assert heard["seconds"] < 0.2
    assert seen.has("2525")


@pytest.mark.parametrize(
    ("url", "uid", "title"),
    [
        (f"http://{WORLD}:5432/", 1000, "database"),
        ("http://10.88.0.3:9000/", 1000, "other"),
        ("http://[fd00:88::3]:8888/", 1000, "six"),
        (f"http://{WORLD}:9000/", 1234, "other"),
        (f"http://{WORLD}:9000/", _UID, "other"),
        ("http://127.0.0.1:8080/", 1000, "app"),
        (f"http://{POD}:8081/", 1000, "old"),
    ],
    ids=["port", "block", "block of ipv6", "user", "proxy", "loopback", "own address"],
)
def test_what_is_excluded_goes_past_the_proxy(captured, url, uid, title):
    around, envoy = captured
    seen = _Seen(envoy)
    assert around.get(around.pod, url, uid=uid)["body"]["title"] == title
    _none(seen)


def test_a_closed_port_stays_closed(captured):
    around, _ = captured
    assert around.get(around.pod, f"http://{WORLD}:81/").get("status") is None


def test_a_connection_that_nobody_redirected_does_not_go_in_circles(captured):
    around, envoy = captured
    before = _count(envoy, "envoy_tcp_downstream_cx_total", "capture")
    assert before
    assert "error" in around.get(around.pod, "http://127.0.0.1:10400/")
    assert "error" in around.get(around.pod, "http://[::1]:10400/")
    assert _count(envoy, "envoy_tcp_downstream_cx_total", "capture") == before
    assert "error" in around.get(around.world, f"http://{POD}:10400/")


def _count(envoy, metric, prefix):
    lines = envoy.admin("/stats/prometheus").body.splitlines()
    values = [each.rpartition(" ")[2] for each in lines
              if each.startswith(f"{metric}{{") and f'prefix="{prefix}"' in each]  # fmt: skip
    return sum(map(int, values))


def test_the_kubelet_reaches_the_probes(captured):
    around, _ = captured
    assert around.get(around.world, f"http://{POD}:9902/ready")["status"] == 200
    reply = around.get(around.world, f"http://{POD}:9902/app-probe/app/readiness")
    assert reply["body"]["title"] == "app"


def test_with_strict_tls_there_is_no_way_past_it_and_the_probes_pass():
    with _pod("concerns.mtls={}") as (around, _):
        assert "error" in around.get(around.world, f"http://{POD}:8080/")
        assert "error" in around.get(around.world, f"http://[{POD6}]:8080/")
        reply = around.get(around.world, f"http://{POD}:9902/app-probe/app/readiness")
        assert reply["body"]["title"] == "app"


def test_with_files_that_reload_it_is_the_same():
    with _pod("reload=files") as (around, envoy):
        seen = _Seen(envoy)
        assert around.get(around.world, f"http://{POD}:8080/in")["status"] == 200
        assert around.get(around.pod, f"http://{WORLD}/flaky")["status"] == 200
        assert seen.has("/in")


def test_a_proxy_without_ipv6_lets_nobody_past_it_and_leaves_ipv6_that_goes_out():
    with _pod("sidecars.envoy.ipFamily=ipv4") as (around, envoy):
        seen = _Seen(envoy)
        assert "error" in around.get(around.world, f"http://[{POD6}]:8080/")
        assert around.get(around.pod, f"http://[{WORLD6}]:8888/")["body"]["title"] == "six"
        _none(seen)
        assert around.get(around.world, f"http://{POD}:8080/")["status"] == 200


def test_without_the_script_nothing_passes_the_proxy():
    """The tests above could not fail otherwise."""
    with _pod(redirected=False) as (around, envoy):
        seen = _Seen(envoy)
        assert "error" in around.get(around.world, f"http://{POD}:8080/")
        assert around.get(around.pod, f"http://{WORLD}:9000/")["body"]["title"] == "other"
        _none(seen)
