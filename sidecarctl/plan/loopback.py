"""An application that listens on loopback alone: told so by its environment, probed through ops."""

from collections.abc import Iterator

from msgspec import Struct, field

from sidecarctl.envoy.slots import AppProbe
from sidecarctl.findings import Json, JsonObject, Severity
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Container, Probe
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.protocol import AppPort


class Loopback(Struct):
    """The changes that bind the application to loopback, and its probes through the proxy."""

    probes: list[AppProbe] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)


def loopback(scene: Scene, found: tuple[AppPort, ...], ops_port: int) -> Loopback:
    """Apply the proxy's ``bind`` to the containers whose ports are proxied."""
    made = Loopback()
    values = scene.candidate.proxy_values
    bind = mapping(values, "bind")
    environment, arguments = mapping(bind, "env"), bind.get("args")
    if scene.candidate.captured and not environment and not arguments:
        _lead_around(scene, found, ops_port, made)
        return made
    if not environment and not arguments:
        if found and scene.candidate.tls == "strict" and values.get("networkPolicy") is not True:
            made.notes.append(_open(scene, found))
        return made
    owners = {each.container.name: each.container for each in found if each.container}
    for container in owners.values():
        made.changes += _environment(scene, container, environment)
        made.changes += _arguments(scene, container, arguments)
        for probe in container.probes():
            _serve(scene, _Probed(container, probe, ops_port), found, made)
    return made


def _lead_around(scene: Scene, found: tuple[AppPort, ...], ops_port: int, made: Loopback) -> None:
    """Lead probes past what the proxy demands of clients: the kubelet's are redirected as well.

    Whether a port takes connections the proxy answers for the application then.
    """
    redirected = tuple(e for e in found if e.number not in scene.candidate.uncaptured_ports)
    for container in {e.container.name: e.container for e in found if e.container}.values():
        for probe in container.probes():
            if probe.handler == "tcpSocket":
                continue
            if probe.scheme.upper() == "HTTPS" and scene.candidate.tls == "none":
                continue
            _serve(scene, _Probed(container, probe, ops_port), redirected, made)


class _Probed(Struct, frozen=True):
    container: Container
    probe: Probe
    ops_port: int


def _environment(scene: Scene, container: Container, wanted: JsonObject) -> Iterator[Change]:
    own = {each.name: each for each in container.env()}
    raw = container.data.get("env")
    index = len(raw) if isinstance(raw, list) else 0
    for name, value in wanted.items():
        reason = "the application listens on loopback alone"
        if name in own:
            path = own[name].path
            if own[name].value == value:
                continue
        else:
            path = (*container.path, "env", index)
            index += 1
        yield Change(scene.document, path, {"name": name, "value": value}, reason)


def _arguments(scene: Scene, container: Container, wanted: Json) -> Iterator[Change]:
    raw = container.data.get("args")
    index = len(raw) if isinstance(raw, list) else 0
    for offset, value in enumerate(wanted if isinstance(wanted, list) else []):
        path = (*container.path, "args", index + offset)
        yield Change(scene.document, path, value, "the application listens on loopback alone")


def _serve(scene: Scene, probed: _Probed, found: tuple[AppPort, ...], made: Loopback) -> None:
    """Lead one probe through the proxy: the kubelet cannot reach a port on loopback."""
    probe = probed.probe
    target = next((each for each in found if probe.port in (each.number, each.name)), None)
    if target is None or probe.handler == "exec":
        return
    if probe.handler == "tcpSocket" or probe.scheme.upper() == "HTTPS":
        made.refusals.append(_unservable(scene, probe))
        return
    served = _served(scene, probed, target)
    handler: JsonObject = {**mapping(probe.data, probe.handler), "port": served.port}
    if served.served_path:
        handler["path"] = served.served_path
    made.probes.append(served)
    path = (*probe.path, probe.handler)
    made.changes.append(
        Change(scene.document, path, handler, f"{probe.role} goes through the proxy")
    )


def _served(scene: Scene, probed: _Probed, target: AppPort) -> AppProbe:
    container, probe = probed.container, probed.probe
    name = f"probe-{container.name}-{probe.role.removesuffix('Probe')}"
    if probe.handler == "grpc":
        return AppProbe(name, "grpc", target.number, port=scene.take("probes"))
    return AppProbe(
        name,
        "http",
        target.number,
        path=probe.http_path,
        served_path=f"/app-probe/{container.name}/{probe.role.removesuffix('Probe')}",
        port=probed.ops_port,
    )


def _open(scene: Scene, found: tuple[AppPort, ...]) -> Note:
    first = next((each.port.path for each in found if each.port), ())
    return Note(
        "app-port-open",
        "mTLS can be walked around: others still reach the application's own port",
        Severity.WARNING,
        scene.document.locate(first),
        "set sidecars.envoy.bind so that it listens on loopback, or sidecars.envoy.networkPolicy",
    )


def _unservable(scene: Scene, probe: Probe) -> Note:
    captured = scene.candidate.captured
    whom = "an application that it stands before" if captured else "an application on loopback"
    return Note(
        "probe-on-loopback",
        f"the {probe.role} is of a kind that the proxy cannot serve for {whom}",
        Severity.ERROR,
        scene.document.locate(probe.path, on="key"),
        "make it an httpGet, grpc or exec probe",
    )
