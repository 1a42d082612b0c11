"""Every error of the core is either shown to callers by the table or a defect of ours, and named here as one."""

from inspect import getmembers, isclass

import pytest

from billing.application import outcomes, ports, unit_of_work
from billing.domain import errors
from billing.domain.errors import BillingError, ClaimLost, CurrencyMismatch, IllegalMove
from billing.entrypoints.http.problems import KINDS, kind_of

DEFECTS = {BillingError, ClaimLost, CurrencyMismatch, IllegalMove}
"""No call of a caller can bring them about: the engine of jobs catches the first, guards that name their reason
come before the others.
"""


def errors_of(*modules: object) -> list[type[BillingError]]:
    found = {cls for module in modules for _, cls in getmembers(module, isclass) if issubclass(cls, BillingError)}
    return sorted(found - DEFECTS, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("error", errors_of(errors, outcomes, ports, unit_of_work))
def test_every_error_of_the_core_has_a_status(error: type[BillingError]) -> None:
    assert kind_of(error) is not None


def test_the_closed_set_of_calls_outward_is_told_without_their_words() -> None:
    closed_set = (outcomes.RetryLater, outcomes.NotYet, outcomes.OutcomeUnknown, outcomes.NeedsPerson)
    assert [(KINDS[error].status, KINDS[error].detail is not None) for error in closed_set] == [(503, True)] * 4
    assert KINDS[outcomes.Refused].status == 422


def test_a_defect_has_no_status_of_its_own() -> None:
    assert not DEFECTS & set(KINDS)


class _BusyLedger(unit_of_work.LedgerUnavailable):
    """the ledger can't be reached: {why}"""


def test_a_case_of_an_error_is_shown_as_that_error() -> None:
    assert kind_of(_BusyLedger) is KINDS[unit_of_work.LedgerUnavailable]
    assert [kind_of(defect) for defect in DEFECTS] == [None] * len(DEFECTS)
