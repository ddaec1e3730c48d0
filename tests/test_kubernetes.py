"""The walker agrees with jsonschema on the schemas that the pack was made from."""

import json
from functools import cache
from importlib.resources import files

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from sidecarctl.kubernetes import kubernetes_schema, kubernetes_versions, structural_violations
from sidecarctl.violation import Violation

DEPLOYMENT = yaml.safe_load("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}, annotations: {note: "x"}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 30
      initContainers:
        - {name: envoy, image: "envoyproxy/envoy:v1", restartPolicy: Always}
      containers:
        - name: shop
          image: shop:1
          args: [serve]
          env: [{name: A, value: b}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}]
          ports: [{containerPort: 8080, name: http}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}}
          securityContext: {runAsUser: 1000, readOnlyRootFilesystem: true}
          volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
      volumes:
        - {name: data, emptyDir: {}}
""")


@cache
def oracle(version: str, kind: str) -> jsonschema.Draft7Validator:
    """Return jsonschema's validator on the strict schemas, with the formats the walker checks."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    definitions = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))
    resource = Resource(contents=definitions, specification=DRAFT7)
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("int32")(lambda value: not _number(value) or -(2**31) <= value < 2**31)
    checker.checks("int64")(lambda value: not _number(value) or -(2**63) <= value < 2**63)
    return jsonschema.Draft202012Validator(
        {"$ref": f"urn:k8s#/$defs/{kind}"},
        registry=Registry().with_resource("urn:k8s", resource),
        format_checker=checker,
    )


@cache
def definition_names(version: str) -> dict[tuple[str, str], str]:
    """Return (apiVersion, kind) to the name of the definition, as kubernetes-validate has it."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    definitions = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    return {
        ("/".join(filter(None, (mark["group"], mark["version"]))), mark["kind"]): name
        for name, node in definitions.items()
        for mark in node.get("x-kubernetes-group-version-kind", [])
    }


def _number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def without_nulls(data):
    """Return *data* as the API server sees it: null fields are dropped before anything else."""
    if isinstance(data, dict):
        return {key: without_nulls(item) for key, item in data.items() if item is not None}
    if isinstance(data, list):
        return [without_nulls(item) for item in data]
    return data


def agree(data, version):
    """Check that both say the same of *data*, a document with a schema in *version*."""
    schema = kubernetes_schema(version, data["apiVersion"], data["kind"])
    name = definition_names(version)[data["apiVersion"], data["kind"]]
    expected = oracle(version, name).is_valid(without_nulls(data))
    found = structural_violations(data, schema)
    assert (found == []) == expected, found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda d: d["spec"].update(replica=1),
            Violation(
                ("spec", "replica"), "there is no field 'replica'", "did you mean 'replicas'?"
            ),
        ),
        (
            lambda d: d["spec"].update(replicas="2"),
            Violation(("spec", "replicas"), "must be a whole number, but is '2'"),
        ),
        (
            lambda d: d["spec"].update(replicas=2**31),
            Violation(
                ("spec", "replicas"),
                "must be between -2147483648 and 2147483647, but is 2147483648",
            ),
        ),
        (
            lambda d: d["metadata"]["annotations"].update(port=8080),
            Violation(
                ("metadata", "annotations", "port"),
                "must be a string, but is 8080",
                'write it in quotes: "8080"',
            ),
        ),
        (
            lambda d: d["spec"].update(selector=None),
            Violation(("spec", "selector"), "the field 'selector' is missing"),
        ),
        (
            lambda d: d["spec"]["strategy"]["rollingUpdate"].update(maxSurge=True),
            Violation(
                ("spec", "strategy", "rollingUpdate", "maxSurge"),
                "must be a string or a whole number, but is true",
            ),
        ),
        (
            lambda d: d["spec"]["template"]["spec"].update(containers={"name": "shop"}),
            Violation(
                ("spec", "template", "spec", "containers"), "must be a list, but is a mapping"
            ),
        ),
    ],
)
def test_a_violation_stands_at_its_path(change, expected):
    data = json.loads(json.dumps(DEPLOYMENT))
    change(data)
    schema = kubernetes_schema("1.33", "apps/v1", "Deployment")
    assert structural_violations(data, schema) == [expected]


def test_a_secret_must_be_base64():
    schema = kubernetes_schema("1.33", "v1", "Secret")
    data = {"apiVersion": "v1", "kind": "Secret", "data": {"good": "aGk=\n", "bad": "hello!"}}
    assert [v.path for v in structural_violations(data, schema)] == [("data", "bad")]


def test_the_version_decides():
    """`restartPolicy` of a container came with 1.28, `resources` of a pod with 1.32."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {"containers": [{"name": "a"}], "resources": {}},
    }
    verdicts = {
        version: structural_violations(pod, kubernetes_schema(version, "v1", "Pod")) == []
        for version in ("1.31", "1.32")
    }
    assert verdicts == {"1.31": False, "1.32": True}


def test_what_a_version_does_not_serve_has_no_schema():
    assert kubernetes_schema("1.33", "policy/v1beta1", "PodDisruptionBudget") is None
    assert kubernetes_schema("1.33", "argoproj.io/v1alpha1", "Rollout") is None
    with pytest.raises(KeyError):
        kubernetes_schema("1.27", "v1", "Pod")


@pytest.mark.parametrize("version", kubernetes_versions())
def test_the_example_is_valid_in_every_version(version):
    agree(DEPLOYMENT, version)


def _places(data, path=()):
    yield path
    if isinstance(data, dict):
        for key, item in data.items():
            yield from _places(item, (*path, key))
    elif isinstance(data, list):
        for i, item in enumerate(data):
            yield from _places(item, (*path, i))


PLACES = [path for path in _places(DEPLOYMENT) if path and path[0] == "spec"]
NUMBERS = [True, 0, 1.0, 1.5, -1, 2**31, 2**63]
OTHERS = [None, "", "1", [], [None], ["a"], {}, {"a": 1}, {"name": "x"}]


def replaced(data, path, value):
    """Return *data* with *value* at *path*; as it is where the path is no longer there."""
    if not path:
        return value
    step, *rest = path
    try:
        inner = replaced(data[step], rest, value)
    except (KeyError, IndexError, TypeError):
        return data
    if isinstance(data, list):
        return [*data[:step], inner, *data[step + 1 :]]
    return {**data, step: inner} if isinstance(data, dict) else data


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from([*NUMBERS, *OTHERS])),
        min_size=1,
        max_size=3,
    )
)
def test_mutated_documents_get_the_verdict_of_jsonschema(changes):
    data = DEPLOYMENT
    for path, value in changes:
        data = replaced(data, path, value)
    agree(data, "1.33")
