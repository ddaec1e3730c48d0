"""Findings as SARIF 2.1.0, for GitHub's code scanning and others.

Every rule that ran is listed, whether or not it found anything: only then can a viewer tell that an
alert has been resolved.
Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html
"""

from pathlib import PurePath
from urllib.parse import quote

from sidecarctl import __version__
from sidecarctl.findings import Finding, Json, JsonObject, Location, Severity, show_path
from sidecarctl.lint.check import Checked
from sidecarctl.lint.rule import Rule
from sidecarctl.report.dump import dump
from sidecarctl.report.fingerprint import fingerprints

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME = "https://github.com/sidecarctl/sidecarctl"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(checked: Checked) -> str:
    """Return what was found as a SARIF log with a line end."""
    index = {rule.code: i for i, rule in enumerate(checked.order.rules)}
    marks = fingerprints(checked.findings)
    results: list[Json] = [
        _result(finding, index[finding.code], mark)
        for finding, mark in zip(checked.findings, marks, strict=True)
    ]
    driver: JsonObject = {
        "name": "sidecarctl",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule(rule) for rule in checked.order.rules],
    }
    run: JsonObject = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"kubernetesVersion": str(checked.order.version)},
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> JsonObject:
    entry: JsonObject = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.slug.split("-")),
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": _explanation(rule)},
        "help": {"text": f"To cure it: {rule.help}.", "markdown": rule.manual},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": {"tags": [rule.slug], "precision": _PRECISION[rule.confidence.value]},
    }
    if rule.source:
        entry["helpUri"] = rule.source
    return entry


_PRECISION = {"high": "high", "medium": "medium", "low": "low"}


def _explanation(rule: Rule) -> str:
    """Return what the manual says before its examples, as one paragraph."""
    return " ".join(rule.doc.partition("\nBad")[0].split())


def _result(finding: Finding, index: int, mark: str) -> JsonObject:
    text = f"{finding.message} ({finding.help})" if finding.help else finding.message
    location = _location(finding.location)
    name = ".".join(filter(None, (finding.subject, show_path(finding.path))))
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    result: JsonObject = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"sidecarctl/v1": mark},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": i, **_location(one.location), "message": {"text": one.message}}
            for i, one in enumerate(finding.related)
        ]
    return result


def _location(place: Location) -> JsonObject:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endLine": place.end_line,
                "endColumn": place.end_column,
            },
        }
    }


def _uri(file: str) -> str:
    """Return *file* as a URI, relative where the file is; always with forward slashes."""
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
