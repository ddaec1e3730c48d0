"""Who gets in: a caller that TLS and the policies of a way let through, read from the bootstrap."""

import ssl
from collections.abc import Iterator
from itertools import islice, product

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Cluster, verifies_peer
from sidecarctl.prove.certificates import Authority, Leaf, client_context
from sidecarctl.prove.client import Ask
from sidecarctl.prove.matchers import sample_header
from sidecarctl.prove.peers import lets_in, wanted_names
from sidecarctl.prove.rbac import MESSAGE, Request, Samples, allows, samples
from sidecarctl.prove.routes import route_of
from sidecarctl.prove.ways import Way, cluster_names

STRANGER = "spiffe://stranger.example/ns/stranger/sa/stranger"
_MOST = 4000  # combinations that are looked at
# Filters that ask the caller for something that only somebody else can issue.
_ASKING = {
    "JwtAuthentication": "a token of its issuer",
    "ExtAuthz": "the consent of an authorization server",
    "OAuth2": "a login",
    "BasicAuth": "a password",
    "ApiKeyAuth": "a key",
}


class Caller(Struct, frozen=True):
    """A request that is let in, and the certificate to send it with (None: plaintext)."""

    ask: Ask
    leaf: Leaf | None
    tls: ssl.SSLContext | None
    name: str
    trusted: bytes
    clusters: tuple[Cluster, ...]

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


def caller(
    way: Way, authority: Authority, domain: str, *, methods: tuple[str, ...] = (), other: str = ""
) -> Caller | Nobody:
    """Return a caller that *way* lets in; *methods* are those that it has to be let in with.

    *other* is an identity that the caller must not have.
    """
    if way.is_by_destination:
        return Nobody("its filter chain is chosen by the original destination, or by the source")
    for message, what in _ASKING.items():
        if way.filters(message) or way.network_filters(message):
            return Nobody(f"a caller needs {what}")
    if way.is_http and not any(True for _ in way.chain.routes()):
        return Nobody("its routes are not in the bootstrap")
    rules = rules_of(way)
    unread = led = False
    for request in islice(_candidates(way, rules, domain), _MOST):
        if not _clusters(way, _ask(way, request)):
            continue
        led = True
        if other and request.identities[:1] in ((other,), ()):
            continue
        tries = [Request(method, request.path, request.headers, request.identities,
                         request.verified) for method in methods or (request.method,)]  # fmt: skip
        answers = [allows(each, one) for each in rules for one in tries]
        if all(answer is True for answer in answers):
            return _caller(way, tries[0], authority)
        unread = unread or None in answers
    if not led:
        return Nobody("no route of it leads to an application")
    return Nobody("its rules cannot be read" if unread else "nobody at 127.0.0.1 is let in")


def _ask(way: Way, request: Request) -> Ask:
    return Ask(request.method, request.path, request.headers, way.host())


def _caller(way: Way, request: Request, authority: Authority) -> Caller:
    leaf = authority.leaf(request.identities) if way.chain.tls else None
    tls = client_context(leaf, authority.certificate) if way.chain.tls else None
    ask = _ask(way, request)
    clusters = _clusters(way, ask)
    return Caller(ask, leaf, tls, way.server_name(), authority.certificate, clusters)


def _clusters(way: Way, ask: Ask) -> tuple[Cluster, ...]:
    """Return the clusters that *ask* may be sent to; none where no route leads to one."""
    route = route_of(way, ask) if way.is_http else None
    action = (route.part("route") if route else Part((), {})) if way.is_http else way.chain.tcp
    names = set(cluster_names(action))
    return tuple(each for each in way.clusters if each.name in names)


def _candidates(way: Way, rules: list[Part], domain: str) -> Iterator[Request]:
    known = Samples()
    for each in rules:
        found = samples(each)
        known.paths += found.paths
        known.methods += found.methods
        known.headers |= found.headers
        known.identities += found.identities
    verified = bool(way.chain.tls) and verifies_peer(way.chain.tls)
    names: list[str | None] = [None]
    if way.chain.tls:
        usual = f"spiffe://{domain}/ns/default/sa/prove"
        wanted = [*known.identities, *wanted_names(way.chain.tls), usual]
        wanted += [f"{name}-{number}" for number in range(1, 4) for name in wanted]
        names = [name for name in dict.fromkeys(wanted) if lets_in(way.chain.tls, name)] or [None]
    paths = dict.fromkeys(["/", *known.paths, *_route_paths(way)])
    methods = dict.fromkeys(["GET", *known.methods])
    headers: list[dict[str, str]] = [{}]
    headers += [each for each in (known.headers, *_route_headers(way)) if each]
    for path, method, fields, name in product(paths, methods, headers, names):
        yield Request(method, path, dict(fields), (name,) if name else (), verified)


def _route_headers(way: Way) -> Iterator[dict[str, str]]:
    for route in way.chain.routes():
        found = [sample_header(each) for each in route.part("match").parts("headers")]
        yield {each[0]: each[1] for each in found if each and not each[0].startswith(":")}


def _route_paths(way: Way) -> Iterator[str]:
    for route in way.chain.routes():
        match = route.part("match")
        if match.text("path"):
            yield match.text("path")
        elif match.text("prefix"):
            yield match.text("prefix")
        elif match.text("path_separated_prefix"):
            yield match.text("path_separated_prefix")
