"""What the public is told of a change: rows of the change log for one row before and after."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.db.models import Model

from comparisons.importing.formats import iso, plain_number
from comparisons.models import Change, LanguageModel, Offer, Score, Status

Values = Mapping[str, object]


def changes_for(
    row: Model, old: Values | None, new: Values, *, previous: Values | None = None, reason: str = ""
) -> list[Change]:
    """The unsaved changes that a page or a mail reports, empty when nothing public changed.

    `row` is the row as it stands afterwards, `old` and `new` its fields by name before and after (`old` None: there was
    no row), `previous` the fields of the offer whose place a new one takes. Values are plain text without units.
    """
    tell = TELLERS.get(type(row))
    if tell is None:
        return []
    changes = tell(row, old, new, previous)
    for change in changes:
        change.subject, change.reason = change.subject[:240], reason[:240]
    return changes


def catalogue_loaded(models: int, benchmarks: int, results: int) -> Change:
    """The one change of a first load, so that no mail lists two thousand scores."""
    return Change(
        kind="catalogue_loaded",
        subject=f"Catalogue loaded: {models:,} models, {benchmarks:,} benchmarks, {results:,} results",
    )


def model_changes(model: LanguageModel, old: Values | None, new: Values, previous: Values | None) -> list[Change]:
    was, now = (old["status"] if old else Status.DRAFT), new["status"]
    told = []
    if was == Status.DRAFT and now == Status.PUBLISHED:
        told.append(Change(kind="model_added", new=now))
    elif was != now and Status.DRAFT not in (was, now):
        told.append(Change(kind="model_status", old=was, new=now))
    elif was != now and now == Status.DRAFT:
        told.append(Change(kind="model_status", old=was, new="removed"))
    if old and was == now == Status.PUBLISHED and old["retires_on"] != new["retires_on"]:
        told.append(Change(kind="retirement_date", old=iso(old["retires_on"]), new=iso(new["retires_on"])))
    for change in told:
        change.subject, change.model, change.source_url = model.name, model, model.url
    return told


def score_changes(score: Score, old: Values | None, new: Values, previous: Values | None) -> list[Change]:
    if score.model.status != Status.PUBLISHED:
        return []
    was, now = (is_shown(values) and values["value"] for values in (old, new))
    return told_of(score, f"{score.model}: {score.benchmark}", "score", was, now, plain_number)


def offer_changes(offer: Offer, old: Values | None, new: Values, previous: Values | None) -> list[Change]:
    """An offer entered with its end already known is history, not news; a model to host oneself has no price."""
    if offer.model.status != Status.PUBLISHED or (old is None and new["ends_on"]) or offer.basis == "self_hosted":
        return []
    was, now = (is_shown(values) and prices(values) for values in (old or previous, new))
    return told_of(offer, f"{offer.model} at {offer.host}", "price", was, now, price_text)


def is_shown(values: Values | None) -> bool:
    return values is not None and values["status"] == Status.PUBLISHED and not values.get("withdrawn_on")


def prices(values: Values) -> tuple[Decimal | None, ...]:
    return values["input"], values["output"], values["cached_input"]


def price_text(figures: tuple[Decimal | None, ...]) -> str:
    """`input 2, output 8, cached 0.5`; an unknown figure is left out."""
    named = zip(("input", "output", "cached"), figures, strict=True)
    return ", ".join(f"{name} {plain_number(figure)}" for name, figure in named if figure is not None)


def told_of(
    row: Score | Offer, subject: str, word: str, was: object, now: object, text: Callable[[object], str]
) -> list[Change]:
    """One change for a figure that appeared, changed or went; `False` stands for a figure that is not shown."""
    if (was is False and now is False) or (was is not False and now is not False and was == now):
        return []
    kind = "added" if was is False else "withdrawn" if now is False else "changed"
    return [
        Change(
            kind=f"{word}_{kind}",
            subject=subject,
            model=row.model,
            old="" if was is False else text(was),
            new="" if now is False else text(now),
            source_url=row.source_url,
        )
    ]


TELLERS = {LanguageModel: model_changes, Score: score_changes, Offer: offer_changes}
