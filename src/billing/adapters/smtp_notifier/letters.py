"""A mail as a letter: its templates, in text and HTML, in the recipient's language or else in English.

Both forms come from one template, so that they say the same; what differs is how a paragraph or a list looks.
"""

from collections.abc import Mapping
from email import quoprimime
from email.headerregistry import Address
from email.policy import default
from email.utils import format_datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound
from jinja2.environment import TemplateModule

from billing.application.outcomes import Refused
from billing.domain.mail import Mail

_FALLBACK = "en"
_LINE_CHARS_MAX = 78
# To the byte what `EmailMessage` makes of it, which parses and folds anew what is the same in every letter.
_FORM = """\
{sender}{recipient}{subject}Date: {date}
Message-ID: {message_id}
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

{text}
--{boundary}
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable
MIME-Version: 1.0

{html}
--{boundary}--
"""


@cache
def _environment(form: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("billing.adapters.smtp_notifier"),
        autoescape=form == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # or the file of each is looked at again for each mail
    )
    environment.globals.update(layout=f"layout.{form}.jinja", shapes=f"shapes.{form}.jinja")
    environment.filters["tidy"] = _tidy
    return environment


def compose(mail: Mail, sender: Address) -> bytes:
    """Ready to be sent, and of the same mail always the same; Refused where its recipient is no address."""
    text, html = _render("txt", mail, sender), _render("html", mail, sender)
    letter = _FORM.format(
        sender=_from(sender.display_name, sender.username, sender.domain),
        recipient=_header("To", address(mail.recipient)),
        subject=_header("Subject", _tidy(str(text.subject))),  # type: ignore[attr-defined]
        date=format_datetime(mail.created_at),
        message_id=mail.message_id,
        boundary=mail.message_id.strip("<>").partition("@")[0],
        text=_quoted_printable(f"{text}"),
        html=_quoted_printable(f"{html}"),
    )
    return letter.replace("\n", "\r\n").encode("ascii")


@cache
def _from(display_name: str, username: str, domain: str) -> str:
    return _header("From", Address(display_name, username, domain))


def _header(name: str, value: str | Address) -> str:
    """The library is asked only where a value needs more than to be written down."""
    written = str(value)
    plain = written.isascii() and written.isprintable() and "=?" not in written
    if plain and len(name) + len(": ") + len(written) <= _LINE_CHARS_MAX:
        return f"{name}: {written}\n"
    folded: str = default.fold(*default.header_store_parse(name, value))
    return folded


def _quoted_printable(body: str) -> str:
    lines = (body.strip() + "\n").encode().splitlines()
    return quoprimime.body_encode("".join(f"{line.decode('latin-1')}\n" for line in lines), _LINE_CHARS_MAX)


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
