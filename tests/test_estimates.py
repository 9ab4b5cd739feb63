"""The stored fit as pages read it: what one process has worked out is not worked out again by the others."""

from decimal import Decimal

import pytest

from comparisons import estimates, evidence
from comparisons.models import CatalogueVersion, Category, Fit, LanguageModel, Score


@pytest.fixture
def drawings(monkeypatch) -> list[int]:
    """One entry for each time that rank ranges are drawn."""
    counted, draw = [], evidence._drawn

    def counting(*args):
        counted.append(args[-1])
        return draw(*args)

    monkeypatch.setattr(evidence, "_drawn", counting)
    return counted


def opened() -> estimates.Estimates:
    """As another process would."""
    CatalogueVersion.rise()
    return estimates.current()


def test_rank_ranges_are_drawn_by_the_fit_and_read_by_pages(site, drawings):
    estimates.refit(seeds=0)
    assert drawings == [1_000]
    before, row = opened().standings, Fit.objects.first()
    assert set(row.ranges["ranks"]) == {slug for slug, place in before.items() if place.rank}
    row.ranges["ranks"]["gpt-4-1"][1] += 7
    row.save()
    after = opened().standings
    assert after["gpt-4-1"].worst == before["gpt-4-1"].worst + 7
    assert {slug: row for slug, row in after.items() if slug != "gpt-4-1"} == {
        slug: row for slug, row in before.items() if slug != "gpt-4-1"
    }
    assert drawings == [1_000]


@pytest.mark.parametrize("change", [{}, {"status": "withdrawn"}, {"slug": "gemma-renamed"}])
def test_update_of_one_model_draws_for_all_processes(site, drawings, change):
    if change:
        model = LanguageModel.objects.get(slug="gemma-4-31b")
        LanguageModel.objects.filter(pk=model.pk).update(**change)
    score = Score.objects.filter(model__slug="gpt-4-1").first()
    score.value += 1
    score.save()
    assert "GPT-4.1" in estimates.catch_up()
    assert drawings == [1_000]
    best, worst = Fit.objects.first().ranges["ranks"]["gpt-4-1"]
    standing = opened().standings["gpt-4-1"]
    assert (best, worst) == (standing.best, standing.worst)
    assert drawings == [1_000]


def test_model_under_a_new_address_keeps_the_ranges_of_all(site, drawings):
    estimates.refit(seeds=0)
    LanguageModel.objects.filter(slug="gpt-4-1").update(slug="gpt-4-1-renamed")
    assert opened().standings["gpt-4-1"].rank
    assert drawings == [1_000]


@pytest.mark.parametrize("change", ["weight", "modality", "draws", "a model without", "none, as before they were kept"])
def test_ranges_of_other_terms_are_not_printed(site, drawings, change, monkeypatch):
    """They hold for the weights, the drops and the models they were drawn for; else they are drawn anew until the next fit."""
    row = estimates.refit(seeds=0)
    drawings.clear()
    if change == "weight":
        Category.objects.filter(slug="coding").update(weight=Decimal("0.9"))
    elif change == "modality":
        LanguageModel.objects.filter(slug="gpt-4-1").update(input_modalities="text")
    elif change == "draws":
        monkeypatch.setattr(evidence, "SEED", 2)
    elif change == "a model without":
        del row.ranges["ranks"]["gpt-4-1"]
        row.save()
    else:
        Fit.objects.update(ranges=None)
    assert all(place.best <= place.rank <= place.worst for place in opened().standings.values() if place.rank)
    assert drawings == [1_000]
