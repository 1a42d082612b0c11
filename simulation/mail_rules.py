"""What people are told: every customer of what became of the order, an operator of whatever needs a person."""

from collections import Counter

from billing.domain import (
    Alert,
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Invoice,
    ItemStatus,
    Job,
    JobStatus,
    Mail,
    MailKind,
    Order,
    PaymentStatus,
    Subscription,
    SubscriptionRenewal,
)
from billing.domain.mail import MailStatus
from simulation.owners import is_offered
from simulation.schedule import require
from simulation.world import World

_DELIVERED = {
    DomainRegistration: MailKind.DOMAIN_REGISTERED,
    DomainRenewal: MailKind.DOMAIN_RENEWED,
    Hosting: MailKind.SUBSCRIPTION_ACTIVE,
    SubscriptionRenewal: MailKind.SUBSCRIPTION_RENEWED,
}
_SENDINGS_MAX = 2
_LOST = "lost in a dispute"
"""Why hosting is over of which nobody but an operator is told."""
_RETURNED = ("succeeded", "failed")


class MailRules:
    """One Message-ID per mail, none sent a third time by itself, and nothing that happened is told to nobody."""

    def __init__(self, world: World) -> None:
        self._world, self._books = world, world.books

    def check_at_rest(self) -> None:
        """Mails at the mail server, mails and alerts in the ledger."""
        mails = self._books.rows(Mail)
        self._check_identity(mails)
        self._check_sendings(mails)
        self._check_customers({(mail.kind, mail.subject, mail.recipient) for mail in mails})
        self._check_operator({mail.id: mail for mail in mails})

    def _check_identity(self, mails: list[Mail]) -> None:
        ids = {(mail.kind, mail.subject, mail.recipient): mail.message_id for mail in mails}
        require(len(ids) == len(mails), "one mail per occasion", f"{len(mails)} mails, {len(ids)} occasions")
        require(len(set(ids.values())) == len(ids), "one Message-ID per mail", f"{ids}")
        for mail in self._world.notifier.twin.delivered:
            same = ids.get((mail.kind, mail.subject, mail.recipient)) == mail.message_id
            require(same, "one Message-ID per mail", f"{mail.message_id} was sent for {mail.occasion}")

    def _check_sendings(self, mails: list[Mail]) -> None:
        sendings = Counter(mail.message_id for mail in self._world.notifier.twin.delivered)
        for mail in mails:
            times, most = sendings[mail.message_id], _SENDINGS_MAX * (1 + self._world.revivals[mail.id])
            require(times <= most, "no mail is sent for ever", f"{mail.occasion} was sent {times} times")
            if mail.status is MailStatus.SENT:
                require(times > 0, "a mail sent is a mail delivered", f"{mail.occasion} never reached the server")
            else:
                require(mail.status is MailStatus.DEAD, "nothing is forgotten", f"{mail.occasion} is {mail.status}")

    def _check_customers(self, told: set[tuple[MailKind, str, str]]) -> None:
        # It counts as failed where its refund came to nothing: what an operator has to see to was no delivery.
        called_off = {move.entity_id for move in self._books.moves() if move.after == ItemStatus.CANCELLED}
        returned = {move.entity_id for move in self._books.moves() if (move.before, move.after) == _RETURNED}
        collected = {invoice.order_id for invoice in self._books.rows(Invoice)}
        for subscription in self._books.rows(Subscription):
            if subscription.is_over and _LOST not in (subscription.why or ""):
                address, occasion = _address(subscription.customer_id), (MailKind.SUBSCRIPTION_ENDED, subscription.id)
                require((*occasion, address) in told, "customers are told", f"{occasion} was not told to {address}")
        for order in self._books.rows(Order):
            if order.id in self._world.opened:
                continue
            address = _address(order.customer_id)
            is_placed = order.id not in collected and not is_offered(order)
            due = [(MailKind.ORDER_RECEIVED, order.id)] if is_placed else []
            if is_placed and any(p.status is PaymentStatus.SUCCEEDED and not p.surplus for p in order.payments):
                due.append((MailKind.ORDER_PAID, order.id))
            for item in order.items:
                if item.status is ItemStatus.FULFILLED:
                    due.append((_DELIVERED[type(item.what)], item.id))
                elif item.status is ItemStatus.FAILED and item.id not in called_off:
                    due.append((MailKind.NOT_DELIVERED, item.id))
            due += [(MailKind.REFUNDED, r.id) for p in order.payments for r in p.refunds if r.status == "succeeded"]
            due += [(MailKind.REFUND_RETURNED, r.id) for p in order.payments for r in p.refunds if r.id in returned]
            for kind, subject in due:
                is_told = (kind, subject, address) in told
                require(is_told, "customers are told", f"{kind} {subject} was not told to {address}")

    def _check_operator(self, mails: dict[str, Mail]) -> None:
        alerts = self._books.rows(Alert)
        for alert in alerts:
            mail = mails.get(alert.told_by or "")
            require(mail is not None, "operators are told", f"nobody was told of {alert.occasion}")
        about = {alert.subject for alert in alerts}
        for job in self._books.rows(Job):
            if job.status is JobStatus.DEAD:
                subject = mails.get(job.subject)
                known = {job.id, job.subject} & about or (subject and subject.kind is MailKind.OPERATOR_ALERTS)
                require(bool(known), "operators are told", f"no alert about {job.dedup_key}, which is dead")


def _address(customer: str) -> str:
    return f"customer-{customer.removeprefix('cus_')}@example.rw"
