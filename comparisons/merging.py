"""Two rows for one model: which may be, what merging them would move and what clashes, and the merging."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from comparisons import curation
from comparisons.models import (
    FeaturedPair,
    LanguageModel,
    ModelAlias,
    Offer,
    Runtime,
    Score,
    Status,
)
from comparisons.naming import plain


def likely_duplicates() -> list[tuple[LanguageModel, LanguageModel, str]]:
    """(model to keep, the other, what both are called) of models with the same name, slug, alias or provider's id."""
    models = LanguageModel.objects.exclude(status=Status.WITHDRAWN).prefetch_related("aliases").with_result_counts()
    called: dict[str, dict[int, tuple[LanguageModel, str]]] = defaultdict(dict)
    for model in models.order_by("pk"):
        for text in (model.slug, model.name, *(alias.text for alias in model.aliases.all())):
            for name in {text, text.rpartition("/")[2]}:  # a provider's id is maker/model
                called[plain(name).replace(" ", "")].setdefault(model.pk, (model, name))
    found = {}
    for key, owners in called.items():
        if key and len(owners) > 1:
            ranked = sorted(owners.values(), key=lambda owner: preference(owner[0]))
            first = ranked[0][0]
            for other, text in ranked[1:]:
                found.setdefault((first.pk, other.pk), (first, other, text))
    return list(found.values())


def preference(model: LanguageModel) -> tuple:
    """Which of two is rather kept: the published one, that with more scores, the older row."""
    return model.status != Status.PUBLISHED, -model.result_count, model.pk


@dataclass(slots=True)
class Merge:
    """What merging would do: rows that move by noun, and (what stays, what goes) where both have one of the same key."""

    duplicate: LanguageModel
    kept: LanguageModel
    moves: dict[str, list[Model]] = field(default_factory=dict)
    clashes: list[tuple[Model, Model]] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def counts(self) -> list[tuple[str, int]]:
        return [(noun, len(rows)) for noun, rows in self.moves.items() if rows]


def offer_keys(row: Offer) -> list[tuple]:
    keys = [("day", row.host, row.basis, row.starts_on)]
    is_current = row.ends_on is None and row.status == Status.PUBLISHED
    return [*keys, ("current", row.host, row.basis)] if is_current else keys


KEYS = {  # by which two rows of a table are the same once their models are
    Score: lambda row: [(row.benchmark_id, row.setting, row.source_url)],
    Offer: offer_keys,
    Runtime: lambda row: [(row.host, row.source_url)],
}


def plan(duplicate: LanguageModel, kept: LanguageModel) -> Merge:
    """What `merge` would do now."""
    found = Merge(duplicate, kept)
    if duplicate.pk == kept.pk:
        found.refusal = "A model cannot be merged into itself."
    elif duplicate.status != Status.DRAFT and kept.status != Status.PUBLISHED:
        found.refusal = (
            f"{duplicate} has a public address, and {kept} has none: publish it first, or merge the other way."
        )
    for table, keys in KEYS.items():
        taken = {key: row for row in rows_of(table, kept) for key in keys(row)}
        moves = found.moves.setdefault(str(table._meta.verbose_name_plural), [])
        for row in rows_of(table, duplicate):
            held = next((taken[key] for key in keys(row) if key in taken), None)
            if held is None:
                moves.append(row)
            else:
                found.clashes.append((held, row))
    found.moves["aliases"] = list(duplicate.aliases.all())
    found.moves["readers' reports"] = list(duplicate.reports.all())
    pairs = FeaturedPair.objects.filter(Q(first=kept) | Q(second=kept)).values_list("first", "second")
    have = {frozenset(pair) for pair in pairs}
    found.moves["featured pairs"] = []
    for pair in FeaturedPair.objects.filter(Q(first=duplicate) | Q(second=duplicate)).select_related("first", "second"):
        other = pair.second if pair.first_id == duplicate.pk else pair.first
        if other.pk != kept.pk and frozenset((kept.pk, other.pk)) not in have:
            found.moves["featured pairs"].append(pair)
    names = dict.fromkeys(text for text in (duplicate.slug, duplicate.name) if text.casefold() != kept.slug)
    taken = set(ModelAlias.objects.filter(key__in=[text.casefold() for text in names]).values_list("key", flat=True))
    found.aliases = list({text.casefold(): text for text in names if text.casefold() not in taken}.values())
    return found


def rows_of(table: type[Model], model: LanguageModel) -> QuerySet:
    return table.objects.filter(model=model).select_related(*curation.RELATED[table]).order_by("pk")


def merge(duplicate: LanguageModel, kept: LanguageModel, reason: str = "") -> Merge:
    """Move everything to `kept`, delete `duplicate` and leave its slug and name as aliases, so that its addresses lead on.

    Where both have a row of the same key, that of `kept` stays; the other is in the history. ValidationError where it is refused.
    """
    with transaction.atomic():
        keys = sorted((duplicate.pk, kept.pk))
        held = {row.pk: row for row in LanguageModel.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
        if len(held) < len(set(keys)):
            raise ValidationError("One of the two models is gone: someone else merged or deleted it.")
        found = plan(held[duplicate.pk], held[kept.pk])
        if found.refusal:
            raise ValidationError(found.refusal)
        why = f"Merged {found.duplicate} into {found.kept}" + (f": {reason}" if reason else "")
        for _, row in found.clashes:
            row._change_reason = why
            row.delete()
        for table in (Score, Offer, Runtime):
            for row in found.moves[str(table._meta.verbose_name_plural)]:
                move(row, found.kept, why)
        for row in (*found.moves["aliases"], *found.moves["readers' reports"]):
            row.model, row._change_reason = found.kept, why
            row.save()
        for pair in found.moves["featured pairs"]:
            others = [found.kept if side.pk == found.duplicate.pk else side for side in (pair.first, pair.second)]
            pair.first, pair.second = sorted(others, key=lambda model: model.slug)
            pair._change_reason = why
            pair.save()
        found.duplicate.predecessors.update(successor=found.kept)
        curation.remove_row(found.duplicate, why)
        for text in found.aliases:
            ModelAlias.objects.create(model=found.kept, text=text)
    return found


def move(row: Score | Offer | Runtime, kept: LanguageModel, why: str) -> None:
    """Readers are told of a row that was hidden on its draft and is public now."""
    was_public = curation.is_public(row)
    row.model, row._change_reason = kept, why
    row.save()
    if not was_public and curation.is_public(row) and not isinstance(row, Runtime):
        curation.record_change(None, row, why)
