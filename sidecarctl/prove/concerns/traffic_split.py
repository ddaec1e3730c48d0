"""Traffic splits: shares as stated, users that do not flip, calls with a header, copies."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Cluster
from sidecarctl.prove.arrivals import (
    MOST,
    SHADOWED,
    Called,
    arrived_at,
    beside,
    callers_of,
    flood,
)
from sidecarctl.prove.callers import STRANGER, Caller
from sidecarctl.prove.certificates import Leaf
from sidecarctl.prove.client import Ask, connection, exchange
from sidecarctl.prove.mirrors import copied, failing
from sidecarctl.prove.peers import lets_in, server_names
from sidecarctl.prove.relocate import lift_faults, lift_limits
from sidecarctl.prove.routes import route_of
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.shares import is_seen, is_share, said
from sidecarctl.prove.splits import Choice, choices, splits
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.upstream import IDENTITY
from sidecarctl.prove.ways import cluster_names

_USERS, _AGAIN, _FEW = 300, 3, 20
_LIFTED = (lift_limits, lift_faults)


def prove(situation: Situation) -> Iterator[Word]:
    """Send many requests and count where they arrive; then let the mirrors fail."""
    known: list[Called] = []
    for split in (each for way in situation.ways for each in splits(way)):
        callers, why = callers_of(situation, split.way, split.routes)
        if callers:
            known.append(Called(split, callers, why))
        else:
            yield Unproved(split.title, why)
    chosen = [each for way in situation.ways for each in choices(way)]
    if not known and not chosen:
        return
    with situation.stand(lift=_LIFTED) as stand:
        for each in known:
            yield from _drawn(stand, each)
            yield from _sticky(stand, each)
            yield from copied(situation, stand, each)
        for choice in chosen:
            yield from _chosen(situation, stand, choice)
    mirrored = [each for each in known if each.split.copies]
    if mirrored:
        yield from failing(situation, mirrored)
    yield from _identities(situation, known)


def _drawn(stand: Stand, called: Called) -> Iterator[Word]:
    """Send as many requests as fit into the time, and count where they arrive."""
    split, shares = called.split, called.split.shares
    if not shares:
        if split.action.has("weighted_clusters"):
            yield Unproved(split.title, "the weights are not in the bootstrap, or all are 0")
        return
    arrived, answers = flood(stand, called, [*shares], MOST)
    count = answers.total()
    kind = "requests" if split.way.is_http else "connections"
    right = all(is_share(arrived[name], count, share) for name, share in shares.items())
    yield Shown(
        f"{split.title}: {count} {kind}",
        ", ".join(f"{name} {said(count, share)}" for name, share in shares.items()),
        ", ".join(f"{name} {arrived[name]}" for name in shares) + beside(answers),
        ok=right and arrived.total() == count,
        cause=called.cause,
    )
    for name, share in shares.items():
        if share and not is_seen(count, share):
            yield Unproved(f"{split.title}: the share of {name}",
                           f"too few to tell from none in {count} {kind}")  # fmt: skip


def _sticky(stand: Stand, called: Called) -> Iterator[Word]:
    split, policy = called.split, called.split.sticky
    if not policy or not split.shares:
        return
    caller = called.callers[0]
    asks = [_as_user(caller, policy, number) for number in range(_USERS)]
    if asks[0] is None:
        yield Unproved(f"{split.title}: users", "what tells them apart cannot be read")
        return
    with connection(stand.port(split.way), caller.tls, caller.name) as connected:
        for _ in range(_AGAIN):
            for ask in filter(None, asks):
                exchange(connected, ask)
    homes: dict[str, set[str]] = {}
    for name in split.shares:
        for seen in (one for each in stand.upstreams.get(name, ()) for one in list(each.seen)):
            homes.setdefault(seen.headers.get(IDENTITY, ""), set()).add(name)
    homes.pop("", None)
    flips = sum(len(each) > 1 for each in homes.values())
    first = Counter(min(each) for each in homes.values())
    right = all(is_share(first[name], _USERS, share) for name, share in split.shares.items())
    weighted = split.action.part("weighted_clusters")
    cause = "the shares of users are not those of the weights"
    if flips:
        cause = "the hash does not decide" if weighted.get("use_hash_policy") is True else (
            "use_hash_policy is not set: hash_policy then counts for balancers alone"
        )  # fmt: skip
    expected = ", ".join(f"{name} {said(_USERS, share)}" for name, share in split.shares.items())
    yield Shown(f"{split.title}: {_USERS} users, {_AGAIN} requests each",
                f"0 flip; {expected}",
                f"{flips} flip; " + ", ".join(f"{name} {first[name]}" for name in split.shares),
                ok=not flips and right and len(homes) == _USERS, cause=cause)  # fmt: skip


def _as_user(caller: Caller, policy: Part, number: int) -> Ask | None:
    user = f"prove-{number}"
    header = policy.part("header").text("header_name").lower()
    cookie = policy.part("cookie").text("name")
    if not header and not cookie:
        return None
    more = {header: user} if header else {"cookie": f"{cookie}={user}"}
    if cookie and "cookie" in caller.ask.headers:
        more["cookie"] = f"{caller.ask.headers['cookie']}; {more['cookie']}"
    return caller.changed(headers={**caller.ask.headers, **more, IDENTITY: user})


def _chosen(situation: Situation, stand: Stand, choice: Choice) -> Iterator[Word]:
    callers, cause = callers_of(situation, choice.way, choice.routes)
    if not callers:
        yield Unproved(f"{choice.way.name}: requests with {choice.by}", cause)
        return
    where = ", ".join(choice.clusters)
    cause = cause if cause == SHADOWED else "its route does not take them"
    number = _FEW * len(callers)
    before = arrived_at(stand, choice.clusters).total()
    for caller in callers:
        stand.flood(choice.way, caller, caller.ask, _FEW)
    arrived = arrived_at(stand, choice.clusters).total()
    yield told(f"{choice.way.name}: {number} requests with {choice.by}", f"{number} at {where}",
               f"{arrived - before} at {where}", cause=cause)  # fmt: skip
    usual = situation.caller(choice.way)
    if isinstance(usual, Caller):
        for what, ask in _not_meant(choice, usual, callers[0].ask):
            before = arrived_at(stand, choice.clusters).total()
            stand.flood(choice.way, usual, ask, _FEW)
            strayed = arrived_at(stand, choice.clusters).total() - before
            yield told(f"{choice.way.name}: {_FEW} requests {what}", f"0 at {where}",
                       f"{strayed} at {where}", cause="they go there all the same")  # fmt: skip


def _not_meant(choice: Choice, usual: Caller, ask: Ask) -> Iterator[tuple[str, Ask]]:
    """Yield requests that are not to go there, as far as can be read, like *ask* else."""
    plain = Ask(ask.method, ask.path.partition("?")[0], usual.ask.headers, ask.host)
    changed = {name: f"prove-{value}" for name, value in ask.headers.items()
               if name not in usual.ask.headers}  # fmt: skip
    other = Ask(plain.method, plain.path, {**plain.headers, **changed}, plain.host)
    for what, each in ((f"without {choice.by}", plain), (f"with another {choice.by}", other)):
        taken = route_of(choice.way, each)
        action = taken.part("route") if taken else Part((), {})
        copies = (one.text("cluster") for one in action.parts("request_mirror_policies"))
        if not {*cluster_names(action), *copies} & {*choice.clusters}:
            yield what, each


def _identities(situation: Situation, known: Sequence[Called]) -> Iterator[Word]:
    """Let other versions show an identity that is not theirs: they must not be called."""
    shown: dict[str, tuple[str, Leaf]] = {}
    for called in known:
        for name, (whose, names) in _wrong_names(situation, called).items():
            shown[name] = (whose, situation.trial.authority.leaf(names))
    if not shown:
        return

    def leaf(cluster: Cluster) -> Leaf | None:
        return shown[cluster.name][1] if cluster.name in shown else None

    with situation.stand(leaves=leaf, lift=_LIFTED) as stand:
        for called in known:
            own = [each for each in (*called.split.shares, *called.split.copies) if each in shown]
            if own:
                flood(stand, called, (), _FEW * 5)
            for name in own:
                seen = "called" if arrived_at(stand, [name]).total() else "not called"
                yield told(f"{called.split.title}: {name}, showing the identity of "
                           f"{shown[name][0]}", "not called", seen,
                           cause="it need not show one of its own")  # fmt: skip


def _wrong_names(situation: Situation, called: Called) -> dict[str, tuple[str, list[str]]]:
    """Return what the other versions must not show: the names of the first, or of a stranger."""
    every = {each.name: each for each in situation.subject.bootstrap.clusters}
    names = [each for each in (*called.split.shares, *called.split.copies) if each in every]
    found: dict[str, tuple[str, list[str]]] = {}
    for name in names[1:]:
        tls, first = every[name].tls, every[names[0]]
        theirs = server_names(first.tls)
        if theirs and all(lets_in(tls, each) is False for each in theirs):
            found[name] = (first.name, theirs)
        elif tls and any("://" in each for each in theirs):
            found[name] = ("a stranger", [STRANGER])
    return found
