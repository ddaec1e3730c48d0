"""The report for programs: one JSON object, whose ``version`` grows when a field's meaning does."""

from collections import Counter

from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import Json, JsonObject, Location
from sidecarctl.plan.outcome import Note, Outcome, Result, Status
from sidecarctl.report.dump import dump
from sidecarctl.report.text import Run

_VERSION = 1


def result_json(result: Result, run: Run) -> str:
    """Return the report of a run as JSON text with a line end."""
    count = Counter(outcome.status for outcome in result.outcomes)
    changed = set(result.changed())
    report: JsonObject = {
        "version": _VERSION,
        "command": run.verb,
        "profile": run.profile or None,
        "kubernetesVersion": run.kubernetes_version or None,
        "summary": {
            "workloads": len(result.outcomes),
            **{status.value: count[status] for status in Status},
        },
        "outcomes": [_outcome(outcome) for outcome in result.outcomes],
        "notes": [_note(note) for note in result.notes],
        "files": [{"file": file, "changed": file in changed} for file in result.texts],
        "newFiles": list(result.files),
        "errors": [],
    }
    return dump(report)


def error_json(error: SidecarctlError) -> str:
    """Return *error*, and the others that it carries, as JSON text with a line end."""
    errors: list[Json] = [
        {"message": each.message, "location": _location(each.at), "hint": each.hint}
        for each in (error, *error.others)
    ]
    return dump({"version": _VERSION, "errors": errors})


def _outcome(outcome: Outcome) -> JsonObject:
    return {
        "status": outcome.status.value,
        "code": outcome.code,
        "message": outcome.message,
        "hint": outcome.hint or None,
        "kind": outcome.kind,
        "name": outcome.name,
        "namespace": outcome.namespace,
        "location": _location(outcome.location),
        "changes": list(outcome.changes),
        "reasons": list(outcome.reasons),
        "notes": [_note(note) for note in outcome.notes],
    }


def _note(note: Note) -> JsonObject:
    return {
        "code": note.code,
        "severity": note.severity.value,
        "message": note.message,
        "hint": note.hint or None,
        "location": _location(note.location),
    }


def _location(place: Location | None) -> JsonObject | None:
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
