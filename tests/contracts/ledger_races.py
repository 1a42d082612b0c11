"""Many at once: one effect, nothing lost."""

from itertools import chain

from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import DomainName, NameHeld, Order, OrderStatus, Payment, Registration
from tests.builders import NOW, a_catalogue, a_domain, a_hosting, an_attempt, an_order
from tests.contracts.ledger_case import LedgerCase, in_parallel, place
from tests.contracts.ledger_jobs import REGISTER, an_arrival, an_event, claim
from tests.contracts.ledger_records import WANTED

THREADS = 8


class RaceCases(LedgerCase):
    """Threads that start together."""

    def test_of_many_claims_of_one_job_one_wins(self, ledger: Ledger) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))
        claims = in_parallel(THREADS, lambda _: ledger.write("test", claim))
        assert sorted(claims, key=str) == [1, *[None] * (THREADS - 1)]

    def test_of_many_deliveries_of_one_notification_one_is_new(self, ledger: Ledger) -> None:
        """pay#371, laravel-stripe-webhooks#86: events that came side by side each made a row of their own, also where
        a look came before the insert.
        """

        def deliver(n: int) -> bool:
            return ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event(f"evt_{n}")))

        assert sorted(in_parallel(THREADS, deliver)) == [*[False] * (THREADS - 1), True]

    def test_of_many_deliveries_that_overlap_each_notification_is_new_once(self, ledger: Ledger) -> None:
        def deliver(n: int) -> set[str]:
            arrivals = [an_arrival(f"evt_{n}_{m}", f"told_{m}") for m in range(n % 3, 6)]
            return set(ledger.write("webhook", lambda uow: uow.inbox.take_in(arrivals)))

        new = list(chain(*in_parallel(THREADS, deliver)))
        assert sorted(row_id[-1] for row_id in new) == list("012345")
        assert len(ledger.read(lambda uow: uow.jobs.of_subjects(new))) == 6

    def test_of_many_requests_of_one_job_one_is_written(self, ledger: Ledger) -> None:
        written = in_parallel(THREADS, lambda _: ledger.write("test", lambda uow: uow.jobs.request(REGISTER)))
        assert sorted(written) == [*[False] * (THREADS - 1), True]

    def test_of_many_calls_under_one_key_one_goes_on(self, ledger: Ledger) -> None:
        answers = in_parallel(THREADS, lambda _: ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW)))
        assert sorted(answers, key=str) == [None, *[WANTED] * (THREADS - 1)]

    def test_of_many_orders_for_one_name_one_is_placed(self, ledger: Ledger, customer: str) -> None:
        """FOSSBilling#1493: a name could be ordered again while an order for it was open."""

        def order(n: int) -> str:
            wanted = an_order(a_domain(f"free{n}.rw"), a_domain("wanted.rw"), order_id=f"ord_{n}")
            ledger.write("test", lambda uow: uow.orders.add(wanted))
            return wanted.id

        outcomes = in_parallel(THREADS, order)
        assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
        assert {o.name for o in outcomes if isinstance(o, NameHeld)} == {"wanted.rw"}
        assert sum(isinstance(outcome, NameHeld) for outcome in outcomes) == THREADS - 1

    def test_of_many_registrations_of_one_name_one_is_active(self, ledger: Ledger, customer: str) -> None:
        items = place(ledger, *[a_hosting()] * THREADS).items

        def register(n: int) -> str:
            registration = Registration(
                id=f"reg_{n}",
                name=DomainName("wanted.rw"),
                customer_id=customer,
                item_id=items[n].id,
                handle=None,
                created_at=NOW,
                expires_at=NOW,
            )
            ledger.write("test", lambda uow: uow.registrations.add(registration))
            return registration.id

        outcomes = in_parallel(THREADS, register)
        assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
        assert {o.name for o in outcomes if isinstance(o, NameHeld)} == {"wanted.rw"}

    def test_no_attempt_is_lost_among_many(self, ledger: Ledger, order: Order) -> None:
        def attempt(uow: UnitOfWork) -> Payment:
            payment = an_attempt(uow.orders.lock(order.id))
            payment.expire("nobody came")
            return payment

        made = in_parallel(THREADS, lambda _: [ledger.write("test", attempt).attempt for _ in range(5)])
        assert sorted(chain.from_iterable(made)) == list(range(1, 5 * THREADS + 1))
        assert len(ledger.read(lambda uow: uow.orders.get(order.id)).payments) == 5 * THREADS

    def test_a_success_told_by_many_moves_the_order_once(self, ledger: Ledger, order: Order) -> None:
        ledger.write("setup", lambda uow: an_attempt(uow.orders.lock(order.id), "pay_1") and None)

        def succeed(uow: UnitOfWork) -> str:
            locked = uow.orders.lock(order.id)
            return locked.record_success(locked.payment("pay_1"), locked.total, NOW)

        settled = in_parallel(THREADS, lambda _: ledger.write("test", succeed))
        assert sorted(settled) == ["paid", *["repeated"] * (THREADS - 1)]
        assert ledger.read(lambda uow: uow.orders.get(order.id)).status is OrderStatus.PAID
        told = ledger.read(lambda uow: uow.history.of([order.id]))
        assert [move.after for move in told] == ["pending", "paid"]

    def test_the_sweep_and_its_twin_ring_for_a_job_once(self, ledger: Ledger) -> None:
        ledger.write("test", lambda uow: uow.jobs.request(REGISTER))

        def sweep(uow: UnitOfWork) -> int:
            due = uow.jobs.to_ring(uow.now(), 10)
            for job in due:
                uow.jobs.ring(job)
            return len(due)

        def make_due(uow: UnitOfWork) -> None:
            job = uow.jobs.lock_for(REGISTER)
            assert job is not None
            job.ring_at = NOW

        ledger.write("test", make_due)
        assert sum(in_parallel(THREADS, lambda _: ledger.write("sweep", sweep))) == 1

    def test_catalogues_loaded_together_get_numbers_of_their_own(self, ledger: Ledger) -> None:
        numbers = in_parallel(4, lambda _: ledger.write("test", lambda uow: uow.catalogues.add(a_catalogue())))
        assert len(set(numbers)) == 4
