"""Which protocol a port speaks, and what it is told from."""

import pytest

from sidecarctl.manifest.document import parse
from sidecarctl.manifest.objects import service
from sidecarctl.manifest.workload import workload
from sidecarctl.topology.protocol import app_ports

POD = """
apiVersion: v1
kind: Pod
metadata: {{name: x, labels: {{app: x}}}}
spec:
  containers:
  - name: app
    image: x:1
    ports: [{port}]
    {probe}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: x}}
spec:
  selector: {{app: x}}
  ports: [{port}]
"""


def ports(port, probe="", service_port=""):
    (document,) = parse(POD.format(port=port, probe=probe), "pod.yaml").documents
    services = ()
    if service_port:
        (other,) = parse(SERVICE.format(port=service_port), "service.yaml").documents
        services = (service(other),)
    return app_ports(workload(document), services)


@pytest.mark.parametrize(
    ("port", "probe", "service_port", "protocol", "why"),
    [
        ("{containerPort: 9000}", "", "", "tcp", "nothing says otherwise"),
        ("{containerPort: 6379}", "", "", "tcp", "nothing says otherwise"),
        ("{containerPort: 8080}", "", "", "http", "the well-known number 8080"),
        ("{containerPort: 50051}", "", "", "grpc", "the well-known number 50051"),
        ("{containerPort: 9000, name: grpc-api}", "", "", "grpc", "the port's name 'grpc-api'"),
        ("{containerPort: 8080, name: tcp-raw}", "", "", "tcp", "the port's name 'tcp-raw'"),
        ("{containerPort: 8080, name: https}", "", "", "tcp", "the port's name 'https'"),
        (
            "{containerPort: 9000}",
            "readinessProbe: {grpc: {port: 9000}}",
            "",
            "grpc",
            "the gRPC readinessProbe on it",
        ),
        (
            "{containerPort: 9000, name: web}",
            "livenessProbe: {httpGet: {port: web}}",
            "",
            "http",
            "the HTTP livenessProbe on it",
        ),
        (
            "{containerPort: 9000}",
            "livenessProbe: {httpGet: {port: 9000, scheme: HTTPS}}",
            "",
            "tcp",
            "the HTTPS livenessProbe on it",
        ),
        (
            "{containerPort: 9000, name: grpc}",
            "",
            "{port: 80, targetPort: 9000, name: http}",
            "http",
            "the Service port's name 'http'",
        ),
        (
            "{containerPort: 8080}",
            "",
            "{port: 80, targetPort: 8080, name: http, appProtocol: kubernetes.io/wss}",
            "tcp",
            "appProtocol 'kubernetes.io/wss'",
        ),
        (
            "{containerPort: 8080, name: http}",
            "",
            "{port: 80, targetPort: http, appProtocol: grpc}",
            "grpc",
            "appProtocol 'grpc'",
        ),
    ],
)
def test_the_protocol_of_a_port_and_what_it_was_taken_from(
    port, probe, service_port, protocol, why
):
    (found,) = ports(port, probe, service_port)
    assert (found.guess.protocol, found.guess.why) == (protocol, why)


def test_a_port_that_only_a_service_names_is_a_port_of_the_application():
    found = ports("{containerPort: 8080}", "", "{port: 5000, targetPort: 9000, name: grpc}")
    assert [(each.number, each.guess.protocol, each.container is None) for each in found] == [
        (8080, "http", False),
        (9000, "grpc", True),
    ]


def test_udp_is_left_alone():
    assert ports("{containerPort: 53, protocol: UDP}") == ()
