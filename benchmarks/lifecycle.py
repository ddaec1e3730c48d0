"""How long the lifecycle model takes for one pod: the aim is under a millisecond.

    .venv/bin/python benchmarks/lifecycle.py

Prints the best of several runs in CPU time, so that other work on the machine does not count.
"""

import time
import timeit

from sidecarctl.findings import JsonObject
from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.timeline import timeline

RUNS, REPEATS = 200, 9
_RESOURCES: JsonObject = {
    "requests": {"cpu": "100m", "memory": "64Mi"},
    "limits": {"memory": "128Mi"},
}


def main() -> None:
    """Print a line for each pod and each thing done with it."""
    setting = Setting(kind="Deployment", is_served=True)
    for name, pod in (
        ("one app", plain()),
        ("injected", injected()),
        ("full of hazards", broken()),
    ):
        analysis = analyse(pod, ("spec",), setting)
        view = read(pod)
        figures = {
            f"analyse ({len(analysis.hazards)} hazards)": lambda pod=pod: analyse(pod, (), setting),
            "timeline of a start": lambda view=view: timeline(view, Scenario.START, None, setting),
            "timeline of a stop": lambda view=view: timeline(
                view, Scenario.DELETION, None, setting
            ),
        }
        for what, work in figures.items():
            best = min(timeit.repeat(work, number=RUNS, repeat=REPEATS, timer=time.process_time))
            print(f"{name:16} {what:24} {best / RUNS * 1e6:7.0f} us")


def plain() -> JsonObject:
    """Return a pod with one app and the usual fields."""
    return {"containers": [_app("8080")]}


def injected() -> JsonObject:
    """Return a pod as `inject` makes it: a native proxy with a gate, a native agent."""
    ready: JsonObject = {"httpGet": {"path": "/ready", "port": 9902}}
    proxy: JsonObject = {
        "name": "envoy",
        "image": "envoyproxy/envoy:distroless-v1.40.0",
        "restartPolicy": "Always",
        "ports": [{"containerPort": 9902}, {"containerPort": 10000, "name": "http"}],
        "startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**ready, "periodSeconds": 5},
        "lifecycle": {"preStop": {"httpGet": {"path": "/drain", "port": 9902}}},
        "resources": _RESOURCES,
    }
    agent: JsonObject = {
        "name": "datadog-agent",
        "image": "datadog/agent:7",
        "restartPolicy": "Always",
        "ports": [{"containerPort": 8125, "protocol": "UDP"}, {"containerPort": 8126}],
        "resources": _RESOURCES,
    }
    return {"initContainers": [agent, proxy], "containers": [_app("8126")]}


def broken() -> JsonObject:
    """Return a pod in which a good deal is wrong."""
    wait: JsonObject = {
        "name": "migrate",
        "image": "shop:1",
        "command": ["sh", "-c", "until nc -z localhost 5432; do sleep 1; done; migrate"],
    }
    sql: JsonObject = {
        "name": "sql",
        "image": "cloud-sql-proxy:2",
        "ports": [{"containerPort": 5432}],
        "resources": _RESOURCES,
    }
    agent: JsonObject = {"name": "datadog-agent", "image": "datadog/agent:7"}
    app = _app("5432")
    app["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "45"]}}}
    return {"initContainers": [wait], "containers": [app, sql, agent]}


def _app(dials: str) -> JsonObject:
    env: JsonObject = {"name": "UPSTREAM", "value": f"http://localhost:{dials}/v1"}
    others: list[JsonObject] = [{"name": f"SETTING_{i}", "value": f"value-{i}"} for i in range(10)]
    return {
        "name": "shop",
        "image": "shop:1",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [env, *others],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
        "resources": _RESOURCES,
    }


if __name__ == "__main__":
    main()
