"""manage.py reset_second_step NAME: for a curator who has lost the phone and the recovery codes."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from comparisons.signing_in import reset


class Command(BaseCommand):
    help = "Forget the second step of a curator, who sets it up anew at the next signing in."

    def add_arguments(self, parser):
        parser.add_argument("name")

    def handle(self, name, **options):
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account “{name}”.")
        reset(user)
        self.stdout.write(f"The second step of {name} is forgotten.")
