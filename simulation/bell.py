"""The bell in bad weather: some rings are lost, and whoever hears them hears them in any order."""

from collections.abc import Mapping

from billing.adapters.memory.queue import MemoryQueue
from simulation.weather import Weather


class WildBell(MemoryQueue):
    """What was rung wakes one worker."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    def ring(self, bells: Mapping[str, int]) -> None:
        for job_id, priority in bells.items():
            self._weather.point(f"ring {job_id}")
            if self._weather.strikes(self._weather.faults.bell_lost):
                self._weather.schedule.note(f"  the ring for {job_id} is lost")
                continue
            super().ring({job_id: priority})
            self._weather.schedule.unpark()

    def hear(self) -> str | None:
        """Some job that was rung for."""
        if not self.rung:
            return None
        return self.rung.pop(self._weather.dice.randrange(len(self.rung)))[0]
