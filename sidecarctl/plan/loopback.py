"""An application that listens on loopback alone: told so by its environment, probed through ops."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sidecarctl.envoy.slots import AppProbe
from sidecarctl.findings import Json, JsonObject, Severity
from sidecarctl.manifest.workload import Container, Probe
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.ports import Ports
from sidecarctl.topology.protocol import AppPort


@dataclass(slots=True)
class Loopback:
    """The changes that bind the application to loopback, and its probes as the proxy serves them."""

    probes: list[AppProbe] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)


def loopback(
    candidate: Candidate, found: tuple[AppPort, ...], ops_port: int, ports: Ports
) -> Loopback:
    """Apply the sidecar's ``bind`` to the containers whose ports are proxied."""
    made = Loopback()
    values = candidate.choice.sidecars.get(candidate.choice.proxy, {})
    bind = values.get("bind")
    table = bind if isinstance(bind, dict) else {}
    environment, arguments = table.get("env"), table.get("args")
    if not environment and not arguments:
        if found and candidate.tls == "strict" and values.get("networkPolicy") is not True:
            made.notes.append(_open(candidate, found))
        return made
    owners = {each.container.name: each.container for each in found if each.container}
    for container in owners.values():
        made.changes += _environment(candidate, container, environment)
        made.changes += _arguments(candidate, container, arguments)
        for probe in container.probes():
            _serve(candidate, container, probe, found, ops_port, ports, made)
    return made


def _environment(candidate: Candidate, container: Container, wanted: Json) -> Iterator[Change]:
    own = {each.name: each for each in container.env()}
    raw = container.data.get("env")
    index = len(raw) if isinstance(raw, list) else 0
    for name, value in (wanted if isinstance(wanted, dict) else {}).items():
        reason = "the application listens on loopback alone"
        if name in own:
            path = own[name].path
            if own[name].value == value:
                continue
        else:
            path = (*container.path, "env", index)
            index += 1
        yield Change(candidate.workload.document, path, {"name": name, "value": value}, reason)


def _arguments(candidate: Candidate, container: Container, wanted: Json) -> Iterator[Change]:
    raw = container.data.get("args")
    index = len(raw) if isinstance(raw, list) else 0
    for offset, value in enumerate(wanted if isinstance(wanted, list) else []):
        path = (*container.path, "args", index + offset)
        yield Change(
            candidate.workload.document, path, value, "the application listens on loopback alone"
        )


def _serve(
    candidate: Candidate,
    container: Container,
    probe: Probe,
    found: tuple[AppPort, ...],
    ops_port: int,
    ports: Ports,
    made: Loopback,
) -> None:
    """Lead one probe through the proxy: the kubelet cannot reach a port on loopback."""
    target = next((each for each in found if probe.port in (each.number, each.name)), None)
    if target is None or probe.handler == "exec":
        return
    if probe.handler == "tcpSocket" or probe.scheme.upper() == "HTTPS":
        made.refusals.append(_unservable(candidate, probe))
        return
    path = (*probe.path, probe.handler)
    raw = probe.data.get(probe.handler)
    handler: JsonObject = dict(raw) if isinstance(raw, dict) else {}
    if probe.handler == "grpc":
        values = candidate.choice.sidecars.get(candidate.choice.proxy, {}).get("ports")
        base = values.get("probes") if isinstance(values, dict) else None
        port = ports.take(base if isinstance(base, int) else 10300)
        served = AppProbe(name=f"probe-{port}", kind="grpc", path="", app_port=target.number,
                          served_path="", port=port)  # fmt: skip
        handler["port"] = port
    else:
        served_path = f"/app-probe/{container.name}/{probe.role.removesuffix('Probe')}"
        served = AppProbe(name=f"{container.name}-{probe.role}", kind="http", path=probe.http_path,
                          app_port=target.number, served_path=served_path, port=ops_port)  # fmt: skip
        handler |= {"port": ops_port, "path": served_path}
    made.probes.append(served)
    made.changes.append(
        Change(candidate.workload.document, path, handler, f"{probe.role} goes through the proxy")
    )


def _open(candidate: Candidate, found: tuple[AppPort, ...]) -> Note:
    numbers = ", ".join(str(each.number) for each in found)
    first = next((each.port.path for each in found if each.port), ())
    return Note(
        "app-port-open",
        f"mTLS can be walked around: others still reach the application's own port {numbers}",
        Severity.WARNING,
        candidate.workload.document.locate(first),
        "set sidecars.envoy.bind so that it listens on loopback, or sidecars.envoy.networkPolicy",
    )


def _unservable(candidate: Candidate, probe: Probe) -> Note:
    return Note(
        "probe-on-loopback",
        f"the {probe.role} is of a kind that the proxy cannot serve for an application on loopback",
        Severity.ERROR,
        candidate.workload.document.locate(probe.path, on="key"),
        "make it an httpGet, grpc or exec probe",
    )
