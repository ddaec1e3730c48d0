"""Services, routes, autoscalers and limits are read as the API server reads them."""

from textwrap import dedent

from sidecarctl.manifest.document import Document, parse
from sidecarctl.manifest.objects import (
    Backend,
    Metric,
    ServicePort,
    autoscaler,
    backends,
    limit_range,
    service,
)


def document(text: str) -> Document:
    (found,) = parse(dedent(text), "any.yaml").documents
    return found


def test_a_service():
    found = service(
        document("""\
            apiVersion: v1
            kind: Service
            metadata: {name: shop, namespace: prod}
            spec:
              type: NodePort
              clusterIP: None
              ipFamilies: [IPv6]
              selector: {app: shop, bad: 1}
              ports:
              - {name: web, port: 80, targetPort: http, appProtocol: http, nodePort: 30080}
              - {port: 53, targetPort: 5353, protocol: UDP}
              - {port: 9, targetPort: 0}
              - {port: "80"}
              - text
        """)
    )
    path = ("spec", "ports")
    assert (found.name, found.namespace, found.type) == ("shop", "prod", "NodePort")
    assert (found.headless, found.selector, found.ip_families) == (True, {"app": "shop"}, ("IPv6",))
    assert found.ports() == (
        ServicePort((*path, 0), "web", 80, "http", True, "http", "TCP", node_port=30080),
        ServicePort((*path, 1), "", 53, 5353, True, "", "UDP"),
        ServicePort((*path, 2), "", 9, 9, False, "", "TCP"),
    )


def test_a_service_that_says_nothing():
    found = service(document("apiVersion: v1\nkind: Service\nspec: text\n"))
    assert (found.type, found.headless, found.selector, found.ports()) == (
        "ClusterIP",
        False,
        {},
        (),
    )


def test_a_knative_service_is_none():
    assert service(document("apiVersion: serving.knative.dev/v1\nkind: Service\n")) is None


def test_an_autoscaler():
    found = autoscaler(
        document("""\
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
              metrics:
              - type: Resource
                resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
              - type: ContainerResource
                containerResource: {name: memory, container: app, target: {type: AverageValue}}
              - type: Pods
                pods: {metric: {name: requests}}
        """)
    )
    assert (found.target_group, found.target_kind, found.target_name) == (
        "apps", "Deployment", "shop",
    )  # fmt: skip
    assert found.metrics == (
        Metric(("spec", "metrics", 0), "Resource", "cpu", "", "Utilization"),
        Metric(("spec", "metrics", 1), "ContainerResource", "memory", "app", "AverageValue"),
        Metric(("spec", "metrics", 2), "Pods", "", "", ""),
    )
    assert found.metric_types == {"Resource", "ContainerResource", "Pods"}


def test_an_autoscaler_of_version_1():
    found = autoscaler(
        document("""\
            apiVersion: autoscaling/v1
            kind: HorizontalPodAutoscaler
            spec: {targetCPUUtilizationPercentage: 50}
        """)
    )
    path = ("spec", "targetCPUUtilizationPercentage")
    assert found.metrics == (Metric(path, "Resource", "cpu", "", "Utilization"),)
    assert found.target_kind == ""


def test_the_backends_of_an_ingress():
    found = backends(
        document("""\
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            spec:
              defaultBackend: {service: {name: rest, port: {number: 80}}}
              rules:
              - http:
                  paths:
                  - {path: /, backend: {service: {name: shop, port: {name: http}}}}
                  - {path: /s3, backend: {resource: {kind: Bucket, name: b}}}
              - host: nothing
        """)
    )
    path = ("spec", "rules", 0, "http", "paths", 0, "backend", "service")
    assert found == (
        Backend(("spec", "defaultBackend", "service"), None, "rest", 80),
        Backend(path, None, "shop", "http"),
    )


def test_the_backends_of_an_old_ingress():
    found = backends(
        document("""\
            apiVersion: extensions/v1beta1
            kind: Ingress
            spec: {backend: {serviceName: shop, servicePort: 80}}
        """)
    )
    assert found == (Backend(("spec", "backend"), None, "shop", 80),)


def test_the_backends_of_a_route():
    found = backends(
        document("""\
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            spec:
              rules:
              - backendRefs:
                - {name: shop, namespace: prod, port: 80}
                - {group: example.com, kind: Lambda, name: no}
                filters:
                - {type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 81}}}
        """)
    )
    rule = ("spec", "rules", 0)
    assert found == (
        Backend((*rule, "backendRefs", 0), "prod", "shop", 80),
        Backend((*rule, "filters", 0, "requestMirror", "backendRef"), None, "shadow", 81),
    )


def test_other_documents_have_no_backends():
    assert (
        backends(document("apiVersion: v1\nkind: Ingress\nspec: {backend: {serviceName: a}}\n"))
        == ()
    )


def test_a_limit_range():
    found = limit_range(
        document("""\
            apiVersion: v1
            kind: LimitRange
            spec:
              limits:
              - {type: Pod, max: {cpu: 8}}
              - type: Container
                min: {cpu: 50m, memory: 32Mi}
                max: {cpu: 2}
                default: {cpu: 1}
                defaultRequest: {cpu: 0.5, bad: []}
        """)
    )
    assert found.minimum == {"cpu": "50m", "memory": "32Mi"}
    assert found.maximum == {"cpu": "2"}
    assert (found.default, found.default_request) == ({"cpu": "1"}, {"cpu": "0.5"})


def test_views_are_none_for_other_kinds():
    pod = document("apiVersion: v1\nkind: Pod\n")
    assert [view(pod) for view in (service, autoscaler, limit_range)] == [None, None, None]
    assert backends(pod) == ()
