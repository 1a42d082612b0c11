from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.errors import Invalid
from billing.domain.term import Term, add_months

anchors = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 12, 31), timezones=st.just(UTC))
quick = settings(max_examples=50, deadline=None)


def a_day(year, month, day):
    return datetime(year, month, day, 9, 30, tzinfo=UTC)


def test_monthly_periods_from_the_31st_return_to_it_after_a_short_month():
    """Seen elsewhere: one month after 31 January was 3 March, and periods drifted from then on."""
    ends = [Term(1).end(a_day(2027, 1, 31), count) for count in (1, 2, 3, 4)]
    assert ends == [a_day(2027, 2, 28), a_day(2027, 3, 31), a_day(2027, 4, 30), a_day(2027, 5, 31)]


def test_february_has_a_29th_in_a_leap_year():
    assert add_months(a_day(2028, 1, 31), 1) == a_day(2028, 2, 29)


def test_a_year_from_the_29th_of_february_ends_on_the_28th_and_four_years_on_the_29th():
    anchor = a_day(2028, 2, 29)
    assert Term.years(1).end(anchor) == a_day(2029, 2, 28)
    assert Term.years(1).end(anchor, 4) == a_day(2032, 2, 29)


def test_the_period_before_the_first_ends_at_the_anchor():
    assert Term(1).end(a_day(2027, 1, 31), 0) == a_day(2027, 1, 31)


def test_the_time_zone_is_kept():
    kigali = timezone(timedelta(hours=2), "CAT")
    assert add_months(datetime(2027, 1, 31, tzinfo=kigali), 1).tzinfo is kigali


@quick
@given(anchors, st.integers(min_value=-600, max_value=600))
def test_the_day_is_the_anchors_or_the_last_of_a_shorter_month(anchor, months):
    end = add_months(anchor, months)
    _, days = monthrange(end.year, end.month)
    assert end.day == min(anchor.day, days)
    assert end.timetz() == anchor.timetz()
    assert (end.year - anchor.year) * 12 + end.month - anchor.month == months


@quick
@given(anchors, st.integers(min_value=1, max_value=36), st.integers(min_value=0, max_value=40))
def test_later_periods_end_later(anchor, months, count):
    assert Term(months).end(anchor, count) < Term(months).end(anchor, count + 1)


@quick
@given(anchors, st.integers(min_value=1, max_value=10))
def test_twelve_months_are_a_year(anchor, years):
    assert Term.years(years).end(anchor) == Term(12).end(anchor, years)


def test_a_naive_anchor_is_refused():
    with pytest.raises(Invalid) as refused:
        Term(1).end(datetime(2027, 1, 31))
    assert str(refused.value) == "anchor: must carry a time zone"


@pytest.mark.parametrize("months", [0, -1, 1.0, True, "1"])
def test_a_term_has_at_least_one_whole_month(months):
    with pytest.raises(Invalid):
        Term(months)


@pytest.mark.parametrize("years", [0, 1.5, True])
def test_a_term_of_years_has_at_least_one_whole_year(years):
    with pytest.raises(Invalid):
        Term.years(years)


@pytest.mark.parametrize("count", [-1, 1.0, True])
def test_periods_are_counted_in_whole_numbers(count):
    with pytest.raises(Invalid):
        Term(1).end(a_day(2027, 1, 31), count)


@pytest.mark.parametrize("months", [12 * 8000, -12 * 3000, 0.5])
def test_months_that_leave_the_calendar_are_refused(months):
    with pytest.raises(Invalid):
        add_months(a_day(2027, 1, 31), months)
