"""An Envoy with the listeners and concerns that a test asks for, rendered as `inject` does it."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.certificates import publish, secret
from harness.ports import free_port
from sidecarctl.envoy.binary import running, validate
from sidecarctl.envoy.bootstrap import assemble, dump
from sidecarctl.envoy.certificates import certified
from sidecarctl.envoy.mounts import CERTIFICATES, under
from sidecarctl.envoy.slots import Contribution, Listener, overlay
from sidecarctl.inject.render import render
from sidecarctl.profile.placeholder import filled

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
_CONCERNS, _ENVOY = _TEMPLATES / "concerns", _TEMPLATES / "sidecars" / "envoy"
WORKLOAD = {
    "kind": "Deployment",
    "name": "shop",
    "namespace": "prod",
    "serviceAccount": "shop",
    "containers": ["app"],
    "isJob": False,
}
_SIDECAR = {"memoryLimitBytes": 134_217_728, "runAsUser": 65532}
_CAPTURE = {"port": 10400, "ipv6": True, "redirects": [{"port": 8080, "to": 10000}]}
_PROFILE = {"trustDomain": "cluster.local", "clusterDomain": "cluster.local"}


def inbound(target, protocol="http", **fields):
    """Return a listener for the application at *target* (a port of 127.0.0.1)."""
    name = fields.pop("name", f"inbound-{target}")
    return _listener(name, "inbound", target, protocol, fields)


def outbound(target, protocol="http", **fields):
    """Return a listener for a dependency at *target* (a port of 127.0.0.1)."""
    name = fields.pop("name", f"egress-{target}")
    return _listener(name, "outbound", target, protocol, fields)


def _listener(name, direction, target, protocol, fields):
    return Listener(
        **{
            "name": name,
            "direction": direction,
            "protocol": protocol,
            "address": "127.0.0.1",
            "port": free_port(),
            "target_host": "127.0.0.1",
            "target_port": target,
        }
        | fields
    )


@dataclass(frozen=True)
class Built:
    """A bootstrap as text, the other files of its ConfigMap, the port of its ops listener, and
    what the cells add to the pod.
    """

    text: str
    files: dict
    ops_port: int
    fragments: tuple

    def verdict(self):
        """Return what the real Envoy says about it."""
        return validate(self.text, self.files)


def concern(name):
    """Return the head of a concern (``concern.yaml``)."""
    return yaml.safe_load((_CONCERNS / name / "concern.yaml").read_text(encoding="utf-8"))


def acts_on(head, listener):
    """Tell whether a concern says that it acts on *listener*."""
    return listener.direction in head["direction"] and listener.protocol in head["protocols"]


def build(listeners, concerns, *, sidecar=None, workload=None, certificates=None):
    """Render *concerns* (name: values over the defaults) for *listeners* and put them together.

    *certificates* says where those come from, over the defaults of the sidecar.
    """
    ops_port, who = free_port(), WORKLOAD | (workload or {})
    contributions, fragments = [], []
    for name, values in concerns.items():
        head = concern(name)
        complete = filled(overlay(head["defaults"], values), who | {"workload": who["name"]})
        for listener in (None, *listeners):
            if listener and not acts_on(head, listener):
                continue
            slots = render(
                _CONCERNS / name / "envoy.yaml.j2",
                {
                    "values": complete,
                    "listener": listener,
                    "workload": who,
                    "sidecar": _SIDECAR | (sidecar or {}),
                    "profile": _PROFILE,
                    "facts": {"opsPort": ops_port, "capture": _CAPTURE},
                },
            )
            given = listener.name if listener else None
            contributions.append(Contribution(name, head["order"], slots, given))
            fragments += [] if listener else [slots]
    bootstrap = assemble(
        node_id="shop.prod",
        cluster_name="shop",
        ops_port=ops_port,
        address="127.0.0.1",
        listeners=listeners,
        contributions=contributions,
    )
    values = yaml.safe_load((_ENVOY / "sidecar.yaml").read_text(encoding="utf-8"))["defaults"]
    given = overlay(values, {"certificates": certificates or {}})
    context = {"values": given, "profile": _PROFILE, "workload": who}
    found = certified(bootstrap, render(_ENVOY / "certificates.yaml.j2", context))
    files = {name: dump(content) for name, content in found.files.items()}
    return Built(dump(found.bootstrap), files, ops_port, tuple(fragments))


@contextmanager
def proxied(listeners, concerns=None, *, root=None, leaf=None, **options):
    """Run an Envoy with *listeners* and *concerns*; *leaf* is its certificate.

    *root* is the folder to use for its mounts, needed with *leaf*. The other options are those of
    ``running``.
    """
    with serving(build(listeners, concerns or {}), root=root, leaf=leaf, **options) as envoy:
        yield envoy


@contextmanager
def serving(built, *, root=None, leaf=None, **options):
    """Run an Envoy with what was *built*; otherwise as ``proxied``."""
    if leaf:
        publish(under(root, CERTIFICATES), secret(leaf))
    with running(built.text, built.files, root=root, **options) as envoy:
        yield envoy
