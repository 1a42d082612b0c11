"""What every registrar keeps, whatever is behind it: one effect per key, however often and wherever a call breaks."""

import time
from collections import Counter
from datetime import timedelta

import pytest

from billing.application.outcomes import NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import DomainInfo, HeldElsewhere
from billing.domain import DomainName, Term, registrant_handle
from tests.builders import a_registrant
from tests.contracts.registry import EXAMPLE, OURS, THEIRS, THREADS, Registry, at_once, within


class RegistrarContract:
    """Subclasses give a fixture `registry`."""

    # ------------------------------------------------------------------ register

    def test_a_registered_name_is_shown_with_its_expiry_and_its_holder(self, registry: Registry):
        assert registry.info() is None
        registered = registry.register(years=2)
        assert registered == registry.info()
        assert registered == DomainInfo(name=EXAMPLE, expires_at=Term.years(2).end(registry.now), holder=OURS)
        assert registered.expires_at.utcoffset() == timedelta()

    def test_registering_twice_under_one_key_creates_once(self, registry: Registry):
        assert registry.register() == registry.register()
        assert registry.creates(EXAMPLE) == 1

    def test_a_name_held_under_another_key_of_ours_is_refused(self, registry: Registry):
        registry.register(OURS)
        with pytest.raises(Refused, match="taken"):
            registry.register(THEIRS)
        assert registry.info().holder == OURS

    def test_a_name_held_at_another_registrar_is_refused(self, registry: Registry):
        registry.occupy(EXAMPLE)
        with pytest.raises(Refused, match="taken"):
            registry.register()
        assert registry.creates(EXAMPLE) == 0

    def test_a_name_that_is_shown_to_its_sponsor_alone_is_held_elsewhere(self, registry: Registry):
        registry.occupy(EXAMPLE)
        registry.hide_others()
        with pytest.raises(HeldElsewhere):
            registry.info()
        with pytest.raises(Refused, match="taken"):
            registry.register()
        with pytest.raises(Refused):
            registry.renew(registry.now)
        assert (registry.creates(EXAMPLE), registry.renews(EXAMPLE)) == (0, 0)

    def test_of_many_who_want_a_name_at_once_one_gets_it(self, registry: Registry):
        keys = [registrant_handle(f"itm_{n}") for n in range(THREADS)]
        ended = at_once(*(lambda key=key: registry.register(key) for key in keys))
        assert Counter(map(type, ended)) == {DomainInfo: 1, Refused: THREADS - 1}
        winner = next(one for one in ended if isinstance(one, DomainInfo))
        assert keys[ended.index(winner)] == winner.holder == registry.info().holder
        assert registry.creates(EXAMPLE) == 1

    def test_the_same_registration_many_times_at_once_creates_once(self, registry: Registry):
        ended = at_once(*[registry.register] * THREADS)
        assert set(map(type, ended)) == {DomainInfo}
        assert len({one.expires_at for one in ended}) == registry.creates(EXAMPLE) == 1

    @pytest.mark.parametrize("break_off", ["lose_answer", "hang"])
    def test_a_registration_whose_answer_is_lost_is_found_by_the_repeat(self, registry: Registry, break_off: str):
        getattr(registry, break_off)("register")
        with pytest.raises(OutcomeUnknown):
            registry.registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within(0.7))
        assert registry.register().holder == OURS
        assert registry.creates(EXAMPLE) == 1

    def test_a_refused_registration_has_no_effect(self, registry: Registry):
        registry.refuse("register")
        with pytest.raises(Refused):
            registry.register()
        assert registry.info() is None

    def test_a_premium_name_is_not_registered(self, registry: Registry):
        premium = DomainName("premium-name.rw")
        with pytest.raises(Refused):
            registry.register(name=premium)
        assert registry.creates(premium) == 0

    def test_an_accepted_name_is_pending_until_it_is_granted(self, registry: Registry):
        registry.register()
        registry.hold(EXAMPLE)
        assert registry.register().pending
        assert registry.info().pending
        registry.grant(EXAMPLE)
        assert not registry.register().pending
        assert registry.creates(EXAMPLE) == 1

    # ------------------------------------------------------------------ renew

    def test_a_renewal_adds_its_years_once(self, registry: Registry):
        expiry = registry.register().expires_at
        renewed = registry.renew(expiry, years=2)
        assert renewed.expires_at == Term.years(2).end(expiry) == registry.info().expires_at
        assert renewed.holder == OURS
        assert registry.renews(EXAMPLE) == 1

    def test_a_repeated_renewal_from_the_same_expiry_is_refused(self, registry: Registry):
        expiry = registry.register().expires_at
        registry.renew(expiry)
        with pytest.raises(Refused):
            registry.renew(expiry)
        assert registry.info().expires_at == Term.years(1).end(expiry)
        assert registry.renews(EXAMPLE) == 1

    def test_the_same_renewal_many_times_at_once_extends_once(self, registry: Registry):
        expiry = registry.register().expires_at
        ended = at_once(*[lambda: registry.renew(expiry)] * THREADS)
        kinds = Counter(map(type, ended))
        assert kinds[DomainInfo] == registry.renews(EXAMPLE) == 1
        assert kinds[Refused] + kinds[RetryLater] == THREADS - 1
        assert registry.info().expires_at == Term.years(1).end(expiry)

    @pytest.mark.parametrize("break_off", ["lose_answer", "hang"])
    def test_a_renewal_whose_answer_is_lost_is_not_repeated(self, registry: Registry, break_off: str):
        expiry = registry.register().expires_at
        getattr(registry, break_off)("renew")
        with pytest.raises(OutcomeUnknown):
            registry.registrar.renew(EXAMPLE, 1, expiry, "itm_9", within(0.7))
        with pytest.raises(Refused):
            registry.renew(expiry)
        assert registry.info().expires_at == Term.years(1).end(expiry)
        assert registry.renews(EXAMPLE) == 1

    def test_a_renewal_from_an_expiry_that_never_was_is_refused(self, registry: Registry):
        expiry = registry.register().expires_at
        with pytest.raises(Refused):
            registry.renew(expiry - timedelta(days=1))
        assert registry.renews(EXAMPLE) == 0

    def test_a_name_that_is_not_registered_is_not_renewed(self, registry: Registry):
        with pytest.raises(Refused):
            registry.renew(registry.now)

    def test_a_name_held_at_another_registrar_is_not_renewed(self, registry: Registry):
        registry.occupy(EXAMPLE)
        with pytest.raises(Refused, match="another registrar"):
            registry.renew(registry.info().expires_at)

    def test_more_years_than_the_registry_sells_are_refused(self, registry: Registry):
        expiry = registry.register().expires_at
        with pytest.raises(Refused):
            registry.renew(expiry, years=10)
        assert registry.info().expires_at == expiry

    # ------------------------------------------------------------------ questions

    def test_names_are_free_taken_or_premium_in_the_order_asked(self, registry: Registry):
        registry.register()
        names = [DomainName(name) for name in ("premium-name.rw", "example.rw", "free.rw")]
        premium, taken, free = registry.registrar.check(names, within())
        assert [one.name for one in (premium, taken, free)] == names
        assert (premium.available, premium.premium) == (False, True)
        assert (taken.available, taken.premium) == (False, False)
        assert (free.available, free.premium, free.why) == (True, False, None)

    def test_any_number_of_names_may_be_checked(self, registry: Registry):
        names = [DomainName(f"name-{n}.rw") for n in range(12)]
        assert [one.name for one in registry.registrar.check(names, within())] == names
        assert list(registry.registrar.check([], within())) == []

    # ------------------------------------------------------------------ trouble

    def test_while_the_registry_cannot_be_reached_every_call_is_for_later(self, registry: Registry):
        expiry = registry.register().expires_at
        registry.set_reachable(False)
        for call in (
            registry.register,
            lambda: registry.renew(expiry),
            registry.info,
            lambda: registry.registrar.check([EXAMPLE], within()),
        ):
            with pytest.raises(RetryLater):
                call()
        registry.set_reachable(True)
        assert registry.info().expires_at == expiry

    def test_with_no_time_left_nothing_is_asked(self, registry: Registry):
        expiry = registry.register().expires_at
        asked, spent = registry.asked(), within(0.0)
        for call in (
            lambda: registry.registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, spent),
            lambda: registry.registrar.renew(EXAMPLE, 1, expiry, "itm_9", spent),
            lambda: registry.registrar.info(EXAMPLE, spent),
            lambda: registry.registrar.check([EXAMPLE], spent),
        ):
            with pytest.raises(RetryLater):
                call()
        assert registry.asked() == asked

    @pytest.mark.parametrize("call", ["register", "renew", "info"])
    def test_a_registry_that_never_answers_does_not_hold_a_call_beyond_its_deadline(
        self, registry: Registry, call: str
    ):
        expiry = registry.register().expires_at
        registry.hang(call)
        started = time.monotonic()
        with pytest.raises(RetryLater if call == "info" else OutcomeUnknown):
            {
                "register": lambda: registry.registrar.register(
                    DomainName("late.rw"), 1, a_registrant(), (), OURS, within(0.7)
                ),
                "renew": lambda: registry.registrar.renew(EXAMPLE, 1, expiry, "itm_9", within(0.7)),
                "info": lambda: registry.registrar.info(EXAMPLE, within(0.7)),
            }[call]()
        assert time.monotonic() - started < 1.5
        assert registry.info() is not None

    def test_an_account_without_funds_waits_and_fails_nobody(self, registry: Registry):
        expiry = registry.register().expires_at
        registry.set_funds(False)
        with pytest.raises(NotYet) as wait:
            registry.register(THEIRS, DomainName("another.rw"))
        assert wait.value.after > timedelta()
        with pytest.raises(NotYet):
            registry.renew(expiry)
        registry.set_funds(True)
        assert registry.register(THEIRS, DomainName("another.rw")).holder == THEIRS
        assert registry.renew(expiry).expires_at == Term.years(1).end(expiry)
