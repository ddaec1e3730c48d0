"""How proofs are told: a table with causes, XML that any reader takes."""

from xml.etree import ElementTree

from sidecarctl.prove.row import Row, Verdict
from sidecarctl.prove.run import Proved
from sidecarctl.report.paint import paint
from sidecarctl.report.prove_junit import proved_junit
from sidecarctl.report.prove_text import proved_lines, sum_lines

_ROWS = (
    Row("Deployment/a", "mtls", Verdict.PROVED, "in: plaintext", "refused", "refused", 0.04),
    Row("Deployment/a", "mtls", Verdict.FAILED, "in: no certificate", "refused", "let in", 1.0,
        "nobody checks", ("warning: <it> & \x1b[0m",)),
    Row("Deployment/b", "tracing", Verdict.UNPROVED, "in", "", "its routes are elsewhere", 0.0),
)  # fmt: skip
PROVED = Proved(_ROWS, (), 2, 1.5)


def test_text():
    text = paint(proved_lines(PROVED), coloured=False)
    assert [line.rstrip() for line in text.splitlines()] == [
        "Deployment/a",
        "   CONCERN  TRIED               EXPECTED  SEEN     TIME",
        "✓  mtls     in: plaintext       refused   refused  0.0 s",
        "✗  mtls     in: no certificate  refused   let in   1.0 s",
        "   cause: nobody checks",
        "   Envoy said:",
        "     warning: <it> & \x1b[0m",
        "",
        "Deployment/b",
        "   CONCERN  TRIED  EXPECTED    SEEN                      TIME",
        "-  tracing  in     not proved  its routes are elsewhere  0.0 s",
        "",
    ]
    assert paint(sum_lines(PROVED), coloured=False) == (
        "2 workloads: 1 proved, 1 failed, 1 not proved · 1.5 s\n"
    )


def test_nothing_to_prove():
    assert paint(sum_lines(Proved((), (), 1, 0.1)), coloured=False) == (
        "1 workload: nothing to prove · 0.1 s\n"
    )


def test_junit():
    root = ElementTree.fromstring(proved_junit(PROVED))
    assert [(suite.attrib["name"], suite.attrib["tests"]) for suite in root] == [
        ("Deployment/a", "2"),
        ("Deployment/b", "1"),
    ]
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "expected refused, seen let in: nobody checks"
    assert failure.text == "warning: <it> & ?[0m"
    assert [each.attrib["message"] for each in root.iter("skipped")] == ["its routes are elsewhere"]
