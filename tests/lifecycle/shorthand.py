"""A pod in one line, as the tables of cases.md write it.

``init migrate dials 5432 > sidecar sql listens 5432 gate 5432/1 > app shop dials 5432``

Each part is a role (init, sidecar, app), a name and clauses:
``listens PORT``, ``dials PORT``, ``image NAME``, ``gate PORT[/PERIOD[/FAILURES]]`` (startupProbe),
``ready PORT[/PERIOD]``, ``live PORT[/PERIOD[/FAILURES]]``,
``lives PORT/PERIOD/FAILURES/GRACE`` (a grace period of its own),
``hook WHAT`` (postStart) and ``stop WHAT`` (preStop) with WHAT one of ``sleep:5``,
``exec:words_with_underscores``, ``http:PORT/path``, ``tcp:PORT``,
``env NAME=VALUE``, ``args WORD``, ``run WORDS`` (command), ``policy P``, ``reads VOLUME`` and
``writes VOLUME``; in words a blank is written ``_``.
``starts``, ``runs``, ``hooks``, ``exits`` and ``pulls`` with seconds are assumptions.
The setting is ``KIND, 1.28, grace 60, served, deadline 5, progress 60, main shop, policy Never,
dns 10.0.0.53`` (``dns`` alone: dnsPolicy None without a server).
"""

from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.versions import Version

_PROBES = {"gate": "startupProbe", "ready": "readinessProbe", "live": "livenessProbe"}
_HOOKS = {"hook": "postStart", "stop": "preStop"}
ASSUMED = {"starts": "start", "runs": "run", "hooks": "hook", "exits": "exit", "pulls": "pull"}


def read_shorthand(text):
    """Return the pod spec of *text* and what it assumes."""
    pod, given = {"containers": []}, {}
    for part in text.split(" > "):
        role, name, *words = part.split()
        container = {"name": name, "image": "example.com/some:1"}
        if role == "sidecar":
            container["restartPolicy"] = "Always"
        for clause, value in zip(words[::2], words[1::2], strict=True):
            if clause in ASSUMED:
                given.setdefault(name, {})[ASSUMED[clause]] = float(value)
            else:
                _clause(pod, container, clause, value)
        pod.setdefault("containers" if role == "app" else "initContainers", []).append(container)
    return pod, given


def read_setting(text, pod):  # noqa: C901  one word after the other
    """Return the setting of *text*; what belongs into the pod spec is put there."""
    values = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, value = part.partition(" ")
        if word[0].isdigit():
            values["version"] = Version.parse(word)
        elif word == "grace":
            pod["terminationGracePeriodSeconds"] = int(value)
        elif word == "policy":
            pod["restartPolicy"] = value
        elif word == "dns":
            servers = {"nameservers": [value]} if value else {}
            pod |= {"dnsPolicy": "None", "dnsConfig": servers}
        elif word == "served":
            values["is_served"] = True
        elif word == "deadline":
            values["job_deadline_s"] = int(value)
        elif word == "progress":
            values["progress_deadline_s"] = int(value)
        elif word == "main":
            values["main"] = value
        else:
            values["kind"] = word
    if values.get("kind") in {"Job", "CronJob"}:
        pod.setdefault("restartPolicy", "Never")
    return Setting(**values)


def _clause(pod, container, clause, value):
    words = value.replace("_", " ")
    if clause in {"image", "policy"}:
        container[{"image": "image", "policy": "restartPolicy"}[clause]] = value
    elif clause == "lives":
        port, grace = value.rsplit("/", 1)
        own = {"terminationGracePeriodSeconds": int(grace)}
        container["livenessProbe"] = _probe(port) | own
    elif clause in _PROBES:
        container[_PROBES[clause]] = _probe(value)
    elif clause in _HOOKS:
        container.setdefault("lifecycle", {})[_HOOKS[clause]] = _handler(value)
    elif clause in {"reads", "writes"}:
        _mount(pod, container, value, read_only=clause == "reads")
    else:
        field, item = {
            "listens": ("ports", {"containerPort": int(value) if value.isdigit() else 0}),
            "dials": ("env", {"name": f"URL_{value}", "value": f"tcp://localhost:{value}"}),
            "env": ("env", dict(zip(("name", "value"), value.split("=", 1), strict=False))),
            "args": ("args", words),
            "run": ("command", words),
        }[clause]
        container.setdefault(field, []).append(item)


def _mount(pod, container, volume, *, read_only):
    mount = {"name": volume, "mountPath": f"/{volume}", "readOnly": read_only}
    container.setdefault("volumeMounts", []).append(mount)
    volumes = pod.setdefault("volumes", [])
    if {"name": volume, "emptyDir": {}} not in volumes:
        volumes.append({"name": volume, "emptyDir": {}})


def _probe(value):
    port, *numbers = value.split("/")
    probe = {"tcpSocket": {"port": int(port) if port.isdigit() else port}}
    fields = ("periodSeconds", "failureThreshold", "initialDelaySeconds")
    return probe | dict(zip(fields, map(int, numbers), strict=False))


def _handler(value):
    form, _, rest = value.partition(":")
    if form == "sleep":
        return {"sleep": {"seconds": int(rest)}}
    if form == "tcp":
        return {"tcpSocket": {"port": int(rest)}}
    if form == "http":
        port, _, path = rest.partition("/")
        return {"httpGet": {"port": int(port), "path": f"/{path}"}}
    return {"exec": {"command": rest.replace("_", " ").split(" ")}}
