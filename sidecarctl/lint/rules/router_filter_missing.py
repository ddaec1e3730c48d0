"""The last HTTP filter of a listener is not the router.

Requests come in and nothing sends them on: Envoy refuses such a chain, or, with no filter at all,
answers 404 to everything.

Bad:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    http_filters:  # expect: router-filter-missing
                      - name: envoy.filters.http.health_check

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
                      - name: envoy.filters.http.health_check
                      - name: envoy.filters.http.router
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run


@bootstrap_rule(
    "router-filter-missing",
    Severity.ERROR,
    help="end http_filters with envoy.filters.http.router",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report chains that do not end in a router; the type decides, a router may bear any name."""
    for listener, chain in bootstrap.chains():
        filters = chain.http_filters()
        if chain.http and (not filters or not _routes(filters[-1])):
            message = f"the last HTTP filter of listener {listener.name!r} is no router"
            yield Hit(chain.http.at("http_filters"), message, on="key")


def _routes(one: Part) -> bool:
    config = one.part("typed_config")
    if not config:  # configured from elsewhere, or by its name alone
        return one.has("config_discovery") or one.text("name").endswith(".router")
    return config.is_a("Router")
