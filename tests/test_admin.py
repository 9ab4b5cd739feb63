"""The admin as curators use it: through its pages."""

import datetime
import re
import threading
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from comparisons.models import (
    Ability,
    Benchmark,
    CatalogueVersion,
    Category,
    Change,
    Creator,
    FeaturedPair,
    Fit,
    LanguageModel,
    ModelAlias,
    Offer,
    OfferTier,
    Place,
    Runtime,
    Score,
    ScoreReport,
    Settled,
    Tally,
)

SOURCE = "https://example.org/table"
TABLES = [Creator, LanguageModel, ModelAlias, FeaturedPair, Category, Benchmark, Score, Offer, OfferTier, Runtime]
WRITTEN_BY_THE_SITE = [Change, CatalogueVersion, Fit, Ability, Place, ScoreReport, Settled]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="a-long-password-1")


@pytest.fixture
def curator(ada: User) -> Client:
    return signed_in(ada)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def catalogue() -> None:
    """Two published models and a draft, one benchmark, one row of everything else."""
    acme = Creator.objects.create(slug="acme", name="Acme", url="https://acme.example/")
    alpha = LanguageModel.objects.create(slug="alpha", name="Alpha", creator=acme, status="published")
    beta = LanguageModel.objects.create(slug="beta", name="Beta", creator=acme, status="published")
    LanguageModel.objects.create(slug="gamma", name="Gamma", creator=acme)
    coding = Category.objects.create(slug="coding", name="Coding", weight=1, order=1, description="Writes code.")
    quiz = Benchmark.objects.create(
        slug="quiz",
        name="Quiz",
        family="quiz",
        category=coding,
        weight=1,
        floor=0,
        ceiling=100,
        url=SOURCE,
        description="Asks.",
    )
    Score.objects.create(model=alpha, benchmark=quiz, value=Decimal("71.2"), source_kind="vendor", source_url=SOURCE)
    offer = Offer.objects.create(model=alpha, host="Acme", input=2, output=8, starts_on="2025-01-01", source_url=SOURCE)
    OfferTier.objects.create(offer=offer, from_prompt_tokens=200_000, input=4, output=16)
    Runtime.objects.create(model=alpha, host="Acme", ttft_seconds=1, source_url=SOURCE)
    ModelAlias.objects.create(model=alpha, text="Alpha-2026")
    FeaturedPair.objects.create(first=alpha, second=beta)


def url(table: type, page: str = "changelist", *args: object) -> str:
    return reverse(f"admin:comparisons_{table._meta.model_name}_{page}", args=args)


def entries(page) -> dict[str, str]:
    """What a browser would send when the form of a page is saved untouched."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    sent = {}
    for bound in (bound for form in forms for bound in form):
        value = bound.value()
        if value is not None and value is not False:
            sent[bound.html_name] = str(value)
    return sent


def save(client: Client, address: str, **changed: object):
    """Load a form, change fields (`__` is a dash in the name of a field of an inline row) and save."""
    sent = entries(client.get(address)) | {name.replace("__", "-"): str(value) for name, value in changed.items()}
    return client.post(address, sent)


def faults(page) -> list[str]:
    """Every complaint of a form that came back."""
    return [
        str(fault) for errors in page.context["errors"] for fault in (errors if isinstance(errors, list) else [errors])
    ]


def refusals(client: Client, address: str, cases: list[tuple[dict, set[str]]], **common: object) -> list[set[str]]:
    """The complaints expected of each case that a form does not make; all cases start from one loaded page."""
    loaded = entries(client.get(address)) | {name: str(value) for name, value in common.items()}
    missing = []
    for changed, expected in cases:
        page = client.post(address, loaded | {name.replace("__", "-"): str(value) for name, value in changed.items()})
        assert page.status_code == 200, f"{changed} was taken"
        missing.append(expected - set(faults(page)))
    return [each for each in missing if each]


def told(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def act(client: Client, table: type, action: str, rows: list, **more: str):
    client.cookies.pop("messages", None)  # what was told before and never shown
    sent = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows], "_foreseen": "1", **more}
    return client.post(url(table), sent)


def log() -> list[tuple[str, str, str, str, str]]:
    return list(Change.objects.order_by("pk").values_list("kind", "subject", "old", "new", "reason"))


# --- pages ----------------------------------------------------------------------------------------------------------
def test_every_table_is_registered():
    tables = {
        table for table in apps.get_app_config("comparisons").get_models() if not hasattr(table, "history_object")
    }
    tables -= {Tally, *(table.history.model for table in (*TABLES, ScoreReport, Settled))}
    assert {table for table in tables if not admin.site.is_registered(table)} == set()
    assert tables >= {*TABLES, *WRITTEN_BY_THE_SITE}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_table_has_list_add_change_delete_and_history_pages(curator, catalogue, table):
    row = table.objects.first()
    row.save()
    record = row.history.first()
    pages = {
        url(table): str(row),
        url(table, "add"): "change_reason",
        url(table, "change", row.pk): "change_reason",
        url(table, "delete", row.pk): "Are you sure" if table in (ModelAlias, FeaturedPair) else str(row),
        url(table, "history", row.pk): "Newest first",
        url(table, "simple_history", row.pk, record.pk): "The row as it was saved on",
    }
    missing = {address for address, text in pages.items() if text not in curator.get(address).content.decode()}
    assert missing == set()


def test_pages_hold_no_inline_script_or_style(curator, catalogue):
    alpha = LanguageModel.objects.get(slug="alpha")
    alpha.save()
    addresses = [reverse("admin:index"), url(Change)] + [
        url(LanguageModel, page, *args)
        for page, args in (("changelist", []), ("add", []), ("change", [alpha.pk]), ("history", [alpha.pk]))
    ]
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)[^>]*>|nonce")
    found = {address: inline.findall(curator.get(address).content.decode()) for address in addresses}
    assert {address: hits for address, hits in found.items() if hits} == {}


@pytest.mark.parametrize("table", [*TABLES, *WRITTEN_BY_THE_SITE], ids=lambda table: table.__name__)
def test_changelist_asks_as_often_for_three_rows_as_for_one(curator, table):
    counts = []
    for number in range(1, 4):
        some_of_everything(number)
        if number in (1, 3):
            curator.get(url(table))
            with CaptureQueriesContext(connection) as asked:
                curator.get(url(table))
            counts.append(len(asked))
    assert counts[0] == counts[1]


def some_of_everything(number: int) -> None:
    creator = Creator.objects.create(slug=f"maker-{number}", name=f"Maker {number}")
    names = [f"m{number}a", f"m{number}b"]
    first, second = (
        LanguageModel.objects.create(slug=name, name=name, creator=creator, status="published") for name in names
    )
    category = Category.objects.create(slug=f"c{number}", name=f"C{number}", weight=0, order=number)
    benchmark = Benchmark.objects.create(slug=f"b{number}", name=f"B{number}", family="b", category=category)
    day = datetime.date(2026, 1, 1)
    Score.objects.create(
        model=first, benchmark=benchmark, value=1, source_kind="vendor", source_url=SOURCE, reported_on=day
    )
    offer = Offer.objects.create(model=first, host="H", input=1, source_url=SOURCE, starts_on=day)
    OfferTier.objects.create(offer=offer, from_prompt_tokens=1, input=1)
    Runtime.objects.create(model=first, host="H", ttft_seconds=1, source_url=SOURCE, measured_on=day)
    ModelAlias.objects.create(model=first, text=f"other {number}")
    FeaturedPair.objects.create(first=first, second=second)
    Change.objects.create(kind="model_added", subject=first.name, model=first)
    ScoreReport.objects.create(model=first, benchmark=benchmark, seen="1", text="Wrong")
    Settled.objects.create(queue="odd", key=str(number), subject="Right")
    fit = Fit.objects.create(seconds=1, scores=1, arrays=b"", self_test={})
    for model in (first, second):
        Ability.objects.create(fit=fit, model=model, tests=3, score=50, low=40, high=60)


def listed(client: Client, table: type, query: str) -> list:
    return list(client.get(f"{url(table)}?{query}").context["cl"].result_list)


@pytest.mark.parametrize(
    ("table", "text", "found"),
    [
        (LanguageModel, "alpha-2026", ["Alpha"]),
        (LanguageModel, "acme", ["Alpha", "Beta", "Gamma"]),
        (Score, "quiz", ["Alpha, Quiz: 71.2"]),
        (Score, "beta", []),
        (Offer, "acme", ["Alpha at Acme (paid api)"]),
    ],
)
def test_search_finds_rows_by_the_names_around_them(curator, catalogue, table, text, found):
    assert [str(row) for row in listed(curator, table, f"q={text}")] == found


def test_filters_of_models_and_offers_give_the_rows_they_name(curator, catalogue):
    def names(table: type, query: str) -> list[str]:
        return [str(row) for row in listed(curator, table, query)]

    assert names(LanguageModel, "priced=yes") == ["Alpha"]
    assert names(LanguageModel, "priced=no") == ["Beta", "Gamma"]
    assert names(LanguageModel, "status__exact=draft") == ["Gamma"]
    assert names(LanguageModel, "priced=what") == ["Alpha", "Beta", "Gamma"]
    assert names(Offer, "current=yes") == ["Alpha at Acme (paid api)"]
    assert names(Offer, "current=no") == []


def test_filters_of_scores_give_the_rows_they_name(curator, catalogue):
    Score.objects.all().delete()
    today, long_ago = timezone.localdate(), timezone.localdate() - datetime.timedelta(days=181)
    a_score(setting="undated")
    a_score(setting="checked", checked_on=today, reported_on=long_ago)
    a_score(setting="old", reported_on=long_ago)
    a_score(setting="listed", reported_on=today - datetime.timedelta(days=180), source_kind="aggregator")
    found = {
        query: sorted(row.setting for row in listed(curator, Score, query))
        for query in ("age=undated", "age=stale", "age=fresh", "source_kind__exact=aggregator")
    }
    assert list(found.values()) == [["undated"], ["old"], ["checked", "listed"], ["listed"]]


def a_score(**more: object) -> Score:
    row = {"model": LanguageModel.objects.get(slug="alpha"), "benchmark": Benchmark.objects.get(), "value": 50}
    return Score.objects.create(**(row | {"source_kind": "vendor", "source_url": SOURCE} | more))


@pytest.mark.parametrize("query", ["name__bogus=1", "creator__password__startswith=a", "e=1", "age=%00", "p=99999"])
def test_odd_list_queries_are_refused_without_a_fault(curator, catalogue, query):
    assert curator.get(f"{url(LanguageModel)}?{query}").status_code in (200, 302, 400)


def test_names_with_markup_are_text(curator, catalogue):
    name = '<script>alert(1)</script>"><img onerror=x>{{7*7}}'
    LanguageModel.objects.filter(slug="alpha").update(name=name)
    score = Score.objects.get()
    for address in (url(LanguageModel), url(Score), url(Score, "change", score.pk), url(FeaturedPair), url(Offer)):
        page = curator.get(address).content.decode()
        assert ("<script>alert" in page, "<img onerror" in page, "&lt;script&gt;alert(1)" in page) == (
            False,
            False,
            True,
        )


@pytest.mark.parametrize(
    ("table", "field", "text", "found"),
    [
        ("languagemodel", "creator", "acme", ["Acme"]),
        ("score", "model", "alpha-2026", ["Alpha"]),
        ("score", "benchmark", "", ["Quiz"]),
        ("benchmark", "category", "cod", ["Coding"]),
        ("offertier", "offer", "acme", ["Alpha at Acme (paid api)"]),
    ],
)
def test_autocomplete_offers_what_is_typed(curator, catalogue, table, field, text, found):
    asked = {"app_label": "comparisons", "model_name": table, "field_name": field, "term": text}
    results = curator.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [each["text"] for each in results] == found


def test_page_of_a_model_asks_as_often_for_many_scores_as_for_one(curator, catalogue):
    address = url(LanguageModel, "change", LanguageModel.objects.get(slug="alpha").pk)
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            curator.get(address)
        counts.append(len(asked))
        for number in range(3):
            a_score(setting=f"{len(counts)}-{number}")
    assert counts[1] == counts[2]  # the first also looked up the content type


def test_index_counts_what_waits_and_links_to_it(curator, catalogue):
    a_score(setting="x", status="draft")
    a_score(setting="y", source_kind="aggregator", reported_on=datetime.date(2020, 1, 1))
    models, scores = url(LanguageModel), url(Score)
    assert curator.get(reverse("admin:index")).context["attention"] == [
        ("draft models", 1, f"{models}?status__exact=draft"),
        ("draft scores", 1, f"{scores}?status__exact=draft"),
        ("unconfirmed scores", 1, f"{scores}?source_kind__exact=aggregator&status__exact=published"),
        ("models without a price", 1, f"{models}?priced=no&status__exact=published"),
    ]


# --- who may --------------------------------------------------------------------------------------------------------
def test_anonymous_visitor_is_asked_to_sign_in(client, catalogue):
    address = url(LanguageModel, "change", LanguageModel.objects.first().pk)
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('admin:login')}?next={address}")


def test_staff_without_rights_see_and_do_nothing(catalogue):
    client = signed_in(User.objects.create_user("bob", is_staff=True))
    alpha = LanguageModel.objects.get(slug="alpha")
    addresses = [url(LanguageModel), url(LanguageModel, "add"), url(LanguageModel, "change", alpha.pk)]
    addresses += [url(LanguageModel, "history", alpha.pk), url(Change)]
    assert {client.get(address).status_code for address in addresses} == {403}
    assert client.get(reverse("admin:index")).context["attention"] == []
    assert act(client, LanguageModel, "withdraw", [alpha]).status_code == 403
    assert LanguageModel.objects.get(slug="alpha").status == "published"


def viewer() -> Client:
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return signed_in(user)


def test_viewer_reads_but_has_no_button_and_no_reason_field(catalogue):
    client, alpha = viewer(), LanguageModel.objects.get(slug="alpha")
    page = client.get(url(LanguageModel, "change", alpha.pk)).content.decode()
    assert ("71.2" in page, "change_reason" in page, 'name="_save"' in page) == (True, False, False)
    answer = act(client, LanguageModel, "withdraw", [alpha])
    assert (LanguageModel.objects.get(slug="alpha").status, told(answer)) == ("published", [])


# --- adding and changing --------------------------------------------------------------------------------------------
def test_slug_of_a_new_model_is_made_by_the_sites_rule_and_kept_afterwards(curator, catalogue):
    creator = Creator.objects.get()
    save(curator, url(LanguageModel, "add"), name="Command A+ 4.1", creator=creator.pk)
    model = LanguageModel.objects.get(name="Command A+ 4.1")
    save(curator, url(LanguageModel, "change", model.pk), name="Command B")
    model.refresh_from_db()
    assert (model.slug, model.name, model.status) == ("command-a-plus-4-1", "Command B", "draft")


def test_name_that_gives_no_slug_asks_for_one(curator, catalogue):
    page = save(curator, url(Creator, "add"), name="智谱", url=SOURCE)
    assert faults(page) == ["The name gives no slug: write one in letters and digits."]


def test_new_slug_leaves_the_old_one_as_an_alias(curator, catalogue):
    model = LanguageModel.objects.get(slug="alpha")
    save(curator, url(LanguageModel, "change", model.pk), slug="alpha-1")
    assert sorted(model.aliases.values_list("text", flat=True)) == ["Alpha-2026", "alpha"]


def test_family_of_a_new_benchmark_is_its_slug_unless_given(curator, catalogue):
    category = Category.objects.get()
    given = {"category": category.pk, "url": SOURCE, "description": "Asks again."}
    save(curator, url(Benchmark, "add"), name="Quiz 2.0", family="", **given)
    assert Benchmark.objects.values_list("slug", "family").get(name="Quiz 2.0") == ("quiz-2-0", "quiz-2-0")


def test_history_holds_actor_time_before_after_and_reason(curator, catalogue, ada):
    score = Score.objects.get()
    save(curator, url(Score, "change", score.pk), value="72.4", change_reason="Corrected at the source")
    newest = score.history.first()
    before = newest.prev_record
    assert (newest.history_user, newest.history_change_reason, before.value, newest.value) == (
        ada,
        "Corrected at the source",
        Decimal("71.2"),
        Decimal("72.4"),
    )
    assert abs(timezone.now() - newest.history_date) < datetime.timedelta(minutes=1)
    page = curator.get(url(Score, "history", score.pk)).content.decode()
    assert "Value: <del>71.2000</del> → <ins>72.4000</ins>" in page


def test_saving_an_untouched_form_writes_nothing(curator, catalogue):
    model = LanguageModel.objects.get(slug="alpha")
    rows = LanguageModel.history.count(), Score.history.count(), Offer.history.count(), Change.objects.count()
    answer = save(curator, url(LanguageModel, "change", model.pk))
    assert answer.status_code == 302
    assert rows == (
        LanguageModel.history.count(),
        Score.history.count(),
        Offer.history.count(),
        Change.objects.count(),
    )


def test_changes_of_public_rows_are_told_with_their_reason(curator, catalogue):
    alpha, score, offer = LanguageModel.objects.get(slug="alpha"), Score.objects.get(), Offer.objects.get()
    save(curator, url(Score, "change", score.pk), value="72.4", change_reason="Typing error")
    save(curator, url(Offer, "change", offer.pk), input="3")
    save(curator, url(LanguageModel, "change", alpha.pk), retires_on="2030-01-31")
    quiz, model = Benchmark.objects.get(), LanguageModel.objects.get(slug="beta")
    save(
        curator,
        url(Score, "add"),
        model=model.pk,
        benchmark=quiz.pk,
        value="60",
        source_kind="vendor",
        source_url=SOURCE,
    )
    assert log() == [
        ("score_changed", "Alpha: Quiz", "71.2", "72.4", "Typing error"),
        ("price_changed", "Alpha at Acme", "input 2, output 8", "input 3, output 8", ""),
        ("retirement_date", "Alpha", "", "2030-01-31", ""),
        ("score_added", "Beta: Quiz", "", "60", ""),
    ]


def test_change_in_an_inline_row_is_saved_told_and_recorded(curator, catalogue, ada):
    model = LanguageModel.objects.get(slug="alpha")
    save(curator, url(LanguageModel, "change", model.pk), scores__0__value="72.4", change_reason="Rerun")
    score = Score.objects.get()
    newest = score.history.first()
    assert (score.value, newest.history_user, newest.history_change_reason) == (Decimal("72.4"), ada, "Rerun")
    assert log() == [("score_changed", "Alpha: Quiz", "71.2", "72.4", "Rerun")]


def test_deleted_public_score_is_told(curator, catalogue):
    score = Score.objects.get()
    curator.post(url(Score, "delete", score.pk), {"post": "yes"})
    assert (Score.objects.count(), log()) == (0, [("score_withdrawn", "Alpha: Quiz", "71.2", "", "")])


def test_drafts_are_never_told(curator, catalogue):
    gamma, quiz = LanguageModel.objects.get(slug="gamma"), Benchmark.objects.get()
    address = url(LanguageModel, "change", gamma.pk)
    save(curator, address, retires_on="2030-01-31")
    score = {"model": gamma.pk, "benchmark": quiz.pk, "value": "60", "source_kind": "vendor", "source_url": SOURCE}
    save(curator, url(Score, "add"), **score)
    save(
        curator, url(Score, "add"), **(score | {"model": LanguageModel.objects.get(slug="beta").pk, "status": "draft"})
    )
    act(curator, LanguageModel, "withdraw", [gamma])
    assert (Score.objects.count(), log()) == (3, [])


def test_model_published_in_its_form_is_one_change_with_its_rows(curator, catalogue):
    gamma, quiz = LanguageModel.objects.get(slug="gamma"), Benchmark.objects.get()
    row = {"benchmark": quiz.pk, "value": "60", "source_kind": "vendor", "source_url": SOURCE, "status": "published"}
    rows = {f"scores__0__{name}": value for name, value in row.items()}
    save(
        curator, url(LanguageModel, "change", gamma.pk), status="published", scores__TOTAL_FORMS=1, _foreseen=1, **rows
    )
    assert (gamma.scores.count(), log()) == (1, [("model_added", "Gamma", "", "published", "")])


# --- refusals -------------------------------------------------------------------------------------------------------
def test_model_form_says_what_is_wrong(curator, catalogue):
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="beta"), text="Other-Name")
    dates = {"released_on": "2026-02-01", "retires_on": "2026-01-01", "knowledge_cutoff": "2026-03"}
    sizes = {"context_window": 128_000, "max_output": 200_000, "active_parameters_b": 5, "parameters_b": 4}
    cases = [
        (
            {"slug": "a-vs-b", "name": "Beta", "url": "javascript:alert(1)", "aliases__0__text": "beta"}
            | dates
            | sizes,
            {
                "“vs” separates the models of a comparison and cannot be a part of a slug.",
                "Another model has this name: add the date or the variant.",
                "“javascript:alert(1)” is not a plain https address.",
                "“beta” already names Beta.",
                "The model retires before it is released.",
                "The knowledge cutoff is after the release.",
                "The maximum output is above the context window.",
                "Active parameters need a larger total.",
            },
        ),
        (
            {"slug": "options", "context_window": 12, "aliases__0__text": "OTHER-NAME"},
            {
                "“options” is a reserved word of the site's addresses.",
                "A context window has 1,000 to 20,000,000 tokens, an output limit 256 or more.",
                "“OTHER-NAME” already names Beta.",
            },
        ),
        ({"slug": "beta"}, {"Another model has this slug."}),
        ({"slug": "other-name"}, {"“other-name” is already an alias of Beta."}),
        ({"slug": ""}, {"This field is required."}),
    ]
    assert refusals(curator, url(LanguageModel, "change", LanguageModel.objects.get(slug="alpha").pk), cases) == []
    assert LanguageModel.objects.filter(slug="alpha", name="Alpha", max_output=None).exists()


def test_score_form_says_what_is_wrong(curator, catalogue):
    row = Score.objects.get()
    common = {"model": row.model_id, "benchmark": row.benchmark_id, "value": 1, "source_kind": "vendor"}
    wrong = {"setting": "x", "source_url": "http://example.org/", "checked_on": "2999-01-01", "value": "101"}
    cases = [
        ({}, {"This source already has a score for the model, benchmark and setting."}),
        (
            wrong,
            {
                "“http://example.org/” is not a plain https address.",
                "This date is in the future.",
                "Quiz allows 0 to 100.",
            },
        ),
        ({"value": "NaN"}, {"Enter a number."}),
    ]
    assert refusals(curator, url(Score, "add"), cases, **common, source_url=SOURCE) == []
    assert Score.objects.count() == 1


def test_offer_form_says_what_is_wrong(curator, catalogue):
    Offer.objects.update(starts_on=datetime.date(2026, 1, 1))
    common = {"model": Offer.objects.get().model_id, "host": "B", "input": 2, "output": 8, "source_url": SOURCE}
    tier = {"tiers__TOTAL_FORMS": 1, "tiers__0__from_prompt_tokens": "0"}
    days = {"starts_on": "2026-02-01", "ends_on": "2026-01-01"}
    cases = [
        (
            {"host": "Acme"},
            {"The host already has a current offer of this kind for the model: end the old one first."},
        ),
        (
            {"host": "Acme", "starts_on": "2026-01-01", "ends_on": "2026-02-01"},
            {"The host already has an offer of this kind from that day."},
        ),
        (
            {"input": "-1", "batch_discount": "1"} | days | tier,
            {
                "A price is zero or more.",
                "A batch discount lies between 0 and 1.",
                "The offer ends before it starts.",
                "Ensure this value is greater than or equal to 1.",
            },
        ),
        (
            {"basis": "self_hosted", "cached_input": "3"},
            {"A self-hosted model has no list price.", "Cached input costs more than input."},
        ),
        ({"basis": "free_tier"}, {"A free tier costs nothing: use a paid API offer for its price."}),
        ({"input": "", "output": ""}, {"A paid offer needs at least one known price."}),
        ({"input": "0"}, {"A paid offer costs more than nothing: choose free tier or self-hosted for 0."}),
    ]
    assert (refusals(curator, url(Offer, "add"), cases, **common), Offer.objects.count()) == ([], 1)


@pytest.mark.parametrize(
    ("table", "cases"),
    [
        (
            Benchmark,
            [
                (
                    {"weight": 2, "direction": "none", "items": 0, "decimals": 5, "floor": 100, "ceiling": 0},
                    {
                        "A weight lies between 0 and 1.",
                        "A benchmark without a direction cannot carry weight.",
                        "A benchmark has at least one question, or an unknown number.",
                        "At most 4 decimals.",
                        "Give both floor and ceiling, the ceiling above the floor, or neither.",
                    },
                ),
                ({"floor": "", "ceiling": ""}, {"A benchmark without floor and ceiling cannot carry weight."}),
            ],
        ),
        (Category, [({"weight": -1}, {"A weight lies between 0 and 1."})]),
        (
            Runtime,
            [
                ({"ttft_seconds": ""}, {"Give a speed or a time to first token."}),
                (
                    {"ttft_seconds": 9999},
                    {"Speed lies between 0.1 and 10,000 tokens a second, first token between 1 ms and 600 s."},
                ),
            ],
        ),
        (Creator, [({"country": "us"}, {"Use two capital letters, for example US."})]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_other_forms_say_what_is_wrong(curator, catalogue, table, cases):
    row = table.objects.get()
    assert (refusals(curator, url(table, "change", row.pk), cases), row.history.count()) == ([], 1)


def test_featured_pair_form_says_what_is_wrong(curator, catalogue):
    alpha, beta = (LanguageModel.objects.get(slug=slug).pk for slug in ("alpha", "beta"))
    cases = [
        ({"first": beta, "second": alpha}, {"This pair is featured already."}),
        ({"first": alpha, "second": alpha}, {"A pair needs two different models."}),
    ]
    assert (refusals(curator, url(FeaturedPair, "add"), cases), FeaturedPair.objects.count()) == ([], 1)


def test_rows_entered_together_are_compared_with_each_other(curator, catalogue):
    address = url(LanguageModel, "change", LanguageModel.objects.get(slug="beta").pk)
    rows = {"aliases__TOTAL_FORMS": 2, "aliases__0__text": "Bet", "aliases__1__text": "BET", "offers__TOTAL_FORMS": 2}
    offer = {"host": "H", "basis": "api", "input": 1, "source_url": SOURCE, "status": "published"}
    rows |= {f"offers__{index}__{name}": value for index in (0, 1) for name, value in offer.items()}
    rows["offers__0__starts_on"] = "2026-01-01"
    assert sorted(faults(save(curator, address, **rows))) == [
        "Two current offers are of the same host and kind: end the old one first.",
        "Two of the aliases are the same.",
    ]


@pytest.mark.parametrize("price", ["20", "0.2"])
def test_price_ten_times_the_last_needs_a_tick(curator, catalogue, price):
    offer = Offer.objects.get()
    address = url(Offer, "change", offer.pk)
    page = save(curator, address, input=price, output="30")
    word = "above" if price == "20" else "below"
    said = f"The input price {price} is 10 times {word} the published 2. Correct it, or tick “The price is right”."
    assert (faults(page), Offer.objects.get().input) == ([said], 2)
    assert save(curator, address, input=price, output="30", price_is_right="on").status_code == 302
    assert Offer.objects.get().input == Decimal(price)


def test_new_offer_is_compared_with_the_one_it_follows(curator, catalogue):
    Offer.objects.update(starts_on=datetime.date(2026, 1, 1), ends_on=datetime.date(2026, 3, 1))
    sent = {"model": Offer.objects.get().model_id, "host": "Acme", "input": 2, "output": 1600, "source_url": SOURCE}
    page = save(curator, url(Offer, "add"), **sent)
    assert faults(page) == [
        "The output price 1600 is 200 times above the published 8. Correct it, or tick “The price is right”."
    ]
    assert save(curator, url(Offer, "add"), **(sent | {"host": "Another host"})).status_code == 302


def test_weights_that_do_not_give_one_are_refused(curator, catalogue):
    page = save(curator, url(Category, "change", Category.objects.get().pk), weight="0.9")
    assert faults(page) == ["The weights add up to 0.9, not 1. Change the weights together in the list."]
    page = save(curator, url(Benchmark, "change", Benchmark.objects.get().pk), weight="0.5")
    assert faults(page) == ["The weights of coding add up to 0.5, not 1. Change the weights together in the list."]
    given = {"order": 2, "description": "Thinks.", "weight": "0.5"}
    page = save(curator, url(Category, "add"), name="Reasoning", **given)
    assert faults(page) == ["The weights add up to 1.5, not 1. Change the weights together in the list."]
    assert save(curator, url(Category, "add"), name="Reasoning", **(given | {"weight": "0"})).status_code == 302


def test_weights_change_together_in_the_list(curator, catalogue, ada):
    coding = Category.objects.get()
    reasoning = Category.objects.create(slug="reasoning", name="Reasoning", weight=0, order=2, description="Thinks.")
    sent = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    sent |= {"form-0-id": coding.pk, "form-1-id": reasoning.pk, "form-0-weight": "0.7", "form-1-weight": "0.2"}
    page = curator.post(url(Category), sent)
    assert page.context["cl"].formset.non_form_errors() == ["The weights add up to 0.9, not 1."]
    assert curator.post(url(Category), sent | {"form-1-weight": "0.3"}).status_code == 302
    assert list(Category.objects.values_list("weight", flat=True)) == [Decimal("0.7"), Decimal("0.3")]
    assert coding.history.first().history_user == ada


def test_weight_must_be_given_away_before_its_bearer_is_deleted(curator, catalogue):
    Score.objects.all().delete()
    page = curator.get(url(Benchmark, "delete", Benchmark.objects.get().pk))
    assert "Quiz carries weight: give it to others first" in page.text


# --- two curators ---------------------------------------------------------------------------------------------------
def test_second_curator_is_told_who_saved_and_may_overwrite(curator, catalogue):
    bea, acme = signed_in(User.objects.create_superuser("bea")), Creator.objects.get()
    address = url(Creator, "change", acme.pk)
    loaded = entries(curator.get(address))
    bea.post(address, loaded | {"country": "FR"})
    page = curator.post(address, loaded | {"country": "DE"})
    at = timezone.localtime(acme.history.first().history_date)
    assert faults(page) == [
        f"bea saved this at {at:%H:%M} while you were editing. Your entries are below. Save again to overwrite."
    ]
    acme.refresh_from_db()
    assert (acme.country, entries(page)["country"]) == ("FR", "DE")
    assert curator.post(address, entries(page)).status_code == 302
    acme.refresh_from_db()
    assert acme.country == "DE"


def test_second_curator_of_an_inline_row_is_told_too(curator, catalogue):
    bea, tier = signed_in(User.objects.create_superuser("bea")), OfferTier.objects.get()
    address = url(Offer, "change", tier.offer_id)
    loaded = entries(curator.get(address))
    save(bea, url(OfferTier, "change", tier.pk), input="5")
    page = curator.post(address, loaded | {"tiers-0-input": "6"})
    assert (len(faults(page)), faults(page)[0].split(" at ")[0]) == (1, "bea saved this")
    tier.refresh_from_db()
    assert tier.input == 5
    assert curator.post(address, entries(page)).status_code == 302
    tier.refresh_from_db()
    assert tier.input == 6


def test_row_taken_between_check_and_save_gives_the_form_back(curator, catalogue):
    """The rival row appears after validation; as it rolls back with the save, the second try meets the notice alone."""

    def rival(sender, instance, **kwargs):
        if instance.name == "Delta":
            LanguageModel.objects.bulk_create([LanguageModel(slug="delta", name="Rival", creator=instance.creator)])

    pre_save.connect(rival, LanguageModel)
    try:
        page = save(curator, url(LanguageModel, "add"), name="Delta", creator=Creator.objects.get().pk)
    finally:
        pre_save.disconnect(rival, LanguageModel)
    notice = (
        "Nothing was saved: someone else saved the same row at the same moment. Look at the entries and save again."
    )
    assert (page.status_code, faults(page), entries(page)["name"]) == (200, [notice], "Delta")
    assert not LanguageModel.objects.filter(slug="delta").exists()


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="one writer at a time, and an in-memory database has one thread"
)
@pytest.mark.django_db(transaction=True)
def test_same_slug_at_once_makes_one_row_and_one_form_error(catalogue):
    user = User.objects.create_superuser("ada")
    creator, answers, together = Creator.objects.get().pk, [], threading.Barrier(4)
    address = url(LanguageModel, "add")

    def create() -> None:
        client = signed_in(user)
        sent = entries(client.get(address)) | {"name": "Delta", "creator": str(creator)}
        together.wait()
        answers.append(client.post(address, sent).status_code)
        connection.close()

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(answers), LanguageModel.objects.filter(name="Delta").count()) == ([200, 200, 200, 302], 1)


# --- actions --------------------------------------------------------------------------------------------------------
def test_publish_says_what_happened_tells_readers_and_is_recorded(curator, catalogue, ada):
    creator = Creator.objects.get()
    LanguageModel.objects.create(slug="delta", name="Delta", creator=creator)
    rows = list(LanguageModel.objects.exclude(slug="beta"))
    page = act(curator, LanguageModel, "publish", rows, reason="Checked by two")
    assert told(page) == ["2 models published, 1 was published already."]
    assert set(LanguageModel.objects.values_list("status", flat=True)) == {"published"}
    assert log() == [
        ("model_added", "Gamma", "", "published", "Checked by two"),
        ("model_added", "Delta", "", "published", "Checked by two"),
    ]
    newest = LanguageModel.objects.get(slug="gamma").history.first()
    assert (newest.history_user, newest.history_change_reason, newest.prev_record.status, newest.status) == (
        ada,
        "Checked by two",
        "draft",
        "published",
    )


def test_withdraw_dates_a_score_and_publish_brings_it_back(curator, catalogue):
    score = Score.objects.get()
    assert told(act(curator, Score, "withdraw", [score])) == ["1 score withdrawn."]
    score.refresh_from_db()
    assert (score.status, score.withdrawn_on) == ("withdrawn", timezone.localdate())
    assert told(act(curator, Score, "withdraw", [score])) == ["No score withdrawn, 1 was withdrawn already."]
    assert told(act(curator, Score, "publish", [score])) == ["1 score published."]
    score.refresh_from_db()
    assert (score.status, score.withdrawn_on) == ("published", None)
    assert log() == [
        ("score_withdrawn", "Alpha: Quiz", "71.2", "", ""),
        ("score_added", "Alpha: Quiz", "", "71.2", ""),
    ]


def test_status_in_the_form_dates_the_withdrawal_too(curator, catalogue):
    score = Score.objects.get()
    for status, day in (("withdrawn", timezone.localdate()), ("published", None)):
        save(curator, url(Score, "change", score.pk), status=status)
        score.refresh_from_db()
        assert (score.status, score.withdrawn_on) == (status, day)


def test_withdrawn_and_drafted_models_and_offers_are_told(curator, catalogue):
    alpha, offer = LanguageModel.objects.get(slug="alpha"), Offer.objects.get()
    assert told(act(curator, Offer, "set_to_draft", [offer])) == ["1 offer set back to draft."]
    assert told(act(curator, LanguageModel, "withdraw", [alpha])) == ["1 model withdrawn."]
    assert told(act(curator, LanguageModel, "set_to_draft", [alpha])) == ["1 model set back to draft."]
    assert log() == [
        ("price_withdrawn", "Alpha at Acme", "input 2, output 8", "", ""),
        ("model_status", "Alpha", "published", "withdrawn", ""),
        ("model_status", "Alpha", "withdrawn", "removed", ""),
    ]


def test_publish_refuses_a_second_current_offer_in_words_and_does_the_rest(curator, catalogue):
    model = LanguageModel.objects.get(slug="alpha")
    rows = [
        Offer.objects.create(model=model, host=host, input=3, starts_on="2026-01-01", source_url=SOURCE, status="draft")
        for host in ("Acme", "Other")
    ]
    page = act(curator, Offer, "publish", rows)
    assert told(page) == [
        "1 offer published.",
        "Not published: Alpha at Acme (paid api): "
        "The host already has a current offer of this kind for the model: end the old one first.",
    ]


def test_published_score_of_a_draft_model_is_said_to_stay_hidden(curator, catalogue):
    score = a_score(model=LanguageModel.objects.get(slug="gamma"), status="draft")
    page = act(curator, Score, "publish", [score])
    assert told(page) == ["1 score published; 1 of them stay hidden until their model is published."]
    assert log() == []


def test_checked_today_dates_scores(curator, catalogue):
    score = Score.objects.get()
    assert told(act(curator, Score, "mark_checked", [score])) == ["1 score marked as checked."]
    assert Score.objects.get().checked_on == timezone.localdate()
    assert told(act(curator, Score, "mark_checked", [score])) == ["No score marked as checked, 1 was marked already."]


def test_all_rows_across_pages_are_published_at_once(curator, catalogue):
    row = {"model": LanguageModel.objects.get(slug="alpha"), "benchmark": Benchmark.objects.get(), "value": 1}
    row |= {"source_kind": "vendor", "source_url": SOURCE, "status": "draft"}
    Score.objects.bulk_create(Score(setting=str(number), **row) for number in range(120))
    answer = act(curator, Score, "publish", Score.objects.order_by("-pk")[:100], select_across="1")
    assert told(answer) == ["120 scores published, 1 was published already."]
    assert (Score.objects.published().count(), Score.history.filter(status="published").count()) == (121, 121)


# --- what nobody may touch ------------------------------------------------------------------------------------------
def test_change_log_is_read_only(curator, catalogue):
    change = Change.objects.create(kind="model_added", subject="Alpha")
    address = url(Change, "change", change.pk)
    assert curator.get(url(Change)).status_code == 200
    page = curator.get(address).content.decode()
    assert ("model_added" in page, 'name="_save"' in page) == (True, False)
    answers = [
        curator.get(url(Change, "add")),
        curator.post(url(Change, "add"), {"kind": "x"}),
        curator.post(address, {"subject": "x"}),
        curator.post(url(Change, "delete", change.pk), {"post": "yes"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
    curator.post(
        url(Change), {"action": "delete_selected", "_selected_action": [change.pk], "post": "yes", "index": "0"}
    )
    assert log() == [("model_added", "Alpha", "", "", "")]


def test_earlier_state_is_brought_back_told_and_recorded(curator, catalogue, ada):
    score = Score.objects.get()
    record, address = score.history.get(), url(Score, "change", score.pk)
    save(curator, address, value="72", status="draft")
    day = f"{timezone.localtime(record.history_date):%-d %b %Y %H:%M}"
    earlier = url(Score, "simple_history", score.pk, record.pk)
    page = curator.get(earlier)
    sent = {bound.html_name: str(bound.value() or "") for bound in page.context["adminform"].form}
    assert (sent["value"], sent["change_reason"]) == ("71.2", f"Back to the state of {day}")
    assert curator.post(earlier, sent).status_code == 302
    score.refresh_from_db()
    newest = score.history.first()
    assert (score.value, score.status, newest.history_user) == (Decimal("71.2"), "published", ada)
    assert [row.value for row in score.history.order_by("pk")] == [Decimal("71.2"), 72, Decimal("71.2")]
    assert log()[-1] == ("score_added", "Alpha: Quiz", "", "71.2", f"Back to the state of {day}")


def test_deleted_row_is_brought_back(curator, catalogue):
    score = Score.objects.get()
    curator.post(url(Score, "delete", score.pk), {"post": "yes"})
    earlier = url(Score, "simple_history", score.pk, score.history.model.objects.filter(id=score.pk).first().pk)
    page = curator.get(earlier)
    sent = {bound.html_name: str(bound.value() or "") for bound in page.context["adminform"].form}
    assert curator.post(earlier, sent).status_code == 302
    assert Score.objects.values_list("value", "setting", "source_url").get() == (Decimal("71.2"), "", SOURCE)


def test_viewer_reads_an_earlier_state_and_cannot_bring_it_back(curator, catalogue):
    score = Score.objects.get()
    record = score.history.get()
    save(curator, url(Score, "change", score.pk), value="72")
    client, earlier = viewer(), url(Score, "simple_history", score.pk, record.pk)
    page = client.get(earlier).content.decode()
    assert ("71.2" in page, 'name="_save"' in page) == (True, False)
    assert (client.post(earlier, {"value": "1"}).status_code, Score.objects.get().value) == (403, 72)


@pytest.mark.parametrize(
    "tail", ["abc/history/", "abc/history/1/", "1/history/abc/", "999999/history/1/", "٣/history/"]
)
def test_history_of_nothing_is_not_found(curator, catalogue, tail):
    assert curator.get(url(Score) + tail).status_code == 404


def test_history_outlives_the_row_and_what_it_belonged_to(curator, catalogue, ada):
    gamma = LanguageModel.objects.get(slug="gamma")
    score = a_score(model=gamma)
    numbers = score.pk, gamma.pk
    curator.post(url(LanguageModel, "delete", gamma.pk), {"post": "yes"})
    assert not LanguageModel.objects.filter(slug="gamma").exists()
    last = Score.history.filter(id=numbers[0]).first()
    assert (last.history_type, last.history_user) == ("-", ada)
    for table, number in zip((Score, LanguageModel), numbers, strict=True):
        record = table.history.filter(id=number).first()
        pages = [
            curator.get(url(table, "history", number)),
            curator.get(url(table, "simple_history", number, record.pk)),
        ]
        assert [page.status_code for page in pages] == [200, 200]
        assert "Deleted" in pages[0].content.decode()


def test_public_model_is_withdrawn_not_deleted(curator, catalogue):
    alpha = LanguageModel.objects.get(slug="alpha")
    page = curator.post(url(LanguageModel, "delete", alpha.pk), {"post": "yes"})
    assert "Alpha is published: withdraw it instead of deleting" in page.content.decode()
    act(curator, LanguageModel, "delete_selected", [alpha], post="yes")
    assert LanguageModel.objects.filter(slug="alpha").exists()


def test_log_of_the_admin_has_the_entry(curator, catalogue, ada):
    save(curator, url(Creator, "change", Creator.objects.get().pk), country="FR")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.get_change_message()) == (ada, "Acme", "Changed Country code.")


# --- links to the site ----------------------------------------------------------------------------------------------
def test_view_on_site_leads_to_the_page_that_shows_the_row(curator, catalogue):
    def link(row) -> str | None:
        return admin.site.get_model_admin(type(row)).get_view_on_site_url(row)

    alpha = LanguageModel.objects.get(slug="alpha")
    rows = [alpha, *(table.objects.get() for table in (Score, Offer, OfferTier, Runtime, ModelAlias))]
    assert [link(row) for row in rows] == [alpha.get_absolute_url()] * 6
    assert link(FeaturedPair.objects.get()) == reverse("compare", args=["alpha-vs-beta"])
    assert link(Benchmark.objects.get()) == reverse("benchmark", args=["quiz"])
    assert link(Category.objects.get()) == reverse("leaderboard_category", args=["coding"])
    assert "?preview=" in link(LanguageModel.objects.get(slug="gamma"))
    assert link(Creator.objects.get()) is None
    page = curator.get(url(Score, "change", Score.objects.get().pk)).content.decode()
    assert f'href="{alpha.get_absolute_url()}" class="viewsitelink"' in page


# --- the public pages -----------------------------------------------------------------------------------------------
def shown(client: Client, address: str) -> tuple[str, str]:
    """What a page says and its ETag."""
    answer = client.get(address)
    return answer.content.decode(), answer["ETag"]


def test_public_page_shows_an_edit_at_once(curator, catalogue, client):
    pair, alpha = reverse("compare", args=["alpha-vs-beta"]), LanguageModel.objects.get(slug="alpha")
    edits = [
        ("71.2", "72.4", lambda: save(curator, url(Score, "change", Score.objects.get().pk), value="72.4")),
        ("Alpha", "Alphabet", lambda: save(curator, url(LanguageModel, "change", alpha.pk), name="Alphabet")),
        ("$8", "$7", lambda: save(curator, url(Offer, "change", Offer.objects.get().pk), output="7")),
        (
            "Coding",
            "Programming",
            lambda: save(curator, url(Category, "change", Category.objects.get().pk), name="Programming"),
        ),
        ("Quiz", "Riddle", lambda: save(curator, url(Benchmark, "change", Benchmark.objects.get().pk), name="Riddle")),
    ]
    for before, after, edit in edits:
        page, tag = shown(client, pair)
        assert before in page
        assert edit().status_code == 302
        answer = client.get(pair, headers={"if-none-match": tag})
        assert (answer.status_code, after in answer.content.decode()) == (200, True), after
    act(curator, Score, "withdraw", [Score.objects.get()])
    assert "72.4" not in client.get(pair).content.decode()
    act(curator, LanguageModel, "set_to_draft", [alpha])
    assert client.get(pair).status_code == 404


# --- the first account ----------------------------------------------------------------------------------------------
def test_ensure_admin_makes_one_account_and_prints_its_password_once(client):
    first, second = StringIO(), StringIO()
    call_command("ensure_admin", stdout=first)
    call_command("ensure_admin", stdout=second)
    password = re.fullmatch(r"http\S+/admin/ user: admin password: (\S{20}) \(shown once\)\n", first.getvalue())[1]
    assert second.getvalue() == "An administrator exists already.\n"
    assert client.login(username="admin", password=password)
    assert User.objects.filter(is_superuser=True).count() == 1


def test_ensure_admin_never_promotes_an_ordinary_account():
    User.objects.create_user("admin")
    with pytest.raises(CommandError, match="exists but may not administer"):
        call_command("ensure_admin")
    assert not User.objects.filter(is_superuser=True).exists()
