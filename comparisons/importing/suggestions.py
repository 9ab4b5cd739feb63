"""List prices of the genai-prices package as draft offers: what is new, changed, vanished or hard to believe. Publishes nothing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from comparisons.curation import price_jumps, save_row
from comparisons.models import LanguageModel, ModelAlias, Offer, OfferTier, Status
from comparisons.naming import slugify

SOURCE = "https://github.com/pydantic/genai-prices/blob/main/prices/providers/{}.yml"
REASON = "suggested by genai-prices"
HOSTS = {  # provider of the package: host here, and the maker whose own offer it is
    "anthropic": ("Anthropic", "anthropic"),
    "aws": ("Amazon Bedrock", "amazon"),
    "azure": ("Azure", ""),
    "cerebras": ("Cerebras", ""),
    "cohere": ("Cohere", "cohere"),
    "deepseek": ("DeepSeek", "deepseek"),
    "fireworks": ("Fireworks", ""),
    "google": ("Google AI", "google"),
    "groq": ("Groq", ""),
    "minimax": ("MiniMax", "minimax"),
    "mistral": ("Mistral AI", "mistral"),
    "moonshotai": ("Moonshot AI", "moonshot"),
    "novita": ("Novita", ""),
    "openai": ("OpenAI", "openai"),
    "together": ("Together AI", ""),
    "x-ai": ("xAI", "xai"),
    "zai": ("Z.ai", "zai"),
}


@dataclass(frozen=True, slots=True)
class Quote:
    """What one provider asks for one model on a day, in dollars per million tokens."""

    model: str  # slug here
    host: str
    maker: str  # slug of the maker whose own offer it is; empty: another host
    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None
    batch_discount: Decimal | None
    starts_on: datetime.date | None
    source_url: str
    note: str = ""
    tiers: tuple[tuple[int, Decimal | None, Decimal | None, Decimal | None], ...] = ()

    @property
    def prices(self) -> tuple[Decimal | None, ...]:
        return self.input, self.output, self.cached_input


@dataclass
class Outcome:
    """One line a suggestion; `filed` counts the drafts written."""

    lines: list[str] = field(default_factory=list)
    filed: int = 0


# --- reading --------------------------------------------------------------------------------------------------------
def quotes(providers: Iterable, names: dict[str, str], today: datetime.date) -> list[Quote]:
    """Prices in force today of the models that an id names exactly; `names` gives slugs by slug and alias."""
    found = {}
    for provider in providers:
        if provider.id not in HOSTS:
            continue
        host, maker = HOSTS[provider.id]
        for entry in provider.models:
            slug = names.get(slugify(entry.id.rsplit("/", 1)[-1]))
            quote = slug and quote_of(entry, slug, host, maker, SOURCE.format(provider.id), today)
            if quote and (quote.input or quote.output):
                found.setdefault((slug, host), quote)
    return list(found.values())


def quote_of(entry, slug: str, host: str, maker: str, source: str, today: datetime.date) -> Quote:
    prices, starts_on, note = in_force(entry.prices, today)
    given, made, cached = (steps(getattr(prices, f"{name}_mtok", None)) for name in ("input", "output", "cache_read"))
    starts = sorted({start for each in (given, made, cached) for start in each if start})
    return Quote(
        model=slug,
        host=host,
        maker=maker,
        input=given.get(0),
        output=made.get(0),
        cached_input=cached.get(0),
        batch_discount=batch_discount(entry, given.get(0), made.get(0), today),
        starts_on=starts_on,
        source_url=source,
        note=note,
        tiers=tuple((start, given.get(start), made.get(start), cached.get(start)) for start in starts),
    )


def in_force(prices, today: datetime.date):
    """The prices of a day with the date they began, of a model's plain or conditional prices; peak hours are only named."""
    if not isinstance(prices, list | tuple):
        return prices, None, ""
    chosen, starts_on, note = prices[0].prices, None, ""
    for each in prices:
        start = getattr(each.constraint, "start_date", None)
        if each.constraint is None or (start is not None and start <= today):
            chosen, starts_on = each.prices, start
        elif hasattr(each.constraint, "start_time"):
            note = "other prices at some hours"
    return chosen, starts_on, note


def steps(price) -> dict[int, Decimal]:
    """Prices by the first number of prompt tokens they hold for: the package's tiers begin after their start."""
    if price is None:
        return {}
    if not hasattr(price, "base"):
        return {0: price}
    return {0: price.base} | {tier.start + 1: tier.price for tier in price.tiers}


def batch_discount(entry, given: Decimal | None, made: Decimal | None, today: datetime.date) -> Decimal | None:
    """The share that batches take off, where input and output agree on it."""
    for variant in getattr(entry, "price_variants", None) or ():
        start = getattr(variant.constraint, "start_date", None)
        if variant.when != {"processing": "batch"} or (start and start > today):
            continue
        pairs = [(given, variant.prices.input_mtok), (made, variant.prices.output_mtok)]
        shares = {1 - steps(now)[0] / was for was, now in pairs if was and now is not None}
        if len(shares) == 1 and 0 < (share := shares.pop()) < 1:
            return round(share, 3)
    return None


# --- comparing and filing -------------------------------------------------------------------------------------------
def suggest(providers: Iterable, today: datetime.date, *, dry_run: bool = False) -> Outcome:
    """File drafts of what differs from the offers in force; a price that went is only reported."""
    outcome = Outcome()
    models = {model.slug: model for model in LanguageModel.objects.published().select_related("creator")}
    names = {slugify(alias): slug for alias, slug in ModelAlias.objects.values_list("text", "model__slug")}
    names = {name: slug for name, slug in names.items() if slug in models} | {slug: slug for slug in models}
    current = {
        (o.model.slug, o.host): o
        for o in Offer.objects.current(today).select_related("model").prefetch_related("tiers")
        if o.basis == "api"
    }
    found = quotes(providers, names, today)
    with transaction.atomic():
        for quote in found:
            consider(
                quote, models[quote.model], current.get((quote.model, quote.host)), today, outcome, dry_run=dry_run
            )
    outcome.lines += vanished(current, found)
    return outcome


def consider(
    quote: Quote, model: LanguageModel, stored: Offer | None, today: datetime.date, outcome: Outcome, *, dry_run: bool
) -> None:
    known = (stored.input, stored.output, stored.cached_input, stored.batch_discount) if stored else ()
    quoted = (*quote.prices, quote.batch_discount)
    has_tiers = bool(stored and stored.tiers.all()) or not quote.tiers
    if stored and has_tiers and all(now is None or now == was for was, now in zip(known, quoted, strict=True)):
        return
    offer = draft(quote, model, stored, today)
    jumps = price_jumps(offer, {"input": quote.input, "output": quote.output})
    offer.note = "; ".join(part for part in (*jumps, quote.note) if part)[:200]
    word = "implausible" if jumps else "changed" if stored else "new"
    line = (
        f"{word}: {model.slug} at {quote.host}: {words(known)} -> {words(quoted)}"
        if stored
        else (f"{word}: {model.slug} at {quote.host}: {words(quoted)}")
    )
    same = Offer.objects.filter(model=model, host=offer.host, basis=offer.basis, status=Status.DRAFT)
    if same.filter(input=offer.input, output=offer.output, cached_input=offer.cached_input).exists():
        outcome.lines.append(f"{line}; drafted already")
        return
    try:
        offer.full_clean()
    except ValidationError as error:
        outcome.lines.append(f"{line}; refused: {' '.join(error.messages)}")
        return
    outcome.lines.append(line)
    outcome.filed += 1
    if not dry_run:
        save_row(offer, REASON)
        for start, given, made, cached in quote.tiers:
            save_row(
                OfferTier(offer=offer, from_prompt_tokens=start, input=given, output=made, cached_input=cached), REASON
            )


def draft(quote: Quote, model: LanguageModel, stored: Offer | None, today: datetime.date) -> Offer:
    """A price that begins when the package says, or today where that is not known or no later than the stored one."""
    begins = quote.starts_on
    if begins is None or (stored and stored.starts_on and begins <= stored.starts_on):
        begins = today
    return Offer(
        model=model,
        host=quote.host,
        makers_own=bool(quote.maker) and quote.maker == model.creator.slug,
        basis=Offer.Basis.API,
        input=quote.input,
        output=quote.output,
        cached_input=quote.cached_input,
        batch_discount=quote.batch_discount,
        starts_on=begins,
        source_url=quote.source_url,
        status=Status.DRAFT,
    )


def vanished(current: dict[tuple[str, str], Offer], found: Iterable[Quote]) -> Iterator[str]:
    """Offers in force at a host of which the package knows prices, but none for that model; efforts share their model's."""
    quoted = {(quote.model, quote.host) for quote in found}
    hosts = {quote.host for quote in found}
    for (slug, host), offer in sorted(current.items()):
        if host in hosts and (slug, host) not in quoted and not offer.model.variant:
            yield f"vanished: {slug} at {host}: {words((offer.input, offer.output, offer.cached_input))}"


def words(prices: Iterable[Decimal | None]) -> str:
    named = zip(("input", "output", "cached", "batch discount"), prices, strict=False)
    return ", ".join(f"{name} {price.normalize():f}" for name, price in named if price is not None)
