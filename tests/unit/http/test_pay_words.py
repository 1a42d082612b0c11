"""What the pages say, they say in every language."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader

from billing.entrypoints.http.pay.declines import WORDS
from billing.entrypoints.http.pay.page import LANGUAGES
from billing.entrypoints.http.pay.subjects import _TROUBLES

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
        assert {trouble.word for trouble in _TROUBLES.values()} <= set(said["troubles"])
        assert set(said["declines"]) == set(WORDS.values())
