"""What a rule may look at beside its own document."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting, classics
from sidecarctl.lifecycle.versions import Version
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.workload import Workload
from sidecarctl.topology.fleet import Fleet

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Run:
    """All documents of one run, and what holds for them.

    *version* is the oldest Kubernetes of the target. *is_complete* says that the input is all there
    is (a folder, a stream): only then may a rule conclude from what is not there.
    """

    fleet: Fleet
    version: Version
    is_complete: bool
    _pods: dict[Document, Pod] = field(default_factory=dict, repr=False)

    def kubernetes_version(self) -> str:
        """Return the minor version as the schemas are named: ``"1.33"``."""
        return f"{self.version.major}.{self.version.minor}"

    def pod(self, workload: Workload) -> Pod:
        """Return the pod of *workload* as the kubelet sees it; read once for all rules."""
        known = self._pods.get(workload.document)
        if known is None:
            known = read(workload.pod, workload.pod_path)
            self._pods[workload.document] = known
        return known

    def setting(self, workload: Workload) -> Setting:
        """Return where the pod of *workload* stands."""
        return Setting(
            kind=workload.kind,
            version=self.version,
            main=workload.pod_annotations.get(_DEFAULT_CONTAINER, ""),
            is_served=bool(self.fleet.selecting(workload)),
        )

    def sidecars(self, workload: Workload) -> tuple[Container, ...]:
        """Return the sidecars of *workload*: native ones, and known images beside the app."""
        pod = self.pod(workload)
        return (*pod.sidecars, *classics(pod, self.setting(workload)))

    def workloads(self, namespace: str, kind: str, name: str) -> Iterator[Workload]:
        """Yield the workloads of that name, also those that are only looked at."""
        for each in (*self.fleet.workloads, *self.fleet.neighbours):
            home = self.fleet.namespace_of(each.document)
            if (home, each.kind, each.name) == (namespace, kind, name):
                yield each
