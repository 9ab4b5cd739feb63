"""manage.py export_catalogue DIR: write the catalogue as CSV files."""

from pathlib import Path

from django.core.management.base import BaseCommand

from comparisons.importing.exporting import export_folder


class Command(BaseCommand):
    help = "Write the catalogue into a folder, one CSV file per table; an import of them changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, folder, **options):
        for path in export_folder(folder):
            self.stdout.write(str(path))
