"""Configuration from files: a swap is served at once and fails nothing, a wrong one is refused.

Run here, the files are made anew from the whole, and watched where all those of the input are.
"""

import copy
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Bootstrap
from sidecarctl.envoy.reload import split
from sidecarctl.findings import JsonObject
from sidecarctl.prove.callers import Caller
from sidecarctl.prove.client import Reply
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.row import Shown, Unproved, Word
from sidecarctl.prove.stand import Situation, Stand
from sidecarctl.prove.walk import field_of, mappings_below
from sidecarctl.prove.ways import Way

_MARK = "x-prove-swap"
_WITHIN_S = 1.0
_WAIT_S = 5.0
_AFTER_S = 0.3
_SOURCES = ("lds_config", "cds_config", "config_source")
_WRONG: JsonObject = {"safe_regex": {"regex": "("}}


def prove(situation: Situation) -> Iterator[Word]:
    """Swap the files of an Envoy that reads some while it serves, and then put wrong ones there."""
    bootstrap = situation.subject.bootstrap
    if not bootstrap.origins:
        return
    found = [(way, situation.caller(way)) for way in situation.ways if way.is_http]
    usable = [(way, caller) for way, caller in found if isinstance(caller, Caller)]
    if not usable or not bootstrap.root.data.get("static_resources"):
        yield Unproved("a swap of the files", "no listener of HTTP lets a caller of the run in")
        return
    way, caller = usable[0]
    with situation.stand(deliver=partial(_in_files, watched=_is_watched(bootstrap))) as stand:
        yield _swapped(stand, way, caller)
        yield _refused(stand, way, caller)


def _is_watched(bootstrap: Bootstrap) -> bool:
    """Say whether a folder is watched for each file: of the file alone Envoy sees no swap."""
    every = (bootstrap.document, *(each.document for each in bootstrap.origins))
    return all(
        source.part("path_config_source").has("watched_directory")
        for document in every
        for source in _sources(document.data)
    )


def _sources(data: JsonObject) -> Iterator[Part]:
    for path, below in mappings_below(data):
        if field_of(path) in _SOURCES and Part(path, below).has("path_config_source"):
            yield Part(path, below)


def _in_files(config: JsonObject, *, watched: bool) -> tuple[JsonObject, dict[str, JsonObject]]:
    head, parts = split(config)
    for part in () if watched else (head, *parts.values()):
        for source in _sources(part):
            source.part("path_config_source").data.pop("watched_directory", None)
    return head, parts


def _swapped(stand: Stand, way: Way, caller: Caller) -> Word:
    tried = f"{way.name}: a swap of the files, with requests on their way"
    expected = f"served within {_WITHIN_S:g} s, none fails"
    before = stand.send(way, caller).said
    stand.publish(_marked(stand.config, way, "1"))
    began = time.monotonic()
    served_s, seen = None, Counter[str]()
    while time.monotonic() - began < (_WAIT_S if served_s is None else served_s + _AFTER_S):
        reply = stand.send(way, caller)
        seen[reply.said] += 1
        if served_s is None and _mark(reply) == "1":
            served_s = time.monotonic() - began
    failed = seen.total() - seen[before]
    took = "never served" if served_s is None else f"served after {served_s:.2f} s"
    fails = f"{failed} of {seen.total()} fail" if failed else "none fails"
    ok = served_s is not None and served_s <= _WITHIN_S and not failed
    cause = (
        _said(stand) or "a folder of the files must be watched, not the file: its link is swapped"
    )
    return Shown(tried, expected, f"{took}, {fails}", ok, "" if ok else cause)


def _refused(stand: Stand, way: Way, caller: Caller) -> Word:
    config = _marked(stand.config, way, "2")
    for routes in _routes(config, way):
        routes["match"] = _WRONG
    stand.publish(config)
    deadline = time.monotonic() + _WAIT_S
    while not _said(stand) and time.monotonic() < deadline:
        time.sleep(0.01)
    mark = _mark(stand.send(way, caller))
    seen = "refused" if _said(stand) else "taken"
    seen += ", the old ones serve" if mark == "1" else ", the old ones do not serve"
    expected = "refused, the old ones serve"
    return Shown(f"{way.name}: files with a wrong route", expected, seen, seen == expected)


def _marked(config: JsonObject, way: Way, value: str) -> JsonObject:
    """Return a copy of *config* whose routes of *way* put a mark on answers."""
    draft = Draft.of(copy.deepcopy(config))
    header: JsonObject = {"header": {"key": _MARK, "value": value}}
    routes = way.chain.http.part("route_config")
    draft.set(routes.at("response_headers_to_add"), [header], "a mark")
    return draft.data


def _routes(config: JsonObject, way: Way) -> Iterator[JsonObject]:
    draft = Draft(config)
    for route in way.chain.routes():
        found = draft.get(route.path)
        if isinstance(found, dict):
            yield found


def _mark(reply: Reply) -> str:
    return reply.headers.get(_MARK, "")


def _said(stand: Stand) -> str:
    """Return what Envoy says of files that it refuses, ``""`` where it says nothing."""
    told = (each for each in stand.envoy.messages() if "rejected" in each)
    return next(told, "").partition("goo.gle")[0][:160]
