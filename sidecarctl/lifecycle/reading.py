"""Plain data -> `Pod`; tolerant: what has a wrong shape is left out, `refusal.faults` names it."""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.lifecycle.pod import GRACE_S, Container, Handler, Mount, Pod, Probe, Role, Text


def read(data: JsonObject, path: FieldPath = ()) -> Pod:
    """Read the pod spec *data*, which stands at *path* in its document."""
    grace = _number(data.get("terminationGracePeriodSeconds"), GRACE_S)
    deadline = data.get("activeDeadlineSeconds")
    return Pod(
        path=path,
        containers=(
            *_containers(data, path, "initContainers"),
            *_containers(data, path, "containers"),
        ),
        restart_policy=_text(data.get("restartPolicy")) or "Always",
        grace_s=grace,
        deadline_s=deadline if isinstance(deadline, int) else None,
        empty_dirs=frozenset(_empty_dirs(data)),
        shares_processes=data.get("shareProcessNamespace") is True,
        data=data,
    )


def _containers(data: JsonObject, path: FieldPath, key: str) -> Iterator[Container]:
    for index, item in _items(data.get(key)):
        yield _container(item, (*path, key, index), is_init=key == "initContainers")


def _container(data: JsonObject, path: FieldPath, *, is_init: bool) -> Container:
    policy = _text(data.get("restartPolicy"))
    role = Role.APP
    if is_init:
        role = Role.SIDECAR if policy == "Always" else Role.INIT
    ports = _named_ports(data)
    hooks = _mapping(data.get("lifecycle"))
    return Container(
        path=path,
        name=_text(data.get("name")),
        image=_text(data.get("image")),
        role=role,
        ports=tuple(_ports(data, path)),
        texts=tuple(_texts(data, path)),
        mounts=tuple(_mounts(data, path)),
        startup=_probe(data, path, "startupProbe", ports),
        liveness=_probe(data, path, "livenessProbe", ports),
        readiness=_probe(data, path, "readinessProbe", ports),
        post_start=_handler(hooks.get("postStart"), (*path, "lifecycle", "postStart"), ports),
        pre_stop=_handler(hooks.get("preStop"), (*path, "lifecycle", "preStop"), ports),
        restart_policy=policy,
        data=data,
    )


def _probe(data: JsonObject, path: FieldPath, key: str, ports: dict[str, int]) -> Probe | None:
    raw = data.get(key)
    handler = _handler(raw, (*path, key), ports)
    if handler is None or not isinstance(raw, dict):
        return None
    grace = raw.get("terminationGracePeriodSeconds")
    return Probe(
        path=(*path, key),
        handler=handler,
        delay_s=_number(raw.get("initialDelaySeconds"), 0),
        period_s=_number(raw.get("periodSeconds"), 10) or 10,
        timeout_s=_number(raw.get("timeoutSeconds"), 1) or 1,
        failures=_number(raw.get("failureThreshold"), 3) or 3,
        successes=_number(raw.get("successThreshold"), 1) or 1,
        grace_s=grace if isinstance(grace, int) else None,
    )


def _handler(raw: Json, path: FieldPath, ports: dict[str, int]) -> Handler | None:
    if not isinstance(raw, dict):
        return None
    for form in ("exec", "httpGet", "tcpSocket", "grpc", "sleep"):
        spec = raw.get(form)
        if isinstance(spec, dict):
            port = spec.get("port")
            name = port if isinstance(port, str) else ""
            seconds = spec.get("seconds")
            return Handler(
                path=(*path, form),
                form=form,
                port=port if isinstance(port, int) else ports.get(name),
                port_name=name,
                host=_text(spec.get("host")),
                http_path=_text(spec.get("path")),
                command=_strings(spec.get("command")),
                seconds=seconds if isinstance(seconds, int) else 0,
            )
    return Handler(path=path, form="")


def _ports(data: JsonObject, path: FieldPath) -> Iterator[tuple[FieldPath, int]]:
    for index, item in _items(data.get("ports")):
        number = item.get("containerPort")
        if isinstance(number, int):
            yield (*path, "ports", index, "containerPort"), number


def _named_ports(data: JsonObject) -> dict[str, int]:
    """A named port of a probe or hook resolves in its own container alone."""
    named = {}
    for _, item in _items(data.get("ports")):
        name, number = item.get("name"), item.get("containerPort")
        if isinstance(name, str) and isinstance(number, int):
            named[name] = number
    return named


def _texts(data: JsonObject, path: FieldPath) -> Iterator[Text]:
    for index, item in _items(data.get("env")):
        name, value = item.get("name"), item.get("value")
        if isinstance(name, str) and isinstance(value, str):
            yield Text((*path, "env", index, "value"), name, value)
    for key in ("command", "args"):
        flag = ""
        for index, word in enumerate(_strings(data.get(key))):
            name, _, value = word.partition("=") if word.startswith("-") else ("", "", word)
            yield Text((*path, key, index), name or flag, value)
            flag = name if name and not value else ""


def _mounts(data: JsonObject, path: FieldPath) -> Iterator[Mount]:
    for index, item in _items(data.get("volumeMounts")):
        volume = item.get("name")
        if isinstance(volume, str):
            yield Mount((*path, "volumeMounts", index), volume, item.get("readOnly") is True)


def _empty_dirs(data: JsonObject) -> Iterator[str]:
    for _, item in _items(data.get("volumes")):
        if isinstance(item.get("emptyDir"), dict):
            yield _text(item.get("name"))


def _items(data: Json) -> Iterator[tuple[int, JsonObject]]:
    if isinstance(data, list):
        for index, item in enumerate(data):
            if isinstance(item, dict):
                yield index, item


def _mapping(data: Json) -> JsonObject:
    return data if isinstance(data, dict) else {}


def _strings(data: Json) -> tuple[str, ...]:
    """Return every entry as text; a number keeps its index, for places count them."""
    return tuple(str(item) for item in data) if isinstance(data, list) else ()


def _text(data: Json) -> str:
    return data if isinstance(data, str) else ""


def _number(data: Json, default: int) -> int:
    return data if isinstance(data, int) and not isinstance(data, bool) and data >= 0 else default
