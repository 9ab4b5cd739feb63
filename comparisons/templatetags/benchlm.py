"""Printing only: marks and plots of models, the page's absolute address."""

from collections.abc import Sequence

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from comparisons import linked, news
from comparisons.cells import ScoreCell
from comparisons.tradeoffs import TradeoffRow

register = template.Library()

# A shape for each model of a page: circle, diamond, square, triangle. Hollow: no shared test backs the lead.
SHAPES = {"a": "ca", "b": "db", "c": "sq", "d": "tr"}
MARKS = {
    (side, hollow): mark_safe(  # noqa: S308 (constants)
        f'<svg class="m m{side}{" h" if hollow else ""}" aria-hidden="true"><use href="#{shape}"/></svg>'
    )
    for side, shape in SHAPES.items()
    for hollow in (False, True)
}

register.filter("sentence", news.sentence)


@register.simple_tag
def mark(side: str, hollow: bool = False) -> SafeString:
    """The shape of a model; nothing for a tie."""
    return MARKS.get((side, bool(hollow)), SafeString(""))


@register.simple_tag
def tip(side: str) -> SafeString:
    """The shape of a model where its line in a picture ends."""
    return format_html('<use class="m{}" href="#{}" x="-6" y="-6" width="12" height="12"/>', side, SHAPES[side])


@register.simple_tag
def plot(positions: Sequence[str], ranges: Sequence[tuple[str, str] | None] = (None, None)) -> SafeString:
    """A dumbbell on the line from 0 to 100: a place a model, empty where unknown, with its likely range. The row's text has the figures."""
    a, b = positions
    link = format_html('<line class="link" x1="{}%" x2="{}%" y1="14" y2="14"/>', a, b) if a and b else ""
    spans = [
        format_html('<line class="r{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>', side, *span, y, y) if span else ""
        for side, span, y in zip("ab", ranges, (7, 21), strict=True)
    ]
    circle = format_html('<circle class="ma" cx="{}%" cy="10" r="6.5"/>', a) if a else ""
    diamond = format_html('<svg class="mb" x="{}%"><use href="#dp"/></svg>', b) if b else ""
    return format_html(
        '<svg class="plot" aria-hidden="true"><use href="#ax"/>{}{}{}{}{}</svg>', link, *spans, circle, diamond
    )


@register.simple_tag
def bar(position: str) -> SafeString:
    """One value on the line from 0 to 100."""
    dot = format_html('<circle class="ma" cx="{}%" cy="14" r="6.5"/>', position) if position else ""
    return format_html('<svg class="plot" aria-hidden="true"><use href="#ax"/>{}</svg>', dot)


NO_SCORE = mark_safe('<td class="n x"><span class="vh">no score</span></td>')


@register.simple_tag
def figure(text: str, is_best: bool = False) -> SafeString:
    """A table cell of one figure, bold where it is the best of its row; a dash that is read out where it is missing."""
    return format_html('<td class="n{}">{}</td>', " best" if is_best else "", text) if text else NO_SCORE


@register.simple_tag
def price(text: str) -> SafeString:
    """A table cell of a price; one that nobody publishes is said so."""
    return format_html('<td class="n{}">{}</td>', "" if text else " gone", text or "not published")


@register.simple_tag
def dots(confidence: int) -> SafeString:
    """One to four filled dots of four."""
    return format_html(
        '<span class="dots"><span aria-hidden="true">{}{}</span><span class="vh">confidence {} of 4</span></span>',
        "●" * confidence,
        "○" * (4 - confidence),
        confidence,
    )


def source_link(text: str, url: str) -> str:
    return format_html('<a class="src" href="{}" rel="nofollow noopener">{}</a>', url, text) if url else text


def report_link(address: str) -> str:
    """The flag beside a score; its name is the same everywhere, as the table's headers name the score."""
    return (
        format_html('<a class="rep" href="{}" rel="nofollow" aria-label="Report this score"></a>', address)
        if address
        else ""
    )


@register.simple_tag
def score(cell: ScoreCell | None) -> SafeString:
    """A table cell of one model's score on one benchmark: linked to its source, with what a reader must know about it."""
    if cell is None:
        return NO_SCORE
    remarks = [remark for remark in ("unconfirmed" if cell.is_unconfirmed else "", cell.note) if remark]
    small = format_html_join("", "<small>{}</small>", ((remark,) for remark in remarks))
    return format_html(
        '<td class="n{}">{}{}{}{}</td>',
        " best" if cell.is_best else "",
        report_link(cell.report),
        source_link(cell.text, cell.url),
        small,
        _sources(cell),
    )


def _sources(cell: ScoreCell) -> SafeString:
    if not cell.spread:
        return SafeString("")
    lines = format_html_join(
        "",
        "<li{}>{} {}, {}</li>",
        (
            (mark_safe(' class="best"') if s.is_shown else "", source_link(s.text, s.url), s.kind, s.detail)
            for s in cell.sources
        ),
    )
    return format_html("<details><summary>{}</summary><ul>{}</ul></details>", cell.spread, lines)


@register.simple_tag
def limit(row: TradeoffRow, side: str) -> SafeString:
    """A table cell of one side of a tradeoff row; what is missing is said in the row's own words."""
    value = getattr(row, side)
    classes = "best" if row.edge == side else "" if value.text else "gone"
    detail = format_html(" <small>{}</small>", value.detail) if value.detail else ""
    return format_html(
        '<td class="{}">{}{}</td>',
        classes,
        source_link(value.text, value.source_url) if value.text else row.missing,
        detail,
    )


@register.simple_tag
def absolute(path: str) -> str:
    """The one public address of a path: from the settings, never from the Host header."""
    return settings.SITE_URL + path


@register.simple_tag(takes_context=True)
def linked_data(context: template.Context) -> SafeString:
    """What the page says to search engines: where it stands, and what its view adds as `linked`."""
    path = context.get("canonical") or (context["request"].path if "request" in context else "/")
    nodes = [*linked.breadcrumbs(path, context.get("title", "")), *context.get("linked", ())]
    return linked.script(nodes) if nodes else SafeString("")


@register.simple_tag
def contact() -> str:
    """Where to report a wrong score: an address of the operator, or empty."""
    return settings.CONTACT_URL


SECTIONS = ("Compare", "Leaderboard", "Models", "Benchmarks", "Pricing", "Methodology")


@register.simple_tag(takes_context=True)
def sections(context: template.Context) -> list[tuple[str, str, bool]]:
    """The main navigation: address, label, whether the page is in it."""
    here = context["request"].path.split("/")[1] if "request" in context else ""
    return [(f"/{name.lower()}/", name, here == name.lower()) for name in SECTIONS]
