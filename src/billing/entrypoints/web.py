"""The web processes: gunicorn with threads, each process with a container of its own."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dependency_injector import providers
from flask import Flask
from gunicorn.app.base import BaseApplication

from billing.entrypoints.settings import HttpSettings, Settings, load_settings
from billing.entrypoints.startup import settle, start, start_serving

_BUSY_PAUSE_MS = 0.25
"""How soon a web process asks again for SQLite's write lock: sooner than a worker, since somebody waits for it."""


class Server(BaseApplication):  # type: ignore[misc]
    """The processes of one application, which each of them loads for itself: its connections are its own."""

    def __init__(self, http: HttpSettings, load_app: Callable[[], Flask]) -> None:
        self._http, self._load_app = http, load_app
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in _options(self._http).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called by gunicorn in each process."""
        app = self._load_app()
        settle()
        return app


def _options(http: HttpSettings) -> dict[str, Any]:
    return {
        "bind": http.bind,
        "workers": http.processes,
        "threads": http.threads,
        "worker_class": "gthread",
        "timeout": http.timeout_seconds,
        "graceful_timeout": http.timeout_seconds,
        "keepalive": 5,
        "limit_request_line": 4094,
        "loglevel": "warning",
        "child_exit": _forget_gauges,
    }


def _forget_gauges(server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _application(settings: Settings) -> Flask:
    container = start(settings)
    container.busy_pause_ms.override(providers.Object(_BUSY_PAUSE_MS))
    return container.web_app()


def serve_http() -> None:
    """Answer until SIGTERM; WrongSettings before anything is bound where something is missing."""
    settings, folder = load_settings(), None
    if settings.metrics_dir is None and settings.http.processes > 1:
        folder = tempfile.mkdtemp(prefix="billing-metrics-")
        settings = replace(settings, metrics_dir=folder)
    start_serving(settings)  # what it builds holds no connection yet, so gunicorn may fork
    print(f"billing answers at http://{settings.http.bind}", file=sys.stderr, flush=True)
    parent = os.getpid()
    try:
        Server(settings.http, lambda: _application(settings)).run()
    finally:
        if folder is not None and os.getpid() == parent:
            shutil.rmtree(folder, ignore_errors=True)
