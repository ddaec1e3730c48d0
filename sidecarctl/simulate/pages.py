"""Pages of the manual on the model: `explain simulate`, and a page for each hazard.

Nothing is told twice: rules come from the docstrings of the modules that follow them, numbers from
the tables that the model computes with.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType

from msgspec import Struct

from sidecarctl.errors import SidecarctlError
from sidecarctl.lifecycle import (
    completion,
    crash,
    during_init,
    order,
    restart,
    rollout,
    start,
    stop,
    strategy,
    unhealthy,
)
from sidecarctl.lifecycle.assumptions import FIELDS, PACES, PHASE, SYNC_S, Case
from sidecarctl.lifecycle.hazards import fields, jobs, probing, starting, stopping
from sidecarctl.lifecycle.hazards.hazard import Hazard, Kind
from sidecarctl.lifecycle.hazards.scene import SIDECARS, Scene
from sidecarctl.lifecycle.images import timed
from sidecarctl.lifecycle.scenario import GRACE_OF, MEANING, Scenario
from sidecarctl.lint.codes import CODES
from sidecarctl.lint.engine import all_rules
from sidecarctl.violation import suggest

_RULES: tuple[ModuleType, ...] = (
    start, order, stop, during_init, completion, crash, unhealthy, restart, rollout, strategy,
)  # fmt: skip
"""The modules whose docstrings say what the kubelet and the controllers do."""


_RESTART_ALL = "https://github.com/kubernetes/enhancements/issues/5532"


class Told(Struct, frozen=True):
    """Which *checks* find a hazard, and which *rules* of lint report it.

    *what* is said where a check finds more than one hazard, *source* where no rule has one.
    """

    checks: tuple[Callable[[Scene], Iterator[Hazard]], ...]
    rules: tuple[str, ...] = ()
    what: str = ""
    source: str = ""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What goes wrong, a sentence or more for each check."""
        said = (" ".join((check.__doc__ or check.__name__).split()) for check in self.checks)
        return (self.what,) if self.what else tuple(said)


HAZARDS: Mapping[Kind, Told] = {
    Kind.DEADLOCK: Told(
        (starting.deadlocks, stopping.endless_hooks),
        ("init-waits-for-regular-sidecar", "init-before-native-sidecar",
         "sidecar-dependency-cycle"),
    ),
    Kind.RACE: Told(
        (starting.races,), ("non-native-sidecar", "native-sidecar-without-startup-probe")
    ),
    Kind.UNORDERED: Told(
        (starting.unordered,), ("non-native-sidecar", "native-sidecar-without-startup-probe")
    ),
    Kind.FAIL_OPEN: Told(
        (starting.races,), ("post-start-ordering-hack",),
        "Only a postStart hook holds an app back. Where the hook or the image of its container "
        "fails, the kubelet goes on to the next container all the same [A2].",
    ),
    Kind.GATE_NEVER_PASSES: Told(
        (probing.hopeless_probes,), ("probe-never-passes",),
        "The startupProbe of a native sidecar asks where nobody can answer: no app ever starts "
        "[I4].",
    ),
    Kind.PROBE_NEVER_PASSES: Told((probing.hopeless_probes,), ("probe-never-passes",)),
    Kind.SLOW_GATE: Told((starting.slow_gates,), ("slow-startup-gate",)),
    Kind.START_BUDGET: Told((starting.start_budgets,), ("startup-budget-exceeds-deadline",)),
    Kind.AGENT_GATES: Told((starting.agent_gates,), ("agent-gates-app",)),
    Kind.HOOK_FAILS: Told((probing.failing_hooks,), ("hook-never-works",)),
    Kind.LIVENESS_CASCADE: Told((probing.liveness_cascades,), ("liveness-depends-on-neighbour",)),
    Kind.ORDER_LOST: Told((stopping.lost_orders,), ("non-native-sidecar",)),
    Kind.DATA_LOSS: Told((stopping.lost_data,), ("non-native-sidecar",)),
    Kind.REQUESTS_CUT: Told((stopping.cut_requests,), ("no-drain-on-shutdown",)),
    Kind.GRACE_OVERFLOW: Told((stopping.short_graces,), ("grace-period-shorter-than-drain",)),
    Kind.HOOKS_SKIPPED: Told((stopping.skipped_hooks,), source=_RESTART_ALL),
    Kind.JOB_HANGS: Told((jobs.hanging_jobs,), ("job-with-regular-sidecar",)),
    Kind.NO_DEADLINE: Told((jobs.missing_deadlines,), source=SIDECARS),
    Kind.UNSUPPORTED: Told((fields.unsupported,), ("field-unsupported-by-target",)),
}  # fmt: skip


def hazard_page(word: str) -> str | None:
    """Return the page of the hazard *word* as Markdown, None where there is none of that name.

    A hazard that bears the name of a rule of lint has that rule's page.

    Raises:
        SidecarctlError: *word* is a slip of a hazard's name, and of no rule's.
    """
    names = [kind.value for kind in Kind]
    near = suggest(word, names)
    if word not in names and near and "-" in word and not suggest(word, CODES):
        raise SidecarctlError(f"there is no hazard {word!r}", hint=f"did you mean {near!r}?")
    if word not in names or word in CODES:
        return None
    told = HAZARDS[Kind(word)]
    parts = [f"# {word}", "*a hazard of `simulate`*", *told.sentences]
    rules = [rule for rule in all_rules() if rule.slug in told.rules]
    parts += [
        f"`lint` reports it as {rule.code} `{rule.slug}`: {rule.help}. "
        f"`sidecarctl explain {rule.code}` has a pod with it and one without."
        for rule in rules
    ]
    if not rules:
        parts.append("`lint` has no rule for it: only `simulate` tells.")
    parts.append("`simulate` names the places and the smallest change that cures it.")
    sources = dict.fromkeys(filter(None, [told.source, *(rule.source for rule in rules)]))
    parts += [f"Source: <{source}>" for source in sources]
    return "\n\n".join(parts) + "\n"


def simulate_page() -> str:
    """Return the page of `simulate`: scenarios, assumptions, rules with sources, hazards."""
    parts = [
        "# simulate",
        "A model of the kubelet and of the controllers: nothing runs. The same pod under the same "
        "assumptions has the same picture. What no manifest says is assumed, and stated below "
        "every picture; `--assume CONTAINER.FIELD=TIME` replaces it.",
        "## Scenarios",
        _table(("--scenario", "what happens", "grace period"), _scenarios()),
        "The grace period is the pod's, or the one above where that is shorter.",
        "## Assumptions",
        "Seconds, engineering values: nobody measured your application. Where a manifest says "
        "how long a hook sleeps, that counts.",
        _table(("", *Case), _assumptions()),
        "Measured for known images, in the expected and the worst case:",
        _table(("image", "start", "exit"), _timed()),
        "## Rules",
        *(part for module in _RULES for part in _rules_of(module)),
        "## Hazards",
        "`sidecarctl explain HAZARD` tells more.",
        _table(("hazard", "what goes wrong", "lint"), _hazards()),
    ]
    return "\n\n".join(parts) + "\n"


def _scenarios() -> Iterator[tuple[str, ...]]:
    for each in Scenario:
        grace = f"{GRACE_OF[each]} s" if each in GRACE_OF else ""
        yield f"`{each.word}`", MEANING[each], grace


def _assumptions() -> Iterator[tuple[str, ...]]:
    for word, field in FIELDS.items():
        yield f"`{word}`", *(f"{getattr(PACES[case], field):g}" for case in Case)
    yield "the kubelet acts within", *(f"{SYNC_S[case]:g}" for case in Case)
    yield "share of its period until a probe sees", *(f"{PHASE[case]:g}" for case in Case)


def _timed() -> Iterator[tuple[str, ...]]:
    for known in timed():
        figures = (known.start_s, known.exit_s)
        yield known.name, *("" if each is None else f"{each:g}" for each in figures)


def _hazards() -> Iterator[tuple[str, ...]]:
    for kind in Kind:
        told = HAZARDS[kind]
        yield f"`{kind}`", told.sentences[0], ", ".join(CODES[rule] for rule in told.rules)


def _rules_of(module: ModuleType) -> Iterator[str]:
    title, _, body = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    yield f"### {title.rstrip('.')}"
    if body:
        yield body


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
