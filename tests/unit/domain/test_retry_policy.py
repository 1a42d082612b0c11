from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.errors import Invalid
from billing.domain.retry_policy import RetryPolicy

NEARLY_ONE = 1 - 2**-53


def a_policy(attempts_max=8, base_seconds=2, cap_seconds=600):
    return RetryPolicy(attempts_max, base_seconds, cap_seconds)


@pytest.mark.parametrize(("attempts_spent", "seconds"), [(1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (5000, 600)])
def test_the_ceiling_doubles_with_every_attempt_up_to_the_cap(attempts_spent, seconds):
    assert a_policy().delay(attempts_spent, random=lambda: NEARLY_ONE) == timedelta(seconds=seconds)


def test_full_jitter_reaches_down_to_no_delay():
    assert a_policy().delay(5, random=lambda: 0.0) == timedelta(0)


def test_retry_after_is_a_lower_bound():
    assert a_policy().delay(1, random=lambda: 0.5, retry_after_seconds=90) == timedelta(seconds=90)
    assert a_policy().delay(9, random=lambda: 0.5, retry_after_seconds=90) == timedelta(seconds=256)


def test_retry_after_may_pass_the_cap():
    assert a_policy().delay(1, random=lambda: 0.5, retry_after_seconds=3600) == timedelta(hours=1)


@settings(max_examples=50, deadline=None)
@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=NEARLY_ONE))
def test_a_delay_never_passes_the_cap_by_itself(attempts_spent, share):
    assert timedelta(0) <= a_policy().delay(attempts_spent, lambda: share) <= timedelta(seconds=600)


def test_attempts_are_exhausted_at_the_last():
    policy = a_policy(attempts_max=3)
    assert [policy.is_exhausted(spent) for spent in (0, 2, 3, 4)] == [False, False, True, True]


def test_there_is_no_delay_before_the_first_attempt():
    with pytest.raises(Invalid):
        a_policy().delay(0, random=lambda: 0.5)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attempts_max", 0),
        ("attempts_max", 2.5),
        ("attempts_max", True),
        ("base_seconds", 0),
        ("base_seconds", -1),
        ("base_seconds", float("nan")),
        ("cap_seconds", 1),
        ("cap_seconds", float("inf")),
        ("cap_seconds", float("nan")),
    ],
)
def test_an_impossible_policy_is_refused(field, value):
    with pytest.raises(Invalid) as refused:
        a_policy(**{field: value})
    assert refused.value.field == field
