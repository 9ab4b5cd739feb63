"""Results of public formats: what the readers take from a file, what they refuse, what waits for a curator, and the command."""

import copy
import datetime
import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse

from comparisons.importing.benchlm import read_export
from comparisons.importing.names import known
from comparisons.importing.readers import (
    inspect_header,
    read_inspect,
    read_json,
    read_lm_eval,
    read_results,
    zipfile,
)
from comparisons.importing.reading import UnreadableError
from comparisons.importing.results import compare
from comparisons.importing.uploads import zipped
from comparisons.models import (
    Batch,
    Benchmark,
    Change,
    Creator,
    LanguageModel,
    ModelAlias,
    Offer,
    Runtime,
    Score,
    UnmatchedName,
)
from tests.test_batches import press, said, send, signed_in
from tests.test_importing import folder_with, load

FIXTURES = Path(__file__).parent / "fixtures"
LM_EVAL, INSPECT = (
    FIXTURES / "lm_eval.json",
    FIXTURES / "inspect.json",
)  # written by the tools on a test of four questions
PUBLIC = Path(__file__).parents[2] / "shared" / "data" / "benchlm-2026-08-15"
TODAY = datetime.date(2026, 11, 27)
OWN = "https://own.example/evals"
MODEL = {
    "slug": "new-1", "model": "New 1", "creator": "Newcomer", "sourceType": "Open Weight", "reasoningType": "Hybrid",
    "contextWindowTokens": 128_000, "releaseDate": "2026-02-01", "family": {"familyName": "New"},
    "url": "https://benchlm.example/models/new-1",
    "benchmarks": {
        "knowledge": {"gpqa": 70.5, "quiz": 40, "elo": 1310, "none": None},
        "reasoning": {"bbh": 80, "gpqa": 70.5, "unheard": 3},
    },
}  # fmt: skip
KNOWN = MODEL | {
    "slug": "gpt-4-1",
    "model": "GPT-4.1",
    "benchmarks": {"knowledge": {"gpqa": 66.3, "elo": 1290, "quiz": 101}},
}
TEST = {
    "category": "knowledge",
    "categoryLabel": "Knowledge",
    "decimals": 0,
    "paperUrl": "https://quiz.example/",
    "weight": 0.3,
}
EXPORT = {
    "models.json": {"generatedAt": "2026-08-15T17:36:41.687Z", "items": [MODEL, KNOWN]},
    "benchmarks.json": {
        "items": [
            TEST | {"benchmarkKey": "gpqa", "name": "GPQA", "fullName": "GPQA"},
            TEST | {"benchmarkKey": "bbh", "name": "BBH", "fullName": "BIG-Bench Hard", "categoryLabel": "Reasoning"},
            TEST | {"benchmarkKey": "quiz", "name": "Quiz", "fullName": "The quiz", "description": "Asks. " * 40},
            TEST | {"benchmarkKey": "elo", "name": "Duel", "fullName": "Duels", "categoryLabel": "External"},
        ]
    },
    "pricing.json": {
        "items": [
            {"slug": "new-1", "model": "New 1", "inputPrice": 0, "outputPrice": 0, "hasNumericPricing": True, "isFreePricing": True,
             "url": "https://benchlm.example/models/new-1", "note": "Host it."},
            {"slug": "gpt-4-1", "model": "GPT-4.1", "inputPrice": 2, "outputPrice": 8.0, "cachedInputPrice": 0.5,
             "hasNumericPricing": True, "isFreePricing": False, "url": "https://benchlm.example/models/gpt-4-1"},
            {"slug": "gone", "model": "Gone", "inputPrice": 1, "outputPrice": 1, "hasNumericPricing": True, "isFreePricing": False},
            {"slug": "new-1", "model": "New 1", "hasNumericPricing": False},
        ]
    },
    "speed.json": {
        "items": [{"slug": "new-1", "model": "New 1", "tokensPerSecond": 90, "ttft": 0.5, "source": "Timer",
                   "sourceUrl": "https://timer.example/", "sourceUpdatedAt": "2026-08-14"}]
    },
}  # fmt: skip


@pytest.fixture
def small(db, tmp_path):
    assert load(folder_with(tmp_path / "small")).faults == ()


def raw(export: dict) -> dict[str, bytes]:
    return {name: json.dumps(found).encode() for name, found in export.items()}


def found_in(path: Path) -> dict:
    return read_json(path.name, path.read_bytes())


def told(reading) -> list[tuple]:
    return [(s.model, s.benchmark, s.value, dict(s.cells), s.refused) for s in reading.scores]


# --- lm-evaluation-harness and Inspect ----------------------------------------------------------------------------------
def test_lm_eval_results_are_percentages_with_their_setting_and_date():
    reading = read_lm_eval("results.json", found_in(LM_EVAL))
    assert (reading.title, told(reading)) == (
        "lm-evaluation-harness: openai/gpt-4.1",
        [
            ("openai/gpt-4.1", "gpqa_diamond_zeroshot acc", "50",
             {"setting": "lm-eval, 0-shot", "reported_on": "2026-11-26"}, ""),
            ("openai/gpt-4.1", "gpqa_diamond_zeroshot acc_norm", "75",
             {"setting": "lm-eval, 0-shot", "reported_on": "2026-11-26"}, ""),
            ("openai/gpt-4.1", "bbh", "66.25", {"setting": "lm-eval, 3-shot", "reported_on": "2026-11-26"}, ""),
        ],
    )  # fmt: skip


def test_lm_eval_parts_filters_limits_and_other_metrics_are_not_guessed():
    found = found_in(LM_EVAL)
    found["results"] |= {
        "mmlu": {"acc,none": 0.5}, "mmlu_law": {"acc,none": 0.1},
        "gsm8k": {"exact_match,strict-match": 0.4, "exact_match,flexible-extract": 0.6},
        "wikitext": {"word_perplexity,none": 12.5}, "odd": {"acc,none": 1.5},
    }  # fmt: skip
    found |= {"group_subtasks": {"mmlu": ["mmlu_law"]}, "model_name": "", "date": None}
    found["n-samples"]["bbh"] = {"original": 4_000, "effective": 10}
    reading = read_lm_eval("results.json", found)
    assert reading.said == ["1 parts of groups are left out: the group stands for them"]
    assert [(s.benchmark, s.value, s.cells["setting"], s.refused) for s in reading.scores][2:] == [
        ("bbh", "66.25", "lm-eval, 3-shot", "only 10 of 4,000 questions were run"),
        ("mmlu", "50", "lm-eval", ""),
        ("gsm8k exact_match strict-match", "40", "lm-eval, strict-match", ""),
        ("gsm8k exact_match flexible-extract", "60", "lm-eval, flexible-extract", ""),
        ("wikitext", "1250", "lm-eval", "word_perplexity is no share of 1, so its unit is not known"),
        ("odd", "150", "lm-eval", "acc lies outside 0 to 1"),
    ]
    assert reading.scores[0].model == "openai/gpt-4.1"
    del found["config"]
    with pytest.raises(UnreadableError, match=r"results.json does not name the model"):
        read_lm_eval("results.json", found)


def test_inspect_log_gives_its_accuracy():
    reading = read_inspect("log.json", found_in(INSPECT))
    assert (reading.title, told(reading)) == (
        "Inspect: gpqa_diamond by gpt-4.1",
        [("gpt-4.1", "gpqa_diamond", "75", {"setting": "Inspect", "reported_on": "2026-11-26"}, "")],
    )


def test_inspect_log_of_a_part_or_a_failure_is_refused():
    found = found_in(INSPECT)
    part = copy.deepcopy(found)
    part["results"]["completed_samples"] = 3
    assert read_inspect("log.json", part).scores[0].refused == "only 3 of 4 samples"
    limited = copy.deepcopy(found)
    limited["eval"]["config"] |= {"limit": 2, "epochs": 3}
    assert [(s.refused, s.cells["setting"]) for s in read_inspect("log.json", limited).scores] == [
        ("run with a limit of 2", "Inspect, 3 epochs")
    ]
    other = copy.deepcopy(found)
    other["results"]["scores"][0]["metrics"] = {"mean": {"value": 3.2}}
    assert [str(fault) for fault in read_inspect("log.json", other).faults] == ["log.json: match: has no accuracy"]
    with pytest.raises(UnreadableError, match=r"log.json is the log of a run that did not end well: error"):
        read_inspect("log.json", found | {"status": "error"})


def packed(name: str, content: bytes, method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def test_inspect_archive_is_read_by_its_header():
    archive = zipped({"header.json": INSPECT.read_bytes(), "samples/1.json": b"{}"})
    assert [each.title for each in read_results({"a.eval": archive})] == ["Inspect: gpqa_diamond by gpt-4.1"]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_ZSTANDARD):
        archive = packed("header.json", INSPECT.read_bytes(), method)
        assert [each.title for each in read_results({"a.eval": archive})] == ["Inspect: gpqa_diamond by gpt-4.1"]
        at = archive.index(b"header.json") + 60
        broken = archive[:at] + bytes(each ^ 255 for each in archive[at : at + 40]) + archive[at + 40 :]
        with pytest.raises(UnreadableError, match=r"a.eval is no log of Inspect"):
            inspect_header("a.eval", broken)
    with pytest.raises(UnreadableError, match=r"a.eval has no header.json: the run did not end"):
        inspect_header("a.eval", zipped({"start.json": b"{}"}))
    with pytest.raises(UnreadableError, match=r"a.eval is no log of Inspect"):
        inspect_header("a.eval", b"text")


# --- BenchLM ------------------------------------------------------------------------------------------------------------
def test_export_gives_scores_and_queues_what_is_not_known(small):
    looked = compare(raw(EXPORT), "benchlm", {}, today=TODAY)
    assert [(c.model, c.benchmark, c.outcome, c.value) for c in looked.difference.cells] == [
        ("New 1", "gpqa", "unknown", "70.5"), ("New 1", "Quiz", "unknown", "40"), ("New 1", "Duel", "unknown", "1310"),
        ("New 1", "bbh", "unknown", "80"), ("New 1", "gpqa", "unknown", "70.5"), ("New 1", "unheard", "unknown", "3"),
        ("gpt-4-1", "gpqa", "new", "66.3"), ("gpt-4-1", "Duel", "unknown", "1290"), ("gpt-4-1", "Quiz", "unknown", "101"),
    ]  # fmt: skip
    assert {(each.kind, each.text, each.scores) for each in looked.difference.unknown} == {
        ("model", "New 1", 6), ("benchmark", "Quiz", 2), ("benchmark", "Duel", 2), ("benchmark", "unheard", 1),
    }  # fmt: skip


def test_whole_export_brings_its_models_benchmarks_prices_and_speeds(small, tmp_path):
    for name, content in raw(EXPORT).items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in EXPORT]
    with pytest.raises(CommandError, match="The catalogue is as it was"):
        call_command("import_results", *paths, whole=True)
    assert (Score.objects.count(), UnmatchedName.objects.get().text) == (3, "unheard")
    call_command("import_results", *paths, whole=True, leave_out_refused=True)
    new = LanguageModel.objects.get(slug="new-1")
    assert (new.name, new.creator.name, new.creator.url, new.status, new.reasoning, new.open_weights, new.context_window) == (
        "New 1", "Newcomer", "https://benchlm.example/models/new-1", "published", "hybrid", True, 128_000,
    )  # fmt: skip
    quiz, duel = (Benchmark.objects.get(name=name) for name in ("Quiz", "Duel"))
    assert (quiz.category.slug, quiz.weight, quiz.unit, quiz.url, len(quiz.description)) == (
        "knowledge",
        0,
        "index",
        "https://quiz.example/",
        140,
    )
    assert (duel.category.name, duel.category.weight, duel.category.order, duel.unit) == ("External", 0, 3, "elo")
    scores = Score.objects.filter(source_kind="aggregator")
    assert sorted(scores.values_list("model__slug", "benchmark__slug", "value", "source_url")) == [
        ("gpt-4-1", "duel", 1290, "https://benchlm.example/models/new-1"),
        ("gpt-4-1", "gpqa", scores[0].value.__class__("66.3"), "https://benchlm.example/models/new-1"),
        ("gpt-4-1", "quiz", 101, "https://benchlm.example/models/new-1"),
        ("new-1", "bbh", 80, "https://benchlm.example/models/new-1"),
        ("new-1", "duel", 1310, "https://benchlm.example/models/new-1"),
        ("new-1", "gpqa", scores[0].value.__class__("70.5"), "https://benchlm.example/models/new-1"),
        ("new-1", "quiz", 40, "https://benchlm.example/models/new-1"),
    ]
    assert set(Offer.objects.filter(host="an unnamed host (BenchLM)").values_list("model__slug", "basis")) == {
        ("new-1", "self_hosted"), ("gpt-4-1", "api"),
    }  # fmt: skip
    assert Runtime.objects.get(model=new).method == "Median over hosts, Timer"
    count = Change.objects.count(), Batch.objects.count()
    call_command("import_results", *paths, whole=True, leave_out_refused=True)
    assert (Change.objects.count(), Batch.objects.count()) == count


def test_described_row_that_is_refused_takes_what_hangs_on_it_along(small):
    export = copy.deepcopy(EXPORT)
    export["models.json"]["items"][0]["releaseDate"] = "2099-01-01"
    looked = compare(raw(export), "benchlm", {}, today=TODAY, is_whole=True)
    assert [str(fault) for fault in looked.faults if "models.csv" in str(fault)] == [
        "models.csv: new-1, released_on: lies in the future: 2099-01-01",
        "prices.csv: new-1, model: names no row of models.csv: new-1",
        "runtimes.csv: new-1, model: names no row of models.csv: new-1",
    ]
    assert {c.outcome for c in looked.difference.cells if c.model == "New 1"} == {"unknown"}


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"the public export is not at {PUBLIC.name}")
def test_public_export_is_read_to_the_last_result(small):
    files = {path.name: path.read_bytes() for path in PUBLIC.iterdir()}
    looked = compare(files, "benchlm", {"status": "published"}, today=TODAY, is_whole=True)
    counts = looked.difference.counts
    assert (sum(counts.values()), counts["unknown"], counts.get("refused", 0)) == (4_406, 25, 0)
    assert {str(fault).partition(":")[0] for fault in looked.faults} == {"pricing.json"}
    rows = {name: len(found) for name, found in looked.difference.plan.rows.items()}
    assert (rows["models"] + 2, rows["prices"], rows["runtimes"]) == (388, 221, 122)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("models.json", b"[]", "models.json is no export of BenchLM: it has no list of items"),
        ("models.json", b'{"items": [1]}', "models.json is no export of BenchLM: it has no list of items"),
        (
            "models.json",
            b'{"items": [{}]}',
            "models.json is no export of BenchLM: a model has no slug or no benchmarks",
        ),
        ("models.json", b'{"items": ', "models.json is no JSON file"),
        ("models.json", b"\xff\xfe", "models.json is no JSON file"),
    ],
)
def test_file_that_is_no_export_is_refused(small, name, content, reason):
    names = {kind: known(kind) for kind in ("model", "benchmark")}
    with pytest.raises(UnreadableError, match=reason):
        read_export({name: content}, names)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"results": {"t": {"acc,none": "x"}}, "model_name": "a"}, "acc is no number"),
        ({"results": {"t": {"acc,none": float("nan")}}, "model_name": "a"}, "acc is no number"),
        ({"results": {"t": {"acc,none": True}}, "model_name": "a"}, "acc is no number"),
        ({"results": {"t": {"acc,none": 0.5}}, "model_name": "a", "group_subtasks": ["x"]}, "not of the format"),
        (
            {"eval": {"model": "a/b", "task": "t", "config": ["x"]}, "results": {"scores": [{}]}, "status": "success"},
            "not of the format",
        ),
    ],
)
def test_odd_json_is_refused_without_a_fault(small, content, told):
    try:
        looked = compare({"r.json": json.dumps(content).encode()}, "results", {}, today=TODAY)
    except UnreadableError as error:
        assert told in str(error)
    else:
        assert [score.refused for score in looked.reading.scores] == [told]


def test_odd_values_of_an_export_are_refused_one_by_one(small):
    export = copy.deepcopy(EXPORT)
    export["models.json"]["items"][0]["benchmarks"] = {"knowledge": {"gpqa": "high", "quiz": [1], "elo": float("inf")}}
    looked = compare(raw(export), "benchlm", {}, today=TODAY, is_whole=True)
    refused = [cell.said for cell in looked.difference.cells if cell.outcome == "refused"]
    assert refused[:3] == ["high is not a plain number", "[1] is not a plain number", "Infinity is not a plain number"]


# --- the command and the page ---------------------------------------------------------------------------------------------
def test_own_evaluations_are_stored_beside_the_public_ones(small, capsys):
    call_command("import_results", LM_EVAL, INSPECT, source_url=OWN)
    out = capsys.readouterr().out
    assert "unknown model: openai/gpt-4.1 (3 scores); near: gpt-4-1" in out
    assert set(UnmatchedName.objects.values_list("kind", "text", "scores")) == {
        ("model", "openai/gpt-4.1", 3),
        ("benchmark", "gpqa_diamond_zeroshot acc", 1), ("benchmark", "gpqa_diamond_zeroshot acc_norm", 1),
        ("benchmark", "gpqa_diamond", 1),
    }  # fmt: skip
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="gpt-4-1"), text="openai/gpt-4.1")
    gpqa = Benchmark.objects.get(slug="gpqa")
    gpqa.aliases.create(text="GPQA Diamond")
    gpqa.aliases.create(text="gpqa_diamond_zeroshot acc")
    UnmatchedName.objects.filter(text="gpqa_diamond_zeroshot acc_norm").update(is_ignored=True)
    with pytest.raises(CommandError, match="The catalogue is as it was"):
        call_command("import_results", LM_EVAL)
    assert "refused: bbh, exact_match: 66.25: source url: is empty" in capsys.readouterr().out
    call_command("import_results", LM_EVAL, INSPECT, source_url=OWN)
    assert sorted(
        Score.objects.filter(source_url=OWN).values_list("benchmark__slug", "setting", "value", "source_kind")
    ) == [
        ("bbh", "lm-eval, 3-shot", Score.objects.first().value.__class__("66.25"), "independent"),
        ("gpqa", "Inspect", 75, "independent"),
        ("gpqa", "lm-eval, 0-shot", 50, "independent"),
    ]
    assert list(UnmatchedName.objects.values_list("text", "is_ignored")) == [("gpqa_diamond_zeroshot acc_norm", True)]
    assert Batch.objects.first().title == "2 files of results"


def test_results_are_uploaded_looked_at_and_stored(small):
    desk = signed_in(User.objects.create_superuser("ada", password="a-long-password-1"))
    Benchmark.objects.get(slug="gpqa").aliases.create(text="GPQA Diamond")
    page = send(desk, ("log.json", INSPECT.read_bytes()), ("results.json", LM_EVAL.read_bytes()), source_url=OWN)
    assert page.context["desk"].found.counts == {"new": 1, "unknown": 3}
    assert "Once you store the rest, the names wait in the list of unmatched names." in page.text
    done = press(desk, page)
    assert done.url == reverse("admin:comparisons_batch_change", args=[Batch.objects.first().pk])
    assert said(done)[:2] == [
        "1 rows stored: 1 new, 0 changed; 3 left out. You can undo this here.",
        "3 unknown names wait in the list of unmatched names.",
    ]
    assert (UnmatchedName.objects.count(), Score.objects.get(source_url=OWN).value) == (3, 75)


def test_export_is_uploaded_as_a_zip(small):
    desk = signed_in(User.objects.create_superuser("ada", password="a-long-password-1"))
    page = send(desk, ("export.zip", zipped(raw(EXPORT))), is_whole="on")
    assert said(press(desk, page)) == ["Nothing was stored: correct what is refused, or tick that it is left out."]
    assert press(desk, page, leave_out_refused="on").status_code == 302
    assert (
        Creator.objects.filter(slug="newcomer").count(),
        Score.objects.filter(source_kind="aggregator").count(),
    ) == (1, 7)
