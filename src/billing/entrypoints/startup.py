"""What every process does first: settings, logging, where metrics are kept, and then the container."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from billing.entrypoints.settings import Settings, load_settings

if TYPE_CHECKING:
    from billing.entrypoints.container import Container


def start(settings: Settings | None = None, *, log_level: str | None = None) -> "Container":
    """A wired container of this process; WrongSettings where it was told something wrong."""
    settings = settings or load_settings()
    if settings.metrics_dir:
        Path(settings.metrics_dir).mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = settings.metrics_dir  # read once, when prometheus is imported
    from billing.entrypoints.container import Container, configure_logging

    configure_logging(level=log_level or settings.log_level, as_json=settings.log_json)
    container = Container(settings=settings)
    container.check_dependencies()
    return container
