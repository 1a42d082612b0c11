"""The business clocks of billing and of the outside world, moved together."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, eventually

_PROMPT = {"BILLING_UNMATCHED_RETRY_SECONDS": "1", "BILLING_CARD_POLL_SECONDS": "1"}


class TimeMachine:
    """Moves both; whoever reads the offset meanwhile reads the old one or the new one, never half of it."""

    def __init__(self, file: Path) -> None:
        self.file, self._offset, self._worlds = file, timedelta(), list[Installation]()
        self._write()

    @property
    def now(self) -> datetime:
        """By the business clocks."""
        return datetime.now(UTC) + self._offset

    def take_along(self, installation: Installation) -> None:
        """Its outside world moves too from now on, and stands where billing does."""
        self._worlds.append(installation)
        self._advance(installation, self._offset)

    def pass_time(self, by: timedelta) -> None:
        """The outside world's first, so that what is paid for is paid by the time that anybody here asks."""
        for installation in self._worlds:
            self._advance(installation, by)
        self._offset += by
        self._write()

    def go_to(self, moment: datetime) -> None:
        """To a moment that is yet to come."""
        self.pass_time(moment - self.now)

    def _advance(self, installation: Installation, by: timedelta) -> None:
        installation.control("POST", "/clock/advance", {"seconds": by.total_seconds()})

    def _write(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(self._offset.total_seconds()))
        new.replace(self.file)


def a_shop_on(
    install: Install,
    folder: Path,
    moment: datetime | None = None,
    urls: Sequence[str] | None = None,
    workers: int = 1,
    **settings: str,
) -> tuple[Installation, TimeMachine]:
    """A shop at work whose business day is today or another; on SQLite unless it is given servers."""
    time = TimeMachine(folder / "offset")
    if moment is not None:
        time.go_to(moment)
    on_files = [f"sqlite:///{folder}/ledger.sqlite", f"sqlite:///{folder}/queue.sqlite"]
    shop = install(*(urls or on_files), BILLING_CLOCK_OFFSET_FILE=str(time.file), **_PROMPT, **settings)
    time.take_along(shop)
    shop.serve()
    for n in range(1, workers + 1):
        shop.work(f"worker-{n}")
    return shop, time


def see_rounds(shop: Installation, *names: str) -> None:
    """From here on, what these rounds of the day have not done today, they do not do today."""
    container = shop.container
    begins = timedelta(hours=container.settings().renewals.daily_at_hour)

    def are_over() -> bool:
        known = container.ledger().read(lambda uow: [uow.rounds.get(name) for name in names])
        today = (container.business_clock()() - begins).date()
        return all(one is not None and one.is_done and one.day == today for one in known)

    eventually(are_over)
