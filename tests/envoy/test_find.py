"""Bootstraps of ConfigMaps, with the files beside them that Envoy reads: also those of others."""

from textwrap import indent

from sidecarctl.envoy.find import bootstraps
from sidecarctl.manifest.document import parse

_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata:\n"
_DYNAMIC = """\
dynamicResources:
  ldsConfig: {pathConfigSource: {path: /conf/listeners.json}}
  cds_config: {path_config_source: {path: /conf/cds.yaml}}
  ads_config: {api_type: GRPC}
"""
_LISTENERS = """\
{"version_info": "1", "resources": [{"@type": "x.Listener",
 "name": "in", "defaultFilterChain": {"filters": [{"typedConfig": {
   "@type": "x.HttpConnectionManager", "rds": {"routeConfigName": "b", "configSource":
     {"pathConfigSource": {"path": "/conf/routes.yaml"}}}}}]}}]}
"""
_ROUTES = """\
resources:
  - {"@type": x.RouteConfiguration, name: a, virtual_hosts: []}
  - "@type": x.RouteConfiguration
    name: b
    virtual_hosts:
      - routes:
          - route: {cluster: app}
"""
_CLUSTERS = "resources:\n  - {'@type': x.Cluster, name: app}\n  - {'@type': x.Cluster, name: b}\n"


def found(**files):
    """Return the bootstraps of a ConfigMap, and its text."""
    text = _HEAD
    for name, content in files.items():
        text += f"  {name.replace('_', '.')}: |\n{indent(content, '    ')}"
    (document,) = parse(text, "shop.yaml").documents
    return bootstraps(document), text


def test_files_of_any_spelling_are_joined_and_places_are_theirs():
    (one,), text = found(
        envoy_yaml=_DYNAMIC, listeners_json=_LISTENERS, routes_yaml=_ROUTES, cds_yaml=_CLUSTERS
    )
    (listener,) = one.listeners
    (chain,) = listener.chains
    (route,) = chain.routes()
    assert (listener.name, route.part("route").text("cluster")) == ("in", "app")
    assert [each.name for each in one.clusters] == ["app", "b"]
    assert not one.root.part("dynamic_resources").has("lds_config")
    assert one.has_dynamic("cds_config")  # by ADS
    place = one.locate(route.part("route").at("cluster"))
    assert text.splitlines()[place.line - 1].endswith("route: {cluster: app}")
    assert one.path(route.path)[:4] == ("data", "routes.yaml", "resources", 1)
    line = one.locate(one.clusters[1].part.path).line
    assert text.splitlines()[line - 1].endswith("name: b}")
    assert text.splitlines()[one.locate(("dynamicResources",)).line - 1].strip().startswith("lds")


def test_a_file_that_is_not_there_leaves_the_rest_as_it_is():
    (one,), _ = found(envoy_yaml=_DYNAMIC, cds_yaml=_CLUSTERS)
    assert one.listeners == ()
    assert [each.name for each in one.clusters] == ["app", "b"]
    assert one.has_dynamic("lds_config")


def test_a_file_that_is_no_yaml_or_no_list_of_resources_is_left_out():
    for content in ("resources: [", "resources: {}", "- resources"):
        (one,), _ = found(envoy_yaml=_DYNAMIC, cds_yaml=content + "\n")
        assert one.clusters == ()
        assert one.origins == ()


def test_a_static_bootstrap_beside_files_of_secrets_is_as_it_was():
    (one,), _ = found(envoy_yaml="static_resources: {clusters: []}\n", cds_yaml=_CLUSTERS)
    assert one.clusters == ()
    assert one.joined is None
