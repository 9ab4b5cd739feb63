"""Printing only: marks and plots of models, the page's absolute address."""

from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import batched

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from comparisons import linked, news
from comparisons.bills import NumberField
from comparisons.cells import ScoreCell
from comparisons.links import Toggle
from comparisons.listings import Standing
from comparisons.panels import BenchmarkGroup, BenchmarkLine, CategoryEstimate, CategoryLine
from comparisons.scoring import Category
from comparisons.tradeoffs import TradeoffRow

register = template.Library()

# A shape for each model of a page, in a box of 12: circle, diamond, square, triangle. Hollow: no shared test backs the lead.
# Drawn in place: a browser takes longer over a reference to a shape than over the shape.
SHAPES = {
    "a": '<circle cx="6" cy="6" r="5.6"/>',
    "b": '<path d="M6-.6 12.6 6 6 12.6-.6 6Z"/>',
    "c": '<path d="M.8.8h10.4v10.4H.8Z"/>',
    "d": '<path d="M6 0 12.4 11.4H-.4Z"/>',
}
MARKS = {
    (side, hollow): mark_safe(  # noqa: S308 (constants)
        f'<svg class="m m{side}{" h" if hollow else ""}" viewBox="0 0 12 12" aria-hidden="true">{shape}</svg>'
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
    return SafeString(
        f'<svg class="m{escape(side)}" x="-6" y="-6" width="12" height="12" viewBox="0 0 12 12">{SHAPES[side]}</svg>'
    )


@register.simple_tag
def plot(positions: Sequence[str], ranges: Sequence[tuple[str, str] | None] = (None, None)) -> SafeString:
    """A dumbbell on the line from 0 to 100: a place a model, empty where unknown, with its likely range. The row's text has the figures."""
    a, b = map(escape, positions)
    link = f'<line class="link" x1="{a}%" x2="{b}%" y1="14" y2="14"/>' if a and b else ""
    spans = "".join(
        f'<line class="r{side}" x1="{escape(span[0])}%" x2="{escape(span[1])}%" y1="{y}" y2="{y}"/>'
        for side, span, y in zip("ab", ranges, (7, 21), strict=True)
        if span
    )
    circle = f'<circle class="ma" cx="{a}%" cy="10" r="6.5"/>' if a else ""
    diamond = f'<svg class="mb" x="{b}%"><path d="M-8.5 18 0 9.5 8.5 18 0 26.5Z"/></svg>' if b else ""
    return SafeString(f'<svg class="plot" aria-hidden="true">{link}{spans}{circle}{diamond}</svg>')


@register.simple_tag
def bar(position: str) -> SafeString:
    """One value on the line from 0 to 100."""
    dot = format_html('<circle class="ma" cx="{}%" cy="14" r="6.5"/>', position) if position else ""
    return format_html('<svg class="plot" aria-hidden="true">{}</svg>', dot)


NO_SCORE = mark_safe('<td class="n x"><span class="vh">no score</span></td>')


@register.simple_tag
def figure(text: str, is_best: bool = False) -> SafeString:
    """A table cell of one figure, bold where it is the best of its row; a dash that is read out where it is missing."""
    return SafeString(_figure(text, " best" if is_best else ""))


@register.simple_tag
def price(text: str) -> SafeString:
    """A table cell of a price; one that nobody publishes is said so."""
    return format_html('<td class="n{}">{}</td>', "" if text else " gone", text or "not published")


# What follows prints a cell or row in one go, every value escaped: the rows of a comparison are most of its page, and a template
# takes ten times as long for each.
def source_link(text: str, url: str) -> str:
    return f'<a class="src" href="{escape(url)}" rel="nofollow noopener">{escape(text)}</a>' if url else escape(text)


def small(text: str, classes: str = "") -> str:
    return f"<small{classes}>{escape(text)}</small>" if text else ""


def aside(words: str) -> str:
    """Words for the ear only."""
    return f'<span class="vh">{escape(words)}</span>' if words else ""


@register.simple_tag
def pills(toggles: Sequence[Toggle], target: str) -> SafeString:
    """Links that each show a panel in another way."""
    return SafeString("".join(_pill(each, target) for each in toggles))


def _pill(toggle: Toggle, target: str) -> str:
    current, href = ' aria-current="true"' if toggle.is_current else "", escape(toggle.href)
    swap = f'rel="nofollow" data-hx-get="{href}" data-hx-target="{target}" data-hx-swap="outerHTML"'
    return f'<a id="{toggle.id}" href="{href}"{current} {swap}>{escape(toggle.label)}</a>'


@register.simple_tag
def weight_fields(fields: Sequence[tuple[str, str, int, str]]) -> SafeString:
    return SafeString(
        "".join(
            _number(f"w-{slug}", f"w_{slug}", f"{name} ({share})", 0, 10, times) for slug, name, times, share in fields
        )
    )


@register.simple_tag
def load_fields(fields: Sequence[NumberField]) -> SafeString:
    return SafeString(
        "".join(
            _number(
                f"load-{each.name}",
                each.name,
                each.label,
                int(each.name == "calls"),
                each.most,
                each.value,
                ' placeholder="not known"' if each.name == "think" else "",
            )
            for each in fields
        )
    )


def _number(key: str, name: str, label: str, least: int, most: int, value: object, more: str = "") -> str:
    limits = f'type="number" min="{least}" max="{most}" step="1" value="{value}" inputmode="numeric"'
    return f'<div class="field"><label for="{key}">{escape(label)}</label><input id="{key}" name="{name}" {limits}{more}></div>'


@register.simple_tag
def score(cell: ScoreCell | None) -> SafeString:
    """A table cell of one model's score on one benchmark: linked to its source, with what a reader must know about it.

    The flag that reports it has one name everywhere, as the table's headers name the score.
    """
    if cell is None:
        return NO_SCORE
    flag = f'<a class="rep" href="{escape(cell.report)}" rel="nofollow" aria-label="Report this score"></a>'
    unconfirmed = small("unconfirmed") if cell.is_unconfirmed else ""
    return SafeString(
        f'<td class="n{" best" if cell.is_best else ""}">{flag if cell.report else ""}{source_link(cell.text, cell.url)}'
        f"{unconfirmed}{small(cell.note)}{_sources(cell) if cell.spread else ''}</td>"
    )


def _sources(cell: ScoreCell) -> str:
    lines = "".join(
        f"<li{' class="best"' if each.is_shown else ''}>{source_link(each.text, each.url)} {escape(each.kind)}, {escape(each.detail)}</li>"
        for each in cell.sources
    )
    return f"<details><summary>{escape(cell.spread)}</summary><ul>{lines}</ul></details>"


@register.simple_tag
def benchmark_rows(groups: Sequence[BenchmarkGroup]) -> SafeString:
    """The table of benchmarks, one body a category."""
    return SafeString("".join(map(_group, groups)))


def _group(group: BenchmarkGroup) -> str:
    own = "" if group.has_shared else ' class="own"'
    head = f"{escape(group.name)}<span>{mark(group.mark, group.is_hollow)}{escape(group.words)}</span>"
    rows = "".join(map(_benchmark_row, group.lines))
    return f'<tbody{own}><tr class="grp"><th colspan="4" scope="rowgroup">{head}</th></tr>{rows}</tbody>'


def _benchmark_row(line: BenchmarkLine) -> str:
    own = "" if line.is_shared else ' class="own"'
    name = f'<a href="{escape(line.url)}">{escape(line.name)}</a>{small(line.remark)}'
    lead = f"{aside(line.lead_words)}{mark(line.lead_mark)}{escape(line.lead)}"
    gone = "" if line.lead_mark else " gone"
    return f'<tr{own}><th scope="row">{name}</th>{"".join(map(score, line.cells))}<td class="l{gone}">{lead}</td></tr>'


BODY = 5  # rows in a body of the leaderboard: a browser lays the bodies out one after the other


@register.simple_tag
def standing_bodies(
    parts: Sequence[tuple[str, Sequence[Standing]]], has_estimates: bool, category: Category | None, width: int
) -> SafeString:
    """The leaderboard's bodies of a few rows, each part under its name; that of a category has no columns for the others."""
    bodies = []
    for name, rows in parts:
        printed = [_standing_row(row, has_estimates, not category) for row in rows]
        if name:
            printed.insert(0, f'<tr class="grp"><th colspan="{width}" scope="rowgroup">{escape(name)}</th></tr>')
        bodies += batched(printed, BODY, strict=False)
    return SafeString("".join(f"<tbody>{''.join(body)}</tbody>" for body in bodies))


def _standing_row(row: Standing, has_estimates: bool, is_overall: bool) -> str:
    places = _figure(row.places) if has_estimates and is_overall else ""
    remark = f"; {escape(row.remark)}" if row.remark else ""
    name = f'<a href="{escape(row.url)}">{escape(row.name)}</a><small>{escape(row.creator)}{remark}</small>'
    estimate = f"{escape(row.score)}<small>{escape(row.span)}</small>" if row.score else aside("none")
    score = f'<td class="n{" best" if row.score else " x"}">{estimate}</td>' if has_estimates else ""
    dots = f"<small>{_dots(row.dots)}</small>" if is_overall else ""
    coverage = f"{escape(row.coverage)}{dots}" if row.coverage else aside("none")
    prices = "".join(
        f'<td class="n{"" if text else " gone"}">{escape(text or "not published")}</td>'
        for text in (row.input, row.output)
    )
    facts = "".join(f'<td class="n">{escape(text or "not known")}</td>' for text in (row.context, row.released))
    categories = "".join(
        f'<td class="n gone">{escape(text)}<small>guess</small></td>' if is_guess else _figure(text)
        for text, is_guess in (row.categories if is_overall else ())
    )
    return (
        f'<tr><td class="n rank">{row.rank or "—"}</td>{places}<th scope="row">{name}</th>{score}<td class="n">{row.tests}</td>'
        f'{_figure(row.average, " best")}<td class="n{"" if row.coverage else " x"}">{coverage}</td>{prices}{facts}{categories}</tr>'
    )


def _figure(text: str, classes: str = "") -> str:
    return f'<td class="n{classes}">{escape(text)}</td>' if text else NO_SCORE


def _dots(confidence: int) -> str:
    """One to four filled dots of four."""
    drawn = f'<span aria-hidden="true">{"●" * confidence}{"○" * (4 - confidence)}</span>'
    return f'<span class="dots">{drawn}{aside(f"confidence {confidence} of 4")}</span>'


@register.simple_tag
def tradeoff_rows(rows: Sequence[TradeoffRow]) -> SafeString:
    return SafeString("".join(map(_tradeoff_row, rows)))


def _tradeoff_row(row: TradeoffRow) -> str:
    edge = f"{mark(row.edge)}{escape(row.edge_text)}"
    label = f'{escape(row.label)}{small(row.unit)}<small class="phone-only">{edge}</small>'
    gone = "" if row.edge in SHAPES else " gone"
    return (
        f'<tr><th scope="row">{label}</th>{_limit(row, "a")}{_limit(row, "b")}<td class="edge{gone}">{edge}</td></tr>'
    )


def _limit(row: TradeoffRow, side: str) -> str:
    """One side of a tradeoff row; what is missing is said in the row's own words."""
    value = getattr(row, side)
    classes = "best" if row.edge == side else "" if value.text else "gone"
    detail = f" {small(value.detail)}" if value.detail else ""
    text = source_link(value.text, value.source_url) if value.text else escape(row.missing)
    return f'<td class="{classes}">{text}{detail}</td>'


@register.simple_tag
def tally(lines: Sequence[CategoryLine]) -> SafeString:
    """Who wins where: a mark a category, a dash where nobody is called."""
    return SafeString("".join(map(_tile, lines)))


def _tile(line: CategoryLine) -> str:
    sign = (
        mark(line.leader, line.is_hollow)
        if line.tile
        else f'<span class="none" aria-hidden="true">{"=" if line.is_tie else "—"}</span>'
    )
    hollow = small("no shared test") if line.is_hollow else ""
    return f'<li class="{line.tile}">{sign}{escape(line.name)}<span class="vh">: {escape(line.outcome)}</span>{hollow}</li>'


@register.simple_tag
def bill_rows(rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> SafeString:
    return SafeString("".join(_bill_row(label, cells) for label, cells in rows))


def _bill_row(label: str, cells: Sequence[tuple[str, str]]) -> str:
    printed = "".join(
        f'<td class="n">{f"{escape(text)}<small>{escape(detail)}</small>" if text else aside("no such line")}</td>'
        for text, detail in cells
    )
    return f'<tr><th scope="row">{escape(label)}</th>{printed}</tr>'


@register.simple_tag
def category_rows(lines: Sequence[CategoryLine], has_estimate: bool) -> SafeString:
    """The table of categories; with estimates the averages stand behind them, on wide screens only."""
    return SafeString("".join(_category_row(line, has_estimate) for line in lines))


def _category_row(line: CategoryLine, has_estimate: bool) -> str:
    wide = " wide-cell" if has_estimate else ""
    averages = (
        f'<span class="phone-only small muted">{escape(line.averages)}</span>' if has_estimate and line.averages else ""
    )
    name = f'<a href="{escape(line.url)}">{escape(line.name)}</a><br><span class="small muted">{escape(line.evidence)}</span>{averages}'
    cells = "".join(
        f'<td class="n{wide}{" best" if is_best else ""}">{escape(text)}</td>'
        if text
        else f'<td class="n{wide} x"><span class="vh">no score</span></td>'
        for text, is_best in line.cells
    )
    lead = f"{aside(line.lead_words)}{mark(line.leader, line.is_hollow)}{escape(line.lead)}{small('no shared test') if line.is_hollow else ''}"
    return (
        f'<tr><th scope="row"><div class="cat"><span>{name}</span>{plot(line.positions, line.ranges)}</div></th>'
        f'{_estimate_cells(line.estimate) if has_estimate else ""}{cells}<td class="l{wide}{"" if line.leader else " gone"}">{lead}</td></tr>'
    )


NO_ESTIMATE = '<td class="n x"><span class="vh">no estimate</span></td>'


def _estimate_cells(estimate: CategoryEstimate | None) -> str:
    if estimate is None:
        return f'{NO_ESTIMATE}{NO_ESTIMATE}<td class="l gone">left out</td>'
    gone = " gone" if estimate.is_guess else ""
    cells = "".join(
        f'<td class="n{" best" if is_best else ""}{gone}">{escape(text)}<small>{escape(span)}</small></td>'
        for text, span, is_best in estimate.cells
    )
    said = f"{mark(estimate.mark)}{escape(estimate.said)}"
    return f'{cells}<td class="l{"" if estimate.mark else " gone"}">{said}</td>'


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
def sections(context: template.Context) -> SafeString:
    """The links of the main navigation; the one that the page is in is marked."""
    here = context["request"].path.split("/")[1] if "request" in context else ""
    return _sections(here if here in (name.lower() for name in SECTIONS) else "")


@cache
def _sections(here: str) -> SafeString:
    links = ((name, name.lower()) for name in SECTIONS)
    current = ' aria-current="page"'
    return SafeString(
        "".join(f'<li><a href="/{slug}/"{current if slug == here else ""}>{name}</a></li>' for name, slug in links)
    )
