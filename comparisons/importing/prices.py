"""A pasted price list as a difference: a price that changed ends the offer in force and begins a new one, so that both stay on record."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from comparisons.importing.checking import is_current, plan_import
from comparisons.importing.figures import read_figure
from comparisons.importing.formats import TABLES, iso, plain_number
from comparisons.importing.names import Known
from comparisons.importing.pasting import Priced
from comparisons.importing.reading import Fault, Line, Sheet
from comparisons.importing.scores import LEAVE_OUT, Difference, Judged, Reported, resolve, short
from comparisons.importing.stored import StoredRow, key_of, stored_rows
from comparisons.models import Status
from comparisons.naming import plain

FIGURES = ("input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok")
COLUMNS = tuple(column.name for column in TABLES["prices"].columns)
WORDS = dict(zip(FIGURES, ("input", "output", "cached"), strict=True))


def look(
    rows: Sequence[Priced],
    names: Mapping[str, Known],
    common: Mapping[str, str],
    *,
    today: datetime.date,
    choices: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
) -> Difference:
    """Compare the prices with the offers in force. `common` holds source_url, effective_on and status for all."""
    table = TABLES["prices"]
    asked = [Reported(row.place, row.cells.get("model", ""), "", "") for row in rows]
    slugs, unknown = resolve(asked, {"model": names["model"]}, choices or {})
    current = defaultdict(list)
    for stored in stored_rows(table):
        if is_current(stored.values):
            current[stored.values["model"]].append(stored)
    judged, lines, seen = [], [], set()
    for place, row in enumerate(rows):
        slug = slugs.get(("model", row.cells.get("model", "")), "")
        cell = Judged(row.place, slug or row.cells.get("model", ""), row.cells.get("provider", ""), "", "new")
        if slug in ("", LEAVE_OUT):
            judged.append(replace(cell, outcome="left out" if slug else "unknown"))
            continue
        cell, found = judge(
            cell, row, {**common, **{name: text for name, text in row.cells.items() if text}}, current[slug]
        )
        key = (cell.model, cell.benchmark, cell.setting)
        if key in seen and found:
            cell, found = replace(cell, outcome="refused", said="stands here twice"), []
        seen.add(key)
        judged.append(cell)
        lines += [Line(2 * place + 2 + step, cells) for step, cells in enumerate(found)]
    plan = plan_import(
        {"prices": Sheet(table, COLUMNS, tuple(lines))}, today=today, allow_implausible="allow_implausible" in confirmed
    )
    confirm, bad = [], defaultdict(list)
    for fault in plan.faults:
        place = ((fault.line or 2) - 2) // 2
        if fault.confirm:
            confirm.append(
                Fault(
                    f"{judged[place].model} at {judged[place].benchmark}",
                    None,
                    WORDS.get(fault.column, ""),
                    fault.reason,
                    fault.confirm,
                )
            )
        else:
            bad[place].append(f"{fault.column.removesuffix('_usd_per_mtok').replace('_', ' ')}: {fault.reason}")
    for place, reasons in bad.items():
        judged[place] = replace(judged[place], outcome="refused", said="; ".join(reasons))
    refused = {place for place, cell in enumerate(judged) if cell.outcome == "refused"}
    plan.rows["prices"] = [row for row in plan.rows["prices"] if (row.line - 2) // 2 not in refused]
    plan.faults = []
    return Difference(judged, unknown, plan, confirm, shape="prices")


def judge(
    cell: Judged, row: Priced, cells: dict[str, str], current: list[StoredRow]
) -> tuple[Judged, list[dict[str, str]]]:
    """The cell with what would become of it, and the lines of prices.csv that do it."""
    hosts = {stored.values["provider"] for stored in current}
    host = next((each for each in hosts if plain(each) == plain(cells.get("provider", ""))), cells.get("provider", ""))
    basis = cells.get("basis") or "api"
    if not host:
        own = [each for each in current if each.values["makers_own"] and each.values["basis"] == basis]
        if len(own) != 1:
            return replace(cell, outcome="refused", said="name the host: no single offer of the maker is in force"), []
        host = own[0].values["provider"]
    cell = replace(
        cell,
        benchmark=host,
        setting="" if basis == "api" else basis.replace("_", " "),
        source_url=cells.get("source_url", ""),
    )
    figures, said, table = {}, [], TABLES["prices"]
    for name in FIGURES:
        figure = read_figure(row.cells.get(name, ""))
        if figure.refused or figure.is_percent:
            reason = figure.refused or "a percent sign in a price"
            return replace(cell, outcome="refused", value=price_words(row.cells), said=f"{WORDS[name]}: {reason}"), []
        figures[name] = short(figure.text) if figure.text else ""
        said += [each for each in figure.said if figure.text]
    last = next((each for each in current if (each.values["provider"], each.values["basis"]) == (host, basis)), None)
    new = {"model": cell.model, "provider": host, "basis": basis, **figures}
    new |= {name: cells[name] for name in ("effective_on", "source_url", "status", "note") if cells.get(name)}
    new = {"effective_on": "", "source_url": ""} | new
    cell = replace(cell, value=price_words(figures), said="; ".join(said))
    if last is None:
        return cell, [new]
    given = [name for name in FIGURES if name in row.cells]
    was = {name: plain_number(last.values[name]) for name in FIGURES}
    cell = replace(cell, old=price_words(was))
    if all(figures[name] == was[name] for name in given):
        return replace(cell, outcome="same"), []
    if lost := not_carried(last, given):
        said.append(f"not carried over: {lost}")
    if last.values["makers_own"]:
        new["makers_own"] = "1"
    cell = replace(cell, outcome="changed", said="; ".join(said))
    began = last.values["effective_on"]
    try:
        begins = table.by_name["effective_on"].value(new["effective_on"])
    except ValueError as error:
        return replace(cell, outcome="refused", said=f"the day {error}"), []
    if begins is None:
        return replace(cell, outcome="refused", said="name the day on which the price began"), []
    if not began or begins > began:
        if new["status"] == Status.DRAFT:
            return cell, [new]
        return cell, [new, {**key_cells(last), "ends_on": iso(begins - datetime.timedelta(days=1))}]
    if begins == began and new["status"] == Status.PUBLISHED:
        return cell, [{name: text for name, text in new.items() if name not in FIGURES or name in given}]
    return replace(cell, outcome="refused", said=f"the price in force began on {iso(began)}: choose a later day"), []


def price_words(cells: Mapping[str, str]) -> str:
    return ", ".join(f"{word} {cells[name]}" for name, word in WORDS.items() if cells.get(name))


def not_carried(last: StoredRow, given: Sequence[str]) -> str:
    """What the offer in force has and the new one would not, as nobody says that it still holds."""
    parts = []
    if FIGURES[2] not in given and last.values[FIGURES[2]] is not None:
        parts.append(f"cached input {plain_number(last.values[FIGURES[2]])}")
    if last.values["batch_discount"] is not None:
        parts.append(f"batch discount {plain_number(last.values['batch_discount'])}")
    if steps := last.row.tiers.count():
        parts.append(f"{steps} price step{'s' if steps > 1 else ''}")
    return ", ".join(parts)


def key_cells(last: StoredRow) -> dict[str, str]:
    table = TABLES["prices"]
    return {
        name: table.by_name[name].write(value)
        for name, value in zip(table.key, key_of(table, last.values), strict=True)
    }
