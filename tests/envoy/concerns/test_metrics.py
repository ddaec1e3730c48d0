"""What the proxy counts can be scraped, and arrives at a statsd."""

import re

import pytest
import yaml
from harness.clients import request
from harness.collectors import eventually, otlp_metrics, statsd_server
from harness.proxy import build, inbound, outbound, proxied, serving
from harness.servers import http_echo

_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?:\{(?P<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*",?)*)\})?'
    r" (?P<value>[-+0-9.eE]+|NaN|[-+]?Inf)"
)


def test_a_scrape_parses_and_counts_the_request():
    with http_echo() as app:
        listener = inbound(app.port)
        built = build([listener], {"metrics": {}})
        with serving(built):
            for path in ("/", "/status/503"):
                request(listener.port, path)
            reply = request(built.ops_port, "/stats/prometheus")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain")
    samples = [_sample(line) for line in reply.body.decode().splitlines()]
    counted = {
        sample["labels"]: sample["value"]
        for sample in samples
        if sample and sample["name"] == "envoy_http_downstream_rq_xx"
    }
    prefix = f'envoy_http_conn_manager_prefix="{listener.name}"'
    assert counted[f'envoy_response_code_class="2",{prefix}'] == "1"
    assert counted[f'envoy_response_code_class="5",{prefix}'] == "1"


def test_what_tells_of_nobodys_traffic_is_left_out():
    with http_echo() as app:
        listener = inbound(app.port)
        built = build([listener], {"metrics": {}})
        with serving(built):
            request(listener.port)
            text = request(built.ops_port, "/stats/prometheus").body.decode()
    names = {_sample(line)["name"] for line in text.splitlines() if not line.startswith("#")}
    assert not [
        name for name in names if re.match("envoy_(runtime|main_thread|workers|dns)_", name)
    ]
    assert {"envoy_server_live", "envoy_listener_manager_workers_started"} <= names


def test_latencies_are_counted_up_to_a_minute():
    with http_echo() as app:
        listener = inbound(app.port)
        built = build([listener], {"metrics": {"interval": "1s"}})
        with serving(built):
            request(listener.port)
            text = eventually(lambda: _scrape_with(built, "upstream_rq_time_bucket"))
    own = [line for line in text.splitlines() if f'"{listener.name}"' in line]
    buckets = re.findall(
        r'envoy_cluster_upstream_rq_time_bucket\{.*?le="([^"]+)"\}', "\n".join(own)
    )
    assert buckets[:4] == ["1", "2.5", "5", "10"]
    assert buckets[-3:] == ["30000", "60000", "+Inf"]
    assert len(buckets) == 16


def test_the_pod_says_where_to_scrape():
    built = build([inbound(8080)], {"metrics": {}})
    assert [each["pod"] for each in built.fragments if "pod" in each] == [
        {
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": str(built.ops_port),
                "prometheus.io/path": "/stats/prometheus",
            }
        }
    ]
    silent = build([inbound(8080)], {"metrics": {"prometheus": False}})
    assert not [each for each in silent.fragments if "pod" in each]


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        (
            "datadog",
            r"envoy\.http\.downstream_rq_xx:1\|c\|#envoy\.response_code_class:2,"
            r"envoy\.http_conn_manager_prefix:{name}",
        ),
        ("plain", r"envoy\.http\.{name}\.downstream_rq_2xx:1\|c"),
    ],
)
def test_the_request_is_counted_at_a_statsd(log_format, line):
    with http_echo() as app, statsd_server() as server:
        listener = outbound(app.port)
        statsd = {"format": log_format, "host": "127.0.0.1", "port": server.port}
        with proxied([listener], {"metrics": {"statsd": statsd, "interval": "1s"}}):
            request(listener.port)
            wanted = re.compile(line.format(name=re.escape(listener.name)))
            server.wait_until(lambda lines: any(wanted.fullmatch(each) for each in lines))


def test_metrics_arrive_at_an_opentelemetry_collector():
    with http_echo() as app, otlp_metrics() as collector, statsd_server() as statsd:
        listener = inbound(app.port)
        values = {
            "interval": "1s",
            "otlp": {"host": "127.0.0.1", "port": collector.port},
            "statsd": {"format": "plain", "host": "127.0.0.1", "port": statsd.port},
        }
        with proxied([listener], {"metrics": values}):
            for path in ("/", "/", "/status/503"):
                request(listener.port, path)
            counted = {"2": 2, "5": 1}
            collector.wait_until(lambda points: _classes(points, listener) == counted)
            statsd.wait_for(1)
    assert {each.resource["service.name"] for each in collector.arrived} == {"shop"}
    assert {each.resource["k8s.namespace.name"] for each in collector.arrived} == {"prod"}


def _classes(points, listener):
    """Return the answers by class that *points* tell last of *listener*."""
    return {
        each.tags["envoy.response_code_class"]: each.value
        for each in list(points)
        if each.name == "envoy.http.downstream_rq_xx"
        and each.tags.get("envoy.http_conn_manager_prefix") == listener.name
        and each.value
    }


def test_a_collector_of_metrics_that_is_down_delays_nothing():
    with http_echo() as app:
        listener = inbound(app.port)
        values = {"interval": "1s", "otlp": {"host": "127.0.0.1", "port": 9}}
        with proxied([listener], {"metrics": values}) as envoy:
            stats = "/stats?filter=cluster.metrics-collector.upstream_cx_connect_fail"
            eventually(lambda: "fail: 0" not in envoy.admin(stats).body)
            assert request(listener.port, timeout_s=2).status == 200


def test_datadog_is_the_agent_in_the_pod():
    bootstrap = yaml.safe_load(build([inbound(8080)], {"metrics": {"statsd": "datadog"}}).text)
    (sink,) = bootstrap["stats_sinks"]
    assert sink["name"] == "envoy.stat_sinks.dog_statsd"
    assert sink["typed_config"]["address"]["socket_address"] == {
        "protocol": "UDP",
        "address": "127.0.0.1",
        "port_value": 8125,
    }


def _scrape_with(built, name):
    text = request(built.ops_port, "/stats/prometheus").body.decode()
    return text if name in text else ""


def _sample(line):
    if line.startswith("# ") or not line:
        return None
    match = _SAMPLE.fullmatch(line)
    assert match, f"no line of the exposition format: {line}"
    return match
