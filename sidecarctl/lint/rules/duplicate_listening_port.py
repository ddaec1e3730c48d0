"""Two containers of a pod listen on the same port.

The containers of a pod share one network namespace: the second process to bind the port fails
with "address already in use", and its container restarts for ever. An injected proxy is the usual
cause, when its listener or admin port is also the application's.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          ports:
            - containerPort: 8080
        - name: envoy
          ports:
            - containerPort: 8080  # expect: duplicate-listening-port

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      containers:
        - name: shop
          ports:
            - containerPort: 8080
        - name: envoy
          ports:
            - containerPort: 10000
"""

from collections.abc import Iterator, Mapping

from sidecarctl.findings import Severity
from sidecarctl.lint.envoys import Running
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.workload import Container, Port, Role, Workload


@workload_rule(
    "duplicate-listening-port",
    Severity.ERROR,
    help="give one of the two another port",
    source="https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report the second container on a port; init containers have ended by then."""
    owners: dict[tuple[int, str], tuple[Container, Port]] = {}
    for container in run.containers(workload):
        if container.role is Role.INIT:
            continue
        for port in container.ports():
            owner, first = owners.setdefault((port.number, port.protocol), (container, port))
            if owner.path != container.path:
                yield Hit(
                    (*port.path, "containerPort"),
                    f"{container.name!r} listens on {port}, as {owner.name!r} does",
                    also=(Also((*first.path, "containerPort"), f"{owner.name!r} listens here"),),
                )
    for each in run.envoys(workload):
        yield from _bound(each, owners)


def _bound(
    each: Running, owners: Mapping[tuple[int, str], tuple[Container, Port]]
) -> Iterator[Hit]:
    """Report what a container declares and a listener of Envoy, in another one, binds."""
    for listener in each.bootstrap.listeners:
        for address in listener.addresses:
            owner, port = owners.get((address.port or 0, address.protocol), (None, None))
            if owner and port and owner.path != each.container.path:
                yield Hit(
                    (*port.path, "containerPort"),
                    f"{owner.name!r} listens on {port}, as Envoy in {each.container.name!r} does",
                    also=(Also(address.path, f"listener {listener.name!r}", each.bootstrap),),
                )
