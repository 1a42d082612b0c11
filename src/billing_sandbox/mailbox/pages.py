"""Where people read the mails, and the calls that forget them."""

import re

from flask import Blueprint, abort, jsonify, make_response, redirect, render_template
from werkzeug.wrappers import Response

from billing_sandbox.mailbox.letters import Letters
from billing_sandbox.store import Json
from billing_sandbox.web import from_browser, page

_PAGE = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail is a stranger's page: no script, nothing fetched from anywhere; links open elsewhere."""
_HEAD = re.compile(r"<head(\s[^>]*)?>", re.IGNORECASE)
_ELSEWHERE = '<base target="_blank">'


def mailbox_pages(letters: Letters) -> Blueprint:
    """`/mail/...` of the control address."""
    pages = Blueprint("mailbox", __name__, template_folder="templates", url_prefix="/mail")

    def found(id: str) -> Json:
        letter = letters.get(id)
        if letter is None:
            abort(404, f"no such mail: {id}")
        return letter

    @pages.get("/")
    def show_all() -> Response:
        return page(render_template("mails.html", mails=letters.all()[::-1]), _PAGE)

    @pages.get("/<id>")
    def show(id: str) -> Response:
        return page(render_template("mail.html", mail=found(id)), _PAGE)

    @pages.get("/<id>/html")
    def show_html(id: str) -> Response:
        html = found(id)["html"]
        if html is None:
            abort(404, "this mail has no HTML")
        shown = _HEAD.sub(lambda head: head.group() + _ELSEWHERE, html, count=1)
        return page(shown if shown != html else _ELSEWHERE + html, _MAIL)

    @pages.get("/<id>/source")
    def show_source(id: str) -> Response:
        response = make_response(letters.source(found(id)["id"]))
        response.headers["Content-Type"] = "text/plain; charset=utf-8"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @pages.delete("/<id>")
    def delete(id: str) -> Response:
        return jsonify({"deleted": letters.delete(found(id)["id"])})

    @pages.delete("/")
    @pages.post("/clear")
    def clear() -> Response:
        deleted = letters.delete()
        return redirect("/mail/", code=303) if from_browser() else jsonify({"deleted": deleted})

    return pages
