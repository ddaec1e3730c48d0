"""A probe asks a listener that demands a client certificate.

The kubelet has none, so that the probe never succeeds: the pod is never ready, or is started again
for ever. Istio leads probes around its mutual TLS by rewriting them, unless an annotation forbids it.

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
          readinessProbe:
            httpGet:
              path: /
              port: 8443  # expect: http-probe-through-mtls
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
    kind: Pod
    metadata:
      name: orders
      labels: {app: orders, sidecar.istio.io/inject: "true"}
      annotations: {sidecar.istio.io/rewriteAppHTTPProbers: "false"}
    spec:
      containers:
        - name: orders
          readinessProbe:
            httpGet:
              path: /
              port: 8080  # expect: http-probe-through-mtls
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata:
      name: strict
    spec:
      mtls: {mode: STRICT}

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
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.findings import Severity
from sidecarctl.lint.istio import strict_for
from sidecarctl.lint.probes import probes_of_port
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Workload

# https://istio.io/latest/docs/reference/config/annotations/#SidecarRewriteAppHTTPProbers
_REWRITE = "sidecar.istio.io/rewriteAppHTTPProbers"
_PROXY = "istio-proxy"
_NEVER = "this {probe} on port {port} never succeeds: the kubelet has no client certificate"


@workload_rule(
    "http-probe-through-mtls",
    Severity.ERROR,
    help="probe a listener that demands no certificate, or the app's own port",
    source="https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report httpGet and gRPC probes of listeners where nobody gets in without a certificate."""
    for each in run.envoys(workload):
        for listener in each.bootstrap.listeners:
            if not listener.demands_certificate:
                continue
            for address in listener.addresses:
                for probe in probes_of_port(workload, address.port or 0, run):
                    yield Hit(
                        (*probe.handler.path, "port"),
                        _NEVER.format(probe=probe.path[-1], port=address.port),
                        also=(Also(address.path, "this listener demands one", each.bootstrap),),
                    )
    if workload.pod_annotations.get(_REWRITE) == "false":
        yield from _through_istio(workload, run)


def _through_istio(workload: Workload, run: Run) -> Iterator[Hit]:
    for container in run.pod(workload).apps:
        if container.name == _PROXY:
            continue  # its own probes go by the mesh's back door
        for probe in filter(None, (container.startup, container.liveness, container.readiness)):
            port = probe.handler.port
            if probe.handler.form not in ("httpGet", "grpc") or not isinstance(port, int):
                continue
            policy = strict_for(workload, port, run)
            if policy is not None:
                yield Hit(
                    (*probe.handler.path, "port"),
                    _NEVER.format(probe=probe.path[-1], port=port),
                    help=f"take the annotation {_REWRITE} away",
                    also=(Also(("spec",), "this policy demands one", policy),),
                )
