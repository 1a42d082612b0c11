"""A storm of KPay's postbacks: true ones in every form, ten times and shuffled, and forged ones among them."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, get_args

from billing_sandbox.kpay import forms, statuses
from billing_sandbox.kpay.switches import Form
from faults.breakages import world
from faults.flood import AT_ONCE, Post, pour
from faults.outcome import Outcome
from faults.shop import Purchase
from faults.site import SERVERS, SQLITE, Site
from tests.integration.whole.installation import a_domain

POSTBACK_STORM = "a storm of KPay's postbacks"
_COPIES = 10
_SHOPPERS = 8
_SEED = 20270314
_DRAIN_SECONDS = 120.0
_FORMS: tuple[Form, ...] = get_args(Form)
_UNKNOWN_ADDRESS = "somebodys-guess"


@dataclass(frozen=True)
class PostbackStorm:
    """So many phones approve, and so many others never do, of whom somebody says that they did."""

    stack: str
    payments: int
    victims: int

    @property
    def does(self) -> str:
        """In words."""
        return (
            f"{self.payments} payments, the postback of each in {len(_FORMS)} forms and {_COPIES} times, {AT_ONCE} at "
            f"a time; as often it is forged that {self.victims} others were paid, and once for each at a wrong address"
        )


POSTBACK_STORMS = (PostbackStorm(SERVERS, 150, 30), PostbackStorm(SQLITE, 60, 12))


def swamp(site: Site, storm: PostbackStorm) -> Outcome:
    """Phones are asked, most approve while no postback is sent; then all are, and forged ones with them."""
    silence = world("", {"point": "kpay.postbacks.deliver", "kind": "lose"})
    with site.listening() as heard, silence(site), ThreadPoolExecutor(_SHOPPERS) as many:
        asked = list(many.map(lambda _: _ask(site), range(storm.payments + storm.victims)))
        victims, payers = asked[: storm.victims], asked[storm.victims :]
        to_answer = _posts(site, payers, victims)
        list(many.map(site.phones.pay, payers))
        flood = pour([post for post, _ in to_answer])
        over_at = site.quiet_at(asked, _DRAIN_SECONDS)
    wrong = [
        f"{post.url} was answered {answer.status}, not {status}"
        for (post, status), answer in zip(to_answer, flood.answers, strict=True)
        if answer.status != status
    ]
    return Outcome(
        scenario=POSTBACK_STORM,
        stack=site.name,
        done=storm.does,
        came=f"{len(payers)} orders completed, {len(victims)} never paid" if over_at else "not over",
        recovered_seconds=over_at and over_at - flood.ended,
        bound_seconds=_DRAIN_SECONDS,
        tally=site.books.tally(asked),
        bugs=[*heard.bugs, *wrong],
        numbers=flood.numbers,
    )


def _ask(site: Site) -> Purchase:
    purchase = site.phones.start(site.phones.order(a_domain(site.phones.new_name())))
    purchase.wanted = "pending"
    return purchase


def _posts(site: Site, payers: Sequence[Purchase], victims: Sequence[Purchase]) -> Sequence[tuple[Post, int]]:
    """What is sent, each with the status that it must be answered."""
    there = {payment["refid"]: payment for payment in site.kpay()}
    posts: list[tuple[Post, int]] = []
    for purchase in (*payers, *victims):
        payment = there[str(purchase.page)]
        told = statuses.misreported(statuses.report(payment), statuses.SUCCESS)
        forms_of_it = islice(cycle(_FORMS), _COPIES)
        posts += [(_post(told, form, payment["returl"]), 200) for form in forms_of_it]
        posts.append((_post(told, _FORMS[0], f"{payment['returl'].rpartition('/')[0]}/{_UNKNOWN_ADDRESS}"), 404))
    for purchase in payers:
        purchase.wanted = "completed"
    random.Random(_SEED).shuffle(posts)
    return posts


def _post(told: Mapping[str, Any], form: Form, url: str) -> Post:
    body, content_type = forms.write(dict(told), form)
    return Post(url, body, lambda: {"Content-Type": content_type})
