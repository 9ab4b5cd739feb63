"""What an issue says: the change log of one ISO week, moves on the leaderboard included."""

import datetime
from collections import Counter

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string

from benchlm.newsletter.models import WEEK, Issue
from comparisons import news
from comparisons.models import CatalogueVersion, Change
from comparisons.verdicts import count

SETTLING = datetime.timedelta(minutes=10)  # a change of Sunday night may be committed after midnight
STALE = datetime.timedelta(days=3)  # an older issue never starts by itself
MOST_LINES = 25  # of a section; the rest is counted and linked
LEAVE_MARK, DATA_MARK, SINCE_MARK = "[[leave]]", "[[my-data]]", "[[since]]"
SECTIONS = (
    ("New models", ("catalogue_loaded", "model_added")),
    ("Corrections", ("score_changed", "score_withdrawn")),
    ("Moves on the leaderboard", ("place_moved",)),
    ("New results", ("score_added",)),
    ("Prices", ("price_added", "price_changed", "price_withdrawn")),
    ("Retirements and withdrawals", ("retirement_date", "model_status")),
)


# --- weeks ----------------------------------------------------------------------------------------------------------
def issue_of(moment: datetime.datetime) -> Issue:
    """The issue, stored or not, of the ISO week that a moment falls in."""
    year, week, _ = moment.astimezone(datetime.UTC).isocalendar()
    return Issue.objects.filter(iso_year=year, iso_week=week).first() or Issue(iso_year=year, iso_week=week)


def planned(moment: datetime.datetime) -> Issue:
    """The stored issue of a week: the one that there is, else a new one. Two at once agree on one row."""
    year, week, _ = moment.astimezone(datetime.UTC).isocalendar()
    return Issue.objects.get_or_create(iso_year=year, iso_week=week)[0]


def last_ended(now: datetime.datetime) -> datetime.datetime:
    """A moment of the newest week that is over and settled."""
    return now - SETTLING - WEEK


def is_stale(issue: Issue, now: datetime.datetime) -> bool:
    return now >= issue.ends_at + STALE


# --- content --------------------------------------------------------------------------------------------------------
def content_of(issue: Issue) -> dict:
    """Plain values: `sections` of lines, `counts` by kind; `sections` is empty when nothing happened."""
    changes = list(
        Change.objects.filter(at__gte=issue.starts_at, at__lt=issue.ends_at)
        .order_by("at", "pk")
        .select_related("model")
    )
    changes = net(changes)
    moves = [change for change in reversed(changes) if change.kind == "place_moved"]  # the newest first, as on the page
    changes = [change for change in changes if change.kind != "place_moved"] + moves
    told = {kind for _, kinds in SECTIONS for kind in kinds}
    sections = [section(title, [line(each) for each in changes if each.kind in kinds]) for title, kinds in SECTIONS]
    sections.append(section("Other changes", [line(change) for change in changes if change.kind not in told]))
    counts = Counter(change.kind for change in changes)
    return {"sections": [part for part in sections if part["lines"]], "counts": dict(counts)}


def net(changes: list[Change]) -> list[Change]:
    """What is left of a week's changes when several of one figure are told as one, and those that came back as none."""
    chains: dict[tuple, list[Change]] = {}
    for change in changes:
        thing = change.kind.partition("_")[0]
        is_figure = thing in ("score", "price", "place")
        chains.setdefault((thing, change.subject, change.source_url) if is_figure else (change.pk,), []).append(change)
    return [change for chain in chains.values() if (change := chain[0] if len(chain) == 1 else sum_of(chain))]


def sum_of(chain: list[Change]) -> Change | None:
    """Several changes of one figure as one, unsaved, with all their reasons; None where it is what it was."""
    first, last = chain[0], chain[-1]
    if first.old == last.new:
        return None
    thing = first.kind.partition("_")[0]
    step = "moved" if thing == "place" else "added" if not first.old else "changed" if last.new else "withdrawn"
    return Change(
        at=last.at,
        kind=f"{thing}_{step}",
        subject=last.subject,
        model=last.model,
        old=first.old,
        new=last.new,
        reason=", ".join(dict.fromkeys(each.reason for each in chain if each.reason)),
        source_url=last.source_url,
    )


def section(title: str, lines: list[dict]) -> dict:
    return {"title": title, "lines": lines[:MOST_LINES], "more": len(lines[MOST_LINES:])}


def line(change: Change) -> dict:
    is_shown = change.model is not None and change.model.status == "published"
    path = change.model.get_absolute_url() if is_shown else ""
    return {"text": news.sentence(change), "path": path, "reason": change.reason, "source": change.source_url}


def subject_of(issue: Issue, content: dict) -> str:
    """`BenchLM, week 48: 2 new models, 12 scores, 3 prices`."""
    counts = Counter(content["counts"])
    scores = sum(number for kind, number in counts.items() if kind.startswith("score_"))
    prices = sum(number for kind, number in counts.items() if kind.startswith("price_"))
    named = (
        ("new model", counts["model_added"]),
        ("score", scores),
        ("move", counts["place_moved"]),
        ("price", prices),
    )
    parts = [count(number, noun) for noun, number in named if number] or ["what changed"]
    return f"BenchLM, week {issue.iso_week}: {', '.join(parts)}"


# --- building -------------------------------------------------------------------------------------------------------
def render(issue: Issue) -> None:
    """Fill subject, text and html from the content; the personal links stay marks until a mail is sent."""
    issue.subject = subject_of(issue, issue.content)
    context = {
        "issue": issue,
        "content": issue.content,
        "site": settings.SITE_URL,
        "operator": settings.NEWSLETTER_OPERATOR,
        "postal_address": settings.NEWSLETTER_POSTAL_ADDRESS,
        "leave": LEAVE_MARK,
        "my_data": DATA_MARK,
        "since": SINCE_MARK,
        "period": period(issue),
    }
    issue.text = render_to_string("newsletter/mail/issue.txt", context)
    issue.html = render_to_string("newsletter/mail/issue.html", context)


def period(issue: Issue) -> str:
    last = issue.ends_at - datetime.timedelta(days=1)
    return f"{issue.starts_at:%-d %B} to {last:%-d %B %Y}"


def build(issue: Issue, now: datetime.datetime) -> None:
    """Freeze what a planned issue says and who gets it, in one transaction; a week without news is skipped.

    The recipients are those active at this moment: who confirms later gets the next issue.
    """
    with transaction.atomic():
        issue = Issue.objects.select_for_update().get(pk=issue.pk)
        if issue.state != Issue.State.PLANNED or issue.is_held:
            return
        issue.content = content_of(issue)
        issue.built_at = now
        if not issue.content["sections"]:
            issue.state = Issue.State.EMPTY
            issue.save()
            return
        render(issue)
        issue.state = Issue.State.SENDING
        issue.frozen = freeze(issue, now)
        issue.save()
        CatalogueVersion.rise()  # the archive has a page more


RECIPIENTS = """
INSERT INTO newsletter_delivery (issue_id, subscriber_id, state, attempts, next_try_at, changed_at, run, reply_code)
SELECT %s, id, 'pending', 0, %s, %s, '', '' FROM newsletter_subscriber WHERE status = 'active'
ON CONFLICT (issue_id, subscriber_id) DO NOTHING
"""


def freeze(issue: Issue, now: datetime.datetime) -> int:
    """Write one delivery for each active subscriber; the number of deliveries. Repeating it adds none."""
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(RECIPIENTS, [issue.pk, moment, moment])
    return issue.deliveries.count()


def draft_of(moment: datetime.datetime) -> Issue:
    """The issue of a week as it would be built now, unsaved: for previews and the sample page."""
    issue = issue_of(moment)
    if issue.state == Issue.State.PLANNED:
        issue.content = content_of(issue)
        render(issue)
    return issue
