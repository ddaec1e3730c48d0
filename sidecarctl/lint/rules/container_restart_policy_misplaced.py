"""A container bears a restartPolicy where the target version does not take one.

`restartPolicy: Always` makes a sidecar of an entry of `initContainers`, and of nothing else. Under
`containers` API servers before 1.34 refuse or drop it: the proxy starts in no order with the app,
and a Job with it never ends. Other values, and containers that restart by their own rules, work
from Kubernetes 1.35 on.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always  # expect: container-restart-policy-misplaced

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          restartPolicy: Always
      containers:
        - name: shop
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lifecycle.setting import classics
from sidecarctl.lifecycle.versions import supports
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "container-restart-policy-misplaced",
    Severity.ERROR,
    help="move a sidecar to initContainers, with restartPolicy: Always",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report policies that the version refuses, and Always on a sidecar among the apps in any."""
    pod = run.pod(workload)
    misplaced = {container.name for container in classics(pod, run.setting(workload))}
    has_rules = supports("container-restart-rules", run.version)
    for container in pod.containers:
        policy = container.restart_policy
        is_sidecar = policy == "Always" and container.name in misplaced
        if policy and container.role is not Role.SIDECAR and (is_sidecar or not has_rules):
            where = "initContainers" if container.role is Role.INIT else "containers"
            message = f"{container.name!r} has restartPolicy: {policy}, but stands in {where}"
            if container.role is Role.INIT:
                message = f"init container {container.name!r} has restartPolicy: {policy}"
            yield Hit((*container.path, "restartPolicy"), message)
