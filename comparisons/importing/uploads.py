"""Uploaded files in: catalogue files, a zip of them, or results of a public format. What is too large or no such file is refused."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from comparisons.importing.benchlm import is_export
from comparisons.importing.exporting import table_csv
from comparisons.importing.formats import TABLES
from comparisons.importing.reading import Fault, Sheet, UnreadableError, read_sheet

LARGEST = 20_000_000  # bytes of all files together, unpacked
LARGEST_CARRIED = 1_700_000  # bytes of the same files packed: the next page carries them
MOST_FILES = 60
TOO_LARGE = f"more than {LARGEST:,} bytes unpacked; use manage.py import_catalogue for more"
FORMATS = {
    "catalogue": "Catalogue files (CSV)",
    "benchlm": "BenchLM export (JSON)",
    "results": "lm-evaluation-harness results or Inspect logs",
}


def unpack(uploads: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """The files by name, those of a zip by the last part of theirs; raises UnreadableError."""
    files: dict[str, bytes] = {}
    for name, raw in uploads:
        name = PurePosixPath(name.replace("\\", "/")).name
        found = unzip(name, raw) if raw.startswith(b"PK\x03\x04") and not name.endswith(".eval") else {name: raw}
        for each, content in found.items():
            if each in files:
                raise UnreadableError(f"Two files are called {each}.")
            files[each] = content
        if len(files) > MOST_FILES:
            raise UnreadableError(f"More than {MOST_FILES} files.")
        if sum(map(len, files.values())) > LARGEST:
            raise UnreadableError(f"The files have {TOO_LARGE}.")
    if not files:
        raise UnreadableError("Choose a file.")
    return files


def unzip(name: str, raw: bytes) -> dict[str, bytes]:
    """The files of a zip. What it claims of their size is not believed: no more is read than is allowed."""
    files: dict[str, bytes] = {}
    left = LARGEST
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir() and "__MACOSX" not in each.filename]
            if len(entries) > MOST_FILES:
                raise UnreadableError(f"{name} holds more than {MOST_FILES} files.")
            for entry in entries:
                inside = PurePosixPath(entry.filename).name
                if inside in files:
                    raise UnreadableError(f"{name} holds two files called {inside}.")
                with archive.open(entry) as file:
                    files[inside] = file.read(left + 1)
                left -= len(files[inside])
                if left < 0:
                    raise UnreadableError(f"{name} has {TOO_LARGE}.")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise UnreadableError(f"{name} is no zip that can be read: {error}.") from None
    return files


def format_of(files: Mapping[str, bytes]) -> str:
    """Which of the formats the files are; empty where they are none, or several."""
    if all(name.endswith(".csv") for name in files):
        return "catalogue"
    if is_export(files):
        return "benchlm"
    return "results" if all(name.endswith((".json", ".eval")) for name in files) else ""


def catalogue_sheets(files: Mapping[str, bytes]) -> tuple[dict[str, Sheet], list[Fault]]:
    """The files as sheets by table, and what is wrong with the others."""
    sheets, faults = {}, []
    tables = {table.file: table for table in TABLES.values()}
    for name, raw in files.items():
        if name not in tables:
            faults.append(Fault(name, None, "", f"is no table of the catalogue; those are {', '.join(tables)}"))
            continue
        sheet, found = read_sheet(tables[name], raw)
        faults += found
        if sheet is not None:
            sheets[tables[name].name] = sheet
    return {name: sheets[name] for name in TABLES if name in sheets}, faults


# --- from one page to the next ----------------------------------------------------------------------------------------
def carried(files: Mapping[str, bytes]) -> str:
    """The files as text for a hidden field, so that nothing is kept on the server; raises UnreadableError."""
    packed = zipped(files)
    if len(packed) > LARGEST_CARRIED:
        raise UnreadableError(
            f"The files have {len(packed):,} bytes packed, more than a page can carry: use manage.py instead."
        )
    return base64.b64encode(packed).decode()


def taken_up(text: str) -> dict[str, bytes]:
    """The files of a hidden field; raises UnreadableError."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnreadableError("The page lost the files: choose them again.") from None
    return unzip("the upload", raw)


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), raw, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def export_zip() -> bytes:
    """Every table, drafts included, as the files that an import takes back unchanged."""
    return zipped({table.file: table_csv(name).encode() for name, table in TABLES.items()})
