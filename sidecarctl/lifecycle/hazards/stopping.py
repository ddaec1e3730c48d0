"""Hazards of the stop: order that is lost, requests that are cut, grace that is too short."""

import re
from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.events import What
from sidecarctl.lifecycle.form import grace_needed_s
from sidecarctl.lifecycle.hazards.cures import native_agent, native_before
from sidecarctl.lifecycle.hazards.hazard import Cure, Edit, Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import SIDECARS, TERMINATION, Scene
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.needs import Need, When, claimed_ports, loopback_ports
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lifecycle.restart import restarts_all
from sidecarctl.lifecycle.setting import image, purpose
from sidecarctl.lifecycle.stop import PROPAGATION_S, effective_grace_s, stop
from sidecarctl.lifecycle.versions import supports

_QUIT = re.compile(r"quitquitquit|/shutdown\b|\bkill\b.*\benvoy\b|pkill")
_CLOSED = re.compile(r"\b(until\s+!|while)\s+(nc|curl|wget)\b")


def lost_orders(scene: Scene) -> Iterator[Hazard]:
    """A sidecar that the app still needs gets its stop signal together with the app [T6, T8]."""
    done = set()
    for need in scene.needs:
        is_sidecar = need.server in scene.classics or need.server.role is Role.SIDECAR
        if need.when is not When.RUN or need.who not in scene.mains or not is_sidecar:
            continue
        if _is_ordered(need.server, scene) or need.server.name in done:
            continue
        if purpose(need.server) in {Purpose.TELEMETRY, Purpose.FRONT}:
            continue
        done.add(need.server.name)
        yield Hazard(
            kind=Kind.ORDER_LOST,
            severity=Severity.WARNING,
            confidence=Confidence.HIGH,
            message=f"{need.server.name!r} is stopped together with {need.who.name!r}, "
            f"which needs {need.what} of it until its own end",
            path=need.server.path,
            container=need.server.name,
            cure=native_before(need, scene),
            source=TERMINATION,
            related=((need.path, f"{need.who.name!r} needs it here"),),
        )


def lost_data(scene: Scene) -> Iterator[Hazard]:
    """An agent ends before the app has said its last word [T6]."""
    for agent in scene.classics:
        if purpose(agent) is Purpose.TELEMETRY:
            need = Need(scene.mains[0], When.RUN, agent, "it", agent.path)
            yield Hazard(
                kind=Kind.DATA_LOSS,
                severity=Severity.INFO,
                confidence=Confidence.HIGH,
                message=f"{agent.name!r} is stopped together with the app: "
                "what the app reports last is lost",
                path=agent.path,
                container=agent.name,
                cure=native_agent(need, scene),
                source=TERMINATION,
            )


def cut_requests(scene: Scene) -> Iterator[Hazard]:
    """Requests are cut because nothing drains, or because a hook ends the proxy at once."""
    for container in (*scene.pod.sidecars, *scene.classics):
        row = image(container)
        if row and row.name.startswith("envoy") and container.pre_stop is None:
            ports = claimed_ports(container, scene.setting)
            if ports - row.ports - loopback_ports(container, scene.setting):
                message = f"{container.name!r} has no preStop hook that drains: its stop signal "
                yield _cut(container, message + "ends every request at once", scene)
    for container in scene.pod.containers:
        hook = container.pre_stop
        words = " ".join((*hook.command, hook.http_path)) if hook else ""
        if hook is not None and _QUIT.search(words):
            message = f"the preStop hook of {container.name!r} ends the proxy while requests run"
            cure = Cure("take the call to quit out of the hook", (Edit("remove", hook.path[:-1]),))
            yield Hazard(
                kind=Kind.REQUESTS_CUT,
                severity=Severity.ERROR,
                confidence=Confidence.MEDIUM,
                message=message,  # T2: hooks run at 0 s; T7: nothing starts the proxy again
                path=hook.path,
                container=container.name,
                cure=cure,
                source=TERMINATION,
            )
    yield from _undrained_apps(scene)


def endless_hooks(scene: Scene) -> Iterator[Hazard]:
    """A preStop hook waits for a sidecar to stop, which itself waits for that container [T9]."""
    for need in scene.needs:
        hook = need.who.pre_stop
        if need.when is not When.STOP or hook is None or need.who.role is not Role.APP:
            continue
        if need.server.role is Role.SIDECAR and _CLOSED.search(" ".join(hook.command)):
            who, server = need.who.name, need.server.name
            yield Hazard(
                kind=Kind.DEADLOCK,
                severity=Severity.ERROR,
                confidence=Confidence.MEDIUM,
                message=f"the preStop hook of {who!r} waits until {server!r} has stopped, "
                f"and {server!r} stops only after {who!r}: the grace period runs out",
                path=need.path,
                container=who,
                cure=Cure("remove the preStop hook", (Edit("remove", hook.path[:-1]),)),
                source=SIDECARS,
                related=((need.server.path, f"{server!r} is listed here"),),
            )


def short_graces(scene: Scene) -> Iterator[Hazard]:
    """The grace period ends before the containers do, so some are killed [T1, T4, T5]."""
    grace = effective_grace_s(scene.pod)
    late = {What.KILL: "is killed", What.HOOK_CUT: "does not get through its preStop hook"}
    told = set()
    for event in stop(scene.pod, scene.guess, scene.setting.version):
        what = late.get(event.what, "")
        if event.what is What.SIGNAL and (event.why or event.at_s >= grace > 1):
            what = "gets its stop signal only when the grace period is over"
        if what and event.container not in told:
            told.add(event.container)
            needed = grace_needed_s(scene.pod, scene.guess)
            path = (*scene.pod.path, "terminationGracePeriodSeconds")
            yield Hazard(
                kind=Kind.GRACE_OVERFLOW,
                severity=Severity.ERROR,
                confidence=Confidence.HIGH,
                message=f"{event.container!r} {what}: "
                f"the pod needs {needed} s to stop and has {scene.pod.grace_s} s",
                path=path,
                container=event.container,
                cure=Cure(f"terminationGracePeriodSeconds: {needed}", (Edit("set", path, needed),)),
                source=TERMINATION,
                related=((scene.pod.container(event.container).path, "this container"),),
            )


def skipped_hooks(scene: Scene) -> Iterator[Hazard]:
    """A rule restarts all containers, which runs no preStop hook and respects no grace [R3]."""
    rules = next((c for c in scene.pod.containers if restarts_all(c)), None)
    for container in scene.pod.containers:
        if rules is not None and container.pre_stop is not None:
            yield Hazard(
                kind=Kind.HOOKS_SKIPPED,
                severity=Severity.WARNING,
                confidence=Confidence.HIGH,
                message=f"when {rules.name!r} restarts all containers, "
                f"the preStop hook of {container.name!r} does not run",
                path=container.pre_stop.path,
                container=container.name,
                cure=Cure("let it flush as it goes, not at its end"),
                source="https://github.com/kubernetes/enhancements/issues/5532",
                related=(((*rules.path, "restartPolicyRules"), "the rule"),),
            )


def _is_ordered(server: Container, scene: Scene) -> bool:
    return server.role is Role.SIDECAR and supports("native-sidecar", scene.setting.version)


def _undrained_apps(scene: Scene) -> Iterator[Hazard]:
    """Warn of a pod behind a Service whose app stops while requests still come [T13].

    The hook of a proxy before it helps nothing: all hooks run at the same time [T2].
    """
    if not scene.setting.is_served or any(c.pre_stop for c in scene.mains):
        return
    main = next((c for c in scene.mains if c.ports), None)
    if main is not None:
        message = f"{main.name!r} gets its stop signal while Services still send it requests"
        yield _cut(main, message, scene)


def _cut(container: Container, message: str, scene: Scene) -> Hazard:
    cure = Cure("give it a preStop hook that waits, e.g. sleep 5")
    if supports("prestop-sleep", scene.setting.version) and scene.pod.grace_s > PROPAGATION_S:
        path = (*container.path, "lifecycle", "preStop")
        cure = Cure(
            f"preStop: {{sleep: {{seconds: {PROPAGATION_S}}}}}",
            (Edit("set", path, {"sleep": {"seconds": PROPAGATION_S}}),),
        )
    return Hazard(
        kind=Kind.REQUESTS_CUT,
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        message=message,
        path=container.path,
        container=container.name,
        cure=cure,
        source=TERMINATION,
    )
