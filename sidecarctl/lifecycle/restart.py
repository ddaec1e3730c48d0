"""Which container the kubelet starts again, and after how long.

- R1  a native sidecar is started again whatever the pod's restartPolicy says, as long as the pod
  is not being stopped (KEP-753)
- R2  first the container's own rules, then its own policy, then the pod's (KEP-5307, from 1.35)
- R3  RestartAllContainers kills all of them without preStop and without grace, and runs the init
  containers again (KEP-5532)
- R4  an init container that fails ends the pod where the policy is Never [I1]
- P8  the back-off is 10 s, doubled up to 300 s; ten minutes without a fault reset it

Sources: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy and
#container-restarts, ``backOffPeriod`` and ``MaxContainerBackOff`` in kubernetes/pkg/kubelet
"""

from enum import StrEnum

from sidecarctl.findings import Json, JsonObject
from sidecarctl.lifecycle.pod import Container, Pod, Role

RESET_AFTER_S = 600


class Verdict(StrEnum):
    """What follows when a container ends."""

    RESTART = "it is started again"
    REST = "it stays as it is"
    POD_FAILS = "the pod fails"
    RESTART_ALL = "all containers are killed without their hooks and started again"


def verdict(container: Container, pod: Pod, code: int) -> Verdict:
    """Return what the kubelet does when *container* of a running *pod* ends with exit *code*."""
    rule = _rule(container, code)
    if rule == "RestartAllContainers":  # R3
        return Verdict.RESTART_ALL
    if container.role is Role.SIDECAR or rule == "Restart":  # R1, R2
        return Verdict.RESTART
    policy = container.restart_policy or pod.restart_policy
    if container.role is Role.INIT and code == 0:
        return Verdict.REST
    if container.role is Role.INIT and policy == "Never":  # R4
        return Verdict.POD_FAILS
    if policy == "Never" or (policy == "OnFailure" and code == 0):
        return Verdict.REST
    return Verdict.RESTART


def backoff_s(restarts: int) -> int:
    """Return the wait before the next start of a container that *restarts* starts have failed [P8].

    The first restart is immediate: *restarts* counts from 0.
    """
    return 0 if restarts == 0 else min(10 * 2 ** min(restarts - 1, 5), 300)


def restarts_all(container: Container) -> bool:
    """Say whether a rule of *container* restarts all containers of the pod [R3]."""
    return any(rule.get("action") == "RestartAllContainers" for rule in _rules(container))


def _rule(container: Container, code: int) -> Json:
    """Return the action of the first rule that fits *code*."""
    for rule in _rules(container):
        codes = rule.get("exitCodes")
        values = codes.get("values") if isinstance(codes, dict) else None
        if isinstance(codes, dict) and isinstance(values, list):
            among = code in values
            if among if codes.get("operator") == "In" else not among:
                return rule.get("action")
    return None


def _rules(container: Container) -> list[JsonObject]:
    rules = container.data.get("restartPolicyRules")
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
