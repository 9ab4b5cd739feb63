"""What an issue says: the change log of one ISO week and the moves on the leaderboard since the issue before."""

import datetime
from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from benchlm.newsletter.models import WEEK, Issue
from comparisons import listings, plain
from comparisons.feeds import sentence
from comparisons.models import CatalogueVersion, Change
from comparisons.verdicts import count

SETTLING = datetime.timedelta(minutes=10)  # a change of Sunday night may be committed after midnight
STALE = datetime.timedelta(days=3)  # an older issue never starts by itself
TOP = 20
MOST_LINES = 25  # of a section; the rest is counted and linked
SMALL_MOVE = 1  # places that others' results shift a model by without news of its own
LEAVE_MARK, DATA_MARK = "[[leave]]", "[[my-data]]"
SECTIONS = (
    ("New models", ("catalogue_loaded", "model_added")),
    ("Corrections", ("score_changed", "score_withdrawn")),
    ("New results", ("score_added",)),
    ("Prices", ("price_added", "price_changed", "price_withdrawn")),
    ("Retirements and withdrawals", ("retirement_date", "model_status")),
)
MOVES_AFTER = "Corrections"  # where the leaderboard stands among the sections


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
def content_of(issue: Issue, standings: dict) -> dict:
    """Plain values: `sections` of lines, `counts` by kind; `sections` is empty when nothing happened."""
    changes = list(
        Change.objects.filter(at__gte=issue.starts_at, at__lt=issue.ends_at)
        .order_by("at", "pk")
        .select_related("model")
    )
    previous = next((row.standings for row in Issue.objects.before(issue) if row.standings), {})
    moves = moved(previous, standings, causes(changes))
    sections = []
    for title, kinds in SECTIONS:
        sections.append(section(title, [line(change) for change in changes if change.kind in kinds]))
        if title == MOVES_AFTER:
            sections.append(section("Moves on the leaderboard", moves))
    told = {kind for _, kinds in SECTIONS for kind in kinds}
    sections.append(section("Other changes", [line(change) for change in changes if change.kind not in told]))
    counts = Counter(change.kind for change in changes) | Counter({"moves": len(moves)} if moves else {})
    return {"sections": [part for part in sections if part["lines"]], "counts": dict(counts)}


def section(title: str, lines: list[dict]) -> dict:
    return {"title": title, "lines": lines[:MOST_LINES], "more": len(lines[MOST_LINES:])}


def line(change: Change) -> dict:
    is_shown = change.model is not None and change.model.status == "published"
    path = change.model.get_absolute_url() if is_shown else ""
    return {"text": sentence(change), "path": path, "reason": change.reason, "source": change.source_url}


def subject_of(issue: Issue, content: dict) -> str:
    """`BenchLM, week 48: 2 new models, 12 scores, 3 prices`."""
    counts = Counter(content["counts"])
    scores = sum(number for kind, number in counts.items() if kind.startswith("score_"))
    prices = sum(number for kind, number in counts.items() if kind.startswith("price_"))
    named = (("new model", counts["model_added"]), ("score", scores), ("move", counts["moves"]), ("price", prices))
    parts = [count(number, noun) for noun, number in named if number] or ["what changed"]
    return f"BenchLM, week {issue.iso_week}: {', '.join(parts)}"


# --- the leaderboard ------------------------------------------------------------------------------------------------
def standings(today: datetime.date) -> dict[str, dict[str, list]]:
    """By board (overall, then each category by its name) the ranked models: slug to [name, best rank, worst rank].

    Ranks by average are exact, so that best and worst are the same; ranks of estimates would bring a range.
    """
    whole = plain.whole(today)
    boards = {"Overall": None} | {category.name: category for category in whole.rules.categories}
    return {
        board: {
            row.model.slug: [row.model.name, row.rank, row.rank] for row in listings.placed(whole, category) if row.rank
        }
        for board, category in boards.items()
    }


def causes(changes: Iterable[Change]) -> dict[str, str]:
    """Why a model may have moved, by slug: a correction of its scores before a new result."""
    found: dict[str, str] = {}
    for change in changes:
        if change.model is None:
            continue
        if change.kind in ("score_changed", "score_withdrawn"):
            found[change.model.slug] = "correction"
        elif change.kind in ("score_added", "model_added"):
            found.setdefault(change.model.slug, "new result")
    return found


def moved(before: dict, after: dict, why: dict[str, str]) -> list[dict]:
    """Models that left their previous range of ranks, of those in the top 20 before or after; without a snapshot none.

    One that others' results shift by a single place is only counted.
    """
    lines = []
    for board, now in after.items():
        if board not in before:
            continue
        then, shifted = before[board], 0
        for slug in sorted(now.keys() | then.keys(), key=lambda slug: (now.get(slug) or then[slug])[1]):
            old, new = then.get(slug), now.get(slug)
            if min(row[1] for row in (old, new) if row) > TOP or (old and new and old[1] <= new[1] <= old[2]):
                continue
            if slug not in why and old and new and abs(new[1] - old[1]) <= SMALL_MOVE:
                shifted += 1
                continue
            reason = why.get(slug, "results of others")
            lines.append(
                {
                    "text": f"{board}: {move(old, new)}",
                    "path": f"/models/{slug}/" if new else "",
                    "reason": reason,
                    "source": "",
                }
            )
        if shifted:
            text = f"{board}: {count(shifted, 'other model')} moved by one place"
            lines.append({"text": text, "path": "", "reason": "results of others", "source": ""})
    return lines


def move(old: list | None, new: list | None) -> str:
    if old is None:
        return f"{new[0]} enters at {new[1]}"
    if new is None:
        return f"{old[0]} leaves, was {old[1]}"
    return f"{new[0]} {'up' if new[1] < old[1] else 'down'} to {new[1]} from {old[1]}"


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
        issue.standings = standings(timezone.localdate(now))
        issue.content = content_of(issue, issue.standings)
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
        issue.content = content_of(issue, standings(timezone.localdate()))
        render(issue)
    return issue
