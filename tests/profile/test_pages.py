"""Whoever asks gets a page: the text of the folder, and every field as its schema has it."""

import pytest

from sidecarctl.errors import ProfileError
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.field import fields_below
from sidecarctl.profile.folder import readme
from sidecarctl.profile.pages import explain, rows, topics
from sidecarctl.profile.profile import built_in_profiles
from sidecarctl.profile.schema import values_schema
from sidecarctl.profile.sidecar import sidecars


@pytest.mark.parametrize("name", topics())
def test_everything_has_a_page(name):
    assert explain(name).startswith(f"# {name}")


@pytest.mark.parametrize("name", [*concerns(), *sidecars()])
def test_a_page_is_the_text_of_the_folder_and_has_every_field(name):
    owner = concerns().get(name) or sidecars()[name]
    page = explain(name)
    assert page.startswith(readme(owner.folder).strip())
    fields = [field.name for field in fields_below(values_schema(owner), (), owner.defaults)]
    assert [field for field in fields if f"| `{name}.{field}` |" not in page] == []
    assert page.endswith(f"\n\nSource: {owner.source}\n")


def test_the_page_of_a_field():
    assert explain("rateLimit.perClient.by") == (
        "# rateLimit.perClient.by\n"
        "\n"
        "What tells callers apart: identity (that of the certificate; the address where there is "
        "none), address, or header:<name> for a header that the caller cannot choose freely. "
        "Requests without that header share perInstance alone.\n"
        "\n"
        "It is a string.\n"
        "\n"
        "See also: `sidecarctl explain rateLimit`\n"
    )


def test_the_page_of_a_field_of_the_profile():
    assert explain("kubernetesVersion") == (
        "# kubernetesVersion\n"
        "\n"
        "The lowest kubelet version among the target clusters, in quotes. It decides whether "
        "sidecars are native and what else may be used. 1.28 to 1.37.\n"
        "\n"
        "It is a string. Default: `1.33`.\n"
    )


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("spec.concerns.timeouts.request", "timeouts.request"),
        ("concerns.timeouts", "timeouts"),
        ("spec.proxy", "proxy"),
        ("accessControl.rules[].from", "accessControl.rules.from"),
    ],
)
def test_a_field_may_be_named_in_full(name, same_as):
    assert explain(name) == explain(same_as)


def test_fields_below_a_field_are_listed_with_their_defaults():
    page = explain("circuitBreaker.outlier")
    assert "| `circuitBreaker.outlier.interval` | a string | `5s` |" in page
    page = explain("overrides")
    assert "| `overrides[].selector.names` | a list |" in page


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        (
            "timeots",
            "there is no concern, sidecar or field 'timeots'",
            "did you mean 'timeouts'?",
        ),
        ("xyz", "there is no concern, sidecar or field 'xyz'", "see sidecarctl list"),
        ("timeouts.idel", "'timeouts' has no field 'idel'", "did you mean 'idle'?"),
        ("overrides.selectr", "there is no field 'selectr'", "did you mean 'selector'?"),
        ("proxy.x", "there is no field 'x'", None),
    ],
)
def test_no_such_page(name, message, hint):
    with pytest.raises(ProfileError) as caught:
        explain(name)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_rows_of_concerns_are_the_matrix():
    found = {row["concern"]: row for row in rows("concerns")}
    assert found.keys() == concerns().keys()
    assert {len(row) for row in found.values()} == {5}
    marks = {name: (row["envoy"], row["istio"]) for name, row in found.items()}
    assert marks["mtls"] == ("yes", "yes")
    assert marks["rateLimit"] == ("yes", "-")
    assert found["mtls"]["direction"] == "inbound and outbound"


def test_rows_of_sidecars_and_profiles():
    assert [(row["sidecar"], row["role"]) for row in rows("sidecars")] == [
        ("datadog", "agent"),
        ("envoy", "proxy"),
        ("istio", "proxy"),
    ]
    found = {row["profile"]: row for row in rows("profiles")}
    assert found.keys() == built_in_profiles().keys()
    assert (found["datadog"]["proxy"], found["datadog"]["agents"]) == ("none", "datadog")
    assert found["istio"]["concerns"] == "mtls"
    assert all(row["summary"] and not row["summary"].endswith(".") for row in found.values())
