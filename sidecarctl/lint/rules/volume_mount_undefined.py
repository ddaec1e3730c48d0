"""A container mounts a volume that its pod does not have.

The API server refuses the pod: "volumeMounts[0].name: Not found".

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          volumeMounts:
            - name: envoy-cfg  # expect: volume-mount-undefined
              mountPath: /etc/envoy
      volumes:
        - name: envoy-config
          configMap: {name: envoy}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          volumeMounts:
            - name: envoy-config
              mountPath: /etc/envoy
      volumes:
        - name: envoy-config
          configMap: {name: envoy}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mapping, mappings, text
from sidecarctl.manifest.workload import Workload
from sidecarctl.violation import did_you_mean


@workload_rule(
    "volume-mount-undefined",
    Severity.ERROR,
    help="add the volume to the pod, or correct the name",
    source="https://kubernetes.io/docs/concepts/storage/volumes/#background",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report mounts of volumes that neither the pod nor a volumeClaimTemplate brings."""
    known = {text(volume.get("name")) for _, volume in mappings(workload.pod, (), "volumes")}
    for _, claim in mappings(workload.document.data, (), "spec", "volumeClaimTemplates"):
        known.add(text(mapping(claim, "metadata").get("name")))
    for container in run.containers(workload):
        for mount in container.volume_mounts():
            if mount.name and mount.name not in known:
                yield Hit(
                    (*mount.path, "name"),
                    f"container {container.name!r} mounts the volume {mount.name!r}, "
                    "which the pod does not have",
                    help=did_you_mean(mount.name, known) or "",
                )
