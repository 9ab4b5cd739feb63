"""The names by which imports and pasted tables call models and benchmarks, and the queue of those that nobody here knows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from comparisons import finding
from comparisons.importing.formats import TABLES
from comparisons.models import Benchmark, LanguageModel, UnmatchedName
from comparisons.naming import plain

TABLE_OF = {"model": LanguageModel, "benchmark": Benchmark}
ALIAS_OF = {table.model: table.aliases for table in TABLES.values() if table.aliases}
LONGEST = 160  # characters of a name


@dataclass(frozen=True)
class Known:
    """Every row of one table by its names: slug, name and aliases, as plain text. A name may be that of several rows."""

    rows: tuple[finding.Name, ...]
    slugs: Mapping[str, tuple[str, ...]]

    def slug(self, text: str) -> str:
        """The one row that the text names exactly; empty where none is, or several are."""
        found = self.slugs.get(plain(text), ())
        return found[0] if len(found) == 1 else ""

    def near(self, text: str, most: int = 5) -> list[finding.Name]:
        """Rows that may be meant: whose names hold every word, whose name is a part of the text, or that are spelt alike."""
        last = text.rsplit("/", 1)[-1][:LONGEST]
        words = set(plain(last).split())
        parts = [(len(key), row) for row in self.rows for key in row.keys if set(key.split()) <= words]
        parts = [row for _, row in sorted(parts, key=lambda part: (-part[0], part[1].slug))]
        found = [*finding.find(last, self.rows), *parts, *finding.nearest(last, self.rows, most)]
        return list(dict.fromkeys(found))[:most]


def known(kind: str, more: Iterable[tuple[str, str]] = ()) -> Known:
    """The names of every `model` or `benchmark`, drafts included; `more` holds slug and name of those about to be made."""
    table = TABLE_OF[kind]
    names, owner = ALIAS_OF[table]
    aliases = defaultdict(list)
    for key, text in names.objects.values_list(owner, "text"):
        aliases[key].append(text)
    found, slugs = [], defaultdict(list)
    for key, slug, name in table.objects.order_by("name").values_list("pk", "slug", "name"):
        texts = [slug, name, *aliases[key]]
        keys = frozenset(map(plain, texts))
        found.append(finding.Name(slug, name, "", keys, plain(" ".join(texts))))
        for each in keys:
            slugs[each].append(slug)
    for slug, name in more:
        for each in {plain(slug), plain(name)} - slugs.keys():
            slugs[each].append(slug)
    return Known(tuple(found), {key: tuple(each) for key, each in slugs.items() if key})


# --- the queue ------------------------------------------------------------------------------------------------------
def note_unmatched(names: Counter[tuple[str, str]], source: str) -> None:
    """Put the (kind, text) names into the queue with the number of scores that wait; one ignored stays ignored."""
    for (kind, text), scores in names.items():
        UnmatchedName.objects.update_or_create(
            kind=kind,
            key=plain(text)[:200] or text.casefold()[:200],
            defaults={"text": text[:LONGEST], "source": source[:LONGEST], "scores": scores, "seen_at": timezone.now()},
        )


def ignored(kind: str) -> set[str]:
    """Plain texts of the names that a curator said are none of ours."""
    return set(UnmatchedName.objects.filter(kind=kind, is_ignored=True).values_list("key", flat=True))


def match(name: UnmatchedName, row: LanguageModel | Benchmark, save) -> None:
    """The name is an alias of the row from now on and leaves the queue; `save` writes the alias as a curator's change.

    Raises ValidationError where the text already names another row.
    """
    with transaction.atomic():
        remember(row, name.text, save)
        name.delete()


def remember(row: LanguageModel | Benchmark, text: str, save) -> None:
    aliases, owner = ALIAS_OF[type(row)]
    alias = aliases(**{owner: row}, text=text)
    alias.full_clean(exclude=["key"])
    save(alias)


def drop_matched(queue: QuerySet) -> int:
    """Take names out of the queue that are known by now; returns how many."""
    finders = {kind: known(kind) for kind in TABLE_OF}
    done = [name.pk for name in queue if finders[name.kind].slug(name.text)]
    return UnmatchedName.objects.filter(pk__in=done).delete()[0]
