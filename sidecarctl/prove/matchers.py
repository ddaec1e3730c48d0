"""Envoy's matchers: whether a text fits one, and a text that does.

What cannot be read (another kind of matcher, a regular expression beyond plain means) is None.
Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto
"""

import re
from collections.abc import Callable

from sidecarctl.envoy.part import Part

_FILLER = "prove"
# What stands for "some characters" in regular expressions as people (and we) write them.
_SOME = re.compile(r"\[\^[^\]]*\][*+]|\\w[*+]|\.[*+]\??|\[[a-zA-Z0-9_\-\\.]+\][*+]")
_MAYBE = re.compile(r"\((?:[^()\\]|\\.)*\)[?*]|\([^()|]*\|[\^$]\)|\([\^$]\|[^()|]*\)")


def fits(matcher: Part, text: str) -> bool | None:
    """Say whether *text* fits a StringMatcher."""
    if matcher.get("ignore_case") is True:
        text = text.lower()
    lower = matcher.get("ignore_case") is True
    for name, look in _KINDS.items():
        if matcher.has(name):
            wanted = matcher.text(name)
            return look(text, wanted.lower() if lower else wanted)
    if matcher.has("safe_regex"):
        pattern = _compiled(matcher.part("safe_regex").text("regex"))
        return bool(pattern.fullmatch(text)) if pattern else None
    return None


def sample(matcher: Part) -> str | None:
    """Return a text that fits a StringMatcher."""
    if matcher.has("exact"):
        return matcher.text("exact")
    if matcher.has("prefix"):
        return matcher.text("prefix") + _FILLER
    if matcher.has("suffix"):
        return _FILLER + matcher.text("suffix")
    if matcher.has("contains"):
        return matcher.text("contains")
    if matcher.has("safe_regex"):
        return of_regex(matcher.part("safe_regex").text("regex"))
    return None


def of_regex(regex: str) -> str | None:
    """Return a text that the whole of *regex* fits."""
    pattern = _compiled(regex)
    if pattern is None:
        return None
    least = _optional(regex)
    for choice in (regex, *regex.split("|"), least, *least.split("|")):
        bare = _SOME.sub(_FILLER, choice).strip("^$()")
        text = re.sub(r"\\(.)", r"\1", bare)
        if pattern.fullmatch(text):
            return text
    return None


def _optional(regex: str) -> str:
    """Return *regex* without the groups that may be absent."""
    fewer = _MAYBE.sub("", regex)
    return fewer if fewer == regex else _optional(fewer)


def fits_header(matcher: Part, headers: dict[str, str]) -> bool | None:
    """Say whether *headers* (``:method`` and ``:path`` among them) fit a HeaderMatcher."""
    value = headers.get(matcher.text("name").lower())
    if matcher.has("present_match"):
        found: bool | None = (value is not None) == (matcher.get("present_match") is True)
    elif value is None:
        found = False
    elif matcher.part("string_match"):
        found = fits(matcher.part("string_match"), value)
    else:
        found = _old_style(matcher, value)
    inverted = matcher.get("invert_match") is True
    return found if found is None or not inverted else not found


def sample_header(matcher: Part) -> tuple[str, str] | None:
    """Return a header that fits a HeaderMatcher."""
    name = matcher.text("name").lower()
    if matcher.get("invert_match") is True:
        return None
    if matcher.has("present_match"):
        return name, _FILLER
    inner = matcher.part("string_match")
    text = sample(inner) if inner else None
    for old, new in _OLD.items():
        if text is None and matcher.has(old):
            text = sample(Part((), {new: matcher.get(old)}))
    return (name, text) if text is not None else None


_KINDS: dict[str, Callable[[str, str], bool]] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
    "contains": str.__contains__,
}
_OLD = {
    "exact_match": "exact",
    "prefix_match": "prefix",
    "suffix_match": "suffix",
    "contains_match": "contains",
    "safe_regex_match": "safe_regex",
}


def _old_style(matcher: Part, value: str) -> bool | None:
    for old, new in _OLD.items():
        if matcher.has(old):
            return fits(Part((), {new: matcher.get(old)}), value)
    return True if len(matcher.data) == 1 else None


def _compiled(regex: str) -> re.Pattern[str] | None:
    try:
        return re.compile(regex)
    except re.error:  # RE2 and Python differ in few things
        return None
