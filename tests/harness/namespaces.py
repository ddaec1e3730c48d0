"""A pod and the world around it: two network namespaces with a cable between them.

Only addresses inside these namespaces get traffic. Needs root, iproute2 and iptables.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from sidecarctl.envoy.binary import VARIABLE, envoy, running

POD, WORLD = "10.88.0.1", "10.88.0.2"
POD6, WORLD6 = "fd00:88::1", "fd00:88::2"
_APP_UID = 1000
_NUMBERS = count()
_PROGRAM = Path(__file__).parent / "in_namespace.py"


def missing():
    """Return why there can be no namespaces here, "" where there can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    tools = ("ip", "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "setpriv")
    lacking = [tool for tool in tools if not shutil.which(tool)]
    if lacking:
        return f"there is no {', '.join(lacking)} here: apt-get install iptables iproute2"
    name = f"sidecarctl-{os.getpid()}-try"
    try:
        made = subprocess.run(
            ["ip", "netns", "add", name], capture_output=True, text=True, check=False
        )
        if made.returncode:
            return f"no network namespace can be made: {made.stderr.strip()}"
        table = ["iptables", "-t", "nat", "-L", "-n"]
        listed = subprocess.run(
            ["ip", "netns", "exec", name, *table], capture_output=True, text=True, check=False
        )
        return f"iptables does not work: {listed.stderr.strip()}" if listed.returncode else ""
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@dataclass
class Namespaces:
    """The names of both; *root* is a folder that any user may look into."""

    pod: str
    world: str
    root: Path
    stack: ExitStack

    def run(self, name, *command, **options):
        """Run *command* as root in the namespace *name* and return what it printed."""
        done = subprocess.run(
            ["ip", "netns", "exec", name, *command],
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serve(self, name, *servers, uid=_APP_UID):
        """Start *servers* (``kind,address,port,title``) in *name* until the test is over."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, str(_PROGRAM), str(uid), "serve",
             *servers],
            stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.stack.callback(_end, process)
        assert process.stdout.readline() == "ready\n"

    def get(self, name, url, *, uid=_APP_UID, host=""):
        """Ask for *url* from within *name* as the user *uid*: status, JSON (or None), or error."""
        return json.loads(self.run(name, sys.executable, str(_PROGRAM), str(uid), "get", url, host))

    def hear(self, name, address, port, *, uid=_APP_UID):
        """Connect from within *name* and return what the server says first, and after how long."""
        words = (str(uid), "hear", address, str(port))
        return json.loads(self.run(name, sys.executable, str(_PROGRAM), *words))

    @contextmanager
    def envoy(self, bootstrap, files, uid):
        """Run the real Envoy in the pod as *uid*."""
        starter = self.root / "envoy.sh"
        starter.write_text(
            f"#!/bin/sh\nexec {shutil.which('ip')} netns exec {self.pod} {shutil.which('setpriv')}"
            f' --pdeathsig TERM --reuid {uid} --regid {uid} --clear-groups {envoy()} "$@"\n'
        )
        starter.chmod(0o755)
        mount = self.root / "run" / "envoy"
        mount.mkdir(parents=True)
        mount.chmod(0o777)
        with ExitStack() as stack:
            before = os.umask(0)  # Envoy is another user, and writes its log to a file of ours
            try:
                with pytest.MonkeyPatch.context() as patched:
                    patched.setenv(VARIABLE, str(starter))
                    child = stack.enter_context(running(bootstrap, files, root=self.root))
            finally:
                os.umask(before)
            yield child


@contextmanager
def namespaces():
    """Make both namespaces, and take them away again."""
    number = next(_NUMBERS)
    pod, world = (f"sidecarctl-{os.getpid()}-{each}{number}" for each in ("pod", "world"))
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sidecarctl-")))
        root.chmod(0o755)
        for name in (pod, world):
            subprocess.run(["ip", "netns", "add", name], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        ends = (("vpod", pod, POD, POD6), ("vworld", world, WORLD, WORLD6))
        cable = ["ip", "link", "add", "vpod", "netns", pod, "type", "veth", "peer", "name"]
        subprocess.run([*cable, "vworld", "netns", world], check=True)
        found = Namespaces(pod, world, root, stack)
        for link, name, address, address6 in ends:
            found.run(name, "ip", "addr", "add", f"{address}/24", "dev", link)
            found.run(name, "ip", "addr", "add", f"{address6}/64", "dev", link, "nodad")
            found.run(name, "ip", "link", "set", link, "up")
            found.run(name, "ip", "link", "set", "lo", "up")
        yield found


def _end(process):
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


_MISSING = missing()
need_namespaces = pytest.mark.skipif(bool(_MISSING), reason=_MISSING or "-")
