"""Retries: what may be repeated recovers, what may not is sent once, nothing is multiplied."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

from msgspec.structs import replace

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Ask, connection, exchange, refusal
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.routes import route_of
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.together import Step
from sidecarctl.prove.upstream import HEADER, IDENTITY
from sidecarctl.prove.ways import Way

_AFTER_503 = {"gateway-error", "5xx"}
_AFTER_ANSWER = {*_AFTER_503, "reset", "retriable-status-codes", "http3-post-connect-failure"}
_PER_TRY_S = 0.5
_BUDGET = 0.2
_CALLERS, _REQUESTS = 20, 200
_MOST_TRIES = 1.2
_numbers = count(1)


def prove(situation: Situation) -> Iterator[Word]:
    """Fail the first time, hang up, be late, fail always: and count what arrives."""
    known: list[tuple[Way, Caller]] = []
    for way in situation.ways:
        if not any(True for _ in _policies(way)):
            continue
        caller = situation.caller(way)
        if isinstance(caller, Nobody):
            yield Unproved(way.name, caller.why)
        else:
            known.append((way, caller))
    if not known:
        return
    with situation.stand(lambda draft: _alone(draft, known)) as stand:
        for way, caller in known:
            # One after another: a budget for few retries at once is part of what is asked about.
            yield from (step() for step in _steps(situation, stand, way, caller))
        for way, caller in known:
            if way.is_http:
                yield _dead_host(stand, way, caller)


def _policies(way: Way) -> Iterator[Part]:
    for owner in (*way.chain.http.part("route_config").parts("virtual_hosts"), *way.chain.routes()):
        action = owner.part("route") if owner.has("route") else owner
        if action.has("retry_policy"):
            yield action.part("retry_policy")


def _alone(draft: Draft, known: Sequence[tuple[Way, Caller]]) -> None:
    for way, _ in known:
        for cluster in way.clusters:
            if cluster.part.has("outlier_detection"):
                draft.remove(cluster.part.at("outlier_detection"), "to see retries alone")
        for policy in _policies(way):
            if policy.has("per_try_timeout"):
                draft.set(policy.at("per_try_timeout"), f"{_PER_TRY_S}s", "scaled to a moment")


def _steps(situation: Situation, stand: Stand, way: Way, caller: Caller) -> list[Step]:
    if way.is_grpc:
        return [partial(_grpc, stand, way, caller)]
    steps: list[Step] = []
    get, post = situation.caller(way, "GET"), situation.caller(way, "POST")
    if isinstance(get, Caller):
        policy = _policy(way, get.ask)
        if _AFTER_503 & _conditions(policy):
            steps += [partial(_recovers, stand, way, get), partial(_most, stand, way, get, policy)]
            if policy.has("per_try_timeout"):
                steps.append(partial(_late_try, stand, way, get))
        else:
            why = "its route does not try again after a 503"
            steps.append(partial(Unproved, f"{way.name}: a GET that fails once", why))
    if isinstance(post, Caller):
        steps += [partial(_once, stand, way, post, word) for word in ("flaky=1", "reset")]
    else:
        steps.append(partial(Unproved, f"{way.name}: a POST", post.why))
    return steps


def _recovers(stand: Stand, way: Way, caller: Caller) -> Word:
    status, tries = _send(stand, way, caller, "flaky=1")
    return told(f"{way.name}: a GET that fails once", "200, 2 tries", f"{status}, {tries}",
                cause="it is not tried again")  # fmt: skip


def _most(stand: Stand, way: Way, caller: Caller, policy: Part) -> Word:
    most = (policy.number("num_retries") or 1) + 1
    status, tries = _send(stand, way, caller, "status=503")
    return told(f"{way.name}: a GET that always fails", f"503, {_tries(most)}",
                f"{status}, {tries}", cause="num_retries does not count")  # fmt: skip


def _late_try(stand: Stand, way: Way, caller: Caller) -> Word:
    status, tries = _send(stand, way, caller, f"slow={_PER_TRY_S * 4}")
    return told(f"{way.name}: a GET whose first try is late", "200, 2 tries", f"{status}, {tries}",
                cause="per_try_timeout does not count")  # fmt: skip


def _once(stand: Stand, way: Way, caller: Caller, word: str) -> Word:
    what = "that fails" if word.startswith("flaky") else "whose connection breaks"
    ask = caller.changed(method="POST", body=b"prove")
    caller = replace(caller, ask=ask)
    status, tries = _send(stand, way, caller, word)
    found = _conditions(_policy(way, ask)) & _AFTER_ANSWER
    cause = f"its route tries again on {', '.join(sorted(found))}" if found else "it is repeated"
    return told(f"{way.name}: a POST {what}", "503, 1 try", f"{status}, {tries}", cause=cause)


def _grpc(stand: Stand, way: Way, caller: Caller) -> Word:
    identity = f"prove-{next(_numbers)}"
    headers = {**caller.ask.headers, HEADER: "flaky=1", IDENTITY: identity}
    retried = any({"unavailable", "5xx"} & _conditions(policy) for policy in _policies(way))
    try:
        called = stand.call(way, caller, headers)
        seen = f"status {called.status}, {_tries(stand.tries(caller, identity))}"
    except OSError as error:
        seen = refusal(error)
    expected = "status 0, 2 tries" if retried else "status 14, 1 try"
    return told(f"{way.name}: a gRPC call that is UNAVAILABLE once", expected, seen,
                cause="retry_on is not what it says")  # fmt: skip


def _dead_host(stand: Stand, way: Way, caller: Caller) -> Word:
    """Send many requests at once to a server that always fails, and count what it gets."""
    identity = f"prove-{next(_numbers)}"
    stand.note(way, caller.ask)
    before = stand.tries(caller, identity)
    headers = {HEADER: "status=503", IDENTITY: identity}
    ask = caller.changed(headers={**caller.ask.headers, **headers})

    left = iter(range(_REQUESTS))  # shared: as many are under way until the last has been sent

    def send_some(_: int) -> Counter[str]:
        found: Counter[str] = Counter()
        try:
            with connection(stand.port(way), caller.tls, caller.name) as connected:
                for _ in left:
                    found[exchange(connected, ask).said] += 1
        except (OSError, ValueError) as error:
            found[refusal(error)] += 1
        return found

    with ThreadPoolExecutor(_CALLERS) as pool:
        found = sum(pool.map(send_some, range(_CALLERS)), Counter[str]())
    sent = sum(found.values())
    most = max(_MOST_TRIES, 1 / (1 - _budget(way)))
    ratio = (stand.tries(caller, identity) - before) / max(sent, 1)
    return Shown(
        f"{way.name}: {_REQUESTS} requests, {_CALLERS} at once, to a server that is down",
        f"at most {most:.2f} tries a request",
        f"{ratio:.2f} tries a request",
        ok=ratio <= most and sent == _REQUESTS,
        cause="retries multiply the load: no retry_budget",
    )


def _budget(way: Way) -> float:
    """Return the share of what is under way that may be retries, by default Envoy's own."""
    for cluster in way.clusters:
        for each in cluster.part.part("circuit_breakers").parts("thresholds"):
            value = each.part("retry_budget", "budget_percent").get("value")
            if isinstance(value, int | float):
                return min(value / 100, 0.9)
    return _BUDGET


def _send(stand: Stand, way: Way, caller: Caller, word: str) -> tuple[str, str]:
    identity = f"prove-{next(_numbers)}"
    headers = {**caller.ask.headers, HEADER: word, IDENTITY: identity}
    ask = caller.changed(headers=headers, body=caller.ask.body)
    reply = stand.send(way, caller, ask)
    return reply.said, _tries(stand.tries(caller, identity))


def _policy(way: Way, ask: Ask) -> Part:
    route = route_of(way, ask)
    return route.part("route", "retry_policy") if route else Part((), {})


def _conditions(policy: Part) -> set[str]:
    found = {each.strip() for each in policy.text("retry_on").split(",")}
    codes = policy.get("retriable_status_codes")
    if "retriable-status-codes" in found and isinstance(codes, list) and 503 in codes:
        found.add("5xx")
    return found


def _tries(number: int) -> str:
    return f"{number} {'try' if number == 1 else 'tries'}"
