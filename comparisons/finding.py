"""Models by what people type: slug, alias or name first, then every word in any order, then the nearest spelling."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from comparisons.models import LanguageModel
from comparisons.naming import plain

MOST = 12  # suggestions at the most


def known_names() -> list[tuple[LanguageModel, set[str], str]]:
    """Published models with their exact keys and the plain text that word search looks in."""
    models = LanguageModel.objects.published().select_related("creator").prefetch_related("aliases").order_by("name")
    found = []
    for model in models:
        texts = [model.slug, model.name, *(alias.text for alias in model.aliases.all())]
        found.append((model, {plain(text) for text in texts}, plain(" ".join([*texts, model.creator.name]))))
    return found


def find(text: str, names: Sequence[tuple[LanguageModel, set[str], str]]) -> list[LanguageModel]:
    """One model where the text names it, else all whose names hold every word; empty where none does."""
    wanted = plain(text)
    if not wanted:
        return []
    exact = [model for model, keys, _ in names if wanted in keys]
    if exact:
        return exact
    words = wanted.split()
    return [model for model, _, haystack in names if all(word in haystack for word in words)]


def nearest(text: str, names: Sequence[tuple[LanguageModel, set[str], str]], most: int = 5) -> list[LanguageModel]:
    """Published models whose slug is spelt most like the text."""
    by_slug = {model.slug: model for model, _, _ in names}
    wanted = plain(text[:200]).replace(" ", "-")
    return [by_slug[slug] for slug in difflib.get_close_matches(wanted, by_slug, n=most, cutoff=0.4)]


def pair_words(text: str) -> list[str]:
    """The sides of `x vs y`; one text where there is no vs."""
    return [
        part for part in re.split(r"\s+(?:vs\.?|versus|against)\s+", text.strip(), flags=re.IGNORECASE) if part.strip()
    ]
