"""One of two applications under one of three servers: `python -m bench.serving sync|gthread|granian ours|bare BIND`.

Run in an installation's folder, whose `.env` says the rest.
"""

import sys
import tempfile
from dataclasses import replace
from typing import Any

from flask import Flask

from bench.bare import bare_app
from billing.entrypoints.settings import HttpSettings, Settings, load_settings
from billing.entrypoints.startup import start
from billing.entrypoints.web import Server

KINDS = ("sync", "gthread", "granian")


class _Sync(Server):
    """The same with one thread a process; so it gets as many processes as the others have threads, at most four."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("worker_class", "sync")
        self.cfg.set("threads", 1)
        self.cfg.set("workers", 4)


def _load(which: str, settings: Settings) -> Flask:
    if which == "bare":
        assert settings.stripe is not None
        return bare_app(settings.database_url, settings.stripe.webhook_secrets[0])
    app: Flask = start(settings).web_app()
    return app


def _granian_loader(target: str) -> Any:
    """Called by granian in each of its processes."""
    which, metrics_dir = target.split("@")
    return _load(which, replace(load_settings(), metrics_dir=metrics_dir or None))


def _serve_granian(which: str, http: HttpSettings, metrics_dir: str) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    host, port = http.bind.split(":")
    Granian(
        f"{which}@{metrics_dir}",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=http.processes,
        blocking_threads=http.threads,
        log_level="warning",  # type: ignore[arg-type]
        websockets=False,
    ).serve(target_loader=_granian_loader)


def _main(kind: str, which: str, bind: str) -> None:
    settings = load_settings()
    metrics_dir = tempfile.mkdtemp(prefix="bench-metrics-")
    settings = replace(settings, metrics_dir=metrics_dir, http=replace(settings.http, bind=bind))
    start(settings)
    if kind == "granian":
        _serve_granian(which, settings.http, metrics_dir)
    else:
        {"sync": _Sync, "gthread": Server}[kind](settings.http, lambda: _load(which, settings)).run()


if __name__ == "__main__":
    _main(*sys.argv[1:])
