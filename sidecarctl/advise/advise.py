"""Manifests -> a `Report`: every sidecar judged, and what all of them cost together."""

import math
from collections.abc import Iterable, Iterator, Sequence

from sidecarctl.advise.advice import Advice, Instead, Kind, Question, Report
from sidecarctl.advise.facts import JOBS, apps, is_lonely, is_mesh, layers, pods, request_of, total
from sidecarctl.advise.figures import NODE_PROXY, Request, Thresholds
from sidecarctl.advise.judge import Case, judge
from sidecarctl.advise.remarks import added_s, remarks
from sidecarctl.inject.preview import preview
from sidecarctl.lifecycle.assumptions import said_of
from sidecarctl.lifecycle.setting import image, purpose
from sidecarctl.lint.refused import refused
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Manifest
from sidecarctl.manifest.workload import Workload
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.fleet import fleet


def advise(
    manifests: Sequence[Manifest],
    question: Question,
    context: Sequence[Manifest] = (),
    profile: Profile | None = None,
) -> Report:
    """Judge every sidecar of *manifests*, as *profile* injects them where there is one.

    Raises:
        ManifestError: *profile* cannot be injected.
    """
    looked_at = manifests
    if profile is not None:
        _, looked_at = preview(manifests, context, profile, question.namespace)
    documents = [document for each in looked_at for document in each.documents]
    others = [document for each in context for document in each.documents]
    run = Run(fleet(documents, others, namespace=question.namespace), question.version)
    faults = {each: refused(each, run) for each in run.fleet.workloads}
    judged = [each for each in run.fleet.workloads if not faults[each]]
    proxied = sum(any(is_mesh(c, w, run) for c in run.sidecars(w)) for w in judged)
    advice = [each for w in judged for each in _advice(w, run, question, proxied)]
    return Report(
        advice=tuple(advice),
        remarks=tuple(each for w in judged for each in remarks(w, run, question)),
        kinds=tuple(_kinds(advice, question.limits)),
        pods=sum(map(pods, judged)),
        total=total(each.total for each in advice),
        apps=total(request_of(app).times(pods(w)) for w in judged for app in apps(w, run)),
        thresholds=question.limits,
        version=question.version,
        profile=profile.name if profile else "",
        faults=tuple(
            (f"{each.kind}/{each.name}", fault) for each, said in faults.items() for fault in said
        ),
    )


def _advice(workload: Workload, run: Run, question: Question, proxied: int) -> Iterator[Advice]:
    pod = run.pod(workload)
    is_job = workload.kind in JOBS
    told = said_of(pod, question.assumptions)
    runs = [told[app.name]["run"] for app in apps(workload, run) if "run" in told.get(app.name, {})]
    for sidecar in run.sidecars(workload):
        row = image(sidecar)
        verdict = judge(
            Case(
                purpose=purpose(sidecar),
                each=request_of(sidecar),
                is_mesh=is_mesh(sidecar, workload, run),
                layers=layers(sidecar, workload, run),
                services=proxied,
                adds_s=added_s(workload, run, question) if is_job else None,
                run_s=max(runs) if is_job and runs else None,
                is_alone=is_lonely(workload),
            ),
            question.limits,
        )
        yield Advice(
            subject=f"{workload.kind}/{workload.name}",
            namespace=run.fleet.namespace_of(workload.document),
            container=sidecar.name,
            what=row.name if row else sidecar.name,
            location=workload.document.locate(sidecar.path),
            instead=verdict.instead,
            reasons=verdict.reasons,
            unless=verdict.unless,
            each=request_of(sidecar),
            pods=pods(workload),
        )


def _kinds(advice: Iterable[Advice], limits: Thresholds) -> Iterator[Kind]:
    """Yield the sidecars of each kind together, the dearest first."""
    by_kind: dict[str, list[Advice]] = {}
    for each in advice:
        by_kind.setdefault(each.what, []).append(each)
    found = []
    for what, entries in by_kind.items():
        count = sum(each.pods for each in entries)
        nodes = math.ceil(count / max(limits.pods_per_node, 1))
        weights: dict[Instead, int] = {}
        for each in entries:
            weights[each.instead] = weights.get(each.instead, 0) + each.pods
        instead = max(weights, key=lambda one: weights[one])
        size = max((each.each for each in entries), key=lambda one: (one.cpu, one.memory))
        replacement = {
            Instead.NODE_AGENT: size.times(nodes),
            Instead.NODE_PROXY: NODE_PROXY.times(nodes),
            Instead.LIBRARY: Request(0, 0),
            Instead.NOTHING: Request(0, 0),
        }.get(instead)
        asked = total(each.total for each in entries)
        found.append(Kind(what, count, asked, instead, nodes, replacement))
    yield from sorted(found, key=lambda kind: (-kind.total.cpu, -kind.total.memory, kind.what))
