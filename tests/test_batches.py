"""Pastes and imports as a whole: what they wrote, taking it back, files that come in and go out through the admin."""

import io
import json
import re
import zipfile

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from comparisons import curation
from comparisons.importing import uploads
from comparisons.importing.batches import undo, written_rows
from comparisons.importing.exporting import table_csv
from comparisons.importing.formats import TABLES, guarded, unguarded
from comparisons.models import (
    Batch,
    Benchmark,
    CatalogueVersion,
    Category,
    Change,
    Creator,
    LanguageModel,
    ModelAlias,
    Offer,
    Score,
    UnmatchedName,
)
from tests.test_importing import EXTRA_OFFER, SMALL, folder_with, load
from tests.test_pasting import entries, said, signed_in

UPLOAD = "admin:comparisons_batch_upload"
NEW_MODEL = "new-1,New 1,,openai,,,published,,2026-01-01,,no,,,no,,,,,,,,https://openai.example/new-1,newest\n"
NEW_SCORE = "new-1,gpqa,50,vendor,https://openai.example/new-1,2026-01-01,,,published,,\n"


@pytest.fixture
def small(db, tmp_path):
    folder = folder_with(tmp_path / "small")
    assert load(folder).faults == ()
    return folder


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_superuser("ada", password="a-long-password-1")


@pytest.fixture
def desk(small, ada):
    return signed_in(ada)


def everything() -> dict[str, str]:
    return {name: table_csv(name) for name in TABLES}


def told_since(count: int) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.subject, c.old, c.new) for c in Change.objects.order_by("pk")[count:]]


EDITS = (
    ("models.csv", "gpt-4-1,GPT-4.1", NEW_MODEL + "gpt-4-1,GPT-4.1"),
    ("models.csv", "1047576,32768,2024-06", "1047576,65536,2024-06"),
    ("models.csv", "gemma-4|", "gemma-four|"),
    ("scores.csv", "84.3", "85"),
    ("scores.csv", "gpt-4-1,gpqa", NEW_SCORE + "gpt-4-1,gpqa"),
    ("categories.csv", "reasoning,Reasoning,0.6,1", "reasoning,Reasoning,0.5,2"),
    ("categories.csv", "knowledge,Knowledge,0.4,2", "knowledge,Knowledge,0.5,1"),
)


# --- undoing ----------------------------------------------------------------------------------------------------------
def test_import_is_a_batch_with_its_rows_and_counts(small):
    batch = Batch.objects.get()
    assert (batch.kind, batch.title, batch.by, batch.created, batch.updated) == (
        "import",
        "catalogue files",
        None,
        17,
        0,
    )
    rows = list(written_rows(batch))
    assert [row.name for row in rows][:3] == ["Reasoning", "Knowledge", "Arena"]
    assert {(row.before, row.is_newest) for row in rows} == {(None, True)}
    load(small)
    assert Batch.objects.count() == 1


def test_undo_of_an_import_restores_every_row(small, tmp_path, ada):
    before, count = everything(), Change.objects.count()
    assert load(folder_with(tmp_path / "edited", *EDITS)).applied
    changed = everything()
    batch = Batch.objects.first()
    assert (batch.created, batch.updated) == (2, 5)
    middle = Change.objects.count()
    outcome = undo(batch, ada)
    assert (outcome.restored, outcome.removed, outcome.brought_back, outcome.left) == (4, 4, 1, [])
    assert everything() == before
    assert told_since(count)[:2] == [
        ("model_added", "New 1", "", "published"),
        ("score_changed", "Gemma 4 31B: GPQA", "84.3", "85"),
    ]
    assert told_since(middle) == [
        ("model_status", "New 1", "published", "removed"),
        ("score_withdrawn", "New 1: GPQA", "50", ""),
        ("score_changed", "Gemma 4 31B: GPQA", "85", "84.3"),
    ] or sorted(told_since(middle)) == sorted([
        ("model_status", "New 1", "published", "removed"),
        ("score_withdrawn", "New 1: GPQA", "50", ""),
        ("score_changed", "Gemma 4 31B: GPQA", "85", "84.3"),
    ])  # fmt: skip
    newest = Score.history.filter(history_date=batch.undone.at).first()
    assert (newest.history_user, newest.history_change_reason) == (ada, f"undo of import {batch.pk}")
    assert undo(batch, ada).left == ["It was undone already."]
    again = undo(batch.undone, ada)
    assert (again.left, everything()) == ([], changed)


def test_undo_leaves_and_names_what_was_changed_later(small, tmp_path):
    load(folder_with(tmp_path / "edited", *EDITS))
    batch = Batch.objects.first()
    score = Score.objects.get(value=85)
    score.value = 86
    curation.save_row(score)
    new = LanguageModel.objects.get(slug="new-1")
    curation.save_row(
        Score(
            model=new,
            benchmark=score.benchmark,
            value=1,
            setting="later",
            source_kind="vendor",
            source_url="https://a.example/",
        )
    )
    outcome = undo(batch)
    assert outcome.left == ["Gemma 4 31B, GPQA: 85 was changed later.", "New 1 stays: 1 score entered later."]
    assert (Score.objects.get(pk=score.pk).value, LanguageModel.objects.filter(slug="new-1").exists()) == (86, True)
    assert Category.objects.get(slug="reasoning").order == 1


def test_undo_of_a_price_brings_the_old_one_back_as_one_change(small, tmp_path):
    before = everything()
    ended = ("prices.csv", "0.5,,published", "0.5,2026-04-30,published")
    begun = (
        "prices.csv",
        "gpt-4-1,OpenAI",
        EXTRA_OFFER.format(prices="3,9,", day="2026-05-01", end="") + "gpt-4-1,OpenAI",
    )
    assert load(folder_with(tmp_path / "edited", ended, begun)).applied
    count = Change.objects.count()
    undo(Batch.objects.first())
    assert everything() == before
    assert told_since(count) == [
        ("price_changed", "GPT-4.1 at OpenAI", "input 3, output 9", "input 2, output 8, cached 0.5")
    ]
    assert Offer.objects.get(host="OpenAI").ends_on is None


def test_undo_of_drafts_tells_nobody(small, tmp_path):
    draft = NEW_SCORE.replace("new-1,gpqa", "gpt-4-1,gpqa").replace("published", "draft")
    load(folder_with(tmp_path / "edited", ("scores.csv", "gpt-4-1,gpqa", draft + "gpt-4-1,gpqa")))
    count = Change.objects.count()
    outcome = undo(Batch.objects.first())
    assert (outcome.removed, Change.objects.count()) == (1, count)


def test_undo_in_the_admin_is_one_button_and_says_what_it_did(desk, tmp_path, ada):
    load(folder_with(tmp_path / "edited", *EDITS))
    batch = Batch.objects.first()
    score = Score.objects.get(value=85)
    score.value = 86
    curation.save_row(score)
    page = desk.get(reverse("admin:comparisons_batch_change", args=[batch.pk]))
    assert "1 row was changed since and will be left as it is." in page.text
    address = reverse("admin:comparisons_batch_undo", args=[batch.pk])
    assert desk.get(address).status_code == 405
    done = desk.post(address)
    assert (
        said(done)
        == [
            "8 rows are as they were: 3 set back, 4 removed, 1 brought back.",
            "Left as it is: Gemma 4 31B, GPQA: 85 was changed later.",
        ]
        or said(done)[-1] == "Left as it is: Gemma 4 31B, GPQA: 85 was changed later."
    )
    assert Batch.objects.first().by == ada
    page = desk.get(reverse("admin:comparisons_batch_change", args=[batch.pk]))
    assert ("Undo this" in page.text, "Undone on" in page.text) == (False, True)
    assert desk.get(reverse("admin:comparisons_batch_changelist")).status_code == 200


# --- files ------------------------------------------------------------------------------------------------------------
def zipped(files: dict[str, str]) -> bytes:
    return uploads.zipped({name: text.encode() for name, text in files.items()})


def send(client, *files: tuple[str, bytes], **fields: str):
    chosen = [SimpleUploadedFile(name, raw) for name, raw in files]
    return client.post(reverse(UPLOAD), {"step": "look", "files": chosen} | fields)


def press(client, page, step: str = "published", **fields: str):
    return client.post(reverse(UPLOAD), entries(page) | {"step": step} | fields)


def faults(page) -> list[tuple[str, int | None, str, str]]:
    return [(fault.file, fault.line, fault.column, fault.reason) for fault in page.context["desk"].broken]


def test_uploaded_file_is_shown_confirmed_and_stored(desk, ada):
    text = SMALL["scores.csv"].replace("84.3", "85")
    page = send(desk, ("scores.csv", text.encode()))
    assert [(each.key, each.cells) for each in page.context["desk"].report.differences] == [
        ("gemma-4-31b gpqa  https://google.example/card", (("value", "84.3", "85"),))
    ]
    assert Score.objects.filter(value=85).count() == 0
    assert press(desk, page).status_code == 302
    batch = Batch.objects.first()
    assert (Score.objects.filter(value=85).count(), batch.title, batch.by, batch.updated) == (1, "scores.csv", ada, 1)


def test_whole_catalogue_goes_out_as_a_zip_and_comes_back_unchanged(desk):
    answer = desk.get(reverse("admin:comparisons_batch_export"))
    assert answer["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            f"{name}.csv": text for name, text in everything().items()
        }
    page = send(desk, ("benchlm.zip", answer.content))
    assert (faults(page), page.context["desk"].writes) == ([], 0)
    assert said(press(desk, page)) == ["Nothing to change: all of this is stored already."]


def test_good_rows_are_shown_beside_the_bad_ones_and_nothing_is_stored(desk):
    before = everything(), CatalogueVersion.stamp()
    text = (
        SMALL["scores.csv"].replace("84.3", "85").replace("1413", "x")
        + "gpt-9,bbh,1,vendor,https://a.example/,,,,published,,\n"
    )
    page = send(desk, ("scores.csv", text.encode()), ("odd.csv", b"a\n1\n"))
    assert faults(page) == [
        ("odd.csv", None, "", f"is no table of the catalogue; those are {', '.join(t.file for t in TABLES.values())}"),
        ("scores.csv", 3, "value", "is not a plain number: x"),
        ("scores.csv", 5, "model", "names no row of models.csv: gpt-9"),
    ]
    assert "<del>84.3</del> <ins>85</ins>" in page.text
    assert said(press(desk, page)) == ["Nothing was stored: correct what is refused first."]
    assert (everything(), CatalogueVersion.stamp()) == before


GOOD = SMALL["creators.csv"].encode()


@pytest.mark.parametrize(
    ("raw", "place", "reason"),
    [
        (b"\xef\xbb\xbf" + GOOD, 1, "starts with a byte order mark"),
        (GOOD.replace(b"\n", b"\r\n"), 1, "holds a carriage return; lines end with LF alone"),
        (GOOD.replace(b"Google", "Göögle".encode("latin-1")), 2, "is not UTF-8"),
        (GOOD.decode().encode("utf-16"), 1, "is not UTF-8"),
        (GOOD[:-8], 3, "the last line is not ended; the file may be cut off"),
        (GOOD + b"google,Other,US,https://o.example/\n", 4, "same slug as line 2"),
        (GOOD.replace(b"country", b"colour"), 1, "the column is missing"),
        (b"", 1, "the file is empty"),
    ],
)
def test_broken_upload_is_refused_with_file_and_line(desk, raw, place, reason):
    before = everything()
    page = send(desk, ("creators.csv", raw))
    if raw == b"":
        assert page.context["form"].errors["files"] == ["The submitted file is empty."]
    else:
        assert reason in {fault[3] for fault in faults(page) if fault[:2] == ("creators.csv", place)}
        assert press(desk, page).status_code == 200
    assert everything() == before


def test_too_large_and_bursting_uploads_are_refused(desk, monkeypatch):
    bomb = zipped({"scores.csv": "0" * (uploads.LARGEST + 1)})
    assert len(bomb) < 100_000
    page = send(desk, ("bomb.zip", bomb))
    assert page.context["form"].errors["files"] == [f"bomb.zip has {uploads.TOO_LARGE}."]
    many = zipped({f"{place}.csv": "" for place in range(uploads.MOST_FILES + 1)})
    assert send(desk, ("many.zip", many)).context["form"].errors["files"] == ["many.zip holds more than 60 files."]
    monkeypatch.setattr(uploads, "LARGEST", 1_000)
    page = send(desk, ("scores.csv", b"0" * 1_001))
    assert page.context["form"].errors["files"] == ["scores.csv has 1,001 bytes, 1,000 at most."]
    broken = send(desk, ("broken.zip", bomb[:500]))
    assert broken.context["form"].errors["files"] == ["broken.zip is no zip that can be read: File is not a zip file."]
    assert send(desk).context["form"].errors["files"] == ["Choose a file."]
    assert send(desk, carried="%%%").context["form"].errors["files"] == ["The page lost the files: choose them again."]
    odd = send(desk, ("notes.txt", b"hello"))
    assert odd.context["form"].errors["files"] == [
        "Upload CSV files, or results, not both at once; other files are not read."
    ]


def test_upload_that_drops_most_models_needs_a_tick(desk, tmp_path):
    more = "".join(
        f"m-{place},M {place},,openai,,,published,,,,,,,,,,,,,,,https://m.example/,\n" for place in range(30)
    )
    load(folder_with(tmp_path / "more", ("models.csv", SMALL["models.csv"], SMALL["models.csv"] + more)))
    page = send(desk, ("models.csv", SMALL["models.csv"].encode()))
    told = press(desk, page)
    assert "0 of 32 stored rows would change and 30 are absent, more than a quarter" in told.text
    renamed = SMALL["models.csv"].replace("Gemma 4 31B", "Gemma Four")
    page = send(desk, ("models.csv", renamed.encode()))
    assert said(press(desk, page)) == ["Nothing was stored: confirm below what looks wrong, or correct it."]
    assert press(desk, page, allow_large_change="on").status_code == 302
    assert (LanguageModel.objects.filter(name="Gemma Four").count(), LanguageModel.objects.count()) == (1, 32)


def test_files_are_carried_from_page_to_page(desk):
    page = send(desk, ("creators.csv", GOOD.replace(b"Google", b"Google DeepMind")))
    again = press(desk, page, "look", setting="x" * 101)
    assert list(again.context["form"].errors) == ["setting"]
    last = press(desk, again, "look", setting="")
    assert press(desk, last).status_code == 302
    assert Creator.objects.get(slug="google").name == "Google DeepMind"


# --- cells that a spreadsheet would run -----------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=1", "''@x", "plain", "'plain", "1-1", ""])
def test_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back(text):
    cell = guarded(text)
    assert (unguarded(cell), cell[:1] in tuple("=+-@")) == (text, False)


def test_formula_in_a_name_goes_out_guarded_and_comes_back(small, tmp_path):
    maker = Creator.objects.get(slug="google")
    maker.name = '=HYPERLINK("https://x.example")'
    maker.save()
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="gpt-4-1"), text="@gpt")
    assert "google,\"'=HYPERLINK(" in table_csv("creators")
    folder = tmp_path / "out"
    folder.mkdir()
    for name, text in everything().items():
        (folder / f"{name}.csv").write_text(text)
    report = load(folder)
    assert (report.faults, report.differences) == ((), ())


# --- names that nobody knows ------------------------------------------------------------------------------------------------
def test_unmatched_name_is_an_alias_after_one_click(desk):
    name = UnmatchedName.objects.create(kind="model", text="GPT 4.1 (API)", key="gpt 4 1 api", scores=3)
    page = desk.get(reverse("admin:comparisons_unmatchedname_changelist"))
    address = reverse("admin:comparisons_unmatchedname_is", args=[name.pk])
    assert f'formaction="{address}" name="slug" value="gpt-4-1">GPT-4.1</button>' in page.text
    done = desk.post(address, {"slug": "gpt-4-1"})
    assert said(done) == ["“GPT 4.1 (API)” names GPT-4.1 from now on. Import its file again for the scores that wait."]
    assert (ModelAlias.objects.get(key="gpt 4.1 (api)").model.slug, UnmatchedName.objects.count()) == ("gpt-4-1", 0)


def test_unmatched_name_is_an_alias_of_the_row_that_is_typed(desk):
    first, second, third = (
        UnmatchedName.objects.create(kind=kind, text=text, key=text)
        for kind, text in (("model", "zzz"), ("benchmark", "yyy"), ("model", "xxx"))
    )
    page = desk.get(reverse("admin:comparisons_unmatchedname_changelist"))
    assert re.findall(r'<input form="typed" name="(\d+)"', page.text) == [
        str(row.pk) for row in UnmatchedName.objects.all()
    ]
    address = reverse("admin:comparisons_unmatchedname_typed")
    assert f'<form id="typed" method="post" action="{address}">' in page.text
    told = said(desk.post(address, {str(first.pk): " gpt 4.1 ", str(second.pk): "gpqa dimond", str(third.pk): ""}))
    assert sorted(told) == [
        "“gpqa dimond” names no single benchmark on record. Did you mean GPQA?",
        "“zzz” names GPT-4.1 from now on. Import its file again for the scores that wait.",
    ]
    assert set(UnmatchedName.objects.values_list("text", flat=True)) == {"yyy", "xxx"}
    assert said(desk.post(address, {"1x": "GPQA", "9" * 30: "GPQA"}))[-1:] == [
        "Type the name of a row beside the name that it is to have."
    ]


def test_unmatched_name_can_be_ignored_and_looked_at_again(desk):
    name = UnmatchedName.objects.create(kind="benchmark", text="Odd", key="odd")
    address = reverse("admin:comparisons_unmatchedname_is", args=[name.pk])
    assert said(desk.post(address, {"do": "ignore"})) == ["“Odd” is ignored from now on."]
    assert UnmatchedName.objects.get().is_ignored
    desk.post(address, {"do": "back"})
    assert not UnmatchedName.objects.get().is_ignored
    assert desk.post(address, {"slug": "nothing"}).status_code == 404
    Benchmark.objects.filter(slug="bbh").first().aliases.create(text="odd")
    assert said(desk.post(address, {"slug": "gpqa"}))[-1:] == ["“Odd” is not made an alias: “Odd” already names BBH."]


def test_json_that_is_no_result_is_refused(desk):
    page = send(desk, ("x.json", json.dumps({"a": 1}).encode()))
    assert page.context["form"].errors["files"] == [
        "x.json is neither a result of lm-evaluation-harness nor a log of Inspect"
    ]
    page = send(desk, ("x.json", b"{"))
    assert page.context["form"].errors["files"][0].startswith("x.json is no JSON file: ")
