"""Notifications that prove nothing: what they wake, what is kept of them, and what they can't do."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from billing.adapters.memory.pages import Told
from billing.application.ports import Forged
from billing.application.work.jobs import Run, hold
from billing.domain import (
    AlertKind,
    EventStatus,
    InboxEvent,
    JobKind,
    JobStatus,
    NotFound,
    Payment,
    PaymentStatus,
)
from tests.builders import a_domain, a_hosting
from tests.twins import HINTS_MAX, POLLS, TwoWays

INTERVAL = 5
"""Seconds between two calls for one attempt, at least."""


@pytest.fixture
def shop() -> TwoWays:
    """A shop with both ways to pay."""
    return TwoWays()


def events(shop: TwoWays) -> list[InboxEvent]:
    """What the inbox has, oldest first."""
    return list(shop.ledger.read(lambda uow: uow.inbox.page(None, "kpay", None, None, 100)))[::-1]


def kinds(shop: TwoWays) -> list[AlertKind]:
    """Of what a person was told."""
    return [alert.kind for alert in shop.alerts()]


def claimed_check(shop: TwoWays) -> Run:
    """The only one, when it is due: a worker is at it."""
    (check,) = shop.jobs(JobKind.CHECK_PAYMENT)
    shop.pass_time(timedelta(seconds=POLLS[0]))
    run = shop.container.run_job().claim(check.id)
    assert run is not None
    return run


def counted(shop: TwoWays, name: str) -> list[dict[str, object]]:
    """What telemetry was told under that name."""
    return [dict(fields) for event, fields in shop.telemetry.events if event == name]


def test_a_hint_wakes_the_check_and_is_answered_while_nobody_outside_is_called(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    body = shop.push.approve(payment.id)
    before = list(shop.push.calls)
    answer = shop.post_back(payment, body)
    assert answer == {"tid": f"tid_{payment.id}", "refid": payment.id, "reply": "OK"}
    assert shop.push.calls == before
    assert shop.attempt(order).status is PaymentStatus.PENDING
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.alerts() == []


def test_it_is_stored_as_done_with_its_body_and_no_job_reads_it(shop: TwoWays) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    body = shop.push.approve(payment.id)
    shop.post_back(payment, body)
    (event,) = events(shop)
    assert (event.event_id, event.status, event.body) == (f"{payment.id}:1", EventStatus.PROCESSED, body)
    assert event.type == "postback payment.paid"
    assert event.processed_at == event.received_at
    assert shop.jobs(JobKind.PROCESS_EVENT) == []


def test_a_repeat_gets_the_same_answer_and_pays_once(shop: TwoWays) -> None:
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start_push(order)
    body = shop.push.approve(payment.id)
    answers = []
    for _ in range(HINTS_MAX + 5):
        answers.append(shop.post_back(payment, body))
        shop.work()
    assert answers == [answers[0]] * len(answers)
    assert shop.statuses(order)[0] == "completed"
    assert shop.registrar.creates == {"example.rw": 1}
    assert shop.asked(payment) == 1


def test_no_more_of_them_are_kept_than_the_limit_and_each_still_wakes(shop: TwoWays) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    for n in range(1, HINTS_MAX + 4):
        shop.post_back(payment, shop.push.postback(payment.id))
        shop.wait(INTERVAL)
        assert shop.asked(payment) >= n
    assert [event.event_id for event in events(shop)] == [f"{payment.id}:{n}" for n in range(1, HINTS_MAX + 1)]
    outcomes = [fields["outcome"] for fields in counted(shop, "webhook_received")]
    assert outcomes == ["stored"] * HINTS_MAX + ["known"] * 3


def test_hints_and_refreshes_ask_the_provider_no_oftener_than_the_interval(shop: TwoWays) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    for _ in range(40):
        shop.post_back(payment, shop.push.postback(payment.id))
        shop.container.refresh_payment()(payment.id, "page")
        shop.wait(1)
    assert 40 / INTERVAL - 1 <= shop.asked(payment) <= 40 / INTERVAL + 1


def test_a_hint_while_the_check_runs_has_it_run_once_more(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    claimed = claimed_check(shop)
    shop.post_back(payment, shop.push.approve(payment.id))
    shop.work()
    assert shop.attempt(order).status is PaymentStatus.PENDING  # somebody is at it
    shop.ledger.write("it ended", lambda uow: hold(uow, claimed).succeed(uow.now()))
    shop.wait(INTERVAL)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_hint_after_the_end_has_it_asked_again_and_a_late_success_counts(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.wait(POLLS[-1])
    assert shop.attempt(order).status is PaymentStatus.EXPIRED
    shop.post_back(payment, shop.push.approve(payment.id))
    shop.wait(INTERVAL)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_after_the_success_a_hint_is_stored_and_wakes_nobody(shop: TwoWays) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    shop.post_back(payment, shop.push.approve(payment.id))
    shop.work()
    asked = shop.asked(payment)
    shop.post_back(payment, shop.push.postback(payment.id))
    shop.wait(2 * POLLS[-1])
    assert (shop.asked(payment), len(events(shop))) == (asked, 2)
    assert shop.check_of(payment) is JobStatus.SUCCEEDED


# ---------------------------------------------------------------------- what is none of ours


NAMELESS = json.dumps({"refid": "pay_\x00\ud800", "tid": "T1", "said": Told.PAID}).encode()

TO_NOBODY: dict[str, Callable[[TwoWays, Payment, Payment], object]] = {
    "a wrong token": lambda shop, one, other: hear(shop, "kpay", "x" * 22, one),
    "no token": lambda shop, one, other: hear(shop, "kpay", "", one),
    "a token beyond ASCII": lambda shop, one, other: hear(shop, "kpay", "clé", one),
    "another attempt's token": lambda shop, one, other: hear(shop, "kpay", other.options["hint_token"], one),
    "an attempt that there is not": lambda shop, one, other: shop.post_back(one, shop.push.postback("pay_none")),
    "a name that no database holds": lambda shop, one, other: shop.post_back(one, NAMELESS),
    "a gateway whose notifications are proof": lambda shop, one, other: hear(shop, "memory", "", one),
    "a gateway that there is not": lambda shop, one, other: hear(shop, "else", "", one),
}


def hear(shop: TwoWays, gateway: str, token: str, payment: Payment) -> object:
    """A notification comes to some address."""
    return shop.container.receive_hint()(gateway, token, shop.push.postback(payment.id))


@pytest.mark.parametrize("name", TO_NOBODY)
def test_what_is_addressed_wrongly_is_stored_nowhere_and_wakes_nobody(shop: TwoWays, name: str) -> None:
    payment, other = shop.start_push(shop.order(a_domain())), shop.start_push(shop.order(a_hosting()))
    for _ in range(2):
        with pytest.raises(NotFound):
            TO_NOBODY[name](shop, payment, other)
    shop.work()
    assert events(shop) == []
    assert [call for call, _ in shop.push.calls] == ["start", "start"]


def test_the_attempt_of_a_gateway_with_proof_has_no_address_not_even_an_empty_one(shop: TwoWays) -> None:
    payment = shop.start(shop.order(a_domain()))
    with pytest.raises(NotFound):
        shop.container.receive_hint()("kpay", "", shop.push.postback(payment.id))
    assert events(shop) == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"refid": "pay_1", "tid": "T1", "said": "rich"}'])
def test_what_is_no_notification_is_told_so_and_stored_nowhere(shop: TwoWays, body: bytes) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    for _ in range(2):
        with pytest.raises(Forged):
            shop.post_back(payment, body)
    assert events(shop) == []
    assert len(counted(shop, "webhook_forged")) == 2


# ---------------------------------------------------------------------- what it claims


def test_a_forged_success_pays_nothing_and_a_person_is_told_once(shop: TwoWays) -> None:
    """A public client believes the status of a postback that nobody signed."""
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    for _ in range(2):
        shop.post_back(payment, shop.push.postback(payment.id, Told.PAID))
        shop.wait(INTERVAL)
    assert shop.attempt(order).status is PaymentStatus.PENDING
    assert shop.registrar.creates == {}
    assert kinds(shop) == [AlertKind.HINT_CONTRADICTED]
    assert payment.id in shop.alerts()[0].subject
    assert "payment.paid" in shop.alerts()[0].why
    assert len(counted(shop, "hint_contradicted")) == 1


def test_a_claimed_failure_of_what_is_paid_fails_nothing_and_a_person_is_told(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.approve(payment.id)
    shop.post_back(payment, shop.push.postback(payment.id, Told.FAILED))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert kinds(shop) == [AlertKind.HINT_CONTRADICTED]


@pytest.mark.parametrize("said", [Told.OPEN, Told.FAILED])
def test_a_claim_that_is_true_or_claims_nothing_alarms_nobody(shop: TwoWays, said: Told) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    if said is Told.FAILED:
        shop.push.decline(payment.id)
    for _ in range(2):
        shop.post_back(payment, shop.push.postback(payment.id, said))
        shop.wait(INTERVAL)
    assert shop.alerts() == []
    assert counted(shop, "hint_contradicted") == []


def test_the_latest_claim_is_compared_and_not_an_older_one(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.post_back(payment, shop.push.decline(payment.id))
    shop.work()
    assert shop.attempt(order).status is PaymentStatus.FAILED
    shop.post_back(payment, shop.push.approve(payment.id))
    shop.wait(INTERVAL)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.alerts() == []


def test_a_hint_that_comes_while_the_provider_is_asked_is_compared_with_the_next_answer(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    run = claimed_check(shop)
    record = shop.container.handlers()[JobKind.CHECK_PAYMENT](run)
    shop.post_back(payment, shop.push.approve(payment.id))
    shop.ledger.write("the answer", record)
    assert shop.alerts() == []
    shop.ledger.write("it ended", lambda uow: hold(uow, run).succeed(uow.now()))
    shop.wait(INTERVAL)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert shop.alerts() == []
