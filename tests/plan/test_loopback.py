"""An application bound to loopback: its probes go through the proxy."""

from plan.deciding import changes, codes, decide, deployment, refusal, service, the_only

BIND = ['sidecars.envoy.bind={env: {HOST: "127.0.0.1"}, args: ["--local"]}']
APP = "Deployment/shop:spec.template.spec.containers.0"


def test_the_app_is_told_to_listen_on_loopback_and_probed_through_ops():
    container = """
    env: [{name: HOST, value: 0.0.0.0}]
    livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 7}
    startupProbe: {exec: {command: [/ok]}}
    """
    injection = the_only(decide(deployment(container=container), service(), sets=BIND))
    found = changes(injection)
    assert found[f"{APP}.env.0"] == {"name": "HOST", "value": "127.0.0.1"}
    assert found[f"{APP}.args.0"] == "--local"
    assert found[f"{APP}.livenessProbe.httpGet"] == {
        "path": "/app-probe/app/liveness",
        "port": 9902,
    }
    (probe,) = injection.proxy.probes
    assert (probe.kind, probe.app_port, probe.path, probe.served_path) == (
        "http", 8080, "/live", "/app-probe/app/liveness")  # fmt: skip
    assert f"{APP}.startupProbe.exec" not in found
    assert "app-port-open" not in codes(injection.notes)


def test_each_grpc_probe_gets_a_port_of_its_own():
    container = (
        "livenessProbe: {grpc: {port: 8080}}\nreadinessProbe: {grpc: {port: 8080, service: shop}}\n"
    )
    injection = the_only(decide(deployment(container=container), service(), sets=BIND))
    found = changes(injection)
    liveness, readiness = found[f"{APP}.livenessProbe.grpc"], found[f"{APP}.readinessProbe.grpc"]
    assert {liveness["port"], readiness["port"]} == {10300, 10301}
    assert readiness["service"] == "shop"
    assert {probe.port for probe in injection.proxy.probes} == {10300, 10301}


def test_a_tcp_probe_of_an_app_on_loopback_is_refused():
    decided = decide(
        deployment(container="livenessProbe: {tcpSocket: {port: 8080}}\n"), service(), sets=BIND
    )
    assert refusal(decided)[0] == "probe-on-loopback"


def test_without_bind_and_network_policy_strict_says_that_mtls_can_be_walked_around():
    assert "app-port-open" in codes(the_only(decide(deployment(), service())).notes)
    closed = decide(deployment(), service(), sets=["sidecars.envoy.networkPolicy=true"])
    assert "app-port-open" not in codes(the_only(closed).notes)
