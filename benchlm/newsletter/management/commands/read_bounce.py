"""manage.py read_bounce < mail: for the mail server, which pipes what comes back to NEWSLETTER_FROM into it."""

import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from benchlm.newsletter.bounces import read_report

LONGEST = 1_000_000  # bytes


class Command(BaseCommand):
    help = "Read one delivery status notification from standard input and stop mail to a mailbox that is gone."

    def handle(self, **options):
        found = read_report(sys.stdin.buffer.read(LONGEST), timezone.now())
        self.stdout.write("One mailbox is gone." if found else "Not a final report about one of our mails.")
