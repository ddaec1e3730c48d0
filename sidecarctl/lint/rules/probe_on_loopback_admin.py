"""A probe asks Envoy's admin interface.

On loopback the kubelet, which comes from outside the pod, never reaches it, so the probe never
succeeds. On the pod's address it does, and so does everyone else: the whole interface is open. A
listener that routes `/ready` alone to the admin interface serves the kubelet and nobody else.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
          volumeMounts:
            - {name: config, mountPath: /etc/envoy}
          readinessProbe:
            httpGet:
              path: /ready
              port: 9901  # expect: probe-on-loopback-admin
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
        admin:
          address:
            socket_address: {address: 127.0.0.1, port_value: 9901}
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
          volumeMounts:
            - {name: config, mountPath: /etc/envoy}
          readinessProbe:
            httpGet:
              path: /ready
              port: 9902
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
        admin:
          address:
            socket_address: {address: 127.0.0.1, port_value: 9901}
        static_resources:
          listeners:
            - name: ops
              address:
                socket_address: {address: 0.0.0.0, port_value: 9902}
"""

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.probes import probes_of_port
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload


@workload_rule(
    "probe-on-loopback-admin",
    Severity.ERROR,
    help="let the probe ask a listener that routes /ready alone to the admin interface",
    source="https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report probes that the kubelet sends to the port of an admin interface in the pod."""
    for each in run.envoys(workload):
        admin = each.bootstrap.admin
        if admin is None or admin.port is None:
            continue
        for probe in probes_of_port(workload, admin.port, run):
            effect = "makes the whole admin interface face the network"
            if admin.is_loopback:
                effect = f"never succeeds: the admin interface listens on {admin.host} alone"
            yield Hit(
                (*probe.handler.path, "port"),
                f"this {probe.path[-1]} on port {admin.port} {effect}",
                also=(Also(admin.path, "the admin interface", each.bootstrap),),
            )
