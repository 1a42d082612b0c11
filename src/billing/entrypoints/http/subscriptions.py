"""/v1/subscriptions: hosting, how it is billed, and what the customer does with it."""

from typing import Any

from billing.domain.subscription import Subscription
from billing.domain.subscription_change import ChangeKind
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.holdings import (
    CancelSchema,
    ChangePlanSchema,
    SubscriptionSchema,
    change_of_cancel,
)
from billing.entrypoints.http.schemas.nothing import NothingSchema

_ONE = "/subscriptions/<id:subscription_id>"
_UNANSWERED = "The provider that bills it has not answered yet: `pending_change` says what is on its way."


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Hosting subscriptions."""
    blp = ApiBlueprint("subscriptions", cases, config, "Hosting.")

    @blp.call("GET", _ONE, SubscriptionSchema())
    def show_subscription(subscription_id: str) -> Subscription:
        """One subscription."""
        return cases.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))

    @blp.call("POST", f"{_ONE}/cancel", SubscriptionSchema())
    @blp.may_answer(202, SubscriptionSchema(), _UNANSWERED)
    @blp.reads(CancelSchema())
    def cancel_subscription(asked: dict[str, Any], subscription_id: str) -> tuple[Subscription, int]:
        """End it at once, or with the period that is paid; until then it is served and can be resumed."""
        return _answer(cases.change_subscription(subscription_id, change_of_cancel(asked["at"]), auth.by()))

    @blp.call("POST", f"{_ONE}/resume", SubscriptionSchema())
    @blp.may_answer(202, SubscriptionSchema(), _UNANSWERED)
    @blp.reads(NothingSchema())
    def resume_subscription(_: dict[str, Any], subscription_id: str) -> tuple[Subscription, int]:
        """Take a cancel at the period's end back."""
        return _answer(cases.change_subscription(subscription_id, ChangeKind.RESUME, auth.by()))

    @blp.call("POST", f"{_ONE}/change-plan", SubscriptionSchema())
    @blp.may_answer(202, SubscriptionSchema(), _UNANSWERED)
    @blp.reads(ChangePlanSchema())
    def change_plan(asked: dict[str, Any], subscription_id: str) -> tuple[Subscription, int]:
        """Another plan from now on, at its present price; the rest of the period is settled by the next invoice."""
        return _answer(
            cases.change_subscription(subscription_id, ChangeKind.CHANGE_PLAN, auth.by(), plan=asked["plan"])
        )

    return blp


def _answer(subscription: Subscription) -> tuple[Subscription, int]:
    return subscription, 200 if subscription.change is None else 202
