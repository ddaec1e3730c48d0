"""`sidecarctl advise`: what goes where, and what the shell sees."""

import json

import pytest

SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
        - name: agent
          image: datadog/agent:7
          restartPolicy: Always
          resources: {requests: {cpu: 200m, memory: 256Mi}}
      containers:
        - name: shop
          image: shop:1
          resources: {requests: {cpu: 500m, memory: 256Mi}}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      initContainers:
        - name: istio-proxy
          image: istio/proxyv2:1.30
          restartPolicy: Always
          resources: {requests: {cpu: 100m, memory: 128Mi}}
      containers: [{name: work, image: work:1}]
"""


def test_an_agent_belongs_on_the_node(run, folder):
    (folder / "shop.yaml").write_text(SHOP)
    done = run("advise", "shop.yaml")
    assert (done.code, done.err) == (
        0,
        "1 sidecar in 4 pods · 1 better done another way · assumed 10 of these pods a node · "
        "target Kubernetes 1.33\n",
    )
    assert (
        done.out
        == """\
SIDECAR         COUNT   CPU    MEMORY   BETTER AS    WHICH WOULD ASK
datadog-agent   4       800m   1Gi      node agent   200m cpu, 256Mi memory on 1 node
together 800m cpu, 1Gi memory: 40% of the cpu of the apps, 100% of the memory of the apps

datadog-agent: node agent  Deployment/shop  shop.yaml:11:11
  it takes metrics, traces or logs, as one agent on the node would
    https://kubernetes.io/docs/concepts/cluster-administration/logging/#cluster-level-logging-architectures
  10 sidecars on a node ask 2 cpu and 2560Mi memory, \
one agent of their size 200m cpu and 256Mi memory
    https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
  unless: nodes take no DaemonSet, as on Fargate or Virtual Kubelet (--no-node-agents)
  unless: it reads log files inside the pod, or each tenant has credentials of its own

Deployment/shop  shop.yaml:2:1
  its sidecars ask 256Mi memory, 100% of the 256Mi of its app
    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
"""
    )


@pytest.mark.parametrize(
    ("options", "instead"),
    [
        ((), "node proxy"),
        (("--pods-per-node", 3), "sidecar"),
        (("--no-node-agents",), "sidecar"),
        (("--languages", 1), "library"),
        (("--languages", 1, "--few-services", 0), "node proxy"),
        (("--assume", "work.run=2s"), "leave it out"),
        (("--assume", "work.run=10m"), "node proxy"),
        (("--assume", "work.run=2s", "--job-factor", "0.1"), "node proxy"),
    ],
)
def test_the_answer_follows_the_options(run, folder, options, instead):
    done = run("advise", "-", "--format", "json", *options, stdin=JOB)
    report = json.loads(done.out)
    assert done.code == 0
    assert [each["instead"] for each in report["advice"]] == [instead]
    assert report["sidecars"] == {"cpuMilli": 200, "memoryBytes": 2 * 128 * 2**20}


@pytest.mark.parametrize(
    "where",
    [
        "nodeSelector: {eks.amazonaws.com/compute-type: fargate}",
        "tolerations: [{key: virtual-kubelet.io/provider}]",
    ],
)
def test_nodes_that_take_no_agents_are_known(run, folder, where):
    text = SHOP.replace("      initContainers:", f"      {where}\n      initContainers:")
    done = run("advise", "-", "--format", "json", stdin=text)
    assert [each["instead"] for each in json.loads(done.out)["advice"]] == ["sidecar"]


def test_remarks_on_a_job_and_on_an_old_kubelet(run, folder):
    texts = {
        version: [
            each["text"]
            for each in json.loads(
                run(
                    "advise", "-", "--format", "json", "--kubernetes-version", version, stdin=JOB
                ).out
            )["remarks"]
        ]
        for version in ("1.33", "1.28")
    }
    said = "its sidecars add 3.5 s to each run: worth it from 17.5 s of work on"
    assert texts["1.33"] == [said]
    assert texts["1.28"] == [
        "on Kubernetes 1.28 a sidecar keeps it from ending: native ones come with 1.29",
        said,
    ]


def test_what_a_profile_would_cost(run, folder):
    (folder / "shop.yaml").write_text(
        SHOP.replace("image: shop:1", "image: shop:1\n          ports: [{containerPort: 80}]")
    )
    done = run("advise", "shop.yaml", "-p", "default", "--format", "json")
    report = json.loads(done.out)
    assert report["profile"] == "default"
    assert [each["container"] for each in report["advice"]] == ["envoy", "agent"]
    assert report["sidecars"]["cpuMilli"] == 4 * (100 + 200)


BARE = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {containers: [{name: a}]}\n"


def test_what_the_api_server_refuses_is_not_judged(run):
    done = run("advise", "-", stdin=BARE)
    assert done.code == 2
    assert done.out == (
        "Pod/bare  refused by the API server: stdin:4:21: container 'a' needs an image\n"
    )
    assert "0 sidecars in 0 pods" in done.err
    assert "1 refused" in done.err
    (fault,) = json.loads(run("advise", "-", "--format", "json", stdin=BARE).out)["faults"]
    assert (fault["object"], fault["location"]["line"]) == ("Pod/bare", 4)


def test_nothing_to_judge(run, folder):
    done = run("advise", "-", stdin=BARE.replace("{name: a}", "{name: a, image: x}"))
    assert (done.code, done.out) == (0, "")
    assert done.err == (
        "0 sidecars in 1 pod · none better done another way · assumed 10 of these pods a node · "
        "target Kubernetes 1.33\n"
    )


def test_a_threshold_that_is_none(run, folder):
    done = run("advise", "-", "--pods-per-node", "0", stdin=SHOP)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: invalid value for '--pods-per-node': ")
