"""Unit tests use no network, and a test that tries fails."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True, scope="module")
def _no_network() -> object:
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
