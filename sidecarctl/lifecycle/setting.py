"""What the pod spec itself does not say: its kind, its kubelet, what its containers are for."""

from collections.abc import Mapping

from msgspec import Struct, field

from sidecarctl.lifecycle.images import Known, Purpose, known
from sidecarctl.lifecycle.pod import Container, Pod, Role
from sidecarctl.lifecycle.strategy import Strategy
from sidecarctl.lifecycle.versions import Version

DEFAULT_VERSION = Version(1, 33)
_JOBS = frozenset({"Job", "CronJob"})


class Setting(Struct, frozen=True):
    """Where a pod spec stands; all of it may be left out.

    *version* is the oldest kubelet of the target. *main* names the app where the pod says so
    (``kubectl.kubernetes.io/default-container``). *sidecars* are the containers that the caller
    knows to be sidecars, *ports* the ports that it knows a container to listen on (an Envoy
    bootstrap says so, not the pod), *loopback* those of them that listen on loopback alone.
    *progress_deadline_s* is a Deployment's, *job_deadline_s* the Job's ``activeDeadlineSeconds``,
    *is_served* says that a Service sends requests to the pod, *strategy* how a new revision
    replaces it, None where nothing does.
    """

    kind: str = "Pod"
    version: Version = DEFAULT_VERSION
    main: str = ""
    sidecars: frozenset[str] = frozenset()
    ports: Mapping[str, frozenset[int]] = field(default_factory=dict)
    loopback: Mapping[str, frozenset[int]] = field(default_factory=dict)
    progress_deadline_s: int = 600
    job_deadline_s: int | None = None
    is_served: bool = False
    strategy: Strategy | None = None

    @property
    def is_job(self) -> bool:
        return self.kind in _JOBS


def purpose(container: Container) -> Purpose | None:
    """Return what *container* is known to be there for, None for one that nobody knows."""
    row = image(container)
    return row.purpose if row else None


def image(container: Container) -> Known | None:
    """Return what is known of the image of *container*."""
    return known(container.image, container.name)


def mains(pod: Pod, setting: Setting) -> tuple[Container, ...]:
    """Return the containers that the pod is there for: the apps that are no sidecars.

    Where every app is a known sidecar (Envoy as an edge proxy), the pod is there for them.
    """
    rest = tuple(c for c in pod.apps if not _is_classic(c, setting))
    return rest or pod.apps


def classics(pod: Pod, setting: Setting) -> tuple[Container, ...]:
    """Return the sidecars that stand in ``containers``, where the kubelet takes them for apps."""
    chosen = mains(pod, setting)
    return tuple(c for c in pod.apps if c not in chosen)


def _is_classic(container: Container, setting: Setting) -> bool:
    if container.role is not Role.APP or container.name == setting.main:
        return False
    if setting.main or container.name in setting.sidecars:
        return container.name in setting.sidecars or image(container) is not None
    return image(container) is not None
