"""Results of public formats as a difference, and storing one: what the command, the upload page and a paste share."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from django.db import transaction

from comparisons.importing.benchlm import read_export
from comparisons.importing.checking import plan_import
from comparisons.importing.formats import TABLES
from comparisons.importing.names import Known, drop_matched, known, note_unmatched
from comparisons.importing.readers import Reading, read_results
from comparisons.importing.reading import Fault, Line, Sheet, UnreadableError
from comparisons.importing.scores import Difference, look
from comparisons.importing.uploads import format_of, unpack
from comparisons.importing.writing import apply_plan, one_at_a_time
from comparisons.models import Batch, UnmatchedName

SHOWN = 40  # refused cells that a report names
FORMATS = ("benchlm", "results")
GIVEN = {  # what the command asks for all scores, and what it takes where nothing is said
    "source-url": "",
    "source-kind": "independent",
    "reported-on": "",
    "setting": "",
    "status": "published",
}
FLAGS = {
    "whole": "also take the models, benchmarks, prices and speeds that the file describes",
    "leave-out-refused": "store the rest where rows are refused",
    "allow-large-change": "let over a quarter of a table change",
    "dry-run": "print the difference, store nothing",
}


@dataclass
class Looked:
    """A reading beside what is stored."""

    reading: Reading
    difference: Difference
    faults: list[Fault] = field(default_factory=list)  # rows that the file describes and that are refused


def read(files: Mapping[str, bytes], form: str, names: Mapping[str, Known], *, status: str) -> Reading:
    """All files of a format as one reading; raises UnreadableError."""
    try:
        if form == "benchlm":
            return read_export(files, names, status=status)
        found = list(read_results(files))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"{', '.join(files)[:80]}: something is not of the format ({error}).") from None
    title = found[0].title if len(found) == 1 else f"{len(found)} files of results"
    parts = (chain.from_iterable(getattr(each, name) for each in found) for name in ("scores", "said", "faults"))
    scores, said, faults = map(list, parts)
    return Reading(title, scores=scores, said=said, faults=faults)


def compare(
    files: Mapping[str, bytes],
    form: str,
    common: Mapping[str, str],
    *,
    today: datetime.date,
    is_whole: bool = False,
    choices: Mapping[str, str] | None = None,
    confirmed: Iterable[str] = (),
) -> Looked:
    """What storing the results would do; `is_whole` takes the models, benchmarks, prices and speeds too that a file describes.

    Raises UnreadableError.
    """
    names = {kind: known(kind) for kind in ("model", "benchmark")}
    reading = read(files, form, names, status=common.get("status", "published"))
    sheets, faults = sound_sheets(reading.rows, today) if is_whole else ({}, [])
    for kind, name in (("model", "models"), ("benchmark", "benchmarks")):
        if name in sheets:
            names[kind] = known(kind, [(line.cells["slug"], line.cells["name"]) for line in sheets[name].lines])
    given = {name: cell for name, cell in common.items() if cell}
    found = look(reading.scores, names, given, today=today, choices=choices, sheets=sheets, confirmed=confirmed)
    return Looked(reading, found, [*reading.faults, *faults, *found.faults])


def sound_sheets(
    rows: Mapping[str, list[dict[str, str]]], today: datetime.date
) -> tuple[dict[str, Sheet], list[Fault]]:
    """The described rows less those that are refused, and less what hangs on these; and why."""
    sheets = {
        name: Sheet(
            TABLES[name], tuple(rows[name][0]), tuple(Line(place, cells) for place, cells in enumerate(rows[name], 2))
        )
        for name in TABLES
        if rows.get(name)
    }
    refused: list[Fault] = []
    while sheets:
        faults = [fault for fault in plan_import(sheets, today=today).faults if not fault.confirm]
        bad = {(fault.file, fault.line) for fault in faults}
        refused += [named(fault, sheets) for fault in faults]
        left = {
            name: Sheet(
                sheet.table,
                sheet.columns,
                tuple(each for each in sheet.lines if (sheet.table.file, each.number) not in bad),
            )
            for name, sheet in sheets.items()
        }
        if not faults or sum(len(each.lines) for each in left.values()) == sum(
            len(each.lines) for each in sheets.values()
        ):
            return (sheets, refused) if not faults else ({}, refused)
        sheets = {name: sheet for name, sheet in left.items() if sheet.lines}
    return {}, refused


def named(fault: Fault, sheets: Mapping[str, Sheet]) -> Fault:
    """The fault with the row's own name: a described row has no line that a person could look up."""
    sheet = next((each for each in sheets.values() if each.table.file == fault.file), None)
    line = next((each for each in sheet.lines if each.number == fault.line), None) if sheet else None
    if line is None:
        return fault
    return Fault(fault.file, None, f"{line.cells.get(sheet.table.key[0])}, {fault.column}", fault.reason)


# --- storing ----------------------------------------------------------------------------------------------------------
def store(found: Difference, batch: Batch, *, reason: str, aliases: Iterable = ()) -> Fault | None:
    """Write the good rows of a difference and the aliases (unsaved) that came up with it, in one transaction."""
    with transaction.atomic():
        one_at_a_time()
        batch.refused = found.counts.get("refused", 0) + found.counts.get("unknown", 0)
        if refusal := apply_plan(found.plan, batch, reason=reason):
            return refusal
        for alias in aliases:
            alias._history_date, alias._history_user, alias._change_reason = batch.at, batch.by, reason
            alias.save()
        drop_matched(UnmatchedName.objects.all())
    return None


def queue_unknown(found: Difference, source: str) -> None:
    note_unmatched(Counter({(each.kind, each.text): each.scores for each in found.unknown}), source)


@dataclass
class Outcome:
    """What the command prints, and whether anything was stored."""

    lines: list[str]
    is_stored: bool = False


def import_paths(
    paths: Iterable[Path],
    form: str,
    given: Mapping[str, str],
    *,
    today: datetime.date,
    whole: bool,
    leave_out_refused: bool,
    allow_large_change: bool,
    dry_run: bool,
) -> Outcome:
    """Import the files, zips and folders; the format is told by the files where none is named. Raises UnreadableError and OSError."""
    inside = chain.from_iterable(sorted(path.iterdir()) if path.is_dir() else [path] for path in paths)
    files = unpack((path.name, path.read_bytes()) for path in inside)
    form = form or format_of(files)
    if form not in FORMATS:
        raise UnreadableError("These files are no results; catalogue files are for import_catalogue.")
    return import_results(
        files,
        form,
        given,
        today=today,
        is_whole=whole,
        leave_out_refused=leave_out_refused,
        dry_run=dry_run,
        confirmed=["allow_large_change"] if allow_large_change else [],
    )


def import_results(
    files: Mapping[str, bytes],
    form: str,
    common: Mapping[str, str],
    *,
    today: datetime.date,
    is_whole: bool = False,
    leave_out_refused: bool = False,
    dry_run: bool = False,
    confirmed: Iterable[str] = (),
) -> Outcome:
    """Compare, queue the names that nobody knows and store the rest. Nothing is stored where a row is refused, unless those are left out."""
    with transaction.atomic():
        one_at_a_time()
        looked = compare(files, form, common, today=today, is_whole=is_whole, confirmed=confirmed)
        found, lines = looked.difference, list(report_lines(looked))
        refused = found.counts.get("refused", 0) + len(looked.faults)
        if not dry_run:
            queue_unknown(found, looked.reading.title)
        if found.confirm or (refused and not leave_out_refused) or dry_run:
            return Outcome([*lines, *map(str, found.confirm), "Nothing was stored."])
        batch = Batch(kind=Batch.Kind.IMPORT, title=looked.reading.title[:160])
        if found.writes and (refusal := store(found, batch, reason=looked.reading.title[:100])):
            return Outcome([*lines, str(refusal), "Nothing was stored."])
    return Outcome([*lines, "Stored." if found.writes else "Nothing to change."], is_stored=True)


def report_lines(looked: Looked) -> Iterator[str]:
    found = looked.difference
    yield looked.reading.title
    yield from looked.reading.said
    refused = [f"{cell.place}: {cell.value}: {cell.said}" for cell in found.cells if cell.outcome == "refused"]
    refused = [*map(str, looked.faults), *refused]
    yield from (f"refused: {each}" for each in refused[:SHOWN])
    if len(refused) > SHOWN:
        yield f"refused: and {len(refused) - SHOWN:,} more"
    for each in found.unknown:
        near = ", ".join(row.slug for row in each.near)
        yield f"unknown {each.kind}: {each.text} ({each.scores:,} scores){f'; near: {near}' if near else ''}"
    for name, rows in found.plan.rows.items():
        created = sum(row.stored is None for row in rows)
        updated = sum(bool(row.stored and row.changed) for row in rows)
        yield f"{name}: {created:,} new, {updated:,} changed, {len(rows) - created - updated:,} the same"
    yield ", ".join(f"{count:,} scores {outcome}" for outcome, count in found.counts.items()) or "no scores"
