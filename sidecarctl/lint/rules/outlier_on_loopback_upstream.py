"""Outlier detection watches the one host behind the proxy: its own app.

A few errors in a row, and the proxy ejects the app it stands before: the pod answers 503 by itself,
while the probes of the app are still fine.

Bad:

    static_resources:
      clusters:
        - name: shop
          outlier_detection:  # expect: outlier-on-loopback-upstream
            consecutive_5xx: 5
          load_assignment:
            cluster_name: shop
            endpoints:
              - lb_endpoints:
                  - endpoint:
                      address:
                        socket_address: {address: 127.0.0.1, port_value: 8080}

Good:

    static_resources:
      clusters:
        - name: shop
          load_assignment:
            cluster_name: shop
            endpoints:
              - lb_endpoints:
                  - endpoint:
                      address:
                        socket_address: {address: 127.0.0.1, port_value: 8080}
"""

from collections.abc import Iterator

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Also, Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "outlier-on-loopback-upstream",
    Severity.WARNING,
    help="keep outlier detection to clusters of several hosts",
    source="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report detection on clusters whose hosts are all in the pod itself."""
    for cluster in bootstrap.clusters:
        detection = cluster.part.part("outlier_detection")
        if detection and cluster.is_loopback:
            host = cluster.endpoints[0]
            message = f"cluster {cluster.name!r} may eject its only host, {host.host}:{host.port}"
            also = (Also(host.path, "the host"),)
            yield Hit(detection.path, message, on="key", also=also)
