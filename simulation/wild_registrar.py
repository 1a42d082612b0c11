"""The registry in bad weather, and its own record of what took effect for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.adapters.memory.registrar import MemoryRegistrar
from billing.application.outcomes import Deadline
from billing.application.ports import Availability, Clock, DomainInfo, Registrar
from billing.domain import Contact, DomainName
from simulation.weather import Weather

_AGES_SECONDS = 3600.0
_SLOW_TO_GRANT = 0.1


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A command that the registry carried out: `key` is the registrant's handle, or what the renewal was for."""

    name: str
    key: str
    years: int


class WildRegistrar(Registrar):
    """The twin behind the weather; `created` and `renewed` list what took effect, `backdated` is when, if not now."""

    def __init__(self, weather: Weather, now: Clock) -> None:
        self.backdated: datetime | None = None
        self.twin = MemoryRegistrar(lambda: self.backdated or now())
        self.created: list[Effect] = []
        self.renewed: list[Effect] = []
        self._weather = weather

    def check(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        return self._weather.call("registry: check", deadline, lambda sent: self.twin.check(names, sent))

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        return self._weather.call(f"registry: info {name}", deadline, lambda sent: self.twin.info(name, sent))

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        def act(sent: Deadline) -> DomainInfo:
            before = self.twin.creates[str(name)]
            info = self.twin.register(name, years, registrant, nameservers, key, sent)
            if self.twin.creates[str(name)] > before:
                self.created.append(Effect(name=str(name), key=key, years=years))
                self._perhaps_grant_later(name)
            return self.twin.info(name, sent) or info

        return self._weather.call(f"registry: create {name} for {key}", deadline, act)

    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        def act(sent: Deadline) -> DomainInfo:
            before = self.twin.renews[str(name)]
            info = self.twin.renew(name, years, current_expiry, key, sent)
            if self.twin.renews[str(name)] > before:
                self.renewed.append(Effect(name=str(name), key=key, years=years))
            return info

        return self._weather.call(f"registry: renew {name} for {key}", deadline, act)

    def holding(self, name: DomainName) -> DomainInfo | None:
        """What the registry's table shows, weather or not."""
        return self.twin.info(name, Deadline.after(_AGES_SECONDS, lambda: 0.0))

    def _perhaps_grant_later(self, name: DomainName) -> None:
        schedule = self._weather.schedule
        if self._weather.faults.call_fails and self._weather.strikes(_SLOW_TO_GRANT):
            self.twin.hold(name)
            after_ms = self._weather.dice.randint(1, 8 * 60_000)
            schedule.spawn("registry", lambda: self.twin.grant(name), after_ms)
