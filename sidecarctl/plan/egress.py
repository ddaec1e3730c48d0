"""How the application reaches others through the proxy: loopback listeners, rewired callers."""

from collections.abc import Mapping

from msgspec import Struct, field

from sidecarctl.envoy.slots import Listener
from sidecarctl.findings import FieldPath, JsonObject, Severity
from sidecarctl.manifest.workload import Role, Workload
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.outcome import Change, Note
from sidecarctl.plan.scene import Scene
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.calls import Call, calls
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import app_ports, protocol_of_service_port

_LOOPBACK = "127.0.0.1"
_ENTRANCE = "this Service is the plaintext entrance for external clients"


class Egress(Struct):
    """What the outbound side of one proxy needs."""

    listeners: list[Listener] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)


def egress(scene: Scene) -> Egress:
    """Decide how the candidate reaches its dependencies and the strict servers that it calls."""
    made = Egress()
    facts = scene.candidate.facts
    for entry in facts.rows("dependencies"):
        made.listeners.append(_dependency(entry, scene, made))
    if facts.text("discover", "off") == "env":
        _discover(scene, made)
    else:
        for call, _ in plaintext_calls(
            scene.candidate.workload, scene.joined, scene.everyone, scene.profile
        ):
            _object(scene, call, "egress.discover is off", made)
    return made


def plaintext_calls(
    caller: Workload, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> list[tuple[Call, Candidate]]:
    """Return the calls of *caller* to servers that demand a client certificate, with the server."""
    found = []
    for call in calls(caller, joined, profile.cluster_domain):
        strict = [each for each in _servers(call, joined, everyone) if each.tls == "strict"]
        found += [(call, server) for server in strict[:1]]
    return found


def plaintext_note(call: Call, why: str) -> Note:
    """Say that *call* stays without mTLS although its server demands it."""
    return Note(
        "caller-plaintext",
        f"{call.text!r} calls the strict Service {call.service.name!r} without mTLS: {why}",
        Severity.WARNING,
        call.document.locate(call.path),
        "give callers inside a Service of their own, that no Ingress or LoadBalancer leads to"
        if why == _ENTRANCE
        else "inject the caller and name host:port in an environment variable, or state the "
        "dependency under egress.dependencies",
    )


def _discover(scene: Scene, made: Egress) -> None:
    """Rewire every address in a variable that leads to a server with a proxy of ours."""
    listeners: dict[tuple[int, int], Listener] = {}
    rewired: dict[FieldPath, list[tuple[Call, Listener]]] = {}
    caller = scene.candidate.workload
    for call in calls(caller, scene.joined, scene.profile.cluster_domain):
        servers = _servers(call, scene.joined, scene.everyone)
        if not any(server.tls != "none" for server in servers):
            continue
        obstacle = _obstacle(call, scene, servers)
        if obstacle:
            if any(server.tls == "strict" for server in servers):
                _object(scene, call, obstacle, made)
            continue
        key = (id(call.service.document), call.port.number)
        if key not in listeners:
            listeners[key] = _listener(call, scene, servers)
            made.listeners.append(listeners[key])
        rewired.setdefault(call.path, []).append((call, listeners[key]))
    made.changes += [_rewire(scene, path, pairs) for path, pairs in rewired.items()]


def _servers(call: Call, joined: Fleet, everyone: Mapping[int, Candidate]) -> list[Candidate]:
    """Return those with a proxy of ours that answer *call*; none where it reaches itself."""
    selected = joined.selected_by(call.service)
    if any(each.document is call.caller.document for each in selected):
        return []
    if call.service.headless:
        return []
    return [everyone[id(each.document)] for each in selected if id(each.document) in everyone]


def _obstacle(call: Call, scene: Scene, servers: list[Candidate]) -> str:
    if call.obstacle:
        return call.obstacle
    if call.encrypted:
        return f"the application speaks TLS itself ({call.scheme}://)"
    strict = any(server.tls == "strict" for server in servers)
    if scene.joined.is_external(call.service) and strict:
        return _ENTRANCE
    if not scene.candidate.native and call.container.role is Role.INIT:
        return "an init container runs before a proxy that is no native sidecar"
    return ""


def _object(scene: Scene, call: Call, why: str, made: Egress) -> None:
    note = plaintext_note(call, why)
    refuse = scene.candidate.facts.text("plaintextCallers", "warn") == "refuse"
    (made.refusals if refuse else made.notes).append(note)


def _listener(call: Call, scene: Scene, servers: list[Candidate]) -> Listener:
    joined, profile = scene.joined, scene.profile
    namespace = joined.namespace_of(call.service.document)
    return Listener(
        name=f"egress-{call.service.name}-{call.port.number}",
        direction="outbound",
        protocol=_protocol(call, joined, servers),
        address=_LOOPBACK,
        port=scene.take("egress"),
        target_host=call.host,
        target_port=call.port.number,
        tls="strict",
        sans=tuple(dict.fromkeys(_identity(each, profile) for each in servers)),
        sni=f"{call.service.name}.{namespace}.svc.{profile.cluster_domain}",
        hosts=_names(call.service.name, namespace, scene),
    )


def _names(service: str, namespace: str, scene: Scene) -> tuple[str, ...]:
    """Return the names by which the caller reaches *service*."""
    full = f"{service}.{namespace}.svc.{scene.profile.cluster_domain}"
    names = (f"{service}.{namespace}", f"{service}.{namespace}.svc", full)
    return (service, *names) if namespace == scene.candidate.namespace else names


def _protocol(call: Call, joined: Fleet, servers: list[Candidate]) -> str:
    """Return the protocol that the server's own listener speaks, so that both ends agree."""
    for server in servers:
        for port in app_ports(server.workload, joined.selecting(server.workload)):
            if call.port.target in (port.number, port.name):
                return port.guess.protocol.value
    return protocol_of_service_port(call.port).protocol.value


def _identity(server: Candidate, profile: Profile) -> str:
    account = server.workload.service_account
    return f"spiffe://{profile.trust_domain}/ns/{server.namespace}/sa/{account}"


def _rewire(scene: Scene, path: FieldPath, pairs: list[tuple[Call, Listener]]) -> Change:
    """Point every address in the text at *path* to its listener, from the right to the left."""
    text = pairs[0][0].text
    for call, listener in sorted(pairs, key=lambda pair: -pair[0].start):
        text = f"{text[: call.start]}{_LOOPBACK}:{listener.port}{text[call.end :]}"
    services = ", ".join(dict.fromkeys(call.service.name for call, _ in pairs))
    return Change(scene.document, path, text, f"{services} is reached through the proxy")


def _dependency(entry: JsonObject, scene: Scene, made: Egress) -> Listener:
    """Return the listener of a dependency that the profile states itself."""
    name, port = str(entry["name"]), entry["localPort"]
    number = port if isinstance(port, int) else 0
    if not scene.ports.claim(number):
        made.refusals.append(
            Note(
                "port-clash",
                f"egress dependency {name!r} wants port {number}, which a container declares",
                Severity.ERROR,
                hint="choose another localPort",
            )
        )
    protocol, host = str(entry["protocol"]), str(entry["host"])
    target = entry["port"]
    return Listener(
        name=f"egress-{name}",
        direction="outbound",
        protocol="tcp" if protocol not in {"http", "grpc"} else protocol,
        address=_LOOPBACK,
        port=number,
        target_host=host,
        target_port=target if isinstance(target, int) else 0,
        tls=str(entry.get("tls", "none")),
        sans=tuple(str(each) for each in _items(entry.get("sans"))),
        sni=str(entry.get("sni", host)),
        values=entry,
        hosts=(host,),
    )


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
