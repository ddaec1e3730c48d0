"""Quantities are exact, and a pod costs what the scheduler counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecarctl.lifecycle.quantities import (
    cpu_milli,
    format_amount,
    format_cpu,
    format_memory,
    memory_bytes,
)
from sidecarctl.lifecycle.resources import (
    QosClass,
    Resources,
    effective,
    pod_level,
    pod_level_faults,
    qos_class,
    resources_of,
    unlimited,
)


def asking(cpu, **more):
    return {"resources": {"requests": {"cpu": cpu}}, **more}


def sidecar(cpu):
    return asking(cpu, restartPolicy="Always")


@pytest.mark.parametrize(
    ("quantity", "milli"),
    [("100m", 100), ("0.5", 500), (2, 2000), (0.1, 100), ("1", 1000), ("1.5", 1500), (".5", 500),
     ("5.", 5000), ("100u", 1), ("1n", 1), ("1k", 1_000_000), ("1e3", 1_000_000), ("0", 0)],
)  # fmt: skip
def test_cpu(quantity, milli):
    assert cpu_milli(quantity) == milli


@pytest.mark.parametrize(
    ("quantity", "size"),
    [("128Mi", 134_217_728), ("1.5G", 1_500_000_000), ("64000", 64000), (64000, 64000),
     ("1Ki", 1024), ("1k", 1000), ("1e6", 1_000_000), ("1E3", 1000), ("1E", 10**18),
     ("0.5Gi", 536_870_912), ("100m", 1), ("1.1Ki", 1127), ("+5", 5), ("1e-3", 1)],
)  # fmt: skip
def test_memory(quantity, size):
    assert memory_bytes(quantity) == size


@pytest.mark.parametrize(
    "quantity", ["", "128mi", "128MB", "1,5", "-1", "Mi", "1 Gi", "one", True, None, [], "1e9999"]
)
def test_what_is_no_quantity_is_refused(quantity):
    with pytest.raises(ValueError, match="is no quantity"):
        memory_bytes(quantity)


@pytest.mark.parametrize(
    ("resource", "value", "shown"),
    [("cpu", 250, "250m"), ("cpu", 2000, "2"), ("cpu", 0, "0"), ("memory", 134_217_728, "128Mi"),
     ("memory", 1_000_000_000, "1G"), ("memory", 1025, "1025"), ("memory", 0, "0"),
     ("nvidia.com/gpu", 1000, "1000"), ("hugepages-2Mi", 4_194_304, "4Mi")],
)  # fmt: skip
def test_an_amount_is_written_as_people_write_it(resource, value, shown):
    assert format_amount(resource, value) == shown


@given(st.integers(0, 10**21))
def test_what_is_written_reads_the_same(value):
    assert cpu_milli(format_cpu(value)) == value
    assert memory_bytes(format_memory(value)) == value


def test_a_request_that_is_not_set_takes_the_limit():
    container = {"resources": {"limits": {"cpu": "1", "memory": "64Mi"}, "requests": {"cpu": 0.5}}}
    assert resources_of(container) == Resources(
        {"cpu": 500, "memory": 67_108_864}, {"cpu": 1000, "memory": 67_108_864}
    )


@pytest.mark.parametrize(
    ("inits", "apps", "cpu"),
    [
        # the three worked examples of the documentation of sidecar containers
        ([sidecar("100m"), asking("200m")], [asking("50m")], 300),
        ([asking("200m"), sidecar("100m")], [asking("50m")], 200),
        ([sidecar("100m"), asking("200m")], [asking("400m")], 500),
        # and what follows from the same formula
        ([], [asking("50m"), asking("70m")], 120),
        ([asking("1"), asking("2")], [asking("50m")], 2000),
        ([sidecar("100m"), sidecar("100m")], [asking("50m")], 250),
        ([sidecar("100m"), asking("1"), sidecar("100m")], [asking("50m")], 1100),
    ],
)
def test_effective_requests(inits, apps, cpu):
    assert effective({"initContainers": inits, "containers": apps}).requests == {"cpu": cpu}


def test_overhead_is_added_to_requests_and_to_limits_that_are_there():
    app = {"resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "100m"}}}
    pod = {"containers": [app], "overhead": {"cpu": "50m", "memory": "64Mi"}}
    assert effective(pod) == Resources({"cpu": 150, "memory": 134_217_728}, {"memory": 134_217_728})


def test_pod_level_resources_replace_the_sum():
    pod = {"containers": [asking("100m")], "resources": {"requests": {"cpu": "1"}}}
    assert effective(pod).requests == {"cpu": 1000}


def test_an_absent_pod_level_request_takes_the_sum_else_the_limit():
    limits = {"cpu": "2", "memory": "1Gi"}
    level = pod_level({"containers": [asking("100m")], "resources": {"limits": limits}})
    assert level.requests == {"cpu": 100, "memory": 2**30}


def test_a_pod_level_value_that_the_containers_exceed_is_a_fault():
    pod = {
        "initContainers": [sidecar("1")],
        "containers": [asking("1"), {"resources": {"limits": {"memory": "2Gi"}}}],
        "resources": {"requests": {"cpu": "1500m"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    }
    assert pod_level_faults(pod) == (
        (
            ("resources", "requests", "cpu"),
            "the containers request 2 cpu, the pod as a whole 1500m",
        ),
        (("resources", "requests", "cpu"), "the pod requests 1500m cpu, above its limit of 1"),
        (
            ("resources", "requests", "memory"),
            "the pod requests 2Gi memory, above its limit of 1Gi",
        ),
        (
            ("containers", 1, "resources", "limits", "memory"),
            "the limit of 2Gi memory is above the pod's own, 1Gi",
        ),
    )


def test_a_limit_that_one_container_lacks_leaves_the_pod_unlimited():
    limited = {"resources": {"limits": {"memory": "64Mi"}}}
    pod = {
        "initContainers": [{}, sidecar("1")],
        "containers": [limited, {}],
    }
    assert unlimited(pod, "memory") == (("initContainers", 1), ("containers", 1))
    assert unlimited({**pod, "resources": {"limits": {"memory": "1Gi"}}}, "memory") == ()


FULL = {"resources": {"limits": {"cpu": "1", "memory": "64Mi"}}}


@pytest.mark.parametrize(
    ("pod", "qos"),
    [
        ({"containers": [{}]}, QosClass.BEST_EFFORT),
        ({"containers": [FULL]}, QosClass.GUARANTEED),
        ({"containers": [asking("1")]}, QosClass.BURSTABLE),
        ({"containers": [FULL], "initContainers": [sidecar("1")]}, QosClass.BURSTABLE),
        ({"containers": [FULL], "initContainers": [{}]}, QosClass.BURSTABLE),
        ({"containers": [asking("0")]}, QosClass.BEST_EFFORT),
        ({"containers": [{}], **FULL}, QosClass.GUARANTEED),
        ({"containers": [FULL], "resources": {"requests": {"cpu": "2"}}}, QosClass.BURSTABLE),
    ],
)
def test_qos_class(pod, qos):
    assert qos_class(pod) is qos
