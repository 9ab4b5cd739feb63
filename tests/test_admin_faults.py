"""Faults and abuse around curators: names that are markup on every page, odd lists, thousands of rows, what must not be deleted."""

import datetime
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from comparisons import previews, queues
from comparisons.models import (
    Benchmark,
    Category,
    Change,
    Creator,
    FeaturedPair,
    LanguageModel,
    Offer,
    Runtime,
    Score,
    ScoreReport,
)
from tests.test_admin import SOURCE, catalogue, signed_in, told, url  # noqa: F401
from tests.test_newsletter_issues import NOW, built, changed, subscriber

pytestmark = pytest.mark.django_db
HURTING = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{% load x %}"]


@pytest.fixture
def curator() -> Client:
    return signed_in(User.objects.create_superuser("ada"))


class Tags(HTMLParser):
    """What a browser would run, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.dangers, self.text, self.inside = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.inside = tag
        self.dangers += [name for name in names if name.startswith("on")]
        if (
            tag == "script"
            and "src" not in names
            and names.get("type") not in ("application/ld+json", "application/json")
        ):
            self.dangers.append(tag)
        if tag == "img" and names.get("src") == "x":
            self.dangers.append(tag)

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script" and "alert(1)</script" in data:
            self.dangers.append("data")
        self.text.append(data)


@pytest.fixture
def hurting() -> dict[str, object]:
    """Two models, a draft, a benchmark, hosts and sources, each named as badly as can be."""
    maker = Creator.objects.create(slug="maker", name=HURTING[0])
    first, second = (
        LanguageModel.objects.create(
            slug=f"m{n}", name=HURTING[n], creator=maker, status="published", family=HURTING[1]
        )
        for n in (0, 1)
    )
    draft = LanguageModel.objects.create(slug="draft", name=HURTING[2], creator=maker, licence=HURTING[3])
    category = Category.objects.create(slug="coding", name=HURTING[3], weight=1, order=1, description=HURTING[1])
    test = Benchmark.objects.create(
        slug="t", name=HURTING[1], family="t", category=category, weight=1, floor=0, ceiling=100, description=HURTING[0]
    )
    for number, model in enumerate((first, second, draft)):
        for source in (1, 2):
            Score.objects.create(
                model=model, benchmark=test, value=40 + 9 * number + source, source_kind="vendor", setting=HURTING[source],
                note=HURTING[0], source_url=f"{SOURCE}/{source}",
            )  # fmt: skip
        Offer.objects.create(model=model, host=HURTING[number], input=2, output=8, source_url=SOURCE, note=HURTING[0])
        Runtime.objects.create(
            model=model, host=HURTING[3], ttft_seconds=1, output_tokens_per_second=9, source_url=SOURCE, method=HURTING[0],
            measured_on=datetime.date(2026, 1, 1),
        )  # fmt: skip
    FeaturedPair.objects.create(first=first, second=second)
    Change.objects.create(kind="score_added", subject=HURTING[0], new=HURTING[1], reason=HURTING[2], model=first)
    score = first.scores.first()
    ScoreReport.objects.create(model=first, benchmark=test, score=score, seen=HURTING[0], text=HURTING[1])
    return {"first": first, "draft": draft, "score": score}


PAGES = [
    "/", "/compare/", "/compare/?a=script&b=img", "/compare/m0-vs-m1/", "/models/", "/models/m0/", "/models/m1/", "/models/options/?q=alert",
    "/leaderboard/", "/leaderboard/coding/", "/benchmarks/", "/benchmarks/t/", "/pricing/", "/shortlist/", "/methodology/",
    "/changes/", "/changes.atom", "/data/", "/search/?q=alert", "/report/", "/report/?q=alert", "/report/m0/", "/report/m0/t/",
    "/newsletter/sample/", "/nothing/m0-vs-mx/",
]  # fmt: skip


def test_name_that_is_markup_is_text_on_every_page(hurting, client):
    found = {path: Tags(client.get(path).content.decode()).dangers for path in PAGES}
    assert {path: dangers for path, dangers in found.items() if dangers} == {}


def test_names_are_there_as_they_were_written(hurting, client):
    text = "".join(Tags(client.get("/compare/m0-vs-m1/").content.decode()).text)
    assert [name for name in (HURTING[0], HURTING[1], HURTING[3]) if name not in text] == []
    text = "".join(Tags(client.get("/changes/").content.decode()).text)
    assert [name for name in HURTING[:3] if name not in text] == []


def test_name_that_is_markup_is_text_in_what_curators_see(hurting, curator):
    queues._kept.clear()
    first, draft, score = hurting["first"], hurting["draft"], hurting["score"]
    pages = [previews.link(draft), reverse("admin:merge", args=[draft.pk, first.pk]), reverse("admin:index")]
    pages += [reverse("admin:queue", args=[queue.slug]) for queue in queues.QUEUES]
    pages += [
        url(Score),
        url(Score, "change", score.pk),
        url(Score, "history", score.pk),
        url(ScoreReport),
        url(Change),
    ]
    found = {page: Tags(curator.get(page).content.decode()).dangers for page in pages}
    assert {page: dangers for page, dangers in found.items() if dangers} == {}
    foreseen = curator.post(url(LanguageModel), {"action": "publish", "index": "0", "_selected_action": [draft.pk]})
    assert (foreseen.status_code, Tags(foreseen.content.decode()).dangers) == (200, [])


# --- lists ----------------------------------------------------------------------------------------------------------
ODD = [
    "name__bogus=1", "password__startswith=a", "user__password=a", "e=1", "o=99.-99.x", "p=-1", "all=&p=x", "q=%00", "_to_field=password",
    "id__exact=%ED%A0%80", "id__in=" + "1," * 900, "status__exact=x&status__exact=y", "pk__gt=9999999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize(
    "table", ["comparisons_score", "comparisons_scorereport", "auth_user", "newsletter_subscriber"]
)
def test_odd_list_queries_are_refused_without_a_fault(curator, table):
    for query in ODD:
        answer = curator.get(f"{reverse(f'admin:{table}_changelist')}?{query}", follow=True)
        assert (query, answer.status_code in (200, 400), len(answer.redirect_chain) <= 1) == (query, True, True)


def test_password_hashes_cannot_be_sifted(curator):
    list_of_users = reverse("admin:auth_user_changelist")
    assert curator.get(f"{list_of_users}?password__startswith=md5").status_code == 400


@pytest.mark.usefixtures("catalogue")
def test_action_on_five_thousand_chosen_rows_is_taken(curator):
    rows = [Score.objects.get().pk, *range(1_000_000, 1_004_999)]
    answer = curator.post(url(Score), {"action": "withdraw", "index": "0", "_selected_action": rows})
    assert (answer.status_code, told(answer)) == (302, ["1 score withdrawn."])


@pytest.mark.usefixtures("catalogue")
def test_many_rows_are_published_with_history_and_changes_in_few_statements(curator, django_assert_max_num_queries):
    row = {"model": LanguageModel.objects.get(slug="alpha"), "benchmark": Benchmark.objects.get(), "value": 1}
    row |= {"source_kind": "vendor", "source_url": SOURCE, "status": "draft"}
    Score.objects.bulk_create(Score(setting=str(number), **row) for number in range(700))
    sent = {"action": "publish", "index": "0", "_selected_action": ["1"], "select_across": "1", "_foreseen": "1"}
    with django_assert_max_num_queries(80):
        assert told(curator.post(url(Score), sent)) == ["700 scores published, 1 was published already."]
    assert Change.objects.count() == 700
    newest = Score.history.filter(status="published", history_type="~")
    assert set(newest.values_list("history_user__username", "history_change_reason")) == {
        ("ada", "Published from the list")
    }
    assert newest.count() == 700


# --- what must stay -------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("catalogue")
def test_model_of_an_old_issue_is_withdrawn_and_the_issue_stays_as_it_was(curator):
    alpha = LanguageModel.objects.get(slug="alpha")
    changed("model_added", "Alpha", model=alpha)
    subscriber("reader@b.co")
    issue = built()
    before = Client().get(issue.get_absolute_url()).content
    assert curator.post(url(LanguageModel, "delete", alpha.pk), {"post": "yes"}).status_code == 200
    curator.post(url(LanguageModel), {"action": "withdraw", "index": "0", "_selected_action": [alpha.pk]})
    for path in ("/models/alpha/", "/models/alpha-2026/", "/compare/alpha-vs-beta/"):
        assert Client().get(path, follow=True).status_code == 410
    after = Client().get(issue.get_absolute_url())
    assert (after.status_code, after.content == before) == (200, True)
    issue.refresh_from_db()
    assert ("Alpha is new in the catalogue" in issue.text, issue.starts_at < NOW) == (True, True)


@pytest.mark.usefixtures("catalogue")
def test_draft_goes_with_its_rows_and_its_history_stays(curator):
    gamma = LanguageModel.objects.get(slug="gamma")
    pk = gamma.pk
    curator.post(url(LanguageModel, "delete", pk), {"post": "yes"})
    record = LanguageModel.history.filter(id=pk).first()
    assert (LanguageModel.objects.filter(pk=pk).exists(), record.history_type) == (False, "-")
    assert abs(record.history_date - timezone.now()) < datetime.timedelta(minutes=1)
