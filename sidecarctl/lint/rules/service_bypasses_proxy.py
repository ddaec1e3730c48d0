"""A Service sends to the app's own port, past the listener that demands mutual TLS.

Nothing redirects traffic to a standalone proxy: clients of this Service speak plaintext with the
app, and need no certificate.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      labels: {app: shop}
    spec:
      containers:
        - name: shop
          ports:
            - {name: http, containerPort: 8080}
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
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
                socket_address: {address: 0.0.0.0, port_value: 8443}
              filter_chains:
                - filters:
                    - name: envoy.filters.network.tcp_proxy
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                        stat_prefix: inbound
                        cluster: shop
                  transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      require_client_certificate: true
                      common_tls_context:
                        validation_context: {trusted_ca: {filename: /certs/ca.crt}}
          clusters:
            - name: shop
              load_assignment:
                cluster_name: shop
                endpoints:
                  - lb_endpoints:
                      - endpoint:
                          address:
                            socket_address: {address: 127.0.0.1, port_value: 8080}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: shop
    spec:
      selector: {app: shop}
      ports:
        - port: 80
          targetPort: http  # expect: service-bypasses-proxy

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
      labels: {app: shop}
    spec:
      containers:
        - name: shop
          ports:
            - {name: http, containerPort: 8080}
        - name: envoy
          image: envoyproxy/envoy:v1.34.0
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
                socket_address: {address: 0.0.0.0, port_value: 8443}
              filter_chains:
                - filters:
                    - name: envoy.filters.network.tcp_proxy
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                        stat_prefix: inbound
                        cluster: shop
                  transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      require_client_certificate: true
                      common_tls_context:
                        validation_context: {trusted_ca: {filename: /certs/ca.crt}}
          clusters:
            - name: shop
              load_assignment:
                cluster_name: shop
                endpoints:
                  - lb_endpoints:
                      - endpoint:
                          address:
                            socket_address: {address: 127.0.0.1, port_value: 8080}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: shop
    spec:
      selector: {app: shop}
      ports:
        - port: 80
          targetPort: 8443
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.read import Chain
from sidecarctl.findings import Confidence, Severity
from sidecarctl.lifecycle.images import Purpose
from sidecarctl.lifecycle.setting import purpose
from sidecarctl.lint.envoys import Running
from sidecarctl.lint.rule import Also, Hit, document_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.document import Document
from sidecarctl.manifest.objects import service
from sidecarctl.manifest.workload import Workload


@document_rule(
    "service-bypasses-proxy",
    Severity.WARNING,
    help="point targetPort at the listener of the proxy",
    source="https://www.envoyproxy.io/docs/envoy/latest/intro/deployment_types/service_to_service",
    confidence=Confidence.MEDIUM,
)
def check(document: Document, run: Run) -> Iterator[Hit]:
    """Report ports of Services that reach what a listener with mutual TLS stands before."""
    found = service(document)
    for target in run.index.selected_by(found) if found else ():
        envoys = run.envoys(target)
        if envoys and any(purpose(one) is Purpose.REDIRECT for one in run.pod(target).inits):
            continue  # the kernel leads what comes for the application to the proxy
        for each in envoys:
            for listener in each.bootstrap.listeners:
                if not listener.demands_certificate:
                    continue
                fronted = {port for chain in listener.chains for port in _behind(chain, each)}
                for port in found.ports() if found else ():
                    number = _number(port.target, target, run)
                    if number in fronted:
                        yield Hit(
                            (*port.path, "targetPort"),
                            f"port {port.number} goes to {number} of {target.document}, "
                            f"past the mutual TLS of listener {listener.name!r}",
                            also=(Also(listener.part.path, "the listener", each.bootstrap),),
                        )


def _behind(chain: Chain, each: Running) -> Iterator[int]:
    """Yield the ports of the pod that *chain* sends to."""
    names = {chain.tcp.text("cluster"), *(r.part("route").text("cluster") for r in chain.routes())}
    for cluster in each.bootstrap.clusters:
        if cluster.name in names:
            yield from (one.port for one in cluster.endpoints if one.is_loopback and one.port)


def _number(target: int | str, workload: Workload, run: Run) -> int | None:
    if isinstance(target, int):
        return target
    ports = (port for container in run.containers(workload) for port in container.ports())
    return next((port.number for port in ports if port.name == target), None)
