"""A receiver of statsd's datagrams."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field


class Datagrams(Struct, eq=False, dict=True):
    """A receiver that runs: its UDP *port*, and the *lines* that have come."""

    port: int
    lines: list[str] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Datagrams]:
    """Receive datagrams until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(0.1)
        received = Datagrams(bound.getsockname()[1])
        ended = threading.Event()
        thread = threading.Thread(target=_receive, args=(bound, received, ended), daemon=True)
        thread.start()
        try:
            yield received
        finally:
            ended.set()
            thread.join()


def _receive(bound: socket.socket, received: Datagrams, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            data = bound.recv(65_535)
        except TimeoutError:
            continue
        received.lines.extend(data.decode(errors="replace").splitlines())
