"""The schema that editors get says the same as the loader, and stands on its own."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import built_in_profiles
from sidecarctl.profile.schema import described, is_text, nodes, profile_schema
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.schemas import violations

FULL = Path(__file__).parents[1] / "profiles" / "full.yaml"


def data_of(spec):
    head = {"apiVersion": "sidecarctl.dev/v1alpha1", "kind": "Profile", "metadata": {"name": "x"}}
    return {**head, "spec": yaml.safe_load(spec)}


def test_it_is_a_schema_that_needs_no_other_file():
    schema = profile_schema()
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    references = {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}
    assert {each for each in references if not each.startswith("#/$defs/")} == set()
    lost = [each for each in references if nodes({**schema, "$ref": each}, ())[1:] == []]
    assert lost == []


def test_every_concern_and_sidecar_stands_in_it():
    spec = profile_schema()["properties"]["spec"]["properties"]
    for holder in (spec, spec["overrides"]["items"]["properties"]):
        assert holder["concerns"]["properties"].keys() == concerns().keys()
        assert holder["sidecars"]["properties"].keys() == sidecars().keys()
        assert holder["proxy"]["enum"] == ["envoy", "istio", "none"]
        assert holder["agents"]["items"] == {"enum": ["datadog"]}


@pytest.mark.parametrize("file", [*built_in_profiles().values(), FULL], ids=lambda file: file.stem)
def test_profiles_that_load_fit_it(file):
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    # An editor sees the text as it stands: {trustDomain} has a capital that no domain has.
    text = json.dumps(data).replace("{trustDomain}", "cluster.local")
    assert violations(json.loads(text), profile_schema()) == []


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ("{concerns: {timeouts: {request: 5 s}}}", [("spec", "concerns", "timeouts", "request")]),
        ("{concerns: {timeots: {}}}", [("spec", "concerns", "timeots")]),
        ("{concerns: {timeouts: false, retries: null, metrics: true}}", []),
        ("{concerns: {hardening: false}}", [("spec", "concerns", "hardening")]),
        ("{locked: [mtls, accessLog.redact]}", []),
        ("{locked: [mtl]}", [("spec", "locked", 0)]),
        ("{proxy: linkerd}", [("spec", "proxy")]),
        ("{sidecars: {envoy: {image: 'a b'}}}", [("spec", "sidecars", "envoy", "image")]),
        (
            "{overrides: [{selector: {names: [a]}, concerns: {timeouts: {idel: 5m}}}]}",
            [("spec", "overrides", 0, "concerns", "timeouts", "idel")],
        ),
    ],
)
def test_it_finds_what_the_loader_finds(spec, paths):
    assert [each.path for each in violations(data_of(spec), profile_schema())] == paths


@pytest.mark.parametrize(
    ("path", "known", "text"),
    [
        (("spec", "kubernetesVersion"), True, True),
        (("spec", "concerns", "timeouts", "request"), True, True),
        (("spec", "concerns", "retries", "attempts"), True, False),
        (("spec", "concerns", "accessControl", "rules", 0, "from", 3), True, True),
        (("spec", "sidecars", "envoy", "resources", "requests", "cpu"), True, False),
        (("spec", "sidecars", "datadog", "extraEnv", "DD_TAGS"), True, True),
        (("spec", "sidecars", "datadog", "extraEnv", "DD_API_KEY"), False, False),
        (("spec", "concerns", "timeouts", "reqest"), False, False),
        (("spec", "proxi"), False, False),
    ],
)
def test_the_parts_that_speak_of_a_field(path, known, text):
    parts = nodes(profile_schema(), path)
    assert (bool(parts), is_text(parts)) == (known, text)


def test_the_description_nearest_to_the_field_counts():
    parts = nodes(profile_schema(), ("spec", "sidecars", "datadog", "image"))
    assert described(parts).startswith("The agent's image.")
