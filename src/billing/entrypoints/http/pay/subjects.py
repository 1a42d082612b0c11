"""What a page is about: each kind of thing shows itself, and says what sending its form does."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable
from billing.domain.errors import BillingError, Conflict, Invalid


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is shown: a template, the language of whoever reads it, and what is filled in.

    `is_undecided` says that more will be known soon, so that the page may look again by itself.
    """

    template: str
    language: str
    filled: Mapping[str, Any] = field(default_factory=dict)
    is_undecided: bool = False


class Subject(ABC):
    """One kind of thing that a link may be about; `words` name what is wrong with single values of its form."""

    words: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def look(self, subject_id: str) -> Sight:
        """How it stands and what can be done; NotFound."""

    @abstractmethod
    def act(self, subject_id: str, form: Mapping[str, str], here: str, by: str) -> str:
        """Do what the form asks; where the browser goes next. `here` is the page's own address.

        What stands in the way is raised as a BillingError, for which `trouble_of` has a word.
        """

    @abstractmethod
    def status(self, subject_id: str, by: str) -> Sight:
        """How it stands now; asks the provider where that is not known."""


@dataclass(frozen=True)
class Trouble:
    """Why nothing came of it: a word that the templates have a sentence for, and the status that goes with it."""

    word: str
    status: int


_NO_WORDS: Mapping[str, str] = {}
_TROUBLES: Mapping[type[BillingError], Trouble] = {
    Invalid: Trouble("invalid", 422),
    Conflict: Trouble("conflict", 409),
    Refused: Trouble("refused", 422),
    NeedsPerson: Trouble("unavailable", 503),
    RetryLater: Trouble("unavailable", 503),
    OutcomeUnknown: Trouble("unavailable", 503),
    NotYet: Trouble("unavailable", 503),
    ConcurrentChange: Trouble("busy", 503),
    LedgerUnavailable: Trouble("busy", 503),
}


def trouble_of(error: BillingError, words: Mapping[str, str] = _NO_WORDS) -> Trouble | None:
    """None for what is no trouble of the customer's, but a defect of ours; `words` are a subject's own for fields."""
    if isinstance(error, Invalid) and error.field in words:
        return Trouble(words[error.field], 422)
    return next((_TROUBLES[cls] for cls in type(error).__mro__ if cls in _TROUBLES), None)
