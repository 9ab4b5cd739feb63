"""Reported scores in, a difference out: names resolved, figures read, each cell judged in words, and the good ones as a plan."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from comparisons.finding import Name
from comparisons.importing.checking import Plan, Planned, guard_faults, plan_import
from comparisons.importing.figures import Figure, read_figure
from comparisons.importing.formats import TABLES, plain_number
from comparisons.importing.names import Known, ignored
from comparisons.importing.reading import Fault, Line, Sheet
from comparisons.models import Benchmark, LanguageModel, Status
from comparisons.naming import plain

COLUMNS = ("model", "benchmark", "value", "setting", "source_kind", "source_url", "reported_on", "status", "note")
NEEDED = ("setting", "source_kind", "source_url")  # other columns that are not given stay as they are stored
LEAVE_OUT = "-"
OUTCOMES = ("changed", "new", "refused", "unknown", "same", "blank", "left out")


@dataclass(frozen=True)
class Reported:
    """One score as a source writes it: names and figure as text, and the cells that differ from those given for all."""

    place: str
    model: str
    benchmark: str
    value: str
    cells: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""  # why it cannot stand, where its reader knows


@dataclass(frozen=True)
class Judged:
    """One cell of the difference. `said` explains how it was read, or why it is refused; `old` is what is stored."""

    place: str
    model: str
    benchmark: str
    setting: str
    outcome: str
    value: str = ""
    old: str = ""
    said: str = ""
    beside: str = ""  # what other sources say of the same model and benchmark
    source_url: str = ""


@dataclass(frozen=True)
class Unknown:
    """A name that is none of ours, with those that may be meant."""

    kind: str
    text: str
    scores: int
    near: tuple[Name, ...]

    @property
    def key(self) -> str:
        """The name as part of a form field."""
        return key_of(self.kind, self.text)


@dataclass
class Difference:
    """What storing the scores would do. `plan` holds the good rows alone; `confirm` what a person must confirm first."""

    cells: list[Judged] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    confirm: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)  # of what comes with the scores
    shape: str = "scores"  # or `prices`: a host stands in the place of the benchmark

    @property
    def counts(self) -> dict[str, int]:
        """Cells by outcome, in the order in which they are shown."""
        found = Counter(cell.outcome for cell in self.cells)
        return {outcome: found[outcome] for outcome in OUTCOMES if found[outcome]}

    @property
    def writes(self) -> int:
        return sum(bool(row.changed) for rows in self.plan.rows.values() for row in rows)

    @property
    def stamp(self) -> str:
        """The same for the same difference: what a person saw is what is applied, or it is shown again."""
        told = [(c.place, c.model, c.benchmark, c.setting, c.outcome, c.value, c.old) for c in self.cells]
        told += [(row.key, row.changed) for rows in self.plan.rows.values() for row in rows]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:20]


def key_of(kind: str, text: str) -> str:
    return f"{kind}-{hashlib.sha256((plain(text) or text).encode()).hexdigest()[:12]}"


# --- names ----------------------------------------------------------------------------------------------------------
def resolve(
    scores: Sequence[Reported], names: Mapping[str, Known], choices: Mapping[str, str]
) -> tuple[dict[tuple[str, str], str], list[Unknown]]:
    """Slug by (kind, text), `LEAVE_OUT` for names to skip, and those left to ask about. `choices` is by `Unknown.key`."""
    found, unknown = {}, []
    for kind, known in names.items():
        skipped = ignored(kind)
        for text, count in Counter(getattr(score, kind) for score in scores).items():
            chosen = choices.get(key_of(kind, text), "")
            slug = chosen if chosen == LEAVE_OUT else known.slug(chosen) if chosen else known.slug(text)
            if not slug and plain(text) in skipped:
                slug = LEAVE_OUT
            if slug:
                found[kind, text] = slug
            else:
                unknown.append(Unknown(kind, text, count, tuple(known.near(text))))
    return found, unknown


# --- judging --------------------------------------------------------------------------------------------------------
def look(
    scores: Sequence[Reported],
    names: Mapping[str, Known],
    common: Mapping[str, str],
    *,
    today: datetime.date,
    choices: Mapping[str, str] | None = None,
    sheets: Mapping[str, Sheet] | None = None,
    confirmed: Iterable[str] = (),
) -> Difference:
    """Compare the scores with what is stored.

    `common` holds the cells given once for all (source_url, source_kind, reported_on, setting, status), `sheets` catalogue
    rows that come with the scores, `confirmed` the options of an import that a person agreed to.
    """
    slugs, unknown = resolve(scores, names, choices or {})
    units = dict(Benchmark.objects.values_list("slug", "unit"))
    if sheets and "benchmarks" in sheets:
        units |= {line.cells["slug"]: line.cells["unit"] for line in sheets["benchmarks"].lines}
    judged: list[Judged] = []
    lines: list[Line] = []
    for place, score in enumerate(scores):
        model, benchmark = (slugs.get((kind, getattr(score, kind)), "") for kind in ("model", "benchmark"))
        cells = {**common, **score.cells}
        pairs = ((model, score.model), (benchmark, score.benchmark))
        shown = [text if slug in ("", LEAVE_OUT) else slug for slug, text in pairs]
        cell = Judged(score.place, *shown, cells.get("setting", ""), "new")
        figure = read_figure(score.value)
        if figure.is_blank:
            judged.append(replace(cell, outcome="blank", said="no score"))
        elif not (model and benchmark):
            judged.append(replace(cell, outcome="unknown", value=score.value))
        elif LEAVE_OUT in (model, benchmark):
            judged.append(replace(cell, outcome="left out", value=score.value))
        elif reason := score.refused or figure.refused or unit_fault(figure, units.get(benchmark, "")):
            judged.append(replace(cell, outcome="refused", value=score.value, said=reason))
        else:
            cells |= {"model": model, "benchmark": benchmark, "value": short(figure.text)}
            if figure.spread and not cells.get("note"):
                cells["note"] = f"± {figure.spread}"
            given = {name: cells.get(name, "") for name in COLUMNS if cells.get(name) or name in NEEDED}
            lines.append(Line(place + 2, given))
            judged.append(
                replace(
                    cell,
                    value=cells["value"],
                    said=told(figure, units.get(benchmark, "")),
                    source_url=cells.get("source_url", ""),
                )
            )
    lines = without_repeats(lines, judged)
    sheets = dict(sheets or {}) | {"scores": Sheet(TABLES["scores"], COLUMNS, tuple(lines))}
    plan, faults = judge_lines(sheets, judged, today, confirmed)
    confirm = [] if "allow_large_change" in confirmed else guard_faults(plan, is_whole=False)
    confirm += [fault for fault in faults if fault.confirm]
    return Difference(judged, unknown, plan, confirm, [fault for fault in faults if not fault.confirm])


def short(number: str) -> str:
    return plain_number(Decimal(number))


def unit_fault(figure: Figure, unit: str) -> str:
    if figure.is_percent and unit not in ("percent", "index", ""):
        return f"a percent sign, but the benchmark counts in {unit_name(unit)}"
    if figure.is_dollar and unit != "usd":
        return f"a dollar sign, but the benchmark counts in {unit_name(unit)}"
    return ""


def unit_name(unit: str) -> str:
    return {"elo": "Elo points", "usd": "dollars"}.get(unit, unit)


def told(figure: Figure, unit: str) -> str:
    said = [*figure.said, *(["the percent sign is left out"] if figure.is_percent else [])]
    if unit == "percent" and not figure.is_percent and 0 < abs(Decimal(figure.text)) < 1:
        said.append("below 1 %: a share of 1 would have to be written as a percentage")
    return "; ".join(said)


def line_key(line: Line) -> tuple[str, ...]:
    return tuple(line.cells.get(name, "") for name in TABLES["scores"].key)


def without_repeats(lines: list[Line], judged: list[Judged]) -> list[Line]:
    """The lines less those that say the same again; where two say different things, neither stays."""
    groups = defaultdict(list)
    for line in lines:
        groups[line_key(line)].append(line)
    kept = []
    for same in groups.values():
        values = list(dict.fromkeys(line.cells["value"] for line in same))
        if len(values) == 1:
            kept.append(same[0])
            for line in same[1:]:
                judged[line.number - 2] = replace(judged[line.number - 2], outcome="same", said="stands here twice")
            continue
        for line in same:
            reason = f"stands here {len(same)} times, with different values: {', '.join(values)}"
            judged[line.number - 2] = replace(judged[line.number - 2], outcome="refused", said=reason)
    return sorted(kept, key=lambda line: line.number)


def judge_lines(
    sheets: dict[str, Sheet], judged: list[Judged], today: datetime.date, confirmed: Iterable[str]
) -> tuple[Plan, list[Fault]]:
    """Check the lines as an import does, note the outcome of each, and plan the good ones."""
    allow = "allow_implausible" in confirmed
    plan = plan_import(sheets, today=today, allow_implausible=allow)
    statuses = dict(LanguageModel.objects.values_list("slug", "status"))
    others = defaultdict(list)
    for key, stored in plan.stored["scores"].items():
        if stored.values["status"] == Status.PUBLISHED:
            others[key[:2]].append((key, stored.values))
    reasons: dict[int, list[str]] = defaultdict(list)
    for fault in plan.faults:
        if fault.file == "scores.csv" and fault.line is not None and fault.line > 1:
            reasons[fault.line].append(f"{fault.column.replace('_', ' ')}: {fault.reason}")
    good = []
    for row in plan.rows["scores"]:
        if row.stored and row.changed == ("status",) and row.stored.values["status"] == Status.PUBLISHED:
            judged[row.line - 2] = replace(judged[row.line - 2], outcome="same", said="published already")
            continue
        if reason := status_fault(row):
            reasons[row.line].append(reason)
        if row.line not in reasons:
            judged[row.line - 2] = with_outcome(judged[row.line - 2], row, others, statuses)
            good.append(row)
    for line, found in reasons.items():
        judged[line - 2] = replace(judged[line - 2], outcome="refused", said="; ".join(found))
    plan.rows["scores"] = good
    faults = [fault for fault in plan.faults if fault.file != "scores.csv"]
    plan.faults = []
    return plan, faults


def status_fault(row: Planned) -> str:
    """A draft cannot stand beside the published score that it would change, and a withdrawn score comes back by its form alone."""
    if not row.stored or not row.changed:
        return ""
    was, now = row.stored.values["status"], row.values["status"]
    if was == Status.WITHDRAWN:
        return "this source's score was withdrawn: open it to publish it again"
    if was == Status.PUBLISHED and now == Status.DRAFT:
        return f"is published as {plain_number(row.stored.values['value'])}: a draft would take it off the site"
    return ""


def with_outcome(cell: Judged, row: Planned, others: Mapping, statuses: Mapping[str, str]) -> Judged:
    """The cell with what would become of it."""
    said = [cell.said] if cell.said else []
    if statuses.get(row.key[0]) == Status.DRAFT:
        said.append("hidden until its model is published")
    beside = [
        f"{plain_number(values['value'])} ({key[3].split('/')[2]}{', ' + key[2] if key[2] else ''})"
        for key, values in others[row.key[:2]]
        if key != row.key
    ]
    cell = replace(cell, beside=", ".join(beside[:3]), said="; ".join(said))
    if row.stored is None:
        return cell
    if not row.changed:
        return replace(cell, outcome="same")
    was, now = row.stored.values, row.values
    for name in row.changed:
        if name != "value":
            column = TABLES["scores"].by_name[name]
            said.append(
                f"{name.replace('_', ' ')} {column.write(was[name]) or 'empty'} → {column.write(now[name]) or 'empty'}"
            )
    return replace(cell, outcome="changed", old=plain_number(was["value"]), said="; ".join(said))
