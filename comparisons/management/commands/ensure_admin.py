from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from comparisons.accounts import ensure_admin


class Command(BaseCommand):
    help = "Make the first administrator and print its password once; does nothing when there is one."

    def handle(self, *args, **options) -> None:
        try:
            password = ensure_admin()
        except IntegrityError as error:
            raise CommandError("The account “admin” exists but may not administer: use createsuperuser.") from error
        if password is None:
            self.stdout.write("An administrator exists already.")
            return
        self.stdout.write(f"{settings.SITE_URL}/{settings.ADMIN_PATH} user: admin password: {password} (shown once)")
