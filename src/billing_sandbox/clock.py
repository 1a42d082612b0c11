"""The sandbox's business clock: real time plus an offset that people may advance."""

from datetime import UTC, datetime, timedelta

from billing_sandbox.store import Json, Store

_OFFSET_MAX_SECONDS = 100 * 366 * 86_400


class BusinessClock:
    """What time it is for terms and expiries; kept across restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        kept = store.get("sandbox", "clock")
        self.offset_seconds: float = kept["offset_seconds"] if kept else 0.0

    def now(self) -> datetime:
        """The business time, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def advance(self, seconds: float) -> None:
        """Move on; never back, because what has expired stays expired."""
        if not 0 <= self.offset_seconds + seconds <= _OFFSET_MAX_SECONDS or seconds < 0:
            raise ValueError("the clock advances by 0 seconds or more, a hundred years at most")
        with self._store.transaction():
            self.offset_seconds += seconds
            self._store.put("sandbox", {"id": "clock", "offset_seconds": self.offset_seconds})

    def to_json(self) -> Json:
        """`{"now", "offset_seconds"}`."""
        return {"now": self.now().isoformat(), "offset_seconds": self.offset_seconds}
