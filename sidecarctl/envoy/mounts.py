"""A folder that stands for the container's file system, as far as Envoy looks at it."""

import re
from collections.abc import Mapping
from pathlib import Path

CONFIG = "/etc/envoy"
"""Where the ConfigMap is mounted, whole: ``bootstrap.yaml`` and the files of SDS."""

CERTIFICATES = "/etc/envoy-certs"
"""Where the Secret is mounted, whole: ``tls.crt``, ``tls.key``, ``ca.crt``."""

RUN = "/run/envoy"
"""An empty directory: the admin socket lies in it."""

# The longer name first; what follows must end the name, so that /etc/envoy-other stays as it is.
_MOUNT = re.compile(rf"(?<![\w./-])({CERTIFICATES}|{CONFIG}|{RUN})(?![\w.-])")


def under(root: Path, path: str) -> Path:
    """Return the file that stands for *path* of the container below *root*."""
    return root / path.lstrip("/")


def rewrite(text: str, root: Path) -> str:
    """Return *text* (a bootstrap, a file of SDS) with every mount path moved below *root*."""
    return _MOUNT.sub(lambda match: str(under(root, match[1])), text)


def stage(root: Path, bootstrap: str, files: Mapping[str, str]) -> Path:
    """Write *bootstrap* and its ConfigMap's other *files* below *root*; return the first's file.

    Certificates are not written: Envoy accepts that they are not there yet, and whoever wants TLS
    to work publishes them at ``under(root, CERTIFICATES)``.
    """
    for mount in (CONFIG, CERTIFICATES, RUN):
        under(root, mount).mkdir(parents=True, exist_ok=True)
    config = under(root, CONFIG)
    for name, text in files.items():
        (config / name).write_text(rewrite(text, root), encoding="utf-8")
    file = config / "bootstrap.yaml"
    file.write_text(rewrite(bootstrap, root), encoding="utf-8")
    return file
