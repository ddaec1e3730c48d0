"""Requests with no token, and with tokens that are wrong in one way each."""

import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.callers import Caller, Token
from sidecarctl.prove.client import Ask, Reply
from sidecarctl.prove.demands import MESSAGE
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.tokens import unsigned
from sidecarctl.prove.trial import Trial
from sidecarctl.prove.ways import Way

_SKEW_S = 60  # what a token may be over by, unless the provider says otherwise
_FORGED = "prove-forged"

Missing: TypeAlias = Callable[[], bool | None]
"""Says whether the rules let a request through that has no token."""


def tokens(
    situation: Situation, stand: Stand, way: Way, known: Caller, missing: Missing
) -> Iterator[Word]:
    """Try what is no right token; the right one of *known* has been let in."""
    token = known.token
    if token is None:
        if way.filters(MESSAGE):
            yield from _nothing_asked(stand, way, known)
        return
    without = stand.send(way, known, _with(known, token, None))
    if token.demand.must or missing() is False:
        cause = "a request without a token is let through"
        yield _refusal(way, "no token", without, cause)
    lenient = "allow_missing_or_failed lets wrong tokens through"
    cause = lenient if token.demand.lenient else "tokens are not checked"
    for what, text in _wrong(situation.trial, token):
        if text is None:
            yield Unproved(f"{way.name}: {what}", _WHY_TAKEN[what])
        else:
            reply = stand.send(way, known, _with(known, token, text))
            yield _refusal(way, what, reply, cause)
    yield from _headers(stand, way, known, token)
    if token.demand.provider.has("remote_jwks"):
        yield Unproved(f"{way.name}: the keys of its issuer", "they are fetched from elsewhere")


_OTHER_AUDIENCE, _ENDLESS = "a token for somebody else", "a token without an end"
_WHY_TAKEN = {
    _OTHER_AUDIENCE: "the provider names no audiences, so tokens for other services do as well",
    _ENDLESS: "require_expiration is not set, so tokens that never end are taken",
}


def _wrong(trial: Trial, token: Token) -> Iterator[tuple[str, str | None]]:
    """Yield wrong tokens with what is wrong; None where the provider takes such."""
    right, sign = token.claims, trial.signer.token
    provider = token.demand.provider
    skew = provider.number("clock_skew_seconds") or _SKEW_S

    def but(**claims: Json) -> JsonObject:
        return {**right, **claims}

    yield "a token that somebody else signed", trial.forger.token(right)
    yield "a token that nobody signed", unsigned(right)
    yield "a token that is over", sign(but(exp=int(time.time()) - skew - 600))
    if provider.text("issuer"):
        yield "a token of another issuer", sign(but(iss="https://stranger.example"))
    other = sign(but(aud="stranger"))
    yield _OTHER_AUDIENCE, other if token.demand.audiences else None
    ends = provider.get("require_expiration") is True
    yield _ENDLESS, sign(but(exp=None)) if ends else None


def _headers(stand: Stand, way: Way, known: Caller, token: Token) -> Iterator[Word]:
    given = [each.text("header_name") for each in token.demand.provider.parts("claim_to_headers")]
    if not given:
        return
    forged = known.changed(headers={**known.ask.headers, **dict.fromkeys(given, _FORGED)})
    seen = stand.send(way, known, forged)
    passed = [name for name in given if _FORGED in seen.echoed.get(name.lower(), "")]
    yield told(
        f"{way.name}: made-up {', '.join(given)}",
        "not passed on",
        f"passed on: {', '.join(passed)}" if passed else
        "not passed on" if seen.echoed else seen.said,
        cause="a caller can say itself what the token does not",
    )  # fmt: skip


def _nothing_asked(stand: Stand, way: Way, known: Caller) -> Iterator[Word]:
    """Say of a filter that asks nobody for a token that it does nothing."""
    reply = stand.send(way, known)
    if reply.status in range(200, 300):
        yield _refusal(way, "no token", reply, "no rule of the filter asks for a token")


def _refusal(way: Way, what: str, reply: Reply, cause: str) -> Shown:
    ok = reply.status in (401, 403) or not reply.status
    seen = f"refused ({reply.said})" if ok else f"allowed ({reply.said})"
    return Shown(f"{way.name}: {what}", "refused", seen, ok, cause)


def _with(known: Caller, token: Token, text: str | None) -> Ask:
    headers = {name: value for name, value in known.ask.headers.items() if name != token.header}
    if text is not None:
        headers[token.header] = f"{token.prefix}{text}"
    return known.changed(headers=headers)
