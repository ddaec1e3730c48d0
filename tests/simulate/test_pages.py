"""The manual of the model: nothing in it that the model does not do, nothing left out."""

import pytest
from lifecycle.shorthand import read_setting, read_shorthand
from lifecycle.test_cases import table

from sidecarctl.lifecycle.analysis import CHECKS, look
from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.hazards.hazard import Kind
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.scenario import MEANING, Scenario
from sidecarctl.lint.codes import CODES
from sidecarctl.simulate.pages import HAZARDS, hazard_page, simulate_page


def test_every_hazard_is_told_with_its_rules():
    assert [*HAZARDS] == [*Kind]
    assert {rule for told in HAZARDS.values() for rule in told.rules} <= {*CODES}
    assert {check for told in HAZARDS.values() for check in told.checks} == {*CHECKS}


@pytest.mark.parametrize(("text", "setting", "_"), table("Hazards"))
def test_a_hazard_is_found_by_the_checks_that_its_page_names(text, setting, _):
    data, given = read_shorthand(text)
    where = read_setting(setting, data)
    pod = read(data)
    scene = look(pod, where, assume(pod, Case.BEST, given))
    for check in CHECKS:
        for hazard in check(scene):
            assert check in HAZARDS[hazard.kind].checks


@pytest.mark.parametrize("kind", [*Kind])
def test_a_hazard_has_a_page_with_a_source(kind):
    page = hazard_page(kind.value)
    if kind.value in CODES:
        assert page is None  # that of the rule
        return
    assert page.startswith(f"# {kind}\n")
    assert "Source: <https://" in page
    for rule in HAZARDS[kind].rules:
        assert CODES[rule] in page


def test_the_page_of_simulate_tells_every_scenario_assumption_and_rule():
    page = simulate_page()
    assert {*MEANING} == {*Scenario}
    for each in Scenario:
        assert f"| `{each.word}` | {MEANING[each]} |" in page
    assert "| `start` | 0 | 1 | 10 |" in page
    assert "| the kubelet acts within | 0 | 0.5 | 1 |" in page
    for tag in ("I1", "A2", "T3", "T14", "J2", "S1", "U4", "R1"):
        assert f"- {tag}" in page
