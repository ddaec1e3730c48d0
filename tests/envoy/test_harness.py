"""The harness tells the truth: every server answers through a bare Envoy as it does without one."""

import http.client
import os
import subprocess
import sys
from contextlib import closing

import grpc
import pytest
from harness.certificates import Authority, client_context, publish, spiffe
from harness.clients import ask, request, talk
from harness.collectors import statsd_server
from harness.grpc_echo import FLAKY, HEALTH, call, grpc_echo, stream
from harness.messagepack import unpack
from harness.ports import free_port
from harness.proxy import inbound, outbound, proxied
from harness.servers import banner_server, http_echo, redis_like, silent_server, tcp_echo


def test_http_passes_in_and_out():
    with http_echo() as app:
        into, out = inbound(app.port), outbound(app.port)
        with proxied([into, out]):
            for listener in (into, out):
                reply = request(listener.port, "/a?b=c", "POST", body=b"xyz")
                assert reply.status == 200
                assert (reply.json["path"], reply.json["length"]) == ("/a?b=c", 3)
        assert [seen.method for seen in app.seen] == ["POST", "POST"]


def test_a_connection_is_kept():
    with http_echo() as app:
        listener = inbound(app.port)
        with (
            proxied([listener]),
            closing(http.client.HTTPConnection("127.0.0.1", listener.port)) as connection,
        ):
            paths = [ask(connection, path).json["path"] for path in ("/one", "/two")]
        assert paths == ["/one", "/two"]


def test_grpc_passes_in_and_out():
    with grpc_echo() as app:
        into, out = inbound(app.port, "grpc"), outbound(app.port, "grpc")
        with proxied([into, out]):
            for listener in (into, out):
                assert call(listener.port, b"hello") == b"hello"
                assert stream(listener.port, b"abc") == [b"a", b"b", b"c"]
                assert call(listener.port, b"", HEALTH) == b"\x08\x01"


def test_tcp_passes_whoever_speaks_first():
    with redis_like() as redis, banner_server() as mail, tcp_echo() as echo:
        listeners = [inbound(server.port, "tcp") for server in (redis, mail, echo)]
        with proxied(listeners):
            to_redis, to_mail, to_echo = (listener.port for listener in listeners)
            assert talk(to_redis, b"PING\r\n", b"GET a\r\n") == [
                b"+PONG\r\n",
                b"-ERR unknown command\r\n",
            ]
            assert talk(to_mail, b"HELO\r\n", first=b"220 ready\r\n") == [b"HELO\r\n"]
            assert talk(to_echo, b"x\n") == [b"x\n"]
        assert redis.seen == [b"PING\r\n", b"GET a\r\n"]


def test_the_application_misbehaves_as_asked():
    with http_echo() as app:
        assert request(app.port, "/status/418").status == 418
        assert len(request(app.port, "/bytes/5000").body) == 5000
        tries = [request(app.port, "/flaky/2?id=a").status for _ in range(3)]
        assert tries == [503, 503, 200]
        with pytest.raises(ConnectionError):
            request(app.port, "/reset")
        with pytest.raises(TimeoutError):
            request(app.port, "/delay/500", timeout_s=0.1)


def test_the_grpc_application_misbehaves_as_asked():
    with grpc_echo() as app:
        with pytest.raises(grpc.RpcError) as caught:
            call(app.port, b"a", FLAKY)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert call(app.port, b"a", FLAKY) == b"a"


def test_a_silent_server_never_answers():
    with silent_server() as server, pytest.raises(TimeoutError):
        request(server.port, timeout_s=0.1)


def test_two_processes_never_get_the_same_port():
    script = (
        "from harness.ports import free_port; print(*(free_port() for _ in range(40)), flush=True);"
        "input()"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": path},
        )
        for _ in range(2)
    ]
    ports = [int(port) for child in children for port in child.stdout.readline().split()]
    for child in children:
        child.communicate("\n")
    ports += [free_port() for _ in range(40)]
    assert len(set(ports)) == len(ports) == 120


def test_publishing_again_swaps_all_files_in_one_step(tmp_path):
    mount = tmp_path / "certs"
    publish(mount, {"tls.crt": b"one", "tls.key": b"one"})
    first = (mount / "..data").readlink()
    publish(mount, {"tls.crt": b"two", "tls.key": b"two"})
    assert (mount / "tls.crt").read_bytes() == b"two"
    assert (mount / "tls.crt").readlink().as_posix() == "..data/tls.crt"
    assert not (mount / first).exists()
    assert sorted(entry.name for entry in mount.iterdir() if not entry.name.startswith("..")) == [
        "tls.crt",
        "tls.key",
    ]


def test_a_leaf_is_trusted_by_its_own_authority_only():
    authority, other = Authority("test authority"), Authority()
    leaf = authority.leaf(spiffe("shop", "prod"))
    assert leaf.trusted == authority.certificate
    context = client_context(leaf)
    assert [entry["subject"] for entry in context.get_ca_certs()] == [
        ((("commonName", "test authority"),),)
    ]
    assert client_context(trusted=other.certificate).get_ca_certs() != context.get_ca_certs()


def test_messagepack_is_read():
    packed = b"\x92\x83\xa1a\x01\xa1b\xff\xa1c\xcf" + (2**63).to_bytes(8, "big") + b"\xd9\x02hi"
    assert unpack(packed) == ([{"a": 1, "b": -1, "c": 2**63}, "hi"], b"")


def test_statsd_lines_arrive():
    import socket

    with statsd_server() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"a:1|c\nb:2|g", ("127.0.0.1", server.port))
        assert server.wait_for(2) == ["a:1|c", "b:2|g"]
