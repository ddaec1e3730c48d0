"""What should do the work of a sidecar: the table of answers, first match wins."""

import pytest
from msgspec.structs import replace

from sidecarctl.advise.advice import Instead
from sidecarctl.advise.figures import NODE_PROXY, Request, Thresholds, break_even, request
from sidecarctl.advise.judge import Case, judge
from sidecarctl.lifecycle.images import Purpose

MESH = Case(
    purpose=Purpose.PROXY,
    each=request("100m", "128Mi"),
    is_mesh=True,
    layers=None,
    services=10,
    adds_s=None,
    run_s=None,
    is_alone=False,
)
AGENT = replace(MESH, purpose=Purpose.TELEMETRY, is_mesh=False)
JOB = replace(MESH, adds_s=4, run_s=19)


@pytest.mark.parametrize(
    ("case", "limits", "instead"),
    [
        (AGENT, {}, Instead.NODE_AGENT),
        (AGENT, {"pods_per_node": 1}, Instead.KEEP),
        (AGENT, {"has_node_agents": False}, Instead.KEEP),
        (replace(AGENT, is_alone=True), {}, Instead.KEEP),
        (MESH, {}, Instead.NODE_PROXY),
        (MESH, {"pods_per_node": 5}, Instead.NODE_PROXY),
        (MESH, {"pods_per_node": 4}, Instead.KEEP),  # 512 + 100 Mi over 128 Mi
        (replace(MESH, layers=("rbac",)), {}, Instead.KEEP),
        (replace(MESH, layers=()), {}, Instead.NODE_PROXY),
        (replace(MESH, each=Request(0, 0)), {}, Instead.KEEP),
        (replace(MESH, services=3), {"languages": 1}, Instead.LIBRARY),
        (replace(MESH, services=4), {"languages": 1}, Instead.NODE_PROXY),
        (replace(MESH, services=3), {"languages": 2}, Instead.NODE_PROXY),
        (replace(MESH, services=3), {"languages": 1, "few_services": 2}, Instead.NODE_PROXY),
        (JOB, {}, Instead.NOTHING),
        (replace(JOB, run_s=20), {}, Instead.NODE_PROXY),
        (JOB, {"job_factor": 4}, Instead.NODE_PROXY),
        (replace(JOB, purpose=Purpose.TELEMETRY), {}, Instead.NODE_AGENT),
        (replace(MESH, purpose=Purpose.SECRETS), {}, Instead.VOLUME),
        (replace(MESH, purpose=Purpose.HELPER), {}, Instead.KEEP),
        (replace(MESH, is_mesh=False), {}, Instead.KEEP),  # a door to a database
        (replace(MESH, purpose=None), {}, Instead.KEEP),
    ],
)
def test_an_answer(case, limits, instead):
    verdict = judge(case, Thresholds(**limits))
    assert verdict.instead is instead
    assert verdict.reasons
    assert instead is Instead.KEEP or verdict.unless
    for reason in verdict.reasons:
        assert instead is Instead.KEEP or reason.source.startswith("https://")


def test_what_is_not_known_is_asked_for():
    (*_, hint) = judge(replace(MESH, services=2), Thresholds()).unless
    assert hint == "all services are in one language (--languages 1): then a library"


@pytest.mark.parametrize(
    ("per_pod", "least"),
    [
        (request("100m", "128Mi"), 5),
        (request("100m", "612Mi"), 4),
        (request("300m", "612Mi"), 2),
        (request("1", "0"), 1),
        (Request(0, 0), None),
    ],
)
def test_from_how_many_pods_on_a_node_proxy_asks_less(per_pod, least):
    assert break_even(NODE_PROXY, per_pod) == least
    if least and least > 1:
        few, enough = per_pod.times(least - 1), per_pod.times(least)
        assert few.cpu <= NODE_PROXY.cpu or few.memory <= NODE_PROXY.memory
        assert enough.cpu > NODE_PROXY.cpu
        assert enough.memory > NODE_PROXY.memory
