"""What a rule may look at beside its own document."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sidecarctl.envoy.read import Bootstrap, bootstraps
from sidecarctl.kubernetes import kubernetes_versions
from sidecarctl.lifecycle.analysis import Analysis, analyse
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting, classics
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.envoys import Running, running
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, number
from sidecarctl.manifest.workload import Container as ManifestContainer
from sidecarctl.manifest.workload import Workload
from sidecarctl.topology.fleet import Fleet

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Run:
    """All documents of one run, and what holds for them.

    *version* is the oldest Kubernetes of the target. *is_complete* says that the input is all there
    is (a folder, a stream): only then may a rule conclude from what is not there. What several
    rules ask for is worked out once and kept.
    """

    fleet: Fleet
    version: Version
    is_complete: bool
    _bootstraps: dict[Document, tuple[Bootstrap, ...]] = field(default_factory=dict, repr=False)
    _envoys: dict[Document, tuple[Running, ...]] = field(default_factory=dict, repr=False)
    _settings: dict[Document, Setting] = field(default_factory=dict, repr=False)
    _analyses: dict[Document, Analysis] = field(default_factory=dict, repr=False)
    _pods: dict[Document, Pod] = field(default_factory=dict, repr=False)

    def kubernetes_version(self) -> str:
        """Return the version whose schemas are used: the nearest to the target that is here."""
        known = [int(version.partition(".")[2]) for version in kubernetes_versions()]
        return f"1.{min(max(self.version.minor, known[0]), known[-1])}"

    def bootstraps(self, document: Document) -> tuple[Bootstrap, ...]:
        """Return the Envoy bootstraps in *document*."""
        if document not in self._bootstraps:
            self._bootstraps[document] = bootstraps(document)
        return self._bootstraps[document]

    def envoys(self, workload: Workload) -> tuple[Running, ...]:
        """Return the containers of *workload* that run Envoy with a bootstrap of the input."""
        if workload.document not in self._envoys:
            found = tuple(running(workload, self.fleet, self.bootstraps))
            self._envoys[workload.document] = found
        return self._envoys[workload.document]

    def users(self, bootstrap: Bootstrap) -> Iterator[tuple[Workload, ManifestContainer]]:
        """Yield the workloads whose containers start Envoy with *bootstrap*."""
        for workload in (*self.fleet.workloads, *self.fleet.neighbours):
            for each in self.envoys(workload):
                if each.bootstrap is bootstrap:
                    yield workload, each.container

    def pod(self, workload: Workload) -> Pod:
        """Return the pod of *workload* as the kubelet sees it."""
        if workload.document not in self._pods:
            self._pods[workload.document] = read(workload.pod, workload.pod_path)
        return self._pods[workload.document]

    def setting(self, workload: Workload) -> Setting:
        """Return where the pod of *workload* stands, Envoy's listeners included."""
        if workload.document not in self._settings:
            self._settings[workload.document] = self._setting(workload)
        return self._settings[workload.document]

    def analysis(self, workload: Workload) -> Analysis:
        """Return what goes wrong in the pod of *workload* by the model of the kubelet."""
        if workload.document not in self._analyses:
            setting = self.setting(workload)
            found = analyse(workload.pod, workload.pod_path, setting)
            self._analyses[workload.document] = found
        return self._analyses[workload.document]

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

    def _setting(self, workload: Workload) -> Setting:
        ports, loopback = {}, {}
        for each in self.envoys(workload):
            addresses = [a for one in each.bootstrap.listeners for a in one.addresses]
            admin = each.bootstrap.admin
            addresses += [admin] if admin else []
            name = each.container.name
            ports[name] = frozenset(a.port for a in addresses if a.port)
            loopback[name] = frozenset(a.port for a in addresses if a.port and a.is_loopback)
        spec = mapping(workload.document.data, "spec")
        job = mapping(workload.document.data, *workload.template_path[:-1])
        return Setting(
            kind=workload.kind,
            version=self.version,
            main=workload.pod_annotations.get(_DEFAULT_CONTAINER, ""),
            ports=ports,
            loopback=loopback,
            progress_deadline_s=number(spec.get("progressDeadlineSeconds")) or 600,
            job_deadline_s=number(job.get("activeDeadlineSeconds")),
            is_served=bool(self.fleet.selecting(workload)),
        )
