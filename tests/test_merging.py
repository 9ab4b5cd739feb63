"""Merging two rows of one model: the preview, what moves, what clashes, the addresses that lead on."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from comparisons import merging
from comparisons.models import Change, FeaturedPair, LanguageModel, ModelAlias, Offer, Runtime, Score, ScoreReport
from tests.test_admin import SOURCE, signed_in, told
from tests.test_queues import a_model, a_score, a_test
from tests.test_roles import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[LanguageModel, LanguageModel]:
    """The duplicate (published) and the model that is kept, with rows of every table that hangs on a model."""
    other, kept, third = a_model("gpt41", name="GPT 4.1 (list)"), a_model("gpt-4-1", name="GPT-4.1"), a_model("rival")
    quiz, more = a_test("quiz"), a_test("more")
    a_score(kept, quiz, 70)
    a_score(other, quiz, 71)  # the same source says two things
    a_score(other, quiz, 72, source_url=f"{SOURCE}/2")
    a_score(other, more, 50)
    for model in (other, kept):
        Offer.objects.create(
            model=model, host="Acme", input=2, source_url=SOURCE, starts_on=datetime.date(2026, 1, model.pk % 20 + 1)
        )
        Runtime.objects.create(model=model, host="Acme", ttft_seconds=1, source_url=SOURCE)
    Offer.objects.create(model=other, host="Other", input=2, source_url=SOURCE)
    Runtime.objects.create(model=other, host="Other", ttft_seconds=1, source_url=SOURCE)
    ModelAlias.objects.create(model=other, text="openai/gpt41")
    FeaturedPair.objects.create(first=kept, second=other)
    FeaturedPair.objects.create(first=other, second=third)
    ScoreReport.objects.create(model=other, benchmark=quiz, seen="71", text="Wrong")
    a_model("old", status="withdrawn", successor=other)
    return other, kept


def address(one: LanguageModel, other: LanguageModel) -> str:
    return reverse("admin:merge", args=[one.pk, other.pk])


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada")


def test_preview_says_what_moves_and_what_clashes_and_changes_nothing(ada, two):
    page = signed_in(ada).get(address(*two))
    html = page.content.decode()
    assert page.context["plan"].counts == [
        ("scores", 2),
        ("offers", 1),
        ("runtimes", 1),
        ("aliases", 1),
        ("readers' reports", 1),
        ("featured pairs", 1),
    ]
    assert "GPT-4.1, QUIZ: 70 stays, GPT 4.1 (list), QUIZ: 71 goes" in html
    assert "GPT-4.1 at Acme (paid api) stays, GPT 4.1 (list) at Acme (paid api) goes" in html
    assert "“gpt41”, “GPT 4.1 (list)” as another name of GPT-4.1" in html
    assert (LanguageModel.objects.count(), Change.objects.count()) == (4, 0)


def test_merging_moves_everything_and_leaves_addresses_that_lead_on(ada, two):
    other, kept = two
    answer = signed_in(ada).post(address(other, kept), {"reason": "One model"})
    assert told(answer)[0] == "GPT 4.1 (list) is now GPT-4.1: its address leads there."
    assert not LanguageModel.objects.filter(pk=other.pk).exists()
    assert sorted(kept.scores.values_list("benchmark__slug", "value")) == [
        ("more", Decimal(50)),
        ("quiz", Decimal(70)),
        ("quiz", Decimal(72)),
    ]
    assert sorted(kept.offers.values_list("host", flat=True)) == ["Acme", "Other"]
    assert sorted(kept.runtimes.values_list("host", flat=True)) == ["Acme", "Other"]
    assert sorted(kept.aliases.values_list("text", flat=True)) == ["GPT 4.1 (list)", "gpt41", "openai/gpt41"]
    assert [str(pair) for pair in FeaturedPair.objects.all()] == ["GPT-4.1 vs Rival"]
    assert (ScoreReport.objects.get().model, LanguageModel.objects.get(slug="old").successor) == (kept, kept)
    for before, after in (
        ("/models/gpt41/", "/models/gpt-4-1/"),
        ("/compare/gpt41-vs-rival/", "/compare/gpt-4-1-vs-rival/"),
        ("/compare/gpt-4-1-vs-gpt41/", "/models/gpt-4-1/"),
    ):
        lead = Client().get(before)
        assert (lead.status_code, lead["Location"]) == (301, after)
    why = "Merged GPT 4.1 (list) into GPT-4.1: One model"
    assert list(Change.objects.values_list("kind", "subject", "reason")) == [("model_status", "GPT 4.1 (list)", why)]
    gone = LanguageModel.history.filter(id=other.pk).first()
    assert (gone.history_type, gone.history_user, gone.history_change_reason) == ("-", ada, why)
    dropped = Score.history.filter(history_type="-").get()
    assert (dropped.value, dropped.history_change_reason) == (71, why)


def test_scores_of_a_draft_that_become_public_are_told(two):
    _, kept = two
    draft = a_model("draft", status="draft")
    a_score(draft, a_test("new"), 60)
    a_score(draft, a_test("hidden"), 60, status="draft")
    merging.merge(draft, kept)
    assert list(Change.objects.values_list("kind", "subject", "new")) == [("score_added", "GPT-4.1: NEW", "60")]


def test_public_address_never_leads_to_a_draft(ada, two):
    draft = a_model("draft", status="draft")
    said = "GPT 4.1 (list) has a public address, and Draft has none: publish it first, or merge the other way."
    client = signed_in(ada)
    assert said in client.get(address(two[0], draft)).content.decode()
    assert told(client.post(address(two[0], draft))) == [said]
    with pytest.raises(ValidationError, match="cannot be merged into itself"):
        merging.merge(draft, draft)
    assert LanguageModel.objects.count() == 5


def test_second_of_two_curators_finds_it_done(ada, two):
    client, other = signed_in(ada), two[0]
    client.post(address(*two))
    assert client.post(address(*two)).status_code == 404
    other.pk = 99_999
    with pytest.raises(ValidationError, match="someone else merged or deleted it"):
        merging.merge(other, two[1])


def test_merging_needs_the_right_to_publish(two):
    client = member("Contributor")
    assert [client.get(address(*two)).status_code, client.post(address(*two)).status_code] == [403, 403]
    assert member("Editor").get(address(*two)).status_code == 200
