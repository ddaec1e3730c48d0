"""Who is started again, and when."""

import pytest

from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.restart import Verdict, backoff_s, verdict

RULES = [
    {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}},
    {"action": "RestartAllContainers", "exitCodes": {"operator": "NotIn", "values": [0, 42, 1]}},
]


@pytest.mark.parametrize(
    ("where", "container", "policy", "code", "expected"),
    [
        ("containers", {}, "Always", 0, Verdict.RESTART),
        ("containers", {}, "OnFailure", 1, Verdict.RESTART),
        ("containers", {}, "OnFailure", 0, Verdict.REST),
        ("containers", {}, "Never", 1, Verdict.REST),
        ("initContainers", {}, "Always", 0, Verdict.REST),
        ("initContainers", {}, "Always", 1, Verdict.RESTART),
        ("initContainers", {}, "Never", 1, Verdict.POD_FAILS),
        ("initContainers", {"restartPolicy": "Always"}, "Never", 0, Verdict.RESTART),
        ("containers", {"restartPolicy": "Never"}, "Always", 1, Verdict.REST),
        ("containers", {"restartPolicy": "Never", "restartPolicyRules": RULES}, "Always", 42,
         Verdict.RESTART),
        ("containers", {"restartPolicy": "Never", "restartPolicyRules": RULES}, "Always", 88,
         Verdict.RESTART_ALL),
        ("containers", {"restartPolicy": "Never", "restartPolicyRules": RULES}, "Always", 1,
         Verdict.REST),
    ],
)  # fmt: skip
def test_verdict(where, container, policy, code, expected):
    pod = read({where: [{"name": "it", **container}], "restartPolicy": policy})
    assert verdict(pod.container("it"), pod, code) is expected


def test_the_back_off_doubles_up_to_five_minutes():
    assert [backoff_s(n) for n in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
