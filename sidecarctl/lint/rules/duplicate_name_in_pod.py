"""Two containers, volumes, ports, mounts or variables of a pod bear the same name.

The API server refuses the pod, except for variables: there the last one wins without a word.

Bad:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          restartPolicy: Always
      containers:
        - name: shop
          env:
            - {name: COLOR, value: red}
            - {name: COLOR, value: blue}  # expect: duplicate-name-in-pod
          ports:
            - {name: http, containerPort: 8080}
            - {name: http, containerPort: 8081}  # expect: duplicate-name-in-pod
        - name: envoy  # expect: duplicate-name-in-pod
      volumes:
        - {name: data, emptyDir: {}}
        - {name: data, emptyDir: {}}  # expect: duplicate-name-in-pod

Good:

    apiVersion: v1
    kind: Pod
    metadata:
      name: shop
    spec:
      initContainers:
        - name: envoy
          restartPolicy: Always
      containers:
        - name: shop
          env:
            - {name: COLOR, value: red}
          ports:
            - {name: http, containerPort: 8080}
            - {name: metrics, containerPort: 8081}
      volumes:
        - {name: data, emptyDir: {}}
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from sidecarctl.findings import FieldPath, Severity
from sidecarctl.lint.rule import Also, Hit, workload_rule
from sidecarctl.lint.run import Run
from sidecarctl.manifest.narrow import mappings, text
from sidecarctl.manifest.workload import Container, Workload


@workload_rule(
    "duplicate-name-in-pod",
    Severity.ERROR,
    help="give one of the two another name",
    source="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/",
)
def check(workload: Workload, run: Run) -> Iterator[Hit]:
    """Report the second of two equal names; containers and init containers share one space."""
    containers = run.containers(workload)
    yield from _twice("container", ((one.path, one.name) for one in containers))
    volumes = mappings(workload.pod, workload.pod_path, "volumes")
    yield from _twice("volume", ((path, text(data.get("name"))) for path, data in volumes))
    yield from chain.from_iterable(_within(container) for container in containers)


def _within(container: Container) -> Iterator[Hit]:
    """Report what occurs twice in *container*; the same port name in two containers is valid."""
    of = f" of container {container.name!r}"
    yield from _twice(f"port{of}", ((port.path, port.name) for port in container.ports()))
    mounts = ((mount.path, mount.mount_path) for mount in container.volume_mounts())
    yield from _twice(f"mount{of}", mounts, field="mountPath")
    variables = ((variable.path, variable.name) for variable in container.env())
    yield from _twice(f"variable{of}", variables, severity=Severity.WARNING)


def _twice(
    what: str,
    names: Iterable[tuple[FieldPath, str]],
    *,
    field: str = "name",
    severity: Severity | None = None,
) -> Iterator[Hit]:
    seen: dict[str, FieldPath] = {}
    for path, name in names:
        first = seen.setdefault(name, path)
        if name and first != path:
            word, _, of = what.partition(" ")
            yield Hit(
                (*path, field),
                f"the {word} {name!r}{' ' if of else ''}{of} is there twice",
                also=(Also((*first, field), "it is there first"),),
                severity=severity,
            )
