"""Findings for programs: one JSON object, whose ``version`` grows when a field's meaning does."""

from collections import Counter

from sidecarctl.findings import Finding, JsonObject, Location, Severity
from sidecarctl.lint.check import Checked
from sidecarctl.report.dump import dump
from sidecarctl.report.fingerprint import fingerprints

_VERSION = 1


def findings_json(checked: Checked) -> str:
    """Return what was found as JSON text with a line end."""
    count = Counter(finding.severity for finding in checked.findings)
    marks = fingerprints(checked.findings)
    report: JsonObject = {
        "version": _VERSION,
        "command": "lint",
        "kubernetesVersion": str(checked.order.version),
        "summary": {
            **{severity.value: count[severity] for severity in Severity},
            "files": checked.files,
            "documents": checked.documents,
            "skippedTemplates": checked.left.templates,
            "skippedDocuments": checked.left.not_kubernetes,
            "withoutSchema": checked.left.without_schema,
        },
        "rules": [rule.code for rule in checked.order.rules],
        "findings": [
            _finding(finding, mark) for finding, mark in zip(checked.findings, marks, strict=True)
        ],
    }
    return dump(report)


def _finding(finding: Finding, mark: str) -> JsonObject:
    return {
        "code": finding.code,
        "rule": finding.slug,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "help": finding.help or None,
        "source": finding.source or None,
        "object": finding.subject or None,
        "path": list(finding.path),
        "location": location_json(finding.location),
        "related": [
            {"location": location_json(one.location), "message": one.message}
            for one in finding.related
        ],
        "fingerprint": mark,
    }


def location_json(place: Location) -> JsonObject:
    """Return *place* as every report for programs writes it."""
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
