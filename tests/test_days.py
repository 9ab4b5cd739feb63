"""Pages as they were on a day: equal to what was printed then, whatever is done to the catalogue later."""

import csv
import datetime
import re
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from comparisons import days, estimates
from comparisons.importing import exporting, writing
from comparisons.models import (
    Benchmark,
    Category,
    LanguageModel,
    Offer,
    Score,
)
from tests.clock import dated, days_passed, marks
from tests.factories import sheet
from tests.test_admin import act, save, signed_in, url
from tests.test_pages import Outline, page, text_of

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
PAGES = [
    SEED,
    f"{SEED}?show=shared&rows=diff&reading=tested&w=coding%3A3&flip=1",
    f"{SEED}?sources=confirmed&in=9000",
    "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/",
    "/leaderboard/",
    "/leaderboard/?sort=name&weights=open&w=coding%3A5",
    "/leaderboard/coding/",
    "/models/gpt-4-1/",
    "/models/gemma-4-31b/",
    "/benchmarks/gpqa/",
]


@pytest.fixture
def today() -> datetime.date:
    return timezone.localdate()


@pytest.fixture
def curator(db) -> Client:
    return signed_in(User.objects.create_superuser("ada", password="a-long-password-1"))


def asking(path: str, day: datetime.date | str, name: str = "as_of") -> str:
    return f"{path}{'&' if '?' in path else '?'}{name}={day}"


def bare(html: str) -> str:
    """A page without its notice, and with links that name no day."""
    html = re.sub(r'\s*<section class="note past".*?</section>', "", html, flags=re.DOTALL)
    html = re.sub(r'\s*<p class="note past".*?</p>', "", html, flags=re.DOTALL)
    html = re.sub(r'<input type="hidden" name="as_of" value="[\d-]+">', "", html)
    html = re.sub(r"\?as_of=[\d-]+&amp;", "?", re.sub(r"(?:\?|&amp;)as_of=[\d-]+(?!&amp;)", "", html))
    html = html.replace('<meta name="robots" content="noindex,follow">', "")
    return re.sub(r"\s*\n\s*", "\n", html)


def edit(curator: Client) -> None:
    """What curators do in a week: a corrected score, one withdrawn and one deleted, another price, limits, weights, a model withdrawn."""
    gpt = LanguageModel.objects.get(slug="gpt-4-1")
    wrong = Score.objects.get(model=gpt, benchmark__slug="gpqa")
    assert save(curator, url(Score, "change", wrong.pk), value="71.5", change_reason="Misread").status_code == 302
    others = Score.objects.filter(model=gpt).exclude(benchmark__slug="gpqa").order_by("pk")
    act(curator, Score, "withdraw", [others[0]], reason="Source retracted it")
    curator.post(url(Score, "delete", others[1].pk), {"post": "yes"})
    offer = Offer.objects.get(model=gpt, host="OpenAI", basis="api", ends_on=None)
    assert save(curator, url(Offer, "change", offer.pk), output="9.5", change_reason="List price").status_code == 302
    changed = {"context_window": 900_000, "retires_on": timezone.localdate(), "name": "GPT-4.1 (old)"}
    assert save(curator, url(LanguageModel, "change", gpt.pk), **changed).status_code == 302
    Category.objects.filter(slug="coding").update(weight=F("weight") + Decimal("0.05"))
    Category.objects.filter(slug="mathematics").update(weight=F("weight") - Decimal("0.05"))
    gpqa = Benchmark.objects.get(slug="gpqa")
    assert save(curator, url(Benchmark, "change", gpqa.pk), description="Hard questions").status_code == 302
    act(curator, LanguageModel, "withdraw", [LanguageModel.objects.get(slug="claude-opus-4-6")])


def import_more(folder: Path, today: datetime.date) -> None:
    """A new maker with a model and its score."""
    exporting.export_folder(folder)
    like = {row["slug"]: row for row in sheet(folder / "models.csv")}["gemma-4-31b"]
    model = like | {"slug": "aaa-1", "name": "AAA 1", "short_name": "", "creator": "aaa", "aliases": ""}
    score = sheet(folder / "scores.csv")[0] | {"model": "aaa-1", "benchmark": "gpqa", "value": "99.5"}
    added = {
        "creators": ["aaa", "AAA", "FR", "https://aaa.example/"],
        "models": model.values(),
        "scores": score.values(),
    }
    for name, cells in added.items():
        with (folder / f"{name}.csv").open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(cells)
    report = writing.import_folder(folder, today=today)
    assert (report.faults, report.applied) == ((), True)


# --- equality -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PAGES)
def test_page_as_of_today_is_the_page_of_today(site, today, path):
    now, then = page(site, path), page(site, asking(path, today))
    assert "Nothing changed since." in text_of(then)
    assert bare(then) == bare(now)


def test_page_of_a_day_is_what_it_was_whatever_is_edited_and_imported_later(site, curator, today, tmp_path):
    days_passed(1)
    printed, since = {path: page(site, path) for path in PAGES}, marks()
    edit(curator)
    import_more(tmp_path, today)
    estimates.refit(seeds=0)
    dated(since, days.end_of(today))
    for path in PAGES:
        then = page(site, asking(path, today))
        assert bare(then) == bare(printed[path]), path
        assert "As on" in text_of(then)
    assert bare(page(site, "/models/gpt-4-1/")) != bare(printed["/models/gpt-4-1/"])


def test_page_of_a_day_on_which_a_full_fit_was_owed_says_so_too(site, today):
    days_passed(1)
    Score.objects.filter(model__slug="gpt-4-1", benchmark__slug="gpqa").update(value=75)
    assert estimates.catch_up() == ["GPT-4.1"]
    printed = page(site, SEED)
    assert "the catalogue has changed since." in text_of(printed)
    assert bare(page(site, asking(SEED, today))) == bare(printed)


# --- addresses that name no such day --------------------------------------------------------------------------------
FAULTY = {
    "soon": "“soon” is not a day written as",
    "2026-13-40": "“2026-13-40” is not a day written as",
    "2026-1-1": "“2026-1-1” is not a day written as",
    "٢٠٢٦-٠١-٠١": "is not a day written as",
    "<script>": "“&lt;script&gt;” is not a day",
    "2026-11-03" * 50: "“2026-11-032026-11-03” is not a day",
    "2999-01-01": "1 January 2999 is still to come.",
    "9999-12-31": "31 December 9999 is still to come.",
    "2001-02-03": "The record begins on",
    "0001-01-01": "The record begins on",
}


@pytest.mark.parametrize(
    ("path", "asked"),
    [(SEED, asked) for asked in FAULTY]
    + [(path, "soon") for path in (PAGES[3], "/leaderboard/coding/", "/models/gpt-4-1/", "/benchmarks/gpqa/")],
)
def test_address_without_such_a_day_gets_a_note_and_the_page_of_today(site, path, asked):
    html = page(site, asking(path, quote(asked)))
    assert FAULTY[asked] in html
    assert "This is the page of today." in html
    assert '<meta name="robots" content="noindex,follow">' in html
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{path}">' in html
    assert bare(html) == bare(page(site, path))


def test_model_that_was_not_public_on_a_day_gets_a_note(site, today):
    days_passed(3)
    since = marks()
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    dated(since, days.end_of(today - datetime.timedelta(days=3)))
    since = marks()
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="published")
    dated(since, days.end_of(today - datetime.timedelta(days=1)))
    day = today - datetime.timedelta(days=1)
    for path in (SEED, PAGES[3], "/models/gpt-4-1/"):
        html = page(site, asking(path, day))
        assert f"GPT-4.1 was not on this site on {days.written(day)}. This is the page of today." in text_of(html)
        assert bare(html) == bare(page(site, path))
    assert "GPT-4.1" not in Outline(page(site, asking("/leaderboard/", day))).links
    assert "/models/gpt-4-1/" not in bare(page(site, asking("/leaderboard/", day)))
    assert "/models/gpt-4-1/" in bare(page(site, asking("/leaderboard/", today - datetime.timedelta(days=3))))


# --- what is gone since ---------------------------------------------------------------------------------------------
def test_withdrawn_model_stays_in_the_days_before_and_is_said_to_be_gone(site, today):
    days_passed(2)
    model = LanguageModel.objects.get(slug="gpt-4-1")
    model.status, model.successor = "withdrawn", LanguageModel.objects.get(slug="gemma-4-31b")
    model.save()
    estimates.refit(seeds=0)
    for path in (SEED, PAGES[3], "/models/gpt-4-1/"):
        assert site.get(path).status_code == 410
        assert site.get(asking(path, today)).status_code == 410
        html = page(site, asking(path, today - datetime.timedelta(days=1)))
        assert "GPT-4.1 has been withdrawn since; its successor is Gemma 4 31B." in text_of(html)
        assert "The page of today" not in html


def test_draft_and_deleted_model_are_left_out_of_every_day(site, today):
    days_passed(2)
    before = today - datetime.timedelta(days=1)
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    LanguageModel.objects.get(slug="gemma-4-31b").delete()
    for path in (SEED, "/models/gpt-4-1/", "/models/gemma-4-31b/"):
        assert site.get(asking(path, before)).status_code == 404
    html = page(site, asking("/leaderboard/", before))
    assert "2 models taken off the site since are left out, so ranks may differ." in text_of(html)
    assert not {"/models/gpt-4-1/", "/models/gemma-4-31b/"} & {link.partition("?")[0] for link in Outline(html).links}


# --- cost -----------------------------------------------------------------------------------------------------------
def test_page_of_a_day_reads_the_database_a_fixed_number_of_times(site):
    days_passed(len(PAGES))
    for back, path in enumerate((SEED, PAGES[3], "/leaderboard/", "/models/gpt-4-1/", "/benchmarks/gpqa/"), start=1):
        address = asking(path, timezone.localdate() - datetime.timedelta(days=back))
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                page(site, address)
            found = [query["sql"] for query in queries if "catalogueversion" not in query["sql"]]
            counts.append((len(found), sum("historical" in sql for sql in found)))
        (first, read), (second, _) = counts
        assert (first <= 30, read <= 16, second <= 16) == (True, True, True), (path, counts, found)
