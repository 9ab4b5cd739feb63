"""manage.py import_results FILE...: scores of a BenchLM export, of lm-evaluation-harness or of Inspect; unknown names are queued."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from comparisons.estimates import refit_if_small
from comparisons.importing.reading import UnreadableError
from comparisons.importing.results import FLAGS, FORMATS, GIVEN, import_paths


class Command(BaseCommand):
    help = "Read results of a public format and store the scores of models and benchmarks that are known here."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, help="files, zips of them, or folders")
        parser.add_argument("--format", choices=FORMATS, default="", help="default: told by the files")
        for name, default in GIVEN.items():
            parser.add_argument(f"--{name}", default=default, help="of every score that does not say its own")
        for name, text in FLAGS.items():
            parser.add_argument(f"--{name}", action="store_true", help=text)

    def handle(self, files, **options):
        given = {name.replace("-", "_"): options[name.replace("-", "_")] for name in GIVEN}
        flags = {name.replace("-", "_"): options[name.replace("-", "_")] for name in FLAGS}
        try:
            outcome = import_paths(files, options["format"], given, today=timezone.localdate(), **flags)
        except (UnreadableError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write("\n".join(outcome.lines))
        if not outcome.is_stored and not options["dry_run"]:
            raise CommandError("The catalogue is as it was.")
        if not options["dry_run"] and not refit_if_small():
            self.stdout.write("The estimates follow with the next fit_abilities.")
