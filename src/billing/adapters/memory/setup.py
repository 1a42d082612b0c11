"""The in-memory provider's side of the arrangement."""

from collections.abc import Sequence
from dataclasses import replace

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.pages import READABLE
from billing.application.outcomes import Deadline
from billing.application.provider_ports import Endpoint, ProviderSetup


class MemorySetup(ProviderSetup, FailsOnOrder):
    """`held` are the account's endpoints, `wrong` what its checks find."""

    usual_call = "make"
    gateway = "memory"
    types = frozenset(map(str, READABLE))
    version = "1"
    checks = ("the account", "the key")

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Endpoint] = []
        self.wrong: dict[str, str] = {}

    def endpoints(self, deadline: Deadline) -> Sequence[Endpoint]:
        """Without their secrets."""
        deadline.remaining_seconds()
        return [replace(one, secret=None) for one in self.held]

    def make_endpoint(self, url: str, deadline: Deadline) -> Endpoint:
        """Its secret is made of its number."""

        def make() -> Endpoint:
            number = len(self.held) + 1
            made = Endpoint(
                ref=f"end_{number}",
                url=url,
                types=self.types,
                version=self.version,
                is_enabled=True,
                secret=f"secret of {number}",
            )
            self.held.append(made)
            return made

        return self._call("make", url, deadline, make)

    def correct_endpoint(self, ref: str, deadline: Deadline) -> Endpoint:
        """In its place."""
        deadline.remaining_seconds()
        (place,) = [n for n, one in enumerate(self.held) if one.ref == ref]
        self.held[place] = replace(self.held[place], types=self.types, is_enabled=True)
        return replace(self.held[place], secret=None)

    def problem(self, check: str, deadline: Deadline) -> str | None:
        """What was ordered to be wrong."""
        deadline.remaining_seconds()
        return self.wrong.get(check)
