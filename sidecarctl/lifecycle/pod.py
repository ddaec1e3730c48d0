"""A pod as the kubelet sees it: containers in their order, with the API's defaults filled in."""

from enum import StrEnum
from functools import cached_property
from typing import Literal

from msgspec import Struct

from sidecarctl.findings import FieldPath, JsonObject

GRACE_S = 30
"""``terminationGracePeriodSeconds`` where the pod says nothing."""


class Role(StrEnum):
    """What an entry of ``containers`` or ``initContainers`` is to the kubelet."""

    APP = "app"
    INIT = "init"
    SIDECAR = "sidecar"  # an init container with restartPolicy: Always (KEP-753)


class Text(Struct, frozen=True):
    """A string that a container is started with: *name* is its variable or flag, else empty."""

    path: FieldPath
    name: str
    value: str


class Handler(Struct, frozen=True):
    """What the kubelet does for a probe or a hook.

    *port* is None where there is none or where a name resolves to nothing; *port_name* is the name.
    """

    path: FieldPath
    form: Literal["exec", "httpGet", "tcpSocket", "grpc", "sleep", ""]
    port: int | None = None
    port_name: str = ""
    host: str = ""
    http_path: str = ""
    command: tuple[str, ...] = ()
    seconds: int = 0

    @property
    def has_target(self) -> bool:
        """Whether its port is a number or a name that the container gives to one of its ports."""
        return self.port is not None or not self.port_name


class Probe(Struct, frozen=True):
    """A probe with the API's defaults; times are seconds.

    Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
    """

    path: FieldPath
    handler: Handler
    delay_s: int = 0
    period_s: int = 10
    timeout_s: int = 1
    failures: int = 3
    successes: int = 1
    grace_s: int | None = None

    @property
    def budget_s(self) -> int:
        """How long the container may take until the probe gives up [P7]."""
        return self.delay_s + self.failures * self.period_s


class Mount(Struct, frozen=True):
    """A volume in a container."""

    path: FieldPath
    volume: str
    read_only: bool


class Container(Struct, frozen=True, eq=False):
    """One container of the pod; *path* counts from the root of the document."""

    path: FieldPath
    name: str
    image: str
    role: Role
    ports: tuple[tuple[FieldPath, int], ...]
    texts: tuple[Text, ...]
    mounts: tuple[Mount, ...]
    startup: Probe | None
    liveness: Probe | None
    readiness: Probe | None
    post_start: Handler | None
    pre_stop: Handler | None
    restart_policy: str
    data: JsonObject

    @property
    def is_native_sidecar(self) -> bool:
        return self.role is Role.SIDECAR


class Pod(Struct, frozen=True, eq=False, dict=True):
    """A pod spec: *containers* holds init containers and sidecars in list order, then the apps."""

    path: FieldPath
    containers: tuple[Container, ...]
    restart_policy: str
    grace_s: int
    deadline_s: int | None
    empty_dirs: frozenset[str]
    shares_processes: bool
    data: JsonObject

    @cached_property
    def inits(self) -> tuple[Container, ...]:
        """Init containers and native sidecars, in their order."""
        return tuple(c for c in self.containers if c.role is not Role.APP)

    @cached_property
    def apps(self) -> tuple[Container, ...]:
        return tuple(c for c in self.containers if c.role is Role.APP)

    @cached_property
    def sidecars(self) -> tuple[Container, ...]:
        """The native sidecars, in their order."""
        return tuple(c for c in self.containers if c.role is Role.SIDECAR)

    def container(self, name: str) -> Container:
        """Return the container *name*.

        Raises:
            KeyError: the pod has none of that name.
        """
        for container in self.containers:
            if container.name == name:
                return container
        raise KeyError(name)
