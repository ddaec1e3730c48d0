"""What a way in asks of tokens (JwtAuthentication), read from the bootstrap.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from sidecarctl.envoy.part import Part
from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.matchers import sample
from sidecarctl.prove.walk import mappings_below
from sidecarctl.prove.ways import Way

MESSAGE = "JwtAuthentication"
FILTER = "envoy.filters.http.jwt_authn"
_OWN = "jwt_authn.v3.PerRouteConfig"


class Demand(Struct, frozen=True):
    """What is asked of the token of a request: to be one of *provider* (empty: none is looked at).

    *must* says that a request without one is refused, *lenient* that one which is wrong is not.
    *audiences* stand in place of the provider's, where there are any.
    """

    provider: Part
    must: bool
    lenient: bool = False
    audiences: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, str] | None:
        """Return the header that a token stands in and what stands before it there; or None."""
        given = self.provider.parts("from_headers")
        if given:
            return given[0].text("name").lower(), given[0].text("value_prefix")
        elsewhere = self.provider.has("from_params") or self.provider.has("from_cookies")
        return None if elsewhere else ("authorization", "Bearer ")

    def claims(self, wanted: Mapping[str, Json]) -> JsonObject:
        """Return the claims of a right token that has those *wanted* as well."""
        subjects = self.provider.part("subjects")
        claims: JsonObject = {"sub": (sample(subjects) if subjects else None) or "prove", **wanted}
        if self.provider.text("issuer"):
            claims["iss"] = self.provider.text("issuer")
        if self.audiences:
            claims["aud"] = self.audiences[0]
        return claims

    def metadata(self, claims: Mapping[str, Json]) -> JsonObject:
        """Return what rules see of a token with *claims*: a mapping by the key of its payload."""
        key = self.provider.text("payload_in_metadata")
        normal = self.provider.part("normalize_payload_in_metadata").get("space_delimited_claims")
        words = normal if isinstance(normal, list) else []
        seen: JsonObject = {}
        for name, value in claims.items():
            split = name in words and isinstance(value, str)
            seen[name] = list(str(value).split()) if split else value
        return {key: seen} if key else {}


def demand(way: Way, path: str) -> Demand | None:
    """Return what *way* asks of the token of a request for *path*; None where it cannot be read."""
    found = way.filters(MESSAGE)
    if not found:
        return Demand(Part((), {}), must=False)
    own = any(str(part.get("@type", "")).endswith(_OWN)
              for _, part in mappings_below(way.chain.http.data))  # fmt: skip
    if len(found) > 1 or own or found[0].has("filter_state_rules"):
        return None
    for rule in found[0].parts("rules"):
        fits = _fits(rule.part("match"), path)
        if fits is None:
            return None
        if fits:
            return _of_rule(found[0], rule)
    return Demand(Part((), {}), must=False)


def _fits(match: Part, path: str) -> bool | None:
    bare = path.partition("?")[0]
    if match.has("prefix") and len(match.data) == 1:
        return bare.startswith(match.text("prefix"))
    if match.has("path") and len(match.data) == 1:
        return bare == match.text("path")
    return None


def _of_rule(config: Part, rule: Part) -> Demand | None:
    named = rule.text("requirement_name")
    if named:
        return _of(config, config.part("requirement_map", named))
    return _of(config, rule.part("requires"))


def _of(config: Part, requirement: Part) -> Demand | None:
    if not requirement or requirement.has("allow_missing"):
        return Demand(Part((), {}), must=False)
    if requirement.has("allow_missing_or_failed"):
        return Demand(Part((), {}), must=False, lenient=True)
    if requirement.has("requires_any"):
        inner = requirement.part("requires_any").parts("requirements")
        return _any(_of(config, each) for each in inner)
    named = requirement.part("provider_and_audiences")
    name = named.text("provider_name") or requirement.text("provider_name")
    provider = config.part("providers", name)
    if not provider:
        return None
    audiences = tuple(_texts(named.get("audiences"))) or tuple(_texts(provider.get("audiences")))
    return Demand(provider, must=True, audiences=audiences)


def _any(found: Iterable[Demand | None]) -> Demand | None:
    """Return what is asked where one of several demands is enough."""
    every = list(found)
    known = [each for each in every if each is not None]
    if len(known) < len(every) or not known:
        return None
    first = next((each for each in known if each.provider), known[0])
    return Demand(
        first.provider,
        must=all(each.must for each in known),
        lenient=any(each.lenient for each in known),
        audiences=first.audiences,
    )


def _texts(value: Json) -> Iterator[str]:
    for each in value if isinstance(value, list) else ():
        yield str(each)
