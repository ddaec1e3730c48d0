"""The app is told to use a port of its own pod where nothing listens.

Every connection is refused. The sidecar that should serve it is missing, has another port, or the
value was meant for a machine where the server runs beside the app.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          env:
            - name: DATABASE_URL
              value: postgres://localhost:5432/shop  # expect: loopback-port-unserved
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          ports:
            - containerPort: 15001

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
      containers:
        - name: shop
          env:
            - name: DATABASE_URL
              value: postgres://localhost:5432/shop
"""

import re
from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.needs import claimed_ports, dials
from sidecarctl.lifecycle.pod import Container, Role
from sidecarctl.lifecycle.setting import image
from sidecarctl.lint.rule import Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.lint.toggles import expects_sidecars
from sidecarctl.manifest.workload import Workload

_CLIENT = re.compile(
    r"(?:^|_)(?:URLS?|URI|DSN|HOST|ADDR|ADDRESS|ENDPOINT|SERVERS?|BROKERS?)$", re.I
)
_NO_CLIENT = re.compile(
    r"listen|bind|origin|cors|redirect|callback|allow|public|external|self", re.I
)
_SERVERS = frozenset({5432, 3306, 6379, 27017, 5672, 9042, 4222, 11211, 2181, 9092, 1433,
                      8125, 8126, 4317, 4318, 9411, 14268})  # fmt: skip
"""Ports of databases, brokers and collectors: no app serves these to itself."""


@workload_rule(
    "loopback-port-unserved",
    Severity.ERROR,
    help="add the sidecar that serves it, or name the server itself",
    source="https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking",
    confidence=Confidence.MEDIUM,
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report variables that dial a well-known port of the pod, where every container is known."""
    pod, setting = run.pod(workload), run.setting(workload)
    if workload.host_network or expects_sidecars(workload):
        return
    served = {port for one in pod.containers for port in claimed_ports(one, setting)}
    for container in pod.containers:
        others = [one for one in pod.containers if one is not container]
        if container.role is Role.SIDECAR or any(_may_serve_more(one) for one in others):
            continue
        for text in container.texts:
            if not _CLIENT.search(text.name) or _NO_CLIENT.search(text.name):
                continue
            for port in sorted({*dials(text.value)} & _SERVERS - served):
                message = f"{container.name!r} uses localhost:{port}, where nothing listens"
                yield Hit(text.path, message)


def _may_serve_more(container: Container) -> bool:
    """Say whether *container* is unknown and declares nothing: it may listen on any port."""
    return container.role is not Role.INIT and not container.ports and image(container) is None
