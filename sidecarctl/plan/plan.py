"""All decisions of a run: who gets what, what changes around it, who is left out and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sidecarctl.envoy.slots import AppProbe, Listener
from sidecarctl.errors import ProfileError
from sidecarctl.findings import JsonObject, Severity
from sidecarctl.plan import pod
from sidecarctl.plan.candidate import Candidate, candidates, outcome, refused
from sidecarctl.plan.egress import egress, plaintext_calls, plaintext_note
from sidecarctl.plan.inbound import inbound, rename_port
from sidecarctl.plan.loopback import loopback
from sidecarctl.plan.outcome import Change, Note, Outcome, Status
from sidecarctl.plan.ports import Ports
from sidecarctl.profile.choice import unsupported
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import app_ports


@dataclass(frozen=True, slots=True)
class Standalone:
    """What a proxy that gets its whole configuration from us is told of its pod."""

    ops_port: int
    listeners: tuple[Listener, ...]
    probes: tuple[AppProbe, ...]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Injection:
    """The decision for one workload. *changes* may touch Services of the input as well."""

    candidate: Candidate
    sidecars: tuple[str, ...]
    resources: Mapping[str, JsonObject]
    proxy: Standalone | None
    annotations: Mapping[str, str]
    changes: tuple[Change, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions for all workloads; *outcomes* are those skipped or refused."""

    injections: tuple[Injection, ...]
    outcomes: tuple[Outcome, ...]


def plan(joined: Fleet, profile: Profile) -> Plan:
    """Decide for every workload of *joined*.

    Raises:
        ProfileError: a concern is asked of a proxy that does not have it, or an annotation of a
            workload says something wrong.
    """
    chosen, left = candidates(joined, profile)
    _refuse_missing_cells(chosen, profile)
    everyone = {id(each.workload.document): each for each in chosen if each.standalone}
    injections: list[Injection] = []
    for candidate in chosen:
        decided = _decide(candidate, joined, everyone, profile)
        if isinstance(decided, Injection):
            injections.append(decided)
        else:
            left.append(decided)
    outcomes = [_name_plaintext(each, joined, everyone, profile) for each in left]
    return Plan(*_refuse_disputes(injections, outcomes))


def _decide(
    candidate: Candidate, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> Injection | Outcome:
    changes: list[Change] = pod.grace(candidate)
    notes: list[Note] = []
    proxy = None
    if candidate.standalone:
        decided = _standalone(candidate, joined, everyone, profile)
        refusals, proxy = decided.refusals, decided.proxy
        if refusals:
            return refused(candidate, tuple(refusals))
        changes += decided.changes
        notes += decided.notes
    names = (*candidate.choice.agents, *((candidate.choice.proxy,) if candidate.proxy else ()))
    if proxy is not None and not proxy.listeners:
        names = candidate.choice.agents
        proxy, changes = None, []
    if not names:
        return outcome(
            candidate.workload,
            candidate.namespace,
            Status.SKIPPED,
            "nothing-to-do",
            "it listens on no port and calls nothing through a proxy",
        )
    added = {name: pod.resources(candidate, name) for name in names}
    added = {name: table for name, table in added.items() if table}
    changes += pod.pod_level(candidate, added)
    notes += pod.notes(candidate, joined, added)
    return Injection(candidate, names, added, proxy, pod.annotations(candidate), tuple(changes),
                     tuple(notes))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Decided:
    proxy: Standalone
    changes: list[Change]
    notes: list[Note]
    refusals: list[Note]


def _standalone(
    candidate: Candidate, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> _Decided:
    """Decide everything about a proxy that gets its whole configuration from us."""
    workload = candidate.workload
    services = joined.selecting(workload)
    found = app_ports(workload, services)
    ports = Ports(workload, (each.number for each in found))
    bases = candidate.choice.sidecars[candidate.choice.proxy].get("ports")
    base = bases.get("ops") if isinstance(bases, dict) else None
    ops_port = ports.take(base if isinstance(base, int) else 9902)
    into = inbound(candidate, joined, everyone, ports)
    out = egress(candidate, joined, everyone, ports, profile)
    local = loopback(candidate, found, ops_port, ports)
    moved = set(into.names.values())
    renames = [change for each in found if each.name in moved
               for change in rename_port(candidate, each)]  # fmt: skip
    proxy = Standalone(
        ops_port, (*into.listeners, *out.listeners), tuple(local.probes), into.names
    )
    return _Decided(
        proxy,
        [*renames, *into.changes, *out.changes, *local.changes],
        [*into.notes, *out.notes, *local.notes, *_beyond_protocol(candidate, proxy)],
        [*into.refusals, *out.refusals, *local.refusals],
    )


def _beyond_protocol(candidate: Candidate, proxy: Standalone) -> list[Note]:
    """Name each chosen concern that cannot act on a listener because of its protocol."""
    notes = []
    for name in candidate.choice.concerns:
        concern = concerns()[name]
        if concern.always or candidate.choice.proxy not in concern.cells:
            continue
        beyond = [
            each
            for each in proxy.listeners
            if each.direction in concern.direction and each.protocol not in concern.protocols
        ]
        if beyond:
            where = ", ".join(f"{each.target_port} ({each.protocol})" for each in beyond)
            notes.append(
                Note("concern-beyond-protocol", f"{name} does nothing on port {where}")
            )
    return notes


def _refuse_missing_cells(chosen: Iterable[Candidate], profile: Profile) -> None:
    if profile.on_unsupported == "warn":
        return
    for candidate in chosen:
        for _, message in unsupported(candidate.choice):
            raise ProfileError(
                message, hint="take the concern out, or set onUnsupported: warn to go on without it"
            )


def _name_plaintext(
    left: Outcome, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> Outcome:
    """Add to a workload without a proxy a note for each strict server that it calls.

    Where a server's profile refuses plaintext callers, the workload is refused.
    """
    caller = next((each for each in joined.workloads
                   if each.document.locate(("kind",), on="key") == left.location), None)  # fmt: skip
    if caller is None or left.status is not Status.SKIPPED:
        return left
    found = plaintext_calls(caller, joined, everyone, profile)
    if not found:
        return left
    reasons = tuple(plaintext_note(call, "it gets no proxy") for call, _ in found)
    done = left.with_notes(reasons)
    if not any(server.facts.text("plaintextCallers", "warn") == "refuse" for _, server in found):
        return done
    first = reasons[0]
    return replace(done, status=Status.REFUSED, code=first.code, message=first.message,
                   location=first.location or left.location, hint=first.hint,
                   notes=reasons[1:])  # fmt: skip


def _refuse_disputes(
    injections: list[Injection], outcomes: list[Outcome]
) -> tuple[tuple[Injection, ...], tuple[Outcome, ...]]:
    """Refuse workloads that want one field of a Service to have different values."""
    wanted: dict[tuple[int, tuple[str | int, ...]], Change] = {}
    kept: list[Injection] = []
    for injection in injections:
        dispute = next(
            (
                (change, first)
                for change in injection.changes
                if (first := wanted.setdefault((id(change.document), change.path), change)).value
                != change.value
            ),
            None,
        )
        if dispute is None:
            kept.append(injection)
            continue
        change, first = dispute
        outcomes.append(
            refused(
                injection.candidate,
                (
                    Note(
                        "service-disputed",
                        f"{change.document} would have to aim at {change.value} for it and at "
                        f"{first.value} for another workload",
                        Severity.ERROR,
                        change.document.locate(change.path),
                        "give both the same ports, or each a Service of its own",
                    ),
                ),
            )
        )
    return tuple(kept), tuple(outcomes)
