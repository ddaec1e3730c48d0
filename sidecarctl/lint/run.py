"""What a rule may look at beside its own document."""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct, field

from sidecarctl.envoy.descriptors import violations as envoy_violations
from sidecarctl.envoy.find import bootstraps
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.kubernetes import kubernetes_versions
from sidecarctl.lifecycle.analysis import Analysis, analyse
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.setting import Setting, classics
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.envoys import Running, running
from sidecarctl.lint.index import Index, index
from sidecarctl.lint.mounts import Mounted, mounted
from sidecarctl.lint.schema import violations
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, number
from sidecarctl.manifest.workload import Container as WorkloadContainer
from sidecarctl.manifest.workload import Workload
from sidecarctl.topology.fleet import Fleet
from sidecarctl.violation import Violation

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


class Run(Struct, frozen=True, eq=False, dict=True):
    """All documents of one run, and what holds for them.

    *version* is the oldest Kubernetes of the target. A run may see a part of what there is (a hook
    gets the files that changed), so no rule concludes from a document that is not there. What
    several rules ask for is worked out once and kept.
    """

    fleet: Fleet
    version: Version
    _violations: dict[Document, tuple[Violation, ...]] = field(default_factory=dict)
    _bootstraps: dict[Document, tuple[Bootstrap, ...]] = field(default_factory=dict)
    _envoy_violations: dict[Bootstrap, tuple[Violation, ...]] = field(default_factory=dict)
    _containers: dict[Document, tuple[WorkloadContainer, ...]] = field(default_factory=dict)
    _mounts: dict[Document, tuple[Mounted, ...]] = field(default_factory=dict)
    _envoys: dict[Document, tuple[Running, ...]] = field(default_factory=dict)
    _settings: dict[Document, Setting] = field(default_factory=dict)
    _analyses: dict[Document, Analysis] = field(default_factory=dict)

    @cached_property
    def index(self) -> Index:
        return index(self.fleet)

    @cached_property
    def kubernetes_version(self) -> str:
        """Return the version whose schemas are used: the nearest to the target that is here."""
        known = [int(version.partition(".")[2]) for version in kubernetes_versions()]
        return f"1.{min(max(self.version.minor, known[0]), known[-1])}"

    def violations(self, document: Document) -> tuple[Violation, ...]:
        """Return how *document* fails the schema of its kind."""
        if document not in self._violations:
            found = tuple(violations(document, self.kubernetes_version))
            self._violations[document] = found
        return self._violations[document]

    def bootstraps(self, document: Document) -> tuple[Bootstrap, ...]:
        """Return the Envoy bootstraps in *document*."""
        if document not in self._bootstraps:
            self._bootstraps[document] = bootstraps(document)
        return self._bootstraps[document]

    def envoy_violations(self, bootstrap: Bootstrap) -> tuple[Violation, ...]:
        """Return how *bootstrap* fails Envoy's own descriptors."""
        if bootstrap not in self._envoy_violations:
            found = envoy_violations(bootstrap.root.data)
            self._envoy_violations[bootstrap] = tuple(found)
        return self._envoy_violations[bootstrap]

    def containers(self, workload: Workload) -> tuple[WorkloadContainer, ...]:
        """Return the containers of *workload*, in their order."""
        if workload.document not in self._containers:
            self._containers[workload.document] = workload.containers()
        return self._containers[workload.document]

    def config_maps(self, workload: Workload) -> tuple[Mounted, ...]:
        """Return the ConfigMaps of the input that the containers of *workload* mount."""
        if workload.document not in self._mounts:
            home, known = self.fleet.namespace_of(workload.document), self.index.config_maps
            found = mounted(workload, self.containers(workload), home, known)
            self._mounts[workload.document] = tuple(found)
        return self._mounts[workload.document]

    def envoys(self, workload: Workload) -> tuple[Running, ...]:
        """Return the containers of *workload* that run Envoy with a bootstrap of the input."""
        if workload.document not in self._envoys:
            found = tuple(running(self.config_maps(workload), self.bootstraps))
            self._envoys[workload.document] = found
        return self._envoys[workload.document]

    def users(self, bootstrap: Bootstrap) -> tuple[Workload, ...]:
        """Return the workloads that start Envoy with *bootstrap*."""
        return self._users.get(bootstrap, ())

    def pod(self, workload: Workload) -> Pod:
        """Return the pod of *workload* as the kubelet sees it."""
        return self.analysis(workload).pod

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

    @cached_property
    def _users(self) -> dict[Bootstrap, tuple[Workload, ...]]:
        found: dict[Bootstrap, tuple[Workload, ...]] = {}
        for workload in self._workloads():
            for each in self.envoys(workload):
                found[each.bootstrap] = (*found.get(each.bootstrap, ()), workload)
        return found

    def _workloads(self) -> Iterator[Workload]:
        yield from self.fleet.workloads
        yield from self.fleet.neighbours

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
            is_served=any(True for _ in self.index.selecting(workload)),
        )
