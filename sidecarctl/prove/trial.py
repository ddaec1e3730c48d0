"""One run of all proofs: its folder, its authority, and the word to stop."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from sidecarctl.envoy.binary import Running
from sidecarctl.prove.callers import Issuers
from sidecarctl.prove.certificates import Authority
from sidecarctl.prove.tokens import Signer

_Seen = TypeVar("_Seen")
_POLL_S = 0.01


class StoppedError(Exception):
    """The run has ended while a proof was under way."""


class Trial(Struct, eq=False, dict=True):
    """What the proofs of a run share. Nobody trusts *rogue*, and *forger* signs for nobody."""

    folder: Path
    authority: Authority = field(default_factory=Authority)
    rogue: Authority = field(default_factory=lambda: Authority("somebody else"))
    signer: Signer = field(default_factory=Signer)
    forger: Signer = field(default_factory=Signer)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _running: set[Running] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """End every Envoy of the run; proofs that are under way fail soon after."""
        self._stopped.set()
        with self._lock:
            for each in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGTERM)

    @property
    def issuers(self) -> Issuers:
        return Issuers(self.authority, self.signer)

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    @contextmanager
    def guarding(self, envoy: Running) -> Iterator[None]:
        """Make sure that *envoy* ends when the run is stopped.

        Raises:
            StoppedError: it has been.
        """
        with self._lock:
            self._running.add(envoy)
        try:
            self.go_on()
            yield
        finally:
            with self._lock:
                self._running.discard(envoy)

    def go_on(self) -> None:
        """Return where the run goes on.

        Raises:
            StoppedError: it does not.
        """
        if self.stopped:
            raise StoppedError

    def pause(self, seconds: float) -> None:
        """Wait *seconds*, or until the run is stopped.

        Raises:
            StoppedError: it was.
        """
        if self._stopped.wait(seconds):
            raise StoppedError

    def until(self, look: Callable[[], _Seen], timeout_s: float) -> _Seen:
        """Return what *look* returns once that is true, or the last that it returned."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = look()
            if seen or time.monotonic() >= deadline:
                return seen
            self.pause(_POLL_S)
