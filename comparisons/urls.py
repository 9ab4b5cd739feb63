"""Addresses of the comparison site. Each page with a slug also matches without its last slash, to answer one redirect, not two."""

from django.urls import path

from comparisons import views

urlpatterns = [
    path("", views.home, name="home"),
    path("compare/", views.picker, name="picker"),
    path("compare/<str:pair>/", views.compare, name="compare"),
    path("compare/<str:pair>", views.compare),
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/<str:slug>/", views.leaderboard, name="leaderboard_category"),
    path("leaderboard/<str:slug>", views.leaderboard),
    path("models/", views.models, name="models"),
    path("models/options/", views.options, name="options"),
    path("models/<str:slug>/", views.model, name="model"),
    path("models/<str:slug>", views.model),
    path("benchmarks/", views.benchmarks, name="benchmarks"),
    path("benchmarks/<str:slug>/", views.benchmark, name="benchmark"),
    path("benchmarks/<str:slug>", views.benchmark),
    path("pricing/", views.pricing, name="pricing"),
    path("methodology/", views.methodology, name="methodology"),
    path("changes/", views.changes, name="changes"),
    path("data/", views.data, name="data"),
    path("data/<str:name>.csv", views.data_table, name="data_table"),
    path("search/", views.search, name="search"),
    path("privacy/", views.privacy, name="privacy"),
    path("newsletter/", views.newsletter, name="newsletter"),
    path("healthz/", views.healthz, name="healthz"),
]
