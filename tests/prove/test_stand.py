"""An Envoy moved onto loopback: what is rewritten is told, and it starts, or says why not."""

import socket
import threading
from pathlib import Path

import pytest
import yaml
from harness.proxy import inbound, outbound
from prove.proving import Config, rendered

from sidecarctl.envoy.reload import split
from sidecarctl.errors import SidecarctlError
from sidecarctl.manifest.document import parse
from sidecarctl.prove import relocate
from sidecarctl.prove.client import Ask, refusal, send
from sidecarctl.prove.stand import JOINED, Situation
from sidecarctl.prove.subject import subjects
from sidecarctl.prove.trial import StoppedError, Trial


def situation(config, folder):
    (subject,) = subjects(parse(config.text(), "shop.yaml").documents, "prod")
    return Situation(subject, Trial(folder), "0-test")


def test_every_rewrite_is_told_with_its_reason(short_folder):
    config = rendered([outbound(80, target_host="shop.prod.svc")], {})
    found = situation(config, short_folder)
    with found.stand() as stand:
        assert set(stand.ports) == {0, 1}
    told = [str(each) for each in found.rewrites]
    assert any("type: STRICT_DNS -> STATIC: the name is not looked up" in each for each in told)
    assert any("in place of shop.prod.svc:80: an application of the run" in each for each in told)
    assert all(each.rpartition(": ")[2] for each in told)


def test_only_loopback_is_listened_on(short_folder):
    found = situation(rendered([inbound(8080, address="0.0.0.0")], {}), short_folder)
    with found.stand() as stand:
        own = {f"{port:04X}" for port in stand.ports.values()}
        table = Path("/proc/net/tcp").read_text().splitlines()[1:]
        rows = [line.split() for line in table]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    assert {address for address, port in local if port in own} == {"0100007F"}


def test_a_port_that_is_taken_in_between_is_given_up_for_another(short_folder, monkeypatch):
    found = situation(rendered([inbound(8080)], {}), short_folder)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]])
        free = relocate.free_port
        monkeypatch.setattr(relocate, "free_port", lambda: next(ports, None) or free())
        (way,) = found.ways
        with found.stand() as stand:
            assert taken.getsockname()[1] not in stand.ports.values()
            assert send(stand.port(way), Ask()).status == 200


def test_what_does_not_start_is_an_error_of_the_input(short_folder):
    config = rendered([inbound(8080)], {})
    config.bootstrap["static_resources"]["listeners"][1].pop("address")
    with (
        pytest.raises(SidecarctlError, match="Envoy ended at once"),
        situation(config, short_folder).stand(),
    ):
        pass


def test_a_run_that_is_stopped_ends_its_envoys(short_folder):
    found = situation(rendered([inbound(8080)], {}), short_folder)
    with found.stand() as stand:
        threading.Timer(0.1, found.trial.stop).start()
        with pytest.raises(StoppedError):
            found.trial.pause(10)
        assert found.trial.stopped
        stand.envoy._process.wait(3)
    with pytest.raises(StoppedError), found.stand():
        pass


def test_secrets_that_are_not_in_the_input_are_the_runs_own(short_folder):
    config = rendered([inbound(8080, tls="strict")], {"mtls": {}})
    found = situation(Config(config.bootstrap, {}), short_folder)
    (way,) = found.ways
    with found.stand() as stand:
        caller = found.caller(way)
        assert stand.send(way, caller).status == 200


def test_field_names_in_camel_case_are_understood(short_folder):
    config = rendered([inbound(8080)], {})
    text = yaml.safe_dump(config.bootstrap)
    spellings = {
        "socket_address": "socketAddress",
        "port_value": "portValue",
        "load_assignment": "loadAssignment",
        "lb_endpoints": "lbEndpoints",
    }
    for snake, camel in spellings.items():
        text = text.replace(f"{snake}:", f"{camel}:")
    found = situation(Config(yaml.safe_load(text), {}), short_folder)
    (way,) = found.ways
    with found.stand() as stand:
        assert send(stand.port(way), Ask()).status == 200


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "connection refused"),
        (TimeoutError(), "no answer"),
        (ConnectionResetError(), "connection closed"),
    ],
)
def test_refusals_in_words(error, words):
    assert refusal(error) == words


def test_what_reloads_from_files_is_proved_as_a_whole(short_folder):
    config = rendered([inbound(8080)], {"accessLog": {}})
    head, files = split(config.bootstrap)
    texts = {name: yaml.safe_dump(data) for name, data in files.items()}
    found = situation(Config(head, {**config.files, **texts}), short_folder)
    assert [each.name for each in found.ways] == ["inbound-8080"]
    with found.stand() as stand:
        (way,) = found.ways
        assert stand.send(way, found.caller(way)).status == 200
    assert JOINED in found.rewrites
    assert found.left_out == []
