"""manage.py import_catalogue [DIR]: load the CSV files of a folder or zip archive, the bundled ones by default."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from comparisons.estimates import refit_if_small
from comparisons.importing.writing import import_folder, report_lines
from comparisons.models import LanguageModel

BUNDLED = Path(__file__).resolve().parents[2] / "catalogue"


class Command(BaseCommand):
    help = "Load the catalogue from a folder or zip archive of CSV files: all of it or, if anything is wrong, nothing."

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=BUNDLED, help="default: the bundled catalogue")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where there is a model already")
        parser.add_argument("--dry-run", action="store_true", help="print the difference, apply nothing")
        parser.add_argument("--allow-large-change", action="store_true", help="let over a quarter of a table change")
        parser.add_argument(
            "--allow-implausible", action="store_true", help="accept prices 10 times the last, or a tenth"
        )

    def handle(self, folder, **options):
        if options["if_empty"] and LanguageModel.objects.exists():
            return
        flags = {name: options[name] for name in ("dry_run", "allow_large_change", "allow_implausible")}
        report = import_folder(folder, today=timezone.localdate(), progress=self.tell, **flags)
        self.stdout.write("\n".join(report_lines(report, with_differences=options["dry_run"])))
        if report.faults:
            raise CommandError(f"{len(report.faults):,} faults; the catalogue is as it was.")
        if not options["dry_run"] and not refit_if_small(seeds=5):
            self.stdout.write("The estimates follow with the next fit_abilities.")

    def tell(self, table, done, total):
        if total >= 1_000:
            self.stderr.write(f"{table}: {done:,} of {total:,}")
