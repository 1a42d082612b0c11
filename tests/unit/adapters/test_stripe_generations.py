"""One reader for every generation of Stripe's API, and for whatever it may yet come up with."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.adapters.stripe_gateway import events as stripe_events
from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Reading
from billing.domain.errors import BillingError
from billing.domain.facts import PaymentFailed, PaymentPending, PaymentSucceeded, RefundFailed, RefundSucceeded
from tests.unit.adapters import test_stripe_events as golden

BETWEEN = ("2024-09-30.acacia", "2025-03-31.basil", "2025-09-30.clover", "2026-03-25.dahlia")
SAMPLES = sorted(golden.FIXTURES.glob("*.json"))
CLOSED_SET = (RetryLater, Refused, NotYet, OutcomeUnknown, NeedsPerson)


def fact_of(type: str) -> object:
    """What the newest generation tells by it."""
    (fact,) = [fact for version, told, fact in golden.GOLDEN if (version, told) == (golden.NEW, type)]
    return fact


def types_of(version: str) -> list[str]:
    """Of which there are samples; `golden` has those that it reads."""
    read = [path.stem.removeprefix(f"{version}.") for path in SAMPLES if path.stem.startswith(version)]
    return [type for type in read if type in {told for _, told, _ in golden.GOLDEN}]


@pytest.mark.parametrize(("version", "type"), [(version, type) for version in BETWEEN for type in types_of(version)])
def test_every_generation_tells_the_same(version: str, type: str) -> None:
    assert list(golden.read(version, type).facts) == [fact_of(type)]


@pytest.mark.parametrize("version", BETWEEN)
def test_every_generation_has_a_sample_of_every_kind_of_object(version: str) -> None:
    kinds = {json.loads(path.read_text())["data"]["object"]["object"] for path in SAMPLES if version in path.stem}
    assert kinds >= {"checkout.session", "payment_intent", "charge", "refund"}


# ---------------------------------------------------------------------- what nobody knows yet


@pytest.mark.parametrize("field", ["status", "payment_status", "mode", "ui_mode", "reason", "failure_reason"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_value_that_stripe_invents_is_no_crash_and_no_payment(sample: Path, field: str) -> None:
    event = json.loads(sample.read_text())
    if field not in event["data"]["object"]:
        return
    event["data"]["object"][field] = "in_seashells"
    reading = interpret(event)
    if isinstance(reading, NeedsPerson):
        return
    plain = interpret(json.loads(sample.read_text()))
    assert isinstance(plain, Reading)
    for fact in reading.facts:
        if isinstance(fact, PaymentSucceeded | PaymentFailed | RefundSucceeded | RefundFailed):
            # What the event's type says stands whatever a detail of it is called.
            assert [type(one) for one in plain.facts] == [type(one) for one in reading.facts]
        elif field == "payment_status":
            assert isinstance(fact, PaymentPending) or fact in plain.facts


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([None, 1]),
    st.just({"data": None, "id": 7, "object": []}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put in the place of something else."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in inner:
        yield (*path, name)
        yield from places(below, (*path, name))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_in_an_event_its_reading_ends_in_the_closed_set(data: st.DataObject) -> None:
    event = json.loads(data.draw(st.sampled_from(SAMPLES), "sample").read_text())
    found = [path for path in places(event["data"], ("data",)) if len(path) > 2]
    for path in data.draw(st.lists(st.sampled_from(found), min_size=1, max_size=3), "places"):
        put(event, path, data.draw(st.one_of(st.just(...), ODD), "value"))
    ended = interpret(event)
    assert isinstance(ended, (Reading, *CLOSED_SET))


def put(event: Any, path: tuple[Any, ...], value: Any) -> None:
    """Another value in its place, or none at all; nothing where an earlier change took the place away."""
    here = event
    with suppress(LookupError, TypeError):
        for name in path[:-1]:
            here = here[name]
        if value is ...:
            del here[path[-1]]
        else:
            here[path[-1]] = value


def interpret(event: Any) -> Reading | BillingError:
    """How its reading ends; what would be fetched is as `golden` has it."""
    try:
        return stripe_events.read_event(event, golden.INSTALLATION, golden.Account())
    except CLOSED_SET as ended:
        return ended
