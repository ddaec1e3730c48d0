"""What a rule may look at beside its own document."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting
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

    def workloads(self) -> Iterator[Workload]:
        """Yield the workloads of the input and those only looked at."""
        yield from self.fleet.workloads
        yield from self.fleet.neighbours
