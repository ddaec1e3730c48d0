"""Only a postStart hook holds the app back until its sidecar is ready.

The hack fails open: where the hook fails, or the image of the sidecar cannot be pulled, the app
starts all the same. And nothing orders the stop. A native sidecar with a startupProbe does both.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          ports:
            - containerPort: 5432
          lifecycle:
            postStart:
              exec:  # expect: post-start-ordering-hack
                command: [/cloud-sql-proxy, wait]
        - name: shop
          env:
            - {name: DATABASE_URL, value: "postgres://localhost:5432/shop"}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: cloud-sql-proxy
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          restartPolicy: Always
          ports:
            - containerPort: 5432
          startupProbe:
            tcpSocket: {port: 5432}
            periodSeconds: 1
      containers:
        - name: shop
          env:
            - {name: DATABASE_URL, value: "postgres://localhost:5432/shop"}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lifecycle.versions import supports
from sidecarctl.lint.hazards import hazards, hit
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "post-start-ordering-hack",
    Severity.INFO,
    help="make the sidecar native, with a startupProbe, and drop the hook",
    source="https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report hooks that order containers, where native sidecars are to be had."""
    if supports("native-sidecar", run.version):
        yield from map(hit, hazards(workload, run, Kind.FAIL_OPEN))
