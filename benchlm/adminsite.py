"""The admin's name and front page."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone


class BenchLMAdminConfig(AdminConfig):
    default_site = "benchlm.adminsite.BenchLMAdminSite"


class BenchLMAdminSite(AdminSite):
    site_header = "BenchLM curation"
    site_title = "BenchLM"
    index_title = "Catalogue"
    password_change_template = "admin/password_change_form.html"
    enable_nav_sidebar = False  # tables need the width; the breadcrumbs lead back

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """Rows are found by number: an address with anything else in that place is not found, for those who may look."""

        @wraps(view)
        def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            numbers = [*args, *(kwargs[name] for name in ("object_id", "id") if name in kwargs)]
            if not all(number.isascii() and number.isdecimal() and len(number) < 19 for number in map(str, numbers)):
                raise Http404
            return view(request, *args, **kwargs)

        return super().admin_view(respond, cacheable)

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The list of tables under what waits for this curator; no count of a table that the curator may not see."""
        from comparisons.admin_queues import waiting as queues  # the tables are not loaded yet when this module is
        from comparisons.curation import attention

        seen = {table for table in ("languagemodel", "score") if self.may_see(request, table)}
        waiting = [
            (text, count, f"{reverse(f'admin:comparisons_{table}_changelist')}?{query}".rstrip("?"))
            for table, text, count, query in (attention(timezone.localdate()) if seen else [])
            if table in seen
        ]
        found = {"attention": waiting, "queues": queues(request, timezone.localdate())}
        return super().index(request, found | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        from comparisons import admin_accounts, admin_queues

        return [*admin_accounts.urls(self), *admin_queues.urls(self), *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, and where codes are asked for only those who gave one."""
        return super().has_permission(request) and (request.user.is_verified() or not settings.ADMIN_TOTP)

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The form with a field for the code; who must set the second step up is led there."""
        from comparisons.admin_accounts import SignInForm, lacks_second_step

        if request.method == "GET" and lacks_second_step(request.user):
            return HttpResponseRedirect(reverse("admin:second_step"))
        self.login_form = SignInForm
        return super().login(request, extra_context)

    def may_see(self, request: HttpRequest, table: str) -> bool:
        return any(request.user.has_perm(f"comparisons.{right}_{table}") for right in ("view", "change"))
