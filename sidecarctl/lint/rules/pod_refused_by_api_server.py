"""The API server refuses the pod, although it fits the schema.

The schema knows types and names alone. What it does not tell: a Job's pods may not restart always,
a request may not lie above its limit, a sleep must end within the grace period, and more.

Bad:

    apiVersion: batch/v1
    kind: Job
    metadata:
      name: migrate
    spec:
      template:  # the default of restartPolicy, Always, is not valid in a Job
        spec:  # expect: pod-refused-by-api-server
          containers:
            - name: migrate
              resources:
                requests:
                  cpu: 200m  # expect: pod-refused-by-api-server
                limits:
                  cpu: 100m

Good:

    apiVersion: batch/v1
    kind: Job
    metadata:
      name: migrate
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: migrate
              resources:
                requests:
                  cpu: 100m
                limits:
                  cpu: 200m
"""

from collections.abc import Iterator

from sidecarctl.findings import FieldPath, Severity
from sidecarctl.lifecycle.pod import Pod
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_OTHERS = frozenset(
    {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "restartPolicy"}
)


@workload_rule(
    "pod-refused-by-api-server",
    Severity.ERROR,
    help="the API server's own check of a pod says no; correct the value",
    source="https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report what no other rule reports under a name of its own."""
    pod = run.pod(workload)
    if not workload.pod:
        return  # the schema says that the pod is missing
    for fault in run.analysis(workload).faults:
        if not _has_own_rule(fault.path, pod):
            yield Hit(fault.path, fault.message, help=fault.hint or "")


def _has_own_rule(path: FieldPath, pod: Pod) -> bool:
    for container in pod.containers:
        if path[:-1] == container.path and path[-1] in _OTHERS:
            return True
        if path == (*container.path, "name"):
            names = [one.name for one in pod.containers]
            return names.count(container.name) > 1
    return path == (*pod.path, "containers") and "containers" not in pod.data
