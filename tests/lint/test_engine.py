"""Rules are found by listing, chosen by words, and one that breaks hides no other."""

import pytest
from lint.docstrings import DEFAULT, findings

from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import Confidence, Severity
from sidecarctl.lint.engine import all_rules, lint
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.run import Run
from sidecarctl.lint.select import choose
from sidecarctl.manifest.document import parse
from sidecarctl.topology.fleet import fleet

TEXT = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  color: red
  containers: [{name: shop}]
"""


def test_a_rule_that_breaks_is_one_finding_and_hides_none():
    def check(_document, _run):
        raise ValueError("the secret value")

    broken = Rule("volume-mount-undefined", Severity.ERROR, Confidence.HIGH, "", "", "", check)
    manifest = parse(TEXT, "shop.yaml")
    rules = [broken, *choose(all_rules(), ["SC001", "unknown-field"], [])]
    run = Run(fleet(manifest.documents), DEFAULT)
    first, second = lint([manifest], rules, run)
    assert (first.code, first.severity, str(first.location)) == ("SC001", "error", "shop.yaml:2:7")
    assert first.message.startswith("the rule 'volume-mount-undefined' broke on this document: ")
    assert "secret" not in first.message
    assert second.slug == "unknown-field"


def test_a_finding_has_all_that_a_report_needs():
    (one,) = findings(TEXT)
    assert (one.code, one.slug, one.severity, one.confidence) == (
        "SC802",
        "unknown-field",
        Severity.ERROR,
        Confidence.HIGH,
    )
    assert one.message == "spec has no field 'color'"
    assert str(one.location) == "example.yaml:5:3"
    assert (one.location.end_line, one.location.end_column) == (5, 8)
    assert one.path == ("spec", "color")
    assert one.subject == "Pod/shop"
    assert one.help == "take the field away, or move it to where it belongs"


FAMILIES = sorted({rule.code[:3] for rule in all_rules()})


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (["all"], [family for family in FAMILIES if family not in {"SC0", "SC3"}], {"SC0", "SC3"}),
        (["SC80"], [], {"SC8"}),
        (["unknown-field"], ["SC802"], set()),
    ],
)
def test_words_choose_rules(select, ignore, expected):
    assert {rule.code[:3] for rule in choose(all_rules(), select, ignore)} == expected


def test_a_word_that_means_no_rule_is_an_error():
    with pytest.raises(SidecarctlError) as error:
        choose(all_rules(), ["unknown-feild"], [])
    assert (error.value.message, error.value.hint) == (
        "there is no rule 'unknown-feild'",
        "did you mean 'unknown-field'?",
    )


def test_what_is_no_kubernetes_object_is_left_alone():
    assert findings("conainers: []\n---\nkind: Pod\nspec: {color: red}\n") == []


def test_the_pod_template_of_a_custom_resource_is_checked():
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  strategy: {anything: goes}
  template:
    metadata: {labels: {app: 5}}
    spec: {colour: red, containers: [{name: shop}]}
"""
    assert [(one.slug, one.path) for one in findings(text)] == [
        ("schema-violation", ("spec", "template", "metadata", "labels", "app")),
        ("unknown-field", ("spec", "template", "spec", "colour")),
    ]


def test_the_version_decides_what_is_unknown():
    text = TEXT.replace("color: red", "resources: {}")
    assert [one.slug for one in findings(text)] == []
    assert [one.slug for one in findings(text, type(DEFAULT)(1, 31))] == ["unknown-field"]
