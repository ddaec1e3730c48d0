"""`sidecarctl simulate`: what goes where, and what the shell sees."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "simulate"

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - name: migrate
      image: shop:1
      args: ["--database=postgres://localhost:5432"]
  containers:
    - name: shop
      image: shop:1
    - name: sql
      image: cloud-sql-proxy
      ports: [{containerPort: 5432}]
"""
GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
        - name: sql
          image: cloud-sql-proxy
          restartPolicy: Always
          startupProbe: {tcpSocket: {port: 5432}, periodSeconds: 1, failureThreshold: 60}
      containers:
        - name: shop
          image: shop:1
          env: [{name: DB, value: "postgres://localhost:5432"}]
"""


def test_a_start_and_a_deletion(run, folder):
    (folder / "shop.yaml").write_text(GOOD)
    done = run("simulate", "shop.yaml", "--assume", "*.pull=0s", "--assume", "shop.start=8s")
    assert (done.code, done.err) == (0, "1 pod · no hazard · target Kubernetes 1.33\n")
    assert (
        done.out
        == """\
Deployment/shop  shop.yaml:2:1

  start: Ready after 2.5s  expected; best 0s, worst 13s
                0s              2s             4s              6s              8s             10s
  sql  sidecar  ░░░░░░░░▒▒▒▒┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  shop  app                 ┗╌╌╌░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░━━━━
                                    ◆ Ready 2.5s

  deletion: gone after 2s, with a grace period of 30s  expected; best 0s, worst 20s
                0s                  0.5s               1s                  1.5s               2s
  sql  sidecar  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┏▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂
  shop  app     ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂┛

  ░░ starts   ▒▒ waits for its startupProbe   ━━ runs   ▂▂ stops   ┳┗ lets the other go on
  assumed: the kubelet acts within 0.5s; a probe sees a success after 50% of its period
    sql: pull 0s as told, start 1s (0s to 10s), exit 1s (0s to 10s)
    shop: pull 0s as told, start 8s as told, exit 1s (0s to 10s)
"""
    )


def test_hazards_have_places_and_cures(run, folder):
    (folder / "shop.yaml").write_text(POD)
    done = run("simulate", "shop.yaml", "--scenario", "start")
    assert done.code == 0
    head, _, below = done.out.partition("  error: ")
    assert (
        head
        == """\
Pod/shop  shop.yaml:2:1

  start: never Ready: 'migrate' waits for what starts only after it  expected
                 0s            0.5s         1s            1.5s          2s           2.5s
  migrate  init  ·······················································××××××××××××××××××××××××××
  shop  app      never starts
  sql  app       never starts
  that apps start one after the other is how the kubelet is built, not a promise

  ·· pulls its image   ×× stuck
  assumed: the kubelet acts within 0.5s; a probe sees a success after 50% of its period
    migrate: pull 2s (0s to 30s), run 2s (0s to 60s)
    shop: pull 2s (0s to 30s), start 1s (0s to 10s)
    sql: pull 2s (0s to 30s), start 1s (0s to 10s)

"""
    )
    assert (
        below
        == """\
shop.yaml:8:14: 'migrate' needs port 5432 of 'sql' to finish, and 'sql' starts only after that: \
the pod never starts [deadlock]
    see shop.yaml:12:7: 'sql' is listed here
    cure: move 'sql' to initContainers[0] with restartPolicy: Always and a startupProbe
"""
    )
    assert done.err == "1 pod · 1 error · target Kubernetes 1.33\n"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("info", 1), ("error", 1)])
@pytest.mark.parametrize("form", ["text", "json", "svg"])
def test_the_code_tells_the_worst_hazard_if_asked_to(run, folder, form, fail_on, code):
    (folder / "shop.yaml").write_text(POD)
    assert run("simulate", "shop.yaml", "--format", form, "--fail-on", fail_on).code == code
    (folder / "shop.yaml").write_text(GOOD)
    assert run("simulate", "shop.yaml", "--format", form, "--fail-on", fail_on).code == 0


def test_a_pod_that_the_api_server_would_refuse_is_not_simulated(run, folder):
    (folder / "shop.yaml").write_text(
        GOOD + "---\n" + POD.replace("name: sql", "name: shop").replace("{name: shop}", "{name: b}")
    )
    done = run("simulate", "shop.yaml", "--scenario", "start")
    assert done.code == 2
    assert done.out.partition("\nPod/b")[2] == (
        "  shop.yaml:20:1\n"
        "  refused by the API server: shop.yaml:30:13: "
        "another container of this pod is named 'shop'\n"
    )
    assert done.err == "2 pods · no hazard · 1 refused · target Kubernetes 1.33\n"


def test_before_and_after_an_injection(run, folder):
    (folder / "shop.yaml").write_text(
        GOOD.replace("image: shop:1", "image: shop:1\n          ports: [{containerPort: 8080}]")
    )
    done = run("simulate", "shop.yaml", "-p", "default", "--scenario", "deletion")
    assert (done.code, done.err) == (
        0,
        "1 pod · no hazard · target Kubernetes 1.33 · profile default\n",
    )
    lines = done.out.splitlines()
    assert [line for line in lines if line.startswith("Deployment")] == [
        "Deployment/shop  as given  shop.yaml:2:1",
        "Deployment/shop  injected  shop.yaml (injected):2:1",
    ]
    assert [line.split()[:2] for line in lines if " sidecar  " in line] == [
        ["sql", "sidecar"], ["envoy", "sidecar"], ["sql", "sidecar"],
    ]  # fmt: skip


def test_an_injection_that_is_refused_is_an_error(run, folder):
    (folder / "shop.yaml").write_text(
        GOOD.replace("    spec:\n", "    spec:\n      hostNetwork: true\n")
    )
    done = run("simulate", "shop.yaml", "-p", "default")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: shop.yaml:9:7: Deployment/shop: its pods use the node's network, where a proxy "
        "would take the node's ports\n"
        '  hint: leave it out with the annotation sidecarctl.dev/inject: "false"\n'
    )


def test_a_workload_that_the_profile_leaves_alone_says_why(run, folder):
    (folder / "shop.yaml").write_text(
        GOOD.replace(
            "labels: {app: shop}}",
            'labels: {app: shop}, annotations: {sidecarctl.dev/inject: "false"}}',
        )
    )
    done = run("simulate", "shop.yaml", "-p", "default", "--scenario", "start")
    assert (
        'note: nothing is injected: it has the annotation sidecarctl.dev/inject: "false"'
        in done.out
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--assume", "shop"],
         "error: 'shop' is no assumption such as 'app.start=8s'\n"
         "  hint: write CONTAINER.FIELD=SECONDS; "
         "fields: pull, start, run, postStart, preStop, exit\n"),
        (["--assume", "web.start=1s"],
         "error: no pod has a container 'web'\n  hint: there are shop, sql\n"),
        (["--scenario", "app-crash", "--victim", "web"],
         "error: no pod has a container 'web'\n  hint: there are shop, sql\n"),
        (["--scenario", "reboot"],
         "error: there is no scenario 'reboot'\n  hint: known here: app-crash, deletion, "
         "deletion-during-init, hard-eviction, job, liveness-kill, node-shutdown, "
             "rolling-update, sidecar-crash, spot-reclaim, start\n"),
        (["--scenario", "rolling-updates"],
         "error: there is no scenario 'rolling-updates'\n  hint: did you mean 'rolling-update'?\n"),
        (["--kubernetes-version", "new"],
         "error: 'new' is no Kubernetes version\n  hint: write it like \"1.33\" or \"v1.33.2\"\n"),
        (["--format", "png"],
         "error: invalid value for '--format': 'png' is not one of 'text', 'json', 'svg'\n"
         "  hint: sidecarctl simulate --help\n"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing(run, folder, options, message):
    (folder / "shop.yaml").write_text(GOOD)
    done = run("simulate", "shop.yaml", *options)
    assert (done.code, done.out, done.err) == (2, "", message)


def test_scenarios_that_a_pod_does_not_have_are_said(run, folder):
    (folder / "shop.yaml").write_text(POD)
    options = [word for name in ("rolling-update", "job") for word in ("--scenario", name)]
    done = run("simulate", "shop.yaml", *options, "--format", "json")
    (pod,) = json.loads(done.out)["pods"]
    assert pod["scenarios"] == []
    assert pod["remarks"] == [
        "no rolling update: nothing replaces the pods of a Pod",
        "no job: the pods of a Pod are not there to end",
    ]


def test_from_standard_input_to_a_file(run, folder):
    done = run("simulate", "-", "--format", "svg", "-o", "out.svg", stdin=GOOD)
    assert (done.code, done.out) == (0, "")
    assert (folder / "out.svg").read_text().startswith("<svg xmlns=")
    done = run("simulate", "-", "-o", ".", stdin=GOOD)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: cannot write '.': it is no regular file\n"


def test_the_input_is_not_overwritten(run, folder):
    (folder / "shop.yaml").write_text(GOOD)
    done = run("simulate", "shop.yaml", "-o", "./shop.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: 'shop.yaml' is input and would be overwritten\n  hint: name another file\n"
    )
    assert (folder / "shop.yaml").read_text() == GOOD


def test_nothing_to_simulate(run, folder):
    done = run("simulate", "-", stdin="apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    assert (done.code, done.out) == (0, "")
    assert done.err == "0 pods · no hazard · target Kubernetes 1.33\n"


def test_the_drawing_of_the_example_is_up_to_date(run, monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    done = run("simulate", "deployment.yaml", "--format", "svg")
    assert done.out == (EXAMPLE / "timeline.svg").read_text(encoding="utf-8")
