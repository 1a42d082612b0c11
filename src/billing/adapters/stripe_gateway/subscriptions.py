"""A subscription at Stripe: what is asked of it, and how it stands, in every shape that an API version gave it."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.adapters.stripe_gateway.amounts import from_stripe
from billing.adapters.stripe_gateway.objects import Json, id_of, listed, metadata, moment, within
from billing.adapters.stripe_gateway.prices import plan_of
from billing.application.outcomes import NeedsPerson
from billing.domain.facts import BillingStands, BillingStatus
from billing.domain.money import Money, total
from billing.domain.offer import Cycle
from billing.domain.subscription import Subscription
from billing.domain.term import add_months

if TYPE_CHECKING:
    from stripe.params import SubscriptionCreateParams, SubscriptionCreateParamsBillingCycleAnchorConfig

_STATUSES = {
    "incomplete": BillingStatus.INCOMPLETE,
    "incomplete_expired": BillingStatus.ENDED,
    "trialing": BillingStatus.TRIALING,
    "active": BillingStatus.ACTIVE,
    "past_due": BillingStatus.PAST_DUE,
    "unpaid": BillingStatus.PAST_DUE,  # no try is left, and it was set up not to end of that
    "canceled": BillingStatus.ENDED,
    "paused": BillingStatus.PAUSED,
}
"""Any other is one that Stripe has invented since: a person looks."""

_MONTHS = {"month": 1, "year": 12}
_LEAP_YEARS_APART_MAX = 8


def read_subscription(document: Json, installation: str, as_of: datetime) -> BillingStands:
    """How it stands; NeedsPerson where what it bills can't be read."""
    is_ours = metadata(document).get("installation") == installation
    plan, cycle = _plan(document, installation)
    status, why = _status(document)
    period_end = _period_end(document)
    return BillingStands(
        item_id=metadata(document).get("item_id") if is_ours else None,
        billing_ref=str(document["id"]),
        status=status,
        as_of=as_of,
        anchor=_anchor(document, period_end),
        period_end=period_end,
        cancel_at_period_end=is_called_off(document),
        price=_price(document),
        plan=plan,
        cycle=cycle,
        customer_ref=id_of(document.get("customer")) or "",
        why=why,
    )


def has_ended(document: Json) -> bool:
    """Whether it bills nothing more, for good."""
    return _STATUSES.get(str(document.get("status"))) is BillingStatus.ENDED


def is_called_off(document: Json) -> bool:
    """Whether the current period is its last: Stripe says so, or names a day in it on which it ends."""
    cancel_at = moment(document.get("cancel_at"))
    return bool(document.get("cancel_at_period_end")) or (cancel_at is not None and cancel_at <= _period_end(document))


def billed_from(document: Json) -> datetime | None:
    """When Stripe charges for a period for the first time, of a subscription that was begun to follow a paid one."""
    return moment(document.get("billing_cycle_anchor"))


def items_of(document: Json) -> Sequence[Json]:
    """What it bills."""
    return listed(document, "items")


def _status(document: Json) -> tuple[BillingStatus, str]:
    told = str(document.get("status"))
    status = _STATUSES.get(told, BillingStatus.UNKNOWN)
    if status is BillingStatus.UNKNOWN:
        return status, f"its status at Stripe is {told}"
    if status is not BillingStatus.ENDED and document.get("pause_collection"):
        # Its status stays as it was, while nobody is asked to pay.
        return BillingStatus.PAUSED, f"collection is paused: {within(document, 'pause_collection', 'behavior')}"
    if status is BillingStatus.ENDED or is_called_off(document):
        return status, str(within(document, "cancellation_details", "reason") or told)
    return status, "" if told == status else told


def _plan(document: Json, installation: str) -> tuple[str, Cycle] | tuple[None, None]:
    """Which of our plans it bills; none where that is anything else than one of it."""
    match items_of(document):
        case [item] if item.get("quantity", 1) == 1:
            return plan_of(item.get("price") or {}, installation) or (None, None)
    return None, None


def _price(document: Json) -> Money:
    """What a period costs, before tax and discount."""
    costs = [_cost(item) for item in items_of(document)]
    if not costs:
        raise NeedsPerson(f"{document['id']} bills nothing")
    return total(costs, costs[0].currency)


def _cost(item: Json) -> Money:
    price = item.get("price") or {}
    return from_stripe(price.get("unit_amount"), price.get("currency")).times(item.get("quantity", 1))


def _period_end(document: Json) -> datetime:
    """Of the subscription until acacia, of its items since basil."""
    ends = [document.get("current_period_end"), *(item.get("current_period_end") for item in items_of(document))]
    found = [end for end in map(moment, ends) if end is not None]
    if not found:
        raise NeedsPerson(f"{document['id']} has no period")
    return min(found)


def _anchor(document: Json, period_end: datetime) -> datetime:
    """What its periods are counted from.

    Where Stripe was told a day of the month, its own anchor is the end of the first period, and may lie in a month
    without that day: then it is the last period's beginning that has it, for from there periods end as Stripe's do.
    """
    day = within(document, "billing_cycle_anchor_config", "day_of_month")
    if type(day) is not int:
        return moment(document.get("billing_cycle_anchor")) or period_end
    first = period_end.replace(day=1)
    months = _MONTHS.get(str(within(_first_price(document), "recurring", "interval")), 1)
    for periods in range(1, _LEAP_YEARS_APART_MAX + 1):
        month = add_months(first, -periods * months)
        if day <= monthrange(month.year, month.month)[1]:
            return month.replace(day=day)
    return period_end


def _first_price(document: Json) -> Json:
    return next((item.get("price") or {} for item in items_of(document)), {})


def begin_params(
    subscription: Subscription, customer_ref: str, price_ref: str, installation: str
) -> "SubscriptionCreateParams":
    """The body of the call, made of what no later change touches, so that a repeat has the same one.

    Which method is charged is said on the customer, where another one may take its place.
    """
    return {
        "customer": customer_ref,
        "items": [{"price": price_ref, "quantity": 1}],
        "billing_cycle_anchor_config": _anchor_config(subscription),
        "proration_behavior": "none",
        # What is left of the running period was paid to us and not by this subscription: the newer mode, which gives
        # back only what it has itself charged, would give nothing back when the plan is changed.
        "billing_mode": {"type": "classic"},
        "metadata": {"installation": installation, "item_id": subscription.item_id, "subscription_id": subscription.id},
    }


def _anchor_config(subscription: Subscription) -> "SubscriptionCreateParamsBillingCycleAnchorConfig":
    """Day and time of our anchor: Stripe takes the last day of a month that is too short, and the day again after."""
    if subscription.anchor is None:
        raise NeedsPerson(f"subscription {subscription.id} has no period yet")
    anchor = subscription.anchor.astimezone(UTC)
    config: SubscriptionCreateParamsBillingCycleAnchorConfig = {
        "day_of_month": anchor.day,
        "hour": anchor.hour,
        "minute": anchor.minute,
        "second": anchor.second,
    }
    if subscription.cycle is Cycle.YEARLY:
        config["month"] = anchor.month
    return config
