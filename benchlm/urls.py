"""Addresses of the whole site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path(settings.ADMIN_PATH, admin.site.urls),
    path("newsletter/", include("benchlm.newsletter.urls")),
    path("", include("comparisons.urls")),
]
handler404 = "comparisons.views.not_found"
handler500 = "comparisons.views.server_error"
