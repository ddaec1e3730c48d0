"""Local rate limits: exactly the burst passes, nobody pays for another, tokens come back."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.findings import FieldPath
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import Ask
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.durations import duration
from sidecarctl.prove.overrides import Configured, caller_of, configured
from sidecarctl.prove.relocate import lift_faults, lift_splits
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.ways import Way

_MESSAGE = "LocalRateLimit"
_MOST = 2500  # tokens that a run uses up
_FEW = 200
_OVER = 20
_TOKEN_S = 0.25
_HOUR_S = 3600
_LIFTED = (lift_faults, lift_splits)


class _Limit(Struct, frozen=True):
    """A filter of a way: its own bucket (0: none), and that of each client (0: none)."""

    said: Configured
    total: int
    each: int
    by: str
    """What tells clients apart: ``identity``, ``remote_address``, the name of a header, or ""."""

    @property
    def way(self) -> Way:
        return self.said.way

    @property
    def filter(self) -> Part:
        return self.said.config


def prove(situation: Situation) -> Iterator[Word]:
    """Use up the buckets, once with an hour between tokens and once with a moment."""
    yield from _elsewhere(situation)
    limits = [_read(each) for way in situation.ways for each in configured(way, _MESSAGE)]
    # A filter without a bucket is there for routes that have theirs: what they say holds.
    meant = [limit for limit in limits if _buckets(limit.filter) or not _has_routes(limit, limits)]
    known = [(limit, caller_of(situation, limit.said, _MESSAGE)) for limit in meant]
    for limit, caller in known:
        if isinstance(caller, Nobody):
            yield Unproved(limit.said.title, caller.why)
    able = [(limit, caller) for limit, caller in known if isinstance(caller, Caller)]
    if not able:
        return
    buckets = [bucket for limit, _ in able for bucket in _buckets(limit.filter)]
    with situation.stand(lambda draft: _refill(draft, buckets, _HOUR_S), lift=_LIFTED) as stand:
        for limit, caller in able:
            yield from _burst(situation, stand, limit, caller)
    with situation.stand(lambda draft: _refill(draft, buckets, _TOKEN_S), lift=_LIFTED) as stand:
        for limit, caller in able:
            if not _is_shadow(limit.filter) and _limits(limit):
                yield from _coming_back(situation, stand, limit, caller)


def _elsewhere(situation: Situation) -> Iterator[Word]:
    """Say what limits are not counted in this Envoy by requests."""
    for way in situation.ways:
        if way.filters("RateLimit"):
            yield Unproved(f"{way.name}: the global limit", "a service counts that is elsewhere")
        if way.network_filters(_MESSAGE) or way.network_filters("RateLimit"):
            yield Unproved(f"{way.name}: the limit for connections", "only requests are counted")


def _has_routes(limit: _Limit, limits: Sequence[_Limit]) -> bool:
    return any(one.way is limit.way and one.said.route for one in limits)


def _burst(situation: Situation, stand: Stand, limit: _Limit, caller: Caller) -> Iterator[Word]:
    if not _limits(limit):
        why = "it has no bucket, or they are told apart by something that cannot be read"
        yield Unproved(limit.said.title, why)
        return
    name, refused = limit.said.title, _refused_with(limit.filter)
    first = min(each for each in (limit.total, limit.each) if each)
    found = _flood(stand, limit, caller, first + _OVER)
    expected = first + _OVER if _is_shadow(limit.filter) else first
    passed = _passed(found, refused)
    who = "one client" if limit.each else "the burst"
    yield Shown(f"{name}: {who}, {first + _OVER} requests at once", f"{expected} pass",
                f"{passed} pass ({_counted(found)})", passed == expected,
                _why(limit))  # fmt: skip
    if _is_shadow(limit.filter):
        yield from _marked(stand, limit, caller)
        return
    if passed != expected:
        return
    yield from _told(stand, limit, caller, refused)
    if limit.each:
        yield from _others(situation, stand, limit, caller, first)


def _others(
    situation: Situation, stand: Stand, limit: _Limit, caller: Caller, used: int
) -> Iterator[Word]:
    """Let further clients come: each has its own bucket, and all share the instance's."""
    refused, name = _refused_with(limit.filter), limit.said.title
    shared = limit.total and limit.filter.get("always_consume_default_token_bucket") is not False
    second = _another(situation, limit, caller)
    if isinstance(second, Nobody):
        yield Unproved(f"{name}: another client", second.why)
        return
    left = limit.total - used if shared else limit.each
    few = min(left, limit.each, _OVER)
    if not few:
        yield Unproved(f"{name}: another client", "the first one used up the instance's bucket")
        return
    found = _flood(stand, limit, second, few, number=2)
    yield told(f"{name}: another client, meanwhile", f"{few} of {few} pass",
               f"{_passed(found, refused)} of {few} pass",
               cause="clients are not told apart")  # fmt: skip
    if not shared or left > limit.each:
        return
    found += _flood(stand, limit, second, left + _OVER, number=2)
    passed = used + _passed(found, refused)
    yield told(f"{name}: all clients together", f"{limit.total} pass", f"{passed} pass",
               cause="the instance's own bucket does not count")  # fmt: skip


def _coming_back(
    situation: Situation, stand: Stand, limit: _Limit, caller: Caller
) -> Iterator[Word]:
    refused = _refused_with(limit.filter)
    first = min(each for each in (limit.total, limit.each) if each)
    for _ in range(3):
        found = _flood(stand, limit, caller, first + _OVER)
        if str(refused) in found:
            break
    if str(refused) not in found:
        return
    situation.trial.pause(_TOKEN_S * 3)
    reply = stand.send(limit.way, caller, _ask(limit, caller, 1))
    seen = "passes" if reply.status not in (refused, 0) else reply.said
    yield told(f"{limit.said.title}: a request after a pause", "passes", seen,
               cause="no token comes back")  # fmt: skip


def _told(stand: Stand, limit: _Limit, caller: Caller, refused: int) -> Iterator[Word]:
    reply = stand.send(limit.way, caller, _ask(limit, caller, 1))
    wanted = [each.part("header").text("key").lower()
              for each in limit.filter.parts("response_headers_to_add")]  # fmt: skip
    if limit.filter.text("enable_x_ratelimit_headers") == "DRAFT_VERSION_03":
        wanted.append("x-ratelimit-reset")
    if wanted:
        there = [each for each in dict.fromkeys(wanted) if each in reply.headers]
        yield told(f"{limit.said.title}: what a refusal says",
                   f"{refused} {', '.join(dict.fromkeys(wanted))}",
                   f"{reply.said} {', '.join(there)}", cause="headers are missing")  # fmt: skip


def _marked(stand: Stand, limit: _Limit, caller: Caller) -> Iterator[Word]:
    """Look for the mark that a request over a limit in shadow mode carries."""
    marks = limit.filter.parts("request_headers_to_add_when_not_enforced")
    name = marks[0].part("header").text("key").lower()
    reply = stand.send(limit.way, caller, _ask(limit, caller, 1))
    yield told(f"{limit.said.title}: in shadow, what is over the limit", f"marked with {name}",
               f"marked with {name}" if name in reply.echoed else "not marked",
               cause="the limit does not count")  # fmt: skip


def _flood(
    stand: Stand, limit: _Limit, caller: Caller, count: int, number: int = 1
) -> Counter[str]:
    source = f"127.0.0.{number}"  # another client is another pod, with an address of its own
    ask = _ask(limit, caller, number)
    return stand.flood(limit.way, caller, ask, count, source=source)


def _ask(limit: _Limit, caller: Caller, number: int) -> Ask:
    if limit.by in ("", "identity", "remote_address"):
        return caller.ask
    return caller.changed(headers={**caller.ask.headers, limit.by: f"prove-{number}"})


def _another(situation: Situation, limit: _Limit, caller: Caller) -> Caller | Nobody:
    if limit.by != "identity":
        return caller
    identity = caller.leaf.names[0] if caller.leaf and caller.leaf.names else ""
    return situation.caller(limit.way, other=identity, route=limit.said.route)


def _read(said: Configured) -> _Limit:
    way, config = said.way, said.config
    total = config.part("token_bucket").number("max_tokens") or 0
    each, by = 0, ""
    for action in config.parts("rate_limits"):
        (kind, *_) = [*map(_kind, action.parts("actions")), ""]
        if not kind or (kind == "identity" and not way.chain.tls):
            continue
        each, by = _client_bucket(config), kind
        break
    if config.parts("descriptors") and not by:
        return _Limit(said, 0, 0, "")
    return _Limit(said, _scaled(total), _scaled(each), by)


def _scaled(tokens: int) -> int:
    return _FEW if tokens > _MOST else tokens


def _kind(action: Part) -> str:
    if action.has("remote_address"):
        return "remote_address"
    if action.has("request_headers"):
        name = action.part("request_headers").text("header_name").lower()
        # Envoy itself writes this one, from the certificate.
        return "identity" if name == "x-forwarded-client-cert" else name
    config = action.part("extension", "typed_config")
    return "identity" if config.is_a("UriSanInput") else ""


def _client_bucket(config: Part) -> int:
    for descriptor in config.parts("descriptors"):
        return descriptor.part("token_bucket").number("max_tokens") or 0
    return 0


def _buckets(config: Part) -> list[Part]:
    owners = (config, *config.parts("descriptors"))
    return [owner.part("token_bucket") for owner in owners if owner.has("token_bucket")]


def _refill(draft: Draft, buckets: Sequence[Part], token_s: float) -> None:
    why = f"one token in {token_s:g} s, so that a run can count them"
    for bucket in buckets:
        fill = bucket.number("tokens_per_fill") or 1
        draft.set(bucket.at("fill_interval"), duration(token_s * fill), why)
        if (bucket.number("max_tokens") or 0) > _MOST:
            path: FieldPath = bucket.at("max_tokens")
            draft.set(path, _FEW, f"a run uses up {_MOST} tokens at most")


def _limits(limit: _Limit) -> bool:
    return bool(limit.total or limit.each)


def _is_shadow(config: Part) -> bool:
    """Say whether it is meant to count only: enabled, not enforced, and marking what is over."""
    marks = config.parts("request_headers_to_add_when_not_enforced")
    return bool(marks) and config.has("filter_enabled") and not config.has("filter_enforced")


def _why(limit: _Limit) -> str:
    if not limit.said.is_heard:
        return (
            f"no filter of http_filters is called {limit.said.name!r}: what is said for it is "
            "ignored, without a word"
        )
    config = limit.filter
    missing = [each for each in ("filter_enabled", "filter_enforced") if not config.has(each)]
    if missing:
        return f"{' and '.join(missing)} missing: Envoy takes that for 0 %, and limits nothing"
    return "the buckets do not count as they say"


def _refused_with(config: Part) -> int:
    name = config.part("status").get("code")
    return name if isinstance(name, int) else 429


def _passed(found: Counter[str], refused: int) -> int:
    return sum(
        count for status, count in found.items() if status.isdigit() and int(status) != refused
    )


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{count} × {status}" for status, count in sorted(found.items()))
