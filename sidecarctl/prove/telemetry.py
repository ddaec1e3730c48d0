"""What collectors are sent, as far as proofs look at it: OTLP (protobuf), Zipkin (JSON).

Only the wire format of protobuf is read, without its descriptors: numbers of fields, and bytes.
Source: https://protobuf.dev/programming-guides/encoding/
Source: https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

from sidecarctl.prove.http2 import messages

# ExportTraceServiceRequest.resource_spans.scope_spans.spans and its siblings: the same numbers.
_EACH = (1, 2, 2)
_TRACE_ID, _KIND = 1, 6
_KINDS = {2: "server", 3: "client"}
_METRIC_NAME = 1
_WIDTHS = {1: 8, 5: 4}


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message of protobuf: number, and value (bytes, or a varint).

    Raises:
        ValueError: it is none.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in _WIDTHS:
            size = _WIDTHS[kind]
        else:
            raise ValueError("no protobuf")
        if at + size > len(data):
            raise ValueError("no protobuf: it is cut short")
        yield key >> 3, data[at : at + size]
        at += size


def exported(bodies: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the spans, log records or metrics of OTLP's requests, by gRPC or by HTTP."""
    for body in bodies:
        framed = body[:1] == b"\0"  # gRPC's mark of a message that is not compressed
        for message in messages(body) if framed else (body,):
            try:
                yield from list(_below(message, _EACH))
            except ValueError:
                continue


def kinds_of_spans(bodies: Iterable[bytes], trace: str) -> set[str]:
    """Return the kinds (``server``, ``client``) of the spans of *trace* (hex) in *bodies*."""
    found: set[str] = set()
    every = list(bodies)
    for span in exported(every):
        told = dict(fields(span))
        if told.get(_TRACE_ID) == bytes.fromhex(trace):
            kind = told.get(_KIND)
            found.add(_KINDS.get(kind, "") if isinstance(kind, int) else "")
    for body in every:
        try:
            spans = json.loads(body)
        except ValueError:
            continue
        for span in spans if isinstance(spans, list) else []:
            if isinstance(span, dict) and span.get("traceId") == trace:
                found.add(str(span.get("kind", "")).lower())
    return found - {""}


def names_of_metrics(bodies: Iterable[bytes]) -> set[str]:
    """Return the names of the metrics in *bodies*."""
    told = chain.from_iterable(map(fields, exported(bodies)))
    return {value.decode(errors="replace") for number, value in told
            if number == _METRIC_NAME and isinstance(value, bytes)}  # fmt: skip


def _below(data: bytes, numbers: tuple[int, ...]) -> Iterator[bytes]:
    if not numbers:
        yield data
        return
    for number, value in fields(data):
        if number == numbers[0] and isinstance(value, bytes):
            yield from _below(value, numbers[1:])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("no protobuf")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at
