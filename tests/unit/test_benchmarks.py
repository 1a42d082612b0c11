"""The benchmarks measure what they say: the schedule, the failing calls, and what is written into the documents."""

from collections import Counter

from bench.purchases import Purchase
from bench.report import filled
from bench.signing import EVENT_ID, stranger, template_of
from bench.slo import FAILING_CALLS, NEW_SHARE, RATE, failing_calls, schedule

PURCHASES = [Purchase(f"ord_{n}", f"name-{n}.rw", f"first-{n}", f"later-{n}") for n in range(100)]
TEXT = "before\n<!-- bench bounds -->\nold\n<!-- /bench -->\nafter\n"


def test_a_tenth_of_the_webhooks_are_new_payments_and_nothing_is_told_before_its_first_event() -> None:
    bodies, arrivals = schedule(PURCHASES, 10)
    assert [at for at, _ in arrivals] == [number / RATE for number in range(1000)]
    told = [bodies[index] for _, index in arrivals]
    assert told[::NEW_SHARE] == [purchase.first for purchase in PURCHASES]
    for purchase in PURCHASES:
        first = told.index(purchase.first)
        assert purchase.later not in told[:first]
    repeated = Counter(told)
    assert repeated["first-10"] + repeated["later-10"] == 1 + NEW_SHARE - 1


def test_one_registrar_call_of_a_hundred_fails() -> None:
    well, badly = 0, 0
    for fault in failing_calls(5_000):
        if fault["kind"] == "slow":
            well += fault["times"]
        else:
            badly += 1
    assert 0.9 < FAILING_CALLS * badly / (well + badly) < 1.1
    assert well + badly > 2 * 5_000


def test_a_template_has_its_id_once() -> None:
    assert template_of(stranger()).count(EVENT_ID) == 1


def test_only_what_is_marked_is_written() -> None:
    written = filled(TEXT, {})
    assert written.startswith("before\n<!-- bench bounds -->\n| what |")
    assert written.endswith("\n<!-- /bench -->\nafter\n")
    assert filled(written, {}) == written


def test_a_bound_that_is_broken_is_said_to_be_and_a_short_try_proves_nothing() -> None:
    intake = {"measured": "intake", "ratio": 0.74}
    memory = {"measured": "memory", "requests": 99_999}
    written = filled(TEXT, {"intake": intake, "memory": memory})
    assert "| ≥ 75 % | 74 % | **no** |" in written
    assert written.count("only a short try yet") == 4
    assert "| ≥ 75 % | 75 % | yes |" in filled(TEXT, {"intake": {**intake, "ratio": 0.75}})
