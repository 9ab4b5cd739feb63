"""Who may do what: the first account and the roles of curators."""

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from comparisons.curation import PUBLISHED_AS

CONTRIBUTOR, EDITOR, ADMINISTRATOR = "Contributor", "Editor", "Administrator"


def ensure_admin() -> str | None:
    """Make the superuser `admin` when there is none and return its password; None when there is one already."""
    users = get_user_model().objects
    if users.filter(is_superuser=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(15)
    with transaction.atomic():
        users.create_superuser("admin", password=password)
    return password


def ensure_roles() -> None:
    """Make the groups of curators and give each the rights of its role; rights that were added by hand stay.

    Nothing happens where the tables are not made yet.
    """
    if Group._meta.db_table not in connection.introspection.table_names():
        return
    for name, rights in roles().items():
        Group.objects.get_or_create(name=name)[0].permissions.add(*rights)


def roles() -> dict[str, QuerySet]:
    """The rights of each role. A contributor writes drafts; an editor publishes and imports; an administrator has subscribers and accounts too."""
    catalogue = Permission.objects.filter(content_type__app_label="comparisons")
    catalogue = catalogue.exclude(content_type__model__startswith="historical")
    drafts = [f"{right}_{table._meta.model_name}" for table in PUBLISHED_AS for right in ("add", "change")]
    everything = Permission.objects.filter(content_type__app_label__in=("comparisons", "newsletter", "auth"))
    return {
        CONTRIBUTOR: catalogue.filter(Q(codename__startswith="view_") | Q(codename__in=drafts)),
        EDITOR: catalogue,
        ADMINISTRATOR: everything.exclude(content_type__model__startswith="historical"),
    }
