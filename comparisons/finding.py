"""Models by what people type: slug, alias or name first, then every word in any order, then the nearest spelling."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import Http404

from comparisons import freshness, sides
from comparisons.links import comparison_path
from comparisons.models import Benchmark, LanguageModel, ModelAlias
from comparisons.naming import plain

MOST = 12  # suggestions at the most
MOST_COMPARED = 300  # names whose spelling is compared letter by letter, those that share most with the text
MOST_MODELS = 4  # of a comparison


def model_or_404(slug: str) -> LanguageModel:
    """The visible model behind a slug, an alias or either in another case; Http404 where there is none."""
    (model,) = sides.named([slug])
    if model is None:
        raise Http404(slug)
    return model


def models_or_404(pair: str) -> list[LanguageModel]:
    """The different models of `a-vs-b` in the order of their slugs; Http404 for an unknown or a single one, or more than four."""
    slugs = pair.lower().split("-vs-")
    models = sides.named(slugs) if 2 <= len(slugs) <= MOST_MODELS else [None]
    if None in models:
        raise Http404(pair)
    return sorted({model.pk: model for model in models}.values(), key=lambda model: model.slug)


class Name(NamedTuple):
    """A published model by what it is called."""

    slug: str
    name: str
    creator: str
    keys: frozenset[str]  # slug, name and aliases as plain text
    haystack: str  # all of them and the maker, for word search

    def get_absolute_url(self) -> str:
        return f"/models/{self.slug}/"


_kept: tuple[str, tuple[Name, ...]] = ("", ())


def known_names() -> tuple[Name, ...]:
    """Every published model by name, kept by the process until the catalogue changes."""
    global _kept
    version = freshness.version()
    if _kept[0] != version:
        aliases = defaultdict(list)
        for key, text in ModelAlias.objects.values_list("model", "text"):
            aliases[key].append(text)
        rows = LanguageModel.objects.published().order_by("name").values_list("pk", "slug", "name", "creator__name")
        _kept = version, tuple(_name(slug, name, maker, aliases[key]) for key, slug, name, maker in rows)
    return _kept[1]


def _name(slug: str, name: str, maker: str, aliases: Sequence[str]) -> Name:
    texts = [slug, name, *aliases]
    return Name(slug, name, maker, frozenset(map(plain, texts)), plain(" ".join([*texts, maker])))


def find(text: str, names: Sequence[Name]) -> list[Name]:
    """One model where the text names it, else all whose names hold every word; empty where none does."""
    wanted = plain(text)
    if not wanted:
        return []
    exact = [name for name in names if wanted in name.keys]
    if exact:
        return exact
    words = wanted.split()
    return [name for name in names if all(word in name.haystack for word in words)]


def nearest(text: str, names: Sequence[Name], most: int = 5) -> list[Name]:
    """Published models whose slug is spelt most like the text."""
    wanted = plain(text[:80]).replace(" ", "-")
    if len(names) > MOST_COMPARED:
        triples = {wanted[place : place + 3] for place in range(len(wanted) - 2)}
        names = nlargest(MOST_COMPARED, names, key=lambda name: sum(triple in name.slug for triple in triples))
    by_slug = {name.slug: name for name in names}
    return [by_slug[slug] for slug in difflib.get_close_matches(wanted, by_slug, n=most, cutoff=0.4)]


def pair_words(text: str) -> list[str]:
    """The sides of `x vs y`; one text where there is no vs."""
    return [
        part for part in re.split(r"\s+(?:vs\.?|versus|against)\s+", text.strip(), flags=re.IGNORECASE) if part.strip()
    ]


# --- the picker -----------------------------------------------------------------------------------------------------
PLACES = {"a": "First model", "b": "Second model", "c": "Third model", "d": "Fourth model"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the picker: what stands in it, and what is offered where that names no single model."""

    key: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()  # (name, address with that choice made)
    error: str = ""
    near: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    fields: tuple[Field, ...]
    models: tuple[Name, ...]

    @property
    def typed(self) -> list[Field]:
        return [field for field in self.fields if field.value]

    @property
    def is_unknown(self) -> bool:
        return any(field.error for field in self.fields)

    @property
    def is_complete(self) -> bool:
        """Two or more models, and nothing left to choose."""
        return len(self.models) >= 2 and len(self.models) == len(self.typed)


def fields(models: Sequence[LanguageModel] = ()) -> list[Field]:
    """The picker filled with models; two fields at the least."""
    names = [model.name for model in models] + [""] * (2 - len(models))
    return [Field(key, label, name) for (key, label), name in zip(PLACES.items(), names, strict=False)]


def resolve(typed: Mapping[str, str]) -> Choice:
    """What the typed texts (by field key) stand for."""
    names = known_names() if any(typed.values()) else []
    found, models = [], []
    for key, label in PLACES.items():
        text = typed[key]
        matches = find(text, names)
        if len(matches) == 1:
            models.append(matches[0])
            found.append(Field(key, label, matches[0].name))
        elif matches:
            found.append(Field(key, label, text, choices=_offered(typed, key, matches[:MOST])))
        elif text:
            near = _offered(typed, key, nearest(text, names))
            found.append(Field(key, label, text, error=f"No model here is called “{text}”.", near=near))
        else:
            found.append(Field(key, label, ""))
    return Choice(tuple(found), tuple(models))


def _offered(typed: Mapping[str, str], key: str, models: Sequence[Name]) -> tuple[tuple[str, str], ...]:
    query = {name: text for name, text in typed.items() if text}
    return tuple((model.name, "/compare/?" + urlencode(query | {key: model.slug})) for model in models)


# --- search ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Found:
    pairs: tuple[tuple[str, str], ...] = ()  # (names, address)
    models: tuple[Name, ...] = ()
    tests: tuple[Benchmark, ...] = ()
    near: tuple[Name, ...] = ()  # only where nothing else is found


def search(text: str) -> Found:
    """Pairs (`x vs y`), models and benchmarks that hold every word of the text."""
    wanted = plain(text).split()
    if not wanted:
        return Found()
    names = known_names()
    sides = pair_words(text)
    pairs = []
    if len(sides) == 2:
        first, second = (find(part, names)[:3] for part in sides)
        for a in first:
            pairs += [
                (f"{a.name} vs {b.name}", comparison_path(sorted((a, b), key=lambda m: m.slug)))
                for b in second
                if a != b
            ]
    models = find(text, names)[:50]
    tests = [
        test for test in Benchmark.objects.all() if all(word in plain(f"{test.name} {test.slug}") for word in wanted)
    ]
    near = [] if pairs or models or tests else nearest(text, names)
    return Found(tuple(pairs), tuple(models), tuple(tests), tuple(near))
