"""Manifests -> a `Simulation`: every pod through its scenarios, before and after an injection."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.errors import ProfileError
from sidecarctl.findings import Related
from sidecarctl.inject.preview import preview
from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.assumptions import Assumption, Case, assume, said_of
from sidecarctl.lifecycle.hazards.hazard import Hazard
from sidecarctl.lifecycle.pod import Container, Pod, Role
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.setting import Setting, classics
from sidecarctl.lifecycle.strategy import strategy
from sidecarctl.lifecycle.timeline import timeline
from sidecarctl.lifecycle.unhealthy import watched
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.hazards import hit
from sidecarctl.lint.refused import refused
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document, Manifest
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Workload
from sidecarctl.plan.outcome import Outcome, Status
from sidecarctl.profile.profile import Profile
from sidecarctl.simulate.simulated import Danger, Picture, SimulatedPod, Simulation, Stage
from sidecarctl.topology.fleet import Fleet, fleet

_USUAL = (Scenario.START, Scenario.DELETION)
_OF_JOB = (Scenario.JOB, Scenario.DELETION)
_STARTS = frozenset({Scenario.START, Scenario.JOB, Scenario.ROLLING_UPDATE})
_CRASHES = frozenset({Scenario.SIDECAR_CRASH, Scenario.APP_CRASH, Scenario.LIVENESS_KILL})
_ENDS = frozenset(Scenario) - {Scenario.START, Scenario.SIDECAR_CRASH, Scenario.APP_CRASH}
_ENDS_INIT = frozenset({Scenario.DELETION_DURING_INIT})


class Wish(Struct, frozen=True):
    """What is asked for; without *scenarios* the start and the deletion, of a Job also its end.

    *victim* is the container that crashes, the first that may where it is empty.
    """

    version: Version
    scenarios: tuple[Scenario, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    namespace: str = "default"
    victim: str = ""


def simulate(
    manifests: Sequence[Manifest],
    wish: Wish,
    context: Sequence[Manifest] = (),
    profile: Profile | None = None,
) -> Simulation:
    """Simulate every pod of *manifests*, with *profile* also as it is injected.

    *context* is only looked at: the Services and ConfigMaps that live elsewhere.

    Raises:
        ProfileError: an assumption is about a container that no pod has.
        ManifestError: *profile* cannot be injected.
    """
    before = _joined(manifests, context, wish)
    outcomes: tuple[Outcome, ...] = ()
    after = None
    if profile is not None:
        outcomes, changed = preview(manifests, context, profile, wish.namespace)
        after = _joined(changed, context, wish)
    _refuse_unknown(wish, (before, *([after] if after else ())))
    pods = [
        *_pods(before, wish, Stage.AS_GIVEN),
        *(_pods(after, wish, Stage.INJECTED) if after else ()),
    ]
    pods = [_with_outcome(pod, outcomes) for pod in _in_pairs(pods)]
    return Simulation(tuple(pods), wish.version, profile.name if profile else "")


def _joined(manifests: Iterable[Manifest], context: Iterable[Manifest], wish: Wish) -> Fleet:
    return fleet(_documents(manifests), _documents(context), namespace=wish.namespace)


def _documents(manifests: Iterable[Manifest]) -> Iterator[Document]:
    for manifest in manifests:
        yield from manifest.documents


def _pods(joined: Fleet, wish: Wish, stage: Stage) -> Iterator[SimulatedPod]:
    run = Run(joined, wish.version)
    for workload in joined.workloads:
        yield _pod(workload, run, wish, stage)


def _pod(workload: Workload, run: Run, wish: Wish, stage: Stage) -> SimulatedPod:
    document = workload.document
    spec = mapping(document.data, "spec")
    setting = replace(run.setting(workload), strategy=strategy(workload.kind, spec, wish.version))
    pod = run.pod(workload)
    told = said_of(pod, wish.assumptions)
    found = analyse(workload.pod, workload.pod_path, setting, told)
    scenarios = wish.scenarios or (_OF_JOB if setting.is_job else _USUAL)
    missing = {each: _missing(each, pod, setting, wish.victim) for each in scenarios}
    simulated = SimulatedPod(
        kind=workload.kind,
        name=workload.name,
        namespace=run.fleet.namespace_of(document),
        location=document.locate(("kind",), on="key"),
        stage=stage,
        faults=refused(workload, run),
        told=told,
    )
    if simulated.faults:
        return simulated
    return replace(
        simulated,
        pictures=tuple(_picture(pod, s, setting, wish) for s in scenarios if not missing[s]),
        dangers=tuple(_danger(hazard, document) for hazard in found.hazards),
        remarks=tuple(dict.fromkeys(filter(None, missing.values()))),
        in_play={
            each.name: tuple(_in_play(each, [s for s in scenarios if not missing[s]]))
            for each in pod.containers
        },
    )


def _in_play(container: Container, scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Yield the fields of `Pace` that pictures of *scenarios* rest on."""
    starts = any(each in _STARTS for each in scenarios)
    if starts:
        yield from ("pull", "start") if container.role is not Role.INIT else ("pull", "run")
    elif _CRASHES & {*scenarios} and container.role is not Role.INIT:
        yield "start"
    if Scenario.JOB in scenarios and container.role is Role.APP:
        yield "run"
    if (starts or Scenario.LIVENESS_KILL in scenarios) and container.post_start is not None:
        yield "hook"
    ends = {*scenarios} & (_ENDS if container.role is not Role.INIT else _ENDS_INIT)
    if ends:
        yield from ("pre_stop", "exit") if container.pre_stop is not None else ("exit",)


def _picture(pod: Pod, scenario: Scenario, setting: Setting, wish: Wish) -> Picture:
    told = said_of(pod, wish.assumptions)
    victim = wish.victim if wish.victim in {each.name for each in pod.containers} else ""
    return Picture(
        scenario,
        {c: timeline(pod, scenario, assume(pod, c, told), setting, victim=victim) for c in Case},
    )


def _missing(scenario: Scenario, pod: Pod, setting: Setting, victim: str) -> str:
    """Say why *pod* does not go through *scenario*, or return an empty sentence."""
    if scenario is Scenario.LIVENESS_KILL:
        return _unwatched(pod, victim)
    if scenario is Scenario.ROLLING_UPDATE and setting.strategy is None:
        return f"no {scenario}: nothing replaces the pods of a {setting.kind}"
    if scenario is Scenario.JOB and not setting.is_job:
        return f"no {scenario}: the pods of a {setting.kind} are not there to end"
    if scenario is Scenario.SIDECAR_CRASH and not (pod.sidecars or classics(pod, setting)):
        return f"no {scenario}: it has no sidecar"
    if scenario is Scenario.DELETION_DURING_INIT and not pod.inits:
        return f"no {scenario}: it has no init container"
    return ""


def _unwatched(pod: Pod, victim: str) -> str:
    """Say why no livenessProbe of *pod*, or none of *victim*, can fail."""
    alive = {each.name for each in watched(pod)}
    who = repr(victim) if victim else "no container"
    if alive and (not victim or victim in alive):
        return ""
    return f"no {Scenario.LIVENESS_KILL}: {who} has {'no' if victim else 'a'} livenessProbe"


def _danger(hazard: Hazard, document: Document) -> Danger:
    found = hit(hazard)
    return Danger(
        hazard,
        document.locate(found.path, on=found.on),
        tuple(Related(document.locate(path), message) for path, message in hazard.related),
    )


def _refuse_unknown(wish: Wish, fleets: Iterable[Fleet]) -> None:
    """Refuse a word on a container that no pod has: a slip that nothing else would show."""
    known = {
        container.name
        for joined in fleets
        for workload in joined.workloads
        for container in workload.containers()
    }
    names = [each.container for each in wish.assumptions if each.container != "*"]
    for name in (*names, *filter(None, [wish.victim])):
        if name not in known:
            hint = f"there are {', '.join(sorted(known))}" if known else None
            raise ProfileError(f"no pod has a container {name!r}", hint=hint)


def _in_pairs(pods: Sequence[SimulatedPod]) -> Iterator[SimulatedPod]:
    """Yield the pods in the order of the input, each injected one after the one that it was."""
    after = {
        (pod.kind, pod.namespace, pod.name): pod for pod in pods if pod.stage is Stage.INJECTED
    }
    for pod in pods:
        if pod.stage is Stage.AS_GIVEN:
            yield pod
            twin = after.get((pod.kind, pod.namespace, pod.name))
            if twin is not None:
                yield twin


def _with_outcome(pod: SimulatedPod, outcomes: Iterable[Outcome]) -> SimulatedPod:
    """Say of an injected pod that it is as before, where the profile left it alone."""
    if pod.stage is Stage.AS_GIVEN:
        return pod
    for each in outcomes:
        same = (each.kind, each.namespace, each.name) == (pod.kind, pod.namespace, pod.name)
        if same and each.status is Status.SKIPPED:
            return replace(pod, remarks=(f"nothing is injected: {each.message}", *pod.remarks))
    return pod
