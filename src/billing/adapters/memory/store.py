"""Rows of the in-memory ledger, by kind and key, and who claims what is unique."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from billing.adapters.memory.uniqueness import Claim
from billing.domain.alert import Alert
from billing.domain.job import OPEN, Job
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.subscription import Subscription

Key = tuple[type, Hashable]


@dataclass(slots=True)
class Row:
    """A stored value and what it claims; the stamp rises with every unit that changed or locked it."""

    stamp: int
    value: Any
    claims: tuple[Claim, ...]


@dataclass
class Store:
    """What has been committed.

    The claims are its unique indexes: they refuse, and they find. The waiting rows are its partial ones: what
    housekeeping looks for, which is little however much there is.
    """

    installation: str
    tables: defaultdict[type, dict[Hashable, Row]] = field(default_factory=lambda: defaultdict(dict))
    waiting: defaultdict[type, dict[Hashable, Row]] = field(default_factory=lambda: defaultdict(dict))
    claims: dict[Claim, Key] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)
    mutex: RLock = field(default_factory=RLock)

    @property
    def rows(self) -> dict[Key, Row]:
        """Every row by its key, to look at."""
        return {(cls, key): row for cls, table in self.tables.items() for key, row in table.items()}

    def row(self, cls: type, key: Hashable) -> Row | None:
        """One row, if it is there."""
        return self.tables[cls].get(key)

    def table(self, cls: type) -> dict[Hashable, Row]:
        """The rows of a kind, in the order of their keys."""
        return self.tables[cls]

    def put(self, cls: type, key: Hashable, row: Row) -> None:
        """A new row or another state of one."""
        table = self.tables[cls]
        before = table.get(key)
        is_in_order = before is not None or not table or str(next(reversed(table))) < str(key)
        table[key] = row
        if not is_in_order:
            self.tables[cls] = dict(sorted(table.items(), key=by_key))
        if before is None or before.claims != row.claims:
            self._give_up((cls, key), before)
            self.claims.update(dict.fromkeys(row.claims, (cls, key)))
        if is_waiting(row.value):
            self.waiting[cls][key] = row
        else:
            self.waiting[cls].pop(key, None)

    def delete(self, cls: type, key: Hashable) -> None:
        """No longer there, and what it claimed is free."""
        self._give_up((cls, key), self.tables[cls].pop(key, None))
        self.waiting[cls].pop(key, None)

    def _give_up(self, key: Key, row: Row | None) -> None:
        for claim in row.claims if row else ():
            if self.claims.get(claim) == key:  # else another row of the same unit has it by now
                del self.claims[claim]


def by_key(entry: tuple[Hashable, object]) -> str:
    """The order in which rows are seen."""
    return str(entry[0])


def is_waiting(value: Any) -> bool:
    """Whether housekeeping has something to do about it now or later."""
    match value:
        case Job():
            return value.status in OPEN
        case Order():
            return value.status is OrderStatus.PENDING
        case Alert():
            return value.told_by is None
        case Subscription():
            return value.look_at is not None
    return False
