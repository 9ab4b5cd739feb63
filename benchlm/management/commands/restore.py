"""manage.py restore DIR: a site from one backup, into an empty STATE_DIR or database."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from benchlm.backups import BackupError, restore


class Command(BaseCommand):
    help = "Fill an empty STATE_DIR (or the empty database of DATABASE_URL) from one backup and migrate it."

    def add_arguments(self, parser):
        parser.add_argument("backup", type=Path, help="one folder that `manage.py backup` made")

    def handle(self, backup, **options):
        try:
            restore(backup)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "Restored. Mail that may have gone out since waits: see Newsletter issues and deliveries in the admin."
        )
