"""What one fault did to one installation, in numbers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

LEASE_SECONDS = 6.0
KILL_BOUND_SECONDS = 2 * LEASE_SECONDS
"""Whoever is killed at any step of a job is made up for within two lease periods."""
OUTAGE_BOUND_SECONDS = 30.0
"""After an outage: providers redeliver after up to 10 s, whoever hung on to a dead call needs its deadline."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What was ordered and what came of it, counted at the registry, at the provider and in the ledger."""

    orders: int = 0
    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One row of the table; `recovered_seconds` is None where not everything had ended well in time."""

    scenario: str
    stack: str
    done: str
    came: str
    recovered_seconds: float | None
    bound_seconds: float
    tally: Tally
    bugs: list[str] = field(default_factory=list)
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Nothing twice, nothing missing, in time, and no error that nobody had expected."""
        in_time = self.recovered_seconds is not None and self.recovered_seconds <= self.bound_seconds
        return in_time and not (self.tally.duplicates or self.tally.losses or self.bugs)

    def to_json(self) -> dict[str, Any]:
        """As it is written down."""
        return {**asdict(self), "good": self.is_good}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Outcome":
        """What was written down."""
        fields = {name: value for name, value in row.items() if name not in ("good", "tally")}
        return cls(**fields, tally=Tally(**row["tally"]))

    def named(self, stack: str) -> "Outcome":
        """The same on another stack's account."""
        return replace(self, stack=stack)


def broken(scenario: str, stack: str, done: str, why: BaseException) -> Outcome:
    """A scenario that came to no end of its own."""
    return Outcome(
        scenario=scenario,
        stack=stack,
        done=done,
        came=f"{type(why).__name__}: {why}",
        recovered_seconds=None,
        bound_seconds=0,
        tally=Tally(losses=[f"not carried out: {why}"]),
    )
