"""The in-memory bell: remembers what was rung, for whoever plays the worker."""

from collections.abc import Iterator, Mapping

from billing.application.ports import JobQueue


class MemoryQueue(JobQueue):
    """Bells in the order of priority, then of time; `silent` loses them all, as a dead queue does."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, int]] = []
        self.silent = False

    def ring(self, bells: Mapping[str, int]) -> None:
        """Remember them, or lose them where silent."""
        if not self.silent:
            self.rung.extend(bells.items())

    def drain(self) -> Iterator[str]:
        """What was rung and not yet heard, also what is rung meanwhile."""
        while self.rung:
            self.rung.sort(key=lambda bell: -bell[1])
            yield self.rung.pop(0)[0]
