"""Comments and annotations switch findings off, and say so when they do not."""

import pytest
from lint.docstrings import findings

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
    - name: shop
      color: red{comment}
"""


def slugs(text, **options):
    return [(one.location.line, one.slug) for one in findings(text, **options)]


@pytest.mark.parametrize(
    "word", ["unknown-field", "SC802", "sc802", "SC8", "all", "duplicate-listening-port, SC802"]
)
def test_a_comment_on_the_line_switches_off(word):
    unused = [(8, "unused-suppression")] if "," in word else []
    assert slugs(POD.format(comment=f"  # sidecarctl: ignore[{word}] known")) == unused


def test_a_comment_of_its_own_holds_for_the_next_line_that_says_something():
    text = POD.format(comment="").replace(
        "      color",
        "      # sidecarctl: ignore[unknown-field] known\n      # really\n\n      color",
    )
    assert slugs(text) == []


def test_a_comment_on_another_line_switches_nothing_off_and_is_unused():
    text = POD.format(comment="").replace(
        "- name: shop", "- name: shop  # sidecarctl: ignore[unknown-field]"
    )
    assert slugs(text) == [(7, "unused-suppression"), (8, "unknown-field")]


def test_a_slip_in_a_suppression_is_named_with_its_place_and_the_nearest_rule():
    (unknown, found) = findings(POD.format(comment="  # sidecarctl: ignore[unknown-feild]"))[::-1]
    assert found.slug == "unknown-field"
    assert (unknown.slug, unknown.message, unknown.help) == (
        "unknown-rule-in-suppression",
        "there is no rule 'unknown-feild'",
        "did you mean 'unknown-field'?",
    )
    assert (unknown.location.column, unknown.location.end_column) == (40, 53)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("unknown-field", []),
        ("unknown-field=as it was, and stays; SC301=x", ["unused-suppression"]),
        ("SC802", []),
        ("nonsense", ["unknown-rule-in-suppression", "unknown-field"]),
        ("SC301", ["unused-suppression", "unknown-field"]),
    ],
)
def test_an_annotation_holds_for_its_document_alone(value, expected):
    pod = POD.format(comment="")
    annotated = pod.replace(
        "  name: shop\nspec",
        f'  name: shop\n  annotations:\n    lint.sidecarctl.dev/ignore: "{value}"\nspec',
    )
    found = findings(f"{annotated}---\n{pod}")
    assert [one.slug for one in found] == [*expected, "unknown-field"]


def test_an_annotation_of_the_pod_template_holds_for_the_template():
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  colour: red
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
      annotations:
        lint.sidecarctl.dev/ignore: unknown-field
    spec:
      color: red
      containers: [{name: shop}]
"""
    assert slugs(text) == [(5, "unknown-field")]
