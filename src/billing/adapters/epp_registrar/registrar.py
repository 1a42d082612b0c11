"""The registrar on EPP: check, info, register and renew, each safe to repeat."""

import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from epptools import Response, ResultCode

from billing.adapters.epp_registrar.answers import availability, domain_info
from billing.adapters.epp_registrar.commands import create_contact, create_domain, renew_domain
from billing.adapters.epp_registrar.config import EppConfig
from billing.adapters.epp_registrar.errors import LineLost, require
from billing.adapters.epp_registrar.pool import SessionPool
from billing.adapters.epp_registrar.session import Send, Session
from billing.adapters.epp_registrar.transport import TlsTransport
from billing.application.outcomes import Deadline, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Availability, DomainInfo, HeldElsewhere, Registrar, Telemetry
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.transport import Resolve

T = TypeVar("T")

_OBJECTS_A_CHECK = 5
_EXISTS = ResultCode.OBJECT_EXISTS
_UNKNOWN = ResultCode.OBJECT_DOES_NOT_EXIST
_NOT_OURS = (ResultCode.AUTHORIZATION_ERROR, ResultCode.INVALID_AUTHORIZATION)
_PENDING_CREATE, _PENDING_RENEW = "pendingCreate", "pendingRenew"


class EppRegistrar(Registrar):
    """One registry under one account; shared by all threads of a process.

    Questions whose line breaks are asked once more on a new session. Whatever changes something is sent once: where
    its answer is lost, that is `OutcomeUnknown`, and the repeated call finds out.
    """

    def __init__(
        self,
        config: EppConfig,
        telemetry: Telemetry,
        monotonic: Callable[[], float],
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        """Calls nobody; Invalid where a certificate file can't be read. `resolve` finds the registry's addresses."""
        line = partial(TlsTransport, config, config.tls_context(), resolve=resolve)
        self._config, self._telemetry, self._monotonic = config, telemetry, monotonic
        self._sessions = SessionPool(lambda deadline: Session(config, line, telemetry, deadline), config.sessions_max)

    def close(self) -> None:
        """Log out; every later call is RetryLater."""
        self._sessions.close(Deadline.after(self._config.logout_timeout_seconds, self._monotonic))

    # ------------------------------------------------------------------ the port

    def check(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        """A few names a command, as registries limit them."""
        return [found for batch in _batches(names) for found in self._check_batch(batch, deadline)]

    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        """The holder is the registrant's handle, which a registry may hide from other registrars."""
        answer = self._info(name, deadline)
        if answer.code() == _UNKNOWN:
            return None
        return domain_info(name, answer, answer.registrant(), _PENDING_CREATE in answer.statuses())

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        """Contact, hosts, domain: what an earlier call has made already is done."""
        self._transform("contact_create", lambda client: create_contact(client, key, registrant), deadline, _EXISTS)
        self._create_hosts(nameservers, deadline)
        answer = self._transform(
            "domain_create", lambda client: create_domain(client, name, years, key, nameservers), deadline, _EXISTS
        )
        if answer.code() == _EXISTS or answer.expiry_date() is None:
            return self._held_under(key, name, deadline)
        return domain_info(name, answer, key, answer.is_pending())

    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        """`curExpDate` is the registry's own writing of `current_expiry`, read first: where it shows another, Refused.

        A renewal that the registry has yet to grant is NotYet, before and after it is sent.
        """
        shown = self._info(name, deadline)
        if shown.code() == _UNKNOWN:
            raise Refused(f"{name} is not registered")
        expires_at = domain_info(name, shown, None, pending=False).expires_at
        if expires_at != current_expiry:
            raise Refused(f"{name} expires at {expires_at.isoformat()}, not at {current_expiry.isoformat()}")
        if _PENDING_RENEW in shown.statuses():
            raise self._renewal_pending(name)
        stated, form = shown.expiry_date() or "", self._config.renew_expiry_format
        answer = self._transform(
            "domain_renew", lambda client: renew_domain(client, name, years, stated, form), deadline, *_NOT_OURS
        )
        if answer.code() in _NOT_OURS:
            raise Refused(f"{name} is held at another registrar")
        if answer.is_pending():
            raise self._renewal_pending(name)
        if answer.expiry_date() is None:
            answer = self._info(name, deadline)
        return domain_info(name, answer, shown.registrant(), pending=False)

    # ------------------------------------------------------------------ steps

    def _check_batch(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        answer = self._query(
            "domain_check", lambda client: client.domain.check([name.value for name in names]), deadline
        )
        return [availability(name, answer) for name in names]

    def _info(self, name: DomainName, deadline: Deadline) -> Response:
        """Some registries show a name to its sponsor alone."""
        answer = self._query(
            "domain_info", lambda client: client.domain.info(name.value), deadline, _UNKNOWN, *_NOT_OURS
        )
        if answer.code() in _NOT_OURS:
            raise HeldElsewhere(f"{name} is held at another registrar")
        return answer

    def _held_under(self, key: str, name: DomainName, deadline: Deadline) -> DomainInfo:
        """We sponsor every customer's names: only the registrant's handle proves whose it is."""
        try:
            answer = self._info(name, deadline)
        except HeldElsewhere as held:
            raise Refused(f"{name} is taken") from held
        if answer.code() == _UNKNOWN:
            raise RetryLater(f"{name} exists and does not exist: it is being released", answered=True)
        if answer.registrant() != key:
            raise Refused(f"{name} is taken")
        return domain_info(name, answer, key, _PENDING_CREATE in answer.statuses())

    def _create_hosts(self, nameservers: Sequence[str], deadline: Deadline) -> None:
        """A nameserver is named by its host object, which must exist; one that another makes meanwhile is as good."""
        for batch in _batches(nameservers):
            for host in self._missing_hosts(batch, deadline):
                self._create_host(host, deadline)

    def _missing_hosts(self, hosts: Sequence[str], deadline: Deadline) -> list[str]:
        answer = self._query("host_check", lambda client: client.host.check(list(hosts)), deadline)
        return [host for host in hosts if answer.is_available(host)]

    def _create_host(self, host: str, deadline: Deadline) -> None:
        self._transform("host_create", lambda client: client.host.create(host), deadline, _EXISTS)

    def _renewal_pending(self, name: DomainName) -> NotYet:
        return NotYet(f"the registry has yet to grant the renewal of {name}", self._config.pending_retry)

    # ------------------------------------------------------------------ asking and telling

    def _query(self, command: str, send: Send, deadline: Deadline, *awaited: int) -> Response:
        try:
            answer = self._send(command, send, deadline)
        except LineLost:
            try:
                answer = self._send(command, send, deadline, fresh=True)
            except LineLost as lost:
                raise RetryLater(lost.why) from None
        return self._accept(command, answer, awaited)

    def _transform(self, command: str, send: Send, deadline: Deadline, *awaited: int) -> Response:
        try:
            answer = self._send(command, send, deadline)
        except LineLost as lost:
            raise OutcomeUnknown(lost.why) from None
        return self._accept(command, answer, awaited)

    def _send(self, command: str, send: Send, deadline: Deadline, *, fresh: bool = False) -> Response:
        with self._sessions.lend(deadline, fresh=fresh) as session:
            return session.ask(command, send, deadline)

    def _accept(self, command: str, answer: Response, awaited: Sequence[int]) -> Response:
        try:
            require(answer, awaited, self._config.funds_retry)
        except NotYet as wait:
            self._telemetry.alarm("epp_out_of_funds", host=self._config.host, command=command, why=wait.why)
            raise
        return answer


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _OBJECTS_A_CHECK):
        yield items[start : start + _OBJECTS_A_CHECK]
