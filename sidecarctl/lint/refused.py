"""Would the API server take this workload at all? What it refuses is not simulated, nor judged."""

from collections.abc import Iterator

from sidecarctl.errors import ManifestError
from sidecarctl.findings import FieldPath
from sidecarctl.lifecycle.refusal import faults
from sidecarctl.lifecycle.refusal_fields import field_faults
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mapping, mappings, text
from sidecarctl.manifest.workload import Workload
from sidecarctl.violation import UNKNOWN, Violation

_SELECTS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})


def refused(workload: Workload, run: Run) -> tuple[ManifestError, ...]:
    """Return why the API server refuses *workload*, each with its place; empty where it does not.

    What one place does wrong is said once. Unknown fields are dropped, not refused.
    """
    document = workload.document
    found: dict[FieldPath, Violation] = {}
    for fault in _faults(workload, run):
        above = any(fault.path[:length] in found for length in range(1, len(fault.path) + 1))
        if not above and (*fault.path, "name") not in found:  # the schema misses the same
            found[fault.path] = fault
    return tuple(
        ManifestError(each.message, at=document.locate(each.path), hint=each.hint)
        for each in found.values()
    )


def _faults(workload: Workload, run: Run) -> Iterator[Violation]:
    pod = run.pod(workload)
    known = faults(pod, kind=workload.kind, version=run.version)
    of_schema = [f for f in run.violations(workload.document) if f.keyword != UNKNOWN]
    yield from of_schema
    yield from known
    if workload.pod:
        yield from field_faults(pod, _claims(workload))
    yield from _selector_faults(workload)


def _claims(workload: Workload) -> Iterator[str]:
    """Yield the volumes that a StatefulSet makes for each of its pods."""
    for _, claim in mappings(workload.document.data, (), "spec", "volumeClaimTemplates"):
        yield text(mapping(claim, "metadata").get("name"))


def _selector_faults(workload: Workload) -> Iterator[Violation]:
    """Yield a selector that does not select the pods of its own template."""
    wanted = mapping(workload.document.data, "spec", "selector", "matchLabels")
    if workload.kind not in _SELECTS:
        return
    for key, value in wanted.items():
        if workload.pod_labels.get(key) != value:
            path = ("spec", "selector", "matchLabels", key)
            message = f"the selector asks for {key}: {value}, which the pod template does not have"
            yield Violation(path, message)
