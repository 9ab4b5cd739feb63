"""The catalogue's way in and out: what is refused and where, what is written, and that nothing is written by halves."""

import datetime
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from comparisons.importing.changes import changes_for
from comparisons.importing.exporting import export_folder, table_csv
from comparisons.importing.formats import TABLES, plain_number
from comparisons.importing.writing import import_folder
from comparisons.models import (
    Benchmark,
    CatalogueVersion,
    Category,
    Change,
    FeaturedPair,
    LanguageModel,
    ModelAlias,
    Offer,
    Runtime,
    Score,
)

TODAY = datetime.date(2026, 11, 25)
BUNDLED = Path(__file__).parents[1] / "comparisons" / "catalogue"
SMALL = {
    "categories.csv": """\
slug,name,weight,order,description
reasoning,Reasoning,0.6,1,Works out new patterns.
knowledge,Knowledge,0.4,2,Knows facts.
""",
    "benchmarks.csv": """\
slug,name,family,category,weight,kind,unit,direction,floor,ceiling,decimals,items,version,status,url,description,checked_on,aliases
arena,Arena,arena,knowledge,0,preference,elo,higher,,,0,,,current,https://arena.example/,Which answer people prefer.,,
bbh,BBH,bbh,reasoning,1,skill,percent,higher,0,100,1,,,aging,https://bbh.example/,Hard puzzles.,,
gpqa,GPQA,gpqa,knowledge,1,skill,percent,higher,0,100,1,198,,current,https://gpqa.example/,"Science, hard to look up.",,
""",
    "creators.csv": """\
slug,name,country,url
google,Google,US,https://google.example/
openai,OpenAI,US,https://openai.example/
""",
    "models.csv": """\
slug,name,short_name,creator,family,variant,status,successor,released_on,retires_on,open_weights,licence,commercial_use,\
reasoning,context_window,max_output,knowledge_cutoff,input_modalities,output_modalities,parameters_b,active_parameters_b,\
url,aliases
gemma-4-31b,Gemma 4 31B,,google,gemma-4,thinking,published,,2026-04-02,,yes,Apache-2.0,yes,\
yes,262144,32768,2025-01,text|image,text,30.7,,https://google.example/gemma,gemma-4|google/gemma-4-31b
gpt-4-1,GPT-4.1,,openai,gpt-4.1,,published,,2025-04-14,,no,Proprietary,,\
no,1047576,32768,2024-06,text|image,text,,,https://openai.example/gpt-4-1,gpt-4.1
""",
    "scores.csv": """\
model,benchmark,value,source_kind,source_url,reported_on,setting,checked_on,status,withdrawn_on,note
gemma-4-31b,gpqa,84.3,vendor,https://google.example/card,2026-04-02,,,published,,
gpt-4-1,arena,1413,maintainer,https://arena.example/board,2025-12-17,style control,,published,,
gpt-4-1,gpqa,66.3,vendor,https://openai.example/gpt-4-1,2025-04-14,,,published,,
""",
    "prices.csv": """\
model,provider,basis,input_usd_per_mtok,output_usd_per_mtok,cached_input_usd_per_mtok,effective_on,source_url,\
makers_own,batch_discount,ends_on,status,note
gemma-4-31b,Google,free_tier,0,0,,2026-04-07,https://google.example/prices,1,,,published,
gpt-4-1,OpenAI,api,2,8,0.5,2025-06-11,https://openai.example/prices,1,0.5,,published,
""",
    "offer_tiers.csv": """\
model,provider,basis,effective_on,from_prompt_tokens,input_usd_per_mtok,output_usd_per_mtok,cached_input_usd_per_mtok
gpt-4-1,OpenAI,api,2025-06-11,272000,4,12,1
""",
    "runtimes.csv": """\
model,provider,output_tokens_per_second,time_to_first_token_s,measured_on,source_url,ttft_kind,method
gpt-4-1,OpenAI,80.4,0.45,2026-06-24,https://speed.example/,,
""",
    "featured_pairs.csv": """\
first,second,order
gemma-4-31b,gpt-4-1,1
""",
}
FIRST_COPY = {  # columns that the first copy of the catalogue lacks
    "benchmarks.csv": ["checked_on", "aliases"],
    "models.csv": ["short_name", "status", "successor", "retires_on", "commercial_use"],
    "scores.csv": ["checked_on", "status", "withdrawn_on", "note"],
    "prices.csv": ["makers_own", "batch_discount", "ends_on", "status", "note"],
    "runtimes.csv": ["ttft_kind", "method"],
}
EXTRA_OFFER = "gpt-4-1,OpenAI,api,{prices},{day},https://openai.example/prices,1,,{end},published,\n"


def folder_with(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """A folder of the small catalogue after replacements of (file, old text, new text); each old text must be there."""
    folder.mkdir(exist_ok=True)
    files = dict(SMALL)
    for file, old, new in edits:
        assert old in files[file], f"{old!r} is not in {file}"
        files[file] = files[file].replace(old, new, 1)
    for file, text in files.items():
        path = folder / file
        if not path.exists() or path.read_bytes() != text.encode():  # a folder used again is mostly as it should be
            path.write_bytes(text.encode())
    return folder


def without_columns(text: str, names: list[str]) -> str:
    """A CSV text without quotes, less some of its columns."""
    lines = [line.split(",") for line in text.splitlines()]
    places = [place for place, name in enumerate(lines[0]) if name not in names]
    return "".join(",".join(cells[place] for place in places) + "\n" for cells in lines)


def load(folder: Path, **options):
    return import_folder(folder, today=TODAY, **options)


def counts(report) -> dict[str, tuple[int, int, int, int, int]]:
    return {t.name: (t.created, t.updated, t.unchanged, t.kept, t.refused) for t in report.tables}


def faults_of(folder: Path, **options) -> list[str]:
    """The faults of an import that must leave everything as it was."""
    before = CatalogueVersion.stamp(), Change.objects.count()  # every way to write a row raises the version
    report = load(folder, **options)
    assert (CatalogueVersion.stamp(), Change.objects.count(), report.applied) == (*before, False)
    return [str(fault) for fault in report.faults]


def told(changes) -> list[tuple[str, str, str, str]]:
    return [(change.kind, change.subject, change.old, change.new) for change in changes]


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory) -> Path:
    """One folder for the many cases that write the same files but for a cell."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def small(db, tmp_path) -> Path:
    """The small catalogue, stored; returns its folder."""
    folder = folder_with(tmp_path / "small")
    assert load(folder).faults == ()
    return folder


# --- load, load again, export -----------------------------------------------------------------------------------------


def test_bundled_catalogue_loads_and_comes_back_byte_for_byte(db, tmp_path):
    report = load(BUNDLED)
    created = {table.name: table.created for table in report.tables}
    assert created == {
        "categories": 8,
        "benchmarks": 60,
        "creators": 18,
        "models": 119,
        "scores": 1982,
        "prices": 125,
        "offer_tiers": 0,
        "runtimes": 23,
        "featured_pairs": 6,
    }
    assert (report.faults, report.applied) == ((), True)
    assert told(Change.objects.all()) == [
        ("catalogue_loaded", "Catalogue loaded: 119 models, 60 benchmarks, 1,982 results", "", "")
    ]
    assert Score.history.count() == 1982
    for path in export_folder(tmp_path / "out"):
        assert path.read_bytes() == (BUNDLED / path.name).read_bytes()
    version = CatalogueVersion.stamp()
    again = load(tmp_path / "out")
    assert (again.differences, again.faults, again.applied) == ((), (), True)
    assert (CatalogueVersion.stamp(), Change.objects.count(), Score.history.count()) == (version, 1, 1982)
    for model in LanguageModel.objects.all():
        assert len(model.short) <= 14
    shorts = [model.short for model in LanguageModel.objects.all()]
    assert len(shorts) == len(set(shorts))


def test_import_writes_every_field(small):
    gpt = LanguageModel.objects.get(slug="gpt-4-1")
    assert (gpt.name, gpt.creator.slug, gpt.open_weights, gpt.commercial_use, gpt.max_output, gpt.retires_on) == (
        "GPT-4.1",
        "openai",
        False,
        None,
        32768,
        None,
    )
    assert sorted(ModelAlias.objects.values_list("key", flat=True)) == ["gemma-4", "google/gemma-4-31b", "gpt-4.1"]
    offer = Offer.objects.get(model=gpt)
    assert (offer.host, offer.makers_own, plain_number(offer.batch_discount), offer.ends_on) == (
        "OpenAI",
        True,
        "0.5",
        None,
    )
    assert [(tier.from_prompt_tokens, plain_number(tier.input)) for tier in offer.tiers.all()] == [(272000, "4")]
    assert str(FeaturedPair.objects.get()) == "Gemma 4 31B vs GPT-4.1"
    assert plain_number(Runtime.objects.get().ttft_seconds) == "0.45"


def test_second_import_changes_nothing(small):
    version, changes = CatalogueVersion.stamp(), Change.objects.count()
    report = load(small)
    assert counts(report) == {
        "categories": (0, 0, 2, 0, 0),
        "benchmarks": (0, 0, 3, 0, 0),
        "creators": (0, 0, 2, 0, 0),
        "models": (0, 0, 2, 0, 0),
        "scores": (0, 0, 3, 0, 0),
        "prices": (0, 0, 2, 0, 0),
        "offer_tiers": (0, 0, 1, 0, 0),
        "runtimes": (0, 0, 1, 0, 0),
        "featured_pairs": (0, 0, 1, 0, 0),
    }
    assert (CatalogueVersion.stamp(), Change.objects.count(), Score.history.count()) == (version, changes, 3)


def test_export_of_the_small_catalogue_equals_its_files(small, tmp_path):
    paths = export_folder(tmp_path / "out")
    assert {path.name: path.read_text() for path in paths} == SMALL


def test_export_order_does_not_hang_on_insertion(small):
    before = table_csv("scores")
    Score.objects.filter(benchmark__slug="gpqa").delete()
    load(small)
    assert table_csv("scores") == before


def lines_without(file: str, *words: str) -> str:
    return "".join(line for line in SMALL[file].splitlines(keepends=True) if not any(word in line for word in words))


def test_public_tables_hold_nothing_of_a_draft(small):
    assert {f"{name}.csv": table_csv(name, published_only=True) for name in TABLES} == SMALL
    LanguageModel.objects.filter(slug="gemma-4-31b").update(status="draft")
    LanguageModel.objects.filter(slug="gpt-4-1").update(successor=LanguageModel.objects.get(slug="gemma-4-31b"))
    public = {f"{name}.csv": table_csv(name, published_only=True) for name in TABLES}
    assert public == {file: lines_without(file, "gemma", "google,") for file in SMALL}


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_public_tables_hold_no_hidden_row_of_a_published_model(small, status):
    Score.objects.filter(benchmark__slug="arena").update(status=status)
    Offer.objects.filter(host="OpenAI").update(status=status)
    assert table_csv("scores", published_only=True) == lines_without("scores.csv", "arena")
    assert table_csv("prices", published_only=True) == lines_without("prices.csv", "OpenAI")
    assert table_csv("offer_tiers", published_only=True) == lines_without("offer_tiers.csv", "OpenAI")
    assert table_csv("models", published_only=True) == SMALL["models.csv"]


def test_public_tables_load_into_an_empty_catalogue(small, tmp_path):
    LanguageModel.objects.filter(slug="gemma-4-31b").update(status="draft", successor=None)
    public = {name: table_csv(name, published_only=True) for name in TABLES}
    for name, text in public.items():
        (tmp_path / f"{name}.csv").write_text(text)
    for name in reversed(TABLES):
        TABLES[name].model.objects.all().delete()
    assert (load(tmp_path).faults, {name: table_csv(name) for name in TABLES}) == ((), public)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("80.0000", "80"),
        ("29.9400", "29.94"),
        ("0.025", "0.025"),
        ("0", "0"),
        ("0.0000", "0"),
        ("100", "100"),
        ("-0.0", "0"),
    ],
)
def test_number_is_written_in_its_shortest_form(value, text):
    assert plain_number(Decimal(value)) == text


# --- formats: the first copy, optional columns and files -----------------------------------------------------------------


def first_copy(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """The small catalogue in the columns of the first copy, with two prices of GPT-4.1."""
    folder_with(folder, ("benchmarks.csv", '"Science, hard to look up."', "Science."), *edits)
    old = EXTRA_OFFER.format(prices="10,40,", day="2025-04-16", end="")
    (folder / "prices.csv").write_text(SMALL["prices.csv"] + old)
    for file, names in FIRST_COPY.items():
        (folder / file).write_text(without_columns((folder / file).read_text(), names))
    benchmarks = (folder / "benchmarks.csv").read_text().replace("direction", "lower_is_better").replace("higher", "0")
    (folder / "benchmarks.csv").write_text(benchmarks)
    (folder / "offer_tiers.csv").unlink()
    (folder / "featured_pairs.csv").unlink()
    return folder


def test_first_copy_gets_directions_status_and_ends(db, tmp_path):
    report = load(first_copy(tmp_path / "first"))
    assert (report.faults, report.applied) == ((), True)
    assert set(Benchmark.objects.values_list("direction", flat=True)) == {"higher"}
    assert set(LanguageModel.objects.values_list("status", flat=True)) == {"published"}
    ends = Offer.objects.filter(host="OpenAI").order_by("starts_on").values_list("starts_on", "ends_on")
    assert list(ends) == [
        (datetime.date(2025, 4, 16), datetime.date(2025, 6, 10)),
        (datetime.date(2025, 6, 11), None),
    ]
    assert load(first_copy(tmp_path / "first")).differences == ()


def test_absent_columns_and_files_keep_what_is_stored(small, tmp_path):
    LanguageModel.objects.filter(slug="gpt-4-1").update(short_name="GPT four", retires_on=datetime.date(2027, 1, 1))
    report = load(first_copy(tmp_path / "first"))
    assert [(d.table, d.created, d.key) for d in report.differences] == [
        ("benchmarks", False, "gpqa"),
        ("prices", True, "gpt-4-1 OpenAI api 2025-04-16"),
    ]
    gpt = LanguageModel.objects.get(slug="gpt-4-1")
    assert (gpt.short_name, gpt.retires_on) == ("GPT four", datetime.date(2027, 1, 1))
    assert (FeaturedPair.objects.count(), Offer.objects.get(ends_on=None, host="OpenAI").batch_discount) == (1, 0.5)


def test_direction_wins_over_an_agreeing_lower_is_better(db, tmp_path):
    text = SMALL["benchmarks.csv"].replace(",direction,", ",direction,lower_is_better,")
    text = text.replace(",percent,higher,", ",percent,,1,").replace(",elo,higher,", ",elo,none,0,")
    folder = folder_with(tmp_path / "both", ("benchmarks.csv", SMALL["benchmarks.csv"], text))
    assert load(folder).faults == ()
    directions = dict(Benchmark.objects.values_list("slug", "direction"))
    assert directions == {"arena": "none", "bbh": "lower", "gpqa": "lower"}
    contradiction = text.replace(",percent,,1,", ",percent,higher,1,", 1)
    assert faults_of(folder_with(tmp_path / "both", ("benchmarks.csv", SMALL["benchmarks.csv"], contradiction))) == [
        "benchmarks.csv:3: lower_is_better: contradicts the direction higher"
    ]


def test_aliases_resolve_models_of_other_files(small, tmp_path):
    edits = [
        ("scores.csv", "gpt-4-1,gpqa", "GPT-4.1,gpqa"),
        ("prices.csv", "gpt-4-1,OpenAI", "gpt-4.1,OpenAI"),
        ("featured_pairs.csv", "gemma-4-31b,gpt-4-1", "gpt-4-1,google/gemma-4-31b"),
    ]
    report = load(folder_with(tmp_path / "aliases", *edits))
    assert (report.differences, report.faults) == ((), ())


# --- what is refused -----------------------------------------------------------------------------------------------------


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            zipfile.ZipInfo("creators.csv"), content, zipfile.ZIP_DEFLATED
        )  # dated 1980: the same bytes always
    return out.getvalue()


BROKEN_FILES = {
    "byte order mark": (b"\xef\xbb\xbfslug", "creators.csv:1: starts with a byte order mark"),
    "empty": (b"", "creators.csv:1: the file is empty"),
    "CRLF": (b"slug,name,country,url\r\n", "creators.csv:1: holds a carriage return; lines end with LF alone"),
    "cut off": (
        b"slug,name,country,url\ngoogle,Goo",
        "creators.csv:2: the last line is not ended; the file may be cut off",
    ),
    "latin 1": (b"slug,name,country,url\ngoogle,Caf\xe9,US,https://google.example/\n", "creators.csv:2: is not UTF-8"),
    "UTF-16": (SMALL["creators.csv"].encode("utf-16"), "creators.csv:1: is not UTF-8"),
    "cut off in a cell": (
        SMALL["creators.csv"][:-20].encode() + b"\n",
        "creators.csv:3: url: “http” is not a plain https address. (http)",
    ),
    "cut off before a cell": (
        SMALL["creators.csv"][: SMALL["creators.csv"].index(",US")].encode() + b"\n",
        "creators.csv:2: has 2 cells, the header has 4\nmodels.csv:2: creator: names no row of creators.csv: google\n"
        "models.csv:3: creator: names no row of creators.csv: openai",
    ),
    "zip bomb": (zipped(b"\x00" * 10_000_000), "creators.csv:1: is not UTF-8"),
    "zip": (b"PK\x03\x04\x14\x00\xff\xff" + b"\x00" * 100, "creators.csv:1: is not UTF-8"),
    "open quote": (
        b'slug,name,country,url\ngoogle,"Google,US,https://google.example/\nopenai,OpenAI,US,https://openai.example/\n',
        "creators.csv:2: is no CSV: unexpected end of data",
    ),
    "stray quote": (
        b'slug,name,country,url\ngoogle,"Goo"gle,US,https://google.example/\n',
        "creators.csv:2: is no CSV: ',' expected after '\"'",
    ),
    "unknown column": (
        SMALL["creators.csv"].replace("country", "land").encode(),
        "creators.csv:1: country: the column is missing\ncreators.csv:1: land: is no column of this table",
    ),
    "double column": (
        SMALL["creators.csv"].replace("country,url", "country,url,url").encode(),
        "creators.csv:1: url: the column is there twice",
    ),
}


@pytest.mark.parametrize(("raw", "expected"), BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_broken_file_is_refused_with_its_line(db, tmp_path, raw, expected):
    folder = folder_with(tmp_path / "broken")
    (folder / "creators.csv").write_bytes(raw)
    assert "\n".join(faults_of(folder)) == expected


def test_missing_unknown_and_oversized_files_are_refused(db, tmp_path):
    folder = folder_with(tmp_path / "broken")
    (folder / "runtimes.csv").unlink()
    (folder / "offers.csv").write_text("model\n")
    with (folder / "scores.csv").open("wb") as file:
        file.truncate(200_000_000)
    assert faults_of(folder) == [
        "offers.csv: is no table of the catalogue",
        "scores.csv: has more than 50,000,000 bytes",
        "runtimes.csv: is missing",
    ]
    assert faults_of(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: is not a folder"]


def archive_of(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.glob("*.csv"):
            archive.write(file, file.name)
    return path


def test_zip_archive_of_a_folder_is_imported_like_the_folder(db, tmp_path):
    folder = folder_with(tmp_path / "whole")
    archive = archive_of(folder, tmp_path / "whole.zip")
    report = import_folder(archive, today=TODAY)
    assert (report.faults, report.applied) == ((), True)
    assert import_folder(folder, today=TODAY).differences == ()


def test_broken_zip_archive_is_refused(db, tmp_path):
    folder = folder_with(tmp_path / "broken")
    (folder / "scores.csv").write_bytes(b"x" * 50_000_001)
    (folder / "offers.csv").write_text("model\n")
    archive = archive_of(folder, tmp_path / "broken.zip")
    assert faults_of(archive) == [
        "offers.csv: is no table of the catalogue",
        "scores.csv: has more than 50,000,000 bytes",
    ]
    (tmp_path / "text.zip").write_text("no archive")
    assert faults_of(tmp_path / "text.zip") == [f"{tmp_path / 'text.zip'}: is neither a folder nor a zip archive"]
    raw = bytearray(archive_of(folder_with(tmp_path / "bent"), tmp_path / "bent.zip").read_bytes())
    start = raw.index(b"creators.csv") + len("creators.csv") + 5
    raw[start : start + 20] = bytes(20)
    (tmp_path / "bent.zip").write_bytes(raw)
    assert [fault.partition(": ")[2].partition(":")[0] for fault in faults_of(tmp_path / "bent.zip")] == [
        "cannot be read"
    ]


def test_line_numbers_are_physical_lines(db, tmp_path):
    folder = folder_with(tmp_path / "broken")
    (folder / "creators.csv").write_text(
        'slug,name,country,url\ngoogle,"Goo\ngle",US,https://google.example/\nopenai,OpenAI,usa,x\nxai,xAI,US\n\n'
    )
    assert faults_of(folder) == [
        "creators.csv:5: has 3 cells, the header has 4",
        "creators.csv:6: has 0 cells, the header has 4",
        "creators.csv:2: name: The text holds a control or invisible character.",
        "creators.csv:4: country: Use two capital letters, for example US. "
        "Ensure this value has at most 2 characters (it has 3). (usa)",
        "creators.csv:4: url: “x” is not a plain https address. (x)",
    ]


SLUG_FORM = "Use lower-case letters and digits joined by single dashes, for example gpt-4-1."
BROKEN_CELLS = [
    ("categories.csv", "0.4,2", "0.3,2", "categories.csv:1: weight: the weights add up to 0.9, not 1"),
    ("categories.csv", "0.4,2", "0.4,3", "categories.csv:1: order: the places are not 1, 2, 3 and so on"),
    ("categories.csv", "0.4,2", "0.4,1", "categories.csv:1: order: the places are not 1, 2, 3 and so on\n"
     "categories.csv:3: order: 1 already stands on line 2"),
    ("categories.csv", "Knows facts.", "", "categories.csv:3: description: is empty"),
    ("categories.csv", "0.4,2", "4e-1,2", "categories.csv:3: weight: is not a plain number: 4e-1"),
    ("categories.csv", "0.4,2", "0.40001,2", "categories.csv:3: weight: has more than 4 decimals: 0.40001"),
    ("categories.csv", "knowledge,", "Knowledge,", f"categories.csv:3: slug: {SLUG_FORM} (Knowledge)\n"
     "benchmarks.csv:2: category: names no row of categories.csv: knowledge\n"
     "benchmarks.csv:4: category: names no row of categories.csv: knowledge"),
    ("benchmarks.csv", "gpqa,knowledge,1,", "gpqa,knowledge,0.9,",
     "benchmarks.csv:1: weight: the weights of knowledge add up to 0.9, not 1"),
    ("benchmarks.csv", "arena,knowledge,0,", "arena,knowledge,0.1,",
     "benchmarks.csv:2: weight: a benchmark without bounds cannot carry weight"),
    ("benchmarks.csv", "elo,higher,,", "elo,higher,0,", "benchmarks.csv:2: ceiling: floor and ceiling are both given or both empty"),
    ("benchmarks.csv", "elo,higher,,", "elo,higher,,,9", "benchmarks.csv:2: has 19 cells, the header has 18\n"
     "scores.csv:3: benchmark: names no row of benchmarks.csv: arena"),
    ("benchmarks.csv", "0,100,1,198", "100,100,1,198", "benchmarks.csv:4: ceiling: is not above the floor: 100"),
    ("benchmarks.csv", ",198,", ",0,", "benchmarks.csv:4: items: must lie between 1 and 2,000,000,000: 0"),
    ("benchmarks.csv", "percent,higher,0,100,1,198", "percent,,0,100,1,198",
     "benchmarks.csv:4: direction: is empty; use one of higher, lower, none"),
    ("benchmarks.csv", "aging", "stale", "benchmarks.csv:3: status: is not one of current, aging, saturated, retired: stale"),
    ("benchmarks.csv", "bbh,BBH,bbh,", "bbh,BBH,,", "benchmarks.csv:3: family: is empty"),
    ("benchmarks.csv", "kind,", "", "benchmarks.csv:1: kind: the column is missing"),
    ("creators.csv", "Google,US", "Google,USA", "creators.csv:2: country: Use two capital letters, for example US. "
     "Ensure this value has at most 2 characters (it has 3). (USA)"),
    ("creators.csv", "Google,US", " Google,US", "creators.csv:2: name: Remove the spaces around the text."),
    ("creators.csv", "Google,US", "Google\u200b,US", "creators.csv:2: name: The text holds a control or invisible character."),
    ("creators.csv", "Google,US", "Goo\u0301gle,US", "creators.csv:2: name: The text is not in composed Unicode form (NFC)."),
    ("creators.csv", "google,Google", "google,OpenAI", "creators.csv:3: name: OpenAI already stands on line 2"),
    ("creators.csv", "openai,OpenAI", "google,OpenAI", "creators.csv:3: slug: same slug as line 2\n"
     "models.csv:3: creator: names no row of creators.csv: openai"),
    ("models.csv", "gpt-4-1,GPT-4.1", "gpt-vs-4,GPT-4.1",
     "models.csv:3: slug: “vs” separates the models of a comparison and cannot be a part of a slug. (gpt-vs-4)\n"
     + "\n".join(f"{place}: names no row of models.csv: gpt-4-1" for place in (
         "scores.csv:3: model", "scores.csv:4: model", "prices.csv:3: model", "offer_tiers.csv:2: model",
         "runtimes.csv:2: model", "featured_pairs.csv:2: second"))),
    ("models.csv", "gemma-4|", "gpt-4.1|", "models.csv:3: aliases: gpt-4.1 already names gemma-4-31b"),
    ("models.csv", "gemma-4|", "GPT-4-1|", "models.csv:2: aliases: GPT-4-1 already names gpt-4-1"),
    ("models.csv", "gemma-4|", "Gemma|gemma|", "models.csv:2: aliases: names gemma twice"),
    ("models.csv", "gemma-4|", "|", "models.csv:2: aliases: holds an empty, untrimmed or overlong alias: |google/gemma-4-31b"),
    ("models.csv", "Gemma 4 31B,,", "Gemma 4 31B,Gemma 4 31B it too,", "models.csv:2: short_name: "
     "Ensure this value has at most 14 characters (it has 18). (Gemma 4 31B it too)"),
    ("models.csv", "1047576,32768", "20000,32768", "models.csv:3: max_output: is above context_window: 32768"),
    ("models.csv", "1047576", "1e6", "models.csv:3: context_window: is not a plain number: 1e6"),
    ("models.csv", "1047576", "262144.5", "models.csv:3: context_window: is not a whole number: 262144.5"),
    ("models.csv", "1047576", "999", "models.csv:3: context_window: must lie between 1,000 and 20,000,000: 999"),
    ("models.csv", "2024-06", "2025-05", "models.csv:3: knowledge_cutoff: is after released_on: 2025-05"),
    ("models.csv", "2024-06", "2024-13", "models.csv:3: knowledge_cutoff: is not a month like 2025-01: 2024-13"),
    ("models.csv", "2025-04-14,,", "2025-04-14,2025-04-14,", "models.csv:3: retires_on: is not after released_on: 2025-04-14"),
    ("models.csv", "2025-04-14,,", "2026-11-26,,", "models.csv:3: released_on: lies in the future: 2026-11-26"),
    ("models.csv", "2025-04-14,,", "2019-12-31,,", "models.csv:3: released_on: lies before 2020-01-01: 2019-12-31"),
    ("models.csv", "2025-04-14,,", "20250414,,", "models.csv:3: released_on: is not a date like 2026-04-07: 20250414"),
    ("models.csv", "published,,2025", "published,gpt-9,2025", "models.csv:3: successor: names no row of models.csv: gpt-9"),
    ("models.csv", "published,,2025", "published,gpt-4-1,2025", "models.csv:3: successor: a model cannot succeed itself"),
    ("models.csv", "30.7,,", "30.7,31,", "models.csv:2: active_parameters_b: needs a larger parameters_b"),
    ("models.csv", "text|image,text,,", "text|smell,text,,", "models.csv:3: input_modalities: "
     "must name text, image, audio, video, pdf, each once, joined by |: text|smell"),
    ("models.csv", "no,Proprietary", "maybe,Proprietary", "models.csv:3: open_weights: is not one of yes, no, nothing: maybe"),
    ("scores.csv", "66.3", "100.1", "scores.csv:4: value: gpqa allows 0 to 100: 100.1"),
    ("scores.csv", "1413", "14130", "scores.csv:3: value: arena allows 500 to 4000: 14130"),
    ("scores.csv", "66.3", "", "scores.csv:4: value: is empty"),
    ("scores.csv", "66.3", "66.3 %", "scores.csv:4: value: is not a plain number: 66.3 %"),
    ("scores.csv", "66.3", "٦٦", "scores.csv:4: value: is not a plain number: ٦٦"),
    ("scores.csv", "gpt-4-1,gpqa", "gpt-9,gpqa", "scores.csv:4: model: names no row of models.csv: gpt-9"),
    ("scores.csv", "gpt-4-1,gpqa", "gpt-4-1,GPQA", "scores.csv:4: benchmark: names no row of benchmarks.csv: GPQA"),
    ("scores.csv", "66.3,vendor", "66.3,rumour",
     "scores.csv:4: source_kind: is not one of maintainer, independent, vendor, aggregator: rumour"),
    ("scores.csv", "gpt-4-1,gpqa,66.3,vendor,https://openai.example/gpt-4-1", "gemma-4,gpqa,66.3,vendor,https://google.example/card",
     "scores.csv:4: source_url: same model + benchmark + setting + source_url as line 2"),
    ("scores.csv", "style control,,published,", "style control,,published,2026-01-01",
     "scores.csv:3: status: a score with a withdrawal date is not published"),
    ("prices.csv", "2,8,0.5", ",,", "prices.csv:3: input_usd_per_mtok: an api price needs at least one figure"),
    ("prices.csv", "2,8,0.5", "0,8,", "prices.csv:3: input_usd_per_mtok: an api price is above zero; use free_tier or self_hosted"),
    ("prices.csv", "2,8,0.5", "2,8,2.5", "prices.csv:3: cached_input_usd_per_mtok: cached input costs more than input"),
    ("prices.csv", "2,8,0.5", "9,8,0.5", "prices.csv:3: output_usd_per_mtok: output costs less than input"),
    ("prices.csv", "0,0,", "0,1,", "prices.csv:2: output_usd_per_mtok: a free tier costs nothing"),
    ("prices.csv", "free_tier,0,0", "self_hosted,1,1", "prices.csv:2: input_usd_per_mtok: a self-hosted model has no list price\n"
     "prices.csv:2: output_usd_per_mtok: a self-hosted model has no list price"),
    ("prices.csv", "2025-06-11", "", "prices.csv:3: effective_on: is empty"),
    ("prices.csv", "0.5,,published", "1,,published", "prices.csv:3: batch_discount: lies above 0 and below 1"),
    ("prices.csv", "0.5,,published", "0.5,2025-01-01,published", "prices.csv:3: ends_on: is before effective_on: 2025-01-01"),
    ("prices.csv", "Google,free", ",free", "prices.csv:2: provider: is empty"),
    ("prices.csv", "gemma-4-31b,Google", EXTRA_OFFER.format(prices="3,9,", day="2026-01-01", end="") + "gemma-4-31b,Google",
     "prices.csv:4: ends_on: line 2 is a current offer of the same model, provider and basis too"),
    ("offer_tiers.csv", "OpenAI", "Azure", "offer_tiers.csv:2: effective_on: names no offer of prices.csv"),
    ("offer_tiers.csv", "272000", "0", "offer_tiers.csv:2: from_prompt_tokens: must lie between 1 and 20,000,000: 0"),
    ("runtimes.csv", "80.4,0.45", ",", "runtimes.csv:2: output_tokens_per_second: neither figure is given"),
    ("runtimes.csv", "80.4", "0", "runtimes.csv:2: output_tokens_per_second: must lie between 0.1 and 10,000: 0"),
    ("runtimes.csv", "0.45", "9999", "runtimes.csv:2: time_to_first_token_s: must lie between 0.001 and 600: 9999"),
    ("featured_pairs.csv", "gemma-4-31b,gpt-4-1", "gpt-4-1,gpt-4.1", "featured_pairs.csv:2: second: a pair needs two different models"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), BROKEN_CELLS, ids=[f"{c[0]}-{c[2][:20]}" for c in BROKEN_CELLS]
)
def test_broken_cell_is_refused_with_line_column_and_reason(db, shared_folder, file, old, new, expected):
    assert "\n".join(faults_of(folder_with(shared_folder, (file, old, new)))) == expected


def test_faults_of_all_files_are_reported_at_once(small, tmp_path):
    edits = [("scores.csv", "84.3", "NaN"), ("scores.csv", "66.3", "-1"), ("prices.csv", "2,8", "inf,8")]
    folder = folder_with(tmp_path / "broken", *edits)
    assert faults_of(folder) == [
        "scores.csv:2: value: is not a plain number: NaN",
        "scores.csv:4: value: gpqa allows 0 to 100: -1",
        "prices.csv:3: input_usd_per_mtok: is not a plain number: inf",
    ]
    refused = {table.name: table.refused for table in load(folder).tables if table.refused}
    assert refused == {"scores": 2, "prices": 1}


def test_stored_rows_count_for_uniqueness_and_ranges(small, tmp_path):
    names = [
        (
            "models.csv",
            SMALL["models.csv"].splitlines()[2],
            SMALL["models.csv"].splitlines()[2].replace("gpt-4-1,", "gpt-x,", 1),
        )
    ]
    assert faults_of(folder_with(tmp_path / "renamed", *names)) == [
        "models.csv:3: name: GPT-4.1 already stands on the stored row gpt-4-1",
        "models.csv:3: aliases: gpt-4.1 already names gpt-4-1",
    ]
    bounds = [
        ("benchmarks.csv", "0,100,1,198", "0,80,1,198"),
        ("scores.csv", SMALL["scores.csv"].splitlines()[1] + "\n", ""),
    ]
    assert faults_of(folder_with(tmp_path / "bounds", *bounds)) == [
        "benchmarks.csv:4: floor: 1 stored scores lie outside the range of gpqa"
    ]


# --- what is written -----------------------------------------------------------------------------------------------------


def test_update_is_reported_recorded_and_told(small, tmp_path):
    version = CatalogueVersion.objects.get().number
    edits = [("scores.csv", "66.3", "67"), ("models.csv", "2025-04-14,,", "2025-04-14,2027-01-31,")]
    report = load(folder_with(tmp_path / "update", *edits))
    assert [(d.table, d.key, d.cells) for d in report.differences] == [
        ("models", "gpt-4-1", (("retires_on", "", "2027-01-31"),)),
        ("scores", "gpt-4-1 gpqa  https://openai.example/gpt-4-1", (("value", "66.3", "67"),)),
    ]
    assert CatalogueVersion.objects.get().number > version
    score = Score.objects.get(value=67)
    assert list(score.history.values_list("history_type", "value", "history_change_reason")) == [
        ("~", 67, "import"),
        ("+", score.history.last().value, "import"),
    ]
    assert told(Change.objects.exclude(kind="catalogue_loaded").order_by("pk")) == [
        ("retirement_date", "GPT-4.1", "", "2027-01-31"),
        ("score_changed", "GPT-4.1: GPQA", "66.3", "67"),
    ]
    change = Change.objects.get(kind="score_changed")
    assert (change.model.slug, change.source_url) == ("gpt-4-1", "https://openai.example/gpt-4-1")


def test_new_price_ends_the_old_one_and_is_told_once(small, tmp_path):
    edits = [
        ("prices.csv", "0.5,,published", "0.5,2026-01-31,published"),
        (
            "prices.csv",
            "gpt-4-1,OpenAI",
            EXTRA_OFFER.format(prices="1,4,", day="2026-02-01", end="") + "gpt-4-1,OpenAI",
        ),
    ]
    assert load(folder_with(tmp_path / "price", *edits)).faults == ()
    assert told(Change.objects.filter(kind__startswith="price")) == [
        ("price_changed", "GPT-4.1 at OpenAI", "input 2, output 8, cached 0.5", "input 1, output 4")
    ]


def test_two_offers_may_take_turns_in_one_import(db, tmp_path):
    """Only one may be current at any moment, whichever row the database touches first."""
    draft = EXTRA_OFFER.format(prices="1,4,", day="2026-02-01", end="").replace("published", "draft")
    with_draft = ("prices.csv", "gpt-4-1,OpenAI", f"{draft}gpt-4-1,OpenAI")
    assert load(folder_with(tmp_path / "turns", with_draft)).faults == ()
    turns = [("prices.csv", ",draft,", ",published,"), ("prices.csv", "0.5,,published", "0.5,,draft")]
    assert load(folder_with(tmp_path / "turns", with_draft, *turns)).faults == ()
    current = Offer.objects.filter(host="OpenAI", status="published")
    assert list(current.values_list("starts_on", flat=True)) == [datetime.date(2026, 2, 1)]


def test_added_model_score_and_withdrawal_are_told(small, tmp_path):
    model = "gpt-5,GPT-5,,openai,gpt-5,,published,,2025-08-07,,no,Proprietary,,yes,400000,,,text,text,,,https://openai.example/5,\n"
    score = "gpt-5,gpqa,85.7,vendor,https://openai.example/5,2025-08-07,,,published,,\n"
    edits = [
        ("models.csv", "gpt-4-1,GPT", model + "gpt-4-1,GPT"),
        ("models.csv", "published,,2025-04", "withdrawn,gpt-5,2025-04"),
        ("scores.csv", "gpt-4-1,arena", score + "gpt-4-1,arena"),
        ("scores.csv", "2026-04-02,,,published,", "2026-04-02,,,withdrawn,2026-05-01"),
    ]
    assert load(folder_with(tmp_path / "more", *edits)).faults == ()
    assert told(Change.objects.exclude(kind="catalogue_loaded").order_by("pk")) == [
        ("model_added", "GPT-5", "", "published"),
        ("model_status", "GPT-4.1", "published", "withdrawn"),
        ("score_withdrawn", "Gemma 4 31B: GPQA", "84.3", ""),
        ("score_added", "GPT-5: GPQA", "", "85.7"),
    ]
    assert LanguageModel.objects.get(slug="gpt-4-1").successor.slug == "gpt-5"
    assert load(tmp_path / "more").differences == ()


def test_draft_rows_are_not_told(small):
    score = Score.objects.get(benchmark__slug="arena")
    shown = {"status": "published", "value": score.value, "withdrawn_on": None}
    assert changes_for(score, shown, shown) == []
    assert changes_for(score, None, shown | {"status": "draft"}) == []
    assert told(changes_for(score, shown | {"status": "draft"}, shown)) == [
        ("score_added", "GPT-4.1: Arena", "", "1413")
    ]
    score.model.status = "draft"
    assert changes_for(score, None, shown) == []


def test_unique_values_may_be_swapped(small, tmp_path):
    edits = [
        ("categories.csv", "0.6,1,", "0.6,2,"),
        ("categories.csv", "0.4,2,", "0.4,1,"),
        ("creators.csv", "google,Google", "google,OpenAI"),
        ("creators.csv", "openai,OpenAI", "openai,Google"),
        ("models.csv", "gemma-4|", "gpt-4.1|"),
        ("models.csv", "gpt-4-1,gpt-4.1\n", "gpt-4-1,gemma-4\n"),
    ]
    assert load(folder_with(tmp_path / "swap", *edits)).faults == ()
    assert list(Category.objects.values_list("slug", "order")) == [("knowledge", 1), ("reasoning", 2)]
    aliases = ModelAlias.objects.order_by("key").values_list("key", "model__slug")
    assert list(aliases) == [("gemma-4", "gpt-4-1"), ("google/gemma-4-31b", "gemma-4-31b"), ("gpt-4.1", "gemma-4-31b")]
    assert load(tmp_path / "swap").differences == ()


def test_rows_absent_from_the_files_are_kept(small, tmp_path):
    line = SMALL["scores.csv"].splitlines()[1] + "\n"
    report = load(folder_with(tmp_path / "fewer", ("scores.csv", line, "")))
    assert (counts(report)["scores"], Score.objects.count()) == ((0, 0, 2, 1, 0), 3)


def many_scores(count: int, value: int) -> str:
    header = SMALL["scores.csv"].splitlines()[0]
    lines = [
        f"gpt-4-1,gpqa,{value},vendor,https://openai.example/{n:02},2025-04-14,,,published,," for n in range(count)
    ]
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (many_scores(17, 50) + many_scores(0, 0)[:0], "0 of 23 stored rows would change and 6 are absent"),
        (many_scores(20, 51), "20 of 23 stored rows would change and 3 are absent"),
        (many_scores(2, 50), "0 of 23 stored rows would change and 21 are absent"),
    ],
    ids=["six absent", "all changed", "nine tenths gone"],
)
def test_large_change_stops_unless_allowed(small, tmp_path, text, expected):
    assert load(folder_with(tmp_path / "many", ("scores.csv", SMALL["scores.csv"], many_scores(20, 50)))).applied
    folder = folder_with(tmp_path / "large", ("scores.csv", SMALL["scores.csv"], text))
    assert faults_of(folder) == [f"scores.csv: {expected}, more than a quarter; allow it with --allow-large-change"]
    report = load(folder, allow_large_change=True)
    assert (report.applied, Score.objects.count()) == (True, 23)


def test_drafts_may_be_absent_from_a_file(small, tmp_path):
    assert load(folder_with(tmp_path / "many", ("scores.csv", SMALL["scores.csv"], many_scores(20, 50)))).applied
    Score.objects.exclude(pk__in=list(Score.objects.order_by("pk").values_list("pk", flat=True)[:3])).update(
        status="draft"
    )
    assert load(small).faults == ()


def test_dry_run_prints_the_difference_and_applies_nothing(small, tmp_path):
    folder = folder_with(tmp_path / "dry", ("scores.csv", "66.3", "67"))
    assert faults_of(folder, dry_run=True) == []
    out = io.StringIO()
    call_command("import_catalogue", folder, dry_run=True, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "scores: ~ gpt-4-1 gpqa  https://openai.example/gpt-4-1: value 66.3 -> 67"
    assert lines[1].split() == ["table", "created", "updated", "unchanged", "kept", "refused"]
    assert lines[6].split() == ["scores", "0", "1", "2", "0", "0"]
    assert lines[-1] == "Nothing was applied."


def test_long_difference_is_capped_with_a_count(db, tmp_path):
    folder = folder_with(tmp_path / "dry", ("scores.csv", SMALL["scores.csv"], many_scores(25, 50)))
    out = io.StringIO()
    call_command("import_catalogue", folder, dry_run=True, stdout=out)
    lines = [line for line in out.getvalue().splitlines() if line.startswith("scores: ")]
    assert (len(lines), lines[-1]) == (21, "scores: and 5 more")


def test_command_reports_faults_and_fails(db, tmp_path):
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 faults; the catalogue is as it was"):
        call_command("import_catalogue", folder_with(tmp_path / "bad", ("scores.csv", "66.3", "x")), stdout=out)
    assert out.getvalue().splitlines()[0] == "scores.csv:4: value: is not a plain number: x"
    assert LanguageModel.objects.count() == 0


def test_commands_load_and_write_the_files(db, tmp_path):
    call_command("import_catalogue", folder_with(tmp_path / "in"), stdout=io.StringIO())
    call_command("export_catalogue", tmp_path / "out", stdout=io.StringIO())
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == SMALL


def test_long_import_tells_its_progress(db, tmp_path):
    edit = ("scores.csv", SMALL["scores.csv"], many_scores(1_200, 50))
    err = io.StringIO()
    call_command("import_catalogue", folder_with(tmp_path / "long", edit), stdout=io.StringIO(), stderr=err)
    assert err.getvalue().splitlines() == [f"scores: {done} of 1,200" for done in ("500", "1,000", "1,200")]


def test_import_stopped_half_way_leaves_the_state_before(small, tmp_path):
    before = {name: table_csv(name) for name in TABLES}
    version, history = CatalogueVersion.stamp(), Score.history.count()
    edits = [("models.csv", "GPT-4.1,", "GPT 4.1,"), ("scores.csv", "66.3", "67"), ("prices.csv", "2,8,", "3,9,")]

    def stop(table: str, done: int, total: int) -> None:
        if table == "prices":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(folder_with(tmp_path / "stopped", *edits), progress=stop)
    assert {name: table_csv(name) for name in TABLES} == before
    assert (CatalogueVersion.stamp(), Score.history.count(), Change.objects.count()) == (version, history, 1)
    assert load(tmp_path / "stopped").applied


def test_import_asks_the_database_a_fixed_number_of_times(db, tmp_path):
    load(folder_with(tmp_path / "few"))
    asked = []
    for count in (5, 50):
        folder = folder_with(tmp_path / f"{count}", ("scores.csv", SMALL["scores.csv"], many_scores(count, 50)))
        with CaptureQueriesContext(connection) as queries:
            load(folder)
        asked.append(len(queries))
    assert asked[0] == asked[1]
