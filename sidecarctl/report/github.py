"""Findings as GitHub's workflow commands, which it shows beside the changed lines.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from sidecarctl.findings import Finding, Severity
from sidecarctl.lint.check import Checked

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github(checked: Checked) -> str:
    """Return one command a finding, the worst first: GitHub shows ten of each kind in a step."""
    order = list(Severity)
    findings = sorted(checked.findings, key=lambda one: order.index(one.severity))
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    place = finding.location
    fields = {
        "file": place.file,
        "line": str(place.line),
        "endLine": str(place.end_line),
        "title": f"{finding.code} {finding.slug}",
    }
    if place.line == place.end_line:  # columns of a place over several lines mean nothing here
        fields |= {"col": str(place.column), "endColumn": str(place.end_column)}
    properties = ",".join(f"{key}={_property(value)}" for key, value in fields.items())
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{_COMMAND[finding.severity]} {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
