"""Saved methods charged off session: what is asked of Stripe, and what the payment intent then proves."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import stripe

from billing.adapters.stripe_gateway.amounts import from_stripe, to_stripe
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import About, Json, metadata, why_declined
from billing.application.outcomes import Deadline, Refused
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams

_NEEDS_CUSTOMER = "authentication_required"
_OFF_SESSION = "off_session"


class StripeCharges:
    """Makes, finds and cancels the intents of one account that no session belongs to."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def make(self, order: Order, payment: Payment, installation: str, deadline: Deadline) -> Json:
        """The intent of this payment, made and confirmed at the first call; a decline is an answer too."""
        params = charge_params(order, payment, installation)
        with self._api.writing("intent_create", deadline) as client:
            try:
                made = client.v1.payment_intents.create(params, {"idempotency_key": f"checkout:{payment.id}"})
            except stripe.CardError as declined:
                return _declined(declined)
            except stripe.InvalidRequestError as refused:
                if refused.code != "resource_missing":
                    raise
                # A method or customer that was deleted at Stripe: nothing is charged, and a page may yet be paid on.
                raise Refused(f"the saved method is gone: {refused.user_message}") from refused
        return made.to_dict()

    def find(self, payment: Payment, installation: str, deadline: Deadline) -> Json | None:
        """The intent as it stands; by our metadata where its id was never told, None where Stripe has none."""
        if payment.payment_ref is not None:
            with self._api.reading("intent_retrieve", deadline) as client:
                return client.v1.payment_intents.retrieve(payment.payment_ref).to_dict()
        account = payment.options.get("customer_ref")
        if not account:
            return None  # such a charge is refused before anything is sent
        theirs = self._api.all(
            "intent_list", lambda client, page: client.v1.payment_intents.list(page), {"customer": account}, deadline
        )
        ours = {"installation": installation, "payment_id": payment.id}.items()
        return next((one for one in theirs if ours <= metadata(one).items()), None)

    def cancel(self, payment: Payment, installation: str, deadline: Deadline) -> Json | None:
        """The intent, cancelled if Stripe still does that."""
        ref = payment.payment_ref or (self.find(payment, installation, deadline) or {}).get("id")
        if ref is None:
            return None
        with self._api.writing("intent_cancel", deadline) as client, suppress(stripe.InvalidRequestError):
            # No key of ours, as for sessions: a repeat is refused as harmlessly.
            return client.v1.payment_intents.cancel(ref, {"cancellation_reason": "abandoned"}).to_dict()
        return self.find(payment, installation, deadline)


def charge_params(order: Order, payment: Payment, installation: str) -> "PaymentIntentCreateParams":
    """The body of the call, made of committed columns only, so that a repeat has the same one."""
    if order.total != payment.amount:
        raise Refused(f"the items come to {order.total}, the payment asks for {payment.amount}")
    if not payment.options.get("customer_ref"):
        raise Refused("customer_ref: Stripe needs to know whose method it charges")
    return {
        "amount": to_stripe(payment.amount),
        "currency": payment.amount.currency.lower(),
        "customer": payment.options["customer_ref"],
        "payment_method": payment.options["method_ref"],
        "off_session": True,
        "confirm": True,
        # Those that lead to a page are of no use while the customer is not there.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "description": f"Order {order.number}",
        "metadata": {
            "installation": installation,
            "order_id": order.id,
            "payment_id": payment.id,
            # An intent does not say so itself, and what is declined here nobody tries again.
            _OFF_SESSION: "yes",
        },
    }


def is_off_session(intent: Json) -> bool:
    """Whether it is one of those made here."""
    return metadata(intent).get(_OFF_SESSION) == "yes"


def received_by(intent: Json) -> Money:
    """What came in for an intent."""
    return from_stripe(intent.get("amount_received"), intent.get("currency"))


def why_cancelled(intent: Json) -> str:
    """As Stripe tells it."""
    return f"cancelled at Stripe: {intent.get('cancellation_reason') or 'no reason given'}"


def charged(intent: Json, ids: About) -> Fact:
    """What an intent without a session proves; a status that we do not know decides nothing."""
    why = why_declined(intent)
    match intent.get("status"):
        case "succeeded":
            return PaymentSucceeded(**ids, received=received_by(intent))
        case "canceled":
            return PaymentCancelled(**ids, why=why_cancelled(intent))
        case "requires_action":
            return PaymentNeedsCustomer(**ids, why=why or "the bank wants the customer's consent")
        case "requires_payment_method" if _wants_customer(intent):
            return PaymentNeedsCustomer(**ids, why=why or _NEEDS_CUSTOMER)
        case "requires_payment_method":
            return PaymentFailed(**ids, why=why or "declined")
    return PaymentPending(**ids, under_way=True)


def _wants_customer(intent: Json) -> bool:
    error = intent.get("last_payment_error") or {}
    return _NEEDS_CUSTOMER in (error.get("code"), error.get("decline_code"))


def _declined(error: stripe.CardError) -> Json:
    """The intent that a decline bears in it; one without, as a block by a rule may be, stays an error."""
    body: Any = error.json_body
    intent = body.get("error", {}).get("payment_intent") if isinstance(body, Mapping) else None
    if not isinstance(intent, Mapping):
        raise error
    return intent
