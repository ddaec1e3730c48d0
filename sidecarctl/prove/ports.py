"""Ports of loopback for Envoy to listen on, never the same for two runs at once.

Two Envoys may bind one port without an error (SO_REUSEPORT), so looking for a free one is not
enough: the reservation is a name in the kernel's abstract namespace, which goes with this process.
"""

import os
import socket
import threading

from sidecarctl.errors import SidecarctlError

# Below the range from which the kernel takes the ports of outgoing connections (32768 and up).
_FIRST, _LAST = 18_000, 31_999
_reserved: list[socket.socket] = []
_lock = threading.Lock()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on, and that no other run has taken.

    Raises:
        SidecarctlError: there is none left.
    """
    span = _LAST - _FIRST + 1
    with _lock:
        start = os.getpid() * 131 + len(_reserved)
        for step in range(span):
            port = _FIRST + (start + step) % span
            if _reserve(port) and _is_free(port):
                return port
    raise SidecarctlError(f"no port of 127.0.0.1 between {_FIRST} and {_LAST} is free")


def _reserve(port: int) -> bool:
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0sidecarctl-prove-{port}")
    except OSError:
        holder.close()
        return False
    _reserved.append(holder)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
