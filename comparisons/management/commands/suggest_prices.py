"""manage.py suggest_prices: file what the genai-prices package knows of prices as drafts, for a curator to publish."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from comparisons.importing.suggestions import suggest


class Command(BaseCommand):
    help = "Compare list prices with the offers in force and file drafts of what differs. Publishes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="print what would be filed, file nothing")

    def handle(self, *, dry_run, **options):
        try:
            from genai_prices import data
        except ImportError:
            raise CommandError("Install the extra first: pip install benchlm[prices]") from None
        outcome = suggest(data.providers, timezone.localdate(), dry_run=dry_run)
        self.stdout.write("\n".join(outcome.lines))
        self.stdout.write(f"{outcome.filed} drafts {'to file' if dry_run else 'filed'}; nothing was published.")
