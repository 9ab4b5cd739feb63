"""manage.py backup [DIR]: copy the database and keys of a running site. For every night."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from benchlm.backups import KEPT, BackupError, back_up


class Command(BaseCommand):
    help = "Copy database and keys into a folder of its own, check the copy, keep the newest few."

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=settings.STATE_DIR / "backups")
        parser.add_argument("--keep", type=int, default=KEPT, help=f"how many backups stay (default: {KEPT})")

    def handle(self, folder, keep, **options):
        try:
            self.stdout.write(str(back_up(folder, timezone.now(), keep=keep)))
        except BackupError as error:
            raise CommandError(str(error)) from error
