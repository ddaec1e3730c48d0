"""list, explain and schema: what there is to choose from."""

import json

import jsonschema
import pytest

from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import built_in_profiles
from sidecarctl.profile.sidecar import sidecars


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("concerns", [*concerns()]),
        ("sidecars", [*sidecars()]),
        ("profiles", [*built_in_profiles()]),
    ],
)
def test_a_catalogue_lists_all_there_is_in_every_form(run, what, names):
    text, data, markdown = (run("list", what, *form) for form in ([], _as("json"), _as("markdown")))
    assert [text.code, data.code, markdown.code] == [0, 0, 0]
    assert [line.split()[0] for line in text.out.splitlines()[1:]] == names
    assert [next(iter(row.values())) for row in json.loads(data.out)] == names
    assert [line.split()[1] for line in markdown.out.splitlines()[2:]] == names


def _as(form):
    return ["--format", form]


def test_the_matrix_shows_who_does_what(run):
    rows = {row["concern"]: row for row in json.loads(run("list", "concerns", *_as("json")).out)}
    assert (rows["rateLimit"]["envoy"], rows["rateLimit"]["istio"]) == ("yes", "-")


@pytest.mark.parametrize("name", [*concerns(), *sidecars()])
def test_everything_has_a_page(run, name):
    done = run("explain", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"# {name}")


@pytest.mark.parametrize("name", ["simulate", "advise", "order-lost"])
def test_verbs_and_hazards_have_pages(run, name):
    done = run("explain", name)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"# {name}\n")


def test_a_field_has_a_page(run):
    done = run("explain", "rateLimit.perClient.by")
    assert done.out.startswith("# rateLimit.perClient.by\n")


def test_a_page_that_is_not_there(run):
    done = run("explain", "ratelimit")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: there is no concern, sidecar or field 'ratelimit'\n"
        "  hint: did you mean 'rateLimit'?\n"
    )


def test_a_slip_of_a_hazard_is_told(run):
    done = run("explain", "order-los")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: there is no hazard 'order-los'\n  hint: did you mean 'order-lost'?\n"


def test_the_schema_is_one(run):
    done = run("schema", "profile")
    schema = json.loads(done.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert {*schema["properties"]["spec"]["properties"]["concerns"]["properties"]} == {*concerns()}
