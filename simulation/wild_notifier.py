"""The mail server in bad weather, and every mail that it took."""

from billing.adapters.memory.notifier import MemoryNotifier
from billing.application.outcomes import Deadline
from billing.application.ports import Notifier
from billing.domain import Mail
from simulation.weather import Weather


class WildNotifier(Notifier):
    """The twin behind the weather."""

    def __init__(self, weather: Weather) -> None:
        self.twin = MemoryNotifier()
        self._weather = weather

    def send(self, mail: Mail, deadline: Deadline) -> None:
        self._weather.call(f"mail server: {mail.occasion}", deadline, lambda _: self.twin.send(mail, deadline))
