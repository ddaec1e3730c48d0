"""How traffic is led through the proxy, door by door."""

import pytest
from plan.deciding import changes, codes, decide, deployment, refusal, service, the_only

NAMED = "[{name: http, containerPort: 8080}]"
POD = "Deployment/shop:spec.template.spec.containers.0"


def listeners(injection):
    return [
        (each.name, each.port, each.target_port, each.protocol, each.tls)
        for each in injection.proxy.listeners
    ]


def test_where_a_service_aims_at_a_name_the_name_moves_and_the_service_stays():
    injection = the_only(
        decide(
            deployment(
                ports=NAMED,
                container="""
                livenessProbe: {httpGet: {path: /, port: http}}
                readinessProbe: {tcpSocket: {port: 8080}}
                lifecycle: {preStop: {httpGet: {path: /bye, port: http}}}
                """,
            ),
            service(ports="[{port: 80, targetPort: http}]"),
        )
    )
    assert injection.proxy.names == {10000: "http"}
    assert changes(injection) == {
        f"{POD}.ports.0.name": "app-http",
        f"{POD}.livenessProbe.httpGet.port": "app-http",
        f"{POD}.lifecycle.preStop.httpGet.port": "app-http",
    }


def test_where_a_service_aims_at_a_number_it_is_repointed_and_the_run_says_in_which_order():
    decided = decide(deployment(), service())
    injection = the_only(decided)
    assert listeners(injection) == [("inbound-8080", 10000, 8080, "http", "strict")]
    assert changes(injection) == {"Service/shop:spec.ports.0.targetPort": 10000}
    (note,) = [each for each in decided.notes if each.code == "service-repointed"]
    assert note.message == (
        "a Service aims at the proxy now, where pods of the old revision do not listen: shop"
    )
    assert note.hint.startswith("apply in two steps: --only workloads")


def test_a_service_without_target_port_aims_at_its_own_port():
    injection = the_only(decide(deployment(), service(ports="[{port: 8080}]")))
    assert changes(injection) == {"Service/shop:spec.ports.0.targetPort": 10000}


@pytest.mark.parametrize(("version", "moved"), [("1.31", {}), ("1.32", {10000: "http"})])
def test_a_name_moves_only_where_named_ports_of_native_sidecars_resolve(version, moved):
    injection = the_only(
        decide(
            deployment(ports=NAMED),
            service(ports="[{port: 80, targetPort: http}]"),
            kubernetes_version=version,
        )
    )
    assert injection.proxy.names == moved
    repointed = changes(injection).get("Service/shop:spec.ports.0.targetPort")
    assert repointed == (None if moved else 10000)


def test_ports_keep_clear_of_those_that_the_pod_declares():
    ports = "[{containerPort: 8080}, {containerPort: 10000}, {containerPort: 9902}]"
    injection = the_only(decide(deployment(ports=ports), service()))
    assert injection.proxy.ops_port == 9903
    assert [each.port for each in injection.proxy.listeners] == [10001, 10002, 10003]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (service(spec="clusterIP: None"), "service-headless"),
        (service("all", selector="shop") + "  type: LoadBalancer", None),
    ],
)
def test_a_headless_service_is_refused_under_strict_and_told_otherwise(document, code):
    decided = decide(deployment(), document)
    if code is None:
        assert codes(the_only(decided).notes).count("external-plaintext") == 1
        return
    assert refusal(decided)[0] == code
    assert code in codes(the_only(decide(deployment(), document, profile="default")).notes)


def test_a_host_port_is_refused_under_strict_and_told_otherwise():
    documents = deployment(ports="[{containerPort: 8080, hostPort: 80}]"), service()
    assert refusal(decide(*documents))[0] == "host-port"
    assert "host-port" in codes(the_only(decide(*documents, profile="default")).notes)


def test_an_external_service_gets_a_plaintext_listener_of_its_own():
    injection = the_only(
        decide(deployment(), service(), service("out", spec="type: LoadBalancer", selector="shop"))
    )
    assert listeners(injection) == [
        ("inbound-8080", 10000, 8080, "http", "strict"),
        ("external-8080", 10200, 8080, "http", "none"),
    ]
    assert changes(injection) == {
        "Service/shop:spec.ports.0.targetPort": 10000,
        "Service/out:spec.ports.0.targetPort": 10200,
    }


def test_an_external_service_is_refused_where_the_profile_says_so():
    decided = decide(
        deployment(), service(spec="type: NodePort"), sets=["concerns.mtls.external=refuse"]
    )
    assert refusal(decided)[0] == "service-external"


def test_a_service_behind_an_ingress_is_external():
    ingress = """
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: front}
    spec:
      defaultBackend: {service: {name: shop, port: {number: 80}}}
    """
    injection = the_only(decide(deployment(), service(), ingress))
    assert changes(injection) == {"Service/shop:spec.ports.0.targetPort": 10200}


def test_a_service_that_also_selects_others_is_refused_under_strict_and_left_otherwise():
    other = deployment("guest").replace("app: guest", "app: shop")
    other = other.replace("template:", "template:  # opted out").replace(
        "metadata: {labels: {app: shop}}",
        'metadata: {labels: {app: shop}, annotations: {sidecarctl.dev/inject: "false"}}',
    )
    decided = decide(deployment(), other, service())
    code, message, _place = refusal(decided)
    assert (code, message) == (
        "service-mixed",
        "Service 'shop' also selects 'guest', which gets no proxy",
    )
    injection = the_only(decide(deployment(), other, service(), profile="default"))
    assert changes(injection) == {}
    assert "service-mixed" in codes(injection.notes)


def test_two_workloads_that_want_one_service_to_aim_elsewhere_are_not_both_injected():
    second = deployment("second", ports="[{containerPort: 7000}, {containerPort: 8080}]")
    second = second.replace("app: second", "app: shop")
    assert refusal(decide(deployment(), second, service()))[0] == "service-disputed"


def test_without_a_service_the_user_is_told_which_target_port_to_set():
    (note,) = [n for n in the_only(decide(deployment())).notes if n.code == "no-service"]
    assert note.hint == "set targetPort to 10000 (for 8080), or show the Service with --context"


def test_a_service_that_is_only_looked_at_is_not_changed():
    injection = the_only(decide(deployment(), context=[service()]))
    assert changes(injection) == {}
    (note,) = [each for each in injection.notes if each.code == "service-in-context"]
    assert note.hint == "set its targetPort to 10000"


def test_udp_stays_and_a_port_that_only_the_service_names_is_proxied():
    injection = the_only(
        decide(
            deployment(ports="[{containerPort: 53, protocol: UDP}]"),
            service(ports="[{port: 80, targetPort: 3000, name: http}]"),
        )
    )
    assert listeners(injection) == [("inbound-3000", 10000, 3000, "http", "strict")]


POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop}
spec:
  podSelector: {matchLabels: {app: shop}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}]
"""


def test_a_network_policy_that_closes_the_proxy_off_is_named():
    injection = the_only(decide(deployment(), service(), POLICY))
    (note,) = [each for each in injection.notes if each.code == "network-policy"]
    assert note.message == (
        "NetworkPolicy 'shop' lets clients reach port 8080, not the proxy's 10000"
    )
    opened = POLICY.replace("[{port: 8080}]", "[{port: 8080}, {port: 10000}]")
    assert "network-policy" not in codes(the_only(decide(deployment(), service(), opened)).notes)


def test_a_network_policy_that_names_the_port_follows_it():
    injection = the_only(
        decide(
            deployment(ports=NAMED),
            service(ports="[{port: 80, targetPort: http}]"),
            POLICY.replace("port: 8080", "port: http"),
        )
    )
    assert "network-policy" not in codes(injection.notes)


def test_an_external_listener_that_no_rule_opens_is_named():
    documents = deployment(), service(spec="type: NodePort")
    only = 'concerns.accessControl.rules=[{from: ["spiffe://cluster.local/ns/default/sa/*"]}]'
    assert "external-closed" in codes(the_only(decide(*documents, sets=[only])).notes)
    assert "external-closed" not in codes(the_only(decide(*documents)).notes)


def test_a_service_over_ipv6_makes_the_proxy_listen_on_both_families():
    injection = the_only(decide(deployment(), service(spec="ipFamilies: [IPv6]")))
    assert injection.proxy.address == "::"
    assert {each.address for each in injection.proxy.listeners} == {"::"}
    assert "ip-family" in codes(injection.notes)
    assert the_only(decide(deployment(), service())).proxy.address == "0.0.0.0"
