"""The in-memory registry: grants, extends, keeps count of both, and fails on order."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from billing.adapters.memory.faults import FailsOnOrder
from billing.application.outcomes import Deadline, NotYet, Refused, RetryLater
from billing.application.ports import Availability, Clock, DomainInfo, HeldElsewhere, Registrar
from billing.domain.alert import AlertKind
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.domain.term import Term

T = TypeVar("T")

_YEARS_MAX = 10
_PREMIUM_PREFIX = "premium-"
_FUNDS_RETRY = timedelta(minutes=15)


@dataclass
class _Holding:
    expires_at: datetime
    holder: str
    is_ours: bool = True
    is_pending: bool = False


class MemoryRegistrar(Registrar, FailsOnOrder):
    """One registry that takes any name; a name that starts with `premium-` is a premium one.

    `creates` and `renews` count by name what took effect, `contacts` holds registrants by handle, `calls` lists what
    was asked.
    """

    usual_call = "register"

    def __init__(self, now: Clock) -> None:
        super().__init__()
        self.creates: Counter[str] = Counter()
        self.renews: Counter[str] = Counter()
        self.contacts: dict[str, Contact] = {}
        self._now = now
        self._holdings: dict[DomainName, _Holding] = {}
        self._is_reachable = self._has_funds = self._shows_others = True

    # ------------------------------------------------------------------ the port

    def check(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        """Free, in use or premium."""

        def check_all() -> Sequence[Availability]:
            return [self._availability(name) for name in names]

        return self._call("check", ",".join(map(str, names)), deadline, check_all)

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        """The holding as it stands."""

        def show() -> DomainInfo | None:
            held = self._holdings.get(name)
            if held is not None and not (held.is_ours or self._shows_others):
                raise HeldElsewhere(f"{name} is held at another registrar")
            return self._info(name) if held is not None else None

        return self._call("info", str(name), deadline, show)

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        """Grant a free name; one held under that key is shown."""

        def create() -> DomainInfo:
            self.contacts.setdefault(key, registrant)
            held = self._holdings.get(name)
            if held is None:
                self._require_sellable(name, years)
                self._holdings[name] = _Holding(Term.years(years).end(self._now()), key)
                self.creates[str(name)] += 1
            elif held.holder != key:
                raise Refused(f"{name} is taken")
            return self._info(name)

        return self._call("register", str(name), deadline, create)

    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        """Extend a holding of ours whose expiry is the one named."""

        def extend() -> DomainInfo:
            held = self._holdings.get(name)
            if held is None:
                raise Refused(f"{name} is not registered")
            if held.expires_at != current_expiry:
                raise Refused(f"{name} expires at {held.expires_at.isoformat()}, not at {current_expiry.isoformat()}")
            if not held.is_ours:
                raise Refused(f"{name} is held at another registrar")
            later = Term.years(years).end(held.expires_at)
            if later > Term.years(_YEARS_MAX).end(self._now()):
                raise Refused(f"{name} would expire more than {_YEARS_MAX} years ahead")
            self._require_funds()
            held.expires_at = later
            self.renews[str(name)] += 1
            return self._info(name)

        return self._call("renew", str(name), deadline, extend)

    # ------------------------------------------------------------------ what others do

    def occupy(self, name: DomainName, years: int = 1) -> None:
        """Somebody holds the name at another registrar."""
        with self._mutex:
            expires_at = Term.years(years).end(self._now())
            self._holdings[name] = _Holding(expires_at, "SOMEBODY-ELSE", is_ours=False)

    def extend(self, name: DomainName, years: int) -> None:
        """Somebody else extends a holding; no renewal of ours is counted."""
        with self._mutex:
            held = self._holdings[name]
            held.expires_at = Term.years(years).end(held.expires_at)

    def release(self, name: DomainName) -> None:
        """The registry lets a name go."""
        with self._mutex:
            del self._holdings[name]

    def hold(self, name: DomainName) -> None:
        """The registry has yet to grant a name that it accepted."""
        self._holdings[name].is_pending = True

    def grant(self, name: DomainName) -> None:
        """The registry grants it."""
        self._holdings[name].is_pending = False

    # ------------------------------------------------------------------ faults on order

    def set_reachable(self, is_reachable: bool) -> None:
        """Cut off until it is set again: every call ends in RetryLater and nothing is asked."""
        self._is_reachable = is_reachable

    def hide_others(self) -> None:
        """From now on a name is shown to its sponsor alone, as at many registries."""
        self._shows_others = False

    def set_funds(self, has_funds: bool) -> None:
        """Without funds what costs money is NotYet."""
        self._has_funds = has_funds

    # ------------------------------------------------------------------ within

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[], T]) -> T:
        if not self._is_reachable:
            raise RetryLater("no session with the registry")
        return super()._call(call, about, deadline, act)

    def _availability(self, name: DomainName) -> Availability:
        premium = str(name).startswith(_PREMIUM_PREFIX)
        why = "Premium name" if premium else "In use" if name in self._holdings else None
        return Availability(name=name, available=why is None, premium=premium, why=why)

    def _info(self, name: DomainName) -> DomainInfo:
        held = self._holdings[name]
        return DomainInfo(name=name, expires_at=held.expires_at, holder=held.holder, pending=held.is_pending)

    def _require_sellable(self, name: DomainName, years: int) -> None:
        if self._availability(name).premium:
            raise Refused(f"{name} is a premium name")
        if not 1 <= years <= _YEARS_MAX:
            raise Refused(f"a name is registered for 1 to {_YEARS_MAX} years")
        self._require_funds()

    def _require_funds(self) -> None:
        if not self._has_funds:
            why = "our account at the registry is out of funds"
            raise NotYet(why, _FUNDS_RETRY, AlertKind.REGISTRAR_OUT_OF_FUNDS, about="memory")
