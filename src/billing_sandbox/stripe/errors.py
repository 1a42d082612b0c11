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
    ) -> None:
        super().__init__(message)
        self.status = status
        self._fields = {
            "code": code,
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


class CardDeclined(RecordedError):
    """The card was refused: the attempt is recorded all the same, and answered with 402."""

    def __init__(self, intent: Json) -> None:
        failure = intent["last_payment_error"]
        super().__init__(failure["message"], status=402, type="card_error", code=failure["code"])
        self._more = {
            "charge": intent["latest_charge"],
            "decline_code": failure["decline_code"],
            "payment_intent": intent,
        }

    def body(self) -> Json:
        """The JSON document, with the intent as it stands after the attempt."""
        return {"error": super().body()["error"] | self._more}


def no_such(kind: str, id: str, *, param: str, status: int = 404) -> StripeError:
    """The object doesn't exist: 404 where the path names it, 400 where a parameter does."""
    return StripeError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)
