"""Receivers of telemetry: OTLP over gRPC and HTTP, the Datadog agent's traces, Zipkin, statsd."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

from harness.grpc_echo import grpc_server
from harness.messagepack import unpack
from harness.servers import http_echo

_SERVICE = "/opentelemetry.proto.collector"


@dataclass
class Collector:
    """A receiver that runs: its *port*, what has *arrived*, and the *payloads* it came in."""

    port: int = 0
    arrived: list = field(default_factory=list)
    payloads: list = field(default_factory=list)

    def wait_for(self, count=1, timeout_s=8.0):
        """Wait until *count* things have arrived, and return them all."""
        return self.wait_until(lambda arrived: len(arrived) >= count, timeout_s)

    def wait_until(self, enough, timeout_s=8.0):
        """Wait until *enough* says so of what has arrived, and return it all."""
        return eventually(lambda: enough(self.arrived) and list(self.arrived), timeout_s)


@dataclass(frozen=True)
class Span:
    """A span of any of the three formats, as far as the tests look at it; ids are hex."""

    service: str
    name: str
    trace_id: str
    parent_id: str
    tags: dict
    resource: dict = field(default_factory=dict)
    kind: str = ""


def eventually(look, timeout_s=5.0):
    """Return what *look* returns once that is true.

    Raises:
        TimeoutError: it was false for *timeout_s*.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.01)
    raise TimeoutError(f"nothing came within {timeout_s} s")


def otlp_collector():
    """Collect the spans that come by OTLP over gRPC."""
    return _otlp(
        f"{_SERVICE}.trace.v1.TraceService/Export",
        traces.ExportTraceServiceRequest,
        traces.ExportTraceServiceResponse,
        _otlp_spans,
    )


def otlp_logs():
    """Collect the log records that come by OTLP over gRPC, each with its resource's attributes."""
    return _otlp(
        f"{_SERVICE}.logs.v1.LogsService/Export",
        logs.ExportLogsServiceRequest,
        logs.ExportLogsServiceResponse,
        _otlp_records,
    )


def otlp_metrics():
    """Collect the points of metrics that come by OTLP over gRPC."""
    return _otlp(
        f"{_SERVICE}.metrics.v1.MetricsService/Export",
        metrics.ExportMetricsServiceRequest,
        metrics.ExportMetricsServiceResponse,
        _otlp_points,
    )


@contextmanager
def _otlp(method, asked, answered, read):
    collector = Collector()

    def export(request, _context):
        collector.payloads.append(request.SerializeToString())
        collector.arrived.extend(read(request))
        return answered()

    handler = grpc.unary_unary_rpc_method_handler(
        export,
        request_deserializer=asked.FromString,
        response_serializer=answered.SerializeToString,
    )
    with grpc_server({method: handler}) as port:
        collector.port = port
        yield collector


@contextmanager
def otlp_http_collector():
    """Collect the spans that come by POST /v1/traces, as protobuf."""

    def read(body):
        return _otlp_spans(traces.ExportTraceServiceRequest.FromString(body))

    with _http_collector("/v1/traces", read) as collector:
        yield collector


@contextmanager
def datadog_agent():
    """Collect the spans that come by PUT or POST /v0.4/traces, as MessagePack."""
    with _http_collector("/v0.4/traces", _datadog_spans) as collector:
        yield collector


@contextmanager
def zipkin_collector():
    """Collect the spans that come by POST /api/v2/spans, as JSON."""
    with _http_collector("/api/v2/spans", _zipkin_spans) as collector:
        yield collector


@contextmanager
def statsd_server():
    """Collect the lines of the datagrams that come by UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        collector = Collector(listening.getsockname()[1])
        ended = threading.Event()

        def receive():
            while not ended.is_set():
                try:
                    datagram = listening.recv(65_535)
                except TimeoutError:
                    continue
                collector.arrived.extend(datagram.decode().splitlines())

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            ended.set()
            thread.join()


@contextmanager
def _http_collector(path, read):
    collector = Collector()

    def take(request):
        if request.path == path:
            collector.payloads.append(request.body)
            collector.arrived.extend(read(request.body))

    with http_echo("collector", watch=take) as upstream:
        collector.port = upstream.port
        yield collector


def _otlp_spans(request):
    kinds = {2: "server", 3: "client"}
    for part in request.resource_spans:
        resource = {each.key: each.value.string_value for each in part.resource.attributes}
        for span in (span for scope in part.scope_spans for span in scope.spans):
            yield Span(
                service=resource.get("service.name", ""),
                name=span.name,
                trace_id=span.trace_id.hex(),
                parent_id=span.parent_span_id.hex(),
                tags={each.key: each.value.string_value for each in span.attributes},
                resource=resource,
                kind=kinds.get(span.kind, ""),
            )


@dataclass(frozen=True)
class Record:
    """A log record: its text, its attributes, those of its resource."""

    body: str
    fields: dict
    resource: dict
    trace_id: str


@dataclass(frozen=True)
class Point:
    """A point of a metric: the name, the attributes, the value (None for a histogram)."""

    name: str
    tags: dict
    value: float | None
    resource: dict


def _otlp_records(request):
    for part in request.resource_logs:
        resource = _texts(part.resource.attributes)
        for record in (each for scope in part.scope_logs for each in scope.log_records):
            fields = _texts(record.attributes)
            yield Record(record.body.string_value, fields, resource, record.trace_id.hex())


def _otlp_points(request):
    for part in request.resource_metrics:
        resource = _texts(part.resource.attributes)
        for metric in (each for scope in part.scope_metrics for each in scope.metrics):
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points:
                value = None
                if kind in ("sum", "gauge"):
                    value = getattr(point, point.WhichOneof("value"))
                yield Point(metric.name, _texts(point.attributes), value, resource)


def _texts(pairs):
    return {each.key: each.value.string_value for each in pairs}


def _datadog_spans(body):
    value, _rest = unpack(body)
    for span in (span for trace in value for span in trace):
        high = span["meta"].get("_dd.p.tid", "0" * 16)
        yield Span(
            service=span["service"],
            name=span["resource"],
            trace_id=f"{high}{span['trace_id']:016x}",
            parent_id=f"{span['parent_id']:016x}" if span["parent_id"] else "",
            tags=span["meta"] | span["metrics"],
        )


def _zipkin_spans(body):
    for span in json.loads(body):
        yield Span(
            service=span["localEndpoint"]["serviceName"],
            name=span["name"],
            trace_id=span["traceId"],
            parent_id=span.get("parentId", ""),
            tags=span.get("tags", {}),
            kind=span.get("kind", "").lower(),
        )
