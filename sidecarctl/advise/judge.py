"""One sidecar -> what should do its work, why, and what would change that: first match wins."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.advise.advice import Instead, Reason
from sidecarctl.advise.figures import (
    AGENT_SOURCE,
    DAEMON_SOURCE,
    LIBRARY_SOURCE,
    MEASURED,
    NODE_PROXY,
    NODE_PROXY_SOURCE,
    PERFORMANCE_SOURCE,
    SIDECAR_SOURCE,
    VOLUME_SOURCE,
    Request,
    Thresholds,
    break_even,
)
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.quantities import format_cpu, format_memory


class Case(Struct, frozen=True):
    """What is known of a sidecar.

    *is_mesh* says that it does for the whole traffic of the pod what a node could do; *layers* are
    the HTTP filters of its bootstrap, None where nobody knows its configuration. *services* counts
    the workloads with a proxy. *adds_s* is what the sidecars add to the run of a Job, *run_s* how
    long it runs, where somebody said so. *is_alone* says that its pods run on no common node.
    """

    purpose: Purpose | None
    each: Request
    is_mesh: bool
    layers: tuple[str, ...] | None
    services: int
    adds_s: float | None
    run_s: float | None
    is_alone: bool


class Verdict(Struct, frozen=True):
    """What should do the work, why, and what would change that."""

    instead: Instead
    reasons: tuple[Reason, ...]
    unless: tuple[str, ...] = ()


def judge(case: Case, limits: Thresholds) -> Verdict:
    """Return what should do the work of the sidecar *case*."""
    if case.is_alone or not limits.has_node_agents:
        return _alone()
    if _is_short(case, limits):
        return _short_job(case, limits)
    if case.purpose is Purpose.TELEMETRY:
        return _telemetry(case, limits)
    if case.purpose is Purpose.SECRETS:
        return _secrets()
    if case.purpose is Purpose.PROXY and case.is_mesh:
        return _proxy(case, limits)
    return _beside(case)


def _alone() -> Verdict:
    """Its pods run on nodes of their own (Fargate, Virtual Kubelet), or nodes take no DaemonSet."""
    reason = Reason("nothing runs on its node beside the pod, so nothing else can do it")
    return Verdict(Instead.KEEP, (reason,), ("its pods move to nodes that take DaemonSets",))


def _is_short(case: Case, limits: Thresholds) -> bool:
    if case.run_s is None or case.adds_s is None or case.purpose is not Purpose.PROXY:
        return False
    return case.run_s < limits.job_factor * case.adds_s


def _short_job(case: Case, limits: Thresholds) -> Verdict:
    """A proxy in a Job whose run, where it is told, is short against what its sidecars add."""
    run, adds = case.run_s or 0, case.adds_s or 0
    return Verdict(
        Instead.NOTHING,
        (
            Reason(
                f"the Job works for {run:g} s and its sidecars add {adds:g} s: "
                f"less than {limits.job_factor:g} times as much",
                SIDECAR_SOURCE,
            ),
        ),
        (f"it runs for {limits.job_factor * adds:g} s or more", "its peers refuse plain text"),
    )


def _telemetry(case: Case, limits: Thresholds) -> Verdict:
    """It takes metrics, traces or logs, and two or more of these pods share a node."""
    per_node = limits.pods_per_node
    size = f"{format_cpu(case.each.cpu)} cpu and {format_memory(case.each.memory)} memory"
    if per_node < 2:
        reason = Reason("with one such pod a node, an agent on the node would ask as much")
        return Verdict(Instead.KEEP, (reason,), ("two or more of these pods share a node",))
    all_of = case.each.times(per_node)
    cost = f"{format_cpu(all_of.cpu)} cpu and {format_memory(all_of.memory)} memory"
    reasons = [
        Reason("it takes metrics, traces or logs, as one agent on the node would", AGENT_SOURCE)
    ]
    if case.each != Request(0, 0):
        text = f"{per_node} sidecars on a node ask {cost}, one agent of their size {size}"
        reasons.append(Reason(text, DAEMON_SOURCE))
    return Verdict(
        Instead.NODE_AGENT,
        tuple(reasons),
        (
            "nodes take no DaemonSet, as on Fargate or Virtual Kubelet (--no-node-agents)",
            "it reads log files inside the pod, or each tenant has credentials of its own",
        ),
    )


def _secrets() -> Verdict:
    """It only writes secrets or certificates as files."""
    reason = Reason(
        "it only brings secrets or certificates as files, which a volume does", VOLUME_SOURCE
    )
    return Verdict(
        Instead.VOLUME, (reason,), ("the files are rendered from templates, or leases are renewed",)
    )


def _proxy(case: Case, limits: Thresholds) -> Verdict:
    if limits.languages == 1 and case.services <= limits.few_services:
        return _library(case)
    verdict = _node_proxy(case, limits)
    if not limits.languages and case.services <= limits.few_services:
        hint = "all services are in one language (--languages 1): then a library"
        return replace(verdict, unless=(*verdict.unless, hint))
    return verdict


def _library(case: Case) -> Verdict:
    """A proxy of few services, all in one language."""
    text = f"{case.services} service{'' if case.services == 1 else 's'} in one language"
    reason = Reason(f"{text}: a library does retries, tracing and TLS in process", LIBRARY_SOURCE)
    unless = ("a second language, or more services", "the code is not yours to change")
    return Verdict(Instead.LIBRARY, (reason,), unless)


def _node_proxy(case: Case, limits: Thresholds) -> Verdict:
    """A proxy of a mesh without HTTP filters of its own, and enough such pods on a node."""
    if case.layers:
        names = ", ".join(case.layers)
        reason = Reason(
            f"it works on HTTP, workload by workload ({names}), which no node proxy does"
        )
        unless = ("only mutual TLS and identities are needed: then a node proxy",)
        return Verdict(Instead.KEEP, (reason,), unless)
    least = break_even(NODE_PROXY, case.each)
    if least is None:
        reason = Reason("it asks for nothing, so there is nothing to compare", NODE_PROXY_SOURCE)
        return Verdict(Instead.KEEP, (reason,), ("it has requests",))
    size = f"{format_cpu(NODE_PROXY.cpu)} cpu and {format_memory(NODE_PROXY.memory)} memory"
    text = f"ztunnel and istio-cni ask {size} a node, less than sidecars in {least} pods or more"
    reason = Reason(f"{text}; here it is {limits.pods_per_node}", NODE_PROXY_SOURCE)
    if limits.pods_per_node < least:
        return Verdict(Instead.KEEP, (reason,), (f"{least} or more of these pods share a node",))
    return Verdict(
        Instead.NODE_PROXY,
        (reason, Reason(MEASURED, PERFORMANCE_SOURCE)),
        (
            "HTTP policy of its own, WebAssembly, or keys that must not leave the pod",
            f"fewer than {least} of these pods a node",
            "a mesh that has no node proxy",
        ),
    )


def _beside(case: Case) -> Verdict:
    """It needs files, sockets or credentials of this pod; or nobody knows what it does."""
    if case.purpose is Purpose.HELPER:
        text = "it works on files or sockets of its own pod"
    elif case.purpose is None:
        text = "nobody here knows the image, so nothing speaks against it"
    else:
        text = "it serves this pod on localhost, with credentials of its own"
    return Verdict(Instead.KEEP, (Reason(text),))


ANSWERS: tuple[tuple[Instead, Callable[..., Verdict]], ...] = (
    (Instead.KEEP, _alone),
    (Instead.NOTHING, _short_job),
    (Instead.NODE_AGENT, _telemetry),
    (Instead.VOLUME, _secrets),
    (Instead.LIBRARY, _library),
    (Instead.NODE_PROXY, _node_proxy),
    (Instead.KEEP, _beside),
)
"""The answers in the order in which `judge` comes to them; the docstrings say when."""
