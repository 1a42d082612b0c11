"""What Stripe's events tell of recurring billing: whose it is by their snapshots, how it stands by asking.

Snapshots of one subscription arrive in any order and in the shape of any API version; an answer has neither trouble.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from billing.adapters.stripe_gateway.invoices import intents_of, is_draft, said_of_subscription, subscription_of
from billing.adapters.stripe_gateway.objects import Json, id_of, metadata, refs_in
from billing.application.outcomes import NeedsPerson
from billing.application.ports import Reading
from billing.domain.facts import BillingStands, InvoiceStands


class Billed(Protocol):
    """Asks how something stands."""

    def stands(self, billing_ref: str) -> BillingStands:
        """A subscription."""

    def invoice_stands(self, invoice_ref: str) -> InvoiceStands | None:
        """An invoice; None for a draft."""


def _subscription(document: Json, installation: str, billed: Billed) -> Reading:
    snapshot = Reading(refs=refs_in(document), installation=metadata(document).get("installation"))
    return _asked(snapshot, installation, lambda: billed.stands(str(document["id"])))


def _invoice(document: Json, installation: str, billed: Billed) -> Reading:
    billing_ref = subscription_of(document)
    ids = {billing_ref, *map(id_of, intents_of(document))}
    refs = refs_in(document) | {ref for ref in ids if ref}
    snapshot = Reading(refs=refs, installation=said_of_subscription(document).get("installation"))
    if billing_ref is None:
        return replace(snapshot, why="an invoice of no subscription")
    if is_draft(document):
        return replace(snapshot, why="a draft of an invoice")
    return _asked(snapshot, installation, lambda: billed.invoice_stands(str(document["id"])))


def _asked(snapshot: Reading, installation: str, ask: Callable[[], BillingStands | InvoiceStands | None]) -> Reading:
    """How it stands now; nobody is asked about what is another installation's.

    Where the snapshot names none, it may yet be of a customer of ours: a person made it in the dashboard. Where that
    can't be read, it is as likely a stranger's, and no person of ours is called.
    """
    if snapshot.installation not in (None, installation):
        return replace(snapshot, why="another installation's")
    try:
        stands = ask()
    except NeedsPerson as unreadable:
        if snapshot.installation == installation:
            raise
        return replace(snapshot, why=unreadable.why)
    if stands is None:
        return replace(snapshot, why="a draft of an invoice")
    return replace(snapshot, facts=[stands], why=stands.why)


BILLING_READS: Mapping[str, Callable[[Json, str, Billed], Reading]] = {
    "customer.subscription.created": _subscription,  # begun, by us or on a page of ours
    "customer.subscription.updated": _subscription,  # a new period, status, price, a cancel; also the dashboard's
    "customer.subscription.deleted": _subscription,  # over for good
    "customer.subscription.paused": _subscription,  # by the dashboard, or a trial ended without a method
    "customer.subscription.resumed": _subscription,  # it goes on
    "invoice.paid": _invoice,  # also where credit or somebody else has paid it
    "invoice.payment_succeeded": _invoice,  # the same where a charge has; older endpoints ask for this one alone
    "invoice.payment_failed": _invoice,  # one try; Stripe tries again
    "invoice.payment_action_required": _invoice,  # the bank wants the customer's consent
    "invoice.updated": _invoice,  # a slow debit is under way, or the next try is at another time
    "invoice.voided": _invoice,  # called off by a person
    "invoice.marked_uncollectible": _invoice,  # written off
}
"""Events of recurring billing; drafts and what is only announced have none that matters."""
