"""A route retries, and its first try may use up all the time there is.

Without `per_try_timeout` "a request that times out will not be retried as the total timeout budget
would have been exhausted": slow answers, the usual reason to retry, are not retried. Refused
connections and streams are, for they cost no time.

Bad:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    route_config:
                      virtual_hosts:
                        - name: shop
                          domains: ["*"]
                          routes:
                            - match: {prefix: /}
                              route:
                                cluster: shop
                                timeout: 3s
                                retry_policy:  # expect: retry-without-per-try-timeout
                                  retry_on: 5xx
                                  num_retries: 2

Good:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    route_config:
                      virtual_hosts:
                        - name: shop
                          domains: ["*"]
                          routes:
                            - match: {prefix: /}
                              route:
                                cluster: shop
                                timeout: 3s
                                retry_policy:
                                  retry_on: 5xx
                                  num_retries: 2
                                  per_try_timeout: 0.9s
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run

_SLOW = frozenset({"5xx", "gateway-error", "reset", "deadline-exceeded", "cancelled"})
"""Conditions that a try which takes too long brings about."""


@bootstrap_rule(
    "retry-without-per-try-timeout",
    Severity.WARNING,
    help="set per_try_timeout, so that all tries fit into the timeout of the route",
    source="https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-retrypolicy",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report the retry policies of routes and virtual hosts that retry what was slow."""
    for _, chain in bootstrap.chains():
        hosts = chain.http.part("route_config").parts("virtual_hosts")
        for holder in (*hosts, *(route.part("route") for route in chain.routes())):
            policy = holder.part("retry_policy")
            slow = sorted(_conditions(policy) & _SLOW)
            endless = holder.text("timeout") == "0s"
            if slow and not policy.has("per_try_timeout") and not endless:
                message = f"retries on {', '.join(slow)} without a per_try_timeout"
                yield Hit(policy.path, message, on="key")


def _conditions(policy: Part) -> frozenset[str]:
    return frozenset(word.strip() for word in policy.text("retry_on").split(","))
