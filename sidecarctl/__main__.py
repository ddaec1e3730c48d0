"""`python -m sidecarctl`."""

from sidecarctl.cli.main import entry

entry()
