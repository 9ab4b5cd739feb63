"""Bytes of a folder of CSV files, or of a zip archive of one, in; cells with their file and line out. Nothing here knows what a cell means."""

import csv
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from comparisons.importing.formats import LOWER_IS_BETTER, TABLES, Table

LARGEST_FILE = 50_000_000  # bytes; the bundled scores have 250,000

CONFIRMED_BY = {
    "allow_implausible": "confirm it with --allow-implausible",
    "allow_large_change": "allow it with --allow-large-change",
}


class UnreadableError(Exception):
    """Files that cannot be read at all; the message says which and why."""


@dataclass(frozen=True)
class Fault:
    """Why a file, a line or a cell is refused. Prints as `file:line: column: reason`.

    `confirm` names the option of an import by which a person says that it is right all the same.
    """

    file: str
    line: int | None
    column: str
    reason: str
    confirm: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        text = f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"
        return f"{text}; {CONFIRMED_BY[self.confirm]}" if self.confirm else text


@dataclass(frozen=True)
class Line:
    """One row of a file by column name; `number` is the physical line on which it starts."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """One file whose header is in order; lines that are not are left out and reported."""

    table: Table
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def read_folder(folder: Path) -> tuple[dict[str, Sheet], list[Fault]]:
    """Every table of the folder or zip archive that can be read at all, and what is wrong with the others."""
    sheets: dict[str, Sheet] = {}
    faults: list[Fault] = []
    if folder.is_file():
        try:
            folder = zipfile.Path(folder)
        except (OSError, zipfile.BadZipFile):
            return {}, [Fault(str(folder), None, "", "is neither a folder nor a zip archive")]
    elif not folder.is_dir():
        return {}, [Fault(str(folder), None, "", "is not a folder")]
    known = {table.file for table in TABLES.values()}
    faults += [
        Fault(p.name, None, "", "is no table of the catalogue")
        for p in sorted(folder.iterdir(), key=lambda path: path.name)
        if p.name.endswith(".csv") and p.name not in known
    ]
    for table in TABLES.values():
        path = folder / table.file
        if not path.is_file():
            if table.required:
                faults.append(Fault(table.file, None, "", "is missing"))
            continue
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST_FILE + 1)  # whatever size the file or archive claims to have
        except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            faults.append(Fault(table.file, None, "", f"cannot be read: {getattr(error, 'strerror', None) or error}"))
            continue
        if len(raw) > LARGEST_FILE:
            faults.append(Fault(table.file, None, "", f"has more than {LARGEST_FILE:,} bytes"))
            continue
        sheet, found = read_sheet(table, raw)
        faults += found
        if sheet is not None:
            sheets[table.name] = sheet
    return sheets, faults


def read_sheet(table: Table, raw: bytes) -> tuple[Sheet | None, list[Fault]]:
    """The lines of one file; no sheet when its bytes, quotes or header are broken."""
    file = table.file

    def broken(line: int, reason: str) -> tuple[None, list[Fault]]:
        return None, [Fault(file, line, "", reason)]

    if not raw:
        return broken(1, "the file is empty")
    if raw.startswith(b"\xef\xbb\xbf"):
        return broken(1, "starts with a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return broken(raw[: error.start].count(b"\n") + 1, "is not UTF-8")
    if "\r" in text:
        return broken(text[: text.index("\r")].count("\n") + 1, "holds a carriage return; lines end with LF alone")
    if not text.endswith("\n"):
        return broken(text.count("\n") + 1, "the last line is not ended; the file may be cut off")
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    numbered: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            numbered.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        return broken(start, f"is no CSV: {error}")
    return sheet_of(table, numbered)


def sheet_of(table: Table, numbered: list[tuple[int, list[str]]]) -> tuple[Sheet | None, list[Fault]]:
    """A header and its lines as a sheet: columns known, none twice, no required one missing."""
    header = tuple(numbered[0][1])
    if faults := header_faults(table, header):
        return None, faults
    lines = []
    for number, cells in numbered[1:]:
        if len(cells) != len(header):
            faults.append(Fault(table.file, number, "", f"has {len(cells)} cells, the header has {len(header)}"))
            continue
        lines.append(Line(number, dict(zip(header, cells, strict=True))))
    return Sheet(table, header, tuple(lines)), faults


def header_faults(table: Table, header: tuple[str, ...]) -> list[Fault]:
    known = {column.name for column in table.columns}
    missing = [column.name for column in table.columns if column.required and column.name not in header]
    if table.name == "benchmarks":
        known.add(LOWER_IS_BETTER.name)
        if not {"direction", LOWER_IS_BETTER.name} & set(header):
            missing.append("direction")
    faults = [Fault(table.file, 1, column, "the column is missing") for column in missing]
    faults += [Fault(table.file, 1, c or "(nameless)", "is no column of this table") for c in header if c not in known]
    faults += [Fault(table.file, 1, c, "the column is there twice") for c in sorted(set(header)) if header.count(c) > 1]
    return faults
