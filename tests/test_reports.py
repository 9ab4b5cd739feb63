"""Reporting a wrong score: the way to the form, the form, its faults, and what is kept of a report."""

import re
import time
from datetime import timedelta

import pytest
from django.core.signing import TimestampSigner, b62_encode
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from comparisons import forms, limits, reports, stamps, visitors
from comparisons.models import Benchmark, LanguageModel, Score, ScoreReport, Tally
from tests.test_admin import a_score, catalogue  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
FORM = "/report/alpha/quiz/"


@pytest.fixture(autouse=True)
def _quiet_process():
    visitors.forget_clients()


def aged(seconds: float, form: str = "report") -> str:
    signer = stamps._signer(form)
    signer.timestamp = lambda: b62_encode(int(time.time() - seconds))
    return signer.sign("form")


def entries(**changed: str) -> dict[str, str]:
    sent = {
        "score": str(Score.objects.order_by("pk").first().pk),
        "text": "The source says 72.4.",
        "source_url": "",
        "website": "",
    }
    return sent | {"stamp": aged(10)} | changed


def send(client: Client | None = None, headers: dict | None = None, **changed: str):
    return (client or Client()).post(FORM, entries(**changed), headers=headers or {})


def kept() -> list[tuple]:
    return list(
        ScoreReport.objects.values_list("model__slug", "benchmark__slug", "seen", "text", "source_url", "state")
    )


# --- the way to the form --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["/compare/alpha-vs-beta/", "/models/alpha/", "/benchmarks/quiz/"])
def test_every_score_has_a_link_to_its_form(client, page):
    html = client.get(page).content.decode()
    link = '<a class="rep" href="/report/alpha/quiz/" rel="nofollow" aria-label="Report this score"></a>'
    assert html.count(link) == 1
    assert ("csrfmiddlewaretoken" in html, client.cookies.output()) == (False, "")


def test_data_page_leads_to_the_form_by_model_and_score(client):
    assert 'href="/report/"' in client.get("/data/").content.decode()
    asked = client.get("/report/", {"q": "alpha-2026"})
    assert (asked.status_code, asked["Location"]) == (302, "/report/alpha/")
    page = client.get("/report/alpha/")
    assert f'<a href="{FORM}" rel="nofollow">Quiz: 71.2%</a>' in page.content.decode()
    assert page["Cache-Control"].startswith("public")
    unknown = client.get("/report/", {"q": "alpah"})
    assert (unknown.status_code, "No model here is called “alpah”" in unknown.content.decode()) == (422, True)
    assert 'href="/report/alpha/"' in unknown.content.decode()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/report/ALPHA/", 301),
        ("/report/gamma/", 404),
        ("/report/gamma/quiz/", 404),
        ("/report/beta/quiz/", 404),
        ("/report/alpha/nothing/", 404),
        ("/report/alpha%00/quiz/", 404),
        ("/report/alpha/quiz%ED%A0%80/", 404),
        ("/report/alpha/QUIZ/", 200),
        ("/report/?q=%00", 200),
    ],
)
def test_address_of_nothing_public_is_not_found(client, address, status):
    assert client.get(address).status_code == status


def test_form_is_for_one_person_and_shows_each_source(client):
    a_score(setting="other", source_kind="aggregator", value=90)
    page = client.get(FORM)
    html = page.content.decode()
    assert re.findall(r"<label for=\"score-\d+\">([^<]+)<", html) == [
        "71.2%, maker&#x27;s figure, no date",
        "90%, aggregator&#x27;s figure, no date, other",
    ]
    assert html.count(" checked") == 1
    headers = {name: page[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")}
    assert headers == {
        "Cache-Control": "no-store, private",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "same-origin",
    }
    assert ScoreReport.objects.count() == 0


def test_form_asks_as_often_for_three_sources_as_for_one(client):
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as asked:
            client.get(FORM)
        counts.append(len(asked))
        a_score(setting=str(number))
    assert counts[0] == counts[2]


# --- a report -------------------------------------------------------------------------------------------------------
def test_report_is_kept_with_what_the_reader_saw_and_nothing_of_the_reader():
    answer = send(source_url="https://example.org/right", headers={"user-agent": "Teller"})
    assert (answer.status_code, answer["Location"]) == (303, "/report/thanks/")
    said = ("alpha", "quiz", "71.2%, maker's figure, no date", "The source says 72.4.", "https://example.org/right")
    assert kept() == [(*said, "open")]
    fields = {field.name for field in ScoreReport._meta.fields}
    assert fields == {"id", "at", "model", "benchmark", "score", "seen", "text", "source_url", "state"}
    assert "A curator reads each report" in Client().get("/report/thanks/").content.decode()


def test_htmx_gets_the_box_alone():
    wrong = send(text="", headers={"hx-request": "true"})
    thanked = send(headers={"hx-request": "true"})
    assert (wrong.status_code, thanked.status_code) == (422, 200)
    for answer in (wrong, thanked):
        html = answer.content.decode()
        assert (html.lstrip()[:16], "<html" in html, "HX-Request" in answer["Vary"]) == (
            '<div id="report"',
            False,
            True,
        )


def test_text_is_kept_as_typed_without_what_nobody_sees():
    send(text="  First line\r\nsecond \u202eline\u0007 e\u0301 <b>{{7*7}}</b>  ")
    assert kept()[0][3] == "First line\nsecond line \u00e9 <b>{{7*7}}</b>"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": ""}, "Say what is wrong with it."),
        ({"text": " \u200b "}, "Say what is wrong with it."),
        ({"text": "x" * 1001}, "Shorten the text to 1,000 characters: it has 1,001."),
        ({"text": "a\x00b"}, "Null characters are not allowed."),
        ({"score": ""}, "Choose the score."),
        ({"score": "999999"}, "Choose the score."),
        ({"source_url": "javascript:alert(1)"}, "“javascript:alert(1)” is not a plain https address."),
        ({"source_url": "http://example.org/"}, "“http://example.org/” is not a plain https address."),
        (
            {"source_url": "https://example.org/" + "x" * 500},
            "Ensure this value has at most 500 characters (it has 520).",
        ),
        ({"stamp": ""}, "The form came without its time. Please send it again."),
        ({"stamp": "forged"}, "The form came without its time. Please send it again."),
    ],
)
def test_faulty_report_is_said_to_be_so_and_loses_nothing(changed, said):
    answer = send(**changed)
    html = answer.content.decode().replace("&#x27;", "'")
    assert (answer.status_code, f"<li>{said}</li>" in html, kept()) == (422, True, [])
    if "text" not in changed:
        assert ">The source says 72.4.</textarea>" in html


@pytest.mark.parametrize(
    "stamp",
    [
        lambda: aged(0),
        lambda: aged(25 * 3600),
        lambda: aged(10, "newsletter"),
        lambda: TimestampSigner(salt="report.form.https://evil.example").sign("form"),
    ],
    ids=["at once", "a day late", "of another form", "of another site"],
)
def test_stamp_that_no_reader_sends_is_refused(stamp):
    assert (send(stamp=stamp()).status_code, kept()) == (422, [])


def test_filled_trap_is_thanked_and_nothing_is_kept():
    answer = send(website="https://spam.example/")
    assert (answer.status_code, answer["Location"], kept()) == (303, "/report/thanks/", [])


def test_forged_forms_are_refused():
    client = Client(enforce_csrf_checks=True)
    assert (client.post(FORM, entries()).status_code, kept()) == (403, [])
    page = client.get(FORM).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    assert (
        client.post(FORM, entries(csrfmiddlewaretoken=token), headers={"origin": "https://evil.test"}).status_code
        == 403
    )
    assert client.post(FORM, entries(csrfmiddlewaretoken=token)).status_code == 303
    assert len(kept()) == 1


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        ({"text": "x" * 17_000}, None, 413),
        ('{"text": "x"}', "application/json", 415),
        ("text=x", "text/plain", 415),
        ("--x\r\nbroken", "multipart/form-data; boundary=x", 422),
        ("--x", "multipart/form-data", 400),
    ],
)
def test_body_that_is_no_form_is_refused(client, data, kind, status):
    answer = client.post(FORM, data, **({"content_type": kind} if kind else {}))
    assert (answer.status_code, kept()) == (status, [])


@pytest.mark.parametrize("method", ["put", "delete", "patch", "trace", "options"])
def test_other_methods_are_refused(client, method):
    assert getattr(client, method)(FORM).status_code == 405
    assert client.head(FORM).status_code == 200


def test_what_a_link_carries_is_not_a_report(client):
    assert client.get(FORM, {"text": "wrong", "website": "x"}).status_code == 200
    assert kept() == []


# --- limits ---------------------------------------------------------------------------------------------------------
def test_client_reports_ten_times_an_hour_whatever_it_says_it_is():
    answers = [send(Client(headers={"x-forwarded-for": f"203.0.113.{number}"})) for number in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert (answers[-1]["Retry-After"], "Nothing was stored" in answers[-1].content.decode()) == ("3600", True)
    assert send(Client(REMOTE_ADDR="198.51.100.7")).status_code == 303
    assert ScoreReport.objects.count() == 11


def test_hour_takes_so_many_reports_in_all(monkeypatch):
    monkeypatch.setattr(reports, "AN_HOUR_IN_ALL", 3)
    answers = [send(Client(REMOTE_ADDR=f"198.51.100.{number}")).status_code for number in range(5)]
    assert (answers, len(kept())) == ([303, 303, 303, 429, 429], 3)
    Tally.objects.update(since=timezone.now() - timedelta(hours=1, seconds=1))
    assert send(Client(REMOTE_ADDR="198.51.100.9")).status_code == 303


def test_count_is_exact_and_its_window_moves_on():
    now = timezone.now()
    assert [limits.allow("x", 2, 60, now + timedelta(seconds=second)) for second in (0, 1, 2, 59, 60, 61, 62)] == [
        True,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert (limits.counted("x", 60, now + timedelta(seconds=70)), limits.counted("x", 5, now)) == (2, 2)
    limits.allow("y", 2, 60, now + timedelta(days=2))
    assert list(Tally.objects.values_list("key", flat=True)) == ["y"]


def test_database_that_cannot_take_it_is_said_so(monkeypatch):
    def full(*_):
        raise OperationalError("disk full")

    monkeypatch.setattr(reports, "take", full)
    answer = send()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_report_outlives_its_score_and_goes_with_its_model():
    send()
    Score.objects.all().delete()
    assert ScoreReport.objects.values_list("score", "seen").get() == (None, "71.2%, maker's figure, no date")
    LanguageModel.objects.filter(slug="alpha").delete()
    assert ScoreReport.objects.count() == 0


def test_score_that_is_not_public_cannot_be_reported():
    hidden = a_score(setting="draft", status="draft")
    answer = send(score=str(hidden.pk))
    assert (answer.status_code, kept()) == (422, [])
    about = reports.reportable(LanguageModel.objects.get(slug="alpha"), Benchmark.objects.get().slug)
    assert [key for key, _, _ in about.choices] == [str(Score.objects.exclude(pk=hidden.pk).get().pk)]


def test_form_counts_a_line_end_once():
    form = forms.ReportForm({"score": "1", "text": "a\r\n" * 500, "stamp": aged(9)}, choices=[("1", "x", "")])
    assert form.is_valid()
    assert len(form.cleaned_data["text"]) == 999
