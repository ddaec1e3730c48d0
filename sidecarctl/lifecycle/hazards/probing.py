"""Hazards of probes and hooks: what can never succeed, and what takes others along."""

import re
from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.hazards.cures import own_gate
from sidecarctl.lifecycle.hazards.hazard import Cure, Edit, Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import HOOKS, PROBES, Scene
from sidecarctl.lifecycle.needs import When, claimed_ports, loopback_ports
from sidecarctl.lifecycle.pod import Container, Handler, Probe, Role
from sidecarctl.lifecycle.setting import image

_NODE = frozenset({"localhost", "127.0.0.1", "::1"})
_POST_ONLY = re.compile(r"^/(drain_listeners|healthcheck/(fail|ok)|quitquitquit)\b")
_SHELL = re.compile(r"^(/bin/|/usr/bin/)?(sh|bash|ash|sleep|curl|wget|nc|cat|test)$")


def hopeless_probes(scene: Scene) -> Iterator[Hazard]:
    """A probe asks where nobody can answer, so its container never starts, or never is ready."""
    for container in scene.pod.containers:
        for probe in (container.startup, container.readiness):
            reason = _reason(probe, container, scene) if probe else ""
            if probe is None or not reason:
                continue
            gates = container.role is Role.SIDECAR and probe is container.startup
            name = probe.path[-1]
            cure = own_gate(container, scene)
            if name != "startupProbe":
                cure = Cure(f"let the {name} of {container.name!r} ask where it listens")
            yield Hazard(
                kind=Kind.GATE_NEVER_PASSES if gates else Kind.PROBE_NEVER_PASSES,
                severity=Severity.ERROR,
                confidence=Confidence.HIGH,
                message=f"the {name} of {container.name!r} never succeeds: {reason}",
                path=probe.handler.path,
                container=container.name,
                cure=cure,
                source=PROBES,
            )


def failing_hooks(scene: Scene) -> Iterator[Hazard]:
    """A hook cannot do what it is there for."""
    for container in scene.pod.containers:
        for hook in (container.post_start, container.pre_stop):
            reason = _hook_reason(hook, container, scene) if hook else ""
            if hook is not None and reason:
                name = hook.path[-2]
                cure = Cure(f"remove the {name} hook", (Edit("remove", hook.path[:-1]),))
                yield Hazard(
                    kind=Kind.HOOK_FAILS,
                    severity=Severity.WARNING,
                    confidence=Confidence.MEDIUM,
                    message=f"the {name} hook of {container.name!r} fails: {reason}",
                    path=hook.path,
                    container=container.name,
                    cure=cure,
                    source=HOOKS,
                )


def liveness_cascades(scene: Scene) -> Iterator[Hazard]:
    """A livenessProbe asks another container, whose fault then restarts this one."""
    for need in scene.needs:
        probe = need.who.liveness
        if need.when is When.ALIVE and probe is not None:
            who, server = need.who.name, need.server.name
            yield Hazard(
                kind=Kind.LIVENESS_CASCADE,
                severity=Severity.WARNING,
                confidence=Confidence.HIGH,
                message=f"the livenessProbe of {who!r} asks {need.what} of {server!r}: "
                f"whenever {server!r} fails, {who!r} is killed",
                path=need.path,
                container=who,
                cure=Cure(f"let it ask {who!r} itself", (Edit("remove", probe.path),)),
                source=PROBES,
                related=((need.server.path, f"{server!r} is listed here"),),
            )


def _reason(probe: Probe, container: Container, scene: Scene) -> str:
    handler = probe.handler
    if handler.form == "exec":
        return _no_shell(handler, container)
    if not handler.has_target:
        return f"{container.name!r} has no port named {handler.port_name!r}"
    if handler.host in _NODE and scene.pod.data.get("hostNetwork") is not True:
        return f"host: {handler.host} is the node, not the pod"
    if handler.port in loopback_ports(container, scene.setting):
        return f"it listens on port {handler.port} of loopback, the kubelet asks the pod's address"
    pace = scene.guess.paces[container.name]
    if probe is container.startup and pace.start > probe.budget_s:
        return f"it takes {pace.start:g} s to listen, and is killed after {probe.budget_s} s"
    return ""


def _hook_reason(hook: Handler, container: Container, scene: Scene) -> str:
    if hook.form == "tcpSocket":
        return "the kubelet has no tcpSocket hooks"
    if hook.form == "exec":
        return _no_shell(hook, container)
    own = hook.port is not None and (not hook.host or hook.host in _NODE)
    row = image(container)
    if own and row and row.name.startswith("envoy") and _POST_ONLY.match(hook.http_path):
        admin = hook.port in row.ports or hook.port not in claimed_ports(container, scene.setting)
        if admin:
            return f"Envoy's admin answers GET {hook.http_path} with 405, and hooks are GETs"
    if own and hook.path[-2] == "postStart" and not hook.host:
        return (
            f"{container.name!r} does not listen yet when it runs, and it is tried only once"  # H4
        )
    return ""


def _no_shell(handler: Handler, container: Container) -> str:
    row, program = image(container), handler.command[0] if handler.command else ""
    if row and not row.has_shell and _SHELL.match(program):
        return f"the image of {row.name} has no {program!r}"
    return ""
