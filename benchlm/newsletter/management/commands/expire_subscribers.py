"""manage.py expire_subscribers: erase what the retention table says. For every night; safe to repeat."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from benchlm.newsletter.retention import expire


class Command(BaseCommand):
    help = "Erase sign-ups never confirmed, old proofs, old deliveries and counters that nothing needs any more."

    def handle(self, **options):
        for kind, number in expire(timezone.now()).items():
            self.stdout.write(f"{number} {kind} erased")
