"""Publishing with foresight, over the bundled catalogue: what a change would do is said before, and then it does that."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from comparisons import estimates, foresight, plain, queues
from comparisons.models import (
    Ability,
    Benchmark,
    CatalogueVersion,
    Change,
    Fit,
    LanguageModel,
    Offer,
    Score,
)
from tests.test_admin import SOURCE, entries, faults, save, signed_in, told, url
from tests.test_roles import member


@pytest.fixture
def curator(site) -> Client:
    Fit.objects.update(seconds=0.5)  # whatever this machine took: a fit follows each change
    return signed_in(User.objects.create_superuser("ada"))


@pytest.fixture(autouse=True)
def _few_pairs(monkeypatch):
    """The work grows with the pairs, the rules do not."""
    monkeypatch.setattr(foresight, "MOST_PAIRS", 8)


def model(slug: str) -> LanguageModel:
    return LanguageModel.objects.get(slug=slug)


def draft_score(slug: str, test: str, value: str, **more: object) -> Score:
    row = {"source_kind": "independent", "source_url": SOURCE, "status": "draft"}
    return Score.objects.create(
        model=model(slug), benchmark=Benchmark.objects.get(slug=test), value=value, **row | more
    )


def rows() -> tuple[int, ...]:
    tables = (Change, Score.history, LanguageModel.history, Fit, Ability)
    return CatalogueVersion.objects.get().number, *(getattr(table, "objects", table).count() for table in tables)


# --- what it computes -----------------------------------------------------------------------------------------------
def test_nothing_stays_of_what_was_only_foreseen(curator):
    row, before = draft_score("gemma-4-31b", "swe-bench-pro", "1"), rows()
    found = foresight.foresee(lambda: Score.objects.filter(pk=row.pk).update(status="published"), timezone.localdate())
    assert (rows(), Score.objects.get(pk=row.pk).status) == (before, "draft")
    assert len(found.turned) > 0
    assert plain.whole(timezone.localdate()).card(model("gemma-4-31b")).cells.keys().isdisjoint({"swe-bench-pro"})


def test_foreseen_verdicts_are_those_of_the_pages_afterwards(curator, monkeypatch):
    """Of the averages, which no fit touches: what the foresight names turns, and nothing else does."""
    monkeypatch.setattr(foresight, "MOST_PAIRS", 200)
    row = draft_score("gemma-4-31b", "swe-bench-pro", "1")
    pairs = [m for m in LanguageModel.objects.published() if m.slug != "gemma-4-31b"]

    def leaders() -> dict[str, tuple[str, str]]:
        whole = plain.whole(timezone.localdate())
        fit = estimates.current()
        keys = [tuple(sorted((model("gemma-4-31b"), other), key=lambda m: m.slug)) for other in pairs]
        return {f"{a} vs {b}": foresight.said_of(whole, None, fit, (a.pk, b.pk)) for a, b in keys}

    before = leaders()
    fit = estimates.current()
    state = plain.whole(timezone.localdate())
    Fit.objects.all().delete()
    CatalogueVersion.rise()
    found = foresight.foresee(lambda: Score.objects.filter(pk=row.pk).update(status="published"), timezone.localdate())
    row.status = "published"
    row.save()
    after = leaders()
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert {each.pair: (each.before, each.after) for each in found.turned} == changed
    assert (len(changed) > 0, fit is not None, state is not plain.whole(timezone.localdate())) == (True, True, True)


def test_estimate_after_is_the_one_that_a_fit_comes_to(curator):
    row = draft_score("gpt-4-1", "hle", "60")
    found = foresight.foresee(lambda: Score.objects.filter(pk=row.pk).update(status="published"), timezone.localdate())
    (moved,) = found.moved
    (before, after) = next(
        (float(b.split()[0]), float(a.split()[0])) for what, b, a in moved.lines if what == "estimated score"
    )
    row.status = "published"
    row.save()
    estimates.refit(seeds=0)
    fitted = estimates.current().standings["gpt-4-1"].overall.value
    assert before < after
    assert abs(after - fitted) < 1.5


def test_draft_model_adds_its_comparisons_and_changes_no_verdict(curator):
    draft = LanguageModel.objects.create(slug="zebra", name="Zebra", creator=model("gpt-4-1").creator)
    for test, value in (("gpqa", 99), ("hle", 80), ("mmlu-pro", 99)):
        draft_score("zebra", test, str(value), status="published")
    others = LanguageModel.objects.published().count()
    found = foresight.foresee(
        lambda: LanguageModel.objects.filter(pk=draft.pk).update(status="published"), timezone.localdate()
    )
    assert (found.said, found.turned, found.new, found.gone) == (
        f"Changes no verdict and adds {others} comparisons",
        (),
        others,
        0,
    )
    assert found.added[0].after.startswith(("Likely: Zebra", "Winner: Zebra"))
    assert {what for what, _, _ in found.moved[0].lines} >= {"estimated score", "average of its own tests", "tests"}


def test_withdrawn_model_takes_its_comparisons_away(curator):
    others = LanguageModel.objects.published().count() - 1
    found = foresight.foresee(
        lambda: LanguageModel.objects.filter(slug="gpt-4-1").update(status="withdrawn"), timezone.localdate()
    )
    assert (found.said, found.pairs) == (f"Changes no verdict and takes {others} comparisons away", 0)


def test_offer_changes_who_is_cheaper(curator):
    offer = Offer.objects.get(model__slug="gpt-4-1", makers_own=True)
    found = foresight.foresee(
        lambda: Offer.objects.filter(pk=offer.pk).update(input="0.01", output="0.02", cached_input=None),
        timezone.localdate(),
    )
    assert len(found.turned) == 2
    assert [row for row in found.turned if row.before.endswith("cheaper: GPT-4.1")] == []


def test_pairs_are_bounded_and_the_featured_ones_come_first(curator):
    found = foresight.foresee(
        lambda: Offer.objects.filter(model__slug="gpt-4-1").update(input="0.01", output="0.02", cached_input=None),
        timezone.localdate(),
    )
    pairs = LanguageModel.objects.published().count() - 1
    assert (found.looked_at, found.pairs) == (8, pairs)
    assert found.bound == f"The 8 of {pairs} comparisons with most in common were looked at, featured ones first."
    whole = plain.whole(timezone.localdate())
    keys = {m.slug: m.pk for m in whole.models}
    few = {
        (keys["gpt-4-1"], keys["gpt-5-4"]),
        (keys["gemma-4-31b"], keys["gpt-4-1"]),
        (keys["gpt-4-1"], keys["glm-5-2"]),
    }
    assert foresight.ordered(few, whole, whole)[0] == (keys["gemma-4-31b"], keys["gpt-4-1"])


# --- the admin ------------------------------------------------------------------------------------------------------
def act(client: Client, table: type, action: str, chosen: list, **more: str):
    return client.post(url(table), {"action": action, "index": "0", "_selected_action": [r.pk for r in chosen], **more})


def test_action_says_what_publishing_changes_and_then_publishes(curator):
    row, before = draft_score("gemma-4-31b", "swe-bench-pro", "1"), rows()
    page = act(curator, Score, "publish", [row], reason="Read at the source")
    assert (page.status_code, rows()) == (200, before)
    found = page.context["foresight"]
    assert page.context["title"] == f"Changes {len(found.turned)} verdicts"
    sent = dict(page.context["sent"])
    assert sent == {
        "action": "publish",
        "index": "0",
        "_selected_action": str(row.pk),
        "reason": "Read at the source",
        "_foreseen": "1",
    }
    answer = curator.post(url(Score), sent | {"_go": "Publish"})
    row.refresh_from_db()
    assert (row.status, told(answer)) == ("published", ["1 score published."])
    assert row.history.first().history_change_reason == "Read at the source"


def test_form_that_publishes_says_what_it_changes_before(curator):
    row, before = draft_score("gemma-4-31b", "swe-bench-pro", "1"), rows()
    address = url(Score, "change", row.pk)
    page = save(curator, address, status="published", value="2", change_reason="Seen")
    assert (page.status_code, rows(), told(page)) == (200, before, [])
    sent = dict(page.context["sent"])
    assert (sent["value"], sent["status"], sent["change_reason"]) == ("2", "published", "Seen")
    back = curator.post(address, sent | {"_back": "1"})
    assert (faults(back), entries(back)["value"], rows()) == (["Nothing is saved yet."], "2", before)
    assert curator.post(address, sent | {"_save": "Publish"}).status_code == 302
    row.refresh_from_db()
    assert (row.status, str(row.value), row.history.first().history_change_reason) == ("published", "2.0000", "Seen")


def test_draft_row_on_a_models_page_is_foreseen_too(curator):
    row = draft_score("llama-3-1-8b", "hle", "60")
    address = url(LanguageModel, "change", row.model_id)
    forms = entries(curator.get(address))
    place = next(
        name.removesuffix("-id") for name, value in forms.items() if name.endswith("-id") and value == str(row.pk)
    )
    page = curator.post(address, forms | {f"{place}-status": "published"})
    row.refresh_from_db()
    assert (page.context["foresight"].moved[0].model, row.status) == ("Llama 3.1 8B Instruct", "draft")
    assert curator.post(address, forms | {f"{place}-setting": "other"}).status_code == 302


def test_what_a_correction_changes_is_said_on_request(curator):
    score = Score.objects.published().filter(model__slug="gpt-4-1", benchmark__slug="gpqa").get()
    address, before = url(Score, "change", score.pk), rows()
    html = curator.get(address).content.decode()
    assert 'value="See what changes" name="_foresee"' in html
    page = save(curator, address, value="1", _foresee="1")
    assert (page.status_code, rows()) == (200, before)
    assert page.context["foresight"].moved[0].model == "GPT-4.1"
    wrong = save(curator, address, value="101", _foresee="1")
    assert (faults(wrong), rows()) == (["GPQA allows 0 to 100."], before)


def test_draft_with_a_fault_shows_the_form_not_the_foresight(curator):
    row = draft_score("gemma-4-31b", "swe-bench-pro", "1")
    page = save(curator, url(Score, "change", row.pk), status="published", value="101")
    assert faults(page) == ["SWE-bench Pro allows 0 to 100."]


def test_offers_that_clash_are_published_as_far_as_they_can_be(curator):
    current = Offer.objects.filter(ends_on=None, status="published").first()
    row = Offer.objects.create(
        model=current.model, host=current.host, basis=current.basis, input=1, source_url=SOURCE, status="draft",
        starts_on=timezone.localdate(),
    )  # fmt: skip
    answer = act(curator, Offer, "publish", [row])
    assert (answer.status_code, "end the old one first" in told(answer)[-1]) == (302, True)


def test_published_rows_need_no_page(curator):
    score = Score.objects.published().first()
    assert told(act(curator, Score, "publish", [score])) == ["No score published, 1 was published already."]


def test_contributor_has_no_button_to_foresee(site):
    client, row = member("Contributor"), draft_score("gemma-4-31b", "swe-bench-pro", "1")
    assert "_foresee" not in client.get(url(Score, "change", row.pk)).content.decode()
    act(client, Score, "publish", [row], _foreseen="1")
    row.refresh_from_db()
    assert row.status == "draft"


# --- after publishing -----------------------------------------------------------------------------------------------
def test_large_catalogue_is_caught_up_model_by_model_until_the_full_fit(curator):
    Fit.objects.filter(pk=Fit.objects.values_list("pk").first()[0]).update(seconds=60)
    row, fit = draft_score("gpt-4-1", "hle", "60"), Fit.objects.first()
    before = estimates.current().standings["gpt-4-1"].overall.value
    other = estimates.current().standings["gemma-4-31b"].overall.value
    answer = act(curator, Score, "publish", [row], _foreseen="1")
    assert told(answer)[-1] == (
        "The estimated scores of GPT-4.1 were updated at once. A full fit of all models follows within a day."
    )
    newest = Fit.objects.first()
    now = estimates.current()
    assert (newest.pk > fit.pk, newest.catalogue, newest.seconds, now.is_current) == (True, fit.catalogue, 60, False)
    assert now.standings["gpt-4-1"].overall.value > before
    assert abs(now.standings["gemma-4-31b"].overall.value - other) < 0.01
    assert estimates.catch_up() == []


# --- unconfirmed scores that decide ---------------------------------------------------------------------------------
def test_unconfirmed_score_that_would_change_the_estimates_call_is_queued(site):
    queues._kept.clear()
    found = {row.subject: row.said for row in queues.BY_SLUG["deciding"].waiting(timezone.localdate())}
    assert any("would change the estimate's call" in said for said in found.values())
