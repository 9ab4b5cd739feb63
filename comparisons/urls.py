"""Addresses of the comparison site. Each page with a slug also matches without its last slash, to answer one redirect, not two."""

from django.urls import path, register_converter

from comparisons import crawler_views, data_views, feeds, report_views, views, workload_views


class NameConverter:
    """What may name a model, a benchmark, a table or a comparison: one part of an address, of a length that one can have."""

    regex = r"[^/\x00-\x1f]{1,400}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TwinConverter(NameConverter):
    """The suffix of a page's twin."""

    regex = "json|csv|md"


class PictureConverter(NameConverter):
    """The suffix of a pair's picture."""

    regex = "png|svg"


register_converter(NameConverter, "name")
register_converter(PictureConverter, "picture")
register_converter(TwinConverter, "twin")
urlpatterns = [
    path("", views.home, name="home"),
    path("compare/", views.picker, name="picker"),
    path("compare/<name:pair>.<picture:twin>", views.compare, name="picture"),
    path("compare/<name:pair>.<twin:twin>", views.compare, name="compare_twin"),
    path("compare/<name:pair>/changes.atom", feeds.pair_changes, name="pair_feed"),
    path("compare/<name:pair>/", views.compare, name="compare"),
    path("compare/<name:pair>", views.compare),
    path("leaderboard.<twin:twin>", views.leaderboard, name="leaderboard_twin"),
    path("leaderboard/<name:slug>.<twin:twin>", views.leaderboard, name="leaderboard_category_twin"),
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/<name:slug>/", views.leaderboard, name="leaderboard_category"),
    path("leaderboard/<name:slug>", views.leaderboard),
    path("models/", views.models, name="models"),
    path("models/options/", views.options, name="options"),
    path("models/<name:slug>.<twin:twin>", views.model, name="model_twin"),
    path("models/<name:slug>/changes.atom", feeds.model_changes, name="model_feed"),
    path("models/<name:slug>/", views.model, name="model"),
    path("models/<name:slug>", views.model),
    path("benchmarks/", views.benchmarks, name="benchmarks"),
    path("benchmarks/<name:slug>.<twin:twin>", views.benchmark, name="benchmark_twin"),
    path("benchmarks/<name:slug>/", views.benchmark, name="benchmark"),
    path("benchmarks/<name:slug>", views.benchmark),
    path("pricing/", workload_views.pricing, name="pricing"),
    path("shortlist/", workload_views.shortlist, name="shortlist"),
    path("methodology/", views.methodology, name="methodology"),
    path("changes.<twin:twin>", views.changes, name="changes_twin"),
    path("changes/", views.changes, name="changes"),
    path("changes.atom", feeds.changes, name="changes_feed"),
    path("data/", data_views.data, name="data"),
    path("data/catalogue.zip", data_views.catalogue, name="catalogue"),
    path("data/schemas/<name:name>.json", data_views.schema, name="schema"),
    path("data/<name:name>.csv", data_views.table, name="data_table"),
    path("report/", report_views.choose_model, name="report"),
    path("report/thanks/", report_views.thanks, name="report_thanks"),
    path("report/<name:slug>/", report_views.choose_score, name="report_model"),
    path("report/<name:slug>/<name:test>/", report_views.report, name="report_score"),
    path("sitemap.xml", crawler_views.sitemap_index, name="sitemap_index"),
    path("sitemap-<slug:section>.xml", crawler_views.sitemap, name="sitemap"),
    path("robots.txt", crawler_views.robots, name="robots"),
    path("llms.txt", crawler_views.llms, name="llms"),
    path(".well-known/security.txt", crawler_views.security, name="security"),
    path("search/", views.search, name="search"),
    path("privacy/", views.privacy, name="privacy"),
]
