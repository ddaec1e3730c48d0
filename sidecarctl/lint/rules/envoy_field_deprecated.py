"""A field of Envoy's configuration is deprecated.

Envoy starts with it and warns; a later version refuses it. That is so in Envoy 1.40, whose
descriptors are used.

Bad:

    static_resources:
      clusters:
        - name: app
          connect_timeout: 1s
          http2_protocol_options: {}  # expect: envoy-field-deprecated

Good:

    static_resources:
      clusters:
        - name: app
          connect_timeout: 1s
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config:
                http2_protocol_options: {}
"""

from collections.abc import Iterator

from sidecarctl.envoy.descriptors import DEPRECATED
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "envoy-field-deprecated",
    Severity.WARNING,
    help="write what Envoy's API documents in its place",
    source="https://www.envoyproxy.io/docs/envoy/latest/version_history/version_history",
)
def check(bootstrap: Bootstrap, run: Run) -> Iterator[Hit]:
    """Report deprecated fields and values."""
    for fault in run.envoy_violations(bootstrap):
        if fault.keyword == DEPRECATED:
            yield Hit(fault.path, fault.message, on="key", help=fault.hint or "")
