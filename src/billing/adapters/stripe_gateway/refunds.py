"""Refunds at Stripe: what is asked, and what a refund object proves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billing.adapters.stripe_gateway.amounts import from_stripe, to_stripe
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import About, Json, id_of, metadata
from billing.application.outcomes import Deadline, NeedsPerson
from billing.domain.facts import RefundFailed, RefundNews, RefundPending, RefundSucceeded
from billing.domain.payment import Payment
from billing.domain.refund import Refund

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams

_PAGE = 100
"""The most that one call lists: https://docs.stripe.com/api/refunds/list"""


class StripeRefunds:
    """Reads and makes refunds of one account."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def intent(self, intent_ref: str, deadline: Deadline) -> Json:
        """The intent that a refund or charge belongs to: it bears our metadata also where they do not."""
        with self._api.reading("intent_retrieve", deadline) as client:
            return client.v1.payment_intents.retrieve(intent_ref).to_dict()

    def of_intent(self, intent_ref: str, deadline: Deadline) -> Sequence[Json]:
        """Every refund of it, whoever made it; NeedsPerson where one call can't show them all."""
        with self._api.reading("refund_list", deadline) as client:
            found = client.v1.refunds.list({"payment_intent": intent_ref, "limit": _PAGE})
        if found.has_more:
            raise NeedsPerson(f"{intent_ref} has more than {_PAGE} refunds")
        return [refund.to_dict() for refund in found.data]

    def pay(self, payment: Payment, refund: Refund, installation: str, deadline: Deadline) -> Json:
        """Look before writing: Stripe forgets an idempotency key after a day, and a refund never."""
        intent_ref = self.intent_of(payment, deadline)
        for known in self.of_intent(intent_ref, deadline):
            if _is_this_try(known, refund):
                return known
        params: RefundCreateParams = {
            "payment_intent": intent_ref,
            "amount": to_stripe(refund.amount),
            "metadata": {
                "installation": installation,
                "payment_id": payment.id,
                "refund_id": refund.id,
                "try_no": str(refund.try_no),
            },
        }
        with self._api.writing("refund_create", deadline) as client:
            key = f"refund:{refund.id}:{refund.try_no}"
            return client.v1.refunds.create(params, {"idempotency_key": key}).to_dict()

    def intent_of(self, payment: Payment, deadline: Deadline) -> str:
        """The id of its intent, asked for where only its session is known; NeedsPerson where there is none."""
        if payment.payment_ref is not None:
            return payment.payment_ref
        if payment.session_ref is None:
            raise NeedsPerson(f"payment {payment.id} bears no id of Stripe")
        with self._api.reading("session_retrieve", deadline) as client:
            intent = client.v1.checkout.sessions.retrieve(payment.session_ref).to_dict().get("payment_intent")
        if not isinstance(intent, str):
            raise NeedsPerson(f"Stripe names no payment intent for {payment.session_ref}")
        return intent


def _is_this_try(known: Json, refund: Refund) -> bool:
    said = metadata(known)
    return said.get("refund_id") == refund.id and said.get("try_no") == str(refund.try_no)


def read_refund(document: Json, ids: About) -> RefundNews:
    """What a refund object proves; a status that we do not know decides nothing."""
    refund_id, refund_ref = metadata(document).get("refund_id"), str(document["id"])
    amount = from_stripe(document.get("amount"), document.get("currency"))
    match document.get("status"):
        case "succeeded":
            return RefundSucceeded(**ids, refund_id=refund_id, refund_ref=refund_ref, amount=amount)
        case "failed" | "canceled" as status:
            why = f"{status} at Stripe: {document.get('failure_reason') or 'no reason given'}"
            return RefundFailed(**ids, refund_id=refund_id, refund_ref=refund_ref, amount=amount, why=why)
    return RefundPending(**ids, refund_id=refund_id, refund_ref=refund_ref, amount=amount)


def ids_of(payment: Payment) -> About:
    """The fields that every fact about it has."""
    return {"payment_id": payment.id, "session_ref": payment.session_ref, "payment_ref": payment.payment_ref}


def is_part_of_intent(document: Json) -> bool:
    """Whether it is a refund, a charge or a dispute, whose intent says whose it is."""
    return document.get("object") in ("refund", "charge", "dispute")


def intent_ref(document: Json) -> str | None:
    """The id of its intent; None on charges of the API before intents, which are none of ours."""
    return id_of(document.get("payment_intent"))
