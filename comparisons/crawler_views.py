"""What crawlers and scanners look for at addresses that they know: sitemaps, robots.txt, llms.txt, security.txt."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.sitemaps import views
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from comparisons import bills, sitemaps
from comparisons.links import Options
from comparisons.models import LanguageModel
from comparisons.responses import DATED, public

VALID_DAYS = 180  # of security.txt


@public
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The sitemaps by kind; one of many pages in parts."""
    found = []
    for name, pages in sitemaps.sections().items():
        address, changed = f"{settings.SITE_URL}/sitemap-{name}.xml", pages.get_latest_lastmod()
        found.append(views.SitemapIndexItem(address, changed))
        found += [
            views.SitemapIndexItem(f"{address}?p={part}", changed) for part in range(2, pages.paginator.num_pages + 1)
        ]
    return render(request, "sitemap_index.xml", {"sitemaps": found}, content_type="application/xml")


@public
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    return views.sitemap(request, sitemaps.sections(), section)


@public
def robots(request: HttpRequest) -> HttpResponse:
    """Everything may be read but other views of the same page, and pages of one person."""
    context = {
        "parameters": [*(name for name in Options.__slots__ if name != "workload"), *bills.FIELDS, *DATED],
        "has_usual_admin": settings.ADMIN_PATH == "admin/",
        "blocked": settings.BLOCKED_CRAWLERS,
    }
    return render(request, "robots.txt", context, content_type="text/plain; charset=utf-8")


@public
def llms(request: HttpRequest) -> HttpResponse:
    """What the site is and where its files are, in one page of Markdown."""
    context = {"models": LanguageModel.objects.published().count()}
    return render(request, "llms.txt", context, content_type="text/plain; charset=utf-8")


@public
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a fault (RFC 9116); 404 where the operator has named nobody."""
    if not settings.CONTACT_URL:
        raise Http404("no contact")
    expires = timezone.localdate() + datetime.timedelta(days=VALID_DAYS)
    return render(request, "security.txt", {"expires": expires}, content_type="text/plain; charset=utf-8")
