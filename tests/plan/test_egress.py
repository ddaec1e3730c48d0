"""Callers: what is rewired, what stays plaintext, and who is told."""

from plan.deciding import changes, codes, decide, deployment, refusal, service

STOCK = (
    deployment("stock", ports="[{containerPort: 7070}]", pod="serviceAccountName: keeper\n",
               container="readinessProbe: {grpc: {port: 7070}}"),
    service("stock", ports="[{port: 7070}]"),
)  # fmt: skip


def caller(*environment, ports="[]", **options):
    lines = "\n".join(f"- {{name: {name}, value: '{value}'}}" for name, value in environment)
    return deployment("front", ports=ports, container=f"env:\n{lines}\n", **options)


def injection_of(decided, name):
    (found,) = [each for each in decided.injections if each.candidate.workload.name == name]
    return found


def test_a_caller_without_ports_gets_the_outbound_part_and_is_rewired():
    decided = decide(caller(("STOCK_ADDR", "stock:7070"), ("COLOUR", "blue")), *STOCK)
    front = injection_of(decided, "front")
    (listener,) = front.proxy.listeners
    assert (listener.name, listener.address, listener.port) == (
        "egress-stock-7070",
        "127.0.0.1",
        10100,
    )
    assert (listener.target_host, listener.target_port) == ("stock", 7070)
    assert (listener.protocol, listener.tls) == ("grpc", "strict")
    assert listener.sans == ("spiffe://cluster.local/ns/default/sa/keeper",)
    assert listener.sni == "stock.default.svc.cluster.local"
    assert changes(front) == {
        "Deployment/front:spec.template.spec.containers.0.env.0.value": "127.0.0.1:10100"
    }


def test_a_url_keeps_everything_but_its_address_and_two_variables_share_a_listener():
    decided = decide(
        caller(("A", "http://me:word@stock:7070/v1?x=stock"), ("B", "stock.default.svc:7070")),
        *STOCK,
    )
    front = injection_of(decided, "front")
    assert len(front.proxy.listeners) == 1
    assert list(changes(front).values()) == [
        "http://me:word@127.0.0.1:10100/v1?x=stock",
        "127.0.0.1:10100",
    ]


def test_a_workload_that_names_itself_is_not_rewired():
    stock, its_service = STOCK
    own = stock.replace(
        "readinessProbe", "env: [{name: PUBLIC, value: 'stock:7070'}]\n        readinessProbe"
    )
    decided = decide(own, its_service)
    assert [each for each in changes(injection_of(decided, "stock")) if "env" in each] == []


def test_without_mtls_nothing_is_rewired():
    decided = decide(
        caller(("STOCK_ADDR", "stock:7070"), ports="[{containerPort: 8080}]"),
        *STOCK,
        profile="default",
    )
    assert [each for each in changes(injection_of(decided, "front")) if "env" in each] == []


def test_a_caller_that_cannot_be_rewired_is_refused_by_strict_and_named_otherwise():
    decided = decide(caller(("STOCK_HOST", "stock"), ports="[{containerPort: 8080}]"), *STOCK)
    code, message, _place = refusal(decided)
    assert (code, message) == (
        "caller-plaintext",
        "'stock' calls the strict Service 'stock' without mTLS: the variable holds the host alone, "
        "its port stands elsewhere",
    )
    told = decide(
        caller(("STOCK_HOST", "stock"), ports="[{containerPort: 8080}]"),
        *STOCK,
        sets=["concerns.egress.plaintextCallers=warn"],
    )
    assert "caller-plaintext" in codes(injection_of(told, "front").notes)


def test_a_caller_that_speaks_tls_itself_is_not_rewired():
    decided = decide(caller(("A", "https://stock:7070")), *STOCK)
    assert refusal(decided)[1].endswith("the application speaks TLS itself (https://)")


def test_a_caller_that_opted_out_is_refused_by_strict():
    opted_out = caller(("STOCK_ADDR", "stock:7070")).replace(
        "metadata: {name: front}",
        'metadata: {name: front, annotations: {sidecarctl.dev/inject: "false"}}',
    )
    assert refusal(decide(opted_out, *STOCK))[1].endswith("it gets no proxy")


def test_a_stated_dependency_gets_its_listener_on_the_port_it_names():
    decided = decide(
        deployment(),
        service(),
        sets=[
            "concerns.egress.dependencies=[{name: db, localPort: 5432, host: db.example.com, "
            "port: 5432, protocol: postgres}]"
        ],
    )
    (_, listener) = injection_of(decided, "shop").proxy.listeners
    assert (listener.name, listener.port, listener.protocol) == ("egress-db", 5432, "tcp")
    assert (listener.target_host, listener.values["name"]) == ("db.example.com", "db")


def test_a_dependency_on_a_port_that_the_pod_uses_is_refused():
    decided = decide(
        deployment(ports="[{containerPort: 5432}]"),
        service(ports="[{port: 5432}]"),
        sets=[
            "concerns.egress.dependencies=[{name: db, localPort: 5432, host: db, port: 5432, "
            "protocol: tcp}]"
        ],
    )
    assert refusal(decided)[:2] == (
        "port-clash",
        "egress dependency 'db' wants port 5432, which a container declares",
    )


def test_a_caller_inside_of_a_service_for_clients_outside_is_told_to_use_another():
    stock, its_service = STOCK
    decided = decide(
        caller(("STOCK_ADDR", "stock:7070")), stock, its_service + "  type: LoadBalancer\n"
    )
    (outcome,) = [each for each in decided.outcomes if each.status == "refused"]
    assert outcome.message.endswith("this Service is the plaintext entrance for external clients")
    assert outcome.hint.startswith("give callers inside a Service of their own")
