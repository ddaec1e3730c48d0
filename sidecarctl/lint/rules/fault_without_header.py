"""A fault hits requests by chance, whoever sends them.

A fault filter that holds back or fails a percentage of requests, without a header that marks those
who asked for it, does so to every caller: in production too, on each pod, and again at each proxy
on the way that has the same filter. What is meant for a test belongs behind a header.

Bad:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    http_filters:
                      - name: envoy.filters.http.fault
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
                          abort:
                            http_status: 503
                            percentage: {numerator: 5}  # expect: fault-without-header
                      - name: envoy.filters.http.router
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router

Good:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    http_filters:
                      - name: envoy.filters.http.fault
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
                          headers: [{name: x-test-user, string_match: {exact: chaos}}]
                          abort:
                            http_status: 503
                            percentage: {numerator: 5}
                      - name: envoy.filters.http.router
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap, Chain
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run

_MESSAGE = "HTTPFault"
_KINDS = {"delay": "held back", "abort": "made to fail"}
_PARTS = {"TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


@bootstrap_rule(
    "fault-without-header",
    Severity.WARNING,
    help="say in headers (in a profile: whenHeader) whose requests are meant",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report the faults of filters, virtual hosts and routes that anybody's request may suffer."""
    for listener, chain in bootstrap.chains():
        for config in _faults(chain):
            if config.parts("headers") or config.get("downstream_nodes"):
                continue
            for kind, happens in _KINDS.items():
                fault = config.part(kind)
                share = _percent(fault.part("percentage"))
                if share and not fault.has(f"header_{kind}"):
                    who = f"{share:g} % of all requests on {listener.name!r}"
                    yield Hit(fault.at("percentage"), f"{who} are {happens}", on="key")


def _faults(chain: Chain) -> Iterator[Part]:
    for each in chain.http_filters():
        if each.part("typed_config").is_a(_MESSAGE):
            yield each.part("typed_config")
    for host in chain.http.part("route_config").parts("virtual_hosts"):
        for holder in (host, *host.parts("routes")):
            table = holder.part("typed_per_filter_config")
            yield from (table.part(name) for name in table.data if table.part(name).is_a(_MESSAGE))


def _percent(share: Part) -> float:
    return 100 * (share.number("numerator") or 0) / _PARTS.get(share.text("denominator"), 100)
