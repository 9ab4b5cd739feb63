"""The admin's name and front page."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class BenchLMAdminConfig(AdminConfig):
    default_site = "benchlm.adminsite.BenchLMAdminSite"


class BenchLMAdminSite(AdminSite):
    site_header = "BenchLM curation"
    site_title = "BenchLM"
    index_title = "Catalogue"
    site_url = "/"
    enable_nav_sidebar = True
