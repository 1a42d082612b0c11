"""Letters: every kind in both languages and both forms, and nothing that a customer is called can break one."""

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from billing.adapters.smtp_notifier.letters import compose
from billing.application.outcomes import Refused
from billing.domain import Mail, MailKind
from tests.builders import NOW
from tests.contracts.notifier import DATA, LINE, a_mail

SENDER = Address("Ishyo Ltd", "billing", "shop.example")
SENDERS = [
    SENDER,
    Address("", "billing", "shop.example"),
    Address('Société "A", ' + "x" * 80, "billing", "shop.example"),
]
WITHOUT_ORDER = {MailKind.NAME_EXPIRING, MailKind.CARD_EXPIRING}
CUSTOMERS = [kind for kind in MailKind if kind is not MailKind.OPERATOR_ALERTS]


def arrived(mail: Mail) -> EmailMessage:
    """As a mail program reads it."""
    return message_from_bytes(compose(mail, SENDER), policy=policy.default)  # type: ignore[return-value]


def body(mail: Mail, form: str = "plain") -> str:
    part = arrived(mail).get_body((form,))
    assert part is not None
    text: str = part.get_content()
    return text


def with_data(mail: Mail, **changed: object) -> Mail:
    mail.data = {**mail.data, **changed}  # type: ignore[dict-item]
    return mail


def an_alert(n: int, kind: str = "job_dead") -> dict[str, str]:
    return {"kind": kind, "subject": f"job_{n}", "why": "busy <b>", "at": "2027-01-31 09:30 UTC"}


def as_the_library_writes_it(mail: Mail, sender: Address) -> bytes:
    """The same letter by the standard library alone, from its own bodies; the page's title is its subject."""
    read = message_from_bytes(compose(mail, sender), _class=EmailMessage, policy=policy.SMTP)
    text, html = (read.get_body((form,)).get_content() for form in ("plain", "html"))  # type: ignore[union-attr]
    title = unescape(html.partition("<title>")[2].partition("</title>")[0])
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = sender
    letter["To"] = Address(addr_spec=mail.recipient)
    letter["Subject"] = " ".join(title.split())
    letter["Date"] = mail.created_at
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text, cte="quoted-printable")
    letter.add_alternative(html, subtype="html", cte="quoted-printable")
    letter.set_boundary(mail.message_id.strip("<>").partition("@")[0])
    return letter.as_bytes()


@pytest.mark.parametrize("sender", SENDERS, ids=["plain", "nameless", "odd"])
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", CUSTOMERS)
def test_a_letter_is_to_the_byte_what_the_library_writes(kind: MailKind, language: str, sender: Address) -> None:
    mail = a_mail(kind=kind, language=language)
    assert compose(mail, sender) == as_the_library_writes_it(mail, sender)


@given(
    order=st.text(st.characters(max_codepoint=127) | st.sampled_from('éÀ=?<>"(),;:@'), max_size=120),
    recipient=st.emails() | st.builds('"{}"@example.rw'.format, st.text("ab .,;:<>()@", min_size=1, max_size=80)),
)
@example(order="=?iso-8859-1?q?7=E93M?=", recipient="ada@example.rw")
@example(
    order="7K3M and so many more words that they must be folded", recipient="ada@example.rw"
)  # a subject of 79 and more wants folding
def test_no_word_and_no_recipient_makes_another_letter_than_the_library_s(order: str, recipient: str) -> None:
    mail = with_data(a_mail(recipient), order=order)
    assert compose(mail, SENDER) == as_the_library_writes_it(mail, SENDER)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", CUSTOMERS)
def test_every_mail_is_written_in_both_languages_and_forms(kind: MailKind, language: str) -> None:
    letter = arrived(a_mail(kind=kind, language=language))
    mail = a_mail(kind=kind, language=language)
    for form in ("plain", "html"):
        assert "Zoë" in body(mail, form)
        assert ("7K3M" in body(mail, form)) == (kind not in WITHOUT_ORDER)
        assert "Ishyo Ltd" in body(mail, form)
    assert letter["Subject"]
    assert f'<html lang="{language}">' in body(mail, "html")
    assert ("Bonjour" in body(mail)) == (language == "fr")


def test_both_forms_say_the_same() -> None:
    text, html = body(a_mail()), body(a_mail(), "html")
    for words in ("We have received 15.00 USD", "registration of example.rw for 1 year: 15.00 USD"):
        assert words in text
        assert words in html


def test_dates_and_sums_are_written_as_the_language_writes_them() -> None:
    received = a_mail(kind=MailKind.ORDER_RECEIVED)
    assert "until 1 February 2027" in " ".join(body(received).split())
    french = a_mail(kind=MailKind.ORDER_RECEIVED, language="fr")
    assert "15,00 USD" in body(french)
    assert "jusqu’au 1er février 2027" in " ".join(body(french).split())


def test_every_purchase_has_its_words() -> None:
    items = [
        LINE | {"years": "2"},
        {"kind": "domain_renewal", "domain": "a.rw", "years": "1", "price": "4200 RWF"},
        {"kind": "hosting", "plan": "pro", "cycle": "yearly", "domain": "b.rw", "price": "49.90 USD"},
        {"kind": "subscription_renewal", "plan": "pro", "domain": "", "cycles": "3", "price": "4.99 USD"},
    ]
    text = body(with_data(a_mail(), items=items))
    assert "- registration of example.rw for 2 years: 15.00 USD" in text
    assert "- renewal of a.rw for 1 year: 4200 RWF" in text
    assert "- hosting pro for b.rw, paid yearly: 49.90 USD" in text
    assert "- renewal of hosting pro for 3 more periods: 4.99 USD" in text
    assert "- hébergement pro pour b.rw, payé à l’année" in body(with_data(a_mail(language="fr"), items=items))


def test_a_language_that_nobody_has_written_is_english() -> None:
    assert "Hello Zoë" in body(a_mail(language="rw"))
    assert '<html lang="en">' in body(a_mail(language="rw"), "html")


def test_its_headers_say_who_when_and_that_no_person_wrote_it() -> None:
    letter = arrived(a_mail())
    assert (letter["From"], letter["To"]) == ("Ishyo Ltd <billing@shop.example>", "ada@example.rw")
    assert letter["Message-ID"] == a_mail().message_id
    assert letter["Date"].datetime == NOW
    assert letter["Auto-Submitted"] == "auto-generated"


def test_a_repeat_is_the_same_to_the_byte() -> None:
    assert compose(a_mail(), SENDER) == compose(a_mail(), SENDER)


def test_what_a_customer_is_called_is_no_markup() -> None:
    mail = with_data(a_mail(), name='<script>alert("x")</script>')
    assert "<script>" not in body(mail, "html")
    assert "&lt;script&gt;" in body(mail, "html")
    assert "<script>" in body(mail)


def test_no_word_of_a_customer_becomes_a_header() -> None:
    letter = arrived(with_data(a_mail(), order="7K3M\r\nBcc: eve@example.com\r\n\r\nand a body"))
    assert letter["Bcc"] is None
    assert letter["Subject"].strip() == "Your payment for order 7K3M Bcc: eve@example.com and a body has arrived"
    assert letter["Message-ID"] == a_mail().message_id


@pytest.mark.parametrize("recipient", ["a@b.rw\r\nBcc: eve@example.com", "a@b.rw, eve@example.com", "nobody", ""])
def test_a_recipient_that_is_no_single_address_is_refused(recipient: str) -> None:
    with pytest.raises(Refused, match="no mail address"):
        compose(a_mail(recipient), SENDER)


def test_a_value_that_is_missing_is_loud() -> None:
    mail = a_mail()
    mail.data = {name: value for name, value in DATA.items() if name != "total"}  # type: ignore[assignment]
    with pytest.raises(UndefinedError, match="total"):
        compose(mail, SENDER)


def test_a_digest_lists_alerts_and_says_how_many_more() -> None:
    mail = with_data(a_mail(kind=MailKind.OPERATOR_ALERTS), alerts=[an_alert(1), an_alert(2)], count="12", more="10")
    assert arrived(mail)["Subject"] == "billing: 12 alerts"
    assert "a job is dead (job_2): busy <b>" in body(mail)
    assert "And 10 more." in body(mail)
    assert "busy &lt;b&gt;" in body(mail, "html")


def test_a_digest_of_one_names_it() -> None:
    alert = an_alert(1, "registrar_out_of_funds")
    mail = with_data(a_mail(kind=MailKind.OPERATOR_ALERTS), alerts=[alert], count="1", more="")
    assert arrived(mail)["Subject"] == "billing: our account at a registrar is out of funds"
    assert "more." not in body(mail)


def test_a_kind_of_alert_without_words_is_told_by_its_name() -> None:
    mail = with_data(a_mail(kind=MailKind.OPERATOR_ALERTS), alerts=[an_alert(1, "quite_new")], count="1", more="")
    assert arrived(mail)["Subject"] == "billing: quite_new"


@pytest.mark.parametrize(("language", "card"), [("en", "card"), ("fr", "carte")])
def test_who_is_not_billed_by_card_is_not_asked_for_another_one(language: str, card: str) -> None:
    mail = a_mail(kind=MailKind.SUBSCRIPTION_PAST_DUE, language=language)
    assert card in body(with_data(mail, by_card="yes"))
    assert card not in body(with_data(mail, by_card=""))
