"""A local rate limit limits nothing.

Without `filter_enabled` the filter applies to 0 % of the requests, "for safety"; without a token
bucket, of its own or of a route, there is nothing to count against. Requests pass as if it were
not there.

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
                      - name: envoy.filters.http.local_ratelimit
                        typed_config:  # expect: local-rate-limit-inert
                          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                          stat_prefix: limit
                          token_bucket: {max_tokens: 100, fill_interval: 1s}
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
                      - name: envoy.filters.http.local_ratelimit
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                          stat_prefix: limit
                          token_bucket: {max_tokens: 100, fill_interval: 1s}
                          filter_enabled:
                            default_value: {numerator: 100, denominator: HUNDRED}
                          filter_enforced:
                            default_value: {numerator: 100, denominator: HUNDRED}
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

_NAME = "local_ratelimit"


@bootstrap_rule(
    "local-rate-limit-inert",
    Severity.ERROR,
    help="give it a token_bucket, and filter_enabled and filter_enforced of 100 %",
    source="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report limits without a bucket or a share; a filter may leave its bucket to the routes."""
    for listener, chain in bootstrap.chains():
        for one in chain.http_filters():
            config = one.part("typed_config")
            if config.is_a("LocalRateLimit") or (not config and one.text("name").endswith(_NAME)):
                yield from _of_filter(one, chain, listener.name)


def _of_filter(one: Part, chain: Chain, listener: str) -> Iterator[Hit]:
    config = one.part("typed_config")
    where = f"the local rate limit of listener {listener!r}"
    of_routes = list(_route_configs(chain))
    path = config.path if config else one.path
    if not config.has("token_bucket"):
        if not of_routes and not chain.http.has("rds"):
            yield Hit(path, f"{where} has no token_bucket: it limits nothing", on="key")
    elif not config.has("filter_enabled"):
        yield Hit(path, f"{where} applies to 0 % of the requests: no filter_enabled", on="key")
    for route in of_routes:
        if route.has("token_bucket") and not route.has("filter_enabled"):
            message = f"{where} applies to 0 % of this route's requests: no filter_enabled"
            yield Hit(route.path, message, on="key")


def _route_configs(chain: Chain) -> Iterator[Part]:
    """Yield the limits that virtual hosts and routes set."""
    hosts = chain.http.part("route_config").parts("virtual_hosts")
    for holder in (chain.http.part("route_config"), *hosts, *chain.routes()):
        own = holder.part("typed_per_filter_config")
        for name in own.data:
            config = own.part(name)
            if config.is_a("LocalRateLimit"):
                yield config
