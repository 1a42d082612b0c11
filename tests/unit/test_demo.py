"""What the demo tells is told as it came."""

from io import StringIO

from rich.console import Console

from billing.entrypoints.demo.telling import Teller


def test_what_looks_like_markup_is_text() -> None:
    heard = StringIO()
    tell = Teller(Console(file=heard, width=200))
    tell.chapter("A customer buys [/b]")
    tell("webhook", "ended: [error] in [/tmp/billing], twice")
    assert "A customer buys [/b]" in heard.getvalue()
    assert "ended: [error] in [/tmp/billing], twice" in heard.getvalue()
