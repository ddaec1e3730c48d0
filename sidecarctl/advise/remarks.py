"""What weighs against the sidecars of a workload, whatever they are for: tax, number, time."""

import math
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sidecarctl.advise.advice import Question, Remark
from sidecarctl.advise.facts import JOBS, apps, request_of, total
from sidecarctl.advise.figures import SIDECAR_SOURCE, Request
from sidecarctl.lifecycle.assumptions import Assumptions, Case, assume, said_of
from sidecarctl.lifecycle.completion import complete
from sidecarctl.lifecycle.events import What, time_of
from sidecarctl.lifecycle.pod import Pod, Role
from sidecarctl.lifecycle.quantities import format_amount
from sidecarctl.lifecycle.start import POD
from sidecarctl.lifecycle.versions import supports
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

REMARKS: Mapping[str, str] = {
    "number": "more sidecars in a pod than --most-sidecars",
    "tax": "sidecars that ask more than --tax of what their app asks, of cpu or of memory",
    "silent": "sidecars that ask for nothing: what they cost is not counted",
    "order": "Jobs and init containers on kubelets before 1.29, which have no native sidecars",
    "time": "what the sidecars add to each run of a Job, and from which run on that is little",
}
"""What `remarks` may say, for the page of `advise`."""


def remarks(workload: Workload, run: Run, question: Question) -> Iterator[Remark]:
    """Yield what weighs against the sidecars of *workload*, whatever they are for."""
    sidecars, limits = run.sidecars(workload), question.limits
    subject = f"{workload.kind}/{workload.name}"
    place = workload.document.locate(("kind",), on="key")
    if len(sidecars) > limits.most_sidecars:
        text = f"{len(sidecars)} sidecars in a pod: one collector could take in several agents"
        yield Remark(subject, place, text, SIDECAR_SOURCE)
    asked, app = total(map(request_of, sidecars)), total(map(request_of, apps(workload, run)))
    for resource in ("cpu", "memory"):
        own, other = getattr(asked, resource), getattr(app, resource)
        if other and own > limits.tax * other:
            ours, theirs = format_amount(resource, own), format_amount(resource, other)
            text = (
                f"its sidecars ask {ours} {resource}, {own / other:.0%} of the {theirs} of its app"
            )
            yield Remark(subject, place, text, SIDECAR_SOURCE)
    silent = [each.name for each in sidecars if request_of(each) == Request(0, 0)]
    if silent:
        ask, cost = ("asks", "it costs") if len(silent) == 1 else ("ask", "they cost")
        text = f"{', '.join(silent)} {ask} for nothing: what {cost} is not counted here"
        yield Remark(subject, place, text, SIDECAR_SOURCE)
    needs_order = workload.kind in JOBS or any(c.role is Role.INIT for c in run.pod(workload).inits)
    if sidecars and needs_order and not supports("native-sidecar", question.version):
        what = "its init containers run before every sidecar"
        if workload.kind in JOBS:
            what = "a sidecar keeps it from ending"
        text = f"on Kubernetes {question.version} {what}: native ones come with 1.29"
        yield Remark(subject, place, text, SIDECAR_SOURCE)
    if workload.kind in JOBS and sidecars:
        yield from _of_job(workload, run, question)


def _of_job(workload: Workload, run: Run, question: Question) -> Iterator[Remark]:
    added = added_s(workload, run, question)
    subject = f"{workload.kind}/{workload.name}"
    place = workload.document.locate(("kind",), on="key")
    if added is None:
        text = "with its sidecars it never ends (see simulate)"
    else:
        least = question.limits.job_factor * added
        text = f"its sidecars add {added:g} s to each run: worth it from {least:g} s of work on"
    yield Remark(subject, place, text, SIDECAR_SOURCE)


def added_s(workload: Workload, run: Run, question: Question) -> float | None:
    """Return what the sidecars add to the run of a Job as expected; None where it never ends."""
    pod, setting = run.pod(workload), run.setting(workload)
    helpers = {sidecar.name for sidecar in run.sidecars(workload)}
    alone = replace(pod, containers=tuple(c for c in pod.containers if c.name not in helpers))
    ends = [
        time_of(complete(each, _pace(each, question), setting), POD, What.DONE)
        for each in (pod, alone)
    ]
    return None if math.inf in ends else round(ends[0] - ends[1], 2)


def _pace(pod: Pod, question: Question) -> Assumptions:
    return assume(pod, Case.EXPECTED, said_of(pod, question.assumptions))
