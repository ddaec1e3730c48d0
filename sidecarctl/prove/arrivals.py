"""Who calls what is split between servers, and where the calls arrive."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import cycle, islice

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Ask, connection, refusal
from sidecarctl.prove.routes import fitting
from sidecarctl.prove.shares import many
from sidecarctl.prove.splits import Split
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

MOST = 5000
TIME_S = 4.0
"""How many requests are sent to see a share, and for how long at most."""

SHADOWED = "a route before it takes its requests"
_UNEVEN = "the weights do not count"


class Called(Struct, frozen=True):
    """A split, and who calls it: one for each of its routes. *cause* says what may be wrong."""

    split: Split
    callers: tuple[Caller, ...]
    cause: str


def callers_of(
    situation: Situation, way: Way, routes: Sequence[Part]
) -> tuple[tuple[Caller, ...], str]:
    """Return who calls *routes*, and what to say where nobody can, or where it fails."""
    found = [situation.caller(way, route=route) for route in routes]
    callers = tuple(each for each in found if isinstance(each, Caller))
    if callers:
        return callers, _UNEVEN
    usual = situation.caller(way)
    if isinstance(usual, Nobody):
        return (), usual.why
    if not routes:
        return (usual,), _UNEVEN
    fit = fitting(way, routes[0])
    if fit is None:
        return (), "what its match asks for cannot be read"
    method = fit.methods[0] if fit.methods else usual.ask.method
    ask = Ask(method, fit.path, {**usual.ask.headers, **fit.headers}, fit.host)
    return (replace(usual, ask=ask),), SHADOWED


def flood(
    stand: Stand, called: Called, names: Sequence[str], most: int
) -> tuple[Counter[str], Counter[str]]:
    """Return how many requests have arrived at each of *names*, and the answers."""
    before = arrived_at(stand, names)
    turns = cycle(called.callers)

    def some(number: int) -> Counter[str]:
        found: Counter[str] = Counter()
        callers = list(islice(turns, len(called.callers)))
        for index, caller in enumerate(callers):
            part = number // len(callers) + (index < number % len(callers))
            found += _send(stand, called.split.way, caller, part)
        return found

    answers = many(some, most, TIME_S)
    after = arrived_at(stand, names)
    return Counter({name: after[name] - before[name] for name in names}), answers


def _send(stand: Stand, way: Way, caller: Caller, number: int) -> Counter[str]:
    if way.is_http:
        return stand.flood(way, caller, caller.ask, number)
    found: Counter[str] = Counter()
    for _ in range(number):
        try:
            with connection(stand.port(way), caller.tls, caller.name) as connected:
                connected.sendall(b"prove\n")
                found["200" if connected.recv(16) else "closed"] += 1
        except OSError as error:
            found[refusal(error)] += 1
    return found


def arrived_at(stand: Stand, names: Iterable[str]) -> Counter[str]:
    """Return how many requests each of the clusters *names* has got so far."""
    return Counter(
        {name: sum(each.count() for each in stand.upstreams.get(name, ())) for name in names}
    )


def beside(answers: Counter[str]) -> str:
    """Say what came beside 200, ``""`` where nothing did."""
    others = ", ".join(f"{number} × {word}" for word, number in answers.items() if word != "200")
    return f" ({others})" if others else ""
