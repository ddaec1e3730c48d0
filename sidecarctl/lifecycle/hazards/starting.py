"""Hazards of the start: circles, races, and gates that hold too long, too much or nothing."""

from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.hazards.cures import FAILURES, native_before, own_gate, port_of
from sidecarctl.lifecycle.hazards.hazard import Cure, Edit, Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import INITS, PROBES, SIDECARS, Scene
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.needs import Need, When
from sidecarctl.lifecycle.order import is_deadlock, is_gated
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lifecycle.setting import image, purpose
from sidecarctl.lifecycle.versions import supports

_SLOW_S = 2
# Nobody needs these to be there first.
_WAITING = frozenset({Purpose.FRONT, Purpose.TELEMETRY, Purpose.HELPER})


def deadlocks(scene: Scene) -> Iterator[Hazard]:
    """A container waits for one that starts only after it: the pod never comes up."""
    for need in scene.needs:
        if is_deadlock(scene.pod, need):
            who, server = need.who.name, need.server.name
            message = (
                f"{who!r} needs {need.what} of {server!r} {need.when}, "
                f"and {server!r} starts only after that: the pod never starts"
            )
            cure = native_before(need, scene)
            if need.when is When.STARTED:
                cure = own_gate(need.who, scene)
            elif need.when is When.HOOKED:
                text = f"take the wait for {server!r} out of the postStart hook of {who!r}"
                hook = (*need.who.path, "lifecycle", "postStart")
                cure = Cure(text, (Edit("remove", hook),))
            yield Hazard(
                kind=Kind.DEADLOCK,
                severity=Severity.ERROR,
                confidence=Confidence.HIGH if need.port else Confidence.MEDIUM,
                message=message,
                path=need.path,
                container=who,
                cure=cure,
                source=INITS if need.when is When.DONE else SIDECARS,
                related=((need.server.path, f"{server!r} is listed here"),),
            )


def races(scene: Scene) -> Iterator[Hazard]:
    """A container needs another one that nothing puts in order before it."""
    for need in scene.needs:
        if not _may_race(need, scene):
            continue
        who, server = need.who.name, need.server.name
        if not is_gated(scene.pod, need.server, need.who):
            yield Hazard(
                kind=Kind.RACE,
                severity=_weight(need),
                confidence=Confidence.HIGH if need.port else Confidence.MEDIUM,
                message=f"{who!r} needs {need.what} of {server!r} {need.when}, "
                f"and nothing holds it back until {server!r} is ready",
                path=need.server.path,
                container=server,
                cure=native_before(need, scene),
                source=SIDECARS,
                related=((need.path, f"{who!r} needs it here"),),
            )
        elif need.server.role is Role.APP and need.server.post_start:
            yield Hazard(
                kind=Kind.FAIL_OPEN,
                severity=Severity.INFO,
                confidence=Confidence.HIGH,
                message=f"only the postStart hook of {server!r} holds {who!r} back; "
                f"if the hook or the image fails, {who!r} starts all the same",
                path=need.server.post_start.path,
                container=server,
                cure=native_before(need, scene),
                source=SIDECARS,  # A2: SyncPod goes on to the next container after an error
                related=((need.path, f"{who!r} needs it here"),),
            )


def unordered(scene: Scene) -> Iterator[Hazard]:
    """A proxy has no place before the app although the pod shows no need that would tell more.

    As a container among others it may start after the app and stop before it; as a native sidecar
    without a gate it lets the app start as soon as its process exists [I2].
    """
    told = {n.server.name for n in scene.needs if _may_race(n, scene) or is_deadlock(scene.pod, n)}
    classics = () if scene.setting.is_job else scene.classics  # there they do worse: J1
    for container in (*scene.pod.sidecars, *classics):
        is_gated = container.startup is not None or container.post_start is not None
        is_native = container.role is Role.SIDECAR
        if not _is_proxy(container, scene) or container.name in told or (is_native and is_gated):
            continue
        message = f"{container.name!r} stands among the apps: the app may start before it is ready"
        if is_native:
            message = f"{container.name!r} has no startupProbe: the app starts before it is ready"
        main = scene.mains[0]
        need = Need(main, When.RUN, container, "it", container.path, port_of(container, scene))
        yield Hazard(
            kind=Kind.UNORDERED,
            severity=Severity.ERROR if _has_native(scene) else Severity.INFO,
            confidence=Confidence.HIGH,
            message=message,
            path=container.path,
            container=container.name,
            cure=native_before(need, scene),
            source=SIDECARS,
        )


def slow_gates(scene: Scene) -> Iterator[Hazard]:
    """A startupProbe asks so seldom that it delays the start of every pod [P1]."""
    for sidecar in scene.pod.sidecars:
        probe = sidecar.startup
        if probe is not None and probe.period_s > _SLOW_S:
            failures = max(probe.failures * probe.period_s, FAILURES)
            edits = (
                Edit("set", (*probe.path, "periodSeconds"), 1),
                Edit("set", (*probe.path, "failureThreshold"), failures),
            )
            yield Hazard(
                kind=Kind.SLOW_GATE,
                severity=Severity.WARNING,
                confidence=Confidence.HIGH,
                message=f"the startupProbe of {sidecar.name!r} asks every {probe.period_s} s: "
                f"the app starts up to {probe.period_s} s later than it could",
                path=probe.path,
                container=sidecar.name,
                cure=Cure(f"set periodSeconds: 1 and failureThreshold: {failures}", edits),
                source=PROBES,
            )


def start_budgets(scene: Scene) -> Iterator[Hazard]:
    """The gates may take longer than the Deployment waits for progress [P7]."""
    gates = [(c, c.startup) for c in scene.pod.sidecars if c.startup]
    budget, most = sum(probe.budget_s for _, probe in gates), scene.setting.progress_deadline_s
    if scene.setting.kind != "Deployment" or budget <= most:
        return
    widest, _ = max(gates, key=lambda gate: gate[1].budget_s)
    probe_path = (*widest.path, "startupProbe")
    yield Hazard(
        kind=Kind.START_BUDGET,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        message=f"the startupProbes of the sidecars allow {budget} s one after the other, "
        f"the Deployment reports failure after {most} s",
        path=probe_path,
        container=widest.name,
        cure=Cure(f"lower failureThreshold, or raise progressDeadlineSeconds above {budget}"),
        source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#progress-deadline-seconds",
        related=tuple((probe.path, f"{probe.budget_s} s") for _, probe in gates),
    )


def agent_gates(scene: Scene) -> Iterator[Hazard]:
    """An agent that the app can do without decides whether the app starts or gets requests."""
    for container in scene.pod.containers:
        if purpose(container) is not Purpose.TELEMETRY or container in scene.mains:
            continue
        gate = container.startup if container.role is Role.SIDECAR else None
        effects = ((gate, "no app starts"), (container.readiness, "the pod is not ready"))
        for probe, effect in effects:
            if probe is not None:
                yield Hazard(
                    kind=Kind.AGENT_GATES,
                    severity=Severity.WARNING,
                    confidence=Confidence.HIGH,
                    message=f"while the {probe.path[-1]} of {container.name!r} fails, {effect}",
                    path=probe.path,
                    container=container.name,
                    cure=Cure(f"remove the {probe.path[-1]}", (Edit("remove", probe.path),)),
                    source=SIDECARS,
                )


def _may_race(need: Need, scene: Scene) -> bool:
    if need.when is When.DONE:
        return need.server.role is Role.SIDECAR and not is_deadlock(scene.pod, need)
    back = any(n.who == need.server and n.server == need.who for n in scene.needs)
    return (
        need.when is When.RUN
        and need.who in scene.mains
        and purpose(need.server) not in _WAITING
        and not back  # two that need each other must both ask again anyway
    )


def _has_native(scene: Scene) -> bool:
    """Say whether the target knows a better form; where it does not, a remark is enough."""
    return supports("native-sidecar", scene.setting.version)


def _is_proxy(container: Container, scene: Scene) -> bool:
    row = image(container)
    if row is None:
        return container.name in scene.setting.sidecars
    return row.purpose in {Purpose.PROXY, Purpose.SECRETS}


def _weight(need: Need) -> Severity:
    is_sidecar = need.server.role is Role.SIDECAR or purpose(need.server) is not None
    return Severity.ERROR if is_sidecar else Severity.WARNING
