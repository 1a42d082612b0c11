"""What is no entity: price lists, callers of the API, remembered answers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.records import ApiKey, RememberedAnswer
from billing.application.unit_of_work import NoPriceList
from billing.domain import NotFound
from tests.builders import NOW, a_catalogue
from tests.contracts.ledger_case import HandClock, LedgerCase

WANTED = RememberedAnswer(
    scope="key_1 POST /v1/orders",
    key="order-7",
    fingerprint="f1",
    created_at=NOW,
    lease_until=NOW + timedelta(minutes=1),
)


class RecordCases(LedgerCase):
    """Records."""

    def test_the_newest_catalogue_is_in_force(self, ledger: Ledger) -> None:
        with pytest.raises(NoPriceList):
            ledger.read(lambda uow: uow.catalogues.current())
        first, second = a_catalogue(["USD"]), a_catalogue(["RWF"])
        numbers = []
        for catalogue in (first, second):
            numbers.append(ledger.write("test", lambda uow, catalogue=catalogue: uow.catalogues.add(catalogue)))
            assert ledger.read(lambda uow: uow.catalogues.current()) == catalogue
        assert numbers[0] < numbers[1]

    def test_a_catalogue_that_was_not_committed_was_never_in_force(self, ledger: Ledger, begin: Begin) -> None:
        ledger.write("test", lambda uow: uow.catalogues.add(a_catalogue(["USD"])))
        with begin("test") as uow:
            uow.catalogues.add(a_catalogue(["RWF"]))
            assert uow.catalogues.current() == a_catalogue(["RWF"])
        ledger.write("test", lambda uow: uow.catalogues.add(a_catalogue(["KWD"])))
        assert ledger.read(lambda uow: uow.catalogues.current()) == a_catalogue(["KWD"])

    def test_a_caller_is_found_by_the_digest_of_the_key(self, ledger: Ledger) -> None:
        key = ApiKey(id="key_1", name="shop", role="storefront", digest="d" * 64, created_at=NOW)
        ledger.write("test", lambda uow: uow.api_keys.add(key))
        assert ledger.read(lambda uow: uow.api_keys.by_digest("d" * 64)) == key
        assert ledger.read(lambda uow: uow.api_keys.by_digest("e" * 64)) is None

    def test_a_revoked_caller_is_known_and_revoked_from_the_first_time_on(self, ledger: Ledger) -> None:
        keys = [
            ApiKey(id=f"key_{n}", name="shop", role="storefront", digest=str(n) * 64, created_at=NOW) for n in range(2)
        ]
        for key in keys:
            ledger.write("test", lambda uow, key=key: uow.api_keys.add(key))
        revoked = replace(keys[0], revoked_at=NOW + timedelta(hours=1))
        for hours in (1, 2):
            at = NOW + timedelta(hours=hours)
            assert ledger.write("test", lambda uow, at=at: uow.api_keys.revoke("key_0", at)) == revoked
        assert ledger.read(lambda uow: uow.api_keys.by_digest("0" * 64)) == revoked
        assert ledger.read(lambda uow: uow.api_keys.all()) == [revoked, keys[1]]
        with pytest.raises(NotFound):
            ledger.write("test", lambda uow: uow.api_keys.revoke("key_9", NOW))

    # ------------------------------------------------------------------ remembered answers

    def test_a_key_is_claimed_once_and_its_answer_is_remembered(self, ledger: Ledger) -> None:
        assert ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW)) is None
        other = replace(WANTED, fingerprint="f2")
        assert ledger.write("test", lambda uow: uow.answers.claim(other, NOW)) == WANTED
        ledger.write("test", lambda uow: uow.answers.finish(WANTED, 201, '{"id": "ord_1"}'))
        later = NOW + timedelta(hours=1)
        answered = replace(WANTED, status=201, body='{"id": "ord_1"}')
        assert ledger.write("test", lambda uow: uow.answers.claim(other, later)) == answered

    def test_a_key_means_nothing_in_another_scope(self, ledger: Ledger) -> None:
        assert ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW)) is None
        elsewhere = replace(WANTED, scope="key_2 POST /v1/orders")
        assert ledger.write("test", lambda uow: uow.answers.claim(elsewhere, NOW)) is None

    def test_a_call_whose_lease_ran_out_may_be_made_again(self, ledger: Ledger, clock: HandClock) -> None:
        assert ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW)) is None
        later = clock.advance(minutes=2)
        again = replace(WANTED, lease_until=later + timedelta(minutes=1))
        assert ledger.write("test", lambda uow: uow.answers.claim(again, later)) is None
        assert ledger.write("test", lambda uow: uow.answers.claim(again, later)) is not None

    def test_a_call_that_outlived_its_lease_neither_answers_nor_frees_the_key_of_its_repeat(
        self, ledger: Ledger, clock: HandClock
    ) -> None:
        ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW))
        later = clock.advance(minutes=2)
        again = replace(WANTED, lease_until=later + timedelta(minutes=1))
        ledger.write("test", lambda uow: uow.answers.claim(again, later))
        ledger.write("test", lambda uow: uow.answers.finish(WANTED, 201, "{}"))
        ledger.write("test", lambda uow: uow.answers.forget(WANTED))
        assert ledger.write("test", lambda uow: uow.answers.claim(again, later)) == again

    def test_a_forgotten_key_may_be_used_again(self, ledger: Ledger) -> None:
        ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW))
        ledger.write("test", lambda uow: uow.answers.forget(WANTED))
        assert ledger.write("test", lambda uow: uow.answers.claim(WANTED, NOW)) is None

    def test_old_answers_are_pruned_a_bounded_number_at_once(self, ledger: Ledger) -> None:
        for n in range(5):
            old = replace(WANTED, key=f"k{n}", created_at=NOW + timedelta(hours=n))
            ledger.write("test", lambda uow, old=old: uow.answers.claim(old, NOW))
        border = NOW + timedelta(hours=3)
        assert [ledger.write("test", lambda uow: uow.answers.prune(border, 2)) for _ in range(3)] == [2, 1, 0]
