"""What is started by hand and rarely: that it can be started at all."""

import importlib
import pkgutil

import pytest

import bench
import faults

MODULES = [
    module.name
    for package in (bench, faults)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported_and_begins_nothing(name: str) -> None:
    assert importlib.import_module(name)
