"""Envoy is told to read a file that nothing puts into its container.

It ends at once: "unable to read file". The mount has another path, the ConfigMap another key, or
`items` and `subPath` rename it.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          args: [-c, /etc/envoy/envoy.yml]  # expect: config-path-not-mounted
          volumeMounts:
            - {name: config, mountPath: /etc/envoy}
      volumes:
        - name: config
          configMap: {name: envoy}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: envoy
    data:
      envoy.yaml: |
        static_resources: {}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          args: [-c, /etc/envoy/envoy.yaml]
          volumeMounts:
            - {name: config, mountPath: /etc/envoy}
      volumes:
        - name: config
          configMap: {name: envoy}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: envoy
    data:
      envoy.yaml: |
        static_resources: {}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.envoys import config_file, config_place, is_envoy
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload
from sidecarctl.violation import did_you_mean


@workload_rule(
    "config-path-not-mounted",
    Severity.ERROR,
    help="name the file as the mount and the key make it",
    source="https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-c",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report files in a folder that a ConfigMap of the input fills, and that it does not hold.

    What an init container writes, or an image of one's own brings, is not judged.
    """
    mounted = run.config_maps(workload)
    for container in filter(is_envoy, run.containers(workload)):
        wanted = config_file(container)
        near = [
            one for one in mounted if one.container.path == container.path and one.covers(wanted)
        ]
        files = {file for one in near for file in one.files}
        if wanted and near and wanted not in files:
            yield Hit(
                config_place(container, wanted),
                f"nothing puts {wanted!r} into {container.name!r}",
                help=did_you_mean(wanted, files) or "",
                also=tuple(Also(one.mount.path, f"{one.document} is mounted here") for one in near),
            )
