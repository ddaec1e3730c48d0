"""A cluster speaks TLS and does not verify the server.

"Server certificate verification is not enabled by default": the traffic is encrypted, but whoever
stands in between reads and changes it.

Bad:

    static_resources:
      clusters:
        - name: db
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:  # expect: upstream-tls-unverified
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: db.example

Good:

    static_resources:
      clusters:
        - name: db
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: db.example
              common_tls_context:
                validation_context:
                  trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}
                  match_typed_subject_alt_names:
                    - {san_type: DNS, matcher: {exact: db.example}}
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.read import Bootstrap, verifies_peer
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "upstream-tls-unverified",
    Severity.ERROR,
    help="give common_tls_context a validation context with trusted_ca and the expected names",
    source="https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl#enabling-certificate-verification",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report clusters whose TLS context verifies nothing."""
    for cluster in bootstrap.clusters:
        if cluster.tls and not verifies_peer(cluster.tls):
            message = f"cluster {cluster.name!r} takes any server certificate"
            yield Hit(cluster.tls.path, message, on="key")
