"""Scores and ranks over time: what a fit records, how long it is kept, how it is drawn."""

import datetime
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from comparisons import days, estimates, timelines
from comparisons.evidence import Estimate, Standing
from comparisons.models import Benchmark, Category, Creator, LanguageModel, Place, Score
from comparisons.plain import whole
from tests.clock import dated, days_passed, marks
from tests.test_pages import page, text_of

DAY = datetime.date(2026, 11, 3)
NAMES = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon")


@pytest.fixture
def catalogue(db) -> None:
    """Five models on four tests of one category."""
    acme = Creator.objects.create(slug="acme", name="Acme")
    coding = Category.objects.create(slug="coding", name="Coding", weight=1, order=1)
    models = [
        LanguageModel.objects.create(slug=name.lower(), name=name, creator=acme, status="published") for name in NAMES
    ]
    for at, slug in enumerate(("aider-polyglot", "humaneval", "livebench-coding", "livecodebench")):  # of the basket
        test = Benchmark.objects.create(
            slug=slug,
            name=slug,
            family=slug,
            category=coding,
            weight=Decimal("0.25"),
            floor=0,
            ceiling=100,
        )
        for number, model in enumerate(models):
            Score.objects.create(
                model=model,
                benchmark=test,
                value=80 - 9 * number - 2 * at,
                source_kind="vendor",
                source_url="https://a.example/",
            )


def standing(model: str, score: float, rank: int | None, **fields) -> Standing:
    figure = Estimate(score, score - 2, score + 2)
    given = {"tests": {"coding": 4}, "categories": {"coding": figure}, "best": rank, "worst": rank} | fields
    return Standing(model=model, overall=figure, rank=rank, **given)


def recorded(day: datetime.date, *standings: Standing) -> None:
    timelines.record(day, dict(timelines.places(whole(day), {each.model: each for each in standings})))


def course(model: str, board: str = "") -> list[tuple]:
    rows = Place.objects.on_board(board).filter(model__slug=model).order_by("day")
    return [(row.day.day, row.rank, row.score, row.low, row.high) for row in rows]


# --- recording ------------------------------------------------------------------------------------------------------
def test_fit_records_places_overall_and_in_each_category_tested(catalogue):
    recorded(
        DAY,
        standing("alpha", 70.04, 1),
        standing("beta", 60, 2, tests={"coding": 0, "other": 3}),
        standing("gamma", 65, None, tests={"coding": 1}),
    )
    assert course("alpha") == course("alpha", "coding") == [(3, 1, 70.0, 68.0, 72.0)]
    assert (course("beta"), course("beta", "coding")) == ([(3, 2, 60.0, 58.0, 62.0)], [])
    assert course("gamma") == [(3, None, 65.0, 63.0, 67.0)]
    assert course("delta") == []


def test_only_what_differs_is_recorded_and_the_last_fit_of_a_day_stands(catalogue):
    next_day = DAY + datetime.timedelta(days=1)
    recorded(DAY, standing("alpha", 70, 1))
    recorded(next_day, standing("alpha", 70.04, 1))
    assert course("alpha") == [(3, 1, 70.0, 68.0, 72.0)]
    recorded(next_day, standing("alpha", 71, 1))
    recorded(next_day, standing("alpha", 72, 1))
    assert course("alpha") == [(3, 1, 70.0, 68.0, 72.0), (4, 1, 72.0, 70.0, 74.0)]


def test_model_that_leaves_the_board_is_recorded_once(catalogue):
    recorded(DAY, standing("alpha", 70, 1))
    for later in (1, 2):
        recorded(DAY + datetime.timedelta(days=later))
    assert course("alpha") == [(3, 1, 70.0, 68.0, 72.0), (4, None, None, None, None)]


def test_older_days_are_kept_by_the_month(catalogue):
    for back in (170, 160, 150, 99, 98, 0):
        recorded(DAY - datetime.timedelta(days=back), standing("alpha", 50 + back / 10, 1))
    kept = [DAY - row for row in Place.objects.on_board("").order_by("day").values_list("day", flat=True)]
    assert [age.days for age in kept] == [160, 150, 99, 98, 0]


def test_refit_records_the_day_of_the_fit(catalogue):
    moment = datetime.datetime(2026, 11, 3, 23, 59, tzinfo=datetime.UTC)
    fit = estimates.refit(seeds=1, moment=moment)
    assert fit.made_at == moment
    assert [row[1] for name in NAMES for row in course(name.lower())] == [1, 2, 3, 4, 5]
    assert course("alpha")[0][0] == 3


# --- fits -----------------------------------------------------------------------------------------------------------
def test_fits_are_kept_that_pages_of_earlier_days_show():
    noon = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
    ages = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 399, 399, 400, 405, 420, 450]
    stored = [(100 - at, noon - datetime.timedelta(days=age, minutes=at)) for at, age in enumerate(ages)]
    gone = estimates.dropped(stored, noon.date())
    # beyond the newest ten only the last of each day, and beyond 400 days of each month
    assert [at for at in range(len(ages)) if 100 - at in gone] == [10, 11, 13, 16, 18, 19]


# --- pages ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def past(catalogue) -> datetime.date:
    """Three fits: of ten days ago, of five days ago, when Beta overtook Alpha, and of yesterday."""
    today = timezone.localdate()
    days_passed(11)
    for back, value in ((10, None), (5, 95), (1, 96)):
        since = marks()
        at = days.end_of(today - datetime.timedelta(days=back + 1))
        for score in Score.objects.filter(model__slug="beta") if value else ():
            score.value = value
            score.save()
        dated(since, at)
        estimates.refit(seeds=0 if value else 1, moment=at)
    return today


def rows_of(html: str, of: str) -> list[list[str]]:
    part = re.search(rf"<caption[^>]*>{of}.*?</table>", html, re.DOTALL)[0]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", part)
    ]


def test_model_page_draws_what_its_table_says(past):
    html = page(Client(), "/models/beta/")
    table = rows_of(html, "Estimated score and rank of Beta over time")
    assert [row[0] for row in table[1:]] == [
        timelines.written(past - datetime.timedelta(days=back)) for back in (1, 5, 10)
    ]
    assert [row[3] for row in table[1:]] == ["1", "1", "2"]
    section = re.search(r'<section class="sec" aria-labelledby="h-y">.*?</section>', html, re.DOTALL)[0]
    assert section.count('<svg class="chart course" aria-hidden="true">') == 2
    assert section.count('class="band"') == 1
    # of the ten days half are over at the second step, nine tenths at the last; ranks 2, 1, 1 on lines from -1 down to -3
    paths = re.findall(r'<path class="line sa" d="([^"]+)"', section)
    assert re.fullmatch(r"M0 \d+H500V\d+H900V\d+H1000", paths[0])
    assert paths[1:] == ["M0 500H500V0H900V0H1000"]
    assert "style=" not in section


def test_board_draws_the_first_four_in_the_shapes_of_a_comparison(past):
    for path in ("/leaderboard/", "/leaderboard/coding/"):
        html = page(Client(), path)
        table = rows_of(html, "Estimated score and, in brackets, rank over time")
        assert table[0] == ["Day", "Beta", "Alpha", "Gamma", "Delta"]
        assert [re.findall(r"\((\d)\)", " ".join(row)) for row in table[1:]] == [
            list("1234"),
            list("1234"),
            list("2134"),
        ]
        assert [html.count(f'class="line s{mark}"') for mark in "abcd"] == [1, 1, 1, 1]


def test_course_of_an_earlier_day_ends_there(past):
    day = past - datetime.timedelta(days=5)
    html = page(Client(), f"/models/beta/?as_of={day}")
    assert len(rows_of(html, "Estimated score and rank of Beta over time")) == 3
    html = page(Client(), f"/models/beta/?as_of={past - datetime.timedelta(days=6)}")
    assert re.search(r"\d+\.\d, rank 2 since \d+ \w+ 2026, unchanged\.", text_of(html))


def test_one_day_on_record_is_said_in_words(catalogue):
    estimates.refit(seeds=1)
    client, today = Client(), timelines.written(timezone.localdate())
    html = page(client, "/models/alpha/")
    assert re.search(rf"One day is on record, {today}: \d+\.\d, rank 1\.", text_of(html))
    assert 'class="chart course"' not in html
    assert "One day is on record so far, so there is no course to show yet." in text_of(page(client, "/leaderboard/"))
    days_passed(2)
    assert re.search(r"\d+\.\d, rank 1 since \d+ \w+ 2026, unchanged\.", text_of(page(client, "/models/alpha/")))


def test_without_a_fit_there_is_no_course(catalogue):
    assert "No fit has placed it yet" in text_of(page(Client(), "/models/alpha/"))
    assert "over-time" not in page(Client(), "/leaderboard/")


def test_course_costs_one_query(past, django_assert_num_queries):
    model = LanguageModel.objects.get(slug="beta")
    with django_assert_num_queries(1):
        timelines.of_model(model, past)
    state = days.Now(past)
    board = state.whole, state.rules.categories[0], state.fit.standings, past
    with django_assert_num_queries(1):
        timelines.of_board(*board)


def test_long_course_is_thinned_to_what_a_picture_can_show():
    rows = [Place(day=DAY + datetime.timedelta(days=at)) for at in range(300)]
    kept = timelines.thinned(rows, rows[-1].day)
    assert len(kept) <= timelines.MOST_STEPS + 1
    assert (kept[0], kept[-1]) == (rows[0], rows[-1])
    assert [row.day for row in kept] == sorted(row.day for row in kept)
    assert timelines.thinned(rows[:24], DAY) == rows[:24]
