"""`prove` from the shell: what it reads, what it prints, how it ends, and that nothing is left."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "quickstart" / "deployment.yaml"
SEED = ROOT / "tests" / "prove" / "bootstraps" / "seed.yaml"
TINY = """\
static_resources:
  listeners:
  - name: in
    address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: tcp
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          stat_prefix: in
          cluster: app
          idle_timeout: 3600s
  clusters:
  - name: app
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}
"""


def _envoys(folder):
    """Return the pids of Envoys that run a configuration below *folder*."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(bytes(folder)) for word in words):
            found.add(int(process.name))
    return found


@pytest.fixture
def tmpdir_of_run():
    """A folder that runs make theirs in, so that what they leave is seen."""
    with tempfile.TemporaryDirectory(prefix="s-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "sidecarctl", "prove", *map(str, arguments)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _until(look, timeout_s=15.0):
    deadline = time.monotonic() + timeout_s
    while not look() and time.monotonic() < deadline:
        time.sleep(0.02)
    return look()


def test_strict_is_proved_whole(run):
    result = run("prove", "-p", "strict", SHOP)
    assert result.code == 0, result.out
    assert result.out.startswith("Deployment/shop\n")
    assert "✗" not in result.out
    assert result.err.startswith("1 workload: ")


def test_an_injected_manifest_is_proved_from_standard_input(run):
    injected = run("inject", SHOP).out
    result = run("prove", "-", "--concern", "metrics", "--concern", "accessLog", stdin=injected)
    assert result.code == 0
    words = [line.split()[1] for line in result.out.splitlines() if line.startswith("✓")]
    assert set(words) == {"accessLog", "metrics"}


def test_the_seed_s_mistakes_are_named(run):
    result = run("prove", SEED, "--concern", "mtls", "--concern", "rateLimit")
    assert result.code == 1
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    bad = [line for line in lines if line.startswith(("✗", "cause"))]
    certificate = (
        "cause: there is no validation context: whatever is shown is taken, and nothing, too"
    )
    limit = (
        "cause: filter_enabled and filter_enforced missing: "
        "Envoy takes that for 0 %, and limits nothing"
    )
    assert [
        line.rpartition(" ")[0].removesuffix(" 0.0") for line in bad if "no certificate" in line
    ]
    assert certificate in bad
    assert limit in bad
    assert lines[0] == "ConfigMap/payments-envoy"


def test_formats(run, folder):
    (folder / "tiny.yaml").write_text(TINY)
    result = run(
        "prove", "tiny.yaml", "--concern", "timeouts", "--format", "json",
        "--format", "junit:out.xml", "-v",
    )  # fmt: skip
    assert result.code == 0
    data = json.loads(result.out)
    assert data["summary"] | {"seconds": 0} == {
        "workloads": 1, "proved": 1, "failed": 0, "notProved": 0, "seconds": 0,
    }  # fmt: skip
    (row,) = data["rows"]
    assert row | {"seconds": 0, "seen": ""} == {
        "workload": "tiny.yaml",
        "concern": "timeouts",
        "verdict": "proved",
        "tried": "in: a quiet connection",
        "expected": "closed after 0.6 s",
        "seen": "",
        "cause": None,
        "seconds": 0,
        "log": [],
    }
    suite = ElementTree.parse("out.xml").getroot()
    assert suite.attrib["tests"] == "1"
    assert [case.attrib["name"] for case in suite.iter("testcase")] == ["in: a quiet connection"]
    assert "idle_timeout: 3600s -> 0.6s: an idle timer, scaled to a moment" in result.err


def test_what_cannot_be_exercised_is_named_and_counted(run, folder):
    (folder / "tiny.yaml").write_text(TINY.replace("3600s", "0s"))
    result = run("prove", "tiny.yaml", "--concern", "timeouts")
    assert result.code == 0
    assert (
        "-  timeouts  in: a quiet connection  not proved  idle_timeout is 0s: no limit"
        in result.out
    )
    assert result.err.startswith("1 workload: 1 not proved · ")


def test_keep_leaves_configurations_and_logs(tmpdir_of_run):
    done = _start(tmpdir_of_run, "--keep", "--concern", "accessControl", "-p", "strict", SHOP)
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0, out
    (line,) = [line for line in err.decode().splitlines() if line.startswith("kept: ")]
    kept = Path(line.removeprefix("kept: "))
    assert (kept / "0-accessControl-1" / "etc" / "envoy" / "bootstrap.yaml").exists()
    assert (kept / "0-accessControl-1" / "stderr").exists()


def test_a_profile_without_an_envoy_has_nothing_to_prove(run):
    result = run("prove", "-p", "istio", SHOP)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: the profile gives no workload an Envoy of its own to be proved\n"


def test_a_concern_that_was_asked_for_and_is_not_there_is_not_proved(run, folder):
    (folder / "tiny.yaml").write_text(TINY)
    result = run("prove", "tiny.yaml", "--concern", "tracing")
    assert result.code == 0
    assert "nothing of it is in the bootstrap" in result.out


BAD = {
    "no bootstrap": (
        ["deployment.yaml"], "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n",
        "error: there is no Envoy bootstrap in the input\n"
        "  hint: inject first, or let prove do it: prove -p strict FILES\n",
    ),
    "no such concern": (
        ["deployment.yaml", "--concern", "rateLimits"], TINY,
        "error: there is no proof of a concern 'rateLimits'\n  hint: did you mean 'rateLimit'?\n",
    ),
    "set without a profile": (
        ["deployment.yaml", "--set", "a=b"], TINY,
        "error: --set and --context are for what is injected first\n"
        "  hint: name a profile with -p\n",
    ),
    "an Envoy that ends at once": (
        ["deployment.yaml"], TINY.replace("stat_prefix: in", "stat_prefix: ''"),
        "error: deployment.yaml:1:1: Envoy ended at once: critical: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_error(run, folder, case):
    arguments, text, message = BAD[case]
    (folder / "deployment.yaml").write_text(text)
    result = run("prove", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(message)


MOUNTED = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
  - name: envoy
    args: [-c, /etc/envoy/envoy.yaml]
    volumeMounts: [{name: config, mountPath: /etc/envoy}, {name: certs, mountPath: /etc/certs}]
  volumes:
  - {name: config, configMap: {name: shop}}
  - {name: certs, secret: {secretName: shop}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  envoy.yaml: |
%s
---
apiVersion: v1
kind: Secret
metadata: {name: shop}
data: {tls.crt: YQ==}
"""


def test_a_bootstrap_that_is_no_yaml(run, folder):
    (folder / "pod.yaml").write_text(MOUNTED % "    static_resources: {")
    result = run("prove", "pod.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: pod.yaml:19:1: did not find expected node content\n"


def test_a_secret_that_lacks_a_key(run, folder):
    text = SEED.read_text().partition("envoy.yaml: |\n")[2]
    (folder / "pod.yaml").write_text(MOUNTED % text)
    result = run("prove", "pod.yaml")
    assert (result.code, result.out) == (2, "")
    at = f"pod.yaml:{(MOUNTED % text).splitlines().index('data: {tls.crt: YQ==}') + 1}:1"
    assert result.err == f"error: {at}: Secret/shop has no key 'tls.key', which envoy.yaml reads\n"


def test_without_the_extra_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr("sidecarctl.prove.extra._LIBRARIES", ("cryptography", "no_such_library"))
    result = run("prove", SEED)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: prove needs what is not installed: no_such_library\n"
        "  hint: pip install 'sidecarctl[envoy]'\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing(tmpdir_of_run, number):
    started = _start(tmpdir_of_run, "-p", "strict", SHOP)
    assert _until(lambda: len(_envoys(tmpdir_of_run)) >= 2)
    started.send_signal(number)
    out, err = started.communicate(timeout=15)
    assert (started.returncode, out) == (130, b""), err
    assert _envoys(tmpdir_of_run) == set()
    assert list(tmpdir_of_run.iterdir()) == []


def test_a_kill_leaves_no_envoy(tmpdir_of_run):
    started = _start(tmpdir_of_run, "-p", "strict", SHOP)
    assert _until(lambda: len(_envoys(tmpdir_of_run)) >= 2)
    started.kill()
    started.communicate(timeout=15)
    assert _until(lambda: not _envoys(tmpdir_of_run), 5.0)


def test_it_ends_at_the_timeout_and_says_what_did_not(tmpdir_of_run):
    began = time.monotonic()
    started = _start(tmpdir_of_run, "-p", "strict", SHOP, "--timeout", "3")
    out, _ = started.communicate(timeout=30)
    assert time.monotonic() - began < 25
    assert started.returncode == 1
    assert "--timeout is over" in out.decode()
    assert _envoys(tmpdir_of_run) == set()


def test_without_the_extra_it_says_how_to_install_it(tmp_path):
    """Nothing may import its libraries before that is said."""
    code = (
        "import sys\nfor name in ('cryptography', 'h2'): sys.modules[name] = None\n"
        "from sidecarctl.cli.main import main\nmain(['prove', 'deployment.yaml'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: prove needs what is not installed: cryptography, h2\n"
        "  hint: pip install 'sidecarctl[envoy]'\n"
    )
