"""The numbers that advice rests on, each with where it is from; thresholds are the user's."""

from collections.abc import Mapping

from msgspec import Struct

from sidecarctl.lifecycle.quantities import cpu_milli, memory_bytes


class Request(Struct, frozen=True):
    """What something asks of its node: thousandths of a core, and bytes."""

    cpu: int
    memory: int

    def times(self, count: int) -> "Request":
        return Request(self.cpu * count, self.memory * count)

    def plus(self, other: "Request") -> "Request":
        return Request(self.cpu + other.cpu, self.memory + other.memory)


def request(cpu: str, memory: str) -> Request:
    """Return the request of two quantities."""
    return Request(cpu_milli(cpu), memory_bytes(memory))


NODE_PROXY = request("200m", "512Mi").plus(request("100m", "100Mi"))
"""ztunnel and istio-cni, what their charts ask on each node."""
NODE_PROXY_SOURCE = (
    "https://github.com/istio/istio/blob/master/manifests/charts/ztunnel/values.yaml"
)
PERFORMANCE_SOURCE = "https://istio.io/latest/docs/ops/deployment/performance-and-scalability/"
MEASURED = (
    "at 1000 requests a second a sidecar takes 0.20 cores and 60 MB, a ztunnel 0.06 and 12 MB"
)
AGENT_SOURCE = "https://kubernetes.io/docs/concepts/cluster-administration/logging/#cluster-level-logging-architectures"
DAEMON_SOURCE = "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/"
LIBRARY_SOURCE = "https://grpc.io/docs/guides/service-config/"
VOLUME_SOURCE = "https://secrets-store-csi-driver.sigs.k8s.io/introduction"
SIDECAR_SOURCE = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"


class Thresholds(Struct, frozen=True):
    """Where advice turns. Engineering values, but for what is computed from requests.

    *pods_per_node* is how many of the pods in question run on a node, *languages* in how many the
    applications are written; 0 is: nobody said. *tax* is the share of its application's request
    that a sidecar may ask, *job_factor* how often the run of a Job should hold what sidecars add.
    """

    pods_per_node: int = 10
    languages: int = 0
    few_services: int = 3
    tax: float = 0.5
    job_factor: float = 5
    most_sidecars: int = 3
    has_node_agents: bool = True


MEANINGS: Mapping[str, tuple[str, str]] = {
    "pods_per_node": ("--pods-per-node", "how many of the pods in question run on a node"),
    "languages": ("--languages", "in how many languages the applications are written; 0: unsaid"),
    "few_services": ("--few-services", "up to how many services a library is enough"),
    "tax": ("--tax", "what share of its application's request a sidecar may ask"),
    "job_factor": ("--job-factor", "how often a Job's run should hold what its sidecars add"),
    "most_sidecars": ("--most-sidecars", "how many sidecars a pod may have without a remark"),
    "has_node_agents": ("--no-node-agents", "whether nodes take DaemonSets"),
}
"""Each field of `Thresholds`: its option, and what it means."""


def break_even(per_node: Request, per_pod: Request) -> int | None:
    """Return from how many pods a node on *per_node* asks less than *per_pod* in each of them.

    For CPU and memory both; None where the sidecar asks nothing that could be compared.
    """
    parts = [
        node // pod + 1
        for node, pod in ((per_node.cpu, per_pod.cpu), (per_node.memory, per_pod.memory))
        if pod
    ]
    return max(parts, default=None)
