"""Feeds of the change log: of the site, of a model, of a comparison."""

import datetime
from xml.etree import ElementTree

import pytest
from django.test import Client

from comparisons.models import Category, Change, Creator, LanguageModel, ModelAlias
from tests.test_pages import page

ATOM = "{http://www.w3.org/2005/Atom}"
NOON = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)
PAIR = "/compare/gemma-4-31b-vs-gpt-4-1/changes.atom"


@pytest.fixture
def site(db) -> Client:
    acme = Creator.objects.create(slug="acme", name="Acme")
    Category.objects.create(slug="coding", name="Coding", weight=1, order=1)
    for slug, name in (("gemma-4-31b", "Gemma 4 31B"), ("gpt-4-1", "GPT-4.1"), ("claude-opus-4-6", "Claude Opus 4.6")):
        LanguageModel.objects.create(slug=slug, name=name, creator=acme, status="published")
    return Client()


@pytest.fixture
def changes(site) -> dict[str, Change]:
    found = {}
    for at, slug in enumerate(("gemma-4-31b", "gpt-4-1", "claude-opus-4-6")):
        model = LanguageModel.objects.get(slug=slug)
        found[slug] = Change.objects.create(
            at=NOON + datetime.timedelta(minutes=at),
            kind="score_changed",
            subject=f"{model}: GPQA",
            model=model,
            old="70",
            new="71",
            reason="Rerun",
            source_url="https://a.example/",
        )
    return found


def entries(site, path: str) -> list[dict[str, str]]:
    response = site.get(path)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    feed = ElementTree.fromstring(response.content)
    assert feed.findtext(f"{ATOM}id") == f"http://127.0.0.1:8000{path}"
    assert {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}[
        "self"
    ] == f"http://127.0.0.1:8000{path}"
    return [
        {name: entry.findtext(ATOM + name) for name in ("id", "title", "updated", "summary")}
        | {"link": entry.find(f"{ATOM}link").get("href")}
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_feed_of_a_pair_tells_what_changed_for_its_two_models(site, changes):
    assert entries(site, PAIR) == [
        {
            "id": f"tag:127.0.0.1,2026-11-03:/changes/{changes[slug].pk}",
            "title": f"{name}: GPQA: 71, was 70",
            "updated": f"2026-11-03T12:0{at}:00+00:00",
            "summary": "Rerun Source: https://a.example/",
            "link": f"http://127.0.0.1:8000/models/{slug}/",
        }
        for at, slug, name in ((1, "gpt-4-1", "GPT-4.1"), (0, "gemma-4-31b", "Gemma 4 31B"))
    ]


def test_entry_has_the_same_id_in_every_feed(site, changes):
    (of_model,) = entries(site, "/models/gpt-4-1/changes.atom")
    assert of_model in entries(site, PAIR)
    assert of_model in entries(site, "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/changes.atom")
    assert of_model in entries(site, "/changes.atom")


def test_feed_is_named_in_the_head_and_on_the_page(site):
    for path, title in (
        ("/compare/gemma-4-31b-vs-gpt-4-1/", "Changes of Gemma 4 31B and GPT-4.1"),
        ("/models/gpt-4-1/", "Changes of GPT-4.1"),
    ):
        html = page(site, path)
        assert f'<link rel="alternate" type="application/atom+xml" title="{title}" href="{path}changes.atom">' in html
        assert f'<a href="{path}changes.atom" type="application/atom+xml">' in html


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/compare/gpt-4-1-vs-gemma-4-31b/changes.atom?x=1", f"{PAIR}?x=1"),
        ("/compare/GPT-4-1-vs-gemma-4-31b/changes.atom", PAIR),
        ("/compare/old-gpt-vs-gemma-4-31b/changes.atom", PAIR),
        ("/compare/gpt-4-1-vs-gpt-4-1/changes.atom", "/models/gpt-4-1/changes.atom"),
        ("/models/Old-GPT/changes.atom", "/models/gpt-4-1/changes.atom"),
    ],
)
def test_other_order_case_and_alias_lead_to_the_one_feed(site, asked, target):
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="gpt-4-1"), text="old-gpt")
    response = site.get(asked)
    assert (response.status_code, response.headers["Location"]) == (301, target)


def test_feed_of_what_is_not_there_or_gone_is_none(site):
    assert site.get("/models/nope/changes.atom").status_code == 404
    assert site.get("/compare/nope-vs-gpt-4-1/changes.atom").status_code == 404
    assert site.get("/compare/gpt-4-1/changes.atom").status_code == 404
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="withdrawn")
    response = site.get(PAIR)
    assert (response.status_code, response.content.decode()) == (410, "GPT-4.1 is withdrawn from the catalogue.")
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    assert site.get(PAIR).status_code == 404
