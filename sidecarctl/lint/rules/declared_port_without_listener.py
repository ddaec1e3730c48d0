"""Envoy's container declares a port that no listener binds, or a listener binds one undeclared.

The declaration opens nothing: who sends to that port, a Service by its name for one, gets a refused
connection. An undeclared listener is an information: it works, and nobody who reads the manifest
knows of it.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          ports:
            - containerPort: 15001  # expect: declared-port-without-listener
            - containerPort: 8080
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
        static_resources:
          listeners:
            - name: inbound
              address:
                socket_address: {address: 0.0.0.0, port_value: 8080}

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          ports:
            - containerPort: 8080
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
        static_resources:
          listeners:
            - name: inbound
              address:
                socket_address: {address: 0.0.0.0, port_value: 8080}
"""

from collections.abc import Iterator

from sidecarctl.findings import Confidence, Severity
from sidecarctl.lint.envoys import Running
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "declared-port-without-listener",
    Severity.WARNING,
    help="declare the ports that the listeners bind",
    source="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports",
    confidence=Confidence.MEDIUM,
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report both directions; not where listeners also come from elsewhere."""
    for each in run.envoys(workload):
        if not each.bootstrap.has_dynamic("lds_config"):
            yield from _unbound(each)
            yield from _undeclared(each)


def _unbound(each: Running) -> Iterator[Hit]:
    admin = each.bootstrap.admin
    bound = {address.port for one in each.bootstrap.listeners for address in one.addresses}
    bound |= {admin.port} if admin else set()
    for port in each.container.ports():
        if port.number not in bound:
            message = f"{each.container.name!r} declares port {port}, which no listener binds"
            also = tuple(
                Also(address.path, f"{one.name!r} binds {address.port}", each.bootstrap)
                for one in each.bootstrap.listeners
                for address in one.addresses
            )
            yield Hit((*port.path, "containerPort"), message, also=also)


def _undeclared(each: Running) -> Iterator[Hit]:
    declared = {port.number for port in each.container.ports()}
    for listener in each.bootstrap.listeners:
        for address in listener.addresses:
            if address.port and address.port not in declared and not address.is_loopback:
                yield Hit(
                    (*each.container.path, "ports"),
                    f"{each.container.name!r} listens on {address.port} and does not declare it",
                    on="key",
                    also=(Also(address.path, f"listener {listener.name!r}", each.bootstrap),),
                    severity=Severity.INFO,
                )
