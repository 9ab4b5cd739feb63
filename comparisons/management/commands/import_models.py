"""manage.py import_models --from modelsdev DIR: file what others know of models as drafts, for a curator to publish."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from comparisons.importing import modelsdev

READERS = {"modelsdev": modelsdev.import_folder}


class Command(BaseCommand):
    help = "Compare a folder of model files with the models on record and file drafts. Publishes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="source", choices=READERS, required=True)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="print what would be written, write nothing")

    def handle(self, source, folder, *, dry_run, **options):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        outcome = READERS[source](folder, dry_run=dry_run)
        self.stdout.write("\n".join(outcome.lines))
        self.stdout.write(f"{outcome.written} drafts {'to write' if dry_run else 'written'}; nothing was published.")
