"""The in-memory report: keeps what happened, for tests to look at."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from billing.application.ports import Telemetry


class MemoryTelemetry(Telemetry):
    """Events and alarms as (name, fields)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.alarms: list[tuple[str, dict[str, Any]]] = []

    def event(self, name: str, *, seconds: float | None = None, **fields: object) -> None:
        """Keep it."""
        self.events.append((name, {**fields, "seconds": seconds}))

    def bound(self, context: Mapping[str, str]) -> AbstractContextManager[object]:
        """Nothing to put ids on."""
        return nullcontext()

    def alarm(self, name: str, **fields: object) -> None:
        """Keep it."""
        self.alarms.append((name, dict(fields)))
