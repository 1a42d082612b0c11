"""What every `ProviderSetup` must do, run on the twin and on the real one."""

from abc import ABC, abstractmethod

import pytest

from billing.application.books.setting_up import Did, SetUpProvider
from billing.application.outcomes import Deadline, RetryLater
from billing.application.provider_ports import ProviderSetup
from tests.contracts.payment_gateway import soon

OVER = Deadline(0.0, lambda: 1.0)


class Account(ABC):
    """The outside of a set-up: one account, with nothing wrong."""

    setup: ProviderSetup

    @abstractmethod
    def new_url(self) -> str:
        """An address that no endpoint has yet."""

    @abstractmethod
    def spoil(self, ref: str) -> None:
        """Somebody has the endpoint send something else, and disables it."""


class ProviderSetupContract:
    """The suite; a subclass has a fixture `account`."""

    def test_an_endpoint_is_listed_as_it_was_made_without_its_secret(self, account: Account) -> None:
        url = account.new_url()
        made = account.setup.make_endpoint(url, soon())
        assert (made.url, made.types, made.version) == (url, account.setup.types, account.setup.version)
        assert made.is_enabled
        assert made.secret
        (listed,) = [one for one in account.setup.endpoints(soon()) if one.url == url]
        assert (listed.ref, listed.types, listed.version, listed.is_enabled) == (
            made.ref, made.types, made.version, True,
        )  # fmt: skip
        assert listed.secret is None
        assert made.secret not in repr(made)

    def test_a_correction_leaves_what_is_read_and_the_version(self, account: Account) -> None:
        made = account.setup.make_endpoint(account.new_url(), soon())
        account.spoil(made.ref)
        (spoilt,) = [one for one in account.setup.endpoints(soon()) if one.ref == made.ref]
        assert (spoilt.types != made.types, spoilt.is_enabled) == (True, False)
        for _ in range(2):
            corrected = account.setup.correct_endpoint(made.ref, soon())
            assert (corrected.types, corrected.version, corrected.is_enabled) == (made.types, made.version, True)
            assert corrected.secret is None

    def test_set_up_again_and_again_there_is_one_endpoint(self, account: Account) -> None:
        set_up, url = SetUpProvider({account.setup.gateway: account.setup}), account.new_url()
        did = [set_up(account.setup.gateway, url, soon).did for _ in range(3)]
        assert did == [Did.MADE, Did.UNCHANGED, Did.UNCHANGED]
        assert len([one for one in account.setup.endpoints(soon()) if one.url == url]) == 1

    def test_where_nothing_is_wrong_no_check_finds_anything(self, account: Account) -> None:
        assert account.setup.checks
        assert [account.setup.problem(check, soon()) for check in account.setup.checks] == [None] * len(
            account.setup.checks
        )

    def test_nothing_is_asked_when_no_time_is_left(self, account: Account) -> None:
        before = len(account.setup.endpoints(soon()))
        with pytest.raises(RetryLater):
            account.setup.make_endpoint(account.new_url(), OVER)
        with pytest.raises(RetryLater):
            account.setup.problem(account.setup.checks[0], OVER)
        assert len(account.setup.endpoints(soon())) == before
