"""`reload: files`: what Envoy reads again rolls no pod; rules and proofs see the whole."""

from pathlib import Path

import pytest
import yaml
from lint.docstrings import findings

from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

HERE = Path(__file__).parent
RELOAD = str(HERE.parent / "profiles" / "reload.yaml")
SHOP = (HERE.parent / "fixtures" / "shop.yaml").read_text()
WEIGHT = (
    "concerns.trafficSplit.splits=[{of: rates, variants: [{name: canary,"
    " host: rates-canary.prod.svc, port: 80, weight: %s}]}]"
)
NO_MORE_SPLITS = "concerns.trafficSplit.splits=[]"


def injected(*sets, profile=RELOAD):
    """Return the documents of an injection, by kind and name."""
    result = inject([parse(SHOP, "shop.yaml")], [], load_profile(profile, sets=sets))
    assert not result.refused
    documents = list(yaml.safe_load_all(result.texts["shop.yaml"][1]))
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in documents}


def differing(before, after):
    """Return what differs; the record of an injection is no part of the pods, and rolls none."""
    assert before.keys() == after.keys()
    return {name for name in before if _own(before[name]) != _own(after[name])}


def _own(document):
    return {key: value for key, value in document.items() if key != "metadata"}


def test_other_weights_change_one_file_of_the_configmap_and_no_pod():
    before, after = injected(WEIGHT % "10%"), injected(WEIGHT % "60%")
    maps = {each for each in before if each.startswith("ConfigMap/")}
    assert differing(before, after) == maps
    for name in maps:
        old, new = before[name]["data"], after[name]["data"]
        (changed,) = [key for key in old if old[key] != new[key]]
        assert changed.startswith("rds-egress-rates-")


@pytest.mark.parametrize(
    "sets",
    [
        ["concerns.timeouts.request=3s"],
        ["concerns.rateLimit.perInstance.requests=7"],
        ["concerns.retries.attempts=1"],
        ["concerns.circuitBreaker.maxPending=9"],
        ["concerns.accessLog.format=text"],
        ["concerns.faults.maxActive=7"],
        ["concerns.accessControl.mode=shadow"],
        ['concerns.mtls.minVersion="1.3"'],
        ["concerns.tracing.sampling=1%"],
        [NO_MORE_SPLITS],
    ],
    ids=lambda sets: sets[0].partition("=")[0],
)
def test_what_acts_on_listeners_clusters_and_routes_rolls_no_pod(sets):
    before, after = injected(), injected(*sets)
    changed = differing(before, after)
    assert changed
    assert {each.partition("/")[0] for each in changed} == {"ConfigMap"}


@pytest.mark.parametrize(
    "sets",
    [
        ["concerns.metrics.statsd=false"],
        ["concerns.tracing=false"],
        ["concerns.hardening.maxConnections=77"],
        ["concerns.lifecycle.drainTime=3s"],
        ["sidecars.envoy.image=registry.example.com/envoy:1.40.1"],
    ],
    ids=lambda sets: sets[0].partition("=")[0],
)
def test_what_envoy_reads_once_rolls_the_pods(sets):
    changed = differing(injected(), injected(*sets))
    assert {"Deployment/shop", "Deployment/stock"} <= changed


def _files(*sets):
    data = injected(*sets)["ConfigMap/stock-envoy"]["data"]
    return {key for key in data if key.startswith(("lds", "cds", "rds-"))}


def test_where_ports_change_running_pods_find_no_files_that_are_not_theirs():
    before = _files()
    assert not before & _files("sidecars.envoy.ports.inbound=10050")
    assert not before & _files("sidecars.envoy.ports.ops=9955")
    assert before == _files("concerns.timeouts.request=3s")
    more = "{name: more, localPort: 18081, host: more.prod.svc, port: 80, protocol: http}"
    rates = "{name: rates, localPort: 18080, host: rates.prod.svc, port: 80, protocol: http}"
    assert before < _files(f"concerns.egress.dependencies=[{rates}, {more}]")


def test_static_everything_rolls():
    static = "reload=static"
    changed = differing(injected(static, WEIGHT % "10%"), injected(static, WEIGHT % "60%"))
    assert "Deployment/shop" in changed


def test_a_rule_finds_what_is_wrong_in_a_file_of_routes_at_its_place():
    text = inject([parse(SHOP, "shop.yaml")], [], load_profile(RELOAD)).texts["shop.yaml"][1]
    broken = text.replace('cluster: "egress-rates-canary"', 'cluster: "nobody"')
    broken = broken.replace('name: "egress-rates-canary"\n', 'name: "nobody"\n', 1)
    assert not [each for each in findings(text) if each.slug == "route-to-unknown-cluster"]
    found = [each for each in findings(broken) if each.slug == "route-to-unknown-cluster"]
    (one,) = found
    assert '"nobody"' in broken.splitlines()[one.location.line - 1]
    assert one.path[0] == "data"
    assert str(one.path[1]).startswith("rds-egress-rates-")
    assert one.path[2:4] == ("resources", 0)
