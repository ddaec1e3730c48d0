"""`python -m sidecarctl`."""

from sidecarctl.cli.main import main

main()
