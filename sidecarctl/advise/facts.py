"""What the advice needs to know of a workload: its apps, its pods, what its proxies do."""

from collections.abc import Iterable

from sidecarctl.advise.figures import Request
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.pod import Container
from sidecarctl.lifecycle.resources import resources_of
from sidecarctl.lifecycle.setting import image, mains
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mapping, mappings, number, text
from sidecarctl.manifest.workload import Workload

JOBS = frozenset({"Job", "CronJob"})
_OPS = "ops"
"""The listener of probes and metrics in a bootstrap of ours: it does nothing for the traffic."""

# Nodes that hold one pod each, and so no DaemonSet.
# https://docs.aws.amazon.com/eks/latest/userguide/fargate.html, https://virtual-kubelet.io
_LONELY = frozenset({"eks.amazonaws.com/compute-type", "virtual-kubelet.io/provider"})


def apps(workload: Workload, run: Run) -> tuple[Container, ...]:
    """Return the containers that the pods are there for."""
    helpers = run.sidecars(workload)
    return tuple(c for c in mains(run.pod(workload), run.setting(workload)) if c not in helpers)


def is_mesh(container: Container, workload: Workload, run: Run) -> bool:
    """Say whether *container* is a proxy for the services' traffic, and no door to a database."""
    row = image(container)
    if row is None or row.purpose is not Purpose.PROXY:
        return False
    return row.captures or any(
        each.container.name == container.name for each in run.envoys(workload)
    )


def layers(container: Container, workload: Workload, run: Run) -> tuple[str, ...] | None:
    """Return the HTTP filters in the bootstrap of *container*, None where there is no bootstrap."""
    chosen = [e.bootstrap for e in run.envoys(workload) if e.container.name == container.name]
    if not chosen:
        return None
    names = {
        text(each.get("name")).rpartition(".")[2]
        for bootstrap in chosen
        for listener, chain in bootstrap.chains()
        if listener.name != _OPS
        for each in chain.http_filters()
    }
    return tuple(sorted(names - {"router", ""}))


def is_lonely(workload: Workload) -> bool:
    """Say whether the pods run on nodes of their own, which take no DaemonSet."""
    chosen = {*mapping(workload.pod, "nodeSelector"), *workload.pod_labels}
    tolerated = {text(each.get("key")) for _, each in mappings(workload.pod, (), "tolerations")}
    return bool(_LONELY & {*chosen, *tolerated})


def pods(workload: Workload) -> int:
    """Return how many pods there are: replicas, or what runs of a Job at the same time."""
    if workload.kind in JOBS:
        job = mapping(workload.document.data, *workload.template_path[:-1])
        return number(job.get("parallelism")) or 1
    return 1 if workload.replicas is None else workload.replicas


def request_of(container: Container) -> Request:
    """Return what *container* asks; 0 where it says nothing."""
    asked = resources_of(container.data).requests
    return Request(asked.get("cpu", 0), asked.get("memory", 0))


def total(requests: Iterable[Request]) -> Request:
    """Return the sum of *requests*."""
    found = Request(0, 0)
    for each in requests:
        found = found.plus(each)
    return found
