"""Every rule finds what its manual says, where it says it, and nothing in the cured example."""

from pathlib import Path

import pytest
from lint.docstrings import examples, expected, findings

from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.codes import CODES, RETIRED
from sidecarctl.lint.engine import CRASHED, all_rules

RULES = all_rules()
SHAPE = {"schema-violation", "unknown-field", "pod-refused-by-api-server", CRASHED}
"""Rules that must be silent on the examples of all the others: examples are valid manifests."""
CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def found(text, version, slugs):
    marked = {slug for _, slug in expected(text)}
    return {
        (finding.location.line, finding.slug)
        for finding in findings(text, version)
        if finding.slug in slugs | marked
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_the_bad_example_is_found_and_the_good_one_is_not(rule):
    bad, good = examples(rule.doc, "Bad"), examples(rule.doc, "Good")
    if rule.slug == CRASHED:
        assert not bad
        return
    assert bad
    assert good
    for text, version in bad:
        assert expected(text), "a bad example marks nothing"
        assert found(text, version, {rule.slug} | SHAPE) == expected(text)
    for text, version in good:
        assert expected(text) == set()
        assert found(text, version, {rule.slug} | SHAPE) == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case_has_the_findings_that_are_marked_and_no_others_of_its_rules(case):
    """The first line names the rules under test and, if it matters, the version."""
    text = case.read_text(encoding="utf-8")
    head = text.partition("\n")[0].removeprefix("# rules: ").split()
    slugs = {word for word in head if word in CODES}
    versions = [word for word in head if word[0].isdigit()]
    assert slugs, "the first line names the rules: # rules: slug slug 1.29"
    version = Version.parse(versions[0]) if versions else Version(1, 33)
    assert found(text, version, slugs) == expected(text)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_is_complete(rule):
    assert rule.slug in CODES
    assert not rule.module or rule.module.endswith(f".{rule.slug.replace('-', '_')}")
    assert rule.summary
    assert rule.help
    assert not rule.help.endswith(".")
    assert not rule.module or rule.source.startswith("https://")


def test_codes_and_slugs_are_unique_and_none_comes_back():
    assert len(set(CODES.values())) == len(CODES)
    assert not RETIRED & {*CODES, *CODES.values()}
    assert [rule.code for rule in RULES] == sorted(CODES.values())
