"""Values that hurt, through the three doors by which rows come in: a file, a pasted table, a form. All keep and refuse the same."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from comparisons.importing.formats import TABLES
from comparisons.models import LanguageModel, Offer
from tests.test_importing import SMALL, folder_with, load
from tests.test_pasting import look, press, signed_in

SOURCE = "https://a.example/page"
BASE = {  # a sound row of each table
    "scores": {"model": "gpt-4-1", "benchmark": "bbh", "value": "70", "source_kind": "vendor", "source_url": SOURCE, "status": "published"},
    "prices": {"model": "gpt-4-1", "provider": "Other", "basis": "api", "input_usd_per_mtok": "2", "output_usd_per_mtok": "8",
               "effective_on": "2026-01-01", "source_url": SOURCE, "makers_own": "0", "status": "published"},
    "models": {"slug": "new-1", "name": "New 1", "creator": "openai", "status": "draft", "url": SOURCE},
    "offer_tiers": {"model": "gpt-4-1", "provider": "OpenAI", "basis": "api", "effective_on": "2025-06-11",
                    "from_prompt_tokens": "500000", "input_usd_per_mtok": "4", "output_usd_per_mtok": "12"},
    "runtimes": {"model": "gpt-4-1", "provider": "Other", "output_tokens_per_second": "80", "source_url": SOURCE},
    "creators": {"slug": "acme", "name": "Acme", "country": "DE", "url": "https://acme.example/"},
    "categories": {"slug": "coding", "name": "Coding", "weight": "0", "order": "3", "description": "Writes code."},
    "benchmarks": {"slug": "quiz", "name": "Quiz", "family": "quiz", "category": "knowledge", "weight": "0", "kind": "skill",
                   "unit": "percent", "direction": "higher", "floor": "0", "ceiling": "100", "decimals": "1", "status": "current",
                   "url": SOURCE, "description": "Asks."},
}  # fmt: skip
TOMORROW = (timezone.localdate() + datetime.timedelta(days=1)).isoformat()
BROKEN_NUMBERS = ["-1", "NaN", "inf", "1e999999", "9" * 50, "1.5.0", "0x10", "+1", "1 000", "٦٦"]
BROKEN_SOURCES = [
    "javascript:alert(1)",
    "ftp://a.example/",
    "http://a.example/",
    "//a.example/x",
    "https://u:p@a.example/",
    "https://localhost/",
]

REFUSED = [
    *(("scores", {"value": text}) for text in (*BROKEN_NUMBERS, "", "100.1", "1,5")),
    *(("prices", {"input_usd_per_mtok": text}) for text in ("-1", "NaN", "1e999999", "+1", "0", "1001")),
    *(("models", {"context_window": text}) for text in ("-1", "inf", "999")),
    *(("runtimes", {"output_tokens_per_second": text}) for text in ("-1", "NaN", "1e999999", "0")),
    *(("scores", {"source_url": text}) for text in BROKEN_SOURCES),
    *((table, {"source_url": "ftp://a.example/"}) for table in ("prices", "runtimes")),
    ("models", {"url": "javascript:alert(1)"}),
    ("scores", {"benchmark": "arena", "value": "14130"}),
    ("scores", {"reported_on": TOMORROW}),
    ("scores", {"reported_on": "2019-12-31"}),
    ("prices", {"basis": "self_hosted", "input_usd_per_mtok": "1"}),
    ("prices", {"basis": "free_tier", "input_usd_per_mtok": "1"}),
    ("prices", {"input_usd_per_mtok": "", "output_usd_per_mtok": ""}),
    ("prices", {"input_usd_per_mtok": "9"}),
    ("prices", {"cached_input_usd_per_mtok": "3"}),
    ("prices", {"batch_discount": "1"}),
    ("prices", {"effective_on": TOMORROW}),
    ("prices", {"ends_on": "2025-12-31"}),
    ("models", {"name": "GPT-4.1"}),
    ("models", {"context_window": "128000", "max_output": "200000"}),
    ("models", {"released_on": "2026-01-02", "retires_on": "2026-01-01"}),
    ("models", {"released_on": "2025-01-02", "knowledge_cutoff": "2025-02"}),
    ("models", {"released_on": TOMORROW}),
    ("models", {"name": "Ne\u200bw 1"}),
    ("models", {"name": "Nu\u0308 1"}),
    ("models", {"active_parameters_b": "3"}),
    ("models", {"input_modalities": "text|text"}),
    ("creators", {"url": ""}),
    ("creators", {"url": "acme"}),
    ("categories", {"weight": "0.1"}),
    ("categories", {"order": "5"}),
    ("categories", {"description": ""}),
    ("benchmarks", {"weight": "0.2"}),
    ("benchmarks", {"weight": "0", "direction": "none", "floor": "5", "ceiling": "5"}),
    ("benchmarks", {"url": ""}),
    ("offer_tiers", {"from_prompt_tokens": "0"}),
    ("offer_tiers", {"input_usd_per_mtok": "13"}),
]  # fmt: skip

KEPT = [
    ("prices", {"basis": "self_hosted", "input_usd_per_mtok": "0", "output_usd_per_mtok": "0"}, {"input": 0, "output": 0}),
    ("prices", {"basis": "free_tier", "input_usd_per_mtok": "0", "output_usd_per_mtok": "0"}, {"input": 0, "output": 0}),
    ("prices", {"output_usd_per_mtok": ""}, {"input": 2, "output": None}),
    ("prices", {"input_usd_per_mtok": "0.0023", "output_usd_per_mtok": "0.0023"}, {"input": Decimal("0.0023")}),
    ("offer_tiers", {"from_prompt_tokens": "272001"}, {"from_prompt_tokens": 272_001, "input": 4}),
    *(("models", {"context_window": text}, {"context_window": int(text)}) for text in ("262144", "128000", "1047576", "200000")),
    ("models", {"name": "Command A+", "slug": "command-a-plus"}, {"name": "Command A+", "slug": "command-a-plus"}),
    ("models", {"name": "τ² 1"}, {"name": "τ² 1"}),
    ("models", {"name": "GPT‑OSS"}, {"name": "GPT‑OSS"}),
    ("models", {"url": "", "creator": "google"}, {"url": ""}),
    ("scores", {"benchmark": "arena", "value": "1450"}, {"value": 1450}),
    ("scores", {"value": "0.0"}, {"value": 0}),
    ("scores", {"value": "79.2", "source_kind": "independent", "source_url": "https://b.example/"}, {"value": Decimal("79.2")}),
    ("scores", {"value": "79.2", "setting": "with tools"}, {"setting": "with tools"}),
    ("creators", {"country": ""}, {"country": ""}),
    ("creators", {"name": "=HYPERLINK(1)"}, {"name": "=HYPERLINK(1)"}),
    ("categories", {}, {"weight": 0, "order": 3}),
    ("benchmarks", {}, {"weight": 0, "name": "Quiz"}),
]  # fmt: skip


UNIQUE = {  # what keeps the rows of one file apart, where a case does not change it itself
    "scores": {"setting": "s{}"},
    "prices": {"provider": "Host {}"},
    "models": {"slug": "new-{}", "name": "New {}"},
    "offer_tiers": {"from_prompt_tokens": "50{}"},
    "runtimes": {"provider": "Host {}"},
    "creators": {"slug": "acme-{}", "name": "Acme {}"},
}  # fmt: skip
TOGETHER = ("categories", "benchmarks")  # tables whose rows are right or wrong together: one case at a time


@pytest.fixture(scope="module")
def stored(django_db_setup, django_db_blocker, tmp_path_factory):
    """The small catalogue and an administrator, made once for the module and taken out again."""
    folder = folder_with(tmp_path_factory.mktemp("doors") / "small")
    with django_db_blocker.unblock(), transaction.atomic():
        assert load(folder).faults == ()
        yield User.objects.create_superuser("ada", password="a-long-password-1")
        transaction.set_rollback(True)


@pytest.fixture
def desk(stored, db):
    return signed_in(stored)


def rows_of(table: str, cases: list[tuple]) -> list[dict[str, str]]:
    """The rows of some cases of a table, sound but for what each case changes."""
    return [
        BASE[table] | {name: text.format(place) for name, text in UNIQUE.get(table, {}).items()} | case[1]
        for place, case in enumerate(cases)
    ]


def tables_of(cases: list[tuple]) -> list[tuple[str, list[tuple]]]:
    """The cases by table, those that are judged together one by one."""
    named = [(table, [case for case in cases if case[0] == table]) for table in BASE if table not in TOGETHER]
    return named + [(case[0], [case]) for case in cases if case[0] in TOGETHER]


# --- the doors: each returns by row why it was refused; a row that is not named was kept ----------------------------------
def by_file(desk, tmp_path, table: str, rows: list[dict[str, str]]) -> dict[int, str]:
    text = SMALL[f"{table}.csv"]
    header = next(csv.reader([text.splitlines()[0]]))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([row.get(name, "") for name in header] for row in rows)
    report = load(folder_with(tmp_path / "edited", (f"{table}.csv", text, text + out.getvalue())))
    first = text.count("\n") + 1
    return by_place({(fault.line or 0) - first: fault.reason for fault in report.faults}, len(rows))


def by_place(faults: dict[int, str], count: int) -> dict[int, str]:
    """The faults by row; one of the whole table is that of its only row."""
    return {max(place, 0) if count == 1 else place: reason for place, reason in faults.items()}


def by_paste(desk, tmp_path, table: str, rows: list[dict[str, str]]) -> dict[int, str]:
    """Scores as people paste them, other tables with the columns of their file."""
    titles = {name: name for column in TABLES[table].columns for name in [column.name]}
    if table == "scores":
        titles = {"model": "model", "benchmark": "benchmark", "value": "value", "setting": "setting"}
        titles |= {"source_url": "source", "source_kind": "source kind", "reported_on": "date"}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles.values())
    writer.writerows([row.get(name, "") for name in titles] for row in rows)
    page = look(desk, out.getvalue(), source_url="", source_kind="", reported_on="")
    found = page.context["desk"]
    if found.report:
        refused = by_place({(fault.line or 0) - 2: fault.reason for fault in found.report.faults}, len(rows))
    else:
        refused = {
            int(cell.place.removeprefix("line ")) - 2: cell.said
            for cell in found.found.cells
            if cell.outcome in ("refused", "blank")
        }
    assert (press(desk, page).status_code == 302) == (not refused)
    return refused


def by_form(desk, tmp_path, table: str, rows: list[dict[str, str]]) -> dict[int, str]:
    """The pages of the admin, of which a refusal is not printed."""
    address = reverse(f"admin:comparisons_{TABLES[table].model._meta.model_name}_add")
    page = admin.site.get_model_admin(TABLES[table].model).add_view
    management = {
        field.html_name: str(field.value())
        for formset in desk.get(address).context["inline_admin_formsets"]
        for field in formset.formset.management_form
    }
    ada, refused = User.objects.get(username="ada"), {}
    ada.is_verified = lambda: True
    for place, row in enumerate(rows):
        request = RequestFactory().post(address, management | entered(table, row))
        request.user, request._dont_enforce_csrf_checks = ada, True
        request._messages = CookieStorage(request)
        answer = page(request)
        if answer.status_code != 302:
            refused[place] = "; ".join(map(str, answer.context_data["errors"]))
    return refused


def entered(table: str, row: dict[str, str]) -> dict[str, object]:
    """A row as its form sends it."""
    sent = {}
    for column in TABLES[table].columns:
        text = row.get(column.name, "")
        if column.reference and text:
            text = TABLES[column.reference].model.objects.get(slug=text).pk
        if column.field and "." not in column.field:
            sent[column.field] = {"1": "on", "0": ""}.get(text, text) if column.name == "makers_own" else text
    if table == "offer_tiers":
        sent["offer"] = Offer.objects.get(model__slug=row["model"], host=row["provider"]).pk
    return sent


DOORS = [by_file, by_paste, by_form]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_refuses_a_value_that_hurts(desk, tmp_path, door):
    slipped = []
    for table, cases in tables_of(REFUSED):
        count = TABLES[table].model.objects.count()
        refused = door(desk, tmp_path, table, rows_of(table, cases))
        slipped += [case for place, case in enumerate(cases) if not refused.get(place)]
        assert TABLES[table].model.objects.count() == count
    assert slipped == []


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_keeps_a_value_as_it_is(desk, tmp_path, door):
    for table, cases in tables_of(KEPT):
        if not cases:
            continue
        model = TABLES[table].model
        before = set(model.objects.values_list("pk", flat=True))
        assert door(desk, tmp_path, table, rows_of(table, cases)) == {}
        made = model.objects.exclude(pk__in=before).order_by("pk")
        wanted = [stored for _, _, stored in cases]
        assert [{name: getattr(row, name) for name in each} for row, each in zip(made, wanted, strict=True)] == wanted
        model.objects.exclude(pk__in=before).delete()


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_wants_a_tick_for_a_price_8000_times_the_last(desk, tmp_path, door):
    gpt = LanguageModel.objects.get(slug="gpt-4-1")
    days = {"starts_on": "2025-01-01", "ends_on": "2025-12-31"}
    Offer.objects.create(model=gpt, host="Other", input="0.05", output="0.1", source_url=SOURCE, **days)
    row = BASE["prices"] | {"input_usd_per_mtok": "400", "output_usd_per_mtok": "800"}
    said = door(desk, tmp_path, "prices", [row])[0]
    assert "8,000 times above" in said or said.startswith("implausible beside the last price 0.")
    assert Offer.objects.filter(host="Other").count() == 1
