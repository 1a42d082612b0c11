"""What a worker says of itself when it starts."""

from dataclasses import replace
from pathlib import Path

import pytest
from dependency_injector import providers

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from billing.entrypoints.worker import build_consumer


@pytest.mark.parametrize("metrics_dir", [None, "metrics"])
def test_a_worker_whose_metrics_nobody_can_read_says_so(metrics_dir: str | None) -> None:
    settings = replace(load_settings(Path("no such file")), queue_url="memory://", metrics_dir=metrics_dir)
    container, telemetry = Container(settings=settings), MemoryTelemetry()
    container.telemetry.override(providers.Object(telemetry))
    build_consumer(container)
    assert [name for name, _ in telemetry.events].count("metrics_are_off") == (metrics_dir is None)
