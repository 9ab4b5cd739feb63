"""manage.py migrate: Django's own, and then the roles of curators, so that new tables come with the rights to them."""

from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from comparisons.accounts import ensure_roles


class Command(migrate.Command):
    def handle(self, *args, **options):
        super().handle(*args, **options)
        if options["database"] == DEFAULT_DB_ALIAS and not (options["plan"] or options["check_unapplied"]):
            ensure_roles()
