"""What an issue says, which week it belongs to, its archive page; the feed of changes; what is erased when."""

import datetime

import pytest
from django.test import Client

from benchlm.newsletter import bounces, issues, keys, rehearsal, retention
from benchlm.newsletter.models import WEEK, ConfirmToken, Delivery, Issue, Limit, Subscriber, Suppression
from comparisons.models import CatalogueVersion, Change, Creator, LanguageModel

NOW = datetime.datetime(2026, 11, 23, 0, 30, tzinfo=datetime.UTC)
pytestmark = pytest.mark.django_db


def changed(
    kind: str, subject: str, old: str = "", new: str = "", *, at: datetime.datetime | None = None, **fields
) -> Change:
    return Change.objects.create(
        kind=kind, subject=subject, old=old, new=new, at=at or NOW - datetime.timedelta(days=2), **fields
    )


def subscriber(address: str, **fields) -> Subscriber:
    common = {
        "status": "active",
        "regime": "EEA",
        "location_source": "unknown",
        "consent_version": "x",
        "confirmed_at": NOW,
    }
    row = {"email": address, "email_key": address, "key_hash": keys.digest("address", address), "requested_at": NOW}
    return Subscriber.objects.create(**(row | common | fields))


def built(now: datetime.datetime = NOW) -> Issue:
    issue = issues.planned(issues.last_ended(now))
    issues.build(issue, now)
    issue.refresh_from_db()
    return issue


# --- weeks ----------------------------------------------------------------------------------------------------------
def test_every_day_from_2020_to_2040_falls_into_exactly_one_issue():
    moment, end = (
        datetime.datetime(2019, 12, 30, tzinfo=datetime.UTC),
        datetime.datetime(2041, 1, 7, tzinfo=datetime.UTC),
    )
    weeks = []
    while moment < end:
        year, number, _ = moment.isocalendar()
        issue = Issue(iso_year=year, iso_week=number)
        assert (issue.starts_at, issue.ends_at) == (moment, moment + WEEK)
        for inside in (moment, moment + datetime.timedelta(days=6, hours=23, minutes=59, seconds=59)):
            assert inside.isocalendar()[:2] == (issue.iso_year, issue.iso_week)
        weeks.append(issue.week)
        moment += WEEK
    assert len(weeks) == len(set(weeks))
    assert [week for week in weeks if week.endswith("W53")] == ["2020-W53", "2026-W53", "2032-W53", "2037-W53"]


@pytest.mark.parametrize(
    ("now", "week"),
    [
        ("2026-12-27T23:59:59", "2026-W51"),
        ("2026-12-28T00:10:00", "2026-W52"),
        ("2027-01-03T23:59:59", "2026-W52"),
        ("2027-01-04T00:09:59", "2026-W52"),
        ("2027-01-04T00:10:00", "2026-W53"),
        ("2027-01-11T00:10:00", "2027-W01"),
    ],
)
def test_newest_week_that_is_over(now, week):
    moment = datetime.datetime.fromisoformat(now).replace(tzinfo=datetime.UTC)
    assert issues.issue_of(issues.last_ended(moment)).week == week


@pytest.mark.parametrize("year", range(2020, 2041))
def test_each_event_at_the_turn_of_a_year_is_in_one_issue(year):
    first = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)
    for at in (first - datetime.timedelta(seconds=1), first):
        changed("model_added", f"M{at:%Y}", at=at)
    found = []
    for week in range(-2, 3):
        issue = issues.issue_of(first + week * WEEK)
        found += [line["text"] for part in issues.content_of(issue)["sections"] for line in part["lines"]]
    assert sorted(found) == [f"M{year - 1} is new in the catalogue", f"M{year} is new in the catalogue"]


def test_event_belongs_to_the_week_that_its_second_is_in():
    changed("model_added", "Sunday", at=datetime.datetime(2026, 11, 22, 23, 59, 59, tzinfo=datetime.UTC))
    changed("model_added", "Monday", at=datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC))
    assert [line["text"] for line in built().content["sections"][0]["lines"]] == ["Sunday is new in the catalogue"]
    assert [line["text"] for line in built(NOW + WEEK).content["sections"][0]["lines"]] == [
        "Monday is new in the catalogue"
    ]


def test_building_twice_makes_one_issue_and_one_delivery_each():
    changed("model_added", "Alpha")
    subscriber("a@b.co")
    first = built()
    subscriber("late@b.co")
    again = built()
    assert (first.pk, again.frozen, Delivery.objects.count(), Issue.objects.count()) == (again.pk, 1, 1, 1)


# --- content --------------------------------------------------------------------------------------------------------
def test_issue_tells_each_kind_of_change_in_its_section():
    changed("model_added", "Alpha", new="published", source_url="https://example.org/alpha")
    changed("score_changed", "Alpha: Quiz", "70", "71.5", reason="typing error", source_url="https://example.org/quiz")
    changed("score_added", "Beta: Quiz", new="66")
    changed("price_changed", "Alpha at Acme", "input 2, output 8", "input 1, output 4")
    changed("retirement_date", "Old", new="2027-03-01")
    issue = built()
    assert issue.subject == "BenchLM, week 47: 1 new model, 2 scores, 1 price"
    assert [(part["title"], [line["text"] for line in part["lines"]]) for part in issue.content["sections"]] == [
        ("New models", ["Alpha is new in the catalogue"]),
        ("Corrections", ["Alpha: Quiz: 71.5, was 70"]),
        ("New results", ["Beta: Quiz: 66"]),
        ("Prices", ["Alpha at Acme: input 1, output 4 $/M, was input 2, output 8"]),
        ("Retirements and withdrawals", ["Old retires on 1 Mar 2027"]),
    ]
    assert "(typing error)" in issue.text
    assert "https://example.org/quiz" in issue.text


def test_long_section_is_cut_and_counted():
    for number in range(40):
        changed("score_added", f"M{number}: Quiz", new="1")
    (section,) = built().content["sections"]
    assert (len(section["lines"]), section["more"]) == (25, 15)


def test_names_are_text_in_every_part():
    for name in ("<script>alert(1)</script>", '"><img onerror=x>', "{{7*7}}", "{% load x %}"):
        changed("model_added", name)
    issue = built()
    page = Client().get(issue.get_absolute_url()).content.decode()
    for html in (issue.html, page):
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "{{7*7}}" in html
    assert "<script>alert(1)</script>" in issue.text


def test_moves_of_a_week_are_told_once_for_each_place_with_all_causes():
    """Up and down again is no move."""
    for subject, old, new, reason in (
        ("Beta, place overall", "9", "5", "new result"),
        ("Gamma, place in Coding", "3", "8", "refit on all results"),
        ("Beta, place overall", "5", "4", "correction"),
        ("Gamma, place in Coding", "8", "3", "correction"),
        ("Delta, place overall", "", "7", "new result"),
    ):
        changed("place_moved", subject, old, new, reason=reason)
    issue = built()
    (section,) = issue.content["sections"]
    assert (section["title"], [(line["text"], line["reason"]) for line in section["lines"]]) == (
        "Moves on the leaderboard",
        [
            ("Delta, place overall: enters at 7", "new result"),
            ("Beta, place overall: up to 4 from 9", "new result, correction"),
        ],
    )
    assert issue.subject == "BenchLM, week 47: 2 moves"


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        ([("score_changed", "70", "71"), ("score_changed", "71", "72")], [("Corrections", "Alpha: Quiz: 72, was 70", "a, b")]),
        ([("score_added", "", "71"), ("score_changed", "71", "72")], [("New results", "Alpha: Quiz: 72", "a, b")]),
        ([("score_changed", "70", "71"), ("score_withdrawn", "71", "")], [("Corrections", "Alpha: Quiz: 70 withdrawn", "a, b")]),
        ([("score_withdrawn", "70", ""), ("score_added", "", "71")], [("Corrections", "Alpha: Quiz: 71, was 70", "a, b")]),
        ([("score_added", "", "71"), ("score_withdrawn", "71", "")], []),
        ([("score_changed", "70", "71"), ("score_changed", "71", "70")], []),
    ],
)  # fmt: skip
def test_figure_that_changed_twice_in_a_week_is_told_once_or_not_at_all(steps, lines):
    for (kind, old, new), reason in zip(steps, "ab", strict=True):
        changed(kind, "Alpha: Quiz", old, new, reason=reason, source_url="https://example.org/quiz")
    found = built().content["sections"]
    assert [(part["title"], line["text"], line["reason"]) for part in found for line in part["lines"]] == lines


def test_figures_of_two_sources_are_told_apart():
    changed("score_changed", "Alpha: Quiz", "70", "71", source_url="https://example.org/one")
    changed("score_changed", "Alpha: Quiz", "71", "70", source_url="https://example.org/two")
    assert [line["text"] for line in built().content["sections"][0]["lines"]] == [
        "Alpha: Quiz: 71, was 70",
        "Alpha: Quiz: 70, was 71",
    ]


def test_moves_that_all_came_back_make_no_issue():
    changed("place_moved", "Beta, place overall", "9", "5")
    changed("place_moved", "Beta, place overall", "5", "9")
    assert built().state == "skipped_empty"


def test_draft_is_no_news(client):
    LanguageModel.objects.create(slug="gamma", name="Gamma", creator=Creator.objects.create(slug="acme", name="Acme"))
    assert built().state == "skipped_empty"


# --- archive --------------------------------------------------------------------------------------------------------
def test_archive_page_is_public_frozen_and_without_personal_links():
    changed("model_added", "Alpha")
    subscriber("a@b.co")
    issue = built()
    Change.objects.create(kind="model_added", subject="Later", at=NOW - datetime.timedelta(days=1))
    response = Client().get("/newsletter/2026-W47/")
    html = response.content.decode()
    assert (response.status_code, response.headers["Cache-Control"][:6], bool(response.cookies)) == (
        200,
        "public",
        False,
    )
    assert "Alpha is new in the catalogue" in html
    assert "Later" not in html
    assert not [
        part for part in ("/newsletter/leave/", "/newsletter/my-data/", "a@b.co", issues.LEAVE_MARK) if part in html
    ]
    assert Client().post(issue.get_absolute_url()).status_code == 405
    assert Client().get("/newsletter/2026-W47/", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("week", ["2026-W46", "2026-W54", "2026-W00", "2026-W5", "1999-W01", "2025-W53", "x"])
def test_week_without_issue_answers_404(week):
    assert Client().get(f"/newsletter/{week}/").status_code == 404


def test_sample_can_be_read_before_the_first_issue():
    html = Client().get("/newsletter/sample/").content.decode()
    assert "In such a week no mail is sent" in html
    Change.objects.create(kind="model_added", subject="Alpha")
    CatalogueVersion.rise()
    assert "Alpha is new in the catalogue" in Client().get("/newsletter/sample/").content.decode()
    assert Issue.objects.count() == 0


def test_dry_run_prints_and_changes_nothing():
    said = []
    assert rehearsal.show(said.append, clock=lambda: NOW) == 0
    assert said == ["2026-W47: nothing changed, no mail."]
    changed("model_added", "Alpha")
    subscriber("a@b.co")
    assert rehearsal.show(said.append, clock=lambda: NOW) == 0
    assert said[1].startswith("2026-W47 would go to 1.\n\nSubject: BenchLM, week 47: 1 new model\n")
    assert (Issue.objects.count(), Delivery.objects.count()) == (0, 0)


# --- bounces --------------------------------------------------------------------------------------------------------
@pytest.fixture
def delivery() -> Delivery:
    row = subscriber("a@b.co")
    subscriber("other@b.co")
    changed("model_added", "Alpha")
    issue = built()
    message_id = f"<{issue.week}.{row.public_id.hex}@benchlm.example>"
    Delivery.objects.filter(subscriber=row).update(state="sent", message_id=message_id)
    return Delivery.objects.get(subscriber=row)


def test_events_may_repeat_and_come_in_any_order(delivery):
    for event in ("bounced", "delivered", "bounced", "delivered", *["bounced"] * 8):
        assert bounces.record(delivery.message_id, event, NOW, "5.1.1")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reply_code) == ("failed", "5.1.1")
    assert list(Subscriber.objects.order_by("pk").values_list("status", flat=True)) == ["suspended", "active"]
    assert delivery.issue.is_balanced


def test_complaint_outlasts_the_address(delivery):
    assert bounces.record(delivery.message_id, "unsubscribed", NOW)
    assert bounces.record(delivery.message_id, "complained", NOW)
    assert list(Suppression.objects.values_list("reason", flat=True)) == ["complained"]


@pytest.mark.parametrize("message_id", ["", "<x@y>", "<2026-W47.00000000000000000000000000000000@benchlm.example>"])
def test_event_about_no_mail_of_ours_changes_nothing(delivery, message_id):
    assert not bounces.record(message_id, "bounced", NOW)
    assert Subscriber.objects.active().count() == 2


REPORT = """From: MAILER-DAEMON@mx.example
To: weekly@benchlm.example
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry. other@b.co

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}

--b--
"""


@pytest.mark.parametrize(
    ("recipient", "action", "status", "is_known", "active"),
    [
        ("a@b.co", "failed", "5.1.1", True, ["other@b.co"]),
        ("other@b.co", "failed", "5.1.1", True, ["other@b.co"]),  # names another: the delivery's own is meant
        ("a@b.co", "delayed", "4.4.1", True, ["a@b.co", "other@b.co"]),
        ("a@b.co", "failed", "5.7.1", True, ["a@b.co", "other@b.co"]),
        ("other@b.co", "failed", "5.1.1", False, ["a@b.co", "other@b.co"]),  # forged
    ],
)
def test_report_by_mail_touches_the_owner_of_its_delivery_alone(delivery, recipient, action, status, is_known, active):
    message_id = delivery.message_id if is_known else "<2026-W47.forged@benchlm.example>"
    bounces.read_report(
        REPORT.format(recipient=recipient, action=action, status=status, message_id=message_id).encode(), NOW
    )
    assert list(Subscriber.objects.active().order_by("email").values_list("email", flat=True)) == active


# --- what is erased -------------------------------------------------------------------------------------------------
def test_everything_is_erased_when_the_table_says(delivery):
    start = datetime.datetime(2023, 12, 31, 12, tzinfo=datetime.UTC)
    old = {"status": "unsubscribed", "email": "", "email_key": None}
    subscriber("x@b.co", **old, left_at=start - datetime.timedelta(days=366))
    subscriber("y@b.co", **old, left_at=start)
    pending = {"status": "pending", "confirmed_at": None}
    young = subscriber("young@b.co", **pending, requested_at=NOW - datetime.timedelta(days=6))
    subscriber("late@b.co", **pending, requested_at=NOW - datetime.timedelta(days=8))
    ConfirmToken.objects.create(token_hash="t", subscriber=young, expires_at=NOW)
    Limit.objects.create(key_hash="k", touched_at=NOW - datetime.timedelta(days=8))
    Issue.objects.update(built_at=NOW - datetime.timedelta(days=91))  # still open, and never sent any more
    before = delivery.issue.balance()
    assert retention.expire(NOW) == {
        "sign-ups never confirmed": 1,
        "proofs of consent": 1,
        "deliveries": 2,
        "used links": 0,
        "counters": 1,
    }
    issue = Issue.objects.get(pk=delivery.issue_id)
    assert (issue.balance(), issue.is_balanced, issue.deliveries.count(), issue.state) == (before, True, 0, "done")
    assert set(retention.expire(NOW).values()) == {0}


@pytest.mark.parametrize(
    ("left", "now", "is_kept"),
    [("2026-01-01", "2029-12-31", True), ("2026-12-31", "2029-12-31", True), ("2026-01-01", "2030-01-01", False)],
)
def test_proof_is_kept_to_the_end_of_the_third_year_after(left, now, is_kept):
    moments = [datetime.datetime.fromisoformat(each).replace(tzinfo=datetime.UTC) for each in (left, now)]
    assert (moments[0] >= retention.proof_limit(moments[1])) is is_kept
