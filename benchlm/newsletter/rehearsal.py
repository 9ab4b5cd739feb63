"""`send_weekly --dry-run` and `--preview`: the issue without a trace in the ledger."""

from django.core.mail import mailers
from django.utils import timezone

from benchlm.newsletter import checks, issues
from benchlm.newsletter.mail import preview_message
from benchlm.newsletter.models import Issue, Subscriber
from benchlm.newsletter.sending import Clock, Say


def show(say: Say, preview: str = "", week: str = "", clock: Clock = timezone.now) -> int:
    """Print the issue that is due, or mail it to one address; nothing is built, frozen or counted. 0, or 1 when it cannot be."""
    now = clock()
    issue = Issue.objects.of_week(week).first() if week else None
    issue = issue or issues.draft_of(issues.last_ended(now))
    if issue.state == Issue.State.PLANNED and not issue.content:
        issue = issues.draft_of(issue.starts_at)
    if not issue.content["sections"]:
        say(f"{issue}: nothing changed, no mail.")
        return 0
    if not preview:
        recipients = issue.balance()["open"] if issue.pk and issue.frozen else Subscriber.objects.active().count()
        say(f"{issue} would go to {recipients}.\n\nSubject: {issue.subject}\n\n{issue.text}")
        return 0
    faults = checks.faults()
    for fault in faults:
        say(f"Not sent: {fault}")
    if not faults:
        mailers.default.send_messages([preview_message(issue, preview, now)])
        say(f"{issue}: one preview sent.")
    return int(bool(faults))
