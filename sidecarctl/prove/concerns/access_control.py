"""Access control: what the policies allow passes, and nothing else, however it is spelled."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import verifies_peer
from sidecarctl.findings import JsonObject
from sidecarctl.prove.callers import STRANGER, Caller, Nobody, rules_of
from sidecarctl.prove.certificates import client_context
from sidecarctl.prove.client import Reply, connection, refusal, send
from sidecarctl.prove.demands import MESSAGE as TOKENS
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.rbac import MESSAGE, Request, allows
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.token_cases import tokens
from sidecarctl.prove.ways import Way

_ELSEWHERE = "/prove-not-allowed"
_METHODS = ("DELETE", "PATCH", "PUT", "POST", "OPTIONS")
_REFUSED = "403"


class _Try(Struct, frozen=True):
    """A request that no policy allows."""

    what: str
    request: Request


def prove(situation: Situation) -> Iterator[Word]:
    """Send what is allowed, and variations of it that are not."""
    guarded = [way for way in situation.ways
               if way.filters(MESSAGE) or way.network_filters(MESSAGE)
               or way.filters(TOKENS)]  # fmt: skip
    if guarded:
        with situation.stand(lambda draft: _ask_policies(draft, guarded)) as stand:
            for way in guarded:
                yield from _guarded(situation, stand, way)


def _ask_policies(draft: Draft, guarded: list[Way]) -> None:
    """Let TLS pass every name of the authority, so that the policies are what decides."""
    for way in guarded:
        common = way.chain.tls.part("common_tls_context")
        for context in (
            common.part("validation_context"),
            common.part("combined_validation_context", "default_validation_context"),
        ):
            if context.has("match_typed_subject_alt_names"):
                draft.remove(
                    context.at("match_typed_subject_alt_names"),
                    "TLS would refuse whom the policies are to be asked about",
                )


def _guarded(situation: Situation, stand: Stand, way: Way) -> Iterator[Word]:
    known = situation.caller(way)
    if isinstance(known, Nobody):
        yield Unproved(way.name, known.why)
        return
    filters = (*way.filters(MESSAGE), *way.network_filters(MESSAGE))
    if not rules_of(way) and any(each.has("shadow_rules") for each in filters):
        yield from _shadow(situation, stand, way, known, filters)
        return
    seen = _ask(situation, stand, way, _request_of(way, known), known)
    yield Shown(f"{way.name}: {_saying(known, way)}", "allowed", _allowed(seen),
                _allowed(seen) == "allowed", _why_refused(way))  # fmt: skip
    usual = replace(_request_of(way, known), claims={}, metadata={})
    yield from tokens(situation, stand, way, known, lambda: _passes(rules_of(way), usual))
    tried = list(_not_allowed(way, known, rules_of(way))) if filters else []
    if filters and not tried:
        yield Unproved(f"{way.name}: what is not allowed",
                       "the policies allow everything that gets this far")  # fmt: skip
    for each in tried:
        seen = _ask(situation, stand, way, each.request, known)
        yield Shown(f"{way.name}: {each.what}", "refused", _refused(seen),
                    _refused(seen).startswith("refused"), _why(filters))  # fmt: skip
    if rules_of(way):
        yield from _spellings(situation, stand, way, known, tried)


def _not_allowed(way: Way, known: Caller, rules: list[Part]) -> Iterator[_Try]:
    """Yield variations of what is allowed that the policies do not allow; without rules, one."""
    usual = _request_of(way, known)
    if way.chain.tls and verifies_peer(way.chain.tls):
        other = replace(usual, identities=(STRANGER,), verified=True)
        if not rules or _is_denied(rules, other):
            yield _Try("another identity", other)
    if not way.is_http:
        return
    for method in _METHODS:
        other = replace(usual, method=method)
        if method != usual.method and _is_denied(rules, other):
            yield _Try(f"{method} {usual.path}", other)
            break
    for path in (_ELSEWHERE, "/admin"):
        other = replace(usual, path=path)
        if (not rules and not way.chain.tls) or _is_denied(rules, other):
            yield _Try(f"{usual.method} {path}", other)
            break
    yield from _fewer(usual, known, rules)


def _fewer(usual: Request, known: Caller, rules: list[Part]) -> Iterator[_Try]:
    """Yield requests without the headers, or the claims, that the policies ask for."""
    if usual.headers:
        other = replace(usual, headers={})
        if _is_denied(rules, other):
            yield _Try(f"without {', '.join(usual.headers)}", other)
    if known.token:
        bare = known.token.demand.claims({})
        other = replace(usual, claims=bare, metadata=known.token.demand.metadata(bare))
        if _is_denied(rules, other):
            yield _Try(f"without the claims {_extra(usual.claims, bare)}", other)


def _spellings(
    situation: Situation, stand: Stand, way: Way, known: Caller, tried: list[_Try]
) -> Iterator[Word]:
    """Spell a path that is not allowed in ways that the application may take for the same."""
    usual = _request_of(way, known)
    refused = [each.request for each in tried if each.request.path != usual.path]
    if not refused or not way.is_http:
        return
    path = refused[0].path
    up = "/.." * usual.path.rstrip("/").count("/")
    base = usual.path.rstrip("/")
    spelled = dict.fromkeys(
        (f"/{path}", f"/.{path}", f"/%{ord(path[1]):x}{path[2:]}", f"/x/..{path}",
         f"{base}{up}{path}", f"{base}{up.replace('..', '%2e%2e')}{path}")
    )  # fmt: skip
    passed = []
    for each in spelled:
        other = replace(usual, path=each)
        if _allowed(_ask(situation, stand, way, other, known)) == "allowed":
            passed.append(each)
    yield told(
        f"{way.name}: {path} in {len(spelled)} other spellings",
        "all refused",
        f"passed as {', '.join(passed)}" if passed else "all refused",
        cause="paths are not normalised: normalize_path, merge_slashes, "
        "path_with_escaped_slashes_action",
    )


def _shadow(
    situation: Situation, stand: Stand, way: Way, known: Caller, filters: tuple[Part, ...]
) -> Iterator[Word]:
    rules = [each.part("shadow_rules") for each in filters if each.has("shadow_rules")]
    tried = next(_not_allowed(way, known, rules), None)
    if tried is None:
        yield Unproved(f"{way.name}: in shadow", "the policies allow everything")
        return
    seen = _ask(situation, stand, way, tried.request, known)
    stats = stand.envoy.admin("/stats/prometheus?usedonly").body
    counted = any("shadow_denied" in line and not line.startswith("#") and not line.endswith(" 0")
                  for line in stats.splitlines())  # fmt: skip
    yield told(f"{way.name}: in shadow, {tried.what}", "allowed, and counted",
               f"{_allowed(seen)}, {'and' if counted else 'not'} counted",
               cause="shadow rules must refuse nothing, and count")  # fmt: skip


def _ask(situation: Situation, stand: Stand, way: Way, request: Request, known: Caller) -> Reply:
    authority = situation.trial.authority
    tls = client_context(authority.leaf(request.identities), authority.certificate) \
        if way.chain.tls else None  # fmt: skip
    if way.is_http:
        headers = dict(request.headers)
        if known.token:
            text = situation.trial.signer.token(request.claims)
            headers[known.token.header] = f"{known.token.prefix}{text}"
        ask = known.changed(method=request.method, path=request.path, headers=headers)
        return send(stand.port(way), ask, tls, known.name)
    try:
        with connection(stand.port(way), tls, known.name, 3.0) as connected:
            connected.sendall(b"prove\n")
            return Reply(200 if connected.recv(64) else 0, error="connection closed")
    except OSError as error:
        return Reply(0, error=refusal(error))


def _request_of(way: Way, known: Caller) -> Request:
    names = known.leaf.names if known.leaf else ()
    verified = bool(way.chain.tls) and verifies_peer(way.chain.tls)
    ask, token = known.ask, known.token
    headers = {k: v for k, v in ask.headers.items() if not token or k != token.header}
    claims = token.claims if token else {}
    metadata = token.demand.metadata(claims) if token else {}
    return Request(ask.method, ask.path, headers, names, verified, claims, metadata)


def _passes(rules: list[Part], request: Request) -> bool | None:
    answers = [allows(each, request) for each in rules]
    return False if False in answers else None if None in answers else True


def _extra(claims: JsonObject, bare: JsonObject) -> str:
    """Return the names of the *claims* that are more than *bare* ones."""
    return ", ".join(name for name in sorted(claims) if claims[name] != bare.get(name))


def _is_denied(rules: list[Part], request: Request) -> bool:
    return any(allows(each, request) is False for each in rules)


def _allowed(reply: Reply) -> str:
    return "allowed" if reply.status in range(200, 300) else f"refused ({reply.said})"


def _refused(reply: Reply) -> str:
    if reply.status == int(_REFUSED) or not reply.status:
        return f"refused ({reply.said})"
    return f"allowed ({reply.said})"


def _saying(known: Caller, way: Way) -> str:
    who = f" as {known.leaf.names[0]}" if known.leaf and known.leaf.names else ""
    what = f"{known.ask.method} {known.ask.path}" if way.is_http else "a connection"
    return what + who


def _why_refused(way: Way) -> str:
    order = [each.part("typed_config") for each in way.chain.http_filters()]
    rules = next((i for i, each in enumerate(order) if each.is_a(MESSAGE)), len(order))
    if any(each.is_a(TOKENS) for each in order[rules:]):
        return "the filter of tokens stands behind the rules, which see none"
    return "the policies refuse what they name"


def _why(filters: tuple[Part, ...]) -> str:
    if any(not each.has("rules") and not each.has("shadow_rules") for each in filters):
        return "the RBAC filter has no rules: it lets everybody in"
    return "the policies let through what they do not name"
