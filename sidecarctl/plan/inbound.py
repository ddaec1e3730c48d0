"""How traffic reaches the application through the proxy: listeners, Services, port names.

Without interception the proxy listens beside the application. Where a Service aims at a *named*
port the name moves to the proxy and the Service stays as it is; where it aims at a number the
Service is re-pointed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import Severity
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.objects import Service, ServicePort
from sidecarctl.manifest.workload import Container
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import AppPort

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

    def object_to(self, scene: Scene, note: Note) -> None:
        """Refuse for the reason *note* under strict TLS; else only tell it."""
        (self.refusals if scene.candidate.tls == "strict" else self.notes).append(note)


@dataclass(frozen=True, slots=True)
class _Door:
    """A port of a Service that leads to a port of the application."""

    service: Service
    port: ServicePort
    named: bool
    external: bool


def inbound(scene: Scene, found: tuple[AppPort, ...]) -> Inbound:
    """Decide how traffic reaches the application's ports *found*."""
    made = Inbound()
    services = scene.joined.selecting(scene.candidate.workload)
    for service in services:
        if service.headless:
            made.object_to(scene, _headless(service))
    for port in found:
        _open(scene, port, services, made)
    made.notes += _closed_off(scene, made)
    if found and not services:
        made.notes.append(_no_service(scene, made.listeners))
    return made


def _open(scene: Scene, port: AppPort, services: tuple[Service, ...], made: Inbound) -> None:
    """Make the listeners of one application port and lead its doors to them."""
    doors = [door for door in _doors(scene.joined, services, port) if not door.service.headless]
    strict = scene.candidate.tls == "strict"
    outside = [door for door in doors if door.external and strict]
    inside = [door for door in doors if door not in outside]
    listener = _listener(scene, port, external=False)
    made.listeners.append(listener)
    if port.port is not None and port.port.host_port is not None:
        made.object_to(scene, _host_port(scene, port))
    _lead(scene, port, inside, listener, made)
    if not outside:
        return
    if scene.candidate.facts.text("external", "refuse") != "plaintext":
        made.refusals += [_external(door) for door in outside]
        return
    plain = _listener(scene, port, external=True)
    made.listeners.append(plain)
    made.notes += [_plaintext(door, plain) for door in outside]
    if _nobody_without_identity(scene):
        made.notes.append(_closed(outside[0], plain))
    _lead(scene, port, outside, plain, made)


def _closed_off(scene: Scene, made: Inbound) -> Iterator[Note]:
    """Yield a note for each listener that a NetworkPolicy keeps clients from, as it was written for
    the application's own port.
    """
    policies = scene.joined.policies(scene.candidate.workload)
    if any(each.is_open for each in policies):
        return
    allowed = {port for each in policies for _, port in each.ports}
    for listener in made.listeners:
        name = made.names.get(listener.port)
        if listener.port in allowed or name in allowed:
            continue
        for policy in policies:
            for path, port in policy.ports:
                if port == listener.target_port:
                    yield Note(
                        "network-policy",
                        f"NetworkPolicy {policy.document.name!r} lets clients reach port {port}, "
                        f"not the proxy's {listener.port}",
                        Severity.WARNING,
                        policy.document.locate(path),
                        f"add port {listener.port} to that rule, and take {port} out at last",
                    )


def _doors(joined: Fleet, services: tuple[Service, ...], port: AppPort) -> Iterator[_Door]:
    for service in services:
        for each in service.ports():
            named = bool(port.name) and each.target == port.name
            if each.protocol == "TCP" and (named or each.target == port.number):
                yield _Door(service, each, named, joined.is_external(service))


def _listener(scene: Scene, port: AppPort, *, external: bool) -> Listener:
    return Listener(
        name=f"{'external' if external else 'inbound'}-{port.number}",
        direction="inbound",
        protocol=port.guess.protocol.value,
        address=bind_address(scene.candidate),
        port=scene.take("external" if external else "inbound"),
        target_host="127.0.0.1",
        target_port=port.number,
        tls="none" if external else scene.candidate.tls,
    )


def _lead(
    scene: Scene, port: AppPort, doors: list[_Door], listener: Listener, made: Inbound
) -> None:
    """Lead *doors* to *listener*: the port's name moves, or the Service is re-pointed."""
    for door in doors:
        selected = scene.joined.selected_by(door.service)
        others = [each for each in selected if id(each.document) not in scene.everyone]
        if others and (scene.candidate.tls == "strict" or not door.named):
            made.object_to(scene, _mixed(door, others[0].document.name))
        elif door.named and made.names.get(listener.port) == port.name:
            continue  # another port of a Service by the same name: it has moved already
        elif door.named and _names_resolve(scene) and port.name not in made.names.values():
            made.names[listener.port] = port.name
        elif scene.joined.is_editable(door.service.document):
            _repoint(door, listener, made)
        else:
            made.notes.append(_in_context(door, listener))


def _repoint(door: _Door, listener: Listener, made: Inbound) -> None:
    path = (*door.port.path, "targetPort")
    old = door.port.target
    made.changes.append(
        Change(door.service.document, path, listener.port, f"{old} becomes {listener.port}")
    )


def rename_port(scene: Scene, port: AppPort) -> list[Change]:
    """Return the changes that give the application's own port another name, and keep its probes.

    The name itself moves to the proxy: two ports of one name in a pod would leave it open which of
    them a Service means.
    """
    if port.port is None or port.container is None:
        return []
    taken = {each.name for other in scene.candidate.workload.containers() for each in other.ports()}
    name = _free_name(port.name, taken)
    path = (*port.port.path, "name")
    moved = Change(scene.document, path, name, f"{port.name!r} moves to the proxy")
    follow = f"follows its port, now called {name!r}"
    return [
        moved,
        *(Change(scene.document, each, name, follow)
          for each in _references(port.container, port.name)),
    ]  # fmt: skip


def _references(container: Container, name: str) -> Iterator[tuple[str | int, ...]]:
    """Yield the fields of *container* that mean its own port by *name*: probes and hooks."""
    for probe in container.probes():
        if probe.port == name:
            yield (*probe.path, probe.handler, "port")
    for hook, action in mapping(container.data, "lifecycle").items():
        for handler in ("httpGet", "tcpSocket"):
            if mapping(action, handler).get("port") == name:
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
    ipv4 = candidate.proxy_values.get("ipFamily") == "ipv4"
    return "0.0.0.0" if ipv4 else "::"  # noqa: S104  all addresses of the pod are meant


def _names_resolve(scene: Scene) -> bool:
    candidate = scene.candidate
    return not candidate.native or candidate.version >= _NAMED_PORTS_OF_SIDECARS


def _headless(service: Service) -> Note:
    return Note(
        "service-headless",
        f"the headless Service {service.name!r} leads clients to the pod itself, past the proxy",
        Severity.WARNING,
        service.document.locate(("spec", "clusterIP")),
        "give clients a Service with a cluster IP, or leave the workload out",
    )


def _host_port(scene: Scene, port: AppPort) -> Note:
    path = port.port.path if port.port else ()
    return Note(
        "host-port",
        f"hostPort leads from the node to port {port.number}, past the proxy",
        Severity.WARNING,
        scene.document.locate((*path, "hostPort")),
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
        f"clients of the external Service {door.service.name!r} have no certificate, which strict "
        "mTLS demands",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
        "set concerns.mtls.external: plaintext, or leave the workload out",
    )


def _plaintext(door: _Door, listener: Listener) -> Note:
    return Note(
        "external-plaintext",
        f"the external Service {door.service.name!r} gets a plaintext listener of its own, "
        f"{listener.port}",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
    )


def _nobody_without_identity(scene: Scene) -> bool:
    """Tell whether all rules of access ask for an identity, which external clients do not have."""
    rules = scene.candidate.facts.rows("rules")
    return bool(rules) and not any(
        "from" not in rule or "anonymous" in str(rule["from"]) for rule in rules
    )


def _closed(door: _Door, listener: Listener) -> Note:
    return Note(
        "external-closed",
        f"every rule of access asks for an identity, so the plaintext listener {listener.port} "
        "refuses everyone",
        Severity.WARNING,
        door.service.document.locate(("spec", "type")),
        "add a rule with `from: [anonymous]`, or set the external Service apart",
    )


def _in_context(door: _Door, listener: Listener) -> Note:
    return Note(
        "service-in-context",
        f"Service {door.service.name!r} is only looked at: it still aims at {door.port.target}",
        Severity.WARNING,
        door.service.document.locate((*door.port.path, "targetPort")),
        f"set its targetPort to {listener.port}",
    )


def _no_service(scene: Scene, listeners: list[Listener]) -> Note:
    pairs = ", ".join(f"{each.port} (for {each.target_port})" for each in listeners)
    return Note(
        "no-service",
        "no Service in the input selects it, so nothing is led through the proxy yet",
        Severity.WARNING,
        scene.document.locate(("kind",), on="key"),
        f"set targetPort to {pairs}, or show the Service with --context",
    )
