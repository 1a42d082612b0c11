"""What the pages say, they say in every language."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader

from billing.adapters.kpay_gateway.codes import CODES, explain_refusal, explain_status
from billing.entrypoints.http.pay.declines import KPAY_WORDS, WORDS, kpay_reason
from billing.entrypoints.http.pay.orders import OrderSubject
from billing.entrypoints.http.pay.page import _REFUSED, _TOO_OFTEN, LANGUAGES
from billing.entrypoints.http.pay.subjects import _TROUBLES

TROUBLES = (*_TROUBLES.values(), _REFUSED, _TOO_OFTEN)
_OWN = {"en": set(), "fr": {"cycles"}}
"""What one language alone needs."""


def words(language: str) -> Mapping[str, Any]:
    """Every table and sentence of a language, by name."""
    template = Environment(loader=PackageLoader("billing.entrypoints.http.pay"), autoescape=True).get_template(
        f"{language}.jinja"
    )
    return {name: value for name, value in vars(template.module).items() if not name.startswith("_")}


def names(language: str) -> Mapping[str, object]:
    """What is said, without how."""
    return {
        name: set(value) if isinstance(value, dict) else "sentence"
        for name, value in words(language).items()
        if name not in _OWN[language]
    }


def test_every_language_has_the_same_sentences():
    for language in LANGUAGES:
        assert names(language) == names(LANGUAGES[0])


def test_there_is_a_sentence_for_every_trouble_and_every_decline():
    for language in LANGUAGES:
        said = words(language)
        assert set(said["troubles"]) == {trouble.word for trouble in TROUBLES} | set(OrderSubject.words.values())
        assert set(said["declines"]) == {*WORDS.values(), *KPAY_WORDS.values()}


def test_kpays_codes_are_put_into_words_as_its_registry_does():
    sentences = {code: known.sentence for code, known in CODES.items()} | {
        "02": explain_status("02").partition(" (")[0]
    }
    silent = {CODES["606"].sentence}
    assert set(KPAY_WORDS) == {code for code, sentence in sentences.items() if sentence not in silent}
    pairs = {(sentences[code], word) for code, word in KPAY_WORDS.items()}
    assert len(pairs) == len(set(KPAY_WORDS.values())) == len({sentence for sentence, _ in pairs})
    for code, word in KPAY_WORDS.items():
        assert kpay_reason(explain_status(code, "SAID")) == kpay_reason(explain_refusal(code)) == {"word": word}
    assert kpay_reason(explain_status("682")) is None
