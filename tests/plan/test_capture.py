"""Transparent interception: what stays as it is, and whom it is refused for."""

import pytest
from plan.deciding import changes, codes, decide, deployment, refusal, service, the_only

ON = "concerns.interception.mode=transparent"
OUTSIDE = "type: LoadBalancer\n"


def captured(*documents, sets=(), **options):
    return decide(*documents, sets=[ON, *sets], **options)


def test_services_and_names_stay_and_ports_are_redirected_to_listeners():
    ports = "[{name: http, containerPort: 8080}, {name: grpc, containerPort: 9090}]"
    injection = the_only(captured(deployment(ports=ports), service(), profile="default"))
    assert not [each for each in changes(injection) if each.startswith("Service/")]
    assert dict(injection.proxy.capture.redirects) == {8080: 10000, 9090: 10001}
    assert injection.proxy.capture.port == 10400
    assert injection.proxy.names == {}
    assert injection.sidecars == ("envoy",)


def test_what_is_refused_explicitly_is_not_where_all_is_captured():
    headless = service(spec="clusterIP: None\n")
    host_port = deployment(ports="[{containerPort: 8080, hostPort: 8080}]")
    assert refusal(decide(deployment(), headless))[0] == "service-headless"
    assert refusal(decide(host_port, service()))[0] == "host-port"
    injection = the_only(captured(host_port, headless))
    assert not {"app-port-open", "service-headless", "host-port"} & set(codes(injection.notes))


def test_a_service_for_clients_from_outside_gets_its_plaintext_listener():
    injection = the_only(
        captured(deployment(), service(), service("web", spec=OUTSIDE, selector="shop"))
    )
    assert changes(injection)["Service/web:spec.ports.0.targetPort"] == 10200
    assert "Service/shop:spec.ports.0.targetPort" not in changes(injection)


def test_a_service_that_leads_to_others_as_well_is_refused_under_strict_tls():
    both = service(selector="shop")
    other = deployment("old").replace("app: old", "app: shop")
    other = other.replace(
        "metadata: {name: old}",
        'metadata: {name: old, annotations: {sidecarctl.dev/inject: "false"}}',
    )
    assert refusal(captured(deployment(), other, both))[0] == "service-mixed"


def test_probes_go_through_ops_but_for_those_that_only_connect():
    container = """
    livenessProbe: {tcpSocket: {port: 8080}}
    readinessProbe: {httpGet: {path: /ok, port: 8080}}
    startupProbe: {exec: {command: [/ok]}}
    """
    injection = the_only(captured(deployment(container=container), service()))
    moved = [each for each in changes(injection) if "Probe" in each]
    assert moved == ["Deployment/shop:spec.template.spec.containers.0.readinessProbe.httpGet"]


def test_probes_of_an_excluded_port_stay_and_it_gets_no_listener():
    sets = ["concerns.interception.exclude.inboundPorts=[8080]"]
    container = "readinessProbe: {httpGet: {path: /ok, port: 8080}}\n"
    injection = the_only(captured(deployment(container=container), service(), sets=sets))
    assert changes(injection) == {}
    assert [each.name for each in injection.proxy.listeners] == ["capture"]


def test_a_probe_by_tls_is_refused_where_tls_is_demanded():
    container = "readinessProbe: {httpGet: {path: /ok, port: 8080, scheme: HTTPS}}\n"
    assert refusal(captured(deployment(container=container), service()))[0] == "probe-on-loopback"
    the_only(captured(deployment(container=container), service(), profile="default"))


def test_a_workload_that_neither_listens_nor_calls_is_captured_all_the_same():
    injection = the_only(captured(deployment(ports="[]"), profile="default"))
    assert [each.name for each in injection.proxy.listeners] == ["capture"]


def test_agents_come_after_the_proxy():
    sets = ["agents=[datadog]", "sidecars.datadog.apiKeySecret={name: dd, key: api-key}"]
    injection = the_only(captured(deployment(), service(), sets=sets, profile="default"))
    assert injection.sidecars == ("envoy", "datadog")


@pytest.mark.parametrize(
    ("pod", "container"),
    [("securityContext: {runAsUser: 65532}\n", ""), ("", "securityContext: {runAsUser: 65532}\n")],
    ids=["pod", "container"],
)
def test_a_container_with_the_proxys_uid_is_refused(pod, container):
    workload = deployment(pod=pod, container=container)
    code, message, _ = refusal(captured(workload, service()))
    assert code == "uid-clash"
    assert message.endswith("runs as 65532 like the proxy: its connections would not be redirected")
    the_only(captured(workload, service(), sets=["sidecars.envoy.runAsUser=1337"]))
    the_only(decide(workload, service()))


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_a_namespace_that_forbids_its_capabilities_is_refused(level):
    labels = f"{{pod-security.kubernetes.io/enforce: {level}}}"
    namespace = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {labels}}}\n"
    code, message, place = refusal(captured(namespace, deployment(), service()))
    assert code == "pod-security"
    assert f"Pod Security {level!r}" in message
    assert place.startswith("input.yaml:3:")


@pytest.mark.parametrize(
    ("pod", "code"),
    [
        ("hostNetwork: true\n", "host-network"),
        ("os: {name: windows}\n", "windows"),
        (
            "initContainers: [{name: linkerd-proxy, image: cr.l5d.io/linkerd/proxy:edge}]\n",
            "foreign-proxy",
        ),
        ("initContainers: [{name: istio-proxy, image: istio/proxyv2:1.27.0}]\n", "foreign-proxy"),
        (
            "initContainers: [{name: istio-init, image: registry.example.com/x:1}]\n",
            "foreign-proxy",
        ),
    ],
    ids=["host network", "windows", "linkerd", "istio", "another redirect"],
)
def test_where_it_cannot_be_it_is_refused_by_name(pod, code):
    assert refusal(captured(deployment(pod=pod), service()))[0] == code


def test_where_linkerd_will_inject_it_is_refused():
    annotations = "{linkerd.io/inject: enabled}"
    namespace = "apiVersion: v1\nkind: Namespace\n"
    namespace += f"metadata: {{name: default, annotations: {annotations}}}\n"
    code, message, _ = refusal(captured(namespace, deployment(), service()))
    assert (code, "Linkerd" in message) == ("foreign-proxy", True)


def test_before_native_sidecars_every_init_container_is_named():
    pod = "initContainers: [{name: migrate, image: migrate:1}]\n"
    injection = the_only(
        captured(deployment(pod=pod), service(), profile="default", kubernetes_version="1.28")
    )
    assert "init-without-network" in codes(injection.notes)
    native = the_only(captured(deployment(pod=pod), service(), profile="default"))
    assert "init-without-network" not in codes(native.notes)


def test_explicit_changes_nothing():
    sets = ["concerns.interception={}"]
    ours, plain = (the_only(decide(deployment(), service(), sets=s)) for s in (sets, []))
    assert changes(ours) == changes(plain)
    assert ours.proxy == plain.proxy
