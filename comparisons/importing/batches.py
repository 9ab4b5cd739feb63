"""A paste or an import as one thing: the rows that it wrote, and taking all of it back from the history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, models, router, transaction
from django.db.models.deletion import Collector
from django.utils import timezone

from comparisons.importing.changes import changes_for
from comparisons.importing.formats import TABLES
from comparisons.importing.writing import CHUNK, because, one_at_a_time
from comparisons.models import Batch, CatalogueVersion, Change, LanguageModel, Offer, Status

# Every table that a batch writes, what others hang on first.
WRITTEN = [
    each
    for table in TABLES.values()
    for each in (table.model, *([table.aliases[0]] if table.aliases else []))
]  # fmt: skip


@dataclass(frozen=True)
class Written:
    """One row of a batch: its state before and after as history records, None where it did not exist."""

    table: type[models.Model]
    key: int
    before: models.Model | None
    after: models.Model | None
    is_newest: bool  # nothing changed the row since

    @property
    def name(self) -> str:
        """The row's name, or its number where what names it is gone."""
        try:
            return str((self.after or self.before).instance)
        except ObjectDoesNotExist:
            return f"{self.table._meta.verbose_name} {self.key}"

    @property
    def noun(self) -> str:
        return str(self.table._meta.verbose_name)

    @property
    def cells(self) -> list[tuple[str, object, object]]:
        """(field, before, after) of each field that differs."""
        names = [each for each in self.table._meta.concrete_fields if each.name not in ("id", "key")]
        pairs = [(each, *(getattr(state, each.attname, None) for state in (self.before, self.after))) for each in names]
        return [
            (str(each.verbose_name), was, now) for each, was, now in pairs if was != now and (was, now) != ("", None)
        ]


@dataclass
class Undone:
    """What undoing did, or would do: rows counted, and a sentence for each that is left as it is."""

    restored: int = 0
    removed: int = 0
    brought_back: int = 0
    left: list[str] = field(default_factory=list)


def written_rows(batch: Batch) -> Iterator[Written]:
    """The rows of a batch, table by table in the order in which it wrote them."""
    for table in WRITTEN:
        history = table.history.model.objects.order_by("history_id")
        mine = defaultdict(list)
        for key, record in history.filter(history_date=batch.at).values_list("id", "history_id"):
            mine[key].append(record)
        every = defaultdict(list)
        for key, record in history.filter(id__in=history.filter(history_date=batch.at).values("id")).values_list(
            "id", "history_id"
        ):
            every[key].append(record)
        previous = {key: max((each for each in every[key] if each < own[0]), default=None) for key, own in mine.items()}
        wanted = [each for key, own in mine.items() for each in (own[0], own[-1], previous[key]) if each]
        records = {}
        for chunk in batched(wanted, CHUNK, strict=False):
            records |= history.in_bulk(chunk)
        for key, own in mine.items():
            first, last, earlier = records[own[0]], records[own[-1]], records.get(previous[key])
            before = None if first.history_type == "+" or (earlier and earlier.history_type == "-") else earlier
            after = None if last.history_type == "-" else last
            yield Written(table, key, before, after, is_newest=every[key][-1] == own[-1])


# --- undoing --------------------------------------------------------------------------------------------------------
def undo(batch: Batch, by: models.Model | None = None) -> Undone:
    """Bring back the state before a batch, in one transaction, as a batch of its own that can be undone as well.

    Rows that were changed since, or on which later rows hang, are left and named.
    """
    outcome = Undone()
    with transaction.atomic():
        one_at_a_time()
        if Batch.objects.filter(undoes=batch).exists():
            outcome.left.append("It was undone already.")
            return outcome
        own = Batch(kind=Batch.Kind.UNDO, title=f"undo of {batch.title}"[:160], by=by, undoes=batch, at=timezone.now())
        reason = f"undo of {batch.get_kind_display().lower()} {batch.pk}"
        rows = list(written_rows(batch))
        outcome.left += [f"{row.name} was changed later." for row in rows if not row.is_newest]
        rows = [row for row in rows if row.is_newest]
        made = [row for row in rows if row.before is None and row.after is not None]
        earlier = [row for row in rows if row.before is not None]
        told = remove(made, own, reason, outcome) + restore(earlier, own, reason, outcome)
        Change.objects.bulk_create(one_price_change(told), batch_size=CHUNK)
        own.created, own.updated, own.deleted = outcome.brought_back, outcome.restored, outcome.removed
        own.refused = len(outcome.left)
        own.save()
    return outcome


def marked(row: models.Model, batch: Batch, reason: str) -> models.Model:
    row._change_reason, row._history_date, row._history_user = reason, batch.at, batch.by
    return row


def fields_of(row: models.Model) -> dict[str, object]:
    return {column.name: getattr(row, column.attname) for column in row._meta.concrete_fields}


def remove(rows: list[Written], batch: Batch, reason: str, outcome: Undone) -> list[Change]:
    """Delete rows that the batch made, but for those on which rows entered later hang; the last table comes first."""
    told, gone = [], set()
    for table in reversed(WRITTEN):
        made = {row.key: row for row in rows if row.table is table}
        found = list(stored(table, made))
        hanging = later_rows(table, found)
        outcome.left += [f"{made[pk].name} stays: {words} entered later." for pk, words in hanging.items()]
        found = [marked(row, batch, reason) for row in found if row.pk not in hanging]
        for row in found:
            old = fields_of(row)
            told += changes_for(row, old, old | {"status": Status.DRAFT}, reason=reason)
        gone |= {row.pk for row in found if table is LanguageModel}
        outcome.removed += len(found)
        collector = Collector(using=router.db_for_write(table))
        collector.collect(found)
        collector.delete()
    CatalogueVersion.rise()
    for change in told:
        if change.model_id in gone or change.model_id is None:
            change.model = None
    return told


def stored(table: type[models.Model], keys: Iterable[int]) -> Iterator[models.Model]:
    """The rows with such keys as they stand, with what their names need."""
    related = [field.name for field in table._meta.fields if isinstance(field, models.ForeignKey) and not field.null]
    rows = table._base_manager.select_related(*related) if related else table._base_manager
    for chunk in batched(keys, CHUNK, strict=False):
        yield from rows.filter(pk__in=chunk)


def later_rows(table: type[models.Model], rows: list[models.Model]) -> dict[int, str]:
    """By key the rows that would go with one of these, in words; those of the batch are gone by then."""
    found = defaultdict(list)
    for relation in table._meta.related_objects:
        other = relation.related_model
        if other not in WRITTEN or relation.on_delete is models.SET_NULL:
            continue
        for chunk in batched(rows, CHUNK, strict=False):
            hanging = other._base_manager.filter(**{f"{relation.field.name}__in": chunk})
            for key, count in Counter(hanging.values_list(relation.field.attname, flat=True)).items():
                noun = other._meta.verbose_name if count == 1 else other._meta.verbose_name_plural
                found[key].append(f"{count:,} {noun}")
    return {key: ", ".join(words) for key, words in found.items()}


def restore(rows: list[Written], batch: Batch, reason: str, outcome: Undone) -> list[Change]:
    """Give rows that the batch changed or deleted their earlier state again.

    Rows that stand in each other's way, such as two that swapped a name, are set aside first. A row whose earlier state
    another row forbids by now is left.
    """
    told = []
    for table in WRITTEN:
        changed = [row for row in rows if row.table is table]
        try:
            with transaction.atomic():
                told += restored(changed, table, batch, reason)
        except IntegrityError:
            for row in changed:
                try:
                    with transaction.atomic():
                        told += restored([row], table, batch, reason)
                except IntegrityError:
                    outcome.left.append(f"{row.name} could not be brought back: another row stands in the way.")
                    rows = [each for each in rows if each is not row]
    outcome.restored += sum(each.after is not None for each in rows)
    outcome.brought_back += sum(each.after is None for each in rows)
    return told


def restored(rows: list[Written], table: type[models.Model], batch: Batch, reason: str) -> list[Change]:
    """Write the earlier states of some rows of one table; raises IntegrityError."""
    stored_rows = because(table, reason, batch)
    names = [column.name for column in table._meta.concrete_fields if not column.primary_key]
    lost = [earlier(row) for row in rows if row.after is None]
    kept = [earlier(row) for row in rows if row.after is not None]
    set_aside(table, kept)
    for chunk in batched(kept, CHUNK, strict=False):
        stored_rows.bulk_update(chunk, names)
    for chunk in batched(lost, CHUNK, strict=False):
        stored_rows.bulk_create(chunk)
    told, old = [], {row.key: row.after and fields_of(row.after) for row in rows}
    for row in stored(table, list(old)):
        was = old[row.pk]
        if isinstance(row, Offer) and was and was["ends_on"] and row.ends_on is None:
            was = None  # in force again
        told += changes_for(row, was, fields_of(row), reason=reason)
    return told


def earlier(written: Written) -> models.Model:
    return written.table(
        **{column.attname: getattr(written.before, column.attname) for column in written.table._meta.concrete_fields}
    )


def set_aside(table: type[models.Model], rows: list[models.Model]) -> None:
    """Take the values that only one row may have from rows that get others in a moment."""
    unique = [column for column in table._meta.concrete_fields if column.unique and not column.primary_key]
    for row in rows if unique else ():
        aside = {
            each.name: row.pk + 10_000 if isinstance(each, models.IntegerField) else f"aside-{row.pk}"
            for each in unique
        }
        table.objects.filter(pk=row.pk).stand_in(**aside)


def one_price_change(changes: list[Change]) -> list[Change]:
    """A price that went and the one that came back in its place are one change."""
    came = {each.subject: each for each in changes if each.kind == "price_added"}
    kept = []
    for change in changes:
        back = came.get(change.subject) if change.kind == "price_withdrawn" else None
        if back:
            back.kind, back.old = "price_changed", change.old
        else:
            kept.append(change)
    return kept
