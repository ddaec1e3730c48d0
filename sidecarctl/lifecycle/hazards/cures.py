"""The changes that cure hazards of order: make a sidecar native, put it earlier, give it a gate."""

from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.lifecycle.hazards.hazard import Cure, Edit
from sidecarctl.lifecycle.hazards.scene import Scene
from sidecarctl.lifecycle.needs import Need, claimed_ports, loopback_ports
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lifecycle.versions import supports

FAILURES = 60
"""How often the gate of a sidecar is asked, once a second, before the kubelet starts it again."""


def native_before(need: Need, scene: Scene) -> Cure:
    """Return the cure that puts the server of *need* in order before whoever needs it."""
    server, name = need.server, need.server.name
    if scene.mains == (server,) or name == scene.setting.main:
        return Cure(
            f"no order can put the app {name!r} first: let {need.who.name!r} ask again itself"
        )
    if not supports("native-sidecar", scene.setting.version):
        if need.who.role is Role.INIT:
            return Cure(f"exclude {need.who.name!r} from it, or move to Kubernetes 1.29 or later")
        return Cure(
            f"list {name!r} first, with a bounded postStart hook that waits until it listens"
        )
    probe = _gate(need, scene)
    index = _index(need, scene)
    if server.role is Role.SIDECAR and server.path[-1] == index:
        return Cure(*_add_gate(name, server.path, probe))
    text = f"move {name!r} to initContainers[{index}] with restartPolicy: Always"
    text += " and a startupProbe" if not server.startup else ""
    data: JsonObject = {**server.data, "restartPolicy": "Always"}
    if server.startup is None and probe is not None:
        data["startupProbe"] = probe
    elif server.startup is None:
        return Cure(text)  # without a way to ask it there is no gate, and nothing certain to write
    at = (*scene.pod.path, "initContainers", index)
    return Cure(text, (Edit("remove", server.path), Edit("insert", at, data)))


def native_agent(need: Need, scene: Scene) -> Cure:
    """Make an agent native without a gate: the app must not wait for it."""
    if not supports("native-sidecar", scene.setting.version):
        return Cure("let the app wait a moment in a preStop hook after its last report")
    index, agent = len(scene.pod.inits), need.server
    at = (*scene.pod.path, "initContainers", index)
    value = {**agent.data, "restartPolicy": "Always"}
    text = f"move {agent.name!r} to initContainers[{index}] with restartPolicy: Always"
    return Cure(text, (Edit("remove", agent.path), Edit("insert", at, value)))


def port_of(container: Container, scene: Scene) -> int | None:
    """Return a port at which a probe can ask *container*, None where nobody knows one."""
    ports = claimed_ports(container, scene.setting) - loopback_ports(container, scene.setting)
    return min(ports, default=None)


def own_gate(container: Container, scene: Scene) -> Cure:
    """Return the cure for a startupProbe that asks another one: let it ask *container* itself."""
    path = (*container.path, "startupProbe")
    port = port_of(container, scene)
    if port is None:
        return Cure(
            f"let the startupProbe of {container.name!r} ask itself", (Edit("remove", path),)
        )
    text = f"let the startupProbe of {container.name!r} ask its own port {port}"
    return Cure(text, (Edit("set", path, _tcp(port)),))


def _add_gate(name: str, path: FieldPath, probe: JsonObject | None) -> tuple[str, tuple[Edit, ...]]:
    text = f"give {name!r} a startupProbe with periodSeconds: 1"
    return text, (Edit("set", (*path, "startupProbe"), probe),) if probe else ()


def _gate(need: Need, scene: Scene) -> JsonObject | None:
    """Return a startupProbe for the server: what its readinessProbe asks, or the needed port."""
    server = need.server
    readiness = server.data.get("readinessProbe")
    if server.readiness is not None and isinstance(readiness, dict):
        form = server.readiness.handler.form
        return {form: readiness[form], "periodSeconds": 1, "failureThreshold": FAILURES}
    if need.port is None or need.port in loopback_ports(server, scene.setting):
        return None
    return _tcp(need.port)


def _tcp(port: int) -> JsonObject:
    return {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": FAILURES}


def _index(need: Need, scene: Scene) -> int:
    """Return where in ``initContainers`` the server belongs: before the init that needs it."""
    who = need.who
    first = len(scene.pod.inits)
    if who.role is not Role.APP:
        first = scene.pod.inits.index(who)
    if need.server.role is Role.SIDECAR:
        return min(first, scene.pod.inits.index(need.server))
    return first
