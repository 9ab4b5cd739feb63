"""The curators' queues: what each finds, what its buttons do and leave behind, who may press them."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from comparisons import estimates, queues
from comparisons.models import (
    Benchmark,
    Category,
    Change,
    Creator,
    FeaturedPair,
    LanguageModel,
    ModelAlias,
    Offer,
    Runtime,
    Score,
    ScoreReport,
    Settled,
)
from tests.test_admin import SOURCE, signed_in, told
from tests.test_roles import member

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 11, 25)
RECENT = datetime.date(2026, 11, 1)


@pytest.fixture(autouse=True)
def _nothing_kept():
    queues._kept.clear()


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="a-long-password-1")


@pytest.fixture
def curator(ada: User) -> Client:
    return signed_in(ada)


def a_model(slug: str, **more: object) -> LanguageModel:
    creator = Creator.objects.get_or_create(slug="acme", defaults={"name": "Acme"})[0]
    row = {"name": slug.capitalize(), "creator": creator, "status": "published"}
    return LanguageModel.objects.create(slug=slug, **(row | more))


def a_test(slug: str, category: str = "coding", **more: object) -> Benchmark:
    place = Category.objects.count() + 1
    group = Category.objects.get_or_create(slug=category, defaults={"name": category, "weight": 1, "order": place})[0]
    row = {"name": slug.upper(), "family": slug, "category": group, "weight": 1, "floor": 0, "ceiling": 100}
    return Benchmark.objects.create(slug=slug, **(row | more))


def a_score(model: LanguageModel, test: Benchmark, value: object, **more: object) -> Score:
    row = {"source_kind": "vendor", "source_url": SOURCE, "reported_on": RECENT}
    return Score.objects.create(model=model, benchmark=test, value=Decimal(str(value)), **(row | more))


@pytest.fixture
def pair() -> tuple[LanguageModel, LanguageModel]:
    return a_model("alpha"), a_model("beta")


def found(slug: str) -> list[tuple[str, str]]:
    queue = queues.BY_SLUG[slug]
    return [(finding.subject, finding.said) for finding in queue.findings(list(queue.waiting(TODAY)))]


def page(slug: str) -> str:
    return reverse("admin:queue", args=[slug])


def press(client: Client, slug: str, label: str, **more: str):
    """Press the first button of a queue that reads so."""
    client.cookies.pop("messages", None)
    shown = client.get(page(slug)).context["findings"]
    buttons = [each for finding in shown for part in (*finding["parts"], finding) for each in part["buttons"]]
    value = next(value for value, text in buttons if text == label)
    return client.post(page(slug), {"do": value, **more})


# --- what each finds ------------------------------------------------------------------------------------------------
def test_stale_scores_are_found_the_oldest_first(pair):
    quiz = a_test("quiz")
    a_score(pair[0], quiz, 1)
    a_score(pair[0], quiz, 2, setting="old", reported_on=datetime.date(2026, 5, 1))
    a_score(pair[0], quiz, 3, setting="older", reported_on=datetime.date(2026, 4, 1))
    a_score(pair[0], quiz, 4, setting="checked", reported_on=datetime.date(2026, 4, 1), checked_on=RECENT)
    a_score(a_model("gamma", status="draft"), quiz, 5, reported_on=datetime.date(2026, 4, 1))
    assert found("stale") == [("Alpha, QUIZ", "last seen 1 Apr 2026"), ("Alpha, QUIZ", "last seen 1 May 2026")]


def test_figures_without_a_full_source_are_found(pair):
    a_score(pair[0], a_test("quiz"), 1, reported_on=None)
    Offer.objects.create(model=pair[0], host="Acme", input=1, source_url=SOURCE)
    Runtime.objects.create(model=pair[0], host="Acme", ttft_seconds=1, source_url=SOURCE)
    Runtime.objects.create(model=pair[1], ttft_seconds=1, source_url=SOURCE)
    assert found("unsourced") == [
        ("Alpha, QUIZ", "score without a date"),
        ("Alpha at Acme", "speed without day: readers do not see it"),
        ("Beta at unnamed host", "speed without host and day: readers do not see it"),
        ("Alpha at Acme (paid api)", "price without a first day"),
    ]


def test_implausible_figures_are_found(pair):
    days = [datetime.date(2026, month, 1) for month in (1, 2, 3)]
    for day, price, end in zip(days, ("2", "2.1", "21"), (days[1], days[2], None), strict=True):
        Offer.objects.create(
            model=pair[0], host="Acme", input=Decimal(price), output=1, source_url=SOURCE, starts_on=day, ends_on=end
        )
    speeds = [("a", 100, "0.3"), ("b", 100, "0.001"), ("c", 100, "130"), ("d", 6_000, None), ("e", 101, "0.5")]
    for host, speed, first in speeds:
        Runtime.objects.create(
            model=pair[1],
            host=host,
            output_tokens_per_second=speed,
            ttft_seconds=first and Decimal(first),
            source_url=SOURCE,
            measured_on=RECENT,
        )
    for number, value in enumerate((50, 50, 50, 51)):
        a_score(pair[0], a_test(f"t{number}"), value)
    assert found("implausible") == [
        ("Alpha at Acme (paid api)", "input price 21 after 2.1"),
        ("Beta at b", "0.001 s to the first token: beyond what machines and readers stand"),
        ("Beta at c", "130 s to the first token: beyond what machines and readers stand"),
        ("Beta at d", "6000 tokens a second: beyond what machines and readers stand"),
        ("Alpha", "50 stands 3 times, from one source: a placeholder?"),
        ("Speed", "100 stands 3 times, from one source: a placeholder?"),
    ]


def test_cells_with_several_values_are_found_the_widest_first(pair):
    quiz, other, same = a_test("quiz"), a_test("other"), a_test("same")
    for number, value in enumerate(("14.7", "20.2", "24.3")):
        a_score(pair[0], quiz, value, source_url=f"{SOURCE}/{number}")
    for number, value in enumerate((50, 80)):
        a_score(pair[1], other, value, source_url=f"{SOURCE}/{number}")
        a_score(pair[1], same, 7, source_url=f"{SOURCE}/{number}")
    assert found("disagreeing") == [
        ("Beta, OTHER", "50 to 80 in 2 results"),
        ("Alpha, QUIZ", "14.7 to 24.3 in 3 results"),
    ]


def test_scores_of_models_that_cannot_see_are_found():
    seeing = a_test("charts", "multimodal")
    for slug, modalities in (("blind", "text"), ("seeing", "text|image"), ("unknown", "")):
        a_score(a_model(slug, input_modalities=modalities), seeing, 40)
    assert found("blind") == [("Blind, CHARTS", "Blind takes text, and the test needs pictures")]


def many_scores() -> list[LanguageModel]:
    """Eight models on six tests, each as good everywhere as its number says, but for one score."""
    tests = [a_test(f"t{number}") for number in range(6)]
    models = [a_model(f"m{number}") for number in range(8)]
    for place, model in enumerate(models):
        for number, test in enumerate(tests):
            value = 20 + 8 * place + number if (place, number) != (7, 5) else 3
            a_score(model, test, value)
    return models


def test_scores_that_the_fit_did_not_expect_are_found():
    many_scores()
    estimates.refit(seeds=1)
    ((subject, said),) = found("odd")
    assert (subject, said.startswith("3 where about ")) == ("M7, T5", True)


def test_unconfirmed_scores_that_decide_are_found(pair):
    quiz, other = a_test("quiz", weight=Decimal("0.5")), a_test("other", weight=Decimal("0.5"))
    a_score(pair[0], quiz, 60)
    a_score(pair[1], quiz, 70)
    a_score(pair[0], other, 90, source_kind="aggregator")
    a_score(pair[1], other, 71, source_kind="aggregator")
    assert found("deciding") == [
        ("Alpha, OTHER", "decides who leads the averages in 1 pair: against Beta"),
    ]


def test_featured_pair_with_few_shared_tests_names_the_scores_that_would_help(pair):
    tests = [a_test(f"t{number}", weight=Decimal(number) / 10) for number in range(5)]
    FeaturedPair.objects.create(first=pair[0], second=pair[1])
    a_score(pair[0], tests[0], 1)
    a_score(pair[1], tests[0], 1)
    for test in tests[1:]:
        a_score(pair[0], test, 1)
    queue = queues.BY_SLUG["thin"]
    (finding,) = queue.findings(queue.waiting(TODAY))
    assert (finding.subject, finding.said) == ("Alpha vs Beta", "1 shared test; 2 more make it comparable")
    assert [text for text, _ in finding.links] == ["T4 of Beta", "T3 of Beta", "T2 of Beta", "T1 of Beta"]
    assert finding.links[0][1].endswith(f"?model={pair[1].pk}&benchmark={tests[4].pk}&status=draft")
    for test in tests[1:3]:
        a_score(pair[1], test, 1)
    assert found("thin") == []


def test_models_that_may_be_the_same_are_found(pair):
    a_model("gpt-4-1", name="GPT-4.1")
    a_model("gpt41", name="Gpt 4 1", status="draft")
    ModelAlias.objects.create(model=pair[0], text="maker/beta")
    a_model("gone", name="Gone-", status="withdrawn")
    assert found("duplicates") == [
        ("Alpha and Beta", "both are called “beta”"),
        ("GPT-4.1 and Gpt 4 1", "both are called “gpt41”; one is a draft"),
    ]


def test_open_reports_are_found_with_the_page_that_the_reader_names(pair):
    score = a_score(pair[0], a_test("quiz"), 71)
    row = {"model": pair[0], "benchmark": score.benchmark, "score": score, "seen": "71%"}
    ScoreReport.objects.create(**row, text="Closed", state="done")
    ScoreReport.objects.create(**row, text="It is 72.", source_url="https://example.org/right")
    ScoreReport.objects.create(**row | {"score": None}, text="And gone.")
    assert found("reports") == [("Alpha, QUIZ", "It is 72."), ("Alpha, QUIZ", "And gone.")]
    assert queues.of_reports(queues.reported(TODAY))[0].links == (
        ("page that the reader names", "https://example.org/right"),
    )


# --- pages ----------------------------------------------------------------------------------------------------------
def one_of_everything(number: int) -> None:
    first, second = a_model(f"a{number}", input_modalities="text"), a_model(f"b{number}")
    a_model(f"a-{number}", name=f"A  {number}")
    seeing, quiz = a_test(f"s{number}", "multimodal"), a_test(f"q{number}")
    shown = a_score(first, seeing, 30, reported_on=None)
    a_score(first, quiz, 90, source_kind="aggregator", reported_on=datetime.date(2020, 1, 1))
    a_score(first, quiz, 80, source_url=f"{SOURCE}/2", source_kind="aggregator")
    a_score(second, quiz, 50)
    Runtime.objects.create(model=first, host="H", ttft_seconds=Decimal("0.001"), source_url=SOURCE)
    Offer.objects.create(model=first, host="H", input=1, source_url=SOURCE)
    FeaturedPair.objects.create(first=first, second=second)
    ScoreReport.objects.create(model=first, benchmark=seeing, score=shown, seen="10", text="Wrong")


@pytest.mark.parametrize("queue", queues.QUEUES, ids=lambda queue: queue.slug)
def test_queue_asks_as_often_for_three_findings_as_for_one(curator, queue):
    counts, lengths = [], []
    for number in range(1, 4):
        one_of_everything(number)
        if number in (1, 3):
            curator.get(page(queue.slug))
            queues._kept.clear()
            with CaptureQueriesContext(connection) as asked:
                shown = curator.get(page(queue.slug))
            counts.append(len(asked))
            lengths.append(len(shown.context["findings"]))
    assert counts[0] == counts[1]
    assert lengths[0] < lengths[1] or queue.slug == "odd"


def test_index_asks_as_often_for_three_of_everything_as_for_one(curator):
    counts = []
    for number in range(1, 4):
        one_of_everything(number)
        if number in (1, 3):
            curator.get(reverse("admin:index"))
            queues._kept.clear()
            with CaptureQueriesContext(connection) as asked:
                listed = curator.get(reverse("admin:index")).context["queues"]
            counts.append(len(asked))
    assert counts[0] == counts[1]
    assert [title for title, _, _ in listed] == [queue.title for queue in queues.QUEUES]
    assert {title: number for title, number, _ in listed}["Readers' reports"] == 3


def test_long_queue_comes_in_pages(curator, pair):
    quiz = a_test("quiz")
    for number in range(27):
        a_score(pair[0], quiz, number, setting=str(number), reported_on=datetime.date(2020, 1, 1))
    lengths = [len(curator.get(page("stale"), {"p": p}).context["findings"]) for p in ("1", "2", "99", "x", "%00")]
    assert lengths == [25, 2, 2, 25, 25]


def test_empty_queue_says_so_and_another_is_not_found(curator):
    assert "Nothing waits here." in curator.get(page("odd")).content.decode()
    assert curator.get(page("nothing")).status_code == 404
    assert curator.put(page("odd")).status_code == 405


def test_names_with_markup_are_text(curator, pair):
    name = '<script>alert(1)</script>"><img onerror=x>{{7*7}}'
    quiz = a_test("quiz", name=name)
    LanguageModel.objects.filter(pk=pair[0].pk).update(name=name)
    score = a_score(pair[0], quiz, 1, reported_on=None, setting=name)
    ScoreReport.objects.create(model=pair[0], benchmark=quiz, score=score, seen=name, text=name)
    for slug in ("unsourced", "reports"):
        html = curator.get(page(slug)).content.decode()
        assert ("<script>alert" in html, "<img onerror" in html, "&lt;script&gt;alert(1)" in html) == (
            False,
            False,
            True,
        )


# --- buttons --------------------------------------------------------------------------------------------------------
def test_checked_today_takes_a_score_out_of_the_queue(curator, ada, pair):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    answer = press(curator, "stale", "Checked today")
    assert (answer.status_code, told(answer)) == (302, ["Alpha, QUIZ: checked today."])
    score.refresh_from_db()
    assert (score.checked_on, score.history.first().history_user, found("stale")) == (timezone.localdate(), ada, [])
    assert Change.objects.count() == 0


def test_withdrawing_is_told_and_recorded_with_its_reason(curator, ada, pair):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    press(curator, "stale", "Withdraw", reason="The page is gone")
    score.refresh_from_db()
    newest = score.history.first()
    assert (score.status, newest.history_user, newest.history_change_reason) == ("withdrawn", ada, "The page is gone")
    assert list(Change.objects.values_list("kind", "reason")) == [("score_withdrawn", "The page is gone")]


def test_what_is_right_stays_away_until_its_values_change(curator, ada, pair):
    quiz = a_test("quiz")
    score = a_score(pair[0], quiz, 50)
    a_score(pair[0], quiz, 60, source_url=f"{SOURCE}/2")
    answer = press(curator, "disagreeing", "Right as it is")
    assert (told(answer), found("disagreeing")) == (["Alpha, QUIZ: right as it is."], [])
    row = Settled.objects.get()
    assert (row.subject, row.history.get().history_user) == ("Alpha, QUIZ: 50 to 60 in 2 results", ada)
    score.value = 40
    score.save()
    assert found("disagreeing") == [("Alpha, QUIZ", "40 to 60 in 2 results")]


def test_settled_finding_is_asked_again_when_its_row_is_deleted(curator, pair):
    quiz = a_test("quiz")
    for number in (50, 60):
        a_score(pair[0], quiz, number, source_url=f"{SOURCE}/{number}")
    press(curator, "disagreeing", "Right as it is")
    row = Settled.objects.get()
    curator.post(reverse("admin:comparisons_settled_delete", args=[row.pk]), {"post": "yes"})
    assert len(found("disagreeing")) == 1
    assert Settled.history.filter(id=row.pk).count() == 2


@pytest.mark.parametrize(("label", "state"), [("Corrected", "done"), ("Nothing wrong", "dismissed")])
def test_report_is_answered_once(curator, ada, pair, label, state):
    quiz = a_test("quiz")
    report = ScoreReport.objects.create(model=pair[0], benchmark=quiz, seen="1", text="Wrong")
    press(curator, "reports", label, reason="Looked")
    report.refresh_from_db()
    newest = report.history.first()
    assert (report.state, newest.history_user, newest.history_change_reason) == (state, ada, "Looked")
    again = curator.post(page("reports"), {"do": f"done||{report.pk}"})
    assert told(again)[-1] == "Nothing was done: this does not wait here any more."


@pytest.mark.parametrize(
    "do",
    [
        "",
        "done",
        "withdraw|0|0",
        "settle||",
        "delete||x",
        "checked|%s|999",
        "withdraw|x|%s",
        "checked|9999|%s",
        "settle||%s",
    ],
)
def test_button_that_is_not_there_does_nothing(curator, pair, do):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    other = a_score(pair[0], a_test("other"), 1)
    for pk in (score.pk, other.pk, "\x00", "9" * 30):
        answer = curator.post(page("stale"), {"do": do.replace("%s", str(pk))})
        assert (answer.status_code, told(answer)[-1]) == (302, "Nothing was done: this does not wait here any more.")
    assert Score.history.count() == 2


def test_reading_a_queue_changes_nothing(curator, pair):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    curator.get(page("stale"), {"do": f"withdraw|{score.pk}|{score.pk}"})
    assert (Score.history.count(), Settled.objects.count()) == (1, 0)


# --- who may --------------------------------------------------------------------------------------------------------
def test_contributor_reads_queues_and_has_no_button(pair):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    client = member("Contributor")
    shown = client.get(page("stale"))
    assert [part["buttons"] for part in shown.context["findings"][0]["parts"]] == [[]]
    assert client.post(page("stale"), {"do": f"withdraw|{score.pk}|{score.pk}"}).status_code == 403
    report = ScoreReport.objects.create(model=pair[0], benchmark=score.benchmark, seen="1", text="Wrong")
    assert client.post(page("reports"), {"do": f"done||{report.pk}"}).status_code == 403


def test_staff_without_rights_see_no_queue():
    client = signed_in(User.objects.create_user("bob", is_staff=True))
    assert {client.get(page(queue.slug)).status_code for queue in queues.QUEUES} == {403}
    assert client.get(reverse("admin:index")).context["queues"] == []
    assert Client().get(page("stale")).status_code == 302


def test_editor_answers_and_withdraws(pair):
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    ScoreReport.objects.create(model=pair[0], benchmark=score.benchmark, score=score, seen="1", text="Wrong")
    editor = member("Editor")
    press(editor, "reports", "Withdraw")
    press(editor, "reports", "Corrected")
    score.refresh_from_db()
    assert (score.status, ScoreReport.objects.get().state) == ("withdrawn", "done")


def test_forged_button_is_refused(ada, pair):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    score = a_score(pair[0], a_test("quiz"), 1, reported_on=datetime.date(2020, 1, 1))
    assert client.post(page("stale"), {"do": f"withdraw|{score.pk}|{score.pk}"}).status_code == 403
