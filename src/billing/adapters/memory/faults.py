"""What is ordered to go wrong with a twin's next calls."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import TypeVar

from billing.application.outcomes import Deadline, OutcomeUnknown, Refused
from billing.domain.errors import BillingError

T = TypeVar("T")


@dataclass(frozen=True)
class _Fault:
    call: str
    error: BillingError
    once_done: bool


class FailsOnOrder:
    """One call at a time, and those that were told to fail do; `usual_call` is the one meant where none is named.

    `calls` lists what was asked, and about what.
    """

    usual_call: str

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._faults: list[_Fault] = []
        self._mutex = RLock()

    def lose_answer(self, call: str = "", times: int = 1) -> None:
        """The next calls of that name take effect and their answers are lost."""
        self.fail_with(OutcomeUnknown("the answer was lost"), call, times, once_done=True)

    def refuse(self, why: str = "no", call: str = "", times: int = 1) -> None:
        """The next calls of that name are refused for good."""
        self.fail_with(Refused(why), call, times)

    def fail_with(self, error: BillingError, call: str = "", times: int = 1, *, once_done: bool = False) -> None:
        """The next calls of that name end in this, without effect unless `once_done`."""
        with self._mutex:
            self._faults += [_Fault(call or self.usual_call, error, once_done)] * times

    def mend(self) -> None:
        """Nothing is to fail any more."""
        with self._mutex:
            self._faults.clear()

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[], T]) -> T:
        """What the call does, or the fault that was ordered for it."""
        deadline.remaining_seconds()
        with self._mutex:
            self.calls.append((call, about))
            fault = next((one for one in self._faults if one.call == call), None)
            if fault is None:
                return act()
            self._faults.remove(fault)
            if fault.once_done:
                act()
            raise fault.error
