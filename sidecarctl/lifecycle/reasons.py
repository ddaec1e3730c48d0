"""Why a sidecar stands in a pod as it does: form, order, gate, probes and grace, by the model.

No sentence names an application, so that what holds for a fleet is the same sentence.
"""

from collections.abc import Iterable, Iterator

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.form import SLACK_S, grace_needed_s
from sidecarctl.lifecycle.pod import Container, Pod, Role


def reasons(pod: Pod, names: Iterable[str], why: str, guess: Assumptions) -> tuple[str, ...]:
    """Return why the containers *names* of *pod* have their form, place and numbers.

    *why* is the reason of the form that `form.form` gives. Names that the pod does not have are
    left out: a mesh brings its containers later.
    """
    wanted = {*names}
    said = [
        sentence
        for container in pod.containers
        if container.name in wanted and container.role is not Role.INIT
        for sentence in (*_form(container, pod, wanted, why), *_probes(container))
    ]
    return (*said, _grace(pod, guess)) if said else ()


def _form(container: Container, pod: Pod, added: set[str], why: str) -> Iterator[str]:
    name, place = container.name, container.path[-1]
    if container.role is not Role.SIDECAR:
        yield f"{name} is classic: {why}"
        waits = "wait for its hook" if container.post_start else "do not wait until it listens"
        yield f"{name} is containers[{place}]: apps behind it start after it, and {waits}"
        return
    yield f"{name} is native: {why}"
    before = [each for each in pod.inits[: pod.inits.index(container)] if each.name not in added]
    free = "the init containers before it run without it, and " if before else ""
    waits = "waits until its gate has opened"
    if container.startup is None and container.post_start is None:
        waits = "does not wait for it, as it has no gate"
    yield f"{name} is initContainers[{place}]: {free}what is behind it {waits}"


def _probes(container: Container) -> Iterator[str]:
    gate, ready = container.startup, container.readiness
    if gate is not None:
        yield (
            f"{container.name} has a startupProbe every {gate.period_s} s: a start is seen at most "
            f"that late, and the kubelet gives up after {gate.budget_s} s"
        )
    if ready is not None:
        yield (
            f"{container.name} has a readinessProbe every {ready.period_s} s: after a fault the "
            f"pod leaves its Services within {ready.failures * ready.period_s} s"
        )


def _grace(pod: Pod, guess: Assumptions) -> str:
    hooks = max((guess.paces[each.name].pre_stop for each in pod.containers), default=0.0)
    needed = grace_needed_s(pod, guess)
    parts = (
        f"hooks take {hooks:g} s, the ends after them {max(needed - SLACK_S - hooks, 0):g} s, "
        f"and {SLACK_S} s are to spare"
    )
    judged = "is enough" if pod.grace_s >= needed else f"is less than the {needed} s that it takes"
    return f"a grace period of {pod.grace_s} s {judged}: {parts}"
