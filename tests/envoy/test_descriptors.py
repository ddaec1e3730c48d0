"""The check without the binary says what the binary says, and where."""

import json
import subprocess

import pytest
from harness.envoy_probes import PROBES, SEMANTIC, base, cluster, filters, manager, put

from sidecarctl.envoy.binary import envoy, validate
from sidecarctl.envoy.descriptor_pack import VERSION, message, message_names
from sidecarctl.envoy.descriptors import DEPRECATED, violations


def probe(edit):
    data = base()
    edit(data)
    return json.loads(json.dumps(data))


def said(edit):
    return [(each.path, each.message, each.hint) for each in violations(probe(edit))]


def test_the_descriptors_are_those_of_the_envoy_that_is_tested_with():
    asked = [str(envoy()), "--version"]
    assert (
        f"/{VERSION}." in subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.parametrize("label", PROBES)
def test_the_binary_agrees_or_the_difference_is_listed(label):
    data = probe(PROBES[label])
    verdict = validate(json.dumps(data))
    found = violations(data)
    refused = [each for each in found if each.keyword != DEPRECATED]
    assert (verdict.accepted != (not refused)) == (label in SEMANTIC), (verdict, found)
    if label in SEMANTIC:
        assert not verdict.accepted
    elif verdict.accepted:
        warned = any("Deprecated" in each for each in verdict.messages)
        assert warned == bool(found), (verdict, found)


def test_the_table_of_differences_lists_probes_only():
    assert set(SEMANTIC) <= set(PROBES)
    assert len(PROBES) >= 80


def test_a_fault_has_its_path_and_a_hint_inside_any():
    chain = ("static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
    assert said(put(manager, statprefix="x")) == [
        (
            (*chain, "statprefix"),
            "Envoy's HttpConnectionManager has no field 'statprefix'",
            "did you mean 'stat_prefix'?",
        )
    ]
    assert said(put(cluster, connect_timeout="500ms")) == [
        (
            ("static_resources", "clusters", 0, "connect_timeout"),
            "must be a duration in seconds, but is '500ms'",
            'write it as "0.5s"',
        )
    ]
    fault = "filters.http.fault.v3.HTTPFault"
    ((path, message_, hint),) = said(filters(f"{fault}t"))
    assert path == (*chain, "http_filters", 0, "typed_config", "@type")
    assert message_ == f"Envoy {VERSION} has no message 'envoy.extensions.{fault}t'"
    assert hint == f"did you mean 'envoy.extensions.{fault}'?"


def test_a_placeholder_is_taken_for_a_right_value():
    assert said(put(cluster, connect_timeout="${TIMEOUT}")) == []


def test_every_definition_can_be_read():
    """A rule that the reader does not know would be an error here, not in front of a user."""
    for name in message_names():
        assert message(name).name == name
