"""The stored fit as pages read it: what one process has worked out is not worked out again by the others."""

from decimal import Decimal

import pytest
from django.db.models import F

from comparisons import estimates, evidence
from comparisons.models import Ability, CatalogueVersion, Category, Fit, LanguageModel, Score


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
    before = opened().standings
    Ability.objects.filter(fit=Fit.objects.first(), model__slug="gpt-4-1").update(rank_high=F("rank_high") + 7)
    after = opened().standings
    assert after["gpt-4-1"].worst == before["gpt-4-1"].worst + 7
    assert {slug: row for slug, row in after.items() if slug != "gpt-4-1"} == {
        slug: row for slug, row in before.items() if slug != "gpt-4-1"
    }
    assert drawings == [1_000]


def test_update_of_one_model_draws_for_all_processes(site, drawings):
    score = Score.objects.filter(model__slug="gpt-4-1").first()
    score.value += 1
    score.save()
    assert estimates.catch_up() == ["GPT-4.1"]
    assert drawings == [1_000]
    row = Ability.objects.get(fit=Fit.objects.first(), model__slug="gpt-4-1")
    standing = opened().standings["gpt-4-1"]
    assert (row.rank_low, row.rank_high, row.score) == (standing.best, standing.worst, standing.overall.value)
    assert drawings == [1_000]


@pytest.mark.parametrize("change", ["weight", "modality", "address", "lost"])
def test_stored_ranges_of_other_terms_are_not_printed(site, drawings, change):
    """They hold for the weights, the drops and the models they were drawn for; else they are drawn anew until the next fit."""
    estimates.refit(seeds=0)
    drawings.clear()
    if change == "weight":
        Category.objects.filter(slug="coding").update(weight=Decimal("0.9"))
    elif change == "modality":
        LanguageModel.objects.filter(slug="gpt-4-1").update(input_modalities="text")
    elif change == "address":
        LanguageModel.objects.filter(slug="gpt-4-1").update(slug="gpt-4-1-renamed")
    else:
        Ability.objects.filter(model__slug="gpt-4-1").delete()
    assert all(row.best <= row.rank <= row.worst for row in opened().standings.values() if row.rank)
    assert drawings == [1_000]
