"""Price drafts: what is new, changed, vanished or implausible beside the offers in force; nothing is published."""

import datetime
from decimal import Decimal
from types import SimpleNamespace as Entry

import pytest
from django.core.management import call_command

from comparisons.importing import modelsdev
from comparisons.importing.suggestions import batch_discount, in_force, quotes, steps, suggest
from comparisons.models import Change, Creator, LanguageModel, ModelAlias, Offer
from tests.factories import TODAY

D = Decimal


def asked(given: object = None, made: object = None, cached: object = None) -> Entry:
    prices = (D(str(each)) if isinstance(each, str | int) else each for each in (given, made, cached))
    return Entry(**dict(zip(("input_mtok", "output_mtok", "cache_read_mtok"), prices, strict=True)))


def entry(name: str, prices: object, variants: object = None) -> Entry:
    return Entry(id=name, prices=prices, price_variants=variants)


def openai(*entries: Entry) -> list[Entry]:
    return [Entry(id="openai", models=list(entries)), Entry(id="reseller", models=[entry("ada", asked(9, 9))])]


@pytest.fixture
def ada(db) -> LanguageModel:
    maker = Creator.objects.create(slug="openai", name="OpenAI")
    model = LanguageModel.objects.create(slug="ada", name="Ada", creator=maker, status="published")
    ModelAlias.objects.create(model=model, text="ada-2026.01")
    return model


@pytest.fixture
def offer(ada) -> Offer:
    source = "https://openai.example/prices"
    return Offer.objects.create(
        model=ada, host="OpenAI", input=D(2), output=D(8), starts_on=datetime.date(2026, 1, 1), source_url=source
    )


def drafts() -> list[Offer]:
    return list(Offer.objects.filter(status="draft"))


def test_new_price_is_a_draft_with_source_and_date(ada):
    outcome = suggest(openai(entry("ada-2026.01", asked(1, 4, "0.1"))), TODAY)
    assert outcome.lines == ["new: ada at OpenAI: input 1, output 4, cached 0.1"]
    (row,) = drafts()
    assert (row.input, row.output, row.cached_input, row.makers_own, row.starts_on) == (
        D(1),
        D(4),
        D("0.1"),
        True,
        TODAY,
    )
    assert row.source_url.endswith("/providers/openai.yml")
    assert not Offer.objects.published().exists()
    assert not Change.objects.exists()


def test_same_price_is_no_suggestion_and_a_second_run_files_nothing(offer):
    assert suggest(openai(entry("ada", asked(2, 8))), TODAY).lines == []
    assert suggest(openai(entry("ada", asked(3, 8))), TODAY).filed == 1
    again = suggest(openai(entry("ada", asked(3, 8))), TODAY)
    assert (again.filed, again.lines[0].endswith("; drafted already"), len(drafts())) == (0, True, 1)


@pytest.mark.parametrize(
    ("given", "made", "line"),
    [
        (3, 8, "changed: ada at OpenAI: input 2, output 8 -> input 3, output 8"),
        (20, 8, "implausible: ada at OpenAI: input 2, output 8 -> input 20, output 8"),
        (2, "0.8", "implausible: ada at OpenAI: input 2, output 8 -> input 2, output 0.8"),
    ],
)
def test_changed_and_implausible_prices_are_told_apart(offer, given, made, line):
    assert suggest(openai(entry("ada", asked(given, made))), TODAY).lines == [line]
    assert ("times" in drafts()[0].note) == line.startswith("implausible")
    offer.refresh_from_db()
    assert (offer.input, offer.status, offer.ends_on) == (D(2), "published", None)


def test_vanished_price_is_reported_only(offer):
    other = LanguageModel.objects.create(slug="bob", name="Bob", creator=offer.model.creator, status="published")
    outcome = suggest(openai(entry("bob", asked(1, 1))), TODAY)
    assert outcome.lines == ["new: bob at OpenAI: input 1, output 1", "vanished: ada at OpenAI: input 2, output 8"]
    assert [row.model for row in drafts()] == [other]
    assert suggest([], TODAY).lines == []


def test_dry_run_files_nothing(ada):
    assert suggest(openai(entry("ada", asked(1, 4))), TODAY, dry_run=True).filed == 1
    assert drafts() == []


def test_unknown_names_and_models_without_a_price_are_left_alone(ada):
    providers = openai(entry("ada-mini", asked(1, 4)), entry("ada", asked()))
    assert suggest(providers, TODAY).lines == []


def test_tiers_and_batches_are_read(ada):
    tiered = Entry(base=D(1), tiers=[Entry(start=200_000, price=D(2))])
    halves = [Entry(when={"processing": "batch"}, prices=asked("0.5", 2), constraint=None)]
    suggest(openai(entry("ada", asked(tiered, 4), halves)), TODAY)
    (row,) = drafts()
    assert row.batch_discount == D("0.5")
    assert list(row.tiers.values_list("from_prompt_tokens", "input", "output")) == [(200_001, D(2), None)]
    assert steps(tiered) == {0: D(1), 200_001: D(2)}


def test_price_in_force_is_the_last_begun_and_peak_hours_are_named():
    day = datetime.date
    prices = [
        Entry(constraint=None, prices="flat"),
        Entry(constraint=Entry(start_date=day(2026, 8, 17)), prices="new"),
        Entry(constraint=Entry(start_date=day(2027, 1, 1)), prices="later"),
        Entry(constraint=Entry(start_time="01:00"), prices="peak"),
    ]
    assert in_force(prices, TODAY) == ("new", day(2026, 8, 17), "other prices at some hours")
    assert in_force(prices, day(2026, 1, 1)) == ("flat", None, "other prices at some hours")
    assert in_force("plain", TODAY) == ("plain", None, "")


def test_batch_discount_needs_input_and_output_to_agree():
    uneven = [Entry(when={"processing": "batch"}, prices=asked("0.5", 3), constraint=None)]
    assert batch_discount(entry("ada", None, uneven), D(1), D(4), TODAY) is None
    assert batch_discount(entry("ada", None), D(1), D(4), TODAY) is None


def test_quotes_of_the_package_itself_are_read():
    data = pytest.importorskip("genai_prices.data")
    found = quotes(data.providers, {"gpt-4-1": "gpt-4-1"}, TODAY)
    assert ("OpenAI", D(2), D(8)) in {(quote.host, quote.input, quote.output) for quote in found}


# --- models ---------------------------------------------------------------------------------------------------------
FILE = """
name = "Ada 2"
release_date = "2026-07-09"
knowledge = "2026-02-01"
open_weights = false
license = "Proprietary"
[limit]
context = 1_050_000
output = 128_000
[modalities]
input = ["text", "image", "pdf"]
output = ["text"]
"""


@pytest.fixture
def folder(tmp_path):
    def write(text: str, name: str = "ada-2", place: str = "models/openai"):
        path = tmp_path / place / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return tmp_path

    return write


def test_unknown_model_becomes_a_draft(ada, folder):
    outcome = modelsdev.import_folder(folder(FILE, "ada-2.0"))
    row = LanguageModel.objects.get(slug="ada-2-0")
    assert (outcome.written, row.status, row.name, row.creator) == (1, "draft", "Ada 2", ada.creator)
    assert (row.context_window, row.max_output, row.knowledge_cutoff) == (1_050_000, 128_000, "2026-02")
    assert (row.input_modalities, row.output_modalities, row.licence) == ("text|image|pdf", "text", "Proprietary")
    assert (str(row.released_on), row.open_weights) == ("2026-07-09", False)
    assert modelsdev.import_folder(folder(FILE, "ada-2.0")).lines == []
    assert not Change.objects.exists()


def test_published_model_is_only_reported_and_a_draft_is_filled(ada, folder):
    here = folder(FILE, "ada-2026.01")
    (line,) = modelsdev.import_folder(here).lines
    assert line.startswith("differs: ada: context_window 1050000, max_output 128000")
    ada.refresh_from_db()
    assert ada.context_window is None
    LanguageModel.objects.filter(pk=ada.pk).update(status="draft", context_window=7_000, max_output=4_000)
    (line,) = modelsdev.import_folder(here).lines
    ada.refresh_from_db()
    assert line.startswith("filled: ada: knowledge_cutoff 2026-02")
    assert (ada.context_window, ada.knowledge_cutoff) == (7_000, "2026-02")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("name = ", ["ada-2.toml: refused"]),
        (FILE.replace("128_000", "2_000_000"), ["new: ada-2"]),
        (FILE.replace('output = ["text"]', 'output = ["image"]'), []),
        ('base_model = "openai/ada"', []),
        ("limit = 3\nname = 'x'\nmodalities = {output = ['text']}", ["ada-2.toml: refused"]),
    ],
)
def test_file_that_cannot_be_stored_is_refused_or_left(ada, folder, text, lines):
    outcome = modelsdev.import_folder(folder(text))
    assert [line[: len(start)] for line, start in zip(outcome.lines, lines, strict=True)] == lines
    assert all("refused" in line for line in outcome.lines)
    assert LanguageModel.objects.count() == 1


def test_makers_alone_are_read_and_a_wrong_folder_is_named(ada, folder, tmp_path):
    assert modelsdev.import_folder(tmp_path).lines[0].endswith("is it a checkout of models.dev?")
    folder(FILE, place="models/reseller")
    assert modelsdev.import_folder(folder(FILE, place="providers/openai/models"), dry_run=True).written == 1
    assert LanguageModel.objects.count() == 1


def test_commands_print_what_they_did(ada, folder, capsys):
    call_command("import_models", folder(FILE), source="modelsdev")
    assert capsys.readouterr().out.endswith("1 drafts written; nothing was published.\n")
