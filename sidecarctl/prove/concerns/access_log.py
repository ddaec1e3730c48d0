"""Access logs: one line a request, which can be parsed, and no line holds a secret."""

from collections.abc import Callable, Iterator, Sequence

from sidecarctl.envoy.part import Part
from sidecarctl.prove.callers import Caller, Nobody
from sidecarctl.prove.client import connection
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.log_filters import written
from sidecarctl.prove.row import Shown, Unproved, Word, told
from sidecarctl.prove.shares import is_share, said, spread
from sidecarctl.prove.stand import Situation, Stand, parsed
from sidecarctl.prove.telemetry import exported
from sidecarctl.prove.upstream import HEADER
from sidecarctl.prove.walk import mappings_below
from sidecarctl.prove.ways import Way

_LINES = ("StdoutAccessLog", "FileAccessLog")
_STREAMED = ("OpenTelemetryAccessLogConfig", "HttpGrpcAccessLogConfig", "TcpGrpcAccessLogConfig")
_SECRETS = {"query": "s3cret-query", "authorization": "s3cret-authorization",
            "cookie": "s3cret-cookie"}  # fmt: skip
_ARRIVAL_S = 4.0
_OTLP = "OpenTelemetryAccessLogConfig"
_SUCCESSES, _FAILURES = 500, 20
_SETTLES_S = 1.2  # longer than a collector is kept waiting


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
    sampled = [way for way in logged if any(each.has("filter") for each in _loggers(way))]
    if sampled:
        with situation.stand() as stand:
            for way in sampled:
                yield from _sampled(situation, stand, way)


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
        yield _unleaked(f"{way.name}: secrets in {', '.join(_SECRETS)}", leaked)


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
    if _lines(way):
        situation.trial.pause(_SETTLES_S)  # what was sent for the sake of lines is logged here, too
    before = len(_sent_to(stand, name))
    _send_one(stand, way, caller)
    situation.trial.until(lambda: len(_sent_to(stand, name)) > before, _ARRIVAL_S + 2)
    bodies = _sent_to(stand, name)[before:]
    leaked = [each for each, secret in _SECRETS.items() if secret.encode() in b"".join(bodies)]
    if config.is_a(_OTLP):
        count = len(list(exported(bodies)))
        yield told(f"{way.name}: {kind}", "a record at its collector",
                   "a record at its collector" if count == 1 else f"{count} records",
                   cause="the collector is not told what happened")  # fmt: skip
    else:
        yield told(f"{way.name}: {kind}", "its collector gets it",
                   "its collector gets it" if bodies else "nothing came")  # fmt: skip
    if way.is_http and bodies:
        yield _unleaked(f"{way.name}: secrets in what is sent", leaked)


def _sent_to(stand: Stand, name: str) -> list[bytes]:
    every = (seen for each in stand.upstreams[name] for seen in list(each.seen))
    return [seen.body for seen in every]


def _unleaked(tried: str, leaked: list[str]) -> Word:
    seen = f"written: {', '.join(leaked)}" if leaked else "written: none"
    return told(tried, "written: none", seen, cause="the format names what holds them")


def _sampled(situation: Situation, stand: Stand, way: Way) -> Iterator[Word]:
    """Send many successes and some failures, and count what is written of each."""
    caller = situation.caller(way)
    if isinstance(caller, Nobody):
        return  # said already
    for logger in (each for each in _loggers(way) if each.has("filter")):
        kind = logger.part("typed_config").text("@type").rpartition(".")[2]
        count = _counter(stand, way, logger)
        shares = [written(logger, status) for status in (200, 503)]
        if not way.is_http or count is None or None in shares:
            why = "its filter, or where it writes to, cannot be read"
            yield Unproved(f"{way.name}: {kind}: what is left out", why)
            continue
        for status, sent, share in ((200, _SUCCESSES, shares[0]), (503, _FAILURES, shares[1])):
            before = count()
            ask = caller.with_headers(**{HEADER.replace("-", "_"): f"status={status}"})
            stand.flood(way, caller, ask, sent)
            seen = _settled(situation, count, before, sent, share or 0.0)
            yield Shown(f"{way.name}: {kind}: {sent} answers of {status}",
                        f"written: {said(sent, share or 0.0)}", f"written: {seen} of {sent}",
                        is_share(seen, sent, share or 0.0),
                        "the filter does not draw as it says")  # fmt: skip


def _settled(
    situation: Situation, count: Callable[[], int], before: int, sent: int, share: float
) -> int:
    """Return what has been counted since *before*, once there is enough and no more comes."""
    least = max(sent * share - spread(sent, share), 1)
    situation.trial.until(lambda: count() - before >= least, _ARRIVAL_S if share else 0.0)
    situation.trial.pause(_SETTLES_S)
    return count() - before


def _counter(stand: Stand, way: Way, logger: Part) -> Callable[[], int] | None:
    """Return what counts the lines or records of *logger*, None where they cannot be told."""
    config = logger.part("typed_config")
    if logger in _lines(way):
        return (lambda: len(stand.log_lines())) if len(_lines(way)) == 1 else None
    name = next((str(part["cluster_name"]) for _, part in mappings_below(config.data)
                 if isinstance(part.get("cluster_name"), str)), "")  # fmt: skip
    if config.is_a(_OTLP) and name in stand.upstreams:
        return lambda: len(list(exported(_sent_to(stand, name))))
    return None
