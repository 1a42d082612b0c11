"""What every process does first: settings, logging, where metrics are kept, and then the container."""

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from billing.domain.errors import Invalid
from billing.entrypoints.settings import Settings, WrongSettings, load_settings

if TYPE_CHECKING:
    from billing.entrypoints.container import Container


def start(settings: Settings | None = None, *, log_level: str | None = None) -> "Container":
    """A wired container of this process; WrongSettings where it was told something wrong."""
    settings = settings or load_settings()
    if settings.metrics_dir:
        try:
            Path(settings.metrics_dir).mkdir(parents=True, exist_ok=True)
        except OSError as impossible:
            raise WrongSettings(f"BILLING_METRICS_DIR can't be made: {impossible}") from impossible
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = settings.metrics_dir  # read once, when prometheus is imported
    from billing.entrypoints.container import Container, configure_logging

    configure_logging(level=log_level or settings.log_level, as_json=settings.log_json)
    container = Container(settings=settings)
    container.check_dependencies()
    if settings.failpoints_dir:
        from billing.entrypoints import failpoints

        failpoints.install(container, settings.failpoints_dir)
    return container


def settle() -> None:
    """What is there by now lives as long as the process: the garbage collector need not look at it ever again.

    Each time it does, everything stands still, a thread that holds SQLite's write lock included.
    """
    gc.collect()
    gc.freeze()


def start_command() -> "Container":
    """A container for one command, whose answer is what it prints: only what goes wrong is logged."""
    return start(log_level="warning")


def start_serving(settings: Settings | None = None) -> "Container":
    """A container that can take money and register names, with all built that wrong settings could break.

    WrongSettings otherwise. Nothing outside is asked, so that it starts while the outside is away.
    """
    from sqlalchemy.exc import ArgumentError

    container = start(settings)
    for setting, part in (
        ("BILLING_DATABASE_URL", container.engine),
        ("BILLING_QUEUE_URL", container.bell),
        ("BILLING_DATABASE_URL", container.ledger),
        ("a payment gateway's settings", container.gateways),
        ("BILLING_REGISTRARS", container.registrars),
        ("BILLING_SMTP_URL", container.notifier),
        ("the settings of jobs", container.run_job),
    ):
        try:
            part()
        except (Invalid, ValueError, OSError, ArgumentError) as wrong:
            raise WrongSettings(f"{setting}: {wrong}") from wrong
    if not container.gateways():
        raise WrongSettings("BILLING_STRIPE_API_KEY is not set: no payment gateway is enabled")
    if not container.settings().secret_keys:
        raise WrongSettings(
            "BILLING_SECRET_KEY is not set: links in mails are signed with it, such as openssl rand -hex 32"
        )
    if not container.settings().registrars:
        raise WrongSettings("BILLING_REGISTRARS is not set: for example rw=epp,com=epp")
    return container
