"""A gRPC application and its caller, without generated code: messages are plain bytes."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

from harness.servers import Upstream

UNARY = "/test.Echo/Unary"
FLAKY = "/test.Echo/Flaky"
SLOW = "/test.Echo/Slow"
STREAM = "/test.Echo/Stream"
HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
# A channel of its own for every call: grpc shares connections between channels otherwise.
_OWN = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))


@contextmanager
def grpc_echo():
    """Run a gRPC application: ``Unary`` echoes, ``Stream`` sends each byte back 50 ms apart,
    ``Flaky`` is UNAVAILABLE the first time for each message, ``Slow`` takes 400 ms; health is
    SERVING.

    What it has *seen* are pairs of method and metadata.
    """
    upstream = Upstream(0)
    failed = set()

    def note(context, method):
        upstream.seen.append((method, dict(context.invocation_metadata())))

    def unary(message, context):
        note(context, UNARY)
        return message

    def flaky(message, context):
        note(context, FLAKY)
        if message not in failed:
            failed.add(message)
            context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
        return message

    def slow(message, context):
        note(context, SLOW)
        time.sleep(0.4)
        return message

    def stream(message, context):
        note(context, STREAM)
        for byte in message:
            time.sleep(0.05)
            yield bytes([byte])

    handlers = {
        UNARY: grpc.unary_unary_rpc_method_handler(unary),
        FLAKY: grpc.unary_unary_rpc_method_handler(flaky),
        SLOW: grpc.unary_unary_rpc_method_handler(slow),
        STREAM: grpc.unary_stream_rpc_method_handler(stream),
        HEALTH: grpc.unary_unary_rpc_method_handler(lambda _request, _context: _SERVING),
    }
    with grpc_server(handlers) as port:
        upstream.port = port
        yield upstream


@contextmanager
def grpc_server(handlers, *, port=0):
    """Serve *handlers* (full method name: handler) in plaintext; yield the port."""

    class Methods(grpc.GenericRpcHandler):
        def service(self, details):
            return handlers.get(details.method)

    server = grpc.server(
        ThreadPoolExecutor(4), handlers=[Methods()], options=[("grpc.so_reuseport", 0)]
    )
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield bound
    finally:
        server.stop(grace=None).wait()


def call(port, message=b"hello", method=UNARY, *, tls=None, timeout_s=5.0, metadata=()):
    """Call a unary *method* at 127.0.0.1:*port*.

    Raises:
        grpc.RpcError: with ``code()``.
    """
    with _channel(port, tls) as channel:
        stub = channel.unary_unary(method)
        return stub(message, timeout=timeout_s, metadata=metadata)


def stream(port, message=b"hello", *, tls=None, timeout_s=5.0):
    """Call ``Stream`` and return what came, byte by byte."""
    with _channel(port, tls) as channel:
        stub = channel.unary_stream(STREAM)
        return list(stub(message, timeout=timeout_s))


def credentials(leaf):
    """Return gRPC's channel credentials that show *leaf*; the server needs the name localhost."""
    return grpc.ssl_channel_credentials(leaf.trusted, leaf.key, leaf.certificate)


def _channel(port, tls):
    if tls:
        named = (*_OWN, ("grpc.ssl_target_name_override", "localhost"))
        return grpc.secure_channel(f"127.0.0.1:{port}", tls, options=named)
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=_OWN)
