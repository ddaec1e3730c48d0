"""Who listens where, and who needs it when: read from ports, variables, arguments and probes."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from sidecarctl.findings import FieldPath
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.pod import Container, Handler, Pod, Role, Text
from sidecarctl.lifecycle.setting import Setting, image, mains, purpose

_LOCAL = r"(?:localhost|127\.0\.0\.1|\[::1\])"
_DIAL = re.compile(
    rf"(?:\b(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?:[^\s/@'\"]*@)?(?<![\w.-])(?P<host>{_LOCAL})(?![\w-]|\.\w)"
    r"(?::(?P<port>\d{1,5})\b|\s+(?:-p\s*|--port[= ])?(?P<word>\d{2,5})\b|/(?P<dev>\d{2,5})\b)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306,
                  "redis": 6379, "amqp": 5672, "mongodb": 27017, "nats": 4222}  # fmt: skip
# Origins, redirects, allowed hosts, debuggers and addresses to listen on dial nobody.
_NO_DIAL = re.compile(r"listen|bind|origin|cors|redirect|callback|allow|debug|advertise", re.I)
_LISTEN = re.compile(r"listen|bind|^-*((http|grpc|server|metrics)[-_])?port$", re.I)
_HOST_NAME = re.compile(r"^(.*?)_?(HOST|HOSTNAME|ADDR|ADDRESS|SERVER)$", re.I)
_LISTEN_PORT = re.compile(rf"(?P<host>{_LOCAL})?:?\b(?P<port>\d{{2,5}})$")
_REMOTE = re.compile(r"\b[a-z][a-z0-9+.-]*://(?!localhost\b|127\.|\[::1\])[\w$]", re.I)
_FILES = re.compile(r"cert|tls|secret|token|vault|credential|identity|spiffe|svid", re.I)


class When(StrEnum):
    """The moment of a container that depends on another container."""

    DONE = "to finish"  # an init container's work
    HOOKED = "for its postStart hook"
    STARTED = "for its startupProbe"
    ALIVE = "for its livenessProbe"
    READY = "for its readinessProbe"
    RUN = "to work"
    STOP = "for its preStop hook"


class Need(Struct, frozen=True):
    """*who* needs *what* of *server* at *when*; *path* is where the pod says so."""

    who: Container
    when: When
    server: Container
    what: str
    path: FieldPath
    port: int | None = None


Listeners: TypeAlias = Mapping[int, tuple[Container, ...]]
"""Port to the containers that listen on it, in the order of the pod."""


def listeners(pod: Pod, setting: Setting) -> Listeners:
    """Return who listens where, as far as the pod spec or *setting* says.

    What an image listens on by default counts only where no container claims the port.
    """
    found: dict[int, tuple[Container, ...]] = {}
    for container in pod.containers:
        for port in claimed_ports(container, setting):
            found[port] = (*found.get(port, ()), container)
    for container in pod.containers:
        row = image(container)
        for port in row.ports if row else ():
            found.setdefault(port, (container,))
    return found


def claimed_ports(container: Container, setting: Setting) -> frozenset[int]:
    """Return the ports that *container* declares or is told to listen on."""
    return frozenset(
        {
            *(port for _, port in container.ports),
            *setting.ports.get(container.name, ()),
            *(port for port, _ in _listen_flags(container)),
        }
    )


def loopback_ports(container: Container, setting: Setting) -> frozenset[int]:
    """Return the ports of *container* that are on loopback alone: httpGet reaches none [P6]."""
    flags = {port for port, is_local in _listen_flags(container) if is_local}
    return frozenset(flags | setting.loopback.get(container.name, frozenset()))


def needs(pod: Pod, setting: Setting) -> tuple[Need, ...]:
    """Return every need of one container for another that the pod spec shows."""
    at = listeners(pod, setting)
    found: dict[tuple[FieldPath, When, str], Need] = {}
    for container in pod.containers:
        for need in _of_container(container, pod, at):
            found.setdefault((container.path, need.when, need.server.name), need)
    for need in (*_captured(pod, setting), *_files(pod, setting)):
        found.setdefault((need.who.path, need.when, need.server.name), need)
    return tuple(found.values())


def dials(value: str) -> Iterator[int]:
    """Yield the loopback ports *value* dials: ``redis://localhost``, ``nc -z localhost 80``."""
    if "localhost" not in value and "127.0.0.1" not in value and "[::1]" not in value:
        return  # most texts; the expression below is twenty times dearer
    for match in _DIAL.finditer(value):
        port = match["port"] or match["word"]
        if match["dev"] and match.start() >= 5 and value[: match.start()].endswith("/tcp/"):
            port = match["dev"]
        if port:
            yield int(port)
        elif match["scheme"]:
            scheme = match["scheme"].rpartition(":")[2].partition("+")[0]
            if scheme in _DEFAULT_PORTS:
                yield _DEFAULT_PORTS[scheme]


def _of_container(container: Container, pod: Pod, at: Listeners) -> Iterator[Need]:
    work = When.DONE if container.role is Role.INIT else When.RUN
    for text, port in _dialled(container.texts):
        yield from _on_port(container, work, port, text.path, at)
    for when, handler in _handlers(container):
        if handler.form == "exec":
            for port in dials(" ".join(handler.command)):
                yield from _on_port(container, when, port, (*handler.path, "command"), at)
        elif handler.port is not None and not handler.host:
            yield from _on_port(container, when, handler.port, (*handler.path, "port"), at)


def _handlers(container: Container) -> Iterator[tuple[When, Handler]]:
    for when, probe in (
        (When.STARTED, container.startup),
        (When.ALIVE, container.liveness),
        (When.READY, container.readiness),
    ):
        if probe is not None:
            yield when, probe.handler
    for when, hook in ((When.HOOKED, container.post_start), (When.STOP, container.pre_stop)):
        if hook is not None:
            yield when, hook


def _on_port(
    who: Container, when: When, port: int, path: FieldPath, at: Listeners
) -> Iterator[Need]:
    """Yield the need for whoever listens on *port*; a port that *who* listens on is no need."""
    servers = at.get(port, ())
    if servers and who not in servers:
        yield Need(who, when, servers[0], f"port {port}", path, port)


def _dialled(texts: tuple[Text, ...]) -> Iterator[tuple[Text, int]]:
    for text in texts:
        for port in dials(text.value):
            if not _NO_DIAL.search(text.name):
                yield text, port
    by_name = {text.name.upper(): text for text in texts}
    for text in texts:
        host = _HOST_NAME.match(text.name)
        if host and text.value in {"localhost", "127.0.0.1", "::1"}:
            stem = host[1].upper()
            port_text = by_name.get(f"{stem}_PORT" if stem else "PORT") or by_name.get(
                f"{stem}PORT"
            )
            if port_text and port_text.value.isdigit():
                yield text, int(port_text.value)


def _listen_flags(container: Container) -> Iterator[tuple[int, bool]]:
    for text in container.texts:
        if text.name and _LISTEN.search(text.name):
            match = _LISTEN_PORT.search(text.value)
            if match:
                yield int(match["port"]), match["host"] is not None


def _captured(pod: Pod, setting: Setting) -> Iterator[Need]:
    """Yield the needs for the network where a mesh proxy takes all outbound traffic of the pod.

    The capture begins when the redirecting init container has run; init containers after it that
    call out reach nobody until the proxy runs, except as the proxy's own user.
    Source: https://istio.io/latest/docs/setup/additional-setup/cni/#compatibility-with-application-init-containers
    """
    proxy = next((c for c in pod.containers if (row := image(c)) and row.captures), None)
    if proxy is None and any(purpose(c) is Purpose.REDIRECT for c in pod.inits):
        proxy = next((c for c in pod.containers if purpose(c) is Purpose.PROXY), None)
    if proxy is None:
        return
    for container in mains(pod, setting):
        if container != proxy:
            yield Need(container, When.RUN, proxy, "the network", proxy.path)
    captured = not any(purpose(c) is Purpose.REDIRECT for c in pod.inits)  # else a CNI plugin does
    for init in pod.inits:
        captured = captured or purpose(init) is Purpose.REDIRECT
        remote = next((text for text in init.texts if _REMOTE.search(text.value)), None)
        if captured and init.role is Role.INIT and remote and not _runs_as_proxy(init, proxy):
            yield Need(init, When.DONE, proxy, "the network", remote.path)


def _runs_as_proxy(init: Container, proxy: Container) -> bool:
    own, other = (c.data.get("securityContext") for c in (init, proxy))
    user = own.get("runAsUser") if isinstance(own, dict) else None
    proxy_user = other.get("runAsUser") if isinstance(other, dict) else None
    return user is not None and user in {proxy_user, 1337}


def _files(pod: Pod, setting: Setting) -> Iterator[Need]:
    """Yield the needs for certificates and secrets that one container writes and an app reads."""
    for container in mains(pod, setting):
        for mount in container.mounts:
            if mount.read_only and mount.volume in pod.empty_dirs and _FILES.search(mount.volume):
                writers = [c for c in pod.containers if _writes(c, mount.volume)]
                if len(writers) == 1 and writers[0].role is not Role.INIT:
                    what = f"the files of volume {mount.volume!r}"
                    yield Need(container, When.RUN, writers[0], what, mount.path)


def _writes(container: Container, volume: str) -> bool:
    return any(m.volume == volume and not m.read_only for m in container.mounts)
