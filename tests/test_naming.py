"""How names become slugs, what a slug may be, and names for narrow columns."""

import re

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons.models import SLUG, validate_slug_form
from comparisons.naming import plain, short_name, slugify
from tests.factories import sheet


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("GPT-4.1 mini", "gpt 4 1 mini"),
        ("τ²-bench", "tau2 bench"),
        ("Command A+", "command a plus"),
        ("A+B", "a plus b"),
        ("C++", "c plus plus"),
        ("  Gemma  4\t31B ", "gemma 4 31b"),
        ("GPT‑5 — high", "gpt 5 high"),
        ("Straße é", "strasse e"),
        ("ＧＰＴ－４", "gpt 4"),
        ("snake_case", "snake case"),
        ("文心 4", "文心 4"),
        ("!?", ""),
        ("", ""),
    ],
)
def test_plain_is_what_any_keyboard_types(text, typed):
    assert plain(text) == typed


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("GPT-4.1", "gpt-4-1"),
        ("GPT-4.1 mini", "gpt-4-1-mini"),
        ("Gemma 4 31B", "gemma-4-31b"),
        ("Command A+", "command-a-plus"),
        ("τ²-bench", "tau2-bench"),
        ("GPT-5.2 (high)", "gpt-5-2-high"),
        ("Claude 3.5 Sonnet (Oct 2024)", "claude-3-5-sonnet-oct-2024"),
        ("Mistral Médium", "mistral-medium"),
        ("--x--", "x"),
        ("A-vs-B", "a-vs-b"),
        ("文心", ""),
        ("文心 4", "4"),
        ("4 文心", "4"),
        ("Ernie 文心 4", "ernie-4"),
        ("", ""),
        ("...", ""),
    ],
)
def test_slugify_keeps_letters_and_digits_joined_by_single_dashes(text, slug):
    assert slugify(text) == slug


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40))
def test_slugify_gives_a_slug_or_nothing_and_settles_at_once(text):
    slug = slugify(text)
    assert slug == "" or re.match(SLUG, slug)
    assert slugify(slug) == slug


@pytest.mark.parametrize("slug", ["gpt-4-1", "o3", "4", "a-vsb", "avs-b", "options-2", "vsx"])
def test_slug_may_be_letters_and_digits_joined_by_single_dashes(slug):
    assert validate_slug_form(slug) is None


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        *(
            (slug, "Use lower-case letters and digits joined by single dashes, for example gpt-4-1.")
            for slug in ("", "GPT-4", "gpt-4.1", "a--b", "-a", "a-", "a b", "a_b", "é", "a\n", "a/b", "a+")
        ),
        *((slug, f"“{slug}” is a reserved word of the site's addresses.") for slug in ("options", "vs")),
        *(
            (slug, "“vs” separates the models of a comparison and cannot be a part of a slug.")
            for slug in ("a-vs-b", "vs-a", "a-vs")
        ),
    ],
)
def test_slug_that_an_address_could_misread_is_refused(slug, message):
    with pytest.raises(ValidationError) as refused:
        validate_slug_form(slug)
    assert refused.value.messages == [message]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("GPT-4.1", "GPT-4.1"),
        ("Gemma 4 31B", "Gemma 4 31B"),
        ("GPT-5.2 (high)", "GPT-5.2 high"),
        ("GPT-5 (no reasoning)", "GPT-5 none"),
        ("Qwen (no thinking)", "Qwen none"),
        ("o3 (low effort)", "o3 low"),
        ("Gemini 3 Pro preview", "Gemini 3 Pro"),
        ("Llama 4 Instruct", "Llama 4"),
        ("Exactly14chars", "Exactly14chars"),
        ("Exactly15charsX", "Exactly15char…"),
        ("DeepSeek-V4-Flash", "DeepSeek-V4-F…"),
        ("Claude Opus 4 - high", "Claude Opus 4…"),
        ("Claude Sonnet 4.6", "Claude Sonnet…"),
        ("", ""),
    ],
)
def test_short_name_fits_14_characters(name, short):
    assert short_name(name) == short
    assert len(short) <= 14


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=40), st.integers(2, 20))
def test_short_name_never_exceeds_its_limit(name, limit):
    assert len(short_name(name, limit)) <= limit


def test_slugs_of_the_catalogue_are_accepted_and_short_names_fit():
    models = sheet("models")
    for table in ("models", "benchmarks", "categories", "creators"):
        for row in sheet(table):
            validate_slug_form(row["slug"])
    assert max(len(row["short_name"] or short_name(row["name"])) for row in models) <= 14
