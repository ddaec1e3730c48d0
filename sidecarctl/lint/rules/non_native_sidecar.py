"""A sidecar stands among the app containers, so nothing orders its start and its stop.

The app may send its first request before the proxy listens, and its last one after the proxy is
gone: "the containers in the Pod receive the TERM signal at different times and in an arbitrary
order". An init container with `restartPolicy: Always` starts before the app and stops after it.
An agent that the app can do without is an information only: it loses what the app says last.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          env:
            - {name: DATABASE_URL, value: "postgres://localhost:5432/shop"}
        - name: cloud-sql-proxy  # expect: non-native-sidecar
          image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.0
          ports:
            - containerPort: 5432

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
from sidecarctl.lifecycle.setting import classics
from sidecarctl.lifecycle.versions import supports
from sidecarctl.lint.hazards import hazards, hit, told_elsewhere
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

_KINDS = (Kind.RACE, Kind.UNORDERED, Kind.ORDER_LOST, Kind.DATA_LOSS)


@workload_rule(
    "non-native-sidecar",
    Severity.ERROR,
    help="move it to initContainers, with restartPolicy: Always and a startupProbe",
    source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report each sidecar among the apps once, for the worst that the model sees."""
    if not supports("native-sidecar", run.version):
        return
    told = told_elsewhere(workload, run)
    misplaced = {each.name for each in classics(run.pod(workload), run.setting(workload))}
    for hazard in hazards(workload, run, *_KINDS):
        if hazard.container in misplaced - told:
            told.add(hazard.container)
            yield hit(hazard)
