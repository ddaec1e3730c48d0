"""How traffic reaches the application through the proxy: listeners, Services, port names.

Without interception the proxy listens beside the application. Where a Service aims at a *named*
port the name moves to the proxy and the Service stays as it is; where it aims at a number the
Service is re-pointed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import Severity
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.objects import Service, ServicePort
from sidecarctl.manifest.workload import Container
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.ports import Ports
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import AppPort, app_ports

# Before 1.32 a named port of a native sidecar is not found by the endpoints controller.
# Source: https://github.com/kubernetes/kubernetes/pull/128850
_NAMED_PORTS_OF_SIDECARS = Version.parse("1.32")


@dataclass(slots=True)
class Inbound:
    """What the inbound side of one proxy needs; filled while its ports are gone through.

    *names* says which listener port takes over the name of an application's port.
    """

    listeners: list[Listener] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)

    def object_to(self, candidate: Candidate, note: Note) -> None:
        """Refuse for the reason *note* under strict TLS; else only tell it."""
        (self.refusals if candidate.tls == "strict" else self.notes).append(note)


@dataclass(frozen=True, slots=True)
class _Door:
    """A port of a Service that leads to a port of the application."""

    service: Service
    port: ServicePort
    named: bool
    external: bool


def inbound(
    candidate: Candidate, joined: Fleet, everyone: Mapping[int, Candidate], ports: Ports
) -> Inbound:
    """Decide how traffic reaches *candidate*; *everyone* maps ``id(document)`` to a candidate."""
    made = Inbound()
    services = joined.selecting(candidate.workload)
    found = app_ports(candidate.workload, services)
    for service in services:
        if service.headless:
            made.object_to(candidate, _headless(service))
    for port in found:
        _open(candidate, joined, everyone, port, services, made, ports)
    if found and not services:
        made.notes.append(_no_service(candidate, made.listeners))
    return made


def _open(
    candidate: Candidate,
    joined: Fleet,
    everyone: Mapping[int, Candidate],
    port: AppPort,
    services: tuple[Service, ...],
    made: Inbound,
    ports: Ports,
) -> None:
    """Make the listeners of one application port and lead its doors to them."""
    doors = [door for door in _doors(joined, services, port) if not door.service.headless]
    strict = candidate.tls == "strict"
    outside = [door for door in doors if door.external and strict]
    inside = [door for door in doors if door not in outside]
    listener = _listener(candidate, port, ports, external=False)
    made.listeners.append(listener)
    if port.port is not None and "hostPort" in _raw_port(candidate, port):
        made.object_to(candidate, _host_port(candidate, port))
    _lead(candidate, joined, everyone, port, inside, listener, made)
    if not outside:
        return
    if candidate.facts.text("external", "refuse") != "plaintext":
        made.refusals += [_external(door) for door in outside]
        return
    plain = _listener(candidate, port, ports, external=True)
    made.listeners.append(plain)
    made.notes += [_plaintext(door, plain) for door in outside]
    _lead(candidate, joined, everyone, port, outside, plain, made)


def _doors(joined: Fleet, services: tuple[Service, ...], port: AppPort) -> Iterator[_Door]:
    for service in services:
        for each in service.ports():
            named = bool(port.name) and each.target == port.name
            if each.protocol == "TCP" and (named or each.target == port.number):
                yield _Door(service, each, named, joined.is_external(service))


def _listener(candidate: Candidate, port: AppPort, ports: Ports, *, external: bool) -> Listener:
    bases = _port_bases(candidate)
    return Listener(
        name=f"{'external' if external else 'inbound'}-{port.number}",
        direction="inbound",
        protocol=port.guess.protocol.value,
        address=bind_address(candidate),
        port=ports.take(bases["external" if external else "inbound"]),
        target_host="127.0.0.1",
        target_port=port.number,
        tls="none" if external else candidate.tls,
        external=external,
    )


def _lead(
    candidate: Candidate,
    joined: Fleet,
    everyone: Mapping[int, Candidate],
    port: AppPort,
    doors: list[_Door],
    listener: Listener,
    made: Inbound,
) -> None:
    """Lead *doors* to *listener*: the port's name moves, or the Service is re-pointed."""
    for door in doors:
        others = [w for w in joined.selected_by(door.service) if id(w.document) not in everyone]
        if others and (candidate.tls == "strict" or not door.named):
            made.object_to(candidate, _mixed(door, others[0].document.name))
        elif door.named and _names_resolve(candidate) and port.name not in made.names.values():
            made.names[listener.port] = port.name
        elif door.named and made.names.get(listener.port) == port.name:
            continue  # another Service port by the same name: it has moved already
        elif not joined.is_editable(door.service.document):
            made.notes.append(_in_context(door, listener))
        else:
            _repoint(door, listener, made)


def _repoint(door: _Door, listener: Listener, made: Inbound) -> None:
    path = (*door.port.path, "targetPort")
    old = door.port.target
    made.changes.append(
        Change(door.service.document, path, listener.port, f"{old} becomes {listener.port}")
    )
    made.notes.append(
        Note(
            "service-repointed",
            f"Service {door.service.name!r} aims at {listener.port} instead of {old}, where pods "
            "of the old revision do not listen",
            location=door.service.document.locate(path),
            hint="apply in two steps: --only workloads, wait for the roll-out, then --only services",
        )
    )


def rename_port(candidate: Candidate, port: AppPort) -> list[Change]:
    """Return the changes that give the application's own port another name, and keep its probes.

    The name itself moves to the proxy: two ports of one name in a pod would leave it open which of
    them a Service means.
    """
    if port.port is None or port.container is None:
        return []
    taken = {each.name for other in candidate.workload.containers() for each in other.ports()}
    name = _free_name(port.name, taken)
    document = candidate.workload.document
    changes = [Change(document, (*port.port.path, "name"), name, f"{port.name!r} moves to the proxy")]
    for path in _references(port.container, port.name):
        changes.append(Change(document, path, name, f"follows its port, now called {name!r}"))
    return changes


def _references(container: Container, name: str) -> Iterator[tuple[str | int, ...]]:
    """Yield the fields of *container* that mean its own port by *name*: probes and hooks."""
    for probe in container.probes():
        if probe.port == name:
            yield (*probe.path, probe.handler, "port")
    lifecycle = container.data.get("lifecycle")
    for hook, action in (lifecycle if isinstance(lifecycle, dict) else {}).items():
        for handler in ("httpGet", "tcpSocket"):
            target = action.get(handler) if isinstance(action, dict) else None
            if isinstance(target, dict) and target.get("port") == name:
                yield (*container.path, "lifecycle", hook, handler, "port")


def _free_name(name: str, taken: set[str]) -> str:
    """Return a port name (at most 15 characters) made of *name* that is not *taken*."""
    for prefix in ("app-", *(f"app{number}-" for number in range(2, 100))):
        candidate = (prefix + name)[:15].rstrip("-")
        if candidate not in taken:
            return candidate
    return name


def bind_address(candidate: Candidate) -> str:
    """Return the address that reaches the proxy from outside the pod."""
    family = _sidecar(candidate).get("ipFamily")
    return "0.0.0.0" if family == "ipv4" else "::"  # noqa: S104  the pod's own address


def _sidecar(candidate: Candidate) -> Mapping[str, object]:
    return candidate.choice.sidecars.get(candidate.choice.proxy, {})


def _port_bases(candidate: Candidate) -> dict[str, int]:
    bases = _sidecar(candidate).get("ports")
    numbers = bases if isinstance(bases, dict) else {}
    return {name: number for name, number in numbers.items() if isinstance(number, int)}


def _names_resolve(candidate: Candidate) -> bool:
    return not candidate.native or candidate.version >= _NAMED_PORTS_OF_SIDECARS


def _raw_port(candidate: Candidate, port: AppPort) -> Mapping[str, object]:
    ports = port.container.data.get("ports") if port.container else None
    index = port.port.path[-1] if port.port else None
    entry = ports[index] if isinstance(ports, list) and isinstance(index, int) else None
    return entry if isinstance(entry, dict) else {}


def _headless(service: Service) -> Note:
    return Note(
        "service-headless",
        f"the headless Service {service.name!r} leads clients to the pod's own port, past the proxy",
        Severity.WARNING,
        service.document.locate(("spec", "clusterIP")),
        "give clients a Service with a cluster IP, or leave the workload out",
    )


def _host_port(candidate: Candidate, port: AppPort) -> Note:
    path = port.port.path if port.port else ()
    return Note(
        "host-port",
        f"hostPort leads from the node to port {port.number}, past the proxy",
        Severity.WARNING,
        candidate.workload.document.locate((*path, "hostPort")),
        "drop the hostPort and use a Service, or leave the workload out",
    )


def _mixed(door: _Door, other: str) -> Note:
    return Note(
        "service-mixed",
        f"Service {door.service.name!r} also selects {other!r}, which gets no proxy",
        Severity.WARNING,
        door.service.document.locate(("spec", "selector"), on="key"),
        "inject both, or give each a Service of its own",
    )


def _external(door: _Door) -> Note:
    return Note(
        "service-external",
        f"clients of Service {door.service.name!r} ({door.service.type}) have no certificate, "
        "which strict mTLS demands",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
        "set concerns.mtls.external: plaintext, or leave the workload out",
    )


def _plaintext(door: _Door, listener: Listener) -> Note:
    return Note(
        "external-plaintext",
        f"Service {door.service.name!r} ({door.service.type}) gets the plaintext listener "
        f"{listener.port} of its own",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
    )


def _in_context(door: _Door, listener: Listener) -> Note:
    return Note(
        "service-in-context",
        f"Service {door.service.name!r} is only looked at: it still aims at {door.port.target}",
        Severity.WARNING,
        door.service.document.locate((*door.port.path, "targetPort")),
        f"set its targetPort to {listener.port}",
    )


def _no_service(candidate: Candidate, listeners: list[Listener]) -> Note:
    pairs = ", ".join(f"{each.port} (for {each.target_port})" for each in listeners)
    return Note(
        "no-service",
        "no Service in the input selects it, so nothing is led through the proxy yet",
        Severity.WARNING,
        candidate.workload.document.locate(("kind",), on="key"),
        f"set targetPort to {pairs}, or show the Service with --context",
    )
