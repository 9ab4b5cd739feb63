"""The newsletter's admin pages: what curators see, what they may do, what nobody gets."""

import datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchlm.newsletter import issues
from benchlm.newsletter.models import WEEK, Delivery, Issue, Suppression
from tests.test_newsletter_issues import NOW, built, changed, subscriber

pytestmark = pytest.mark.django_db


def url(table: str, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:newsletter_{table}_{page}", args=args)


def signed_in(*rights: str, **fields) -> Client:
    user = User.objects.create_user("ada", password="a-long-password-1", is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights, content_type__app_label="newsletter"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> Client:
    return signed_in(is_superuser=True)


@pytest.fixture
def issue() -> Issue:
    """Three recipients: one sent, one uncertain, one owed."""
    changed("model_added", "Alpha")
    for number in range(3):
        subscriber(f"reader{number}@b.co")
    issue = built()
    rows = list(issue.deliveries.order_by("pk"))
    for row, state in zip(rows, ("sent", "uncertain"), strict=False):
        Delivery.objects.filter(pk=row.pk).update(state=state, message_id=f"<{row.pk}@x>")
    return issue


@pytest.mark.parametrize("table", ["issue", "delivery", "subscriber", "suppression"])
def test_tables_have_their_pages_and_nothing_is_added_by_hand(operator, issue, table):
    assert operator.get(url(table)).status_code == 200
    assert operator.get(url(table, "add")).status_code == 403


def test_issues_show_the_equation_and_how_far_they_are(operator, issue):
    html = operator.get(url("issue")).content.decode()
    assert "3 frozen = 1 sent + 0 failed + 0 cancelled + 1 uncertain + 1 open" in html
    assert "66 %" in html
    assert "icon-yes" in html
    Delivery.objects.filter(state="sent").delete()
    html = operator.get(url("issue")).content.decode()
    assert "icon-no" in html


def test_issue_that_was_built_keeps_its_words_and_can_be_held_until_it_is_sent(operator, issue):
    page = operator.get(url("issue", "change", issue.pk))
    assert (page.status_code, 'name="note"' in page.content.decode()) == (200, False)
    operator.post(url("issue"), {"action": "hold", "_selected_action": [issue.pk]})
    assert operator.post(url("issue", "change", issue.pk), {"note": "x"}).status_code == 403
    issue.refresh_from_db()
    assert (issue.is_held, issue.note) == (True, "")
    Issue.objects.update(state="done", is_held=False)
    operator.post(url("issue"), {"action": "hold", "_selected_action": [issue.pk]})
    issue.refresh_from_db()
    assert issue.is_held is False


def test_planned_issue_takes_a_line_and_can_be_held(operator):
    planned = issues.planned(timezone.now())
    html = operator.get(url("issue", "change", planned.pk)).content.decode()
    assert 'name="note"' in html
    assert operator.post(url("issue", "change", planned.pk), {"note": "A word from us."}).status_code == 302
    operator.post(url("issue"), {"action": "hold", "_selected_action": [planned.pk]})
    planned.refresh_from_db()
    assert (planned.note, planned.is_held) == ("A word from us.", True)
    answer = operator.post(url("issue"), {"action": "release", "_selected_action": [planned.pk]}, follow=True)
    planned.refresh_from_db()
    assert planned.is_held is False
    assert "starts only by hand" not in answer.content.decode()
    old = issues.planned(NOW - 20 * WEEK)
    Issue.objects.filter(pk=old.pk).update(is_held=True)
    answer = operator.post(url("issue"), {"action": "release", "_selected_action": [old.pk]}, follow=True)
    assert f"starts only by hand: manage.py send_weekly --week {old.week}" in answer.content.decode()


def test_preview_shows_the_mail_as_text(operator, issue):
    html = operator.get(reverse("admin:newsletter_issue_preview", args=[issue.pk])).content.decode()
    assert "Alpha is new in the catalogue" in html
    draft = issues.planned(NOW)
    changed("model_added", "Beta", at=NOW + datetime.timedelta(hours=1))
    html = operator.get(reverse("admin:newsletter_issue_preview", args=[draft.pk])).content.decode()
    assert "Beta is new in the catalogue" in html
    draft.refresh_from_db()
    assert (draft.state, draft.text) == ("planned", "")


def test_deliveries_open_on_the_uncertain_ones_without_addresses(operator, issue):
    html = operator.get(url("delivery")).content.decode()
    assert html.count('class="action-select"') == 1
    assert "r•••@b•••.co" in html
    assert "reader1@b.co" not in html


@pytest.mark.parametrize(("action", "state"), [("treat_as_sent", "sent"), ("send_again", "retry")])
def test_uncertain_delivery_is_settled_by_a_person(operator, issue, action, state):
    rows = list(issue.deliveries.order_by("pk"))
    Issue.objects.update(state="done")
    operator.post(
        url("delivery") + "?state__exact=uncertain", {"action": action, "_selected_action": [row.pk for row in rows]}
    )
    assert list(issue.deliveries.order_by("pk").values_list("state", flat=True)) == ["sent", state, "pending"]
    issue.refresh_from_db()
    assert (issue.state, issue.is_balanced) == ("done" if state == "sent" else "sending", True)


def test_subscribers_are_masked_and_leave_by_no_export(operator, issue):
    page = operator.get(url("subscriber"))
    html = page.content.decode()
    assert "reader0@b.co" not in html
    assert "export" not in html.lower()
    assert '<select name="action"' not in html
    found = operator.get(url("subscriber") + "?q=reader0@b.co").content.decode()
    assert ("1 subscriber" in found, "reader0@b.co" in found.replace('value="reader0@b.co"', "")) == (True, False)
    assert "0 subscribers" in operator.get(url("subscriber") + "?q=reader").content.decode()


@pytest.mark.parametrize(
    "lookup", ["email__contains=r", "email__startswith=r", "email_key__contains=r", "key_hash__startswith=0"]
)
def test_subscribers_cannot_be_sifted_by_address(operator, issue, lookup):
    assert operator.get(f"{url('subscriber')}?{lookup}").status_code == 400


@pytest.mark.parametrize("page", ["", "?email__contains=r", "?q=reader0@b.co", "?e=1"])
def test_curator_without_the_right_gets_nothing(issue, page):
    client = signed_in("view_issue")
    assert client.get(url("issue")).status_code == 200
    for table in ("subscriber", "delivery", "suppression"):
        assert client.get(url(table) + page).status_code == 403
    reader = issue.deliveries.first().subscriber
    assert client.get(url("subscriber", "change", reader.pk)).status_code == 403
    assert client.get(url("subscriber", "history", reader.pk)).status_code == 403


def test_viewing_is_not_settling(issue):
    client = signed_in("view_delivery", "view_issue")
    row = Delivery.objects.get(state="uncertain")
    client.post(url("delivery"), {"action": "treat_as_sent", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "uncertain"


def test_complaint_is_lifted_by_the_operator_alone(operator):
    row = Suppression.objects.create(key_hash="a" * 64, reason="complained", day=NOW.date())
    assert operator.post(url("suppression", "delete", row.pk), {"post": "yes"}).status_code == 302
    assert Suppression.objects.count() == 0
