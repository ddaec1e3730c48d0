"""How a document fails the schema of its kind in the target version."""

from collections.abc import Iterator

from msgspec.structs import replace

from sidecarctl.kubernetes import kubernetes_schema, structural_violations
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.workload import workload
from sidecarctl.violation import Violation


def violations(document: Document, version: str) -> Iterator[Violation]:
    """Yield the violations of *document*; nothing for a kind whose schema is not known.

    Of a custom resource that holds a pod template (a Rollout) the template is checked.
    """
    schema = kubernetes_schema(version, document.api_version, document.kind)
    if schema is not None:
        yield from structural_violations(document.data, schema)
        return
    holder = workload(document)
    template = kubernetes_schema(version, "v1", "PodTemplate")
    if holder is None or template is None or not holder.template_path:
        return
    for fault in structural_violations({"template": holder.template}, template):
        yield replace(fault, path=(*holder.template_path, *fault.path[1:]))
