"""/v1/subscriptions: hosting."""

from billing.domain.subscription import Subscription
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.holdings import SubscriptionSchema


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Hosting subscriptions."""
    blp = ApiBlueprint("subscriptions", cases, config, "Hosting.")

    @blp.call("GET", "/subscriptions/<id:subscription_id>", SubscriptionSchema())
    def show_subscription(subscription_id: str) -> Subscription:
        """One subscription."""
        return cases.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))

    return blp
