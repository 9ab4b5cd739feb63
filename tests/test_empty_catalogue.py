"""The site before its first import: in a file of its own, as those of pages keep a catalogue from test to test."""

import pytest
from django.test import Client

from comparisons.models import LanguageModel

PAGES = [
    "/",
    "/leaderboard/",
    "/models/",
    "/benchmarks/",
    "/pricing/",
    "/methodology/",
    "/changes/",
    "/data/",
    "/compare/",
    "/search/?q=x",
    "/leaderboard.json",
    "/leaderboard.csv",
    "/leaderboard.md",
    "/changes.json",
    "/changes.csv",
    "/changes.md",
    "/changes.atom",
    "/data/catalogue.zip",
    "/sitemap.xml",
    "/sitemap-static.xml",
    "/sitemap-pairs.xml",
    "/robots.txt",
    "/llms.txt",
]


@pytest.mark.parametrize("path", PAGES)
def test_page_of_an_empty_catalogue_answers(db, path):
    assert not LanguageModel.objects.exists()
    assert Client().get(path).status_code == 200
