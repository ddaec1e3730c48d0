"""Patterns as people write them, in Envoy's spelling."""

import re

from sidecarctl.findings import JsonObject


def string_matcher(pattern: str) -> JsonObject:
    """Return the StringMatcher of *pattern*, in which ``*`` stands for any characters.

    A ``*`` at the end alone is a prefix match, which is what Envoy does fastest; one elsewhere
    stands for characters other than ``/`` and takes a regular expression. All match from the first
    character to the last, and upper and lower case differ.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto
    """
    head, star, rest = pattern.partition("*")
    if not star:
        return {"exact": pattern}
    if not rest and head:
        return {"prefix": head}
    if not rest:
        return {"safe_regex": {"regex": ".*"}}  # `prefix: ""` is refused
    *inner, last = pattern.split("*")
    regex = "[^/]*".join(re.escape(part) for part in inner)
    regex += ".*" if last == "" else "[^/]*" + re.escape(last)
    return {"safe_regex": {"regex": regex}}
