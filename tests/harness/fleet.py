"""The workloads of an injected manifest, each with its real Envoy, side by side on loopback.

What stands for the cluster is the least that has to be another here: pods share one address, so
every port becomes a free one, and the name of a Service becomes the port of the pod behind it.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import yaml

from harness.certificates import publish, secret, spiffe
from harness.ports import free_port
from sidecarctl.envoy.binary import running
from sidecarctl.envoy.mounts import CERTIFICATES, under
from sidecarctl.manifest.document import parse
from sidecarctl.topology.fleet import fleet

_DNS_ONLY = ("typed_dns_resolver_config", "dns_lookup_family", "wait_for_warm_on_init")


@dataclass
class Member:
    """One workload: its variables, its Envoy, and which port here stands for which of its own."""

    name: str
    account: str
    env: dict
    named: dict
    bootstrap: dict
    files: dict
    ports: dict = field(default_factory=dict)
    envoy: object = None

    def at(self, address):
        """Return the port here that stands for ``127.0.0.1:<port>`` as the application sees it."""
        return self.ports[int(address.rpartition(":")[2])]

    def inbound(self, name):
        """Return the port here of the listener *name*."""
        listeners = self.bootstrap["static_resources"]["listeners"]
        (found,) = [each for each in listeners if each["name"] == name]
        return found["address"]["socket_address"]["port_value"]


def members(text):
    """Return the workloads of the injected manifest *text*, by name, and its joined documents."""
    joined = fleet(parse(text, "injected.yaml").documents)
    maps = {each.name: each.data["data"] for each in joined.documents if each.kind == "ConfigMap"}
    found = {}
    for workload in joined.workloads:
        files = dict(maps[f"{workload.name}-envoy"])
        bootstrap = yaml.safe_load(files.pop("bootstrap.yaml"))
        containers = workload.containers()
        found[workload.name] = Member(
            name=workload.name,
            account=workload.service_account,
            env={var.name: var.value for each in containers for var in each.env()},
            named={
                port.name: port.number for each in containers for port in each.ports() if port.name
            },
            bootstrap=bootstrap,
            files=files,
        )
    return found, joined


@contextmanager
def running_fleet(text, authority, applications, tmp_path):
    """Run every workload of *text*; *applications* maps (workload, port) to a server."""
    found, joined = members(text)
    for member in found.values():
        for listener in member.bootstrap["static_resources"]["listeners"]:
            socket = listener["address"]["socket_address"]
            member.ports[socket["port_value"]] = free_port()
            socket.update(address="127.0.0.1", port_value=member.ports[socket["port_value"]])
            socket.pop("ipv4_compat", None)
    for member in found.values():
        for cluster in member.bootstrap["static_resources"]["clusters"]:
            _lead(cluster, member, found, joined, applications)
    with ExitStack() as stack:
        for member in found.values():
            root = tmp_path / member.name
            leaf = authority.leaf(spiffe(member.account))
            publish(under(root, CERTIFICATES), secret(leaf))
            text = yaml.safe_dump(member.bootstrap)
            member.envoy = stack.enter_context(running(text, member.files, root=root))
        yield found


def _lead(cluster, member, found, joined, applications):
    """Lead *cluster* to the test server of its own application, or to the Envoy of its callee."""
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    socket = endpoint["address"].get("socket_address")
    if socket is None:
        return
    if socket["address"] == "127.0.0.1":
        socket["port_value"] = applications.get((member.name, socket["port_value"]), free_port())
        return
    port = _behind(socket["address"].partition(".")[0], socket["port_value"], found, joined)
    socket.update(address="127.0.0.1", port_value=port)
    cluster["type"] = "STATIC"
    for key in _DNS_ONLY:
        cluster.pop(key, None)


def _behind(name, number, found, joined):
    """Return the port here of the pod that the Service *name* sends *number* to."""
    (service,) = [each for each in joined.services if each.name == name]
    (port,) = [each for each in service.ports() if each.number == number]
    (workload,) = joined.selected_by(service)
    callee = found[workload.name]
    target = callee.named[port.target] if isinstance(port.target, str) else port.target
    return callee.ports[target]
