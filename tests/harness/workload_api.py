"""An SDS server on a unix socket that answers as SPIRE's agent does, secrets of a test in it."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

_METHOD = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
_ID, _NAMES, _KIND, _NONCE = 1, 3, 4, 5  # of a DiscoveryRequest; in the answer, too, but for 2
_LONGEST_S = 0.05


class Agent:
    """What the agent holds: a certificate by its SPIFFE id, an authority by its trust domain.

    *refused* are the names that were asked for and not there.
    """

    def __init__(self):
        self._secrets, self._version = {}, 0
        self._changed = threading.Condition()
        self.refused = []

    def publish(self, name, leaf):
        """Give *leaf* out under its SPIFFE id *name*, and whom it trusts as its trust domain."""
        domain = name.split("/")[2]
        with self._changed:
            self._secrets[name] = _secret(name, 2, _certificate(leaf))
            trusted = _secret(f"spiffe://{domain}", 4, _validation(domain, leaf.trusted))
            self._secrets[f"spiffe://{domain}"] = trusted
            self._version += 1
            self._changed.notify_all()

    def stream(self, requests, context):
        """Answer the first of *requests*, and again whenever something is published."""
        names = _fields(next(requests)).get(_NAMES, [])
        threading.Thread(target=_drain, args=(requests,), daemon=True).start()
        sent = 0
        while context.is_active():
            with self._changed:
                if self._version == sent:
                    self._changed.wait(_LONGEST_S)
                    continue
                sent = self._version
                found = [self._secrets.get(name.decode()) for name in names]
            if None in found:
                self.refused += [name.decode() for name in names]
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not authorized")
            yield _answer(str(sent), found)


def _drain(requests):
    """Take the acknowledgements in, until the stream ends."""
    with contextlib.suppress(Exception):  # whatever grpc says of an end
        for _ in requests:
            pass


@contextmanager
def workload_api(socket, agent):
    """Serve *agent* on the unix *socket* until the block ends."""
    handler = grpc.stream_stream_rpc_method_handler(agent.stream)
    service, _, method = _METHOD[1:].partition("/")
    with ThreadPoolExecutor(16) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(service, {method: handler})]
        )
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        try:
            yield
        finally:
            server.stop(0).wait()


def _certificate(leaf):
    return _message((1, _inline(leaf.certificate)), (2, _inline(leaf.key)))


def _validation(domain, trusted):
    """Return what SPIRE gives to every Envoy since 1.18: its own validator for the domain."""
    config = _message((1, _message((1, domain.encode()), (2, _inline(trusted)))))
    kind = f"{_TLS}SPIFFECertValidatorConfig"
    validator = _message((1, b"envoy.tls.cert_validator.spiffe"), (2, _any(kind, config)))
    return _message((12, validator))


def _secret(name, field, content):
    return _any(f"{_TLS}Secret", _message((1, name.encode()), (field, content)))


def _answer(version, resources):
    numbered = [(2, each) for each in resources]
    kind = f"{_TLS}Secret".encode()
    text = version.encode()
    return _message((_ID, text), *numbered, (_KIND, kind), (_NONCE, text))


def _any(kind, content):
    return _message((1, kind.encode()), (2, content))


def _inline(content):
    return _message((2, content))


# The wire format of protobuf, as far as it is needed: fields of bytes.
# Source: https://protobuf.dev/programming-guides/encoding/
def _message(*fields):
    return b"".join(_varint(number << 3 | 2) + _varint(len(data)) + data for number, data in fields)


def _varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _fields(data):
    """Return the fields of bytes in *data*, by number."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            varint()
        else:
            size = varint() if tag & 7 == 2 else {1: 8, 5: 4}[tag & 7]
            found.setdefault(tag >> 3, []).append(data[at : at + size])
            at += size
    return found
