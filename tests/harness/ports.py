"""Ports for Envoy to listen on, never the same for two tests that run at once."""

import os
import socket

# Below the range from which the kernel takes the ports of outgoing connections (32768 and up).
_FIRST, _LAST = 18_000, 31_999
_reserved: list[int] = []  # descriptors; they live as long as this process


def free_port():
    """Return a TCP port that nobody listens on and that no other process of the tests has taken.

    Two Envoys may bind one port without an error, so looking for a free one is not enough: the
    reservation is a socket in the kernel's abstract namespace, which vanishes with this process.
    """
    span = _LAST - _FIRST + 1
    start = os.getpid() * 97 + len(_reserved)
    for step in range(span):
        port = _FIRST + (start + step) % span
        if _reserve(port) and _is_free(port):
            return port
    raise RuntimeError("no free port is left")


def _reserve(port):
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0sidecarctl-tests-{port}")
    except OSError:
        holder.close()
        return False
    _reserved.append(holder.detach())
    return True


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True
