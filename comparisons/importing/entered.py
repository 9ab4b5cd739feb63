"""Rows entered in a form, judged by the rules of a file: what an import would refuse, a form refuses."""

import datetime
from collections.abc import Iterator, Sequence

from django.db.models import Model

from comparisons.importing.checking import ROW_RULES, Plan, Planned, category_faults, no_rules, weight_reasons
from comparisons.importing.formats import TABLES, Column, Table
from comparisons.importing.stored import StoredRow, key_of, stored_rows, values_of
from comparisons.models import Benchmark

TABLE_OF = {table.model: table for table in TABLES.values()}
SAYS = {"is empty": "This field is required."}


def row_faults(row: Model, today: datetime.date) -> Iterator[tuple[str, str]]:
    """(field, sentence) of each cell that an import of the row would refuse; the field is empty where it is none of the row's."""
    table = TABLE_OF.get(type(row))
    if table is None:
        return
    values = values_of(table, row)
    faults = [(column, reason) for column in own(table) if (reason := cell_fault(column, values[column.name], today))]
    if not faults:
        columns = table.by_name
        faults = [(columns[name], reason) for name, reason in ROW_RULES.get(table.name, no_rules)(values)]
        if row.pk:  # of a stored offer the first day may be unknown for ever
            faults = [
                (column, reason) for column, reason in faults if (column.field, reason) != ("starts_on", "is empty")
            ]
    for column, reason in faults:
        yield ("" if "." in column.field else column.field), sentence(reason)


def own(table: Table) -> list[Column]:
    """The columns that are fields of the row itself and no reference."""
    return [column for column in table.columns if column.field and "." not in column.field and not column.reference]


def cell_fault(column: Column, value: object, today: datetime.date) -> str:
    try:
        value = column.value(column.write(value))
    except ValueError as error:
        return str(error)
    return f"lies in the future: {value}" if column.past and value and value > today else ""


def sentence(reason: str) -> str:
    text = SAYS.get(reason, reason[:1].upper() + reason[1:])
    return text if text.endswith((".", ")")) else f"{text}."


# --- weights, which are right or wrong together -----------------------------------------------------------------------
def weight_sentences(rows: Sequence[Model]) -> list[str]:
    """Why the weights would not do with these categories or benchmarks in the place of the stored ones."""
    plan = Plan()
    for table in (TABLES["categories"], TABLES["benchmarks"]):
        plan.stored[table.name] = {key_of(table, each.values): each for each in stored_rows(table)}
        by_row = {each.row.pk: key for key, each in plan.stored[table.name].items()}
        plan.rows[table.name] = []
        for row in rows:
            if type(row) is table.model:
                before = plan.stored[table.name].pop(by_row.get(row.pk), None)
                plan.rows[table.name].append(planned(table, row, before))
    reasons = [each.reason for each in category_faults(plan)] if plan.rows["categories"] else []
    touched = {row.category.slug for row in rows if isinstance(row, Benchmark)}
    touched |= {each.stored.values["category"] for each in plan.rows["benchmarks"] if each.stored}
    reasons += [reason for category, reason in weight_reasons(plan).items() if category in touched]
    return [sentence(reason) for reason in reasons]


def planned(table: Table, row: Model, before: StoredRow | None) -> Planned:
    values = values_of(table, row)
    return Planned(1, key_of(table, values), values, before, ())
