"""Who is left out, and why."""

import pytest
from plan.deciding import codes, decide, deployment, refusal, the_only

from sidecarctl.errors import ProfileError

NATIVE_ISTIO = "{name: istio-proxy, image: docker.io/istio/proxyv2:1.31.0}"


def skipped(decided):
    (outcome,) = decided.outcomes
    assert outcome.status == "skipped"
    return outcome.code


@pytest.mark.parametrize("where", ["metadata: {name: shop", "metadata: {labels: {app: shop}"])
def test_opting_out_on_the_workload_or_on_its_pods(where):
    text = deployment().replace(where, where + ', annotations: {sidecarctl.dev/inject: "false"}')
    assert skipped(decide(text)) == "opted-out"


def test_a_workload_that_the_profile_does_not_select_is_skipped():
    assert skipped(decide(deployment(), sets=["selector.kinds=[StatefulSet]"])) == "not-selected"


def test_a_workload_without_ports_and_calls_has_nothing_to_do_for_a_proxy():
    assert skipped(decide(deployment(ports="[]"), profile="default")) == "nothing-to-do"


@pytest.mark.parametrize(
    ("pod", "code"),
    [
        ("hostNetwork: true", "host-network"),
        ("os: {name: windows}", "windows"),
        (f"initContainers: [{NATIVE_ISTIO}]", "foreign-proxy"),
        (
            "initContainers: [{name: proxy, image: cr.l5d.io/linkerd/proxy:edge-26.5.2}]",
            "foreign-proxy",
        ),
    ],
)
def test_what_stands_against_any_proxy(pod, code):
    decided = decide(deployment(pod=pod + "\n"))
    assert refusal(decided)[0] == code
    assert refusal(decided)[2].startswith("input.yaml:")


def test_an_agent_needs_no_network_of_its_own():
    assert the_only(decide(deployment(pod="hostNetwork: true\n"), profile="datadog")).sidecars == (
        "datadog",
    )


def test_a_pod_that_istio_will_inject_gets_no_second_proxy():
    labelled = deployment().replace(
        "labels: {app: shop}", 'labels: {app: shop, sidecar.istio.io/inject: "true"}'
    )
    assert refusal(decide(labelled))[0] == "foreign-proxy"
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: %s}}"
    namespace %= "{istio-injection: enabled}"
    assert refusal(decide(deployment(), namespace))[0] == "foreign-proxy"


def test_a_mesh_s_own_opt_out_binds_that_mesh_alone():
    text = deployment().replace(
        "labels: {app: shop}", 'labels: {app: shop, sidecar.istio.io/inject: "false"}'
    )
    assert skipped(decide(text, profile="istio")) == "mesh-opted-out"
    assert the_only(decide(text, profile="default"))


JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: app, image: "once:1.0.0", ports: [{containerPort: 8080}]}]
"""


def test_a_job_is_refused_where_its_sidecar_would_never_end():
    assert refusal(decide(JOB, kubernetes_version="1.28"))[0] == "job-needs-native"
    assert the_only(decide(JOB)).candidate.native


def test_a_kind_by_another_group_is_not_the_kind_that_it_is_called():
    knative = """
    apiVersion: serving.knative.dev/v1
    kind: Service
    metadata: {name: quick}
    spec: {template: {spec: {containers: [{image: "quick:1.0.0"}]}}}
    """
    assert skipped(decide(knative)) == "unsupported-kind"


def test_a_concern_that_the_proxy_lacks_is_refused_or_told_as_the_profile_says():
    with pytest.raises(ProfileError, match="istio has no 'rateLimit'"):
        decide(
            deployment(),
            profile="istio",
            sets=["concerns.rateLimit={perInstance: {requests: 1, per: 1s}}"],
        )
    told = decide(
        deployment(),
        profile="istio",
        sets=[
            "concerns.rateLimit={perInstance: {requests: 1, per: 1s}}",
            "onUnsupported=warn",
        ],
    )
    assert codes(the_only(told).notes) == ["concern-unsupported"]


def test_access_control_without_identities_is_refused():
    with pytest.raises(ProfileError, match="accessControl needs mtls, which is off"):
        decide(
            deployment(),
            profile="default",
            sets=["concerns.accessControl={rules: [{paths: [/a]}]}"],
        )


def test_a_uid_that_is_the_proxy_s_is_refused_only_where_processes_are_shared():
    user = "securityContext: {runAsUser: 65532}\n"
    assert the_only(decide(deployment(pod=user)))
    shared = decide(deployment(pod=user + "shareProcessNamespace: true\n"))
    assert refusal(shared)[:2] == (
        "uid-clash",
        "'app' runs as 65532 like the proxy and, as the pod shares its processes, could read the "
        "proxy's keys",
    )
