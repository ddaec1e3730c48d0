"""Fragments meet a pod: what is added where, what is kept, what clashes."""

from sidecarctl.inject.patch import (
    Fragment,
    changed,
    clashes,
    kept_annotations,
    kept_environment,
    patch,
    set_at,
)
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.workload import workload
from sidecarctl.plan.outcome import Change

POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    metadata:
      annotations:
        prometheus.io/port: "8080"
        cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes: cache
    spec:
      initContainers: [{name: first, image: "first:1"}]
      containers:
      - name: app
        image: app:1
        ports: [{containerPort: 8126}]
        env: [{name: DD_AGENT_HOST, value: node}]
      - {name: other, image: "other:1"}
      volumes: [{name: cache, emptyDir: {}}]
      imagePullSecrets: [{name: ours}]
"""


def pod(text=POD):
    (document,) = parse(text, "pod.yaml").documents
    return workload(document)


def patched(*fragments, target=None, annotations=None):
    parts = [Fragment(f"part-{index}", each) for index, each in enumerate(fragments)]
    return patch(target or pod(), [], parts, annotations or {})["spec"]["template"]


def test_init_containers_go_to_the_head_in_the_order_of_the_sidecars():
    after = patched(
        {"pod": {"initContainers": [{"name": "agent"}]}},
        {"pod": {"initContainers": [{"name": "proxy"}]}},
    )
    assert [each["name"] for each in after["spec"]["initContainers"]] == ["agent", "proxy", "first"]


def test_a_classic_proxy_stands_first_and_a_classic_agent_last():
    after = patched(
        {"pod": {"containers": [{"name": "agent"}]}},
        {"pod": {"first": True, "containers": [{"name": "proxy"}]}},
    )
    names = [each["name"] for each in after["spec"]["containers"]]
    assert names == ["proxy", "app", "other", "agent"]


def test_every_app_container_gets_what_it_does_not_have():
    fragment = {"app": {"env": [{"name": "DD_AGENT_HOST", "value": "127.0.0.1"}, {"name": "NEW"}]}}
    app, other = patched(fragment)["spec"]["containers"]
    assert [each["name"] for each in app["env"]] == ["DD_AGENT_HOST", "NEW"]
    assert app["env"][0]["value"] == "node"
    assert [each["name"] for each in other["env"]] == ["DD_AGENT_HOST", "NEW"]
    (note,) = kept_environment(pod(), [Fragment("datadog", fragment)])
    assert note.message == "'app' sets DD_AGENT_HOST itself: datadog leaves it"
    assert str(note.location) == "pod.yaml:17:15"


def test_pull_secrets_are_a_union():
    after = patched({"pod": {"imagePullSecrets": [{"name": "ours"}, {"name": "theirs"}]}})
    assert after["spec"]["imagePullSecrets"] == [{"name": "ours"}, {"name": "theirs"}]


def test_volumes_that_hold_nothing_are_safe_to_evict_beside_those_that_were():
    after = patched({"pod": {"volumes": [{"name": "run", "emptyDir": {}}, {"name": "config"}]}})
    key = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
    assert after["metadata"]["annotations"][key] == "cache,run"


def test_annotations_of_one_prefix_are_added_all_or_none():
    fragment = {
        "pod": {"annotations": {"prometheus.io/port": "9902", "prometheus.io/path": "/stats"}}
    }
    assert "prometheus.io/path" not in patched(fragment)["metadata"]["annotations"]
    (note,) = kept_annotations(pod(), [Fragment("metrics", fragment)])
    assert (
        note.message == "the pods have prometheus.io/port already: metrics leaves it and its like"
    )


def test_metadata_that_is_missing_is_made_before_the_spec():
    target = pod(
        "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: x}\n"
        "template: {spec: {containers: []}}\n"
    )
    after = patch(target, [], [Fragment("x", {"pod": {"labels": {"a": "b"}}})], {})
    assert list(after["template"]) == ["metadata", "spec"]


def test_a_name_and_a_port_that_are_taken_are_named_on_both_sides():
    fragment = Fragment(
        "datadog",
        {
            "pod": {
                "initContainers": [{"name": "first", "ports": [{"containerPort": 8126}]}],
                "volumes": [{"name": "cache"}],
            }
        },
    )
    found = {str(note.location): (note.code, note.message) for note in clashes(pod(), [fragment])}
    here = "which is here already"
    assert found == {
        "pod.yaml:12:31": ("name-clash", f"the sidecar 'datadog' adds a container 'first', {here}"),
        "pod.yaml:16:17": (
            "port-clash",
            "the sidecar 'datadog' listens on port 8126/TCP, as 'app' does",
        ),
        "pod.yaml:19:24": ("name-clash", f"the sidecar 'datadog' adds a volume 'cache', {here}"),
    }


def test_a_change_makes_its_parents_and_lets_a_list_grow():
    target = pod()
    change = Change(
        target.document, ("spec", "template", "spec", "containers", 1, "env", 0), {"name": "A"}, ""
    )
    after = changed(target.document.data, [change])
    assert after["spec"]["template"]["spec"]["containers"][1]["env"] == [{"name": "A"}]
    assert "env" not in target.document.data["spec"]["template"]["spec"]["containers"][1]


def test_set_at_fills_what_is_null():
    data = {"metadata": {"annotations": None}}
    set_at(data, ("metadata", "annotations", "a"), "b")
    assert data == {"metadata": {"annotations": {"a": "b"}}}
