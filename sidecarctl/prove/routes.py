"""Which route a request takes, read from the bootstrap."""

from collections.abc import Iterator

from sidecarctl.envoy.part import Part
from sidecarctl.prove.client import Ask
from sidecarctl.prove.matchers import fits, fits_header
from sidecarctl.prove.ways import Way


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
    fields = {**{k.lower(): v for k, v in ask.headers.items()}, ":method": ask.method,
              ":path": ask.path}  # fmt: skip
    for route in way.chain.routes():
        match = route.part("match")
        headers = (fits_header(each, fields) for each in match.parts("headers"))
        if _fits_path(match, ask.path) and all(headers):
            return route
    return None


def routes_by_header(way: Way, name: str, value: str) -> Iterator[Part]:
    """Yield the routes that ask for the header *name* and that *value* fits."""
    for route in way.chain.routes():
        for matcher in route.part("match").parts("headers"):
            if matcher.text("name").lower() == name and fits_header(matcher, {name: value}):
                yield route


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
