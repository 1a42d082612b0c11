"""The simulator finds bugs that were put in on purpose, and says which rule they break."""

from collections.abc import Callable

import pytest

from simulation.runs import run_seed
from simulation.world import World
from tests.simulation import planted, planted_billing, planted_pushes, planted_renewals

SEEDS = 500

BREAKS = {
    planted.drop_the_dedup_key_of_jobs: {"one job per occasion"},
    planted.drop_the_dedup_key_of_events: {"one row per notification"},
    planted.ignore_the_fence: {"whoever lost a claim records nothing"},
    planted.refund_without_a_key: {"one refund, one payback", "every refund is recorded"},
    planted.commit_before_the_call: {"what is fulfilled was done"},
    planted.let_a_late_failure_overwrite_a_success: {"what is final stays", "nothing unpaid is delivered"},
    planted.renew_from_whatever_expiry_is_shown: {"one effect per item"},
    planted.take_no_answer_for_a_no: {"delivered or compensated, never both"},
    planted.leave_the_sum_unread: {"money received is money paid"},
    planted.ring_only_once: {"comes to rest"},
    planted.leave_what_banks_take_out_of_the_books: {"every dispute is recorded", "the books balance"},
    planted.deliver_whatever_banks_say: {"nothing disputed is begun"},
    planted_billing.renew_whenever_a_paid_invoice_is_told_of: {"no period is renewed that was not paid"},
    planted_billing.renew_what_is_not_paid_yet: {"no period is renewed that was not paid"},
    planted_billing.suspend_what_was_paid_after_a_late_failure: {"what was paid is served"},
    planted_billing.bill_on_what_nobody_needs: {"what has ended is not billed on"},
    planted_renewals.charge_again_every_day: {"cards are charged by the schedule"},
    planted_renewals.give_a_name_up_when_its_term_is_over: {"no name is lost too soon", "customers are told"},
    planted_pushes.believe_what_a_hint_claims: {"money received is money paid"},
    planted_pushes.push_again_after_a_lost_answer: {"one push per attempt"},
    planted_pushes.compare_no_hint_with_the_provider: {"a contradicted hint is told of"},
    planted_pushes.take_hints_at_any_address: {"a hint needs its address"},
    planted_renewals.only_say_that_it_is_repaired: {"what is reconciled stays so"},
}
ALSO = {planted.ignore_the_fence: {"no defects"}, planted_billing.renew_what_is_not_paid_yet: {"no defects"}}
"""Where the entities' own guards stop a bug in some seeds, before it has broken any rule: others show what it does."""


@pytest.mark.parametrize("plant", BREAKS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Callable[[World], None]) -> None:
    outcomes = (run_seed(seed, plant=plant).broken for seed in range(SEEDS))
    broken = next((found for found in outcomes if found and found.rule not in ALSO.get(plant, ())), None)

    assert broken is not None, f"not found in {SEEDS} seeds"
    assert broken.rule in BREAKS[plant], broken
