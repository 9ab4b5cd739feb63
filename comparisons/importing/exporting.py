"""Tables out as CSV text, such that an import of the text changes nothing."""

import csv
import io
import zipfile
from pathlib import Path

from comparisons.importing.formats import TABLES, Table
from comparisons.importing.stored import StoredRow, stored_rows
from comparisons.models import LanguageModel, Status


def export_folder(folder: Path) -> list[Path]:
    """Write every table of the catalogue into the folder, made if need be; returns the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in TABLES:
        path = folder / f"{name}.csv"
        path.write_text(table_csv(name), encoding="utf-8", newline="")
        paths.append(path)
    return paths


def catalogue_zip() -> bytes:
    """The published tables as one archive that `import_catalogue` reads; the same bytes for the same catalogue."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in TABLES:
            entry = zipfile.ZipInfo(f"{name}.csv")  # dated 1980, as an archive's first day is
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, table_csv(name, published_only=True))
    return out.getvalue()


def table_csv(name: str, *, published_only: bool = False) -> str:
    """One table as CSV text with LF line ends, in an order that does not hang on when rows were added.

    `published_only` leaves out what a public page may not show: drafts, withdrawn rows and whatever hangs on them.
    Raises KeyError when there is no such table.
    """
    table = TABLES[name]
    rows = stored_rows(table)
    if published_only:
        rows = public_rows(table, rows)
    rows.sort(key=lambda stored: sort_key(table, stored.values))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in table.columns)
    writer.writerows([column.write(stored.values[column.name]) for column in table.columns] for stored in rows)
    return out.getvalue()


def sort_key(table: Table, values: dict[str, object]) -> list[tuple[bool, object]]:
    """The order columns, then the key; unknown comes first, the rest breaks ties of rows without a starting day."""
    names = (*table.order, *table.key)
    rest = [(True, column.write(values[column.name])) for column in table.columns]
    return [(values[name] is not None, values[name] if values[name] is not None else 0) for name in names] + rest


def public_rows(table: Table, rows: list[StoredRow]) -> list[StoredRow]:
    """Published models, their makers and what hangs on them, less scores and offers that are not published themselves."""
    makers = dict(LanguageModel.objects.published().values_list("slug", "creator__slug"))
    rows = [stored for stored in rows if is_public(table, stored, makers)]
    if table.name == "models":
        for stored in rows:
            if stored.values["successor"] not in makers:
                stored.values["successor"] = None
    return rows


def is_public(table: Table, stored: StoredRow, makers: dict[str, str]) -> bool:
    """`makers` holds the published models with the slugs of their makers."""
    values = stored.values
    if table.name == "models":
        return values["slug"] in makers
    if table.name == "creators":
        return values["slug"] in makers.values()
    if table.name in ("scores", "prices", "offer_tiers"):
        bearer = stored.row.offer if table.name == "offer_tiers" else stored.row
        if bearer.status != Status.PUBLISHED or values.get("withdrawn_on"):
            return False
    return {values[name] for name in ("model", "first", "second") if name in values} <= makers.keys()
