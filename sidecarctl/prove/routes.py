"""Which route a request takes, and a request that takes a route, read from the bootstrap.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote

from msgspec import Struct, field

from sidecarctl.envoy.part import Part
from sidecarctl.prove.client import Ask
from sidecarctl.prove.matchers import fits, fits_header, of_regex, sample, sample_header
from sidecarctl.prove.ways import Way

_GRPC = "application/grpc"


class Fitting(Struct, frozen=True):
    """What a request needs for a route to fit it; *methods* is empty where any does."""

    host: str
    path: str
    methods: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def plain_route(way: Way, ask: Ask) -> Part | None:
    """Return the route that is meant for *ask*: the last one that fits its path and no more.

    Routes that also look at headers are meant for something else (streams, methods that may be
    tried again); that one of those takes the request all the same is what traffic shows.
    """
    found = None
    for route in way.chain.routes():
        match = route.part("match")
        others = [each for each in match.parts("headers") if each.text("name") != ":method"]
        if route.has("route") and not others and _fits_path(match, ask.path):
            found = route
    return found


def route_of(way: Way, ask: Ask) -> Part | None:
    """Return the first route that fits *ask*."""
    host = way.virtual_host(ask.host)
    return next((each for each in host.parts("routes") if takes(each, ask)), None)


def takes(route: Part, ask: Ask) -> bool:
    """Say whether *route* fits *ask*, as far as its match can be read."""
    match = route.part("match")
    fields = {**{k.lower(): v for k, v in ask.headers.items()}, ":method": ask.method,
              ":path": ask.path}  # fmt: skip
    asked = dict(parse_qsl(ask.path.partition("?")[2], keep_blank_values=True))
    return (
        _fits_path(match, ask.path)
        and all(fits_header(each, fields) for each in match.parts("headers"))
        and all(_fits_pair(each, _cookies(fields)) for each in match.parts("cookies"))
        and all(_fits_pair(each, asked) for each in match.parts("query_parameters"))
        and (not match.has("grpc") or fields.get("content-type", "").startswith(_GRPC))
    )


def fitting(way: Way, route: Part) -> Fitting | None:
    """Return what a request needs to fit *route*, None where its match cannot be read."""
    match = route.part("match")
    path = _sample_path(match)
    headers = [sample_header(each) for each in match.parts("headers")
               if each.get("invert_match") is not True]  # fmt: skip
    cookies = [_sample_pair(each) for each in match.parts("cookies")]
    asked = [_sample_pair(each) for each in match.parts("query_parameters")]
    if path is None or None in headers or None in cookies or None in asked:
        return None
    found = dict(filter(None, headers))
    methods = tuple(value for name, value in found.items() if name == ":method")
    fields = {name: value for name, value in found.items() if not name.startswith(":")}
    if cookies:
        fields["cookie"] = "; ".join(f"{name}={value}" for name, value in filter(None, cookies))
    if match.has("grpc"):
        fields["content-type"] = _GRPC
    query = "&".join(f"{name}={quote(value)}" for name, value in filter(None, asked))
    owner = Part(route.path[:-2], {})
    return Fitting(way.host(owner), f"{path}?{query}" if query else path, methods, fields)


def title(route: Part) -> str:
    """Return the name of *route*, or what it is for."""
    match = route.part("match")
    path = next((match.text(each) for each in _PATHS if match.has(each)), "")
    found = [each.text("name") for name in ("headers", "cookies", "query_parameters")
             for each in match.parts(name)]  # fmt: skip
    told = f"{path or match.part('safe_regex').text('regex') or '/'} {', '.join(found)}".strip()
    return route.text("name") or told


def routes_by_header(way: Way, name: str, value: str) -> Iterator[Part]:
    """Yield the routes that ask for the header *name* and that *value* fits."""
    for route in way.chain.routes():
        for matcher in route.part("match").parts("headers"):
            if matcher.text("name").lower() == name and fits_header(matcher, {name: value}):
                yield route


_PATHS = ("path", "prefix", "path_separated_prefix")


def _sample_path(match: Part) -> str | None:
    if match.has("safe_regex"):
        regex = match.part("safe_regex").text("regex")
        text = of_regex(regex) or ""
        found = (each for each in (text, "/", f"/{text}") if each.startswith("/"))
        return next((each for each in found if fits(match, each)), None)
    return next((match.text(each) or "/" for each in _PATHS if match.has(each)), None)


def _sample_pair(matcher: Part) -> tuple[str, str] | None:
    if matcher.get("invert_match") is True:
        return None
    text = sample(matcher.part("string_match")) if matcher.has("string_match") else "prove"
    return None if text is None else (matcher.text("name"), text)


def _fits_pair(matcher: Part, pairs: dict[str, str]) -> bool:
    value = pairs.get(matcher.text("name"))
    found = value is not None
    if value is not None and matcher.has("string_match"):
        found = fits(matcher.part("string_match"), value) is True
    return found != (matcher.get("invert_match") is True)


def _cookies(fields: dict[str, str]) -> dict[str, str]:
    pairs = (each.partition("=") for each in fields.get("cookie", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _fits_path(match: Part, path: str) -> bool:
    path = path.partition("?")[0]
    if match.has("prefix"):
        return path.startswith(match.text("prefix"))
    if match.has("path"):
        return path == match.text("path")
    if match.has("path_separated_prefix"):
        prefix = match.text("path_separated_prefix")
        return path == prefix or path.startswith(f"{prefix}/")
    if match.has("safe_regex"):
        return fits(match, path) is True
    return False
