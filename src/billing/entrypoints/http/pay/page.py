"""`/pay/<token>`: a page, its form, and how things stand; no script, no key, nothing from elsewhere."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import ceil

from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from billing.application.ports import Telemetry
from billing.domain.errors import BillingError, NotFound
from billing.entrypoints.http.cases import HttpConfig
from billing.entrypoints.http.gateways import PHONE_CHARS_MAX
from billing.entrypoints.http.pay.guarding import PayGate
from billing.entrypoints.http.pay.subjects import Sight, Subject, Trouble, trouble_of

LANGUAGES = ("en", "fr")
_BY = "pay page"
_LOOK_AGAIN_SECONDS = 5
_LOOKS_MAX = 60
_LOOK_DIGITS_MAX = 4
_KEPT_FIELDS = ("way", "phone")
_NOTHING: Mapping[str, str] = {}
_REFUSED = Trouble("expired_form", 403)
_TOO_OFTEN = Trouble("too_often", 429)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("billing.entrypoints.http.pay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["style"] = Markup(_style())
    return environment


@cache
def _style() -> str:
    source, _, _ = PackageLoader("billing.entrypoints.http.pay").get_source(Environment(), "page.css")
    return source


def _headers(public_url: str) -> Mapping[str, str]:
    """Nothing but our own style is loaded; the form may lead on to a provider, whose address we do not know here."""
    style = b64encode(sha256(_style().encode()).digest()).decode()
    onward = "https:" if public_url.startswith("https:") else "https: http:"
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self' {onward}; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",  # the address is the key to the page
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


@dataclass(frozen=True)
class PayPages:
    """What the views share; `subjects` are by the prefix of their ids."""

    gate: PayGate
    subjects: Mapping[str, Subject]
    telemetry: Telemetry
    config: HttpConfig

    def find(self, token: str) -> tuple[Subject, str] | None:
        """What a link is about; None for every link that is not ours."""
        subject_id = self.gate.links.read(token)
        subject = self.subjects.get(subject_id.partition("_")[0]) if subject_id else None
        return (subject, subject_id) if subject and subject_id else None

    def show(
        self, token: str, subject_id: str, sight: Sight, trouble: Trouble | None, sent: Mapping[str, str]
    ) -> Response:
        """A page, with a form that only this browser can send; `sent` is what it has just sent, to be mended."""
        browser = self.gate.seal.value()
        here = self.gate.links.address(token)
        again = _look_again(here) if sight.is_undecided and trouble is None else None
        response = self._render(
            sight.template,
            sight.language,
            status=trouble.status if trouble else 200,
            here=here,
            seal=self.gate.seal.seal(browser, subject_id),
            trouble=trouble.word if trouble else None,
            sent={name: sent.get(name, "")[:PHONE_CHARS_MAX] for name in _KEPT_FIELDS},
            phone_chars_max=PHONE_CHARS_MAX,
            again=again,
            again_seconds=_LOOK_AGAIN_SECONDS,
            **sight.filled,
        )
        self.gate.seal.set_cookie(response, browser)
        return response

    def nothing(self) -> Response:
        """The same for every address that leads nowhere."""
        return self._render("nothing.html", _spoken(), status=404)

    def sorry(self, error: BillingError) -> Response:
        """Not even the page can be shown; a defect of ours is raised on."""
        trouble = trouble_of(error)
        if trouble is None:
            raise error
        self.telemetry.event("pay_page_not_shown", trouble=trouble.word, why=str(error))
        return self._render("sorry.html", _spoken(), status=trouble.status, trouble=trouble.word)

    def _render(self, template: str, language: str, *, status: int, **filled: object) -> Response:
        known = language if language in LANGUAGES else LANGUAGES[0]
        written = _environment().get_template(template).render(language=known, shop=self.config.shop, **filled)
        return Response(written, status, content_type="text/html; charset=utf-8")


def _spoken() -> str:
    """By the browser, where nobody knows yet who reads."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _look_again(here: str) -> str | None:
    """The address of the next look, a bounded number of times; none where the reader wants to stand still."""
    looks = request.args.get("look", "0")
    if not looks.isdecimal() or len(looks) > _LOOK_DIGITS_MAX or int(looks) >= _LOOKS_MAX:
        return None
    return f"{here}/status?look={int(looks) + 1}"


def blueprint(pages: PayPages) -> Blueprint:
    """The page, what its form does, and how things stand."""
    blp = Blueprint("pay", __name__, url_prefix="/pay")
    headers = _headers(pages.config.public_url)

    @blp.after_request
    def confine(response: Response) -> Response:
        response.headers.update(headers)
        return response

    @blp.get("/<string(maxlength=200):token>")
    def show_page(token: str) -> Response:
        return _look(pages, token)

    @blp.get("/<string(maxlength=200):token>/status")
    def show_status(token: str) -> Response:
        return _show(pages, token, lambda subject, subject_id: subject.status(subject_id, _BY))

    @blp.post("/<string(maxlength=200):token>")
    def send_form(token: str) -> Response:
        found = pages.find(token)
        if found is None:
            return pages.nothing()
        subject, subject_id = found
        wait = pages.gate.limit.wait_seconds(subject_id)
        if wait:
            response = _look(pages, token, _TOO_OFTEN)
            response.headers["Retry-After"] = str(ceil(wait))
            return response
        if pages.gate.seal.is_broken(subject_id):
            return _look(pages, token, _REFUSED)
        return _act(pages, token, subject, subject_id)

    return blp


def _look(pages: PayPages, token: str, trouble: Trouble | None = None, sent: Mapping[str, str] = _NOTHING) -> Response:
    return _show(pages, token, lambda subject, subject_id: subject.look(subject_id), trouble, sent)


def _show(
    pages: PayPages,
    token: str,
    see: Callable[[Subject, str], Sight],
    trouble: Trouble | None = None,
    sent: Mapping[str, str] = _NOTHING,
) -> Response:
    found = pages.find(token)
    if found is None:
        return pages.nothing()
    subject, subject_id = found
    try:
        return pages.show(token, subject_id, see(subject, subject_id), trouble, sent)
    except NotFound:
        return pages.nothing()
    except BillingError as error:
        return pages.sorry(error)


def _act(pages: PayPages, token: str, subject: Subject, subject_id: str) -> Response:
    try:
        onward = subject.act(subject_id, request.form, pages.gate.links.address(token), _BY)
    except NotFound:
        return pages.nothing()
    except BillingError as error:
        trouble = trouble_of(error, subject.words)
        if trouble is None:
            raise
        pages.telemetry.event("pay_page_trouble", subject_id=subject_id, trouble=trouble.word, why=str(error))
        return _look(pages, token, trouble, request.form)
    return Response(status=303, headers={"Location": onward})
