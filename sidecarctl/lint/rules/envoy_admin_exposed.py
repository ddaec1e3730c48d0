"""Envoy's admin interface listens on an address that other pods reach.

It stops the proxy, changes its log level, and shows its configuration and certificates, to whoever
asks: Envoy's manual calls it critical to keep it to a secure network. A unix socket, or loopback,
does; probes and scrapers get a listener of their own. `allow_paths` closes it, too.

Bad:

    admin:
      address:
        socket_address:
          address: 0.0.0.0  # expect: envoy-admin-exposed
          port_value: 9901
    static_resources: {}

Good:

    admin:
      address:
        pipe: {path: /run/envoy/admin.sock, mode: 384}
    static_resources: {}
"""

from collections.abc import Iterator

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.probes import probes_of_port
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "envoy-admin-exposed",
    Severity.ERROR,
    help="bind it to 127.0.0.1 or to a unix socket",
    source="https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
)
def check(bootstrap: Bootstrap, run: Run) -> Iterator[Hit]:
    """Report an open admin interface; one that a probe wants open is another rule's finding."""
    admin = bootstrap.admin
    if admin is None or admin.is_loopback or bootstrap.root.part("admin").has("allow_paths"):
        return
    if admin.port and any(
        probes_of_port(workload, admin.port, run) for workload in run.users(bootstrap)
    ):
        return
    yield Hit(
        (*admin.path, "address"),
        f"the admin interface listens on {admin.host}:{admin.port}, for everyone in the network",
    )
