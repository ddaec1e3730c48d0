"""A folder that stands for the container's file system, as far as Envoy looks at it."""

import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

CONFIG = "/etc/envoy"
"""Where the ConfigMap is mounted, whole: ``bootstrap.yaml`` and the files of SDS."""

CERTIFICATES = "/etc/envoy-certs"
"""Where the Secret is mounted, whole: ``tls.crt``, ``tls.key``, ``ca.crt``."""

KEYS = "/etc/envoy-jwks"
"""Where ConfigMaps with the keys of tokens are mounted, each whole, a folder each."""

DATA = "..data"
"""The link in a mount that the kubelet renames onto new content, all of it in one step."""

RUN = "/run/envoy"
"""An empty directory: the admin socket lies in it."""

# The longer name first; what follows must end the name, so that /etc/envoy-other stays as it is.
_MOUNT = re.compile(rf"(?<![\w./-])({CERTIFICATES}|{KEYS}|{CONFIG}|{RUN})(?![\w.-])")


_KEY_SETS = re.compile(rf"(?<![\w./-]){KEYS}/[\w./-]+")
# RFC 7517, appendix A.1: its private half is public.
_NOBODYS = (
    '{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",'
    ' "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",'
    ' "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}'
)


def under(root: Path, path: str) -> Path:
    """Return the file that stands for *path* of the container below *root*."""
    return root / path.lstrip("/")


def rewrite(text: str, root: Path) -> str:
    """Return *text* (a bootstrap, a file of SDS) with every mount path moved below *root*."""
    return _MOUNT.sub(lambda match: str(under(root, match[1])), text)


def stage(root: Path, bootstrap: str, files: Mapping[str, str]) -> Path:
    """Write *bootstrap* and its ConfigMap's other *files* below *root*; return the first's file.

    Certificates are not written: Envoy accepts that they are not there yet, and whoever wants TLS
    to work publishes them at ``under(root, CERTIFICATES)``. Keys of tokens must be there: those
    that are not get one that nobody signs with.
    """
    for mount in (CERTIFICATES, RUN):
        under(root, mount).mkdir(parents=True, exist_ok=True)
    for text in (bootstrap, *files.values()):
        for path in _KEY_SETS.findall(text):
            file = under(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.write_text(_NOBODYS, encoding="utf-8")
    publish_config(root, bootstrap, files)
    return under(root, CONFIG) / "bootstrap.yaml"


def publish_config(root: Path, bootstrap: str, files: Mapping[str, str]) -> None:
    """Put a ConfigMap where it is mounted below *root*; again is an update."""
    texts = {**files, "bootstrap.yaml": bootstrap}
    publish(under(root, CONFIG), {key: rewrite(text, root).encode() for key, text in texts.items()})


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put *files* into *folder* as the kubelet's atomic writer does; again is an update.

    A fresh folder is filled, ``..data`` is renamed onto it in one step, the files are links
    through ``..data``, and the old folder goes.

    Source: https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter.Write
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"..{time.time_ns()}"
    fresh.mkdir()
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    data = folder / DATA
    old = folder / data.readlink() if data.is_symlink() else None
    (folder / f"{DATA}_tmp").symlink_to(fresh.name)
    (folder / f"{DATA}_tmp").rename(data)
    for name in files:
        link = folder / name
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(Path(DATA) / name)
    if old:
        shutil.rmtree(old)
