"""How traffic reaches the application through the proxy: listeners, Services, port names.

Without interception the proxy listens beside the application. Where a Service aims at a *named*
port the name moves to the proxy and the Service stays as it is; where it aims at a number the
Service is re-pointed.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import Severity
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.objects import Service
from sidecarctl.plan import door_notes
from sidecarctl.plan.door_notes import Door
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import AppPort

# Before 1.32 a named port of a native sidecar is not found by the endpoints controller.
# Source: https://github.com/kubernetes/kubernetes/pull/128850
_NAMED_PORTS_OF_SIDECARS = Version.parse("1.32")


class Inbound(Struct):
    """What the inbound side of one proxy needs; filled while its ports are gone through.

    *names* says which listener port takes over the name of an application's port, *redirects* to
    which of them the kernel of the pod sends what comes for a port of the application.
    """

    listeners: list[Listener] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)
    redirects: dict[int, int] = field(default_factory=dict)

    def object_to(self, scene: Scene, note: Note) -> None:
        """Refuse for the reason *note* under strict TLS; else only tell it."""
        (self.refusals if scene.candidate.tls == "strict" else self.notes).append(note)


def inbound(scene: Scene, found: tuple[AppPort, ...]) -> Inbound:
    """Decide how traffic reaches the application's ports *found*."""
    made = Inbound()
    services = scene.joined.selecting(scene.candidate.workload)
    captured = scene.candidate.captured
    for service in services:
        if service.headless and not captured:
            made.object_to(scene, door_notes.headless(service))
    for port in found:
        if not captured or port.number not in scene.candidate.uncaptured_ports:
            _open(scene, port, services, made)
    if _wants_ipv6(scene) and scene.candidate.proxy_values.get("ipFamily") == "ipv4":
        made.notes.append(door_notes.both_families(scene))
    made.notes += _closed_off(scene, made)
    if found and not services and not captured:
        made.notes.append(door_notes.no_service(scene, made.listeners))
    return made


def _open(scene: Scene, port: AppPort, services: tuple[Service, ...], made: Inbound) -> None:
    """Make the listeners of one application port and lead its doors to them."""
    doors = [door for door in _doors(scene.joined, services, port) if not door.service.headless]
    strict = scene.candidate.tls == "strict"
    outside = [door for door in doors if door.external and strict]
    inside = [door for door in doors if door not in outside]
    listener = _listener(scene, port, external=False)
    made.listeners.append(listener)
    if scene.candidate.captured:
        made.redirects[port.number] = listener.port
        _must_be_ours(scene, inside, made)
    else:
        if port.port is not None and port.port.host_port is not None:
            made.object_to(scene, door_notes.host_port(scene, port))
        _lead(scene, port, inside, listener, made)
    if not outside:
        return
    if scene.candidate.facts.text("external", "refuse") != "plaintext":
        made.refusals += [door_notes.external(door) for door in outside]
        return
    plain = _listener(scene, port, external=True)
    made.listeners.append(plain)
    made.notes += [door_notes.plaintext(door, plain) for door in outside]
    if _nobody_without_identity(scene):
        made.notes.append(door_notes.closed(outside[0], plain))
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
        redirected = listener.port in made.redirects.values()
        if redirected or listener.port in allowed or name in allowed:
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


def _doors(joined: Fleet, services: tuple[Service, ...], port: AppPort) -> Iterator[Door]:
    for service in services:
        for each in service.ports():
            named = bool(port.name) and each.target == port.name
            if each.protocol == "TCP" and (named or each.target == port.number):
                yield Door(service, each, named, joined.is_external(service))


def _listener(scene: Scene, port: AppPort, *, external: bool) -> Listener:
    return Listener(
        name=f"{'external' if external else 'inbound'}-{port.number}",
        direction="inbound",
        protocol=port.guess.protocol.value,
        address=bind_address(scene),
        port=scene.take("external" if external else "inbound"),
        target_host="127.0.0.1",
        target_port=port.number,
        tls="none" if external else scene.candidate.tls,
    )


def _lead(
    scene: Scene, port: AppPort, doors: list[Door], listener: Listener, made: Inbound
) -> None:
    """Lead *doors* to *listener*: the port's name moves, or the Service is re-pointed."""
    for door in doors:
        selected = scene.joined.selected_by(door.service)
        others = [each for each in selected if id(each.document) not in scene.everyone]
        if others and (scene.candidate.tls == "strict" or not door.named):
            made.object_to(scene, door_notes.mixed(door, others[0].document.name))
        elif door.named and made.names.get(listener.port) == port.name:
            continue  # another port of a Service by the same name: it has moved already
        elif door.named and _names_resolve(scene) and port.name not in made.names.values():
            made.names[listener.port] = port.name
        elif scene.joined.is_editable(door.service.document):
            _repoint(door, listener, made)
        else:
            made.notes.append(door_notes.in_context(door, listener))


def _must_be_ours(scene: Scene, doors: list[Door], made: Inbound) -> None:
    """Object to Services that lead to pods without a proxy as well, where all is to be TLS."""
    for door in doors if scene.candidate.tls == "strict" else ():
        for each in scene.joined.selected_by(door.service):
            if id(each.document) not in scene.everyone:
                made.object_to(scene, door_notes.mixed(door, each.document.name))
                break


def _repoint(door: Door, listener: Listener, made: Inbound) -> None:
    path = (*door.port.path, "targetPort")
    old = door.port.target
    made.changes.append(
        Change(door.service.document, path, listener.port, f"{old} becomes {listener.port}")
    )


def bind_address(scene: Scene) -> str:
    """Return the address that reaches the proxy from outside the pod: ``::`` takes IPv4 as well."""
    ipv4 = scene.candidate.proxy_values.get("ipFamily") == "ipv4" and not _wants_ipv6(scene)
    return "0.0.0.0" if ipv4 else "::"  # noqa: S104  all addresses of the pod are meant


def _wants_ipv6(scene: Scene) -> bool:
    services = scene.joined.selecting(scene.candidate.workload)
    return any("IPv6" in each.ip_families for each in services)


def _names_resolve(scene: Scene) -> bool:
    candidate = scene.candidate
    return not candidate.native or candidate.version >= _NAMED_PORTS_OF_SIDECARS


def _nobody_without_identity(scene: Scene) -> bool:
    """Tell whether all rules of access ask for an identity, which external clients do not have."""
    rules = scene.candidate.facts.rows("rules")
    return bool(rules) and not any(
        "from" not in rule or "anonymous" in str(rule["from"]) for rule in rules
    )
