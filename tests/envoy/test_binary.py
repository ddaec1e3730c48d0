"""The real Envoy is asked, started and ended; what it says is fit to be shown."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from harness.clients import request
from harness.collectors import eventually
from harness.ports import free_port
from harness.servers import silent_resolver

from sidecarctl.envoy.binary import find_envoy, running, validate
from sidecarctl.envoy.messages import messages
from sidecarctl.envoy.mounts import rewrite, under
from sidecarctl.errors import SidecarctlError

_BOOTSTRAPS = Path(__file__).parent / "bootstraps"
_RETRIED = 'route: {cluster: "app", retry_policy: {retry_on: "gateway-eror"}}'


def _answering(port=10000):
    return _read("answering").replace("10000", str(port))


def _read(name):
    return (_BOOTSTRAPS / f"{name}.yaml").read_text(encoding="utf-8")


def test_the_wheels_envoy_is_found():
    assert find_envoy().name == "envoy"


def test_the_variable_goes_first(monkeypatch):
    monkeypatch.setenv("SIDECARCTL_ENVOY", "/bin/true")
    assert find_envoy() == Path("/bin/true")


def test_the_variable_must_name_a_program(monkeypatch):
    monkeypatch.setenv("SIDECARCTL_ENVOY", "/nowhere/envoy")
    with pytest.raises(SidecarctlError) as caught:
        find_envoy()
    assert str(caught.value) == "SIDECARCTL_ENVOY names '/nowhere/envoy', which is no program"


def test_a_good_bootstrap_is_accepted_without_a_word():
    verdict = validate(_answering())
    assert verdict.messages == ()
    assert verdict.accepted
    assert verdict.clean


def test_an_unknown_field_is_named_with_its_path():
    verdict = validate(_answering().replace("stat_prefix", "statprefix"))
    assert not verdict.accepted
    (message,) = verdict.messages
    assert message.startswith(
        "critical: Protobuf message (type envoy.config.bootstrap.v3.Bootstrap"
    )
    assert "static_resources.listeners[0].filter_chains[0].filters[0]" in message
    assert "no such field: 'statprefix'" in message


@pytest.mark.parametrize(
    ("fault", "instead", "said"),
    [
        ("port_value: 10000", "port_value: 70000", "PortValue: value must be less than or equal"),
        ('stat_prefix: "in"', 'stat_prefix: ""', "StatPrefix: value length must be at least 1"),
        ('stat_prefix: "in"', 'drain_timeout: "5m"', "duration must end with a single 's'"),
        ('stat_prefix: "in"', 'drain_timeout: "-1s"', "Expected positive duration"),
    ],
)
def test_the_configuration_is_never_shown(fault, instead, said):
    text = _answering().replace("hello", "a-secret").replace(fault, instead)
    verdict = validate(text)
    assert not verdict.accepted
    (message,) = verdict.messages
    assert said in message
    assert "a-secret" not in message
    assert "{" not in message
    assert "\n" not in message


def test_a_warning_counts_though_envoy_accepts():
    answer = 'direct_response: {status: 200, body: {inline_string: "hello"}}'
    text = _answering().replace(answer, _RETRIED)
    verdict = validate(f'{text}  clusters: [{{name: "app", type: "STATIC"}}]\n')
    assert verdict.accepted
    assert not verdict.clean
    assert verdict.messages == (
        "warning: Unknown retry_on policy token(s) [gateway-eror] in retry_on config"
        " 'gateway-eror'. These tokens will be silently ignored.",
    )


def test_a_deprecated_field_is_named_without_the_advice():
    cluster = '  clusters: [{name: "a", type: "STATIC", respect_dns_ttl: true}]\n'
    assert validate(_answering() + cluster).messages == (
        "warning: Deprecated field: type envoy.config.cluster.v3.Cluster Using deprecated option"
        " 'envoy.config.cluster.v3.Cluster.respect_dns_ttl'",
    )


def test_files_of_the_config_map_are_found_below_the_mount():
    assert validate(_read("sds")).messages == (
        "critical: paths must refer to an existing path in the system:"
        " '/etc/envoy/sds-cert.yaml' does not exist",
    )
    assert validate(_read("sds"), {"sds-cert.yaml": "resources: []\n"}).clean


def test_a_line_that_is_not_envoys_own_counts_as_an_error():
    assert messages("info|fine\n\nenvoy: cannot execute\n", Path("/tmp/x")) == (
        "error: envoy: cannot execute",
    )


def test_mounts_are_rewritten_at_their_ends_only(tmp_path):
    text = '"/etc/envoy/a" "/etc/envoy-certs/b" "/run/envoy" "/etc/envoy-other" "/srv/etc/envoy"'
    assert rewrite(text, tmp_path) == (
        f'"{tmp_path}/etc/envoy/a" "{tmp_path}/etc/envoy-certs/b" "{tmp_path}/run/envoy"'
        ' "/etc/envoy-other" "/srv/etc/envoy"'
    )
    assert under(tmp_path, "/etc/envoy") == tmp_path / "etc/envoy"


def test_a_child_serves_while_the_block_lasts_and_ends_with_it():
    port = free_port()
    with running(_answering(port)) as envoy:
        assert request(port).body == b"hello"
        assert envoy.admin("/ready").body == "LIVE\n"
        assert envoy.admin("/config_dump").status == 403
        admin = under(envoy.root, "/run/envoy/admin.sock")
        assert admin.stat().st_mode & 0o777 == 0o600
    assert not envoy.alive
    assert not envoy.root.exists()
    with pytest.raises(OSError, match="refused"):
        request(port)


def test_a_child_ends_when_the_block_fails():
    port = free_port()
    with pytest.raises(ZeroDivisionError), running(_answering(port)) as envoy:
        raise ZeroDivisionError
    assert not envoy.alive


def test_a_child_that_dies_at_once_is_told_with_its_reason():
    text = _answering(free_port()).replace("/run/envoy/admin.sock", "/nowhere/admin.sock")
    with pytest.raises(SidecarctlError) as caught, running(text):
        pytest.fail("it must not start")
    assert str(caught.value).startswith("Envoy ended at once: critical: ")
    assert "/nowhere/admin.sock" in str(caught.value)


def test_a_child_that_is_not_ready_in_time_is_told_and_ended():
    with silent_resolver() as resolver:
        text = _answering(free_port()) + _read("blocked").replace("10053", str(resolver.port))
        with pytest.raises(SidecarctlError) as caught, running(text, ready_s=0.3):
            pytest.fail("it must not become ready")
    assert str(caught.value).startswith("Envoy was not ready within 0.3 s")


def test_a_port_that_is_taken_by_another_program_ends_the_start():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SidecarctlError) as caught, running(_answering(port)):
            pytest.fail("it must not start")
    assert "Address already in use" in str(caught.value)


def test_the_child_sees_none_of_our_environment(monkeypatch):
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    with running(_answering(free_port()), environment={"POD_NAME": "p"}) as envoy:
        seen = Path(f"/proc/{envoy.pid}/environ").read_bytes()
    assert seen == b"POD_NAME=p\0"


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is missing")
def test_a_child_does_not_outlive_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from sidecarctl.envoy.binary import running\n"
        "with running(sys.stdin.read()) as envoy:\n"
        "    print(envoy.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    ) as parent:
        parent.stdin.write(_answering(free_port()))
        parent.stdin.close()
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        eventually(lambda: not Path(f"/proc/{child}").exists())
