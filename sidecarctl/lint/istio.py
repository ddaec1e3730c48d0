"""What Istio demands of who calls a pod, as far as the input says it.

Source: https://istio.io/latest/docs/reference/config/security/peer_authentication/
"""

from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, strings
from sidecarctl.manifest.workload import Workload

_ROOT = "istio-system"
"""The root namespace of a mesh whose MeshConfig names no other."""


def strict_for(workload: Workload, port: int, run: Run) -> Document | None:
    """Return the PeerAuthentication that demands mutual TLS on *port* of *workload*.

    The narrowest one decides: of the workload before the namespace's before the mesh's; a mode that
    is not set is the wider one's.
    """
    home = run.fleet.namespace_of(workload.document)
    found = [
        one for one in run.fleet.documents if one.is_a("security.istio.io", "PeerAuthentication")
    ]
    for namespace, by_label in ((home, True), (home, False), (_ROOT, False)):
        for policy in found:
            labels = strings(mapping(policy.data, "spec", "selector", "matchLabels"))
            if run.fleet.namespace_of(policy) != namespace or bool(labels) != by_label:
                continue
            if not labels.items() <= workload.pod_labels.items():
                continue
            mode = _mode(policy, port if by_label else None)
            if mode:
                return policy if mode == "STRICT" else None
    return None


def _mode(policy: Document, port: int | None) -> str:
    spec = mapping(policy.data, "spec")
    own = mapping(spec, "portLevelMtls", str(port)) if port is not None else {}
    modes = (strings(own).get("mode"), strings(mapping(spec, "mtls")).get("mode"))
    return next((mode for mode in modes if mode and mode != "UNSET"), "")
