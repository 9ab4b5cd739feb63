"""Sheets in, planned rows and faults out: what must hold before a row is written. Reads tables, writes none."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from comparisons.importing.formats import LOWER_IS_BETTER, TABLES, Column, Table, default_value, plain_number
from comparisons.importing.reading import Fault, Sheet
from comparisons.importing.stored import Key, StoredRow, key_of, stored_rows
from comparisons.models import Benchmark, Offer, Status, value_range

IMPLAUSIBLE = 10  # times the last price, up or down
GUARDED_FROM = 20  # stored rows of a table
Values = dict[str, object]


@dataclass(frozen=True)
class Planned:
    """One line of a file beside the row it is about: `values` holds every column, `changed` those that differ."""

    line: int
    key: Key
    values: Values
    stored: StoredRow | None
    changed: tuple[str, ...]


@dataclass
class Plan:
    """What an import would do: per table the planned rows, the stored rows by key, and the faults found."""

    rows: dict[str, list[Planned]] = field(default_factory=dict)
    stored: dict[str, dict[Key, StoredRow]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def after(self, name: str) -> dict[Key, Values]:
        """Every row of a table as it would stand afterwards, rows absent from the file included."""
        kept = {key: stored.values for key, stored in self.stored[name].items()}
        return kept | {planned.key: planned.values for planned in self.rows.get(name, [])}


def plan_import(
    sheets: dict[str, Sheet], *, today: datetime.date, allow_implausible: bool = False, broken: Collection[str] = ()
) -> Plan:
    """Compare the sheets with the tables. A table-wide rule is only judged when each of the table's lines is sound.

    `broken` holds the files that cannot be read: what names one of their rows is no fault of its own.
    """
    plan = Plan()
    named: dict[str, set[str]] = {}
    for name, table in TABLES.items():
        plan.stored[name] = {key_of(table, stored.values): stored for stored in stored_rows(table)}
        if table.key == ("slug",):
            written = {line.cells["slug"] for line in sheets[name].lines} if name in sheets else set()
            named[name] = written | {slug for (slug,) in plan.stored[name]}
    resolvers = {
        name: alias_resolver(sheets.get(name), plan.stored[name], named[name])
        for name, table in TABLES.items()
        if table.aliases
    }
    for name, table in TABLES.items():
        if name in sheets:
            plan_table(plan, table, sheets, named, resolvers, today, broken)
    check_plan(plan, sheets, allow_implausible=allow_implausible)
    return plan


def alias_resolver(sheet: Sheet | None, stored: dict[Key, StoredRow], slugs: set[str]) -> dict[str, str]:
    """Folded alias to slug: the aliases of the file, then those of the tables; a slug always wins over an alias."""
    resolver: dict[str, str] = {}
    for line in sheet.lines if sheet and "aliases" in sheet.columns else ():
        for alias in line.cells["aliases"].split("|"):
            resolver.setdefault(alias.casefold(), line.cells["slug"])
    for (slug,), row in stored.items():
        for alias in row.values["aliases"]:
            resolver.setdefault(alias.casefold(), slug)
    return {alias: slug for alias, slug in resolver.items() if alias and alias not in slugs}


def plan_table(
    plan: Plan,
    table: Table,
    sheets: dict[str, Sheet],
    named: dict,
    resolvers: dict,
    today: datetime.date,
    broken: Collection[str],
) -> None:
    sheet, stored, seen = sheets[table.name], plan.stored[table.name], {}
    rows = plan.rows[table.name] = []
    readers = {column: cache(column.value) for column in table.columns if column.name in sheet.columns}
    for line in sheet.lines:
        values, faults = read_cells(line.cells, readers, named, broken, resolvers, today)
        if table.name == "benchmarks":
            faults += read_direction(line.cells, values)
        if table.name == "featured_pairs" and len(values) == 3:
            values["first"], values["second"] = sorted((values["first"], values["second"]))
        if not set(table.key) <= set(values):
            plan.faults += [Fault(table.file, line.number, *fault) for fault in faults]
            continue
        key = key_of(table, values)
        if key in seen:
            faults.append((table.key[-1], f"same {' + '.join(table.key)} as line {seen[key]}"))
        seen.setdefault(key, line.number)
        before = stored.get(key)
        full = (
            before.values
            if before
            else {c.name: default_value(table, c) for c in table.columns if c.name not in values}
        )
        full = full | values
        if not faults:
            faults += ROW_RULES.get(table.name, no_rules)(full)
        if faults:
            plan.faults += [Fault(table.file, line.number, *fault) for fault in faults]
        else:
            rows.append(planned_row(table, line.number, key, full, before))
    if table.name == "prices" and "ends_on" not in sheet.columns:
        starts = defaultdict(list)
        for row in rows:
            starts[row.key[:3]].append(row.values["effective_on"])
        plan.rows[table.name] = [ended(table, row, starts[row.key[:3]]) for row in rows]


def planned_row(table: Table, line: int, key: Key, full: Values, before: StoredRow | None) -> Planned:
    names = [column.name for column in table.columns]
    changed = tuple(name for name in names if before is None or before.values[name] != full[name])
    return Planned(line, key, full, before, changed)


def read_cells(
    cells: dict[str, str],
    readers: dict[Column, Callable],
    named: dict,
    broken: Collection[str],
    resolvers: dict,
    today: datetime.date,
) -> tuple[Values, list[tuple[str, str]]]:
    """The values of one line by column name, and (column, reason) of each cell that is refused."""
    values, faults = {}, []
    for column, read in readers.items():
        if column.name not in cells:
            continue
        try:
            value = read(cells[column.name])
        except ValueError as error:
            faults.append((column.name, str(error)))
            continue
        if column.past and value and value > today:
            faults.append((column.name, f"lies in the future: {value}"))
            continue
        if column.reference and value is not None and value not in named[column.reference]:
            value = resolvers.get(column.reference, {}).get(value.casefold())
            table = TABLES[column.reference]
            if value is None and table.file not in broken:
                faults.append((column.name, f"names no row of {table.file}: {cells[column.name]}"))
            if value is None:
                continue
        values[column.name] = value
    return values, faults


def read_direction(cells: dict[str, str], values: Values) -> list[tuple[str, str]]:
    """`lower_is_better` stands in for an absent or empty `direction`, and may not contradict a given one."""
    given = values.get("direction")
    if LOWER_IS_BETTER.name not in cells:
        return [("direction", "is empty; use one of higher, lower, none")] if given == "" else []
    try:
        told = LOWER_IS_BETTER.read(cells[LOWER_IS_BETTER.name])
    except ValueError as error:
        return [(LOWER_IS_BETTER.name, str(error))]
    if given in ("higher", "lower") and given != told:
        return [(LOWER_IS_BETTER.name, f"contradicts the direction {given}")]
    values["direction"] = given or told
    return []


def ended(table: Table, row: Planned, starts: list[datetime.date | None]) -> Planned:
    """A superseded offer of a file that has no column for its end: it ended on the day before the next one began."""
    start = row.values["effective_on"]
    later = [day for day in starts if day and (start is None or day > start)]
    if row.values["ends_on"] or not later:
        return row
    full = row.values | {"ends_on": min(later) - datetime.timedelta(days=1)}
    return planned_row(table, row.line, row.key, full, row.stored)


# --- rules of one row: (column, reason) for each that does not hold ---------------------------------------------------

Faults = Iterator[tuple[str, str]]


def no_rules(values: Values) -> Faults:
    return iter(())


def benchmark_rules(values: Values) -> Faults:
    floor, ceiling = values["floor"], values["ceiling"]
    if (floor is None) != (ceiling is None):
        yield "ceiling" if ceiling is None else "floor", "floor and ceiling are both given or both empty"
    elif floor is not None and ceiling <= floor:
        yield "ceiling", f"is not above the floor: {plain_number(ceiling)}"
    if values["weight"] and floor is None:
        yield "weight", "a benchmark without bounds cannot carry weight"
    if values["weight"] and values["direction"] == "none":
        yield "weight", "a benchmark without a direction cannot carry weight"


def model_rules(values: Values) -> Faults:
    context, output, released = values["context_window"], values["max_output"], values["released_on"]
    total, active = values["parameters_b"], values["active_parameters_b"]
    if context and output and output > context:
        yield "max_output", f"is above context_window: {output}"
    if active and (not total or active > total):
        yield "active_parameters_b", "needs a larger parameters_b"
    if values["knowledge_cutoff"] and released and values["knowledge_cutoff"] > f"{released:%Y-%m}":
        yield "knowledge_cutoff", f"is after released_on: {values['knowledge_cutoff']}"
    if values["retires_on"] and released and values["retires_on"] <= released:
        yield "retires_on", f"is not after released_on: {values['retires_on']}"
    if values["successor"] == values["slug"]:
        yield "successor", "a model cannot succeed itself"


def score_rules(values: Values) -> Faults:
    if values["withdrawn_on"] and values["status"] == Status.PUBLISHED:
        yield "status", "a score with a withdrawal date is not published"


def price_order(values: Values) -> Faults:
    given, made, cached = (values[f"{name}_usd_per_mtok"] for name in ("input", "output", "cached_input"))
    if cached is not None and given is not None and cached > given:
        yield "cached_input_usd_per_mtok", "cached input costs more than input"
    if given and made and made < given:
        yield "output_usd_per_mtok", "output costs less than input"


def offer_rules(values: Values) -> Faults:
    names = ("input_usd_per_mtok", "output_usd_per_mtok")
    figures = [values[name] for name in names]
    if values["basis"] == Offer.Basis.API:
        if figures == [None, None]:
            yield names[0], "an api price needs at least one figure"
        for name, figure in zip(names, figures, strict=True):
            if figure == 0:
                yield name, "an api price is above zero; use free_tier or self_hosted"
    for name in (*names, "cached_input_usd_per_mtok"):
        if values[name] and values["basis"] == Offer.Basis.SELF_HOSTED:
            yield name, "a self-hosted model has no list price"
        elif values[name] and values["basis"] == Offer.Basis.FREE_TIER:
            yield name, "a free tier costs nothing"
    if values["effective_on"] is None and values["basis"] != Offer.Basis.SELF_HOSTED:
        yield "effective_on", "is empty"
    if values["batch_discount"] is not None and not 0 < values["batch_discount"] < 1:
        yield "batch_discount", "lies above 0 and below 1"
    if values["ends_on"] and values["effective_on"] and values["ends_on"] < values["effective_on"]:
        yield "ends_on", f"is before effective_on: {values['ends_on']}"
    yield from price_order(values)


def runtime_rules(values: Values) -> Faults:
    if values["output_tokens_per_second"] is None and values["time_to_first_token_s"] is None:
        yield "output_tokens_per_second", "neither figure is given"


def pair_rules(values: Values) -> Faults:
    if values["first"] == values["second"]:
        yield "second", "a pair needs two different models"


ROW_RULES = {
    "benchmarks": benchmark_rules,
    "models": model_rules,
    "scores": score_rules,
    "prices": offer_rules,
    "offer_tiers": price_order,
    "runtimes": runtime_rules,
    "featured_pairs": pair_rules,
}


# --- rules of a whole table ------------------------------------------------------------------------------------------


def check_plan(plan: Plan, sheets: dict[str, Sheet], *, allow_implausible: bool) -> None:
    broken = {fault.file for fault in plan.faults}
    sound = {
        name for name in sheets if len(plan.rows[name]) == len(sheets[name].lines) and TABLES[name].file not in broken
    }
    for name in TABLES:
        if name in sheets:
            plan.faults += unique_faults(plan, TABLES[name])
    for name, table in TABLES.items():
        if table.aliases and name in sheets:
            plan.faults += alias_faults(plan, table)
    if "categories" in sound:
        plan.faults += category_faults(plan)
    if "benchmarks" in sound:
        plan.faults += weight_faults(plan)
    plan.faults += value_faults(plan)
    if "prices" in sound:
        plan.faults += current_faults(plan)
        if not allow_implausible:
            plan.faults += implausible_faults(plan)
    plan.faults += tier_faults(plan, prices_known="prices" in sound)
    order = {table.file: place for place, table in enumerate(TABLES.values())}
    plan.faults.sort(key=lambda fault: (order[fault.file], fault.line))


def unique_faults(plan: Plan, table: Table) -> Iterator[Fault]:
    """Values that may stand once in a table, among the lines of the file and the stored rows it does not hold."""
    rows = plan.rows[table.name]
    kept = plan.stored[table.name].keys() - {row.key for row in rows}
    for name in table.unique:
        taken = {plan.stored[table.name][key].values[name]: f"the stored row {key[0]}" for key in kept}
        for row in rows:
            value = row.values[name]
            if value in taken:
                yield Fault(table.file, row.line, name, f"{value} already stands on {taken[value]}")
            taken.setdefault(value, f"line {row.line}")


def alias_faults(plan: Plan, table: Table) -> Iterator[Fault]:
    """An alias names one row and is no other row's slug."""
    rows = plan.rows[table.name]
    inside = {row.key for row in rows}
    owners = {slug: slug for (slug,) in plan.after(table.name)}
    for (slug,), stored in plan.stored[table.name].items():
        if (slug,) not in inside:
            owners |= {alias.casefold(): slug for alias in stored.values["aliases"]}
    for row in rows:
        for alias in row.values["aliases"]:
            owner = owners.setdefault(alias.casefold(), row.values["slug"])
            if owner != row.values["slug"]:
                yield Fault(table.file, row.line, "aliases", f"{alias} already names {owner}")
    for row in rows:
        if owners[row.values["slug"]] != row.values["slug"]:
            yield Fault(table.file, row.line, "slug", f"is an alias of {owners[row.values['slug']]}")


def category_faults(plan: Plan) -> Iterator[Fault]:
    categories = plan.after("categories").values()
    total = sum((values["weight"] for values in categories), Decimal(0))
    if total != 1:
        yield Fault("categories.csv", 1, "weight", f"the weights add up to {plain_number(total)}, not 1")
    if sorted(values["order"] for values in categories) != list(range(1, len(categories) + 1)):
        yield Fault("categories.csv", 1, "order", "the places are not 1, 2, 3 and so on")


def weight_faults(plan: Plan) -> Iterator[Fault]:
    for reason in weight_reasons(plan).values():
        yield Fault("benchmarks.csv", 1, "weight", reason)


def weight_reasons(plan: Plan) -> dict[str, str]:
    """By category why the weights of its benchmarks will not do; a category without weight needs none inside."""
    total = defaultdict(Decimal)
    for values in plan.after("benchmarks").values():
        total[values["category"]] += values["weight"]
    idle = {slug for (slug,), values in plan.after("categories").items() if not values["weight"]}
    return {
        category: f"the weights of {category} add up to {plain_number(weight)}, not 1"
        for category, weight in sorted(total.items())
        if weight != 1 and not (weight == 0 and category in idle)
    }


def value_faults(plan: Plan) -> Iterator[Fault]:
    """Scores within their benchmark's range: those of the file, and stored ones whose benchmark gets new bounds."""
    ranges = {
        slug: value_range(Benchmark(unit=values["unit"], floor=values["floor"], ceiling=values["ceiling"]))
        for (slug,), values in plan.after("benchmarks").items()
    }
    rows = plan.rows.get("scores", [])
    for row in rows:
        if row.values["benchmark"] not in ranges:
            continue  # its benchmark's own line is refused
        low, high = ranges[row.values["benchmark"]]
        if not low <= row.values["value"] <= high:
            place = f"{plain_number(low)} to {plain_number(high)}"
            yield Fault(
                "scores.csv",
                row.line,
                "value",
                f"{row.values['benchmark']} allows {place}: {plain_number(row.values['value'])}",
            )
    lines = {
        row.key[0]: row.line
        for row in plan.rows.get("benchmarks", [])
        if {"unit", "floor", "ceiling"} & set(row.changed)
    }
    inside = {row.key for row in rows}
    outside = defaultdict(int)
    for key, stored in plan.stored["scores"].items():
        low, high = ranges[key[1]]
        if key[1] in lines and key not in inside and not low <= stored.values["value"] <= high:
            outside[key[1]] += 1
    for slug, count in outside.items():
        yield Fault("benchmarks.csv", lines[slug], "floor", f"{count} stored scores lie outside the range of {slug}")


def is_current(values: Values) -> bool:
    return values["ends_on"] is None and values["status"] == Status.PUBLISHED


def current_faults(plan: Plan) -> Iterator[Fault]:
    """One current offer for each model, host and basis."""
    rows = {row.key: row for row in plan.rows["prices"]}
    current = defaultdict(list)
    for key, values in plan.after("prices").items():
        if is_current(values):
            current[key[:3]].append(key)
    for keys in current.values():
        if len(keys) < 2:
            continue
        lines = sorted((rows[key].line for key in keys if key in rows), reverse=True)
        other = f"line {lines[1]}" if len(lines) > 1 else "a stored row"
        yield Fault(
            "prices.csv", lines[0], "ends_on", f"{other} is a current offer of the same model, provider and basis too"
        )


def implausible_faults(plan: Plan) -> Iterator[Fault]:
    """A new or changed figure ten times the last one of the same model, host and basis, or a tenth of it."""
    history = defaultdict(list)
    for key, values in plan.after("prices").items():
        history[key[:3]].append(values)
    for row in plan.rows["prices"]:
        for name in ("input_usd_per_mtok", "output_usd_per_mtok"):
            if row.values["basis"] != Offer.Basis.API or name not in row.changed or not row.values[name]:
                continue
            if row.stored and row.stored.values[name]:
                last = row.stored.values[name]
            else:
                last = last_figure(history[row.key[:3]], name, row.values["effective_on"])
            if last and (row.values[name] >= IMPLAUSIBLE * last or row.values[name] * IMPLAUSIBLE <= last):
                was, now = plain_number(last), plain_number(row.values[name])
                yield Fault(
                    "prices.csv",
                    row.line,
                    name,
                    f"implausible beside the last price {was}: {now}",
                    confirm="allow_implausible",
                )


def last_figure(offers: list[Values], name: str, day: datetime.date) -> Decimal | None:
    """The figure in force before a day; where none is older, the next one."""
    dated = sorted((offer["effective_on"], offer[name]) for offer in offers if offer["effective_on"] and offer[name])
    older = [figure for start, figure in dated if start < day]
    newer = [figure for start, figure in dated if start > day]
    return older[-1] if older else newer[0] if newer else None


def tier_faults(plan: Plan, *, prices_known: bool) -> Iterator[Fault]:
    """A tier hangs on an offer; without a sound prices.csv that cannot be judged."""
    offers = plan.after("prices")
    for row in plan.rows.get("offer_tiers", []):
        if prices_known and row.key[:4] not in offers:
            yield Fault("offer_tiers.csv", row.line, "effective_on", "names no offer of prices.csv")


def guard_faults(plan: Plan, *, is_whole: bool) -> list[Fault]:
    """Tables of which more than a quarter of the stored rows would change or is absent from the file; drafts may be absent.

    What holds a few rows of a table rather than the whole of it has no absent ones.
    """
    faults = []
    for name, rows in plan.rows.items():
        stored = plan.stored[name]
        changing = sum(1 for row in rows if row.stored and row.changed)
        missing = stored.keys() - {row.key for row in rows} if is_whole else ()
        absent = sum(stored[key].values.get("status") != Status.DRAFT for key in missing)
        if len(stored) >= GUARDED_FROM and (changing + absent) * 4 > len(stored):
            reason = (
                f"{changing:,} of {len(stored):,} stored rows would change and {absent:,} are absent, "
                "more than a quarter"
            )
            faults.append(Fault(TABLES[name].file, None, "", reason, confirm="allow_large_change"))
    return faults


def refused_lines(faults: list[Fault]) -> dict[str, int]:
    """How many lines of each file are refused."""
    lines = {(fault.file, fault.line) for fault in faults if fault.line is not None and fault.line > 1}
    return {table.name: sum(1 for file, _ in lines if file == table.file) for table in TABLES.values()}
