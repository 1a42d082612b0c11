"""The consumer process: answers the bell, and keeps house in one thread beside it.

`billing worker` runs it; so does plain Huey: `huey_consumer billing.entrypoints.worker.huey -g TERM -m 0.2`.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dependency_injector import providers

from billing.application.outcomes import RetryLater
from billing.application.ports import Telemetry
from billing.domain.errors import BillingError
from billing.entrypoints.startup import settle

if TYPE_CHECKING:
    from billing.entrypoints.container import Container

_HAND_BACK_SECONDS_MAX = 2.0
"""The last part of the time to stop in, or a quarter of it where that is shorter."""


class Housekeeper:
    """One thread a process; its hooks are called once for every worker thread, whichever comes first."""

    def __init__(self, keep_house: Callable[[], object], telemetry: Telemetry, every_seconds: float) -> None:
        self._keep_house, self._telemetry, self._every_seconds = keep_house, telemetry, every_seconds
        self._mutex, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it is at it."""
        with self._mutex:
            if self._thread is None or not self._thread.is_alive():
                self._stop.clear()
                self._thread = threading.Thread(target=self._loop, name="housekeeper", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Come to an end after what is under way."""
        self._stop.set()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self._keep_house()
            except BillingError as trouble:
                self._telemetry.event("housekeeping_failed", why=str(trouble))
            except Exception as bug:  # noqa: BLE001 - the thread must outlive a defect, which is loud
                self._telemetry.alarm("housekeeping_bug", error=repr(bug))
            self._stop.wait(self._every_seconds)


class Leaving:
    """Hands back what is not finished; a ledger that does not answer in time holds up nobody, and leases decide."""

    def __init__(self, hand_back: Callable[[], object], stop_seconds: float) -> None:
        self._hand_back = hand_back
        self.hand_back_seconds = min(_HAND_BACK_SECONDS_MAX, stop_seconds / 4)
        self.finish_seconds = stop_seconds - self.hand_back_seconds

    def __call__(self) -> None:
        """Called once for each task that is not finished; the first call is about all of them."""
        thread = threading.Thread(target=self._hand_back, name="leaving", daemon=True)
        thread.start()
        thread.join(self.hand_back_seconds)


def build_consumer(container: "Container") -> Any:
    """A Huey whose consumer runs our jobs and keeps house; it may be built while queue and ledger are away."""
    settings, telemetry = container.settings(), container.telemetry()
    huey = container.consumer_bell(run=lambda job_id: container.run_job()(job_id))
    if settings.queue_url.startswith("memory:"):
        container.bell.override(providers.Object(huey))  # within one process the bell rung is the bell heard
    try:
        container.prepare_bell()
    except RetryLater as away:
        telemetry.event("queue_not_prepared", why=away.why)
    if settings.mails is None:
        telemetry.event("mails_are_off", why="BILLING_SMTP_URL is not set: neither customers nor operators get mail")
    if settings.metrics_dir is None:
        telemetry.event(
            "metrics_are_off", why="BILLING_METRICS_DIR is not set: nobody can read what this worker counts"
        )
    housekeeper = Housekeeper(lambda: container.keep_house()(), telemetry, settings.jobs.sweep_seconds)
    huey.on_startup("housekeeper")(housekeeper.start)
    huey.on_shutdown("housekeeper")(housekeeper.stop)
    leaving = Leaving(lambda: container.hand_back()(), settings.jobs.shutdown_seconds)
    container.bound_shutdown(huey, leaving.finish_seconds, leaving)
    return huey


def run_consumer(container: "Container") -> None:
    """Work until SIGTERM, then finish what is under way within the bound set for it, and hand back the rest."""
    jobs = container.settings().jobs
    consumer = build_consumer(container).create_consumer(
        workers=jobs.workers,
        periodic=False,
        initial_delay=0.02,
        max_delay=0.1,
        graceful_signal="TERM",
    )
    settle()
    consumer.run()


def __getattr__(name: str) -> Any:
    """`huey`, built when it is first asked for, so that importing this module does nothing."""
    if name != "huey":
        raise AttributeError(name)
    from billing.entrypoints.startup import start_serving

    globals()["huey"] = build_consumer(start_serving())
    settle()
    logging.getLogger("huey").propagate = False  # its own command gives it a handler of its own
    return globals()["huey"]
