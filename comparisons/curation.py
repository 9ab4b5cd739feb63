"""What curators do to the catalogue. Each row that changes has its entry in the history and, if public, in the change log."""

import copy
import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import batched

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from comparisons.importing.changes import changes_for
from comparisons.models import (
    Change,
    Creator,
    LanguageModel,
    ModelAlias,
    Offer,
    OfferTier,
    Runtime,
    Score,
    SourceKind,
    Status,
)
from comparisons.scoring import STALE_DAYS

IMPLAUSIBLE_RATIO = 10
AT_ONCE = 500  # rows a statement
NOUNS = {LanguageModel: "model", Score: "score", Offer: "offer", OfferTier: "price step"}
# What a row's name or its line in the change log reads; `None` asks for nothing more than the row.
RELATED = {Score: ("model", "benchmark"), Offer: ("model",), OfferTier: ("offer__model",), Runtime: ("model",)}


def noun(row: type[models.Model]) -> str:
    return NOUNS.get(row, str(row._meta.verbose_name))


# --- the public change log ------------------------------------------------------------------------------------------
def stored(row: models.Model) -> models.Model | None:
    """The row as the database has it; None when it is new."""
    rows = type(row)._base_manager.select_related(*RELATED.get(type(row), [None]))
    return rows.filter(pk=row.pk).first() if row.pk else None


def is_public(row: models.Model | None) -> bool:
    """Whether a page shows the row."""
    match row:
        case LanguageModel():
            return row.status == Status.PUBLISHED
        case Score():
            return row.status == Status.PUBLISHED and row.withdrawn_on is None and is_public(row.model)
        case Offer():
            return row.status == Status.PUBLISHED and is_public(row.model)
        case OfferTier():
            return is_public(row.offer)
    return row is not None


# Whose publish right a row needs once it is more than a draft; other tables need the right to change them alone.
PUBLISHED_AS = {
    LanguageModel: "languagemodel",
    Creator: "languagemodel",
    ModelAlias: "languagemodel",
    Runtime: "languagemodel",
    Score: "score",
    Offer: "offer",
    OfferTier: "offer",
}


def is_draft(row: models.Model) -> bool:
    """Whether nothing public hangs on the row: a draft, or a part of one."""
    match row:
        case LanguageModel():
            return row.status == Status.DRAFT
        case Score() | Offer():
            return row.status == Status.DRAFT or (row.model_id is not None and is_draft(row.model))
        case OfferTier():
            return row.offer_id is not None and is_draft(row.offer)
        case ModelAlias() | Runtime():
            return row.model_id is not None and is_draft(row.model)
        case Creator():
            return row.pk is None or not row.models.exclude(status=Status.DRAFT).exists()
    return False


def fields_of(row: models.Model | None) -> dict | None:
    return {column.name: getattr(row, column.attname) for column in row._meta.concrete_fields} if row else None


def record_change(before: models.Model | None, after: models.Model | None, reason: str = "") -> list[Change]:
    """Write what readers can notice between two states of one row; None is a row not yet made, or deleted.

    A row that is public neither before nor after, such as a draft, writes nothing.
    """
    return record_changes([(before, after)], reason)


def record_changes(states: Iterable[tuple[models.Model | None, models.Model | None]], reason: str = "") -> list[Change]:
    """The same for many rows at once."""
    changes = [change for before, after in states for change in changes_between(before, after, reason)]
    return Change.objects.bulk_create(changes)


def changes_between(before: models.Model | None, after: models.Model | None, reason: str) -> list[Change]:
    row, old, new = after or before, fields_of(before), fields_of(after)
    previous = last_offer(row).exclude(pk=row.pk).first() if before is None and isinstance(row, Offer) else None
    new = new or old | {"status": Status.DRAFT}
    return changes_for(row, old, new, previous=fields_of(previous), reason=reason)


def save_row(row: models.Model, reason: str = "", *, is_news: bool = True) -> None:
    """Save one row that differs, with its reason in the history and, unless it is no news, a line in the change log."""
    with transaction.atomic():
        before = stored(row)
        if before is not None and fields_of(before) == fields_of(row):
            return
        row._change_reason = reason or None
        row.save()
        if isinstance(row, LanguageModel) and before is not None:
            keep_old_address(before, row)
        if is_news:
            record_change(before, row, reason)


def keep_old_address(before: LanguageModel, after: LanguageModel) -> None:
    """A new slug leaves the old one as an alias, so that links and imports still find the model."""
    if before.slug != after.slug and not ModelAlias.objects.filter(key=before.slug).exists():
        ModelAlias.objects.create(model=after, text=before.slug)


def remove_row(row: models.Model, reason: str = "") -> None:
    """Delete one row; what was public is named in the change log."""
    with transaction.atomic():
        before = stored(row)
        if before is None:
            return
        record_change(before, None, reason)
        row._change_reason = reason or None
        row.delete()


# --- draft, published, withdrawn ------------------------------------------------------------------------------------
@dataclass
class Outcome:
    """What an action did: rows changed, rows that were so already, rows refused with the reason, rows still hidden."""

    done: int = 0
    already: int = 0
    hidden: int = 0
    refused: list[str] = field(default_factory=list)


def set_status(rows: QuerySet, status: Status, reason: str = "") -> Outcome:
    """Give models, scores or offers a status. One that cannot have it is refused and does not stop the rest."""
    outcome, states = Outcome(), []
    values = {"status": status}
    if rows.model is Score:
        values["withdrawn_on"] = timezone.localdate() if status == Status.WITHDRAWN else None
    why = reason or f"{status.label} from the list"
    with transaction.atomic():
        for row in locked(rows):
            if row.status == status:
                outcome.already += 1
                continue
            before = copy.copy(row)
            for name, value in values.items():
                setattr(row, name, value)
            try:
                row.clean()
                if isinstance(row, Offer):  # the one table in which another row can stand in the way
                    row._change_reason = why
                    with transaction.atomic():
                        row.save()
            except (ValidationError, IntegrityError):
                outcome.refused.append(f"{row}: {refusal(row)}")
                continue
            states.append((before, row))
        if rows.model is not Offer:
            write_all([row for _, row in states], why, **values)
        record_changes(states, reason)
        outcome.done = len(states)
        outcome.hidden = sum(status == Status.PUBLISHED and not is_public(row) for _, row in states)
    return outcome


def write_all(rows: Sequence[models.Model], why: str, **values) -> None:
    """Write the same values to many rows of one table, each with its entry in the history."""
    moment = timezone.now()
    for chunk in batched(rows, AT_ONCE, strict=False):
        table = type(chunk[0]).objects
        table.filter(pk__in=[row.pk for row in chunk]).because(why, moment).update(**values)


def mark_checked(rows: QuerySet) -> Outcome:
    """Note that the sources of scores were looked at today and still say the same."""
    today = timezone.localdate()
    with transaction.atomic():
        found = list(locked(rows))
        unseen = [row for row in found if row.checked_on != today]
        write_all(unseen, "Checked from the list", checked_on=today)
    return Outcome(done=len(unseen), already=len(found) - len(unseen))


def locked(rows: QuerySet) -> QuerySet:
    """The same rows afresh, held until the transaction ends; a list page's own query groups and cannot be held."""
    table = rows.model
    chosen = table._base_manager.filter(pk__in=list(rows.values_list("pk", flat=True)))
    return chosen.select_related(*RELATED.get(table, [None])).select_for_update(of=("self",)).order_by("pk")


def refusal(row: models.Model) -> str:
    """Why a row cannot be saved, in the words of its form."""
    try:
        row.full_clean()
    except ValidationError as error:
        return " ".join(error.messages)
    return "Another row stands in the way."


# --- prices ---------------------------------------------------------------------------------------------------------
def last_offer(offer: Offer) -> QuerySet:
    """The published offers of the same model, host and basis, the newest first."""
    same = Offer.objects.filter(model=offer.model_id, host=offer.host, basis=offer.basis, status=Status.PUBLISHED)
    return same.order_by(F("starts_on").desc(nulls_last=True), "-pk")


def price_jumps(offer: Offer, prices: dict[str, Decimal | None]) -> list[str]:
    """Sentences on prices that differ ten times or more from the last published offer of the model, host and basis.

    An offer that is itself published is compared with its own stored prices.
    """
    offers = last_offer(offer)
    previous = offers.filter(pk=offer.pk).first() or offers.first()
    sentences = []
    for name, price in prices.items():
        last = getattr(previous, name, None)
        if price and last and max(price, last) >= IMPLAUSIBLE_RATIO * min(price, last):
            sentences.append(
                f"The {name} price {price.normalize():f} is {max(price, last) / min(price, last):,.0f} times "
                f"{'above' if price > last else 'below'} the published {last.normalize():f}."
            )
    return sentences


# --- what needs attention -------------------------------------------------------------------------------------------
def by_age(scores: QuerySet, age: str, today: datetime.date) -> QuerySet:
    """Scores by the date they were last checked or reported: `fresh`, `stale` (over 180 days) or `undated`."""
    scores = scores.alias(seen_on=Coalesce("checked_on", "reported_on"))
    limit = today - datetime.timedelta(days=STALE_DAYS)
    asked = {"fresh": Q(seen_on__gte=limit), "stale": Q(seen_on__lt=limit), "undated": Q(seen_on=None)}
    return scores.filter(asked[age])


def by_price(rows: QuerySet, *, is_priced: bool, today: datetime.date) -> QuerySet:
    """Models by whether a current published offer names a price; self-hosting has none."""
    offers = Offer.objects.filter(model=OuterRef("pk"), status=Status.PUBLISHED).exclude(basis=Offer.Basis.SELF_HOSTED)
    offers = offers.filter(Q(ends_on=None) | Q(ends_on__gte=today)).exclude(input=None, output=None)
    return rows.filter(Exists(offers) if is_priced else ~Exists(offers))


def attention(today: datetime.date) -> list[tuple[str, str, int, str]]:
    """What waits for a curator: table, text, count and the query of the list that shows it. Three queries."""
    published = Q(status=Status.PUBLISHED)
    scores = Score.objects.aggregate(
        drafts=Count("pk", filter=Q(status=Status.DRAFT)),
        unconfirmed=Count("pk", filter=published & Q(source_kind=SourceKind.AGGREGATOR)),
    )
    drafts = LanguageModel.objects.filter(status=Status.DRAFT).count()
    unpriced = by_price(LanguageModel.objects.published(), is_priced=False, today=today).count()
    return [
        ("languagemodel", "draft models", drafts, "status__exact=draft"),
        ("score", "draft scores", scores["drafts"], "status__exact=draft"),
        ("score", "unconfirmed scores", scores["unconfirmed"], "source_kind__exact=aggregator&status__exact=published"),
        ("languagemodel", "models without a price", unpriced, "priced=no&status__exact=published"),
    ]
