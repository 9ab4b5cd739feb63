"""The text of a pasted table in, its cells out: TSV, CSV or Markdown; models across, benchmarks across, or one score a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from comparisons.importing.figures import unmarked
from comparisons.importing.formats import TABLES, Table
from comparisons.importing.reading import Fault, Sheet, header_faults, sheet_of
from comparisons.importing.scores import Reported

LARGEST_PASTE = 400_000  # characters
MOST_CELLS = 5_000
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*\Z")
SIDES = {"model": "models", "benchmark": "benchmarks"}
TITLES = {  # what people write above a column of the long form, and what it is here
    "model": "model",
    "benchmark": "benchmark",
    "test": "benchmark",
    "task": "benchmark",
    "eval": "benchmark",
    "value": "value",
    "score": "value",
    "result": "value",
    "setting": "setting",
    "settings": "setting",
    "source": "source_url",
    "source url": "source_url",
    "url": "source_url",
    "source kind": "source_kind",
    "date": "reported_on",
    "reported on": "reported_on",
    "note": "note",
}
PRICE_TITLES = {
    "model": "model",
    "host": "provider",
    "provider": "provider",
    "basis": "basis",
    "input": "input_usd_per_mtok",
    "input price": "input_usd_per_mtok",
    "output": "output_usd_per_mtok",
    "output price": "output_usd_per_mtok",
    "cached": "cached_input_usd_per_mtok",
    "cached input": "cached_input_usd_per_mtok",
    "cached input price": "cached_input_usd_per_mtok",
    "source": "source_url",
    "source url": "source_url",
    "url": "source_url",
    "date": "effective_on",
    "from": "effective_on",
    "starts on": "effective_on",
    "note": "note",
}


@dataclass(frozen=True)
class Priced:
    """One row of a pasted price list: cells by column name of prices.csv, only those that the table has."""

    place: str
    cells: dict[str, str]


@dataclass
class Pasted:
    """What a text holds: scores, prices, or rows of a catalogue file; `said` is how it was read, `faults` why it was not."""

    scores: list[Reported] = field(default_factory=list)
    prices: list[Priced] = field(default_factory=list)
    sheet: Sheet | None = None
    said: str = ""
    faults: list[str] = field(default_factory=list)
    is_either: bool = False  # models across or benchmarks across: the names do not tell


Grid = list[tuple[int, list[str]]]  # line number and cells


def read_paste(text: str, knows: dict[str, Callable[[str], bool]], across: str = "") -> Pasted:
    """The table of a text. `knows` tells whether a text names a `model` or a `benchmark`; `across` which of them heads the columns."""
    if len(text) > LARGEST_PASTE:
        return Pasted(
            faults=[f"The table has {len(text):,} characters, {LARGEST_PASTE:,} at most: upload it as a file."]
        )
    grid, form, faults = grid_of(text)
    if faults or len(grid) < 2:
        return Pasted(faults=faults or ["The table needs a header and at least one row."])
    if sum(len(cells) for _, cells in grid) > MOST_CELLS:
        return Pasted(faults=[f"The table has more than {MOST_CELLS:,} cells: upload it as a file."])
    titles = [" ".join(cell.casefold().replace("_", " ").split()) for cell in grid[0][1]]
    table = catalogue_table(grid[0][1])
    if table and not header_faults(table, tuple(grid[0][1])):
        return Pasted(sheet=sheet_of(table, grid)[0], said=f"{form}, rows of {table.file}")
    if {"model"} <= {PRICE_TITLES.get(title) for title in titles} and {"input", "output"} <= {
        title.removesuffix(" price") for title in titles
    }:
        return long_form(grid, titles, PRICE_TITLES, form)
    if {"model", "benchmark", "value"} <= {TITLES.get(title) for title in titles}:
        return long_form(grid, titles, TITLES, form)
    if table:
        return Pasted(faults=[in_words(fault) for fault in header_faults(table, tuple(grid[0][1]))])
    return cross_table(grid, form, knows, across)


# --- text to grid ---------------------------------------------------------------------------------------------------
def grid_of(text: str) -> tuple[Grid, str, list[str]]:
    """Numbered rows of cells, what form the text has, and why it cannot be read; empty lines are left out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not filled:
        return [], "", ["Paste a table."]
    first = filled[0][1]
    if "|" in first and (first.lstrip().startswith("|") or (len(filled) > 1 and RULE.match(filled[1][1]))):
        outer = next((line for _, line in filled if RULE.match(line)), first).lstrip().startswith("|")
        rows = [(number, markdown_cells(line, outer=outer)) for number, line in filled if not RULE.match(line)]
        return even(rows, "Markdown table")
    delimiter, form = ("\t", "tab-separated table") if "\t" in text else (",", "comma-separated table")
    if delimiter == "," and ";" in first and "," not in first:
        delimiter, form = ";", "semicolon-separated table"
    if delimiter not in first:
        return [], "", ["This is no table: separate the columns by tabs, commas or |."]
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter, strict=True)
    rows, start = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, [" ".join(cell.split()) for cell in cells]))
            start = reader.line_num + 1
    except csv.Error as error:
        return [], "", [f"Line {start}: the quotes do not fit ({error})."]
    return even(rows, form)


def markdown_cells(line: str, *, outer: bool) -> list[str]:
    """The cells of one row; `outer` says that rows begin with a |."""
    line = line.strip().removeprefix("|") if outer else line
    parts = re.split(r"(?<!\\)\|", line)
    if parts and not parts[-1].strip():
        parts.pop()
    return [plain_cell(part.replace(r"\|", "|")) for part in parts]


def plain_cell(text: str) -> str:
    """A cell without the address of a link and the marks of line breaks."""
    text = re.sub(r"<br\s*/?>", " ", text)
    return " ".join(re.sub(r"\[([^\]]*)\]\((?:[^()\s]*)\)", r"\1", text).split())


def even(rows: Grid, form: str) -> tuple[Grid, str, list[str]]:
    """Rows as wide as the header: short ones end blank, long ones are refused."""
    if not rows:
        return [], form, ["Paste a table."]
    width = len(rows[0][1])
    while (
        width > 1 and not rows[0][1][width - 1] and all(len(cells) < width or not cells[width - 1] for _, cells in rows)
    ):
        width -= 1
    faults = [
        f"Line {number} has {len(cells)} cells, the header has {width}." for number, cells in rows if any(cells[width:])
    ]
    return [(number, (cells + [""] * width)[:width]) for number, cells in rows], form, faults[:20]


# --- grid to cells --------------------------------------------------------------------------------------------------
def catalogue_table(header: Sequence[str]) -> Table | None:
    """The table whose file has exactly such columns."""
    names = set(header)
    for table in TABLES.values():
        columns = {column.name for column in table.columns}
        required = {column.name for column in table.columns if column.required}
        if names <= columns and set(table.key) <= names and len(required & names) > len(table.key):
            return table
    return None


def in_words(fault: Fault) -> str:
    place = "" if fault.line is None else f"Line {fault.line}, " if fault.column else f"Line {fault.line}: "
    return f"{place}{fault.column}: {fault.reason}." if fault.column else f"{place}{fault.reason}."


def long_form(grid: Grid, titles: list[str], known: dict[str, str], form: str) -> Pasted:
    """One score, or one offer, a row."""
    columns = [known.get(title, "") for title in titles]
    faults = [
        f"The column “{grid[0][1][place]}” is none of {', '.join(sorted(set(known)))}."
        for place, column in enumerate(columns)
        if not column
    ]
    faults += [f"Two columns say {column}." for column in sorted(set(columns)) if column and columns.count(column) > 1]
    if faults:
        return Pasted(faults=faults)
    rows = [(f"line {number}", dict(zip(columns, cells, strict=True))) for number, cells in grid[1:]]
    if known is PRICE_TITLES:
        return Pasted(prices=[Priced(place, cells) for place, cells in rows], said=f"{form}, one offer a row")
    scores = [
        Reported(
            place,
            unmarked(cells.pop("model"))[0],
            unmarked(cells.pop("benchmark"))[0],
            cells.pop("value"),
            {name: cell for name, cell in cells.items() if cell},
        )
        for place, cells in rows
    ]
    return Pasted(scores=scores, said=f"{form}, one score a row")


def cross_table(grid: Grid, form: str, knows: dict[str, Callable[[str], bool]], across: str) -> Pasted:
    """Models across and benchmarks down, or the other way round: the side on which more names are known decides."""
    tops, sides = (
        [unmarked(name)[0] for name in names] for names in (grid[0][1][1:], [cells[0] for _, cells in grid[1:]])
    )
    counts = {
        way: sum(map(knows[way], tops)) + sum(map(knows[other], sides))
        for way, other in (("model", "benchmark"), ("benchmark", "model"))
    }
    if across not in counts:
        if counts["model"] == counts["benchmark"]:
            text = "The names do not tell whether models or benchmarks stand across: choose it below."
            return Pasted(faults=[text], is_either=True)
        across = max(counts, key=counts.get)
    scores, faults = [], []
    for side, (number, cells) in zip(sides, grid[1:], strict=True):
        if not side:
            faults.append(f"Line {number} has no name in its first column.")
        for top, cell in zip(tops, cells[1:], strict=True):
            names = (top, side) if across == "model" else (side, top)
            if top:
                scores.append(Reported(f"line {number}", *names, cell))
            elif cell:
                faults.append(f"Line {number}: “{cell}” stands in a column without a name.")
    if twice := sorted({top for top in tops if top and tops.count(top) > 1}):
        faults.append(f"Two columns are called {', '.join(twice)}.")
    return Pasted(scores=scores, said=f"{form}, {SIDES[across]} across", faults=faults[:20])
