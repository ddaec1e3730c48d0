"""Build a kubelet from the Go module proxy: ``python tests/conformance/build.py DIR [VERSION]``.

``go install k8s.io/kubernetes/cmd/kubelet@…`` is refused, because the module replaces its staging
modules by folders. So a module of one requirement replaces them by their releases on the proxy.
Takes about a quarter of an hour of one core, and 2 GB of disk.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

VERSION = "1.33.13"  # a release of which the proxy has every staging module


def build(folder: Path, version: str) -> Path:
    """Build the kubelet of *version* in *folder* and return its path."""
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    told = subprocess.run(
        ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{version}"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    go_mod = Path(json.loads(told.stdout)["GoMod"]).read_text(encoding="utf-8")
    staging = re.findall(r"^\t(k8s\.io/\S+) => \./staging", go_mod, re.M)
    release = version.replace("1.", "0.", 1)
    language = re.search(r"^go (\S+)", go_mod, re.M)[1]
    replaced = "".join(f"replace {name} => {name} v{release}\n" for name in staging)
    (source / "go.mod").write_text(
        f"module example.org/kubelet\n\ngo {language}\n\n"
        f"require k8s.io/kubernetes v{version}\n\n{replaced}"
    )
    (source / "kubelet.go").write_text(
        'package kubelet\n\nimport _ "k8s.io/kubernetes/cmd/kubelet/app"\n'
    )
    major, minor, _ = version.split(".")
    stamp = "k8s.io/component-base/version"
    flags = f"-s -w -X {stamp}.gitVersion=v{version} -X {stamp}.gitMajor={major} "
    binary = folder / "kubelet"
    subprocess.run(
        ["nice", "go", "build", "-ldflags", f"{flags}-X {stamp}.gitMinor={minor}",
         "-o", binary.resolve(), "k8s.io/kubernetes/cmd/kubelet"],
        cwd=source, check=True,
        env={**os.environ, "GOFLAGS": "-mod=mod -p=1", "CGO_ENABLED": "0"},
    )  # fmt: skip
    return binary


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    made = build(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else VERSION)
    sys.stdout.write(f"{made}\n")
