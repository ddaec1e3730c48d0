"""Folders for Envoy: the path of a unix socket has to be short, and pytest's own are not."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def short_folder():
    with tempfile.TemporaryDirectory(prefix="sidecarctl-") as name:
        yield Path(name)
