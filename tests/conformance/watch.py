"""What really happened: the log of the actors, exits as containerd tells them, and the order."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from conformance.node import Node
from conformance.scenarios import Scenario
from msgspec import Struct

from sidecarctl.lifecycle.events import Event, What

SLACK_S = 1.2
"""What the model puts closer together may come in any order: the kubelet looks once a second."""
_KILLED = 137
_WORDS = {
    What.START: "starts", What.RESTART: "starts", What.LISTENING: "listens",
    What.HOOKED: "postStart-ends", What.DONE: "done", What.HOOK: "preStop-begins",
    What.HOOK_DONE: "preStop-ends", What.SIGNAL: "signal", What.EXIT: "ends", What.KILL: "killed",
}  # fmt: skip


class Seen(Struct, frozen=True):
    """*what* happened to *container* at *at_s*; predicted events are written in the same words."""

    at_s: float
    container: str
    what: str

    def __str__(self) -> str:
        return f"{self.at_s:.1f} {self.container} {self.what}"

    @property
    def key(self) -> tuple[str, str]:
        return self.container, self.what


def predicted(events: Iterable[Event], scenario: Scenario) -> list[Seen]:
    """Return what of *events* can be seen from outside."""
    every = (*scenario.inits, *scenario.containers)
    silent = {each["name"] for each in every if "ports" not in each}
    return [
        Seen(e.at_s, e.container, _WORDS[e.what])
        for e in events
        if e.container and e.what in _WORDS
        and not (e.what is What.LISTENING and e.container in silent)
    ]  # fmt: skip


class Exits:
    """Listens to containerd for containers that start, end, and are killed."""

    def __init__(self, node: Node) -> None:
        self._node, self.killed = node, []
        self.alive: set[tuple[str, str]] = set()
        self._names: dict[str, tuple[str, str]] = {}
        self._events = subprocess.Popen(node.ctr("events"), stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._events.terminate()
        self._events.wait(10)
        self._thread.join(10)
        self._events.stdout.close()

    def _read(self) -> None:
        for line in self._events.stdout:
            topic = re.search(r" (/tasks/\w+) ({.*})", line)
            if topic is None:
                continue
            data = json.loads(topic[2])
            if topic[1] == "/tasks/start":
                name = self._labels(data["container_id"])
                self._names[data["container_id"]] = name
                self.alive.add((data["container_id"], name[0]))
            elif topic[1] == "/tasks/exit" and data["container_id"] == data["id"]:
                self._ends(data)

    def _ends(self, data: dict[str, object]) -> None:
        pod, name = self._names.get(data["id"], ("", ""))
        if name and data.get("exit_status") == _KILLED:
            at = re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", data["exited_at"])
            self.killed.append((datetime.fromisoformat(at).timestamp(), pod, name))
        self.alive.discard((data["id"], pod))

    def _labels(self, container: str) -> tuple[str, str]:
        command = self._node.ctr("containers", "info", container)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        labels = json.loads(done.stdout or "{}").get("Labels", {})
        pod = labels.get("io.kubernetes.pod.name", "")
        return pod.removesuffix("-conformance"), labels.get("io.kubernetes.container.name", "")


def run(scenario: Scenario, node: Node, exits: Exits) -> list[Seen]:
    """Run *scenario* on *node* and return what was seen, in its order."""
    name, log = f"s{scenario.number}", node.folder / f"log-{scenario.number}"
    log.mkdir()
    node.add(_pod(scenario, name, log))
    _wait((log / "events").exists, 40)
    time.sleep(scenario.after_s)
    since = time.time()
    node.delete(name)
    _wait(lambda: name not in {pod for _, pod in exits.alive.copy()}, scenario.grace_s + 30)
    seen = list(_seen(log / "events"))
    seen += [(at, who, "killed") for at, pod, who in list(exits.killed) if pod == name]
    if scenario.deletes:
        seen = [each for each in seen if each[0] >= since]
    else:
        seen = [each for each in seen if each[0] < since]
    seen.sort()
    signals = [at for at, _, what in seen if what == "signal"]
    if scenario.is_from_signal:
        seen = [each for each in seen if each[0] >= signals[0]]
    first = seen[0][0] if seen else 0.0
    return [Seen(at - first, who, what) for at, who, what in seen]


def disagreements(
    alternatives: list[list[Seen]], seen: list[Seen], *, is_timed: bool = False
) -> list[str]:
    """Return where *seen* is not what any of *alternatives* says, for the closest of them.

    With *is_timed* the seconds count as well as the order.
    """
    told = (list(_differences(each, seen, is_timed=is_timed)) for each in alternatives)
    return min(told, key=len)


def _differences(wanted: list[Seen], seen: list[Seen], *, is_timed: bool) -> Iterator[str]:
    """Yield each event of *wanted* that is missing, is too much, or comes at another time."""
    left, at = list(seen), {}
    for each in wanted:
        match = next((one for one in left if one.key == each.key), None)
        if match is None:
            yield f"not seen: {each}"
        else:
            at[each] = match
            left.remove(match)
    yield from (f"not predicted: {each}" for each in left if each.what in _WORDS.values())
    for first, one in at.items():
        if is_timed and abs(first.at_s - one.at_s) > SLACK_S:
            yield f"{first}: seen at {one.at_s:.1f}"
        for second, other in at.items():
            if second.at_s - first.at_s > SLACK_S and other.at_s < one.at_s:
                yield f"{first} before {second}: seen at {one.at_s:.1f} and {other.at_s:.1f}"


def _pod(scenario: Scenario, name: str, log: Path) -> dict[str, object]:
    spec = json.loads(json.dumps(scenario.spec))
    for container in (*spec.get("initContainers", []), *spec["containers"]):
        container["volumeMounts"] = [{"name": "log", "mountPath": "/log"}]
        container.pop("ports", None)  # of the host, where they are taken once only
    spec["volumes"] = [{"name": "log", "hostPath": {"path": str(log)}}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def _seen(log: Path) -> Iterator[tuple[float, str, str]]:
    for line in log.read_text(encoding="ascii").splitlines():
        at, who, what = line.split()
        yield int(at) / 1e9, who, what


def _wait(is_so, limit_s: float) -> None:
    end = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {limit_s} s")
        time.sleep(0.1)
