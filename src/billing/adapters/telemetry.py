"""Reports as one stream of structured logs and as Prometheus metrics."""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from billing.application.ports import Telemetry

Counts = Callable[[], Mapping[tuple[str, str], int]]
States = Callable[[], Mapping[str, str]]

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0)
_SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_QUIET = frozenset(
    {
        "http_request",
        "webhook_received",
        "job_claimed",
        "job_not_claimed",
        "epp_command",
        "stripe_call",
        "ring_skipped",
    }
)
"""Reported at debug level: they are many, and the metrics have them."""


@dataclass(frozen=True)
class Measure:
    """How one kind of report is counted and timed: the fields that become labels, and the buckets in seconds."""

    name: str
    help: str
    labels: Sequence[str]
    buckets: Sequence[float] | None = None


MEASURES: Mapping[str, Measure] = {
    "webhook_received": Measure("billing_webhooks", "Genuine notifications", ("gateway", "type", "outcome")),
    "webhook_forged": Measure("billing_webhooks_forged", "Notifications refused as not genuine", ("gateway",)),
    "http_request": Measure("billing_http_request", "Requests answered", ("method", "route", "status"), _FAST),
    "job_claimed": Measure("billing_job_lag", "From due to claimed", ("kind",), _SLOW),
    "job_ran": Measure("billing_job_run", "Runs of jobs and how they ended", ("kind", "ended"), _SLOW),
    "hint_contradicted": Measure(
        "billing_hints_contradicted", "Attempts of which a notification claimed what its provider denied", ("gateway",)
    ),
    "payment_settled": Measure("billing_payments_settled", "Proven payments by what they meant", ("settlement",)),
    "epp_command": Measure("billing_epp_command", "Commands to EPP registries", ("command", "code"), _SLOW),
    "mail_call": Measure("billing_mail_call", "Mails handed to the mail server", ("kind", "outcome"), _SLOW),
    "mail_line_opened": Measure("billing_mail_line_opened", "Lines opened to the mail server", ("tls",), _SLOW),
    "reconcile_difference": Measure(
        "billing_reconcile_differences", "What differed from a provider's books", ("reconciler", "done")
    ),
    "stripe_call": Measure("billing_stripe_call", "Calls to Stripe", ("call", "outcome"), _SLOW),
}


class LogTelemetry(Telemetry):
    """Logs every report with the ids bound to the moment, counts it, and times it where it has a duration."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._log = structlog.get_logger("billing")
        self._others = Counter("billing_events", "Reports without a measure", ("event",), registry=self.registry)
        self._alarms = Counter("billing_alarms", "What a person must know of", ("event",), registry=self.registry)
        self._measures = {event: self._register(measure) for event, measure in MEASURES.items()}
        # What prometheus_client finds by a look-up under a lock, found without: every request asks for two of them.
        self._found: dict[tuple[str, ...], Counter | Histogram] = {}

    def _register(self, measure: Measure) -> Counter | Histogram:
        if measure.buckets is None:
            return Counter(measure.name, measure.help, measure.labels, registry=self.registry)
        return Histogram(
            f"{measure.name}_seconds", measure.help, measure.labels, buckets=measure.buckets, registry=self.registry
        )

    def event(self, name: str, *, seconds: float | None = None, **fields: object) -> None:
        """One line and its count."""
        match self._measure(name, fields):
            case Histogram() as timer if seconds is not None:
                timer.observe(seconds)
            case Counter() as counter:
                counter.inc()
        if seconds is not None:
            fields["seconds"] = round(seconds, 6)
        (self._log.debug if name in _QUIET else self._log.info)(name, **fields)

    def _measure(self, name: str, fields: Mapping[str, object]) -> Counter | Histogram:
        measure = MEASURES.get(name)
        labels = [str(fields.get(label, "")) for label in measure.labels] if measure else ()
        key = (name, *labels)
        found = self._found.get(key)
        if found is None:
            found = self._measures[name].labels(*labels) if measure else self._others.labels(name)
            self._found[key] = found
        return found

    def bound(self, context: Mapping[str, str]) -> AbstractContextManager[object]:
        """The same ids on every line written inside."""
        return _Bound(context)

    def alarm(self, name: str, **fields: object) -> None:
        """One line at error level, with the exception of the moment if there is one."""
        self._alarms.labels(name).inc()
        self._log.error(name, exc_info=sys.exc_info()[0] is not None, **fields)


_ids: ContextVar[Mapping[str, str]] = ContextVar("billing_ids", default=MappingProxyType({}))
"""The ids bound to the moment, all in one: structlog has a variable for each, and looks for them among all others'."""


class _Bound(AbstractContextManager[None]):
    """These ids on top of those that are bound already, until it is left."""

    def __init__(self, context: Mapping[str, str]) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._before: Token[Mapping[str, str]] = _ids.set({**_ids.get(), **self._context})

    def __exit__(self, *exc: object) -> None:
        _ids.reset(self._before)


def _add_ids(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {**_ids.get(), **event}


class _Standing(Collector):
    """What is read from the ledger when somebody asks: jobs that are not over, and circuit breakers."""

    def __init__(self, counts: Counts, breakers: States) -> None:
        self._counts, self._breakers = counts, breakers

    def collect(self) -> list[GaugeMetricFamily]:
        """Jobs by kind and status; each breaker is 1 in the state that it is in."""
        backlog = GaugeMetricFamily("billing_jobs_open", "Jobs not over", labels=("kind", "status"))
        for (kind, status), jobs in self._counts().items():
            backlog.add_metric([kind, status], jobs)
        breakers = GaugeMetricFamily("billing_breaker", "Circuit breakers", labels=("breaker", "state"))
        for name, state in self._breakers().items():
            breakers.add_metric([name, state], 1)
        return [backlog, breakers]


def exposition(
    telemetry: LogTelemetry, counts: Counts, breakers: States, multiprocess_dir: str | None
) -> tuple[bytes, str]:
    """The metrics page: of this process, or of all that share a directory, and what the ledger knows."""
    registry = CollectorRegistry()
    if multiprocess_dir:
        from prometheus_client.multiprocess import MultiProcessCollector

        MultiProcessCollector(registry, path=multiprocess_dir)  # type: ignore[no-untyped-call]
    else:
        registry.register(telemetry.registry)
    registry.register(_Standing(counts, breakers))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def configure_logging(*, level: str, as_json: bool) -> None:
    """One stream on standard error for our own reports and everybody else's.

    Ours are written straight to it: by way of the standard library a line costs three times as much.
    """
    shared: list[Any] = [
        _add_ids,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [_console_renderer()]
    )
    structlog.configure(
        processors=[_name, *shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("huey", "urllib3", "stripe", "alembic", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _name(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["logger"] = "billing"
    return event


def _console_renderer() -> structlog.dev.ConsoleRenderer:
    # the plain formatter: others print local variables, and some of those are secret
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def logging_context() -> dict[str, str]:
    """The ids bound to this moment, to travel with a job that is written now; the job that wrote it is its cause."""
    context = dict(_ids.get())
    if "job_id" in context:
        context["cause"] = context.pop("job_id")
    return context
