"""Stripe's errors, in the form its API answers them."""

from billing_sandbox.store import Json


class StripeError(Exception):
    """A refusal: an HTTP status and Stripe's error object."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        message_code: str | None = None,
        decline_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._fields = {
            "code": code,
            "decline_code": decline_code,
            "message": message,
            "message_code": message_code,
            "param": param,
            "type": type,
        }

    def body(self) -> Json:
        """The JSON document to answer with."""
        return {"error": {name: value for name, value in self._fields.items() if value is not None}}


class RecordedError(StripeError):
    """A refusal that undoes nothing: what led to it is kept."""


class IntentFailed(RecordedError):
    """The bank refused the card, or wants to see its holder: the attempt is recorded, and answered with 402."""

    def __init__(self, intent: Json) -> None:
        failure = intent["last_setup_error" if intent["object"] == "setup_intent" else "last_payment_error"]
        super().__init__(failure["message"], status=402, type=failure["type"], code=failure["code"])
        self._more = {name: value for name, value in failure.items() if name != "type"} | {intent["object"]: intent}

    def body(self) -> Json:
        """The JSON document, with the intent as it stands after the attempt."""
        return {"error": super().body()["error"] | self._more}


class InvoiceUnpaid(RecordedError):
    """An invoice could not be paid when that was asked: declined, not authenticated, or with nothing to pay with."""

    def __init__(self, intent: Json) -> None:
        failure = intent["last_payment_error"] or (_UNAUTHENTICATED if intent["next_action"] else _NO_METHOD)
        status = 402 if failure["type"] == "card_error" else 400
        super().__init__(failure["message"], status=status, type=failure["type"], code=failure["code"])
        self._more = {"decline_code": failure.get("decline_code"), "payment_intent": intent}

    def body(self) -> Json:
        """The JSON document, with the invoice's intent as it stands after the attempt."""
        return {"error": super().body()["error"] | self._more}


class Undone(StripeError):
    """The same refusal to who wanted all or nothing: nothing of what led to it is kept."""

    def __init__(self, refusal: RecordedError) -> None:
        super().__init__(str(refusal), status=refusal.status)
        self._body = refusal.body()

    def body(self) -> Json:
        """As the refusal's."""
        return self._body


_UNAUTHENTICATED = {
    "code": "invoice_payment_intent_requires_action",
    "message": "This payment requires additional user action before it can be completed successfully. Payment can be "
    "completed using the PaymentIntent associated with the invoice.",
    "type": "card_error",
}
_NO_METHOD = {
    "code": "resource_missing",
    "message": "There is no `default_payment_method` set on this Customer or Invoice. Please set either an Invoice "
    "`default_payment_method`, a Subscription `default_payment_method`, or a Customer "
    "`invoice_settings[default_payment_method]`.",
    "type": "invalid_request_error",
}


def no_such(kind: str, id: str, *, param: str, status: int = 404) -> StripeError:
    """The object doesn't exist: 404 where the path names it, 400 where a parameter does."""
    return StripeError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


class NotPossible(Exception):
    """What somebody plays can't happen to the object in the state it is in."""
