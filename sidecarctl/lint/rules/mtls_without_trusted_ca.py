"""A listener demands a client certificate and does not say whose.

Without a validation context any certificate passes, one that the client made itself as well as
none at all: the handshake looks mutual and authenticates nobody.

Bad:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - transport_socket:
                name: envoy.transport_sockets.tls
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                  require_client_certificate: true  # expect: mtls-without-trusted-ca
                  common_tls_context:
                    tls_certificate_sds_secret_configs:
                      - {name: cert, sds_config: {path_config_source: {path: /certs/cert.yaml}}}

Good:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - transport_socket:
                name: envoy.transport_sockets.tls
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                  require_client_certificate: true
                  common_tls_context:
                    tls_certificate_sds_secret_configs:
                      - {name: cert, sds_config: {path_config_source: {path: /certs/cert.yaml}}}
                    validation_context_sds_secret_config:
                      name: ca
                      sds_config: {path_config_source: {path: /certs/ca.yaml}}
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.read import Bootstrap, verifies_peer
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "mtls-without-trusted-ca",
    Severity.ERROR,
    help="give common_tls_context a validation context with trusted_ca",
    source="https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report contexts that demand a certificate and verify none."""
    for listener, chain in bootstrap.chains():
        if chain.demands_certificate and not verifies_peer(chain.tls):
            message = f"listener {listener.name!r} takes any client certificate: no CA is named"
            yield Hit(chain.tls.at("require_client_certificate"), message)
