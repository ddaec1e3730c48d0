"""A route, filter or log names a cluster that the bootstrap does not define.

Envoy refuses to start with such a route, and with a `tcp_proxy` or `ext_authz` of that kind it
starts and fails every request.

Bad:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.tcp_proxy
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                    stat_prefix: inbound
                    cluster: local-app  # expect: route-to-unknown-cluster
      clusters:
        - name: local_app

Good:

    static_resources:
      listeners:
        - name: inbound
          filter_chains:
            - filters:
                - name: envoy.filters.network.tcp_proxy
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
                    stat_prefix: inbound
                    cluster: local_app
      clusters:
        - name: local_app
"""  # noqa: E501 - the names of Envoy's types are long

from collections.abc import Iterator

from sidecarctl.envoy.read import Bootstrap
from sidecarctl.findings import FieldPath, Json, Severity
from sidecarctl.lint.rule import Hit, bootstrap_rule
from sidecarctl.lint.run import Run
from sidecarctl.violation import did_you_mean

_SINGLE = frozenset({"cluster", "collector_cluster", "collectorCluster"})
_IN_GRPC = frozenset({"cluster_name", "clusterName"})
_GRPC = frozenset({"envoy_grpc", "envoyGrpc"})
_WEIGHTED = frozenset({"weighted_clusters", "weightedClusters"})
_ELSEWHERE = frozenset({"node", "stats_config", "statsConfig", "metadata", "filter_metadata"})


@bootstrap_rule(
    "route-to-unknown-cluster",
    Severity.ERROR,
    help="name a cluster that is defined",
    source="https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
)
def check(bootstrap: Bootstrap, _run: Run) -> Iterator[Hit]:
    """Report names that no cluster bears; not where clusters also come from elsewhere."""
    if bootstrap.has_dynamic("cds_config"):
        return
    known = {cluster.name for cluster in bootstrap.clusters}
    for path, name in _names(bootstrap.root.data, ()):
        if name and name not in known:
            message = f"there is no cluster {name!r} in this bootstrap"
            yield Hit(path, message, help=did_you_mean(name, known) or "")


def _names(data: Json, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """Yield every place where the name of a cluster stands."""
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from _names(item, (*path, i))
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        in_grpc = key in _IN_GRPC and path[-1:] != () and path[-1] in _GRPC
        in_weights = key == "name" and len(path) > 2 and path[-3] in _WEIGHTED
        if isinstance(value, str) and (key in _SINGLE or in_grpc or in_weights):
            yield (*path, key), value
        elif key not in _ELSEWHERE:
            yield from _names(value, (*path, key))
