"""The change log in words, the same on pages, in the feed and in the mail; and which moves on the leaderboard are news."""

import re
from decimal import Decimal
from html import unescape
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from comparisons import curation, estimates, news, plain
from comparisons.evidence import Estimate, Standing
from comparisons.models import CatalogueVersion, Change, Fit, LanguageModel, Score

NAMES = ("kind", "subject", "old", "new")


# --- words ----------------------------------------------------------------------------------------------------------
WORDS = [
    (("catalogue_loaded", "Catalogue loaded: 119 models", "", ""), "Catalogue loaded: 119 models"),
    (("model_added", "Alpha", "", "published"), "Alpha is new in the catalogue"),
    (("model_status", "Alpha", "published", "withdrawn"), "Alpha is withdrawn"),
    (("model_status", "Alpha", "withdrawn", "published"), "Alpha is published again"),
    (("retirement_date", "Alpha", "", "2027-03-01"), "Alpha retires on 1 Mar 2027"),
    (("retirement_date", "Alpha", "2027-03-01", "2027-04-01"), "Alpha retires on 1 Apr 2027, not on 1 Mar 2027"),
    (("retirement_date", "Alpha", "2027-03-01", ""), "Alpha no longer retires"),
    (("retirement_date", "Alpha", "", "soon"), "Alpha retires on soon"),
    (("score_added", "Alpha: Quiz", "", "70"), "Alpha: Quiz: 70"),
    (("score_changed", "Alpha: Quiz", "70", "71.5"), "Alpha: Quiz: 71.5, was 70"),
    (("score_withdrawn", "Alpha: Quiz", "70", ""), "Alpha: Quiz: 70 withdrawn"),
    (("price_added", "Alpha at Acme", "", "input 2"), "Alpha at Acme: input 2 $/M"),
    (("price_changed", "Alpha at Acme", "input 2", "input 1"), "Alpha at Acme: input 1 $/M, was input 2"),
    (("price_withdrawn", "Alpha at Acme", "input 2", ""), "Alpha at Acme: input 2 $/M withdrawn"),
    (("place_moved", "Alpha, place overall", "9", "2"), "Alpha, place overall: up to 2 from 9"),
    (("place_moved", "Alpha, place in Coding", "2", "10"), "Alpha, place in Coding: down to 10 from 2"),
    (("place_moved", "Alpha, place overall", "", "4"), "Alpha, place overall: enters at 4"),
    (("place_moved", "Alpha, place overall", "4", ""), "Alpha, place overall: no longer ranked, was 4"),
    (("weight", "Quiz", "0.1", "0.2"), "Quiz: 0.1 to 0.2"),
    (("weight", "Quiz", "", "0.2"), "Quiz: none to 0.2"),
    (("anything", "Quiz", "", ""), "Quiz"),
]


@pytest.mark.parametrize(("fields", "words"), WORDS)
def test_change_is_told_in_one_sentence(fields, words):
    assert news.sentence(SimpleNamespace(**dict(zip(NAMES, fields, strict=True)))) == words


@pytest.mark.django_db
def test_page_and_feed_tell_every_change_in_the_same_words():
    for fields, _ in WORDS:
        Change.objects.create(**dict(zip(NAMES, fields, strict=True)))
    CatalogueVersion.rise()
    expected = [words for _, words in reversed(WORDS)]
    page = Client().get("/changes/").content.decode()
    assert [unescape(text) for text in re.findall(r"<span>([^<]*)</span></li>", page)] == expected
    feed = Client().get("/changes.atom").content.decode()
    assert [unescape(text) for text in re.findall(r"<entry><title>([^<]*)</title>", feed)] == expected


# --- moves ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "is_news", "known"),
    [
        ([5, 3, 8], [5, 3, 8], False, [5, 3, 8]),
        ([5, 3, 8], [8, 6, 12], False, [5, 5, 8]),  # inside: the place that was told stays, the range narrows
        ([5, 1, 20], [5, 4, 6], False, [5, 4, 6]),
        ([5, 3, 8], [9, 6, 12], True, [9, 6, 12]),
        ([5, 3, 8], [2, 1, 4], True, [2, 1, 4]),
        (None, [6, 4, 9], True, [6, 4, 9]),
        ([6, 4, 9], None, True, None),
        ([19, 18, 20], [30, 25, 40], True, [30, 25, 40]),  # out of the top 20
        ([30, 25, 40], [20, 18, 24], True, [20, 18, 24]),
        ([30, 25, 40], [50, 45, 60], False, [50, 45, 60]),  # all of it below
        (None, [21, 20, 24], False, [21, 20, 24]),
    ],
)
def test_move_is_news_when_it_leaves_the_known_range_within_the_top(old, new, is_news, known):
    assert (news.is_news(old, new), news.known(old, new)) == (is_news, known)


def test_many_small_steps_are_told_when_they_add_up():
    known, told = [5, 3, 8], []
    for place in ([6, 4, 9], [7, 5, 10], [8, 6, 11], [9, 7, 12], [10, 8, 13]):
        told.append(news.is_news(known, place))
        known = news.known(known, place)
    assert (told, known) == ([False, False, False, True, False], [9, 8, 12])


def test_cause_of_a_move_is_a_correction_before_a_new_result():
    changes = [("a", "score_changed"), ("a", "score_added"), ("b", "score_added"), ("b", "score_withdrawn")]
    changes += [("c", "model_added"), ("d", "price_changed")]
    assert news.causes(changes) == {"a": "correction", "b": "correction", "c": "new result"}


def standing(model: str, rank: int | None, value: float, low: float, high: float, tests: int = 1) -> Standing:
    estimate = Estimate(value, low, high)
    return Standing(model, estimate, {"coding": estimate}, {"coding": tests} if tests else {}, rank, rank, rank)


def test_board_of_a_category_holds_those_tested_in_it_and_ranges_that_meet():
    rows = [
        standing("top", 1, 90, 85, 95),
        standing("near", 2, 80, 70, 86),
        standing("guessed", 3, 75, 60, 90, tests=0),
        standing("low", 4, 50, 40, 60),
        standing("thin", None, 99, 98, 100),
    ]
    assert news.boards(rows, ["coding"]) == {
        "": {"top": [1, 1, 1], "near": [2, 2, 2], "guessed": [3, 3, 3], "low": [4, 4, 4]},
        "coding": {"top": [1, 1, 2], "near": [2, 1, 2], "low": [3, 3, 3]},
    }


def moves() -> list[tuple[str, str, str, str]]:
    return list(Change.objects.filter(kind="place_moved").values_list("subject", "old", "new", "reason"))


def test_refit_tells_moves_with_their_cause(site):
    """Corrections take the leader down and others move with it; nothing is told twice, or by a quick refit."""
    before = Fit.objects.defer("arrays").first()
    assert (moves(), sorted(before.told)) == ([], ["at", "boards"])
    leader = next(slug for slug, place in before.told["boards"][""].items() if place[0] == 1)
    model = LanguageModel.objects.get(slug=leader)
    for score in Score.objects.published().of([model]):
        score.value = Decimal(score.value) / 4
        curation.save_row(score, "typing error")
    estimates.refit(seeds=0)
    assert moves() == []
    estimates.refit(seeds=1)
    told = moves()
    assert [(old, reason) for subject, old, _, reason in told if subject == f"{model}, place overall"] == [
        ("1", "correction")
    ]
    assert {reason for subject, _, _, reason in told if not subject.startswith(f"{model},")} <= {"refit on all results"}
    assert f"{model}, place overall: down to " in Client().get("/changes/").content.decode()
    estimates.refit(seeds=1)
    assert moves() == told


@pytest.mark.django_db
def test_moves_need_something_that_was_told_before_and_a_published_model():
    rules, now = plain.Rulebook((), {}), timezone.now()
    boards = {"": {"gone": [1, 1, 1]}}
    told = estimates.tell_moves({}, boards, {}, rules, now)
    assert (told, moves()) == ({"at": now.isoformat(), "boards": {"": {}}}, [])
    assert estimates.tell_moves({"at": now.isoformat(), "boards": boards}, {"": {}}, {}, rules, now)["boards"] == {
        "": {}
    }
    assert moves() == []
