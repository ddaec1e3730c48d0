"""Documents that hold a pod, seen as Kubernetes sees them: containers, ports, probes.

What has a wrong shape (a container that is text, a port that is no number) is passed over: these
views never fail, the schema of Kubernetes is what says that it is wrong.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeAlias

from msgspec import Struct

from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, mappings, number, strings, text

ProbeRole: TypeAlias = Literal["startupProbe", "readinessProbe", "livenessProbe"]
Handler: TypeAlias = Literal["httpGet", "tcpSocket", "grpc", "exec"]

_IN_SPEC = ("spec", "template")
_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): _IN_SPEC,
    ("apps", "Deployment"): _IN_SPEC,
    ("apps", "ReplicaSet"): _IN_SPEC,
    ("apps", "StatefulSet"): _IN_SPEC,
    ("apps", "DaemonSet"): _IN_SPEC,
    ("batch", "Job"): _IN_SPEC,
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("argoproj.io", "Rollout"): _IN_SPEC,
    ("apps.openshift.io", "DeploymentConfig"): _IN_SPEC,
}
_PROBES: tuple[ProbeRole, ...] = ("startupProbe", "readinessProbe", "livenessProbe")
_HANDLERS: tuple[Handler, ...] = ("httpGet", "tcpSocket", "grpc", "exec")


class Role(StrEnum):
    """What an entry of a pod's container lists is; a sidecar is an init container that stays.

    Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
    """

    APP = "app"
    INIT = "init"
    SIDECAR = "sidecar"


class Port(Struct, frozen=True):
    """A port that a container declares. *name* is ``""`` where it has none."""

    path: FieldPath
    number: int
    name: str
    protocol: str
    host_port: int | None = None

    def __str__(self) -> str:
        return str(self.number) if self.protocol == "TCP" else f"{self.number}/{self.protocol}"


class EnvVar(Struct, frozen=True):
    """An environment variable; *value* is None where it comes from elsewhere (``valueFrom``)."""

    path: FieldPath
    name: str
    value: str | None


class VolumeMount(Struct, frozen=True):
    """Where a container mounts a volume of the pod."""

    path: FieldPath
    name: str
    mount_path: str
    sub_path: str
    read_only: bool


class Probe(Struct, frozen=True):
    """A probe of a container.

    *port* is a number or the name of a port, None for ``exec``; *http_path* and *scheme* are those
    of ``httpGet`` with its defaults, ``""`` for other handlers.
    """

    path: FieldPath
    role: ProbeRole
    handler: Handler
    port: int | str | None
    http_path: str
    scheme: str
    data: JsonObject


class Container(Struct, frozen=True):
    """A container of a pod. *run_as_user* is its own, else the pod's, else None."""

    path: FieldPath
    data: JsonObject
    role: Role
    name: str
    image: str
    run_as_user: int | None

    def ports(self) -> tuple[Port, ...]:
        return tuple(
            Port(path, port, text(data.get("name")), text(data.get("protocol")) or "TCP",
                 number(data.get("hostPort")))
            for path, data in mappings(self.data, self.path, "ports")
            if (port := number(data.get("containerPort"))) is not None
        )  # fmt: skip

    def env(self) -> tuple[EnvVar, ...]:
        return tuple(
            EnvVar(path, name, None if data.get("valueFrom") else text(data.get("value")))
            for path, data in mappings(self.data, self.path, "env")
            if (name := text(data.get("name")))
        )

    def configured(self) -> tuple[tuple[str, str | None, str], ...]:
        """Return what the environment takes from ConfigMaps: their name, the key (None: all of it),
        and the variable ("" where all keys become variables).
        """
        single = (
            (mapping(data, "valueFrom", "configMapKeyRef"), text(data.get("name")))
            for _, data in mappings(self.data, self.path, "env")
        )
        whole = (
            (mapping(data, "configMapRef"), "")
            for _, data in mappings(self.data, self.path, "envFrom")
        )
        return tuple(
            (text(reference.get("name")), text(reference.get("key")) or None, variable)
            for reference, variable in (*single, *whole)
            if reference
        )

    def volume_mounts(self) -> tuple[VolumeMount, ...]:
        return tuple(
            VolumeMount(path, text(data.get("name")), text(data.get("mountPath")),
                        text(data.get("subPath")), data.get("readOnly") is True)
            for path, data in mappings(self.data, self.path, "volumeMounts")
        )  # fmt: skip

    def probes(self) -> tuple[Probe, ...]:
        """Return the probes in the order in which the kubelet begins them."""
        found = (_probe((*self.path, role), role, mapping(self.data, role)) for role in _PROBES)
        return tuple(each for each in found if each is not None)


class Workload(Struct, frozen=True, eq=False, dict=True):
    """A document that holds a pod. *template_path* leads to the ``metadata`` and ``spec`` of it.

    A workload equals only itself. Where the document lacks a pod, ``pod`` is empty.
    """

    document: Document
    template_path: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.document.kind

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def namespace(self) -> str | None:
        return self.document.namespace

    @cached_property
    def template(self) -> JsonObject:
        """Return the pod template; for a Pod, the whole document."""
        return mapping(self.document.data, *self.template_path)

    @cached_property
    def pod_labels(self) -> dict[str, str]:
        return strings(mapping(self.template, "metadata").get("labels"))

    @cached_property
    def pod_annotations(self) -> dict[str, str]:
        return strings(mapping(self.template, "metadata").get("annotations"))

    @cached_property
    def pod(self) -> JsonObject:
        """Return the pod spec."""
        return mapping(self.template, "spec")

    @property
    def pod_path(self) -> tuple[str, ...]:
        return (*self.template_path, "spec")

    @property
    def service_account(self) -> str:
        """Return the name of the ServiceAccount that the pod runs as."""
        name = self.pod.get("serviceAccountName") or self.pod.get("serviceAccount")
        return text(name) or "default"

    @property
    def host_network(self) -> bool:
        return self.pod.get("hostNetwork") is True

    @property
    def replicas(self) -> int | None:
        """Return how many pods the document asks for; None where it does not say."""
        return number(mapping(self.document.data, "spec").get("replicas"))

    def containers(self) -> tuple[Container, ...]:
        """Return init containers and sidecars in the order they stand in, then the app's."""
        return self._containers

    @cached_property
    def _containers(self) -> tuple[Container, ...]:
        return (*self._list("initContainers"), *self._list("containers"))

    def _list(self, key: Literal["initContainers", "containers"]) -> Iterator[Container]:
        pods_user = number(mapping(self.pod, "securityContext").get("runAsUser"))
        for path, data in mappings(self.pod, self.pod_path, key):
            own_user = number(mapping(data, "securityContext").get("runAsUser"))
            yield Container(
                path=path,
                data=data,
                role=_role(key, data),
                name=text(data.get("name")),
                image=text(data.get("image")),
                run_as_user=pods_user if own_user is None else own_user,
            )


def workload(document: Document) -> Workload | None:
    """Return *document* as a workload, None where it is none.

    API group and kind decide, the version does not. A Rollout that only refers to a Deployment
    (``workloadRef``) holds no pod.
    """
    path = _TEMPLATES.get((document.group, document.kind))
    if path is None:
        return None
    found = Workload(document, path)
    if not found.template and mapping(document.data, "spec", "workloadRef"):
        return None
    return found


def _role(key: Literal["initContainers", "containers"], data: JsonObject) -> Role:
    if key == "containers":
        return Role.APP
    return Role.SIDECAR if data.get("restartPolicy") == "Always" else Role.INIT


def _probe(path: FieldPath, role: ProbeRole, data: JsonObject) -> Probe | None:
    handler = next((each for each in _HANDLERS if each in data), None)
    if handler is None:
        return None
    details = mapping(data, handler)
    named = details.get("port")
    port = named if isinstance(named, str) else number(named)
    is_http = handler == "httpGet"
    return Probe(
        path=path,
        role=role,
        handler=handler,
        port=port,
        http_path=(text(details.get("path")) or "/") if is_http else "",
        scheme=(text(details.get("scheme")) or "HTTP") if is_http else "",
        data=data,
    )
