"""Findings as people and programs get them."""

import json
from pathlib import Path

import jsonschema
import pytest

from sidecarctl.errors import SidecarctlError
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.check import Order, check
from sidecarctl.lint.engine import all_rules
from sidecarctl.lint.select import choose
from sidecarctl.manifest.files import Source
from sidecarctl.report.findings_json import findings_json
from sidecarctl.report.formats import targets
from sidecarctl.report.frames import concise_lines, finding_lines, sum_lines
from sidecarctl.report.github import github
from sidecarctl.report.paint import paint
from sidecarctl.report.sarif import sarif

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      ports: [{containerPort: 8080}]
      colour: red
    - name: ä
      env:
        - {name: DB_PASSWORD, value: tr0ub4dor}
      ports: [{containerPort: 8080}]
"""
RULES = tuple(
    choose(
        all_rules(),
        ["unknown-field", "duplicate-listening-port", "secret-in-plain-config", "SC000"],
        [],
    )
)


def checked(*texts):
    sources = [Source(f"k8s/po d{n}.yaml", None, text) for n, text in enumerate(texts)]
    return check(sources, Order(RULES, Version(1, 33)))


def test_a_frame_shows_the_places_and_masks_a_secret():
    assert (
        paint(finding_lines(checked(POD)), coloured=False)
        == """\
error[SC802 unknown-field]: spec.containers[0] has no field 'colour'
  --> k8s/po d0.yaml:8:7
8 |       colour: red
  |       ^^^^^^
  = help: take the field away, or move it to where it belongs

warning[SC208 secret-in-plain-config]: the variable 'DB_PASSWORD' has its value in plain text
  --> k8s/po d0.yaml:11:38
11 |         - {name: DB_PASSWORD, value: •••••••••}
   |                                      ^^^^^^^^^
   = help: move it to a Secret and name that with secretKeyRef; then replace it, for it is known

error[SC301 duplicate-listening-port]: 'ä' listens on 8080, as 'shop' does
  --> k8s/po d0.yaml:12:31
 7 |       ports: [{containerPort: 8080}]
   |                               ---- 'shop' listens here
   :
12 |       ports: [{containerPort: 8080}]
   |                               ^^^^
   = help: give one of the two another port

""".replace("  --> k8s/po d0.yaml:8", " --> k8s/po d0.yaml:8")
    )


def test_one_line_a_finding():
    assert paint(concise_lines(checked(POD)), coloured=False).splitlines() == [
        "k8s/po d0.yaml:8:7: error: spec.containers[0] has no field 'colour' [SC802 unknown-field]",
        "k8s/po d0.yaml:11:38: warning: the variable 'DB_PASSWORD' has its value in plain text "
        "[SC208 secret-in-plain-config]",
        "k8s/po d0.yaml:12:31: error: 'ä' listens on 8080, as 'shop' does "
        "[SC301 duplicate-listening-port]",
    ]


def test_a_long_line_is_cut_around_the_place():
    text = f'{{"apiVersion": "v1", "kind": "Pod", "a": "{"x" * 300}", "spec": {{"b": 1}}}}'
    frame = paint(finding_lines(checked(text)), coloured=False)
    lines = [line for line in frame.splitlines() if line.startswith("1 |")]
    carets = [line for line in frame.splitlines() if "^" in line]
    assert all(len(line) < 130 for line in frame.splitlines())
    assert [
        line[carets[n].index("^") : carets[n].rindex("^") + 1] for n, line in enumerate(lines)
    ] == ['"a"', '"b"']


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a: 1"], "nothing found · 0 documents in 1 file · skipped 1 other document"),
        (
            [POD, "a: {{ .Values.a }}\n", "apiVersion: x/v1\nkind: Y\n"],
            "2 errors, 1 warning · 2 documents in 3 files · skipped 1 Helm template"
            " · 1 of kinds without a schema",
        ),
    ],
)
def test_the_sum_says_what_was_left_out(texts, expected):
    line = paint(sum_lines(checked(*texts)), coloured=False)
    assert line == f"{expected} · target Kubernetes 1.33\n"


def test_sarif_fits_its_schema_and_names_every_rule_that_ran():
    file = Path(__file__).parent / "sarif-schema-2.1.0.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    log = json.loads(sarif(checked(POD, POD)))
    jsonschema.Draft4Validator(schema).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["SC000", "SC208", "SC301", "SC802"]
    last = run["results"][-1]
    assert rules[last["ruleIndex"]]["id"] == last["ruleId"] == "SC301"
    place = last["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "k8s/po%20d1.yaml"
    assert place["region"] == {"startLine": 12, "startColumn": 31, "endLine": 12, "endColumn": 35}
    marks = [one["partialFingerprints"]["sidecarctl/v1"] for one in run["results"]]
    assert len(set(marks)) == len(marks) == 6


def test_all_rules_fit_the_sarif_schema():
    file = Path(__file__).parent / "sarif-schema-2.1.0.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    found = check([Source("pod.yaml", None, POD)], Order(all_rules(), Version(1, 33)))
    jsonschema.Draft4Validator(schema).validate(json.loads(sarif(found)))


def test_a_fingerprint_does_not_move_with_the_lines():
    def marks(text):
        found = json.loads(findings_json(checked(text)))["findings"]
        return [(one["fingerprint"], one["location"]["line"]) for one in found]

    before, after = marks(POD), marks(f"# a note\n{POD}")
    assert [mark for mark, _ in before] == [mark for mark, _ in after]
    assert [line + 1 for _, line in before] == [line for _, line in after]


def test_github_escapes_and_shows_the_worst_first():
    lines = github(checked(POD.replace("shop", "'100%,: '"))).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::warning"]
    assert lines[0] == (
        "::error file=k8s/po d0.yaml,line=8,endLine=8,title=SC802 unknown-field,col=7,endColumn=13"
        "::spec.containers[0] has no field 'colour'%0A"
        "take the field away, or move it to where it belongs"
    )
    assert "as '100%25,: ' does" in lines[1]


def test_json_has_all_that_a_program_needs():
    found = json.loads(findings_json(checked(POD, "a: [")))
    assert found["summary"] == {
        "error": 3,
        "warning": 1,
        "info": 0,
        "files": 2,
        "documents": 1,
        "skippedTemplates": 0,
        "skippedDocuments": 0,
        "withoutSchema": 0,
    }
    port = found["findings"][2]
    assert (port["object"], port["path"]) == (
        "Pod/shop",
        ["spec", "containers", 1, "ports", 0, "containerPort"],
    )
    assert port["related"][0]["location"]["line"] == 7
    assert found["findings"][3]["code"] == "SC000"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["sarf"], "there is no format 'sarf'", "did you mean 'sarif'?"),
        (
            ["text", "json"],
            "only one format can go to standard output",
            "write the others to files: json:FILE",
        ),
    ],
)
def test_a_wrong_target_is_an_error(words, message, hint):
    with pytest.raises(SidecarctlError) as error:
        targets(words)
    assert (error.value.message, error.value.hint) == (message, hint)
