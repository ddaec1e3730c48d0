"""Envoy's matchers of metadata: what a token says, as rules look at it.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/metadata.proto
"""

from collections.abc import Mapping

from sidecarctl.envoy.part import Part
from sidecarctl.findings import Json, JsonObject
from sidecarctl.prove.matchers import fits, sample

_TOKENS = "envoy.filters.http.jwt_authn"
_FILLER = "prove"


def metadata_matcher(rule: Part) -> Part | None:
    """Return the MetadataMatcher of a permission or principal about tokens, or None."""
    for matcher in (rule.part("sourced_metadata", "metadata_matcher"), rule.part("metadata")):
        if matcher.text("filter") == _TOKENS:
            return matcher
    return None


def fits_metadata(matcher: Part, metadata: Mapping[str, Json]) -> bool | None:
    """Say whether what a token left in *metadata* fits; None where that cannot be read."""
    value: Json = dict(metadata)
    for key in _keys(matcher):
        value = value.get(key) if isinstance(value, dict) else None
    found = _fits(matcher.part("value"), value)
    return found if found is None or matcher.get("invert") is not True else not found


def sample_claim(matcher: Part) -> JsonObject:
    """Return claims, nested as the token has them, that fit; {} where none can be told.

    The first key of the path is that of the payload.
    """
    claim, steps = _sample(matcher.part("value")), _keys(matcher)[1:]
    if claim is None or matcher.get("invert") is True:
        return {}
    for step in reversed(steps):
        claim = {step: claim}
    return claim if isinstance(claim, dict) else {}


def _keys(matcher: Part) -> list[str]:
    return [each.text("key") for each in matcher.parts("path")]


def _fits(value: Part, given: Json) -> bool | None:
    if value.has("present_match"):
        return (given is not None) == (value.get("present_match") is True)
    if value.has("null_match"):
        return None
    if value.has("string_match"):
        return fits(value.part("string_match"), given) if isinstance(given, str) else False
    if value.has("bool_match"):
        return given is value.get("bool_match")
    if value.has("list_match"):
        inner = value.part("list_match", "one_of")
        found = [_fits(inner, each) for each in given] if isinstance(given, list) else []
        return True if True in found else None if None in found else False
    return None


def _sample(value: Part) -> Json:
    if value.has("string_match"):
        return sample(value.part("string_match"))
    if value.has("bool_match"):
        return value.get("bool_match")
    if value.has("list_match"):
        inner = _sample(value.part("list_match", "one_of"))
        return None if inner is None else [inner]
    return _FILLER if value.get("present_match") is True else None
