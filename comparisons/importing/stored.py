"""The tables as they stand, in the values that the files hold: what an import compares with and an export writes."""

from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import Model

from comparisons.importing.formats import TABLES, Table

Key = tuple[object, ...]


@dataclass(frozen=True)
class StoredRow:
    """One row of a table; `values` by column name, references as slugs."""

    row: Model
    values: dict[str, object]


def stored_rows(table: Table) -> list[StoredRow]:
    """Every row of a table in no particular order."""
    slugs = {
        column.name: dict(TABLES[column.reference].model.objects.order_by().values_list("pk", "slug"))
        for column in table.columns
        if column.reference
    }
    getters = {column.name: attrgetter(column.attribute) for column in table.columns if column.field}
    aliases = defaultdict(list)
    rows = table.model.objects.order_by()
    if table.aliases:
        names, owner = table.aliases
        for key, text in names.objects.order_by("key").values_list(owner, "text"):
            aliases[key].append(text)
    if table.name == "offer_tiers":
        rows = rows.select_related("offer")
    found = []
    for row in rows:
        values = {name: get(row) for name, get in getters.items()}
        for name, of in slugs.items():
            values[name] = of.get(values[name])
        if table.aliases:
            values["aliases"] = tuple(sorted(aliases[row.pk], key=lambda text: (text.casefold(), text)))
        found.append(StoredRow(row, values))
    return found


def values_of(table: Table, row: Model) -> dict[str, object]:
    """The values of one row, saved or not; references as slugs, without aliases."""
    values = {column.name: attrgetter(column.field)(row) for column in table.columns if column.field}
    for column in table.columns:
        if column.reference:
            values[column.name] = getattr(values[column.name], "slug", None)
    return values


def key_of(table: Table, values: dict[str, object]) -> Key:
    return tuple(values[name] for name in table.key)
