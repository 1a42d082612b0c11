"""Changes of a subscription: another price or quantity, another end, another rhythm; and what they cost at once."""

from collections.abc import Sequence
from typing import Any

from billing_sandbox.store import Json
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, beginnings, collection, prices, prorations, shapes, subscriptions
from billing_sandbox.stripe.updates import merged, update

_EVENT = "customer.subscription.updated"
_AS_GIVEN = ("default_payment_method", "description", "trial_settings")


def change(ledger: Ledger, before: Json, given: Json, items: Sequence[Json] | None, cause: Cause) -> Json:
    """The subscription as asked; `items` are all it has from now on, None where they stay."""
    _check_open(before)
    changes = _plain(before, given) | _ending(ledger, before, given)
    after = before | changes
    if items is not None:
        beginnings.check_together([item["price"] for item in items])
        after |= {"items": shapes.items(before["id"], list(items))} | shapes.first_item({"data": items})
    if _starts_anew(before, after, given):
        return _start_anew(ledger, before, after, given, cause)
    waiting = preview(ledger, before, after, given)
    for item in waiting:
        ledger.save(item)
        ledger.tell("invoiceitem.created", item, cause)
    subscription = update(ledger, before, _differing(before, after), _EVENT, cause)
    if subscription["status"] not in ("incomplete", "paused"):
        subscriptions.plan(ledger, subscription)
    _plan_resumption(ledger, subscription)
    if waiting and given.get("proration_behavior") == "always_invoice":
        return _invoice_now(ledger, subscription, given, cause)
    return subscription


def preview(ledger: Ledger, before: Json, after: Json, given: Json) -> list[Json]:
    """What the change gives back and asks for, by the behaviour that is given; kept nowhere yet."""
    if before["status"] == "trialing" or given.get("proration_behavior") == "none":
        return []
    return prorations.of_change(ledger, before, after, _date(ledger, before, given))


def cancel(ledger: Ledger, subscription: Json, given: Json, cause: Cause) -> Json:
    """End it now; if asked, give back the rest of the period, and invoice what is open at once."""
    if subscription["status"] in ("canceled", "incomplete_expired"):
        message = f"No such subscription: '{subscription['id']}'"
        raise StripeError(message, status=404, code="resource_missing", param="id")
    if given.get("prorate"):
        for item in prorations.of_end(ledger, subscription, ledger.now()):
            ledger.save(item)
            ledger.tell("invoiceitem.created", item, cause)
    if given.get("invoice_now"):
        subscription = _invoice_now(ledger, subscription, {}, cause)
    details = given.get("cancellation_details", {})
    return subscriptions.end(ledger, subscription, cause, "cancellation_requested", details)


def resume(ledger: Ledger, subscription: Json, given: Json, cause: Cause) -> Json:
    """A paused subscription goes on once its invoice is paid; by default its periods begin anew."""
    if subscription["status"] != "paused":
        message = f"This subscription cannot be resumed because it has a status of {subscription['status']}."
        raise StripeError(message)
    anew = given.get("billing_cycle_anchor", "now") == "now"
    anchor = {"billing_cycle_anchor": ledger.now(), "billing_cycle_anchor_config": None} if anew else {}
    subscription = update(ledger, subscription, anchor, _EVENT, cause)
    return subscriptions.renew(ledger, subscription, cause, at_once=True)


def _plain(before: Json, given: Json) -> Json:
    changes = {name: given[name] for name in _AS_GIVEN if name in given}
    if "metadata" in given:
        changes["metadata"] = merged(before["metadata"], given["metadata"])
    if "pause_collection" in given:
        pause = given["pause_collection"]
        changes["pause_collection"] = pause and {"resumes_at": None, **pause}
    if "payment_settings" in given:
        changes["payment_settings"] = before["payment_settings"] | given["payment_settings"]
    if "cancellation_details" in given:
        changes["cancellation_details"] = before["cancellation_details"] | given["cancellation_details"]
    trial_end = given.get("trial_end")
    if isinstance(trial_end, int):
        changes |= {"billing_cycle_anchor": trial_end, "status": "trialing", "trial_end": trial_end}
        changes["items"] = subscriptions.in_period(before, (subscriptions.period(before)[0], trial_end))
    return changes


def _ending(ledger: Ledger, before: Json, given: Json) -> Json:
    """What `cancel_at_period_end` and `cancel_at` come to."""
    if "cancel_at_period_end" in given and "cancel_at" in given:
        raise StripeError("You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    if "cancel_at_period_end" in given:
        wanted = given["cancel_at_period_end"]
        moment = subscriptions.period(before)[1] if wanted else None
        ended: Json = {"cancel_at_period_end": wanted}
    elif "cancel_at" in given:
        moment, ended = given["cancel_at"], {"cancel_at_period_end": False}
    else:
        return {}
    if moment is not None and moment < ledger.now():
        raise StripeError("cancel_at must be in the future.", param="cancel_at")
    if moment == before["cancel_at"]:
        return ended
    reason = {"reason": "cancellation_requested" if moment else None}
    details = before["cancellation_details"] | given.get("cancellation_details", {}) | reason
    requested = ledger.now() if moment else None
    return ended | {"cancel_at": moment, "canceled_at": requested, "cancellation_details": details}


def _starts_anew(before: Json, after: Json, given: Json) -> bool:
    """Whether a new period begins now: another interval, or so asked, or the trial is over."""
    if before["status"] not in ("active", "past_due", "trialing", "unpaid"):
        return False
    first, other = (subscription["items"]["data"][0]["price"] for subscription in (before, after))
    another = prices.rhythm(first) != prices.rhythm(other) and before["status"] != "trialing"
    return another or "now" in (given.get("billing_cycle_anchor"), given.get("trial_end"))


def _start_anew(ledger: Ledger, before: Json, after: Json, given: Json, cause: Cause) -> Json:
    """Give back what is left of the period, and invoice a whole one that begins now."""
    now = ledger.now()
    if before["status"] == "trialing":
        after |= {"trial_end": now}
        if subscriptions.needs_method(ledger, after):
            return subscriptions.end_trial_unpaid(ledger, ledger.save(after), cause)
    elif given.get("proration_behavior") != "none":
        for item in prorations.of_end(ledger, before, _date(ledger, before, given)):
            ledger.save(item)
            ledger.tell("invoiceitem.created", item, cause)
    anchor = {"billing_cycle_anchor": now, "billing_cycle_anchor_config": None}
    changed = update(ledger, before, _differing(before, after | anchor), _EVENT, cause)
    changed = subscriptions.renew(ledger, changed, cause, at_once=True)
    return _paid_or_refused(ledger, changed, given)


def _invoice_now(ledger: Ledger, subscription: Json, given: Json, cause: Cause) -> Json:
    invoice = subscriptions.draft(ledger, subscription, "subscription_update", cause, [])
    latest = {"latest_invoice": invoice["id"]}
    subscription = update(ledger, subscription, latest, _EVENT, cause)
    subscriptions.proceed(ledger, subscription, invoice, cause, at_once=True)
    return _paid_or_refused(ledger, ledger.get("subscription", subscription["id"]), given)


def _paid_or_refused(ledger: Ledger, subscription: Json, given: Json) -> Json:
    if given.get("payment_behavior") == "error_if_incomplete":
        collection.check_paid(ledger, ledger.get("invoice", subscription["latest_invoice"]), undo=True)
    return subscription


def _date(ledger: Ledger, subscription: Json, given: Json) -> int:
    """From when on the change counts."""
    date = int(given.get("proration_date", ledger.now()))
    start, end = subscriptions.period(subscription)
    if not start <= date <= end:
        message = "Cannot specify a proration date outside of the subscription's current period."
        raise StripeError(message, param="proration_date")
    return date


def _plan_resumption(ledger: Ledger, subscription: Json) -> None:
    pause = subscription["pause_collection"]
    agenda.drop(ledger, subscription, "resume_collection")
    if pause and pause["resumes_at"]:
        agenda.plan(ledger, subscription, "resume_collection", pause["resumes_at"])


def _differing(before: Json, after: Json) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before.get(name) != value}


def _check_open(subscription: Json) -> None:
    if subscription["status"] in ("canceled", "incomplete_expired"):
        message = "A canceled subscription can only update its cancellation_details and metadata."
        raise StripeError(message)
