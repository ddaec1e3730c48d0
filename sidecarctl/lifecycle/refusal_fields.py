"""What the API server refuses in the fields that no timeline needs: images, ports, volumes, env.

Apart from `refusal`, which every analysis asks: files that are only a part of a manifest (a patch
without images) have hazards worth telling, but nothing of them would run.

Source: ``ValidatePodSpec`` and what it calls in kubernetes/pkg/apis/core/validation/validation.go
https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
"""

from collections.abc import Iterable, Iterator

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.quantities import amount
from sidecarctl.violation import Violation

_PULLS = ("Always", "IfNotPresent", "Never")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def field_faults(pod: Pod, claims: Iterable[str] = ()) -> Iterator[Violation]:
    """Yield why the API server refuses *pod* beyond what `refusal.faults` says.

    *claims* are volumes that come from elsewhere, as those of a StatefulSet's templates.
    """
    volumes: dict[str, FieldPath] = dict.fromkeys(claims, ())
    for path, volume in _items(pod.data, pod.path, "volumes"):
        yield from _volume_faults(path, volume, volumes)
    for container in pod.containers:
        yield from _image_faults(container)
        yield from _port_faults(container, is_host=pod.data.get("hostNetwork") is True)
        yield from _env_faults(container)
        yield from _mount_faults(container, volumes)
        yield from _handler_faults(container)
    overhead = pod.data.get("overhead")
    for name, quantity in overhead.items() if isinstance(overhead, dict) else ():
        try:
            amount(name, quantity)
        except ValueError:
            yield Violation((*pod.path, "overhead", name), f"{quantity!r} is no quantity")


def _volume_faults(
    path: FieldPath, volume: JsonObject, seen: dict[str, FieldPath]
) -> Iterator[Violation]:
    name = volume.get("name")
    if not isinstance(name, str) or not name:
        yield Violation(path, "a volume needs a name")
        return
    if seen.get(name):
        yield Violation((*path, "name"), f"another volume of this pod is named {name!r}")
    seen[name] = path
    sources = [key for key in volume if key != "name"]
    if len(sources) > 1:
        told = " and ".join(sources)
        yield Violation(
            (*path, sources[1]), f"the volume {name!r} has more than one source: {told}"
        )


def _image_faults(container: Container) -> Iterator[Violation]:
    if not container.image.strip():
        yield Violation(container.path, f"container {container.name!r} needs an image")
    pulls = container.data.get("imagePullPolicy")
    if isinstance(pulls, str) and pulls not in _PULLS:
        path = (*container.path, "imagePullPolicy")
        yield Violation(path, f"{pulls!r} is no pull policy", ", ".join(_PULLS))


def _port_faults(container: Container, *, is_host: bool) -> Iterator[Violation]:
    names: set[Json] = set()
    for path, port in _items(container.data, container.path, "ports"):
        number, name, host = port.get("containerPort"), port.get("name"), port.get("hostPort")
        for key, value in (("containerPort", number), ("hostPort", host)):
            if isinstance(value, int) and not 1 <= value <= 65535:
                yield Violation((*path, key), f"{value} is no port", "1 to 65535")
        if isinstance(name, str) and name in names:
            yield Violation((*path, "name"), f"another port of this container is named {name!r}")
        names.add(name if isinstance(name, str) else None)
        if is_host and host is not None and host != number:
            message = f"with hostNetwork hostPort must be containerPort, {number}, not {host}"
            yield Violation((*path, "hostPort"), message)


def _env_faults(container: Container) -> Iterator[Violation]:
    for path, variable in _items(container.data, container.path, "env"):
        name = variable.get("name")
        if not isinstance(name, str) or not name:
            yield Violation(path, "an environment variable needs a name")
        elif variable.get("value") and variable.get("valueFrom") is not None:
            yield Violation((*path, "valueFrom"), f"{name} has a value and a valueFrom")


def _mount_faults(container: Container, volumes: dict[str, FieldPath]) -> Iterator[Violation]:
    seen: set[str] = set()
    for path, mount in _items(container.data, container.path, "volumeMounts"):
        name, target = mount.get("name"), mount.get("mountPath")
        if isinstance(name, str) and name not in volumes:
            yield Violation((*path, "name"), f"the pod has no volume {name!r}")
        if not isinstance(target, str) or not target:
            yield Violation(path, "a volumeMount needs a mountPath")
        elif target in seen:
            yield Violation((*path, "mountPath"), f"{target} is mounted twice in this container")
        else:
            seen.add(target)


def _handler_faults(container: Container) -> Iterator[Violation]:
    """Yield probes and hooks that are to do two things at once."""
    hooks = container.data.get("lifecycle")
    found: list[tuple[FieldPath, Json]] = [
        ((*container.path, key), container.data.get(key))
        for key in ("startupProbe", "livenessProbe", "readinessProbe")
    ]
    if isinstance(hooks, dict):
        found += [
            ((*container.path, "lifecycle", key), hooks.get(key))
            for key in ("postStart", "preStop")
        ]
    for path, handler in found:
        told = [key for key in _HANDLERS if isinstance(handler, dict) and handler.get(key)]
        if len(told) > 1:
            message = f"{path[-1]} may do one thing, not {' and '.join(told)}"
            yield Violation((*path, told[1]), message)
        web = handler.get("httpGet") if isinstance(handler, dict) else None
        scheme = web.get("scheme") if isinstance(web, dict) else None
        if scheme is not None and scheme not in {"HTTP", "HTTPS"}:
            yield Violation((*path, "httpGet", "scheme"), f"{scheme!r} is neither HTTP nor HTTPS")


def _items(data: JsonObject, path: FieldPath, key: str) -> Iterator[tuple[FieldPath, JsonObject]]:
    entries = data.get(key)
    for index, entry in enumerate(entries) if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield (*path, key, index), entry
