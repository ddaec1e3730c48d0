"""Access logs: one line a request, which can be parsed, and no line holds a secret."""

from collections.abc import Iterator, Sequence

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import connection
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.stand import Situation, Stand, parsed
from sidecarctl.prove.walk import mappings_below
from sidecarctl.prove.ways import Way

_LINES = ("StdoutAccessLog", "FileAccessLog")
_STREAMED = ("OpenTelemetryAccessLogConfig", "HttpGrpcAccessLogConfig", "TcpGrpcAccessLogConfig")
_SECRETS = {"query": "s3cret-query", "authorization": "s3cret-authorization",
            "cookie": "s3cret-cookie"}  # fmt: skip
_ARRIVAL_S = 4.0


def prove(situation: Situation) -> Iterator[Word]:
    """Send one request that carries secrets through each way, and read what was written."""
    logged = [way for way in situation.ways if _loggers(way)]
    if not logged:
        return
    with situation.stand(lambda draft: _write_all(draft, logged)) as stand:
        for way in logged:
            caller = situation.caller(way)
            if isinstance(caller, Nobody):
                yield Unproved(way.name, caller.why)
            elif _lines(way):
                yield from _written(situation, stand, way, caller)
            for each in _loggers(way):
                if not each.part("typed_config").is_a(_LINES[0]) and each not in _lines(way):
                    yield from _streamed(situation, stand, way, each)


def _loggers(way: Way) -> tuple[Part, ...]:
    return (way.chain.http or way.chain.tcp).parts("access_log")


def _lines(way: Way) -> list[Part]:
    """Return the loggers that write lines to where they can be read."""
    return [
        each for each in _loggers(way)
        if any(each.part("typed_config").is_a(name) for name in _LINES)
        and each.part("typed_config").text("path") != "/dev/stderr"
    ]  # fmt: skip


def _write_all(draft: Draft, logged: Sequence[Way]) -> None:
    for way in logged:
        for each in _loggers(way):
            if each.has("filter"):
                draft.remove(each.at("filter"), "so that every request is written")


def _written(situation: Situation, stand: Stand, way: Way, caller: Caller) -> Iterator[Word]:
    wanted = len(_lines(way))
    before = len(stand.log_lines())
    _send_one(stand, way, caller)
    situation.trial.until(lambda: len(stand.log_lines()) >= before + wanted, _ARRIVAL_S)
    situation.trial.pause(0.15)  # a line too many would come as late
    lines = stand.log_lines()[before:]
    forms = [each.part("typed_config", "log_format") for each in _lines(way)]
    json_wanted = sum(each.has("json_format") for each in forms)
    form = " of JSON" if json_wanted == wanted else ""
    seen = f"{len(lines)} line{'' if len(lines) == 1 else 's'}"
    seen += form if len(parsed(lines)) >= json_wanted else " that are no JSON"
    expected = f"{wanted} line{'' if wanted == 1 else 's'}{form}"
    what = "a request" if way.is_http else "a connection"
    yield told(f"{way.name}: {what}", expected, seen, cause="the log does not say what happened")
    if way.is_http and lines:
        leaked = [
            name for name, secret in _SECRETS.items() if any(secret in each for each in lines)
        ]
        yield Shown(f"{way.name}: secrets in {', '.join(_SECRETS)}", "in no line",
                    f"written: {', '.join(leaked)}" if leaked else "in no line", not leaked,
                    "the format names what holds them")  # fmt: skip


def _send_one(stand: Stand, way: Way, caller: Caller) -> None:
    if way.is_http:
        headers = {**caller.ask.headers, "authorization": f"Bearer {_SECRETS['authorization']}",
                   "cookie": f"session={_SECRETS['cookie']}"}  # fmt: skip
        path = f"{caller.ask.path}?token={_SECRETS['query']}"
        stand.send(way, caller, caller.changed(path=path, headers=headers))
        return
    with connection(stand.port(way), caller.tls, caller.name) as connected:
        connected.sendall(b"prove\n")
        connected.recv(64)


def _streamed(situation: Situation, stand: Stand, way: Way, logger: Part) -> Iterator[Word]:
    config = logger.part("typed_config")
    kind = config.text("@type").rpartition(".")[2]
    if not any(config.is_a(name) for name in _STREAMED):
        yield Unproved(f"{way.name}: {kind}", "where it writes to cannot be read here")
        return
    names = [part["cluster_name"] for _, part in mappings_below(config.data)
             if isinstance(part.get("cluster_name"), str)]  # fmt: skip
    name = str(names[0]) if names else ""
    if name not in stand.upstreams:
        yield Shown(f"{way.name}: {kind}", "its collector gets it", "nothing is sent", ok=False,
                    cause=f"there is no cluster {name!r}")  # fmt: skip
        return
    caller = situation.caller(way)
    if isinstance(caller, Nobody):
        return
    _send_one(stand, way, caller)
    got = situation.trial.until(lambda: any(each.seen for each in stand.upstreams[name]), 6.0)
    yield told(f"{way.name}: {kind}", "its collector gets it",
               "its collector gets it" if got else "nothing came", cause="")  # fmt: skip
