"""Requests that may get in, from what policies, certificates, routes and tokens speak of."""

from collections.abc import Iterator
from itertools import product

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import verifies_peer
from sidecarctl.prove.demands import demand
from sidecarctl.prove.matchers import sample_header
from sidecarctl.prove.peers import lets_in, wanted_names
from sidecarctl.prove.rbac import Request, Samples, joined, samples
from sidecarctl.prove.routes import Fitting
from sidecarctl.prove.ways import Way


def candidates(way: Way, rules: list[Part], domain: str, fit: Fitting | None) -> Iterator[Request]:
    """Yield requests to *way*, the plain ones first; for what *fit* says, where it is given."""
    known = Samples()
    for each in rules:
        found = samples(each)
        known.paths += found.paths
        known.methods += found.methods
        known.headers |= found.headers
        known.identities += found.identities
        known.claims = joined(found.claims, known.claims)
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
    if fit:
        paths = dict.fromkeys([fit.path, *known.paths])
        methods = dict.fromkeys([*fit.methods, *methods, "POST"])
        headers = [fit.headers, {**known.headers, **fit.headers}]
    asked = {path: demand(way, path) for path in paths}
    for path, method, fields, name in product(paths, methods, headers, names):
        wanted_token = asked[path]
        if wanted_token is None or (wanted_token.provider and not wanted_token.header):
            continue  # it asks for a token in a way that is not read here
        claims = wanted_token.claims(known.claims) if wanted_token.provider else {}
        yield Request(method, path, dict(fields), (name,) if name else (), verified,
                      claims, wanted_token.metadata(claims))  # fmt: skip


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
