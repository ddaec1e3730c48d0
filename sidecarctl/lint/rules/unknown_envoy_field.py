"""A field or type does not exist in Envoy's own descriptors.

Envoy refuses to start with it: unknown fields of a bootstrap are errors, not warnings. Fields inside
`typed_config` count as well. The descriptors are those of Envoy 1.40; a type that only a build of
its own has, such as one of Istio's proxy, is unknown to them.

Bad:

    static_resources:
      clusters:
        - name: app
          conect_timeout: 1s  # expect: unknown-envoy-field
          transport_socket:
            name: tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTls  # expect: unknown-envoy-field

Good:

    static_resources:
      clusters:
        - name: app
          connect_timeout: 1s
          transport_socket:
            name: tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
              sni: app
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.descriptors import UNKNOWN, UNKNOWN_MESSAGE
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "unknown-envoy-field",
    Severity.ERROR,
    help="take the field away, or move it to where it belongs",
    source="https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-allow-unknown-static-fields",
)
def check(bootstrap: Bootstrap, run: Run) -> Iterator[Hit]:
    """Report unknown fields; unknown types as a warning, as another build may have them."""
    for fault in run.envoy_violations(bootstrap):
        if fault.keyword == UNKNOWN:
            yield Hit(fault.path, fault.message, on="key", help=fault.hint or "")
        elif fault.keyword == UNKNOWN_MESSAGE:
            help_ = fault.hint or "name a type that this Envoy has"
            yield Hit(fault.path, fault.message, help=help_, severity=Severity.WARNING)
