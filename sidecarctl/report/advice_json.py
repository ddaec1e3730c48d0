"""Advice for programs: one JSON object, whose ``version`` grows when a field's meaning does.

CPU is in thousandths of a core, memory in bytes.
"""

from sidecarctl.advise.advice import Advice, Kind, Report
from sidecarctl.advise.figures import Request
from sidecarctl.findings import JsonObject
from sidecarctl.report.dump import dump
from sidecarctl.report.findings_json import location_json

_VERSION = 1


def advice_json(report: Report) -> str:
    """Return *report* as JSON text with a line end."""
    limits = report.thresholds
    return dump(
        {
            "version": _VERSION,
            "command": "advise",
            "kubernetesVersion": str(report.version),
            "profile": report.profile or None,
            "thresholds": {
                "podsPerNode": limits.pods_per_node,
                "languages": limits.languages or None,
                "fewServices": limits.few_services,
                "tax": limits.tax,
                "jobFactor": limits.job_factor,
                "mostSidecars": limits.most_sidecars,
                "nodeAgents": limits.has_node_agents,
            },
            "faults": [
                {
                    "object": subject,
                    "message": fault.message,
                    "location": location_json(fault.at) if fault.at else None,
                    "hint": fault.hint,
                }
                for subject, fault in report.faults
            ],
            "pods": report.pods,
            "sidecars": _request(report.total),
            "apps": _request(report.apps),
            "kinds": [_kind(kind) for kind in report.kinds],
            "advice": [_advice(each) for each in report.advice],
            "remarks": [
                {
                    "object": each.subject,
                    "location": location_json(each.location),
                    "text": each.text,
                    "source": each.source,
                }
                for each in report.remarks
            ],
        }
    )


def _kind(kind: Kind) -> JsonObject:
    return {
        "sidecar": kind.what,
        "pods": kind.pods,
        "requests": _request(kind.total),
        "instead": kind.instead.value,
        "nodes": kind.nodes,
        "replacement": _request(kind.replacement) if kind.replacement else None,
    }


def _advice(each: Advice) -> JsonObject:
    return {
        "object": each.subject,
        "namespace": each.namespace,
        "container": each.container,
        "sidecar": each.what,
        "location": location_json(each.location),
        "instead": each.instead.value,
        "reasons": [
            {"text": reason.text, "source": reason.source or None} for reason in each.reasons
        ],
        "unless": list(each.unless),
        "pods": each.pods,
        "requests": _request(each.each),
        "total": _request(each.total),
    }


def _request(request: Request) -> JsonObject:
    return {"cpuMilli": request.cpu, "memoryBytes": request.memory}
