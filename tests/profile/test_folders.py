"""Every concern and every sidecar is whole: head, schema, defaults and page fit each other."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.folder import read_head, readme
from sidecarctl.profile.merge import table
from sidecarctl.profile.placeholder import PLACEHOLDERS, filled
from sidecarctl.profile.schema import nodes, outer_schema, read_schema, values_schema
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.schemas import violations

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
OWNERS = [*concerns().values(), *sidecars().values()]
SAMPLES = {name: name.lower() for name in PLACEHOLDERS}


def by_name(owner):
    return owner.name


def below(schema, node, path=()):
    """Yield every part of *schema* that describes a field, with its path in the schema."""
    for keyword in ("properties", "$defs"):
        for key, child in node.get(keyword, {}).items():
            if keyword == "properties":
                yield (*path, key), child
            yield from below(schema, child, (*path, key))
    for keyword in ("items", "additionalProperties"):
        child = node.get(keyword)
        if isinstance(child, dict):
            yield from below(schema, child, (*path, keyword))
    for keyword in ("anyOf", "oneOf", "allOf"):
        for child in node.get(keyword, []):
            yield from below(schema, child, (*path, keyword))


def test_there_are_concerns_and_sidecars():
    assert {"mtls", "timeouts", "hardening"} <= concerns().keys()
    assert {"envoy", "istio", "datadog"} <= sidecars().keys()


def test_no_concern_is_called_as_a_sidecar():
    assert concerns().keys() & sidecars().keys() == set()


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_the_head_fits_its_schema(owner):
    kind = "concern" if owner.name in concerns() else "sidecar"
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert violations(read_head(owner.folder / f"{kind}.yaml"), schema) == []


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_the_schema_of_the_values_is_one(owner):
    Draft202012Validator.check_schema(values_schema(owner))


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_every_field_is_described_and_no_other_allowed(owner):
    own = read_schema(owner.folder / "values.schema.json")
    silent = [
        path
        for path, part in below(own, own)
        if "description" not in part and not any("description" in p for p in _seen(owner, part))
    ]
    assert silent == []
    open_ones = [
        path
        for path, part in [((), own), *below(own, own)]
        if "properties" in part and part.get("additionalProperties") is not False
    ]
    assert open_ones == []


def _seen(owner, part):
    """Return what a reference in *part* leads to."""
    return nodes({**part, "$defs": values_schema(owner)["$defs"]}, ())


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_the_defaults_fit_but_for_what_only_the_user_can_say(owner):
    faults = violations(filled(owner.defaults, SAMPLES), values_schema(owner))
    assert [f for f in faults if not f.message.endswith("is missing")] == []


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_every_default_is_a_field(owner):
    unknown = [key for key in owner.defaults if not nodes(values_schema(owner), (key,))]
    assert unknown == []


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_no_definition_hides_a_shared_one(owner):
    own = read_schema(owner.folder / "values.schema.json")
    assert table(own, "$defs").keys() & table(outer_schema(), "$defs").keys() == set()


@pytest.mark.parametrize("owner", OWNERS, ids=by_name)
def test_there_is_a_page(owner):
    assert readme(owner.folder).startswith(f"# {owner.name}")


@pytest.mark.parametrize("concern", concerns().values(), ids=by_name)
def test_facts_are_fields(concern):
    schema = values_schema(concern)
    missing = [f for f in concern.facts.values() if f and not nodes(schema, tuple(f.split(".")))]
    assert missing == []


@pytest.mark.parametrize("concern", concerns().values(), ids=by_name)
def test_needs_are_facts_of_another_concern(concern):
    known = {fact for each in concerns().values() for fact in each.facts}
    assert set(concern.needs) <= known


@pytest.mark.parametrize("concern", concerns().values(), ids=by_name)
def test_cells_and_limits_are_those_of_sidecars(concern):
    assert concern.cells <= sidecars().keys()
    limits = {
        file.name.removesuffix(".schema.json") for file in concern.folder.glob("*.schema.json")
    }
    assert limits - {"values"} <= concern.cells


def test_telemetry_never_gates():
    assert [s.name for s in sidecars().values() if s.role == "agent" and s.gates] == []
