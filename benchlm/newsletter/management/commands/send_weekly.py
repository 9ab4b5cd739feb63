"""manage.py send_weekly: build the weekly issue when it is due and send what is owed. Safe to start at any time."""

from django.core.management.base import BaseCommand

from benchlm.newsletter import rehearsal, sending


class Command(BaseCommand):
    help = "Send the weekly email: builds the issue of the last ISO week once, then sends what is owed."

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would be sent, to how many; change nothing"
        )
        parser.add_argument("--preview", metavar="ADDRESS", help="send the issue to this address alone; change nothing")
        parser.add_argument(
            "--week", default="", metavar="2026-W48", help="an older issue that is to go out all the same"
        )

    def handle(self, dry_run, preview, week, **options):
        if dry_run or preview:
            code = rehearsal.show(self.stdout.write, preview or "", week)
        else:
            code = sending.run(self.stdout.write, week=week)
        if code:
            raise SystemExit(code)
