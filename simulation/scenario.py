"""What happens in a seed: customers, what they order and how they pay, who else is about, and how bad it gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from billing.adapters.memory.pages import Told
from billing.domain import Cycle, DomainName, DomainRegistration, DomainRenewal, Hosting, Purchase, SubscriptionRenewal
from simulation.weather import Faults

MINUTE_MS, DAY_MS = 60_000, 86_400_000
_ROUGH = Faults(
    death=0.008,
    stall=0.004,
    call_fails=0.06,
    call_hangs=0.04,
    answer_lost=0.05,
    ledger_away=0.01,
    bell_lost=0.08,
    webhook_lost=0.1,
    webhook_doubled=0.3,
    webhook_late=0.3,
)
_MONTH_MS = 31 * DAY_MS
_RECONCILED, _WITH_KEEPERS, _WITH_PHONES, _REFUSED = 0.2, 0.2, 0.5, 0.15
_CARDS = (Told.PAID, Told.PAID, Told.PAID, Told.FAILED, Told.FAILED, Told.NEEDS_CUSTOMER, Told.SUBMITTED)
_LABELS = ("amahoro", "ubumwe", "imigongo")


class Habit(StrEnum):
    """How somebody pays."""

    PAYS = "pays"
    IS_DECLINED_FIRST = "is declined once, then pays"
    PAYS_SLOWLY = "pays by a slow method"
    FAILS_SLOWLY = "pays by a slow method that comes to nothing, then again"
    FAILS_THEN_ARRIVES = "pays by a slow method that fails and arrives after all"
    PAYS_ANOTHER_SUM = "pays another sum than asked"
    LEAVES = "never pays"
    CANCELS = "cancels, perhaps while paying"
    HAS_CARD_CHARGED = "has a saved card charged, and pays on a page where that comes to nothing"
    OPENS_TWO_PAGES = "opens two pages and pays both"
    PAYS_LATE = "pays when time is nearly over"


_HABITS = {
    Habit.PAYS: 10,
    Habit.IS_DECLINED_FIRST: 2,
    Habit.PAYS_SLOWLY: 3,
    Habit.FAILS_SLOWLY: 1,
    Habit.FAILS_THEN_ARRIVES: 2,
    Habit.PAYS_ANOTHER_SUM: 1,
    Habit.LEAVES: 1,
    Habit.CANCELS: 2,
    Habit.OPENS_TWO_PAGES: 2,
    Habit.PAYS_LATE: 2,
}


_RENTING = (Habit.PAYS, Habit.PAYS, Habit.IS_DECLINED_FIRST, Habit.PAYS_SLOWLY, Habit.PAYS_LATE, Habit.CANCELS)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An order that somebody will place."""

    customer: int
    currency: str
    wants: tuple[Purchase, ...]
    at_ms: int
    habit: Habit


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """A customer whose name from the start soon expires, and renews by itself."""

    customer: int
    expires_in_ms: int
    cards: tuple[Told, ...]  # what is saved, by how it ends when it is charged; the first is charged by itself


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Everything that is fixed before the dice of the run are thrown."""

    seed: int
    customers: int
    orders: tuple[Planned, ...]
    squatted: tuple[tuple[str, int], ...]  # a name that somebody takes at another registrar, and when
    outages: tuple[tuple[int, int, str], ...]  # from, for how long, and what of the registry is out
    strangers: int  # notifications about another installation's payments
    workers: int
    faults: Faults
    reconciles: bool  # the provider's books are compared with ours meanwhile, and not only at last
    keepers: tuple[Keeper, ...]  # none in most
    by_phone: bool  # whether customers choose between the two providers, in RWF
    forgers: int  # who make hints up
    refused: tuple[int, int] | None  # from, and for how long, the provider of payments on the phone refuses us
    months: int  # for which hosting that renews by itself is billed; 0 where nobody buys any
    fair_at_ms: int  # from here on nothing fails, and no period ends

    def keeper_of(self, customer: int) -> Keeper | None:
        """The customer as one."""
        return next((keeper for keeper in self.keepers if keeper.customer == customer), None)


def held_name(customer: int) -> DomainName:
    """The name that each customer has from the start."""
    return DomainName(f"ikaze-{customer}.rw")


def held_subscription(customer: int) -> str:
    """The subscription that each customer has from the start; it is billed in USD."""
    return f"sub_{customer}"


def draw(seed: int) -> Scenario:
    """The scenario of a seed: always the same."""
    dice = Random(f"scenario {seed}")
    customers = dice.randint(1, 3)
    orders = tuple(_an_order(dice, dice.randrange(customers)) for _ in range(dice.randint(1, 5)))
    names = [f"{label}.rw" for label in _LABELS]
    life = Random(f"months {seed}")
    months = life.choice((0, 0, 0, 0, 0, 0, 0, 1, 1, 2))
    if months:  # quiet ones, beside the busy days
        orders = (*orders[:1], *(_to_renew(life, life.randrange(customers)) for _ in range(life.randint(1, 2))))
    keepers, days = _keepers(Random(f"keepers {seed}"), customers) if not months else ((), 0)
    if keepers:
        orders = tuple(_perhaps_by_card(life, planned, keepers) for planned in orders[:2])
    phones = Random(f"phones {seed}")
    by_phone = not months and not keepers and phones.random() < _WITH_PHONES
    if by_phone:
        orders = tuple(map(_in_francs, orders))
    return Scenario(
        seed=seed,
        customers=customers,
        orders=orders,
        squatted=tuple((name, _minutes(dice, 60)) for name in names if dice.random() < 0.2),
        outages=tuple(_outage(dice) for _ in range(dice.choice((0, 0, 1, 2)))),
        strangers=dice.choice((0, 0, 1)),
        workers=dice.randint(1, 4),
        faults=_ROUGH.scaled(max(dice.choice((0, 0.3, 1, 1, 2, 3)), 1 if months else 0)),
        reconciles=Random(f"accountant {seed}").random() < _RECONCILED,
        keepers=keepers,
        by_phone=by_phone,
        forgers=phones.choice((0, 1, 2)) if by_phone else 0,
        refused=(_minutes(phones, 60), _minutes(phones, 40)) if by_phone and phones.random() < _REFUSED else None,
        months=months,
        fair_at_ms=_minutes(dice, 240) + months * _MONTH_MS + days * DAY_MS,
    )


def _an_order(dice: Random, customer: int) -> Planned:
    currency = dice.choice(("USD", "USD", "RWF"))
    return Planned(
        customer=customer,
        currency=currency,
        wants=_wants(dice, customer, currency),
        at_ms=_minutes(dice, dice.choice((1, 5, 90))),
        habit=dice.choices(list(_HABITS), list(_HABITS.values()))[0],
    )


def _keepers(dice: Random, customers: int) -> tuple[tuple[Keeper, ...], int]:
    """And for how many days they act."""
    if dice.random() >= _WITH_KEEPERS:
        return (), 0
    found = tuple(
        Keeper(
            customer=number,
            expires_in_ms=dice.randint(1, 34 * DAY_MS),
            cards=tuple(dice.choices(_CARDS, k=dice.choice((0, 1, 1, 1, 2)))),
        )
        for number in range(customers)
        if number == 0 or dice.random() < 0.5
    )
    return found, dice.randint(20, 50)


def _perhaps_by_card(dice: Random, planned: Planned, keepers: Sequence[Keeper]) -> Planned:
    has_card = any(keeper.customer == planned.customer and keeper.cards for keeper in keepers)
    return replace(planned, habit=Habit.HAS_CARD_CHARGED) if has_card and dice.random() < 0.5 else planned


def _in_francs(planned: Planned) -> Planned:
    """What can't be had for them stays as it is."""
    is_to_be_had = not any(isinstance(what, SubscriptionRenewal) for what in planned.wants)
    return replace(planned, currency="RWF") if is_to_be_had else planned


def _to_renew(dice: Random, customer: int) -> Planned:
    """Hosting that renews by itself, alone or in company."""
    hosting = Hosting(plan=dice.choice(("starter", "business")), cycle=Cycle.MONTHLY, auto_renew=True)
    name = DomainRegistration(domain=DomainName(f"icumbi-{dice.randint(1, 9)}.com"))
    return Planned(
        customer=customer,
        currency="USD",
        wants=dice.choice(((hosting,), (hosting, name), (hosting, name))),
        at_ms=_minutes(dice, 5),
        habit=dice.choice(_RENTING),
    )


def _wants(dice: Random, customer: int, currency: str) -> tuple[Purchase, ...]:
    shelf: Sequence[Purchase] = (
        DomainRegistration(domain=DomainName(f"{dice.choice(_LABELS)}.rw"), years=dice.randint(1, 2)),
        DomainRegistration(domain=DomainName(f"murakoze-{dice.randint(1, 9)}.com")),
        DomainRenewal(domain=held_name(customer), years=dice.randint(1, 2)),
        DomainRenewal(domain=held_name(customer), years=1),
        Hosting(plan="starter", cycle=Cycle.MONTHLY),
        SubscriptionRenewal(subscription_id=held_subscription(customer), cycles=dice.randint(1, 2)),
    )
    chosen = dice.sample(shelf, dice.choice((1, 1, 2, 3)))
    if currency != "USD":
        chosen = [what for what in chosen if not isinstance(what, SubscriptionRenewal)]
    distinct = {(what.kind, str(getattr(what, "domain", ""))): what for what in chosen}
    return tuple(distinct.values()) or (Hosting(plan="business", cycle=Cycle.YEARLY),)


def _outage(dice: Random) -> tuple[int, int, str]:
    return _minutes(dice, 90), _minutes(dice, 60), dice.choice(("cut off", "no funds"))


def _minutes(dice: Random, most: int) -> int:
    return dice.randint(0, most * MINUTE_MS)
