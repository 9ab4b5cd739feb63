"""A draft on the site by its signed link: there for whoever has the link, nowhere for anybody else."""

import datetime
import re
import time

import pytest
from django.contrib import admin
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchlm import pagestore
from comparisons import plain, previews
from comparisons.models import CatalogueVersion, LanguageModel, Offer, Score
from tests.test_admin import SOURCE, a_score, catalogue  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def gamma() -> LanguageModel:
    model = LanguageModel.objects.get(slug="gamma")
    a_score(model=model, value=64)
    return model


def query(row) -> str:
    return previews.link(row).partition("?")[2]


PUBLIC = [
    "/", "/models/", "/models/gamma/", "/models/alpha/", "/compare/alpha-vs-gamma/", "/leaderboard/", "/benchmarks/quiz/",
    "/pricing/", "/shortlist/", "/search/?q=gamma", "/models/options/?q=gamma", "/compare/?a=gamma", "/changes/", "/changes.atom",
    "/data/models.csv", "/data/scores.csv", "/models/gamma.json", "/models/gamma.md", "/compare/alpha-vs-gamma.json",
    "/leaderboard.json", "/models/alpha.json", "/report/gamma/", "/report/gamma/quiz/",
]  # fmt: skip


def test_draft_model_is_shown_with_its_scores_to_whoever_has_the_link(gamma, client):
    page = client.get(previews.link(gamma))
    html = page.content.decode()
    assert (page.status_code, "64%" in html, "Preview of a draft." in html) == (200, True, True)
    pair = client.get(f"/compare/alpha-vs-gamma/?{query(gamma)}").content.decode()
    assert ("71.2%" in pair, "64%" in pair) == (True, True)


def test_preview_is_kept_by_no_cache_and_found_by_no_search_engine(gamma, client):
    page = client.get(previews.link(gamma), headers={"if-none-match": "*"})
    page = client.get(previews.link(gamma))
    names = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "ETag")
    assert {name: page.get(name) for name in names} == {
        "Cache-Control": "no-store, private",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
        "ETag": None,
    }
    assert '<meta name="robots" content="noindex,follow">' in page.content.decode()
    assert client.cookies.output() == ""


def test_draft_is_nowhere_else_before_and_after_a_preview(gamma, client):
    def seen() -> dict[str, str]:
        return {
            path: found
            for path in PUBLIC
            if (found := " ".join(re.findall("Gamma|64%|64,", client.get(path).content.decode())))
        }

    before = seen()
    for address in (previews.link(gamma), f"/compare/alpha-vs-gamma/?{query(gamma)}"):
        assert client.get(address).status_code == 200
    assert (before, seen()) == ({}, {})
    assert {client.get(path).status_code for path in PUBLIC[2:3]} == {404}
    assert [model.slug for model in plain.whole(timezone.localdate()).models] == ["alpha", "beta"]


def test_preview_changes_nothing(gamma, client):
    state = CatalogueVersion.stamp(), gamma.history.count(), Score.history.count()
    client.get(previews.link(gamma))
    gamma.refresh_from_db()
    assert (gamma.status, (CatalogueVersion.stamp(), gamma.history.count(), Score.history.count())) == ("draft", state)


def test_finished_pages_are_not_made_of_a_preview(gamma, client, monkeypatch):
    monkeypatch.setattr(pagestore.memory, "most", 1_000_000)
    pagestore.memory.clear()
    client.get(previews.link(gamma))
    assert len(pagestore.memory.pages) == 0
    client.get("/models/alpha/")
    kept = len(pagestore.memory.pages)
    pagestore.memory.clear()
    assert kept == 1


@pytest.mark.parametrize("path", ["/models/alpha/", "/compare/alpha-vs-beta/", "/models/", "/leaderboard/", "/"])
def test_link_of_a_draft_opens_no_other_page(gamma, client, path):
    page = client.get(f"{path}?{query(gamma)}")
    html = page.content.decode()
    assert ("Gamma" in html, "Preview of a draft" in html, "no-store" in page["Cache-Control"]) == (False, False, False)


@pytest.mark.parametrize("suffix", ["json", "csv", "md"])
def test_twins_take_no_preview(gamma, client, suffix):
    assert client.get(f"/models/gamma.{suffix}?{query(gamma)}").status_code == 404


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "%00",
        signing.dumps(["languagemodel", 999_999], salt="preview"),
        signing.dumps(["user", 1], salt="preview"),
        signing.dumps("gamma", salt="preview"),
        signing.dumps([1, 2, 3], salt="preview"),
    ],
)
def test_token_that_is_not_one_opens_nothing(gamma, client, token):
    assert client.get("/models/gamma/", {"preview": token}).status_code == 404
    assert client.get("/models/alpha/", {"preview": token}).status_code == 200


def test_token_of_another_purpose_or_draft_opens_nothing(gamma, client):
    other = LanguageModel.objects.create(slug="delta", name="Delta", creator=gamma.creator)
    forged = signing.dumps(["languagemodel", gamma.pk], salt="other")
    assert client.get("/models/gamma/", {"preview": forged}).status_code == 404
    assert client.get(f"/models/gamma/?{query(other)}").status_code == 404


def test_link_works_for_three_days(gamma, client, monkeypatch):
    link, now = previews.link(gamma), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * 86_400 - 10)
    assert client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 3 * 86_400 + 10)
    assert client.get(link).status_code == 404


def test_link_of_what_is_public_by_now_is_the_public_page(gamma, client):
    link = previews.link(gamma)
    LanguageModel.objects.filter(pk=gamma.pk).update(status="published")
    page = client.get(link)
    assert (page.status_code, "Preview of a draft" in page.content.decode()) == (200, False)
    assert page["Cache-Control"].startswith("public")


def test_draft_score_and_offer_are_shown_on_their_model(client):
    alpha = LanguageModel.objects.get(slug="alpha")
    score = a_score(setting="draft", value=99, source_kind="maintainer", status="draft")
    offer = Offer.objects.create(model=alpha, host="Zebra Cloud", input=1, source_url=SOURCE, status="draft")
    assert ("99%" in client.get(previews.link(score)).content.decode()) is True
    assert ("Zebra Cloud" in client.get(previews.link(offer)).content.decode()) is True
    html = client.get("/models/alpha/").content.decode()
    assert ("99%" in html, "Zebra Cloud" in html) == (False, False)


def test_draft_offer_that_cannot_stand_beside_the_current_one_shows_the_public_page(client):
    offer = Offer.objects.get()
    later = Offer.objects.create(
        model=offer.model, host=offer.host, input=77, source_url=SOURCE, status="draft",
        starts_on=datetime.date(2026, 1, 2),
    )  # fmt: skip
    page = client.get(previews.link(later))
    assert (page.status_code, "$77" in page.content.decode()) == (200, False)


def test_posting_to_a_preview_is_refused(gamma, client):
    assert client.post(previews.link(gamma)).status_code == 405


def test_admin_links_to_the_preview_of_a_draft(gamma):
    link = admin.site.get_model_admin(LanguageModel).get_view_on_site_url(gamma)
    assert Client().get(link).status_code == 200


def test_preview_asks_little_more_than_the_page(gamma, client):
    with CaptureQueriesContext(connection) as asked:
        client.get(previews.link(gamma))
    assert len(asked) < 40
