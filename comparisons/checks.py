"""What `manage.py check` says about settings, and with `--database default` about the stored weights."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.db import connection
from django.db.models import Sum


@register(Tags.urls)
def check_site_url(app_configs, **kwargs) -> list[Error]:
    """SITE_URL heads every canonical address: scheme and host, no path."""
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme in ("http", "https") and parts.netloc and not parts.path and not parts.query:
        return []
    return [
        Error(
            f"SITE_URL is {settings.SITE_URL!r}: scheme and host only, like https://benchlm.example", id="benchlm.E001"
        )
    ]


@register(Tags.database)
def check_weights(app_configs, databases=None, **kwargs) -> list[Warning]:
    """The weights of all categories, and of the benchmarks inside each, add up to 1."""
    from comparisons.models import Category

    if not databases or Category._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migration there is nothing to weigh
    categories = Category.objects.annotate(inside=Sum("benchmarks__weight"))
    faults = [
        f"The benchmarks of {category} weigh {category.inside.normalize():f} together, not 1."
        for category in categories
        if category.inside is not None and category.inside not in (0, 1)
    ]
    total = sum(category.weight for category in categories)
    if categories and total != 1:
        faults.append(f"The categories weigh {total.normalize():f} together, not 1.")
    return [Warning(fault, hint="Averages still divide by what is there.", id="benchlm.W001") for fault in faults]
