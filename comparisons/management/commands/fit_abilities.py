"""manage.py fit_abilities: estimate every model's abilities from all confirmed scores and store them."""

from django.core.management.base import BaseCommand

from comparisons.estimates import refit


class Command(BaseCommand):
    help = "Fit the abilities of all models, test the fit on hidden scores, store both. Safe to repeat."

    def handle(self, **options):
        self.stderr.write("Fitting, then hiding a fifth of the scores five times over to test the fit")
        row = refit()
        if row is None:
            self.stdout.write("Nothing to fit: no benchmark has confirmed scores of three models.")
            return
        said = "{accuracy:.1%} of {pairs:,} hidden pairs named right, Brier {brier:.3f}, {coverage:.1%} of scores in their 90 % interval"
        self.stdout.write(f"{row.scores:,} scores fitted in {row.seconds:.2f} s; {said.format(**row.self_test)}.")
