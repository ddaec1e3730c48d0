"""A port's name moves to the proxy: the application's own port gets another, its probes follow."""

from collections.abc import Iterator

from sidecarctl.manifest.narrow import mapping
from sidecarctl.manifest.workload import Container
from sidecarctl.plan.outcome import Change
from sidecarctl.plan.scene import Scene
from sidecarctl.topology.protocol import AppPort


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
