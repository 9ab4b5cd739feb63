"""Values that hurt: each goes in by a file, is stored as it is, comes out the same, and is read as the specification says."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client

from comparisons import finding, plain, scoring, tradeoffs
from comparisons.cells import score_cell
from comparisons.importing.exporting import table_csv
from comparisons.importing.writing import import_folder
from comparisons.models import LanguageModel, Offer, Score
from comparisons.tradeoffs import Workload
from tests.test_importing import SMALL, faults_of, folder_with

TODAY = datetime.date(2026, 11, 25)
MODEL = "{0},openai,{1},,{2},2025-04-14,,{3},Some,,no,{4},,text,text,,,https://openai.example/{1},\n"
BENCHMARK = "{0},{1},knowledge,0,skill,percent,{2},0,100,1,,,current,https://{0}.example/,A test.,,\n"
OFFER = "{0},{1},{2},{3},https://{4}.example/prices,0,,,published,\n"
SCORE = "{0},{1},{2},{3},https://{4}.example/,2026-01-01,{5},,published,,\n"
ADDED = {
    "models.csv": [
        MODEL.format("command-a,Command A,", "a", "published,", "yes", "128000,"),
        MODEL.format("command-a-plus,Command A+,", "b", "published,", "no", "200000,"),
        MODEL.format("gpt-oss-20b,GPT‑OSS 20B,", "c", "published,", "no", ","),
        MODEL.format("gpt-4,GPT-4,", "d", "withdrawn,gpt-4-1", "no", ","),
        MODEL.format("gpt-4-0613,GPT-4 (0613),", "e", "draft,", "no", ","),
    ],
    "benchmarks.csv": [
        BENCHMARK.format("livecodebench-v5", "LiveCodeBench v5,livecodebench", "higher"),
        BENCHMARK.format("livecodebench-v6", "LiveCodeBench v6,livecodebench", "higher"),
        BENCHMARK.format("made-up-answers", "Made-up answers,made-up-answers", "lower"),
        BENCHMARK.format("tau2-bench", "τ²-bench,tau-bench", "higher"),
        BENCHMARK.format("hle", "HLE,hle", "higher"),
        BENCHMARK.format("hle-no-tools", "HLE without tools,hle", "higher"),
    ],
    "prices.csv": [
        OFFER.format("command-a", "Own hardware", "self_hosted", "0,0,,", "a"),
        OFFER.format("gemma-4-31b", "Low Input", "api", "0.05,0.9,,2026-05-01", "in"),
        OFFER.format("gemma-4-31b", "Low Output", "api", "0.2,0.3,,2026-05-01", "out"),
        OFFER.format("command-a-plus", "Half Told", "api", "2.5,,,2026-05-01", "half"),
        OFFER.format("gpt-oss-20b", "Cheap", "api", "0.0023,0.0023,,2026-05-01", "cheap"),
    ],
    "scores.csv": [
        SCORE.format("gemma-4-31b", "arena", "1441", "maintainer", "arena", "style control"),
        SCORE.format("gemma-4-31b", "bbh", "79.2", "vendor", "google", ""),
        SCORE.format("gpt-4-1", "bbh", "79.2", "vendor", "openai", ""),
        SCORE.format("command-a", "gpqa", "0.0", "vendor", "a", ""),
        SCORE.format("gpt-4-1", "made-up-answers", "3.5", "vendor", "openai", ""),
        SCORE.format("gemma-4-31b", "made-up-answers", "9", "vendor", "google", ""),
        SCORE.format("gpt-4-1", "livecodebench-v5", "40", "vendor", "openai", ""),
        SCORE.format("gemma-4-31b", "livecodebench-v6", "50", "vendor", "google", ""),
        SCORE.format("gemma-4-31b", "tau2-bench", "14.7", "vendor", "google", ""),
        SCORE.format("gemma-4-31b", "tau2-bench", "20.2", "independent", "lab", ""),
        SCORE.format("gemma-4-31b", "tau2-bench", "24.3", "aggregator", "list", ""),
        SCORE.format("gpt-4-1", "hle", "20", "vendor", "openai", "with tools"),
        SCORE.format("gpt-4-1", "hle-no-tools", "5", "vendor", "openai", ""),
        SCORE.format("gemma-4-31b", "hle-no-tools", "19.5", "vendor", "google", ""),
    ],
}
EDITS = (
    *((file, SMALL[file], SMALL[file] + "".join(lines)) for file, lines in ADDED.items()),
    ("scores.csv", "1413", "1450"),
)


@pytest.fixture(scope="module")
def stored(django_db_setup, django_db_blocker, tmp_path_factory):
    """The catalogue of hurting values, loaded once for the module and taken out again."""
    folder = folder_with(tmp_path_factory.mktemp("hurting") / "files", *EDITS)
    with django_db_blocker.unblock(), transaction.atomic():
        assert import_folder(folder, today=TODAY).faults == ()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def catalogue(stored, db) -> dict[str, tradeoffs.Facts]:
    """Facts by slug of model."""
    models = list(LanguageModel.objects.all())
    found = plain.facts(models, TODAY)
    return {model.slug: found[model.pk] for model in models}


def card(slug: str, rules: plain.Rulebook) -> scoring.Scorecard:
    model = LanguageModel.objects.get(slug=slug)
    return plain.scorecards(rules, plain.results([model])).get(model.pk, plain.EMPTY_CARD)


def rows(a: str, b: str) -> dict[str, scoring.Row]:
    """The rows of two models by slug of benchmark."""
    rules = plain.rulebook()
    compared = scoring.compare(card(a, rules), card(b, rules), rules.benchmarks, rules.categories)
    return {row.benchmark.slug: row for row in compared.rows}


def price_row(a: tradeoffs.Facts, b: tradeoffs.Facts) -> tradeoffs.TradeoffRow:
    return tradeoffs.rows(a, b, TODAY)[0]


def refused(tmp_path, *edits: tuple[str, str, str], **options) -> list[str]:
    return faults_of(folder_with(tmp_path / "edited", *EDITS, *edits), **options)


# --- prices -----------------------------------------------------------------------------------------------------------


def test_self_hosted_at_zero_has_no_list_price(catalogue):
    row = price_row(catalogue["command-a"], catalogue["gpt-4-1"])
    assert (row.a.text, row.a.detail) == ("Self-hosted", "no list price")
    assert (row.edge, row.edge_text) == ("unknown", "no two prices to compare")
    assert tradeoffs.price_words(catalogue["command-a"]) == "self-hosting has no list price"
    assert tradeoffs.cheaper(catalogue["command-a"], catalogue["gpt-4-1"]) == "unknown"


def test_free_tier_stands_beside_the_paid_offer_that_leads(catalogue):
    row = price_row(catalogue["gemma-4-31b"], catalogue["gpt-4-1"])
    assert (row.a.text, row.a.detail) == ("$0.20", "Low Output, since 1 May 2026; Google has a free tier")
    assert (row.edge, row.edge_text) == ("a", "10× cheaper")


def test_lowest_prices_of_two_hosts_are_never_combined(catalogue):
    paid = catalogue["gemma-4-31b"].paid
    assert (paid.host, paid.input, paid.output) == ("Low Output", Decimal("0.2"), Decimal("0.3"))


def test_unknown_output_price_leaves_its_line_of_the_bill_open(catalogue):
    facts = catalogue["command-a-plus"]
    assert tradeoffs.price_words(facts) == (
        "Half Told asks $2.50 input and an unpublished output price per million tokens"
    )
    bill = tradeoffs.model_bill(facts, facts.paid, Workload(calls=1_000, prompt=1_000, output=100))
    assert (bill.low, bill.high, bill.text, bill.open) == (Decimal("2.5"), None, "from $2.50", ("output",))
    assert "command-a-plus,Half Told,api,2.5,,," in table_csv("prices")


@pytest.mark.parametrize(("prompt", "dollars"), [(271_999, "0.543998"), (272_000, "1.088")])
def test_tier_holds_for_the_whole_request_from_its_threshold(catalogue, prompt, dollars):
    facts = catalogue["gpt-4-1"]
    bill = tradeoffs.model_bill(facts, facts.paid, Workload(calls=1, prompt=prompt, output=0))
    assert bill.cost == Decimal(dollars)


def test_price_below_a_cent_keeps_its_digits(catalogue):
    assert price_row(catalogue["gpt-oss-20b"], catalogue["gpt-4-1"]).a.text == "$0.0023"
    assert "gpt-oss-20b,Cheap,api,0.0023,0.0023,," in table_csv("prices")


def test_price_8000_times_the_last_is_refused_until_confirmed(catalogue, tmp_path):
    edit = ("prices.csv", "gpt-oss-20b,Cheap,api,0.0023,0.0023", "gpt-oss-20b,Cheap,api,0.0023,18.4")
    told = "implausible beside the last price 0.0023: 18.4; confirm it with --allow-implausible"
    assert refused(tmp_path, edit) == [f"prices.csv:8: output_usd_per_mtok: {told}"]
    assert Offer.objects.get(host="Cheap").output == Decimal("0.0023")
    assert import_folder(tmp_path / "edited", today=TODAY, allow_implausible=True).applied
    assert Offer.objects.get(host="Cheap").output == Decimal("18.4")


def test_new_offer_8000_times_the_one_it_follows_is_refused(catalogue, tmp_path):
    offers = SMALL["prices.csv"].splitlines(keepends=True)
    follows = offers[2].replace("2,8,0.5,2025-06-11", "16000,64000,,2026-01-01")
    told = "must lie between 0 and"
    assert refused(tmp_path, ("prices.csv", offers[2], offers[2] + follows)) == [
        f"prices.csv:4: input_usd_per_mtok: {told} 1,000: 16000",
        f"prices.csv:4: output_usd_per_mtok: {told} 2,000: 64000",
    ]
    ended = offers[2].replace("0.5,,published", "0.5,2025-12-31,published")
    follows = follows.replace("16000,64000", "20,80")
    told = "confirm it with --allow-implausible"
    assert refused(tmp_path, ("prices.csv", offers[2], ended + follows)) == [
        f"prices.csv:4: input_usd_per_mtok: implausible beside the last price 2: 20; {told}",
        f"prices.csv:4: output_usd_per_mtok: implausible beside the last price 8: 80; {told}",
    ]


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "stored_as", "text"),
    [
        ("gemma-4-31b", 262_144, "256K"),
        ("command-a", 128_000, "128K"),
        ("gpt-4-1", 1_047_576, "1M"),
        ("command-a-plus", 200_000, "200K"),
    ],
)
def test_context_is_stored_exactly_and_short_with_the_number_beside_it(catalogue, slug, stored_as, text):
    row = next(r for r in tradeoffs.rows(catalogue[slug], catalogue["gpt-oss-20b"], TODAY) if r.label == "Context")
    assert (row.a.text, row.a.detail) == (text, f"{stored_as:,} tokens")


# --- scores -----------------------------------------------------------------------------------------------------------


def test_elo_is_a_rating_outside_the_averages(catalogue):
    row = rows("gpt-4-1", "gemma-4-31b")["arena"]
    assert (row.outcome, row.gap) == ("a", 9)
    assert [score_cell(cell, row.benchmark.unit).text for cell in (row.a, row.b)] == ["1450", "1441"]
    assert card("gpt-4-1", plain.rulebook()).categories["knowledge"].rows == 1


def test_lower_leads_where_lower_is_better_and_a_blank_leads_nowhere(catalogue):
    row = rows("gpt-4-1", "gemma-4-31b")["made-up-answers"]
    assert (row.outcome, row.gap) == ("a", Decimal("5.5"))
    blank = rows("gpt-4-1", "command-a")["made-up-answers"]
    assert (blank.outcome, blank.gap, blank.b) == ("unknown", None, None)


def test_zero_is_a_score_and_a_blank_is_none(catalogue):
    row = rows("command-a", "command-a-plus")["gpqa"]
    assert (score_cell(row.a, "percent").text, row.b) == ("0%", None)
    rules = plain.rulebook()
    assert card("command-a", rules).categories["knowledge"].value == 0
    assert card("command-a-plus", rules).categories == {}
    assert "command-a,gpqa,0,vendor," in table_csv("scores")


def test_equal_scores_are_a_tie(catalogue):
    row = rows("gpt-4-1", "gemma-4-31b")["bbh"]
    assert (row.outcome, row.gap) == ("tie", 0)


def test_three_results_of_one_cell_are_all_shown_with_their_spread(catalogue):
    shown = score_cell(card("gemma-4-31b", plain.rulebook()).cells["tau2-bench"], "percent")
    assert (shown.text, shown.spread) == ("20.2%", "3 sources, 14.7 to 24.3")
    assert [source.text for source in shown.sources] == ["20.2%", "14.7%", "24.3%"]


def test_versions_of_a_benchmark_are_two_rows_without_a_gap(catalogue):
    found = rows("gpt-4-1", "gemma-4-31b")
    both = [found["livecodebench-v5"], found["livecodebench-v6"]]
    assert [(row.a is None, row.b is None, row.outcome, row.gap) for row in both] == [
        (False, True, "unknown", None),
        (True, False, "unknown", None),
    ]


def test_results_with_tools_are_matched_only_to_like(catalogue):
    found = rows("gpt-4-1", "gemma-4-31b")
    assert (found["hle"].outcome, found["hle"].a.shown.setting) == ("unknown", "with tools")
    assert (found["hle-no-tools"].outcome, found["hle-no-tools"].gap) == ("b", Decimal("-14.5"))


NUMBERS = ("-1", "NaN", "nan", "inf", "-Infinity", "1e999999", "9" * 50, "1.5.0", "0x10", "1_000", "+1", "1 000", "٦٦")
TEMPLATES = {  # one line of a file: its number, a figure, an address
    "scores.csv": "gpt-4-1,gpqa,{1},vendor,{2},2025-04-14,setting {0},,published,,\n",
    "prices.csv": "gpt-4-1,Host {0},api,{1},900,,2025-06-11,{2},1,,,published,\n",
    "models.csv": "m-{0},M {0},,openai,,,published,,,,,,,,{1},,,,,,,{2},\n",
    "runtimes.csv": "gpt-4-1,Host {0},{1},,,{2},,\n",
}


def refused_lines(tmp_path, file: str, cells: list[tuple[str, str]]) -> list[list[str]]:
    """(place, column, reason) of every fault of a file with one line more for each (figure, address), from line 2 on."""
    added = "".join(TEMPLATES[file].format(place, *pair) for place, pair in enumerate(cells))
    header = SMALL[file].partition("\n")[0] + "\n"
    return [fault.split(": ", 2) for fault in refused(tmp_path, (file, header, header + added))]


@pytest.mark.parametrize(
    ("file", "column", "low"),
    [
        ("scores.csv", "value", "gpqa allows 0 to 100: -1"),
        ("prices.csv", "input_usd_per_mtok", "must lie between 0 and 1,000: -1"),
        ("models.csv", "context_window", "must lie between 1,000 and 20,000,000: -1"),
        ("runtimes.csv", "output_tokens_per_second", "must lie between 0.1 and 10,000: -1"),
    ],
)
def test_broken_number_is_refused_with_its_line(catalogue, tmp_path, file, column, low):
    reasons = [low, *(f"is not a plain number: {number}" for number in NUMBERS[1:])]
    reasons[NUMBERS.index("9" * 50)] = "is longer than any number here: 50 characters"
    assert refused_lines(tmp_path, file, [(number, "https://a.example/") for number in NUMBERS]) == [
        [f"{file}:{line}", column, reason] for line, reason in enumerate(reasons, start=2)
    ]


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("Command A", "command-a"),
        ("command a+", "command-a-plus"),
        ("COMMAND-A-PLUS", "command-a-plus"),
        ("gpt-oss 20b", "gpt-oss-20b"),
        ("GPT‑OSS 20B", "gpt-oss-20b"),
    ],
)
def test_odd_names_are_found_by_plain_typing(catalogue, typed, slug):
    assert [model.slug for model in finding.find(typed, finding.known_names())] == [slug]


def test_odd_names_are_shown_as_written(catalogue):
    assert LanguageModel.objects.get(slug="gpt-oss-20b").name == "GPT‑OSS 20B"
    assert LanguageModel.objects.get(slug="command-a-plus").name == "Command A+"
    assert [test.name for test in finding.search("tau2 bench").tests] == ["τ²-bench"]
    assert "tau2-bench,τ²-bench,tau-bench" in table_csv("benchmarks")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Command A+\t", "Remove the spaces around the text."),
        (" Command A+", "Remove the spaces around the text."),
        ("Command\u00a0A+\u00a0", "Remove the spaces around the text."),
        ("Comma\u0301nd A+", "The text is not in composed Unicode form (NFC)."),
        ("Command\u200bA+", "The text holds a control or invisible character."),
        ("Command\x00A+", "The text holds a control or invisible character."),
        ('"Command\nA+"', "The text holds a control or invisible character."),
        ("\u202eA+ dnammoC", "The text holds a control or invisible character."),
    ],
    ids=ascii,
)
def test_name_that_is_not_what_it_looks_like_is_refused(catalogue, tmp_path, name, reason):
    edit = ("models.csv", "command-a-plus,Command A+", f"command-a-plus,{name}")
    assert refused(tmp_path, edit) == [f"models.csv:5: name: {reason}"]


def test_two_models_of_one_name_need_the_date_or_variant(catalogue, tmp_path):
    assert refused(tmp_path, ("models.csv", "GPT-4 (0613)", "GPT-4")) == [
        "models.csv:8: name: GPT-4 already stands on line 7"
    ]
    assert LanguageModel.objects.get(slug="gpt-4-0613").name == "GPT-4 (0613)"


# --- dates, limits and sources that contradict -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("models.csv", "no,128000,,", "no,128000,200000,", "models.csv:4: max_output: is above context_window: 200000"),
        ("models.csv", "2025-04-14,,no,P", "2025-04-14,2025-04-13,no,P",
         "models.csv:3: retires_on: is not after released_on: 2025-04-13"),
        ("models.csv", "2024-06", "2025-06", "models.csv:3: knowledge_cutoff: is after released_on: 2025-06"),
        ("prices.csv", "0.5,,published", "0.5,2025-06-10,published",
         "prices.csv:3: ends_on: is before effective_on: 2025-06-10"),
        ("scores.csv", "2026-04-02,", "2026-11-26,", "scores.csv:2: reported_on: lies in the future: 2026-11-26"),
    ],
)  # fmt: skip
def test_contradiction_is_refused_with_its_field(catalogue, tmp_path, file, old, new, fault):
    assert refused(tmp_path, (file, old, new)) == [fault]


ADDRESSES = [
    "javascript:alert(1)",
    "ftp://google.example/card",
    "http://google.example/card",
    "//google.example/card",
    "google.example/card",
    "https://user:pass@google.example/card",
    "https://:pass@google.example/card",
    "https://@google.example/card",
    "https://google.example:8443/card",
    "https://localhost/card",
    "https:///card",
    "HTTPS://google.example/card",
    "https://google.example/a b",
    "https://google.example/<script>",
    "https://gооgle.example/card",
    "https://[::1/card",
]


@pytest.mark.parametrize("file", TEMPLATES)
def test_source_that_is_no_plain_https_address_is_refused(catalogue, tmp_path, file):
    column = "url" if file == "models.csv" else "source_url"
    assert refused_lines(tmp_path, file, [("2000" if file == "models.csv" else "9", each) for each in ADDRESSES]) == [
        [f"{file}:{line}", column, f"“{address}” is not a plain https address. ({address})"]
        for line, address in enumerate(ADDRESSES, start=2)
    ]


# --- withdrawn ---------------------------------------------------------------------------------------------------------


def test_withdrawn_model_is_gone_and_names_its_successor(catalogue):
    gone = Client().get("/models/gpt-4/")
    assert (gone.status_code, 'href="/models/gpt-4-1/"' in gone.text) == (410, True)
    assert "gpt-4,GPT-4,,openai,d,,withdrawn,gpt-4-1," in table_csv("models")
    assert "\ngpt-4," not in table_csv("models", published_only=True)


# --- all of them together ------------------------------------------------------------------------------------------------


def test_export_of_hurting_values_changes_nothing_when_imported(catalogue, tmp_path):
    texts = {f"{name.removesuffix('.csv')}.csv": table_csv(name.removesuffix(".csv")) for name in SMALL}
    for file, text in texts.items():
        (tmp_path / file).write_text(text)
    report = import_folder(tmp_path, today=TODAY)
    assert (report.faults, report.differences, Score.objects.count()) == ((), (), 17)
    assert {file: table_csv(file.removesuffix(".csv")) for file in SMALL} == texts
