"""What a database out of a backup must not do by itself: mail what went out after the backup was made."""

from django.db import transaction
from django.utils import timezone

from benchlm.newsletter import issues
from benchlm.newsletter.mail import new_message_id
from benchlm.newsletter.models import Delivery, Issue


def hold_mail() -> None:
    """Nobody gets a mail twice without a person's word: what is owed becomes uncertain, the week that is over is held."""
    now = timezone.now()
    with transaction.atomic():
        owed = list(
            Delivery.objects.filter(state__in=("pending", "handed", "retry")).select_related("issue", "subscriber")
        )
        for row in owed:
            row.message_id = row.message_id or new_message_id(row.issue, row.subscriber.public_id)
            row.state, row.changed_at = Delivery.State.UNCERTAIN, now
        Delivery.objects.bulk_update(owed, ["message_id", "state", "changed_at"], batch_size=500)
        due = issues.planned(issues.last_ended(now))
        Issue.objects.filter(pk=due.pk, state=Issue.State.PLANNED).update(is_held=True)
