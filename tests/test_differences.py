"""What changed since a day: on the page of that day, and on a comparison that is asked for it."""

import datetime
import re
from decimal import Decimal

import pytest
from django.utils import timezone

from comparisons import curation, days, estimates
from comparisons.models import LanguageModel, Offer, Score
from tests.clock import dated, days_passed, marks
from tests.test_days import SEED, asking, bare
from tests.test_pages import page, text_of

PAIR = ("gemma-4-31b", "gpt-4-1")


@pytest.fixture(scope="module")
def edited(stored, django_db_blocker) -> datetime.date:
    """The day before the edits of yesterday."""
    with django_db_blocker.unblock():
        return _edited()


@pytest.fixture
def before(edited, site) -> datetime.date:
    return edited


def _edited() -> datetime.date:
    days_passed(5)
    since, today = marks(), timezone.localdate()
    gpt = LanguageModel.objects.get(slug="gpt-4-1")
    edited = Score.objects.get(model=gpt, benchmark__slug="gpqa")
    edited.value = Decimal("68.4")
    curation.save_row(edited, "Misread")
    offer = Offer.objects.get(model=gpt, host="OpenAI", basis="api", ends_on=None)
    offer.output = Decimal("9.5")
    curation.save_row(offer, "New list price")
    gpt.context_window = 900_000
    curation.save_row(gpt)
    estimates.refit(seeds=0)
    dated(since, days.end_of(today - datetime.timedelta(days=2)) + datetime.timedelta(hours=9))
    return today - datetime.timedelta(days=2)


def table(html: str, of: str) -> list[tuple[str, ...]]:
    """The rows of the table of differences in a part of the page."""
    part = re.search(rf'<section class="note {of}".*?</section>', html, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    return [tuple(text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)) for row in rows]


CHANGED = [
    ("Number", "Then", "Now", "Why"),
    ("GPT-4.1: GPQA (Diamond)", "66.3%", "68.4%", "Misread"),
    (
        "GPT-4.1 at OpenAI, per 1M tokens",
        "input $2.00, output $8.00, cached $0.50",
        "input $2.00, output $9.50, cached $0.50",
        "New list price",
    ),
    ("GPT-4.1: context window", "1,047,576", "900,000", "no reason given"),
]


def test_notice_names_the_day_the_numbers_with_their_reasons_and_the_answer(site, before):
    html = page(site, asking(SEED, before))
    said = text_of(re.search(r'<section class="note past".*?</section>', html, re.DOTALL)[0])
    assert said.startswith(
        f"As on {days.written(before)}. 3 numbers changed since, the answer did not. The page of today"
    )
    assert table(html, "past")[:4] == CHANGED
    assert f'<a id="to-today" href="http://127.0.0.1:8000{SEED}">The page of today</a>' in html


def test_page_of_a_model_and_of_a_list_name_what_they_print(site, before):
    assert table(page(site, asking("/models/gpt-4-1/", before)), "past")[:4] == CHANGED
    assert table(page(site, asking("/leaderboard/", before)), "past") == CHANGED
    assert table(page(site, asking("/leaderboard/knowledge/", before)), "past") == CHANGED[:2]
    assert table(page(site, asking("/benchmarks/gpqa/", before)), "past") == CHANGED[:2]
    assert "Nothing changed since." in text_of(page(site, asking("/benchmarks/hle/", before)))


def test_answer_that_changed_is_said_with_both(site, before):
    since = marks()
    for score in Score.objects.filter(model__slug="gemma-4-31b"):
        score.value /= 3
        curation.save_row(score, "Wrong harness")
    estimates.refit(seeds=0)
    dated(since, days.end_of(before) + datetime.timedelta(hours=10))
    said = text_of(page(site, asking(SEED, before)))
    assert re.search(
        r"\d+ numbers changed since, and the answer did: then “Winner” for Gemma 4 31B, now “Winner” for GPT-4.1\.",
        said,
    )
    assert "then rank" in text_of(page(site, asking("/models/gemma-4-31b/", before)))


def test_comparison_says_what_changed_since_a_day(site, before):
    html = page(site, asking(SEED, before, "since"))
    assert f"Since the end of {days.written(before)}. 3 numbers changed, the answer did not." in text_of(html)
    assert table(html, "since")[:4] == CHANGED
    assert '<meta name="robots" content="noindex,follow">' in html
    flipped = page(site, asking(f"{SEED}?flip=1&show=shared", before, "since"))
    assert table(flipped, "since")[1:4] == CHANGED[1:]


def test_comparison_with_nothing_new_says_so(site, before):
    day = before + datetime.timedelta(days=1)
    html = page(site, asking(SEED, day, "since"))
    assert f"Since the end of {days.written(day)}. Nothing changed." in text_of(html)
    assert "<details><summary>The numbers" not in html


def test_since_and_as_of_together_compare_two_days(site, before):
    since = marks()
    offer = Offer.objects.get(model__slug="gpt-4-1", host="OpenAI", basis="api", ends_on=None)
    offer.output = Decimal("7")
    curation.save_row(offer, "Cheaper again")
    dated(since, days.end_of(before + datetime.timedelta(days=1)))
    both = asking(asking(SEED, before, "since"), before + datetime.timedelta(days=1))
    assert table(page(site, both), "since")[1:4] == CHANGED[1:]
    assert [row[1:] for row in table(page(site, both), "past")[1:2]] == [
        ("input $2.00, output $9.50, cached $0.50", "input $2.00, output $7.00, cached $0.50", "Cheaper again")
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("soon", "“soon” is not a day written as"),
        ("2999-01-01", "still to come"),
        ("2001-02-03", "The record begins on"),
    ],
)
def test_since_without_such_a_day_is_a_note(site, asked, said):
    html = page(site, asking(SEED, asked, "since"))
    assert said in text_of(html)
    assert "So nothing is compared here." in text_of(html)


def test_kept_link_carries_the_day_of_the_newest_change(site, before):
    newest = timezone.localdate()
    html = page(site, f"{SEED}?flip=1")
    assert f'<a id="keep" href="http://127.0.0.1:8000{SEED}?flip=1&amp;since={newest}" rel="nofollow">' in html
    days_passed(2)
    kept = re.search(r'id="keep" href="http://127.0.0.1:8000([^"]+)"', page(site, SEED))[1]
    assert kept == f"{SEED}?since={newest - datetime.timedelta(days=2)}"
    assert "Nothing changed." in text_of(page(site, kept))


# --- controls -------------------------------------------------------------------------------------------------------
def test_every_control_and_link_of_a_day_keeps_it(site, before):
    address = asking(
        asking(f"{SEED}?show=shared&w=coding:3&calls=7", before), before - datetime.timedelta(days=1), "since"
    )
    html = page(site, address)
    body = re.sub(r'<section class="note.*?</section>', "", html, flags=re.DOTALL)
    links = re.findall(r'<a\b[^>]*\b(?:href|data-hx-get)="(/(?:compare|leaderboard|models|benchmarks)/[^"]*)"', body)
    own = [
        link
        for link in links
        if link.partition("?")[0] not in ("/models/", "/benchmarks/", "/compare/x/")
        and not re.search(r"\.\w+$", link.partition("?")[0])
    ]
    assert len(own) > 30
    assert [link for link in own if link.count(f"as_of={before}") != 1] == []
    compared = [link for link in own if link.startswith("/compare/")]
    assert [link for link in compared if link.count("since=") != 1] == []
    permalink = f"http://127.0.0.1:8000{SEED}?as_of={before}&amp;since={before - datetime.timedelta(days=1)}"
    assert f'<a href="{permalink}">Permalink</a>' in html
    forms = re.findall(r'<form\b[^>]*action="(/compare/[^"]*)"[^>]*>(.*?)</form>', body, re.DOTALL)
    assert len(forms) == 3
    for _, fields in forms:
        assert fields.count(f'name="as_of" value="{before}"') == 1
        assert fields.count('name="since"') == 1


def test_picker_and_swap_keep_the_days(site, before):
    days_asked = f"as_of={before}&since={before}"
    response = site.get(f"/compare/?a=gpt-4-1&b=gemma-4-31b&show=shared&{days_asked}")
    assert response.headers["Location"] == f"{SEED}?show=shared&flip=1&{days_asked}"
    response = site.get("/compare/?a=gpt-4-1&b=gemma-4-31b&as_of=soon&since=x")
    assert response.headers["Location"] == f"{SEED}?flip=1"
    choices = site.get(f"/compare/?a=gemma+4&b=gpt-4-1&{days_asked}").content.decode()
    assert f"&amp;as_of={before}&amp;since={before}" in choices
    for path in (SEED, "/leaderboard/"):
        swap = site.get(asking(f"{path}", before), headers={"HX-Request": "true"})
        assert swap.headers["HX-Push-Url"] == asking(path, before)
        assert "As on" in swap.content.decode()
        assert "<html" not in swap.content.decode()


def test_swap_of_a_day_is_the_panel_of_its_page(site, before):
    whole = page(site, asking(f"{SEED}?rows=diff", before))
    panel = page(site, asking(f"{SEED}?rows=diff", before), **{"HX-Request": "true"})
    assert re.search(r'<div id="comparison">.*</article>\s*</div>', panel, re.DOTALL)[0] in whole
    assert bare(whole) != whole
