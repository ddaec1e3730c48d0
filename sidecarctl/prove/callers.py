"""Who gets in: a caller that TLS and the policies of a way let through, read from the bootstrap."""

import ssl
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Cluster
from sidecarctl.findings import JsonObject
from sidecarctl.prove.candidates import candidates
from sidecarctl.prove.certificates import Authority, Leaf, client_context
from sidecarctl.prove.client import Ask
from sidecarctl.prove.demands import MESSAGE as MESSAGE_OF_TOKENS
from sidecarctl.prove.demands import Demand, demand
from sidecarctl.prove.rbac import MESSAGE, Request, allows
from sidecarctl.prove.routes import Fitting, fitting, route_of
from sidecarctl.prove.tokens import Signer
from sidecarctl.prove.ways import Way, cluster_names

STRANGER = "spiffe://stranger.example/ns/stranger/sa/stranger"
_MOST = 4000  # combinations that are looked at
# Filters that ask the caller for something that only somebody else can issue.
_ASKING = {
    "ExtAuthz": "the consent of an authorization server",
    "OAuth2": "a login",
    "BasicAuth": "a password",
    "ApiKeyAuth": "a key",
}


class Token(Struct, frozen=True):
    """The token of a caller: what was demanded, its claims, and the header that it stands in."""

    demand: Demand
    claims: JsonObject
    header: str
    prefix: str


class Caller(Struct, frozen=True):
    """A request that is let in, and the certificate to send it with (None: plaintext).

    Its *token*, where it has one, stands in the request already.
    """

    ask: Ask
    leaf: Leaf | None
    tls: ssl.SSLContext | None
    name: str
    trusted: bytes
    clusters: tuple[Cluster, ...]
    token: Token | None = None

    def http2(self) -> ssl.SSLContext | None:
        """Return the TLS of this caller as one that speaks HTTP/2."""
        return client_context(self.leaf, self.trusted, protocols=["h2"]) if self.tls else None

    def with_headers(self, **headers: str) -> Ask:
        """Return the request with further *headers*; an underscore stands for a hyphen."""
        more = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.changed(headers={**self.ask.headers, **more})

    def changed(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Ask:
        old = self.ask
        return Ask(
            method or old.method,
            path or old.path,
            old.headers if headers is None else headers,
            old.host,
            body,
        )


class Nobody(Struct, frozen=True):
    """There is no caller that gets in, for all that can be read, and *why*."""

    why: str


def rules_of(way: Way) -> list[Part]:
    """Return the RBAC rules on *way* that are enforced."""
    filters = (*way.filters(MESSAGE), *way.network_filters(MESSAGE))
    return [each.part("rules") for each in filters if each.has("rules")]


class Wanted(Struct, frozen=True):
    """What a caller has to be let in with: each of *methods*, not the identity *other*, *route*."""

    methods: tuple[str, ...] = ()
    other: str = ""
    route: Part | None = None


class Issuers(Struct, frozen=True):
    """Who vouches for the callers of a run: with certificates, and with tokens."""

    authority: Authority
    signer: Signer


def caller(way: Way, issuers: Issuers, domain: str, wanted: Wanted) -> Caller | Nobody:
    """Return a caller that *way* lets in, who is as *wanted*."""
    beyond = _beyond(way)
    if beyond:
        return Nobody(beyond)
    fit = fitting(way, wanted.route) if wanted.route else None
    if wanted.route and not fit:
        return Nobody("what its match asks for cannot be read")
    rules = rules_of(way)
    unread = led = False
    for request in islice(candidates(way, rules, domain, fit), _MOST):
        if not _leads(way, _ask(way, request, fit), wanted.route):
            continue
        led = True
        if wanted.other and request.identities[:1] in ((wanted.other,), ()):
            continue
        methods = wanted.methods or (request.method,)
        tries = [replace(request, method=method) for method in methods]
        answers = [allows(each, one) for each in rules for one in tries]
        if all(answer is True for answer in answers):
            return _caller(way, tries[0], issuers, fit)
        unread = unread or None in answers
    if not led and way.filters(MESSAGE_OF_TOKENS):
        return Nobody("a caller needs a token, and what is asked of it cannot be read")
    if led:
        why = "its rules cannot be read" if unread else "nobody at 127.0.0.1 is let in"
        return Nobody(why)
    whose = "a route before it takes its requests, or it" if wanted.route else "no route of it"
    return Nobody(f"{whose} leads to {'no' if wanted.route else 'an'} application")


def _beyond(way: Way) -> str:
    """Say why no caller of the run gets in on *way*, ``""`` where one may."""
    if way.is_by_destination:
        return "its filter chain is chosen by the original destination, or by the source"
    for message, what in _ASKING.items():
        if way.filters(message) or way.network_filters(message):
            return f"a caller needs {what}"
    if way.is_http and not any(True for _ in way.chain.routes()):
        return "its routes are not in the bootstrap"
    return ""


def _leads(way: Way, ask: Ask, route: Part | None) -> bool:
    """Say whether *ask* gets to an application, by *route* where it is given."""
    taken = route_of(way, ask) if way.is_http else None
    if route and (taken is None or taken.path != route.path):
        return False
    return bool(_clusters(way, taken))


def _ask(way: Way, request: Request, fit: Fitting | None) -> Ask:
    host = fit.host if fit else way.host()
    return Ask(request.method, request.path, request.headers, host)


def _caller(way: Way, request: Request, issuers: Issuers, fit: Fitting | None) -> Caller:
    authority = issuers.authority
    leaf = authority.leaf(request.identities) if way.chain.tls else None
    tls = client_context(leaf, authority.certificate) if way.chain.tls else None
    ask = _ask(way, request, fit)
    clusters = _clusters(way, route_of(way, ask) if way.is_http else None)
    token = _token(way, request)
    if token:
        shown = f"{token.prefix}{issuers.signer.token(token.claims)}"
        ask = Ask(ask.method, ask.path, {**ask.headers, token.header: shown}, ask.host)
    return Caller(ask, leaf, tls, way.server_name(), authority.certificate, clusters, token)


def _token(way: Way, request: Request) -> Token | None:
    asked = demand(way, request.path) if request.claims else None
    where = asked.header if asked else None
    return Token(asked, request.claims, *where) if asked and where else None


def _clusters(way: Way, route: Part | None) -> tuple[Cluster, ...]:
    """Return the clusters that what takes *route* may be sent to; none where it leads to none."""
    action = (route.part("route") if route else Part((), {})) if way.is_http else way.chain.tcp
    names = set(cluster_names(action))
    return tuple(each for each in way.clusters if each.name in names)
