"""/pay for hosting: what is owed, and to pay it at once; reached by the link in a mail."""

from datetime import timedelta
from functools import partial

import pytest

from billing.application.outcomes import OutcomeUnknown, RetryLater
from billing.domain import Job, JobKind, Order, Subscription
from tests.builders import a_subscription, a_wallet
from tests.contracts.payment_gateway import soon
from tests.unit.http.shop import CONFIG, Shop
from tests.unit.http.test_pay_page import Page, look, send, speak_french

RENEWED = "Nothing is owed. It is paid until 31 March 2027."


@pytest.fixture
def held(shop: Shop) -> Subscription:
    """Hosting that is renewed by orders."""
    subscription = a_subscription(at=shop.now)
    shop.ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
    return subscription


@pytest.fixture
def path(shop: Shop, held: Subscription) -> str:
    """The page of hosting that its provider bills, and of whose next period the card was declined."""
    shop.save_a_card()
    wallet = a_wallet(customer_ref="account_1")
    wallet.keep("mth_1", "card_1", shop.now)
    ref = shop.billing.begin(held, wallet, soon()).billing_ref
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").bind("stripe", ref))
    shop.now = shop.now + timedelta(days=28)
    shop.billing.desk.decline(ref, times=1)
    shop.billing.desk.catch_up()
    hear(shop)
    return page_of(shop)


def page_of(shop: Shop) -> str:
    return shop.links("sub_1").removeprefix(CONFIG.public_url)


def ref_of(shop: Shop) -> str:
    ref = shop.ledger.read(lambda uow: uow.subscriptions.get("sub_1")).billing_ref
    assert ref is not None
    return ref


def hear(shop: Shop) -> None:
    """What the provider has of its invoices is taken into the ledger."""
    take = shop.use_cases().pay_owed.take_fact
    for fact in shop.billing.invoices(ref_of(shop), soon()):
        shop.ledger.write("test", partial(take, gateway="stripe", fact=fact))


def decline(shop: Shop, why: str) -> None:
    """The customer's own try comes to nothing for that reason."""
    shop.billing.desk.decline(ref_of(shop), why=why)
    assert send(shop, page_of(shop), act="pay").status_code == 303


def tries(shop: Shop) -> int:
    return sum(call == "pay" for call, _ in shop.billing.calls)


def jobs(shop: Shop, kind: JobKind) -> list[Job]:
    return [job for job in shop.stored(Job) if job.kind is kind]


def shown(shop: Shop, path: str) -> Page:
    return look(shop, f"{path}/status")


def test_it_shows_what_is_owed_and_the_ways_to_pay_it(shop, path):
    page = look(shop, path)
    for words in (
        "Hosting starter",
        "We could not collect what is owed",
        "28 February 2027 to 31 March 2027",
        "Pay 4.99 USD with visa ending in 4242",
        "Pay with another card",
    ):
        assert words in page.text, words
    assert "Aline" not in page.text
    assert page.refresh is None
    for _ in range(2):
        look(shop, path)
        shown(shop, path)
    assert tries(shop) == 0


def test_it_speaks_the_customers_language(shop, path):
    speak_french(shop)
    page = look(shop, path)
    assert "Du 28 février 2027 au 31 mars 2027" in page.text
    assert "Payer 4,99 USD avec visa se terminant par 4242" in page.text
    assert "Payer avec une autre carte" in page.text


BANKS = [
    ("insufficient_funds: Your card has insufficient funds.", "not enough money", "la provision était insuffisante"),
    ("expired_card: Your card has expired.", "the card has expired", "la carte a expiré"),
    ("incorrect_cvc: Your card's security code is incorrect.", "details are not right", "ne sont pas correctes"),
    ("withdrawal_count_limit_exceeded: No.", "limit is reached", "le plafond de la carte est atteint"),
    ("card_not_supported: No.", "used for such a payment", "ne peut pas servir à un tel paiement"),
    ("processing_error: No.", "could not decide", "n’a pas pu se prononcer"),
    ("generic_decline: Your card was declined.", "Your bank declined", "Votre banque a refusé"),
]


@pytest.mark.parametrize(("why", "english", "french"), BANKS)
def test_why_a_bank_declined_is_said_in_the_customers_language(shop, path, why, english, french):
    decline(shop, why)
    assert english in look(shop, path).text
    speak_french(shop)
    page = look(shop, path)
    assert french in page.text
    assert why.partition(": ")[2] not in page.text


@pytest.mark.parametrize("suspicion", ["stolen_card", "lost_card", "fraudulent", "pickup_card", "merchant_blacklist"])
def test_what_a_bank_suspects_is_told_to_nobody(shop, path, suspicion):
    decline(shop, f"{suspicion}: Your card was declined.")
    page = look(shop, path)
    assert "Your bank declined the payment." in page.text
    assert suspicion not in page.text


def test_a_reason_that_is_new_to_us_is_told_as_the_bank_gave_it(shop, path):
    decline(shop, "lunar_eclipse: <b>Wait</b> for the sun.")
    answer = shop.client.get(path)
    assert "Your bank said: &lt;b&gt;Wait&lt;/b&gt; for the sun." in answer.text
    assert "lunar_eclipse" not in answer.text


def test_what_no_bank_said_is_not_put_into_its_mouth(shop, path):
    decline(shop, "its reason at Stripe is upcoming")
    assert "ank said" not in look(shop, path).text


def test_the_saved_card_pays_it_at_once(shop, path):
    answer = send(shop, path, act="pay")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{CONFIG.public_url}{path}/status")
    assert RENEWED.partition(".")[0] in shown(shop, path).text
    renewals = [order for order in shop.stored(Order) if order.items[0].what.kind == "subscription_renewal"]
    assert [order.is_paid for order in renewals] == [True]


def test_a_form_that_is_sent_twice_is_one_try(shop, path):
    shop.billing.desk.decline(ref_of(shop), times=2)
    fields = {**look(shop, path).fields, "act": "pay"}
    for _ in range(2):
        assert shop.client.post(path, data=fields, base_url=CONFIG.public_url).status_code == 303
    (invoice,) = [one for one in shop.billing.books.invoices.values() if one.attempts]
    assert invoice.attempts == 2  # the provider's own, and ours
    assert "We could not collect" in shown(shop, path).text
    assert send(shop, path, act="pay").status_code == 303
    assert invoice.attempts == 3


def test_what_is_paid_meanwhile_is_not_paid_again(shop, path):
    fields = {**look(shop, path).fields, "act": "pay"}
    assert send(shop, path, act="pay").status_code == 303
    tried = tries(shop)
    assert shop.client.post(path, data=fields, base_url=CONFIG.public_url).status_code == 303
    assert tries(shop) == tried


@pytest.mark.parametrize("fields", [{"act": ""}, {"act": "pay", "once": ""}, {"act": "pay", "once": "x" * 41}])
def test_a_form_that_is_none_of_ours_is_refused_in_words(shop, path, fields):
    answer = send(shop, path, **fields)
    assert answer.status_code == 422
    assert "Please press one of the buttons." in answer.text
    assert tries(shop) == 0


@pytest.mark.parametrize("failure", [RetryLater("refused"), OutcomeUnknown("cut")])
def test_a_provider_that_does_not_answer_is_said_in_words_and_asked_later(shop, path, failure):
    shop.billing.fail_with(failure, "pay")
    answer = send(shop, path, act="pay")
    assert answer.status_code == 503
    assert "see here how it stands before you try again" in answer.text
    (check,) = jobs(shop, JobKind.CHECK_SUBSCRIPTION)
    assert check.due_at == shop.now + timedelta(minutes=1)


def test_another_card_is_put_in_on_the_providers_page_and_waited_for(shop, path):
    for _ in range(2):
        answer = send(shop, path, act="add")
        assert answer.headers["Location"].startswith("https://memory.example/setup_")
    (job,) = jobs(shop, JobKind.PAY_WITH_NEXT_METHOD)
    assert job.subject == "sub_1:1"
    page = shown(shop, path)
    assert "We are looking for the card that you have put in" in page.text
    assert page.refresh is not None
    assert "Pay with another card" in look(shop, path).text  # whoever comes back by the link chooses anew


def test_a_bank_that_wants_the_customer_is_met_on_the_providers_page(shop, path):
    shop.billing.desk.ask_customer(ref_of(shop))
    assert send(shop, path, act="pay").status_code == 303
    page = shown(shop, path)
    assert "Your bank wants you to confirm" in page.text
    (invoice,) = [one for one in shop.billing.books.invoices.values() if one.attempts]
    assert "Confirm it on the payment page" in page.text
    assert "memory.example" not in shop.client.get(path).text
    onward = send(shop, path, act="page").headers["Location"]
    assert onward.startswith("https://memory.example/")
    assert invoice.ref in onward


def test_a_charge_under_way_is_waited_for(shop, path):
    shop.billing.desk.collect_slowly(ref_of(shop))
    send(shop, path, act="pay")
    page = shown(shop, path)
    assert "Your bank has yet to decide" in page.text
    assert page.refresh is not None
    assert "button" not in page.tags


def test_hosting_that_nobody_bills_leads_to_the_page_of_one_order(shop, held):
    path = page_of(shop)
    assert "Nothing is owed" in look(shop, path).text
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").fall_due(shop.now, "not renewed"))
    page = look(shop, path)
    assert "It was paid until 28 February 2027." in page.text
    assert "Order the next period for 4.99 USD" in page.text
    onward = {send(shop, path, act="order").headers["Location"] for _ in range(2)}
    assert len(onward) == 1
    (order,) = shop.stored(Order)
    assert onward == {shop.links(order.id)}
    assert "Renewal of hosting starter for 1 more period" in look(shop, onward.pop()).text


def test_what_is_over_has_nothing_to_pay(shop, path):
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").end("nobody paid"))
    page = look(shop, path)
    assert "Your hosting has ended" in page.text
    assert "button" not in page.tags


def test_hosting_that_is_not_there_looks_like_nothing(shop):
    assert shop.client.get(shop.links("sub_404").removeprefix(CONFIG.public_url)).status_code == 404
