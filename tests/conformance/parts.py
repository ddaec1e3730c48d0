"""What a real node is made of here: the kubelet, containerd, and an image built on the spot.

Nothing is pulled from a registry of images. The kubelet is built from the Go module proxy, where
the staging modules of Kubernetes are modules of their own.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
IMAGE = "conformance.local/actor:1"
PAUSE = "conformance.local/pause:1"
_LOWER_OOM_SCORE = 24  # CAP_SYS_RESOURCE


def missing(kubelet: Path | None) -> list[str]:
    """Return what is not there to run a node with, each with what would help."""
    lacks = []
    if os.geteuid() != 0:
        lacks.append("root: containerd and the kubelet mount and make namespaces")
    lacks += [
        f"{program}: apt-get install containerd runc"
        for program in ("containerd", "ctr", "runc")
        if shutil.which(program) is None
    ]
    if shutil.which("go") is None:
        lacks.append("go: the image holds a program of Go")
    if kubelet is None or not os.access(kubelet, os.X_OK):
        lacks.append("a kubelet: python tests/conformance/build.py DIR, then --kubelet DIR/kubelet")
    lacks += [
        f"the cgroup controller {name}" for name in ("cpu", "memory", "cpuset") if not _has(name)
    ]
    return lacks


def may_lower_oom_scores() -> bool:
    """Say whether runc can give a sandbox the low OOM score that the kubelet asks for."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(re.search(r"CapEff:\s+(\w+)", status)[1], 16)
    return bool(effective >> _LOWER_OOM_SCORE & 1)


def is_cgroup_v2() -> bool:
    """Say whether there is one hierarchy of cgroups, the second kind."""
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()


def version_of(program: Path | str) -> str:
    """Return what *program* says of its version."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"\d+\.\d+\.\d+", done.stdout)[0]


def build_image(folder: Path) -> Path:
    """Build the actor and pack it as two images, which differ in their entry point alone."""
    actor = folder / "actor"
    subprocess.run(
        ["go", "build", "-ldflags", "-s -w", "-o", actor, "."],
        cwd=HERE / "actor", env={**os.environ, "CGO_ENABLED": "0"}, check=True,
    )  # fmt: skip
    layer = _tar({"actor": (actor.read_bytes(), 0o755)})
    files = {"layer.tar": (layer, 0o644)}
    manifest = []
    for tag, entry in ((PAUSE, ["/actor", "pause"]), (IMAGE, ["/actor"])):
        config = f"{hashlib.sha256(tag.encode()).hexdigest()[:8]}.json"
        files[config] = (_config(layer, entry), 0o644)
        manifest.append({"Config": config, "RepoTags": [tag], "Layers": ["layer.tar"]})
    files["manifest.json"] = (json.dumps(manifest).encode(), 0o644)
    archive = folder / "images.tar"
    archive.write_bytes(_tar(files))
    return archive


def _config(layer: bytes, entry: list[str]) -> bytes:
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": entry},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    return json.dumps(config).encode()


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, (data, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _has(controller: str) -> bool:
    if is_cgroup_v2():
        known = Path("/sys/fs/cgroup/cgroup.controllers").read_text(encoding="ascii").split()
        return controller in known
    return Path("/sys/fs/cgroup", controller).is_dir()
