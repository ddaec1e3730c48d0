"""From manifests to simulated pods: pairs, places, settings."""

import pytest
from inject.test_promises import FILES, read

from sidecarctl.errors import ManifestError
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile
from sidecarctl.simulate.simulate import Wish, simulate
from sidecarctl.simulate.simulated import Stage

STREAM = """\
apiVersion: v1
kind: Pod
metadata: {name: early}
spec: {containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: batch}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: work, image: x}]
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
"""
SERVED = """\
apiVersion: v1
kind: Pod
metadata: {name: shop, labels: {app: shop}}
spec: {containers: [{name: shop, image: x, ports: [{containerPort: 8080}]}]}
"""


def simulated(text, *, scenarios=(), context=(), profile=None, version="1.33"):
    wish = Wish(Version.parse(version), scenarios)
    chosen = load_profile(profile) if profile else None
    others = [parse(each, "context.yaml") for each in context]
    return simulate([parse(text, "input.yaml")], wish, others, chosen)


def test_an_injected_pod_follows_the_one_that_it_was():
    pods = simulated(STREAM, profile="default").pods
    assert [(pod.subject, pod.namespace, pod.stage) for pod in pods] == [
        ("Pod/early", "default", Stage.AS_GIVEN),
        ("Pod/early", "default", Stage.INJECTED),
        ("CronJob/nightly", "batch", Stage.AS_GIVEN),
        ("CronJob/nightly", "batch", Stage.INJECTED),
    ]
    containers = [[lane.container for lane in p.pictures[0].cases[Case.BEST].lanes] for p in pods]
    assert containers == [["app"], ["envoy", "app"], ["work"], ["work"]]


def test_a_job_runs_to_its_end_where_nothing_else_is_asked_for():
    pods = simulated(STREAM).pods
    assert [[picture.scenario for picture in pod.pictures] for pod in pods] == [
        [Scenario.START, Scenario.DELETION],
        [Scenario.JOB, Scenario.DELETION],
    ]


def test_a_service_of_the_context_is_looked_at():
    (alone,) = simulated(SERVED).pods
    (served,) = simulated(SERVED, context=[SERVICE]).pods
    assert [danger.hazard.kind for danger in alone.dangers] == []
    assert [danger.hazard.kind for danger in served.dangers] == ["requests-cut"]


def test_the_listeners_of_envoy_are_known_after_the_injection():
    """Only the ConfigMap says that envoy listens where the probe of the pod asks."""
    for pod in simulated(SERVED, profile="strict", context=[SERVICE]).pods:
        assert "gate-never-passes" not in [danger.hazard.kind for danger in pod.dangers]


@pytest.mark.parametrize(("version", "kinds"), [("1.33", []), ("1.28", ["unsupported"])])
def test_the_version_decides(version, kinds):
    text = SERVED.replace(
        "spec: {", "spec: {initContainers: [{name: a, image: a, restartPolicy: Always}], "
    )
    (pod,) = simulated(text, version=version).pods
    assert [danger.hazard.kind for danger in pod.dangers] == kinds


def test_every_scenario_of_every_real_pod_comes_to_an_end(record_property):
    count = 0
    for file in FILES:
        try:
            manifest = parse(read(file), file.name)
        except ManifestError:
            continue
        for pod in simulate([manifest], Wish(Version(1, 33), tuple(Scenario))).pods:
            for picture in pod.pictures:
                for timeline in picture.cases.values():
                    count += 1
                    assert 0 <= timeline.end_s < 10**6
                    spans = [span for lane in timeline.lanes for span in lane.spans]
                    assert all(0 <= span.start_s < span.end_s <= timeline.end_s for span in spans)
    record_property("covered", f"{count} timelines of {len(FILES)} files")
    assert count > 100
