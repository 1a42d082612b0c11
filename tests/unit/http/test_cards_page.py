"""/pay for a wallet: which saved card is charged by itself, and another one put in; reached by a link in a mail."""

import pytest

from billing.application.outcomes import RetryLater
from billing.domain import Wallet
from tests.unit.http.shop import CONFIG, Shop
from tests.unit.http.test_pay_page import look, send, speak_french


@pytest.fixture
def path(shop: Shop) -> str:
    shop.save_a_card()
    (wallet,) = shop.stored(Wallet)
    return shop.links(wallet.id).removeprefix(CONFIG.public_url)


def default_of(shop: Shop) -> str | None:
    (wallet,) = shop.stored(Wallet)
    return wallet.default_ref


def test_it_shows_the_cards_and_nothing_else_of_the_customer(shop, path):
    page = look(shop, path)
    assert "visa ending in 4242, until 04/2029" in page.text
    assert "Aline" not in page.text
    assert page.tags.count("button") == 1  # there is nothing to choose
    speak_french(shop)
    assert "visa se terminant par 4242, valable jusqu’à 04/2029" in look(shop, path).text


def test_another_card_is_put_in_on_the_providers_page(shop, path):
    answer = send(shop, path, act="add")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://memory.example/setup_")


def test_another_of_the_saved_cards_is_chosen(shop, path):
    first = default_of(shop)
    second = shop.save_a_card()
    page = look(shop, f"{path}/status")
    assert len(page.ways) == 2
    for _ in range(2):
        answer = send(shop, path, act="choose", method=second["id"])
        assert answer.headers["Location"] == f"{CONFIG.public_url}{path}/status"
    assert default_of(shop) != first
    assert look(shop, path).fields["method"] == second["id"]


@pytest.mark.parametrize("method", ["", "mth_404"])
def test_a_card_that_is_not_on_the_page_is_refused_in_words(shop, path, method):
    before = default_of(shop)
    answer = send(shop, path, act="choose", method=method)
    assert answer.status_code == 422
    assert "Please choose one of your cards." in answer.text
    assert default_of(shop) == before


def test_a_card_of_somebody_else_is_not_chosen(shop, path):
    other = shop.post("/v1/customers", {"name": "B", "email": "b@example.rw"}).json["id"]
    theirs = shop.save_a_card(other)
    before = [wallet.default_ref for wallet in shop.stored(Wallet)]
    answer = send(shop, path, act="choose", method=theirs["id"])
    assert answer.status_code == 422
    assert [wallet.default_ref for wallet in shop.stored(Wallet)] == before


def test_a_provider_that_is_away_is_said_in_words(shop, path):
    shop.methods.fail_with(RetryLater("connection refused"), "start_setup")
    answer = send(shop, path, act="add")
    assert answer.status_code == 503
    assert "can’t be reached just now" in answer.text


def test_without_a_card_one_can_be_put_in(shop):
    wallet = Wallet(id="wal_9", customer_id="cus_1", gateway="stripe", created_at=shop.now)
    shop.ledger.write("test", lambda uow: uow.wallets.add(wallet))
    path = shop.links("wal_9").removeprefix(CONFIG.public_url)
    assert "There is no saved card." in look(shop, path).text
    assert send(shop, path, act="add").status_code == 303


def test_a_wallet_that_is_not_there_looks_like_nothing(shop):
    assert shop.client.get(shop.links("wal_404").removeprefix(CONFIG.public_url)).status_code == 404
