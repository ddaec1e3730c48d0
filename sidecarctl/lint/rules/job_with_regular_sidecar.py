"""A Job has a sidecar among its containers, which does not end with the work.

The Job is complete when all containers have ended: this one never is, and its pods pile up. A
native sidecar "does not prevent the Job from completing".

Bad:

    apiVersion: batch/v1
    kind: Job
    metadata:
      name: report
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: report
              image: report:1
            - name: envoy  # expect: job-with-regular-sidecar
              image: envoyproxy/envoy:v1.34.0

Good:

    apiVersion: batch/v1
    kind: Job
    metadata:
      name: report
    spec:
      template:
        spec:
          restartPolicy: Never
          initContainers:
            - name: envoy
              image: envoyproxy/envoy:v1.34.0
              restartPolicy: Always
              startupProbe:
                httpGet: {path: /ready, port: 9902}
          containers:
            - name: report
              image: report:1
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "job-with-regular-sidecar",
    Severity.ERROR,
    help="make the sidecar native, or let the work tell it to quit",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report sidecars that keep a Job or CronJob from completing."""
    yield from map(hit, hazards(workload, run, Kind.JOB_HANGS))
