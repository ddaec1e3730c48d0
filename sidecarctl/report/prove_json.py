"""What `prove` found, for programs: one JSON object."""

from sidecarctl.findings import JsonObject
from sidecarctl.prove.row import Row, Verdict
from sidecarctl.prove.run import Proved
from sidecarctl.report.dump import dump

_VERSION = 1


def proved_json(proved: Proved) -> str:
    """Return rows, rewrites and the sum as JSON text with a line end."""
    report: JsonObject = {
        "version": _VERSION,
        "command": "prove",
        "summary": {
            "workloads": proved.workloads,
            "proved": proved.count(Verdict.PROVED),
            "failed": proved.count(Verdict.FAILED),
            "notProved": proved.count(Verdict.UNPROVED),
            "seconds": round(proved.seconds, 3),
        },
        "rows": [_row(row) for row in proved.rows],
        "rewrites": [{"workload": name, "rewrite": str(each)} for name, each in proved.rewrites],
    }
    return dump(report)


def _row(row: Row) -> JsonObject:
    return {
        "workload": row.workload,
        "concern": row.concern,
        "verdict": row.verdict.value,
        "tried": row.tried,
        "expected": row.expected or None,
        "seen": row.seen,
        "cause": row.cause or None,
        "seconds": round(row.seconds, 3),
        "log": list(row.log),
    }
