"""A mail as a letter: its templates, in text and HTML, in the recipient's language or else in English.

Both forms come from one template, so that they say the same; what differs is how a paragraph or a list looks.
"""

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound
from jinja2.environment import TemplateModule

from billing.application.ports import Refused
from billing.domain.mail import Mail

_FALLBACK = "en"


@cache
def _environment(form: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("billing.adapters.smtp_notifier"),
        autoescape=form == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(layout=f"layout.{form}.jinja", shapes=f"shapes.{form}.jinja")
    environment.filters["tidy"] = _tidy
    return environment


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """Ready to be sent, and of the same mail always the same; Refused where its recipient is no address."""
    text, html = _render("txt", mail, sender), _render("html", mail, sender)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = address(mail.recipient)
    letter["Subject"] = _tidy(str(text.subject))  # type: ignore[attr-defined]
    letter["Date"] = mail.created_at
    letter["Message-ID"] = mail.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(f"{text}".strip() + "\n", cte="quoted-printable")
    letter.add_alternative(f"{html}".strip() + "\n", subtype="html", cte="quoted-printable")
    letter.set_boundary(mail.message_id.strip("<>").partition("@")[0])
    return letter


def address(recipient: str) -> Address:
    """A bare address."""
    try:
        return Address(addr_spec=recipient)
    except (ValueError, IndexError) as malformed:
        raise Refused(f"{recipient!r} is no mail address") from malformed


def _render(form: str, mail: Mail, sender: Address) -> TemplateModule:
    environment = _environment(form)
    shop = sender.display_name or sender.addr_spec
    for language in (mail.language, _FALLBACK):
        try:
            template = environment.get_template(f"{language}/{mail.kind}.jinja")
        except TemplateNotFound:
            continue
        filled: Mapping[str, Any] = {**mail.data, "language": language, "shop": shop}
        return template.make_module(dict(filled))
    raise TemplateNotFound(mail.kind)


def _tidy(text: str) -> str:
    """In one line. Of escaped text the result is escaped text."""
    return type(text)(" ").join(text.split())
