"""The report for programs, in full."""

import json

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.findings import Location, Severity
from sidecarctl.plan.outcome import Note, Outcome, Result, Status
from sidecarctl.report.json import error_json, result_json
from sidecarctl.report.text import Run

PLACE = Location("shop.yaml", 12, 3, 12, 11)
PLACE_JSON = {"file": "shop.yaml", "line": 12, "column": 3, "endLine": 12, "endColumn": 11}


def test_a_result():
    note = Note("no-service", "no Service selects it", Severity.WARNING, PLACE, "add one")
    outcome = Outcome(
        Status.INJECTED,
        "injected",
        "envoy",
        "Deployment",
        "shop",
        "prod",
        PLACE,
        notes=(note,),
        changes=("Service/shop: spec.ports[0].targetPort: 8080 becomes 10000",),
        reasons=("envoy is native: kubelet 1.33 has them",),
    )
    result = Result((outcome,), {"a.yaml": ("a", "b"), "c.yaml": ("c", "c")}, {"new.yaml": "n"})
    run = Run("inject", profile="default", kubernetes_version="1.33")
    assert json.loads(result_json(result, run)) == {
        "version": 1,
        "command": "inject",
        "profile": "default",
        "kubernetesVersion": "1.33",
        "summary": {
            "workloads": 1,
            "injected": 1,
            "ejected": 0,
            "unchanged": 0,
            "skipped": 0,
            "refused": 0,
        },
        "outcomes": [
            {
                "status": "injected",
                "code": "injected",
                "message": "envoy",
                "hint": None,
                "kind": "Deployment",
                "name": "shop",
                "namespace": "prod",
                "location": PLACE_JSON,
                "changes": ["Service/shop: spec.ports[0].targetPort: 8080 becomes 10000"],
                "reasons": ["envoy is native: kubelet 1.33 has them"],
                "notes": [
                    {
                        "code": "no-service",
                        "severity": "warning",
                        "message": "no Service selects it",
                        "hint": "add one",
                        "location": PLACE_JSON,
                    }
                ],
            }
        ],
        "notes": [],
        "files": [{"file": "a.yaml", "changed": True}, {"file": "c.yaml", "changed": False}],
        "newFiles": ["new.yaml"],
        "errors": [],
    }


def test_an_error_with_all_the_others():
    second = ProfileError("there is no concern 'mtsl'", hint="did you mean 'mtls'?")
    error = ManifestError("the key 'ärger' occurs twice", at=PLACE, others=[second])
    text = error_json(error)
    assert "ärger" in text
    assert json.loads(text) == {
        "version": 1,
        "errors": [
            {"message": "the key 'ärger' occurs twice", "location": PLACE_JSON, "hint": None},
            {
                "message": "there is no concern 'mtsl'",
                "location": None,
                "hint": "did you mean 'mtls'?",
            },
        ],
    }
