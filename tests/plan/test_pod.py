"""What a further container means for the pod as a whole."""

import pytest
from plan.deciding import changes, codes, decide, deployment, service, the_only

SPEC = "Deployment/shop:spec.template.spec"


def injected(pod="", container="", **options):
    return the_only(
        decide(
            deployment(pod=pod, container=container), service(), **{"profile": "default", **options}
        )
    )


@pytest.mark.parametrize(
    ("given", "drain", "raised"),
    [
        ("5", "20s", 25),
        ("60", "20s", None),
        (None, "20s", None),
        (None, "40s", 45),
        ("26", "20.5s", None),
    ],
)
def test_the_grace_period_is_raised_where_draining_needs_more(given, drain, raised):
    pod = f"terminationGracePeriodSeconds: {given}\n" if given else ""
    found = changes(injected(pod, sets=[f"concerns.lifecycle.drainTime={drain}"]))
    assert found.get(f"{SPEC}.terminationGracePeriodSeconds") == raised


@pytest.mark.parametrize(
    ("hook", "raised", "why"),
    [
        ("{sleep: {seconds: 15}}", 40,
         "the preStop hooks take 15 s, draining takes 20s, and 5 s to end"),
        ("{exec: {command: [sleep, '8']}}", 33,
         "the preStop hooks take 8 s, draining takes 20s, and 5 s to end"),
        ("{sleep: {seconds: 5}}", None, None),  # 30 s hold that
        ("{exec: {command: [drain]}}", None, None),  # nobody knows how long that takes
    ],
)  # fmt: skip
def test_the_hooks_of_the_application_take_of_the_grace_period_too(hook, raised, why):
    injection = injected(container=f"lifecycle: {{preStop: {hook}}}\n")
    found = [c for c in injection.changes if c.path[-1] == "terminationGracePeriodSeconds"]
    assert [(change.value, change.reason) for change in found] == ([(raised, why)] if why else [])


def test_pod_level_resources_are_raised_by_what_the_sidecar_asks():
    pod = "resources: {requests: {cpu: 1, memory: 512Mi}, limits: {memory: 1Gi}}\n"
    found = changes(injected(pod))
    assert found[f"{SPEC}.resources.requests.cpu"] == "1100m"
    assert found[f"{SPEC}.resources.requests.memory"] == "576Mi"
    assert found[f"{SPEC}.resources.limits.memory"] == "1152Mi"


def test_a_guaranteed_pod_stays_guaranteed():
    even = "{cpu: 500m, memory: 256Mi}"
    injection = injected(container=f"resources: {{requests: {even}, limits: {even}}}\n")
    table = injection.resources["envoy"]
    assert table["requests"] == table["limits"] == {"cpu": "100m", "memory": "128Mi"}
    assert "qos-guaranteed" in codes(injection.notes)


def test_an_autoscaler_that_averages_over_all_containers_is_named():
    scaler = """
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: shop}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
      maxReplicas: 3
      metrics:
      - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
    """
    injection = the_only(decide(deployment(), service(), scaler, profile="default"))
    (note,) = [each for each in injection.notes if each.code == "hpa-resource-metric"]
    assert note.hint == "use a ContainerResource metric on the application's container"
    other = scaler.replace(
        "type: Resource, resource: {",
        "type: ContainerResource, containerResource: {container: app, ",
    )
    assert "hpa-resource-metric" not in codes(
        the_only(decide(deployment(), service(), other, profile="default")).notes
    )


def test_a_limit_range_that_the_sidecar_would_break_is_named():
    limits = """
    apiVersion: v1
    kind: LimitRange
    metadata: {name: small}
    spec: {limits: [{type: Container, max: {memory: 100Mi}, min: {cpu: 200m}}]}
    """
    injection = the_only(decide(deployment(), service(), limits, profile="default"))
    assert [note.message for note in injection.notes if note.code == "limit-range"] == [
        "envoy asks cpu 100m, below the least that LimitRange 'small' allows, 200m",
        "envoy may use memory 128Mi, above the most that LimitRange 'small' allows, 100Mi",
    ]


def test_a_classic_sidecar_is_said_to_be_fail_open_and_keeps_the_default_container():
    injection = injected(kubernetes_version="1.28")
    assert not injection.candidate.native
    assert injection.annotations == {"kubectl.kubernetes.io/default-container": "app"}
    (note,) = [each for each in injection.notes if each.code == "classic-sidecar"]
    assert note.message == (
        "kubelet 1.28 has no native sidecars, they begin with 1.29: with a classic one nothing "
        "certain holds the application back until the proxy is ready, and both stop at once"
    )


def test_a_native_sidecar_leaves_the_default_container_alone():
    assert injected().annotations == {}


@pytest.mark.parametrize(
    ("spec", "said"), [("", ["job-without-deadline"]), ("activeDeadlineSeconds: 60\n", [])]
)
def test_a_job_that_would_wait_for_its_proxy_for_ever_is_named(spec, said):
    job = f"""
    apiVersion: batch/v1
    kind: Job
    metadata: {{name: work}}
    spec:
      template:
        spec:
          restartPolicy: Never
          {spec.strip()}
          containers: [{{name: work, image: work, ports: [{{containerPort: 8080}}]}}]
    """
    injection = the_only(decide(job, profile="default"))
    assert [code for code in codes(injection.notes) if code == "job-without-deadline"] == said
