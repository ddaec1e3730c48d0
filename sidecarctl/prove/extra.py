"""What `prove` needs beyond the rest of the tool: the extra `envoy`."""

from importlib.util import find_spec

from sidecarctl.envoy.binary import envoy
from sidecarctl.errors import SidecarctlError

_LIBRARIES = ("cryptography", "h2")


def demand() -> None:
    """Make sure that the libraries of the extra, and an Envoy, are there.

    Raises:
        SidecarctlError: one of them is not.
    """
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise SidecarctlError(
            f"prove needs what is not installed: {', '.join(missing)}",
            hint="pip install 'sidecarctl[envoy]'",
        )
    envoy()
