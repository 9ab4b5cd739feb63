"""Addresses of the whole site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from benchlm import health

urlpatterns = [
    path(settings.ADMIN_PATH, admin.site.urls),
    path("healthz/", health.healthz, name="healthz"),
    path("newsletter/", include("benchlm.newsletter.urls")),
    path("", include("comparisons.urls")),
]
handler404 = "comparisons.views.not_found"
handler400 = "benchlm.errors.bad_request"
handler403 = "benchlm.errors.permission_denied"
handler500 = "benchlm.errors.server_error"
