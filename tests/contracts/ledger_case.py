"""What every part of the ledger's contract stands on: a fresh ledger, its clock, and units that repeat."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Barrier
from typing import TypeVar

import pytest

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.ledger import Begin, Ledger
from billing.application.ports import Ids
from billing.domain import BillingError, Order, Purchase
from tests.builders import NOW, a_customer, an_order

T = TypeVar("T")
RING_AGAIN = timedelta(seconds=30)
DEADLINE_SECONDS = 20


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> datetime:
        """So much later."""
        self.time += timedelta(**by)
        return self.time


class LedgerCase:
    """A subclass gives `begin`: an empty ledger on `clock` and `ids`, that rings again after `RING_AGAIN`."""

    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock()

    @pytest.fixture
    def ids(self) -> Ids:
        numbers = count(1)
        return lambda prefix: f"{prefix}_{next(numbers):06d}"

    @pytest.fixture
    def begin(self, clock: HandClock, ids: Ids) -> Begin:
        raise NotImplementedError

    @pytest.fixture
    def ledger(self, begin: Begin) -> Ledger:
        return Ledger(begin, MemoryQueue(), MemoryTelemetry(), tries_max=500)

    @pytest.fixture
    def customer(self, ledger: Ledger) -> str:
        ledger.write("setup", lambda uow: uow.customers.add(a_customer()))
        return "cus_1"

    @pytest.fixture
    def order(self, ledger: Ledger, customer: str) -> Order:
        return place(ledger)


def place(ledger: Ledger, *wanted: Purchase, order_id: str = "ord_1") -> Order:
    """An unpaid order in the ledger."""
    order = an_order(*wanted, order_id=order_id)
    ledger.write("setup", lambda uow: uow.orders.add(order))
    return ledger.read(lambda uow: uow.orders.get(order_id))


def in_parallel(times: int, work: Callable[[int], T]) -> list[T | BillingError]:
    """What each of so many threads, started together, returned or raised."""
    barrier = Barrier(times)

    def one(n: int) -> T | BillingError:
        barrier.wait(DEADLINE_SECONDS)
        try:
            return work(n)
        except BillingError as error:
            return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times), timeout=3 * DEADLINE_SECONDS))
