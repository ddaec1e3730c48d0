"""A field of Envoy's configuration has a value that Envoy does not take.

Envoy refuses to start: the value has another type (durations are seconds, as in `0.5s`), or breaks
a rule that stands beside the field in Envoy's own descriptors, those of 1.40.

Bad:

    static_resources:
      clusters:
        - name: app
          connect_timeout: 500ms  # expect: envoy-schema-violation
          type: STRICTDNS  # expect: envoy-schema-violation
      listeners:
        - name: inbound
          address:
            socket_address:
              address: 0.0.0.0
              port_value: 84430  # expect: envoy-schema-violation

Good:

    static_resources:
      clusters:
        - name: app
          connect_timeout: 0.5s
          type: STRICT_DNS
      listeners:
        - name: inbound
          address:
            socket_address:
              address: 0.0.0.0
              port_value: 8443
"""

from collections.abc import Iterator

from sidecarctl.envoy.descriptors import RULE, TYPE
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity, show_path
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "envoy-schema-violation",
    Severity.ERROR,
    help="write what the field takes",
    source="https://www.envoyproxy.io/docs/envoy/latest/api-v3/api",
)
def check(bootstrap: Bootstrap, run: Run) -> Iterator[Hit]:
    """Report wrong types and broken rules."""
    for fault in run.envoy_violations(bootstrap):
        if fault.keyword in (TYPE, RULE):
            message = f"{show_path(fault.path) or 'the bootstrap'}: {fault.message}"
            yield Hit(fault.path, message, help=fault.hint or "")
