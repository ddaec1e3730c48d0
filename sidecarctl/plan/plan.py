"""All decisions of a run: who gets what, what changes around it, who is left out and why."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.errors import ProfileError
from sidecarctl.findings import Severity
from sidecarctl.plan import capture, pod
from sidecarctl.plan.candidate import Candidate, candidates, outcome, refused
from sidecarctl.plan.egress import egress, plaintext_calls, plaintext_note
from sidecarctl.plan.gates import refuse_gated
from sidecarctl.plan.inbound import bind_address, inbound
from sidecarctl.plan.injection import Injection, Standalone
from sidecarctl.plan.loopback import loopback
from sidecarctl.plan.outcome import Change, Note, Outcome, Status
from sidecarctl.plan.port_names import rename_port
from sidecarctl.plan.ports import Ports
from sidecarctl.plan.run import run_notes
from sidecarctl.plan.scene import Scene
from sidecarctl.profile.choice import unsupported
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.fleet import Fleet
from sidecarctl.topology.protocol import app_ports


class Plan(Struct, frozen=True):
    """The decisions for all workloads; *outcomes* are those skipped or refused, *notes* concern
    the run as a whole.
    """

    injections: tuple[Injection, ...]
    outcomes: tuple[Outcome, ...]
    notes: tuple[Note, ...]


def plan(joined: Fleet, profile: Profile) -> Plan:
    """Decide for every workload of *joined*.

    Raises:
        ProfileError: a concern is asked of a proxy that does not have it, or an annotation of a
            workload says something wrong.
    """
    chosen, left = candidates(joined, profile)
    _refuse_missing_cells(chosen, profile)
    _refuse_unmet_needs(chosen)
    refuse_gated(chosen, profile)
    everyone = {id(each.workload.document): each for each in chosen if each.standalone}
    injections: list[Injection] = []
    for candidate in chosen:
        decided = _decide(candidate, joined, everyone, profile)
        if isinstance(decided, Injection):
            injections.append(decided)
        else:
            left.append(decided)
    outcomes = [_name_plaintext(each, joined, everyone, profile) for each in left]
    kept, outcomes = _refuse_disputes(injections, outcomes)
    return Plan(tuple(kept), tuple(outcomes), tuple(run_notes(kept, joined)))


def _decide(
    candidate: Candidate, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> Injection | Outcome:
    changes: list[Change] = pod.grace(candidate)
    notes = [
        Note("concern-unsupported", message, Severity.WARNING, candidate.choice.asked[name])
        for name, message in unsupported(candidate.choice)
    ]
    notes += capture.early_inits(candidate)
    against = tuple(capture.refusals(candidate, joined))
    if against:
        return refused(candidate, against)
    proxy = None
    if candidate.standalone:
        ports = Ports(candidate.workload)
        decided = _standalone(Scene(candidate, joined, everyone, profile, ports))
        refusals, proxy = decided.refusals, decided.proxy
        if refusals:
            return refused(candidate, tuple(refusals))
        changes += decided.changes
        notes += decided.notes
    names = (*candidate.choice.agents, *((candidate.choice.proxy,) if candidate.proxy else ()))
    if candidate.captured:
        names = names[::-1]  # agents reach nobody before the proxy is there
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


class _Decided(Struct, frozen=True):
    proxy: Standalone
    changes: list[Change]
    notes: list[Note]
    refusals: list[Note]


def _standalone(scene: Scene) -> _Decided:
    """Decide everything about a proxy that gets its whole configuration from us."""
    workload = scene.candidate.workload
    found = app_ports(workload, scene.joined.selecting(workload))
    for each in found:
        scene.ports.claim(each.number)
    ops_port = scene.take("ops")
    into, out = inbound(scene, found), egress(scene)
    local = loopback(scene, found, ops_port)
    moved = set(into.names.values())
    renames = [
        change for each in found if each.name in moved for change in rename_port(scene, each)
    ]
    taken = capture.captured(scene, into)
    listeners = (*into.listeners, *out.listeners, *((taken[1],) if taken else ()))
    proxy = Standalone(bind_address(scene), ops_port, listeners, tuple(local.probes), into.names,
                       taken[0] if taken else None)  # fmt: skip
    beyond = _beyond_protocol(scene.candidate, proxy)
    return _Decided(
        proxy,
        [*renames, *into.changes, *out.changes, *local.changes],
        [*into.notes, *out.notes, *local.notes, *beyond],
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
            if each.direction in concern.direction
            and each.protocol not in concern.protocols
            and each.target_host
        ]
        if beyond:
            where = ", ".join(f"{each.target_port} ({each.protocol})" for each in beyond)
            notes.append(Note("concern-beyond-protocol", f"{name} does nothing on port {where}"))
    return notes


def _refuse_missing_cells(chosen: Iterable[Candidate], profile: Profile) -> None:
    if profile.on_unsupported == "warn":
        return
    for candidate in chosen:
        for name, message in unsupported(candidate.choice):
            raise ProfileError(
                message,
                at=candidate.choice.asked[name],
                hint="take the concern out, or set onUnsupported: warn to go on without it",
            )


def _refuse_unmet_needs(chosen: Iterable[Candidate]) -> None:
    """Refuse a concern that rests on what another would tell, where that one is off."""
    for candidate in chosen:
        for name in candidate.choice.concerns if candidate.standalone else ():
            for fact in concerns()[name].needs:
                if candidate.facts.text(fact, "none") == "none":
                    giver = next(each.name for each in concerns().values() if fact in each.facts)
                    raise ProfileError(
                        f"{name} needs {giver}, which is off for {candidate.workload.document}",
                        at=candidate.choice.asked.get(name),
                        hint=f"add {giver} to the profile, or take {name} out",
                    )


def _name_plaintext(
    left: Outcome, joined: Fleet, everyone: Mapping[int, Candidate], profile: Profile
) -> Outcome:
    """Add to a workload without a proxy a note for each strict server that it calls.

    Where a server's profile refuses plaintext callers, the workload is refused.
    """
    at = left.location
    callers = [e for e in joined.workloads if e.document.locate(("kind",), on="key") == at]
    caller = callers[0] if callers else None
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
) -> tuple[list[Injection], list[Outcome]]:
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
    return kept, outcomes
