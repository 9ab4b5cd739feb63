"""The one way in: tables are checked as a whole, compared with what is stored, and applied whole or not at all."""

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, chain
from pathlib import Path

from django.db import DataError, IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from comparisons.importing.changes import catalogue_loaded, changes_for
from comparisons.importing.checking import Plan, Planned, guard_faults, is_current, plan_import, refused_lines
from comparisons.importing.formats import TABLES, Table
from comparisons.importing.reading import Fault, Sheet, read_folder
from comparisons.importing.stored import Key
from comparisons.models import Batch, CatalogueVersion, Change, Status

CHUNK = 500  # rows per statement and per step of the progress
SHOWN = 20  # differences printed for each table
REASON = "import"
Progress = Callable[[str, int, int], None]
Rows = dict[str, dict[Key, Model]]


@dataclass(frozen=True)
class TableReport:
    name: str
    created: int
    updated: int
    unchanged: int
    kept: int
    refused: int


@dataclass(frozen=True)
class Difference:
    """One row that would be or was written: (column, old, new) as cells; no old cells where the row is new."""

    table: str
    key: str
    created: bool
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Report:
    """What an import did, or would do: nothing is applied when there are faults or on a dry run."""

    tables: tuple[TableReport, ...]
    differences: tuple[Difference, ...]
    faults: tuple[Fault, ...]
    applied: bool
    batch: Batch | None = None


def import_folder(folder: Path | str, *, today: datetime.date, **options) -> Report:
    """Import the CSV files of a folder; the options are those of `import_sheets`."""
    sheets, faults = read_folder(Path(folder))
    return import_sheets(sheets, faults, today=today, **options)


def import_sheets(
    sheets: dict[str, Sheet],
    faults: Iterable[Fault] = (),
    *,
    today: datetime.date,
    dry_run: bool = False,
    allow_large_change: bool = False,
    allow_implausible: bool = False,
    is_whole: bool = True,
    batch: Batch | None = None,
    reason: str = REASON,
    progress: Progress | None = None,
) -> Report:
    """Check and compare, then apply in one transaction. `progress` is called with table, rows done and rows to write.

    `batch` says who imports what; `is_whole` that a sheet holds all of its table, so that rows absent from it are counted. The plan is made
    before the transaction, so that on SQLite nobody waits for it, and anew inside where somebody wrote meanwhile.
    """
    faults = list(faults)
    broken = {fault.file for fault in faults} - {sheet.table.file for sheet in sheets.values()}
    make_plan = partial(plan_import, sheets, today=today, allow_implausible=allow_implausible, broken=broken)
    version, plan = CatalogueVersion.stamp(), make_plan()
    with transaction.atomic():
        one_at_a_time()
        if CatalogueVersion.stamp() != version:
            plan = make_plan()
        faults += plan.faults
        if not allow_large_change and not any(not fault.confirm for fault in faults):
            faults += guard_faults(plan, is_whole=is_whole)
        report = report_of(plan, faults, applied=not faults and not dry_run)
        if report.applied and report.differences:
            batch = batch or Batch(kind=Batch.Kind.IMPORT, title="catalogue files")
            if refusal := apply_plan(plan, batch, reason=reason, progress=progress):
                return report_of(plan, [refusal], applied=False)
            return replace(report, batch=batch)
    return report


def one_at_a_time() -> None:
    """Hold every other import until this transaction ends."""
    CatalogueVersion.objects.select_for_update().first()


def apply_plan(plan: Plan, batch: Batch, *, reason: str = REASON, progress: Progress | None = None) -> Fault | None:
    """Write a plan without faults, whole, under the batch that can undo it; what the database refuses is returned."""
    changed = [row for rows in plan.rows.values() for row in rows if row.changed]
    batch.at = timezone.now()
    batch.created = sum(row.stored is None for row in changed)
    batch.updated = len(changed) - batch.created
    batch.unchanged = sum(map(len, plan.rows.values())) - len(changed)
    try:
        with transaction.atomic():
            write_plan(plan, batch, reason, progress or (lambda table, done, total: None))
            batch.save()
    except (DataError, IntegrityError) as error:
        return Fault("catalogue", None, "", f"the database refuses it: {error}")
    return None


# --- report ----------------------------------------------------------------------------------------------------------


def report_of(plan: Plan, faults: list[Fault], *, applied: bool) -> Report:
    refused = refused_lines(faults)
    bad = {(fault.file, fault.line) for fault in faults if not fault.confirm}
    tables, differences = [], []
    for name, table in TABLES.items():
        rows, stored = plan.rows.get(name, []), plan.stored[name]
        rows = [row for row in rows if (table.file, row.line) not in bad]
        created = sum(1 for row in rows if row.stored is None)
        updated = sum(1 for row in rows if row.stored and row.changed)
        kept = len(stored.keys() - {row.key for row in rows})
        tables.append(TableReport(name, created, updated, len(rows) - created - updated, kept, refused[name]))
        differences += [difference(table, row) for row in rows if row.changed]
    return Report(tuple(tables), tuple(differences), tuple(faults), applied)


def difference(table: Table, row: Planned) -> Difference:
    columns = table.by_name
    key = " ".join(
        columns[name].write(value) for name, value in zip(table.key, row.key, strict=True) if value is not None
    )
    old = row.stored.values if row.stored else None
    cells = [
        (name, columns[name].write(old[name]) if old else "", columns[name].write(row.values[name]))
        for name in row.changed
    ]
    return Difference(table.name, key, row.stored is None, tuple(cell for cell in cells if cell[1] != cell[2]))


def report_lines(report: Report, *, with_differences: bool = False) -> Iterator[str]:
    """The report as text: faults, differences of a dry run (20 for each table), one line per table, what came of it."""
    yield from map(str, report.faults)
    for name in TABLES if with_differences else ():
        found = [each for each in report.differences if each.table == name]
        yield from map(difference_line, found[:SHOWN])
        if len(found) > SHOWN:
            yield f"{name}: and {len(found) - SHOWN:,} more"
    yield f"{'table':15}{'created':>9}{'updated':>9}{'unchanged':>11}{'kept':>7}{'refused':>9}"
    for each in report.tables:
        figures = (each.created, each.updated, each.unchanged, each.kept, each.refused)
        yield f"{each.name:15}{figures[0]:>9,}{figures[1]:>9,}{figures[2]:>11,}{figures[3]:>7,}{figures[4]:>9,}"
    if report.applied:
        yield "Applied." if report.differences else "Nothing to change."
    else:
        yield "Nothing was applied."


def difference_line(each: Difference) -> str:
    if each.created:
        return f"{each.table}: + {each.key}: " + ", ".join(f"{name} {new}" for name, _, new in each.cells)
    return f"{each.table}: ~ {each.key}: " + ", ".join(
        f"{name} {old or '(empty)'} -> {new or '(empty)'}" for name, old, new in each.cells
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def write_plan(plan: Plan, batch: Batch, reason: str, progress: Progress) -> None:
    """Write every planned change with its history, and the public change log: one line for a first load."""
    written_by = partial(because, reason=reason, batch=batch)
    objects: Rows = {name: {key: each.row for key, each in stored.items()} for name, stored in plan.stored.items()}
    for name, table in TABLES.items():
        rows = [row for row in plan.rows.get(name, []) if row.changed]
        free_unique_values(plan, table, rows)
        written = [write_row(table, row, objects) for row in rows]
        objects[name] |= {row.key: each for row, each in zip(rows, written, strict=True)}
        write_rows(table, list(zip(rows, written, strict=True)), objects, partial(progress, name), written_by)
        if table.aliases:
            write_aliases(table, rows, objects, written_by)
    if any(each.values["status"] == Status.PUBLISHED for each in plan.stored["models"].values()):
        Change.objects.bulk_create(public_changes(plan, objects, reason), batch_size=CHUNK)
    elif models := count_published(plan, "models"):
        catalogue_loaded(models, len(plan.after("benchmarks")), count_published(plan, "scores")).save()


def because(table: type[Model], reason: str, batch: Batch) -> QuerySet:
    """The rows of a table; what is written to them in bulk stands in the history as a part of the batch."""
    return table.objects.because(reason, batch.at, batch.by)


def count_published(plan: Plan, name: str) -> int:
    return sum(values["status"] == Status.PUBLISHED for values in plan.after(name).values())


def free_unique_values(plan: Plan, table: Table, rows: list[Planned]) -> None:
    """Two rows may swap a unique value: rows whose value another row takes get a stand-in first."""
    for name in table.unique:
        changing = [row for row in rows if row.stored and name in row.changed]
        taken = {row.values[name] for row in rows if name in row.changed}
        for row in changing:
            if row.stored.values[name] in taken:
                stand_in = row.stored.row.pk + 10_000 if name == "order" else f"~{row.stored.row.pk}"
                table.model.objects.filter(pk=row.stored.row.pk).stand_in(**{name: stand_in})


def write_row(table: Table, planned: Planned, objects: Rows) -> Model:
    """The row with its new values set, not yet saved; a successor that has no row yet is set later."""
    row = planned.stored.row if planned.stored else table.model()
    for column in table.columns:
        value = planned.values[column.name]
        if not column.field or "." in column.field:
            continue
        if column.reference and value is not None:
            value = objects[column.reference].get((value,))
        setattr(row, column.field, value)
    if table.name == "offer_tiers":
        row.offer = objects["prices"][planned.key[:4]]
    return row


def write_rows(
    table: Table, pairs: list[tuple[Planned, Model]], objects: Rows, progress: Callable, written_by: Callable
) -> None:
    """Updates before new rows, and offers that end before those that begin, as only one offer may be current."""
    updates = [(planned, row) for planned, row in pairs if planned.stored and set(planned.changed) - {"aliases"}]
    current = [pair for pair in updates if table.name == "prices" and is_current(pair[0].values)]
    ending = [pair for pair in updates if table.name != "prices" or not is_current(pair[0].values)]
    created = [row for planned, row in pairs if planned.stored is None]
    done, total = 0, len(updates) + len(created)
    stored = written_by(table.model)
    for chunk in chain(batched(ending, CHUNK, strict=False), batched(current, CHUNK, strict=False)):
        names = {table.by_name[name].field for planned, _ in chunk for name in planned.changed} - {"", "successor"}
        if names:
            stored.bulk_update([row for _, row in chunk], sorted(names))
        done += len(chunk)
        progress(done, total)
    for chunk in batched(created, CHUNK, strict=False):
        stored.bulk_create(chunk)
        done += len(chunk)
        progress(done, total)
    if table.name == "models":
        write_successors([pair for pair in pairs if "successor" in pair[0].changed], objects, written_by)


def write_successors(pairs: list[tuple[Planned, Model]], objects: Rows, written_by: Callable) -> None:
    """Successors once every model has a row."""
    late = []
    for planned, row in pairs:
        slug = planned.values["successor"]
        if slug or planned.stored:
            row.successor = objects["models"][(slug,)] if slug else None
            late.append(row)
    if late:
        written_by(TABLES["models"].model).bulk_update(late, ["successor"])


def write_aliases(table: Table, rows: list[Planned], objects: Rows, written_by: Callable) -> None:
    """The aliases of each row are those of its cell: gone ones first, as a new owner may take one over."""
    names, owner = table.aliases
    stored = written_by(names)
    old = {row.key: set(row.stored.values["aliases"]) if row.stored else set() for row in rows}
    for row in rows:
        gone = old[row.key] - set(row.values["aliases"])
        for alias in stored.filter(**{owner: objects[table.name][row.key]}, text__in=gone) if gone else ():
            alias._change_reason, alias._history_date, alias._history_user = stored.reason, stored.moment, stored.by
            alias.delete()
    added = [
        names(**{owner: objects[table.name][row.key]}, text=text, key=text.casefold())
        for row in rows
        for text in row.values["aliases"]
        if text not in old[row.key]
    ]
    if added:
        stored.bulk_create(added, batch_size=CHUNK)


def public_changes(plan: Plan, objects: Rows, reason: str) -> list[Change]:
    """The change log of an import into a catalogue that already has models."""
    changes = []
    current = {key[:3]: each.values for key, each in plan.stored["prices"].items() if is_current(each.values)}
    for name in ("models", "scores", "prices"):
        columns = [column for column in TABLES[name].columns if column.field]
        for planned in plan.rows.get(name, []):
            if not planned.changed:
                continue
            previous = current.get(planned.key[:3]) if name == "prices" and planned.stored is None else None
            old, new, previous = (
                values and {column.field: values[column.name] for column in columns}
                for values in (planned.stored and planned.stored.values, planned.values, previous)
            )
            changes += changes_for(objects[name][planned.key], old, new, previous=previous, reason=reason)
    return changes
