"""A node of its own: containerd and a standalone kubelet that runs static pods of a folder."""

import json
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from conformance.parts import PAUSE, build_image, may_lower_oom_scores

_CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  stream_server_address = "127.0.0.1"
  restrict_oom_score_adj = {restrict}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
"""
# Without an API server there is nothing to authenticate with, and every port is of this host only.
_KUBELET = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: {port}
readOnlyPort: {read_only}
healthzPort: 0
authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}
authorization: {{mode: AlwaysAllow}}
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
fileCheckFrequency: 1s
staticPodPath: {folder}/manifests
containerRuntimeEndpoint: unix://{folder}/containerd.sock
imageGCHighThresholdPercent: 100
evictionHard: {{memory.available: 1Mi}}
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
"""


class Node:
    """The node in *folder*; use it as a context, so that nothing of it is left running."""

    def __init__(self, kubelet: Path, folder: Path) -> None:
        self._kubelet, self.folder = kubelet, folder
        self._children: list[subprocess.Popen[bytes]] = []
        self._read_only = _free_port()

    def __enter__(self) -> "Node":
        (self.folder / "manifests").mkdir(parents=True)
        self._containerd()
        self._run_kubelet()
        return self

    def __exit__(self, *_: object) -> None:
        for manifest in (self.folder / "manifests").iterdir():
            manifest.unlink()
        with suppress(TimeoutError):
            self._wait(lambda: not self._tasks(), 60)
        for task in self._tasks():
            kill = self.ctr("tasks", "kill", "-s", "SIGKILL", task)
            subprocess.run(kill, capture_output=True, check=False)
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
            child.wait(30)
        for mount in _mounts_below(self.folder):
            subprocess.run(["umount", mount], check=False)

    def _tasks(self) -> list[str]:
        told = self.ctr("tasks", "ls", "-q")
        done = subprocess.run(told, capture_output=True, text=True, check=False)
        return done.stdout.split()

    def add(self, pod: dict[str, object]) -> None:
        """Give the kubelet *pod* as a static pod."""
        name = pod["metadata"]["name"]
        spare = self.folder / f"{name}.json"
        spare.write_text(json.dumps(pod))
        spare.rename(self.folder / "manifests" / spare.name)

    def delete(self, name: str) -> None:
        """Take the static pod *name* away, which is its deletion."""
        (self.folder / "manifests" / f"{name}.json").unlink()

    def pods(self) -> list[dict[str, object]]:
        """Return the pods with their status, as the kubelet tells them."""
        url = f"http://127.0.0.1:{self._read_only}/pods"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["items"] or []

    def ctr(self, *words: str) -> list[str]:
        """Return the command of containerd's own client with *words*."""
        return ["ctr", "-a", f"{self.folder}/containerd.sock", "-n", "k8s.io", *words]

    def _containerd(self) -> None:
        restrict = "false" if may_lower_oom_scores() else "true"
        config = self.folder / "containerd.toml"
        config.write_text(_CONTAINERD.format(folder=self.folder, pause=PAUSE, restrict=restrict))
        self._start("containerd", ["containerd", "-c", str(config)])
        ready = self.ctr("version")
        self._wait(lambda: not subprocess.run(ready, capture_output=True, check=False).returncode)
        archive = build_image(self.folder)
        load = self.ctr("images", "import", str(archive))
        subprocess.run(load, capture_output=True, check=True)

    def _run_kubelet(self) -> None:
        config = self.folder / "kubelet.yaml"
        ports = {"port": _free_port(), "read_only": self._read_only}
        config.write_text(_KUBELET.format(folder=self.folder, **ports))
        command = [self._kubelet, "--config", config, "--root-dir", self.folder / "kubelet"]
        self._start("kubelet", [*map(str, command), "--hostname-override", "conformance"])
        self._wait(self._answers)

    def _answers(self) -> bool:
        try:
            return self.pods() == []
        except OSError:
            return False

    def _start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._children.append(subprocess.Popen(command, stdout=log, stderr=log))

    def _wait(self, is_so, limit_s: float = 40) -> None:
        end = time.monotonic() + limit_s
        while not is_so():
            for child in self._children:
                if child.poll() is not None:
                    raise RuntimeError(f"{child.args[0]} has ended: see its log in {self.folder}")
            if time.monotonic() > end:
                raise TimeoutError(f"nothing after {limit_s} s: see the logs in {self.folder}")
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [path for line in lines if (path := line.split()[1]).startswith(str(folder))][::-1]
