"""Pasted tables: how text becomes cells, how cells are read, and the way through the admin's pages."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from comparisons.importing.figures import read_figure
from comparisons.importing.pasting import LARGEST_PASTE, read_paste
from comparisons.models import Batch, BenchmarkAlias, Change, LanguageModel, ModelAlias, Offer, Score
from tests.test_importing import folder_with, load

PASTE = "admin:comparisons_batch_paste"
SOURCE = "https://openai.example/new"
KNOWS = {"model": lambda text: text.startswith("M"), "benchmark": lambda text: text.startswith("B")}


# --- figures ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cell", "text", "said"),
    [
        ("79.2", "79.2", ()),
        ("79.2%", "79.2", ()),
        (" 79.2 % ", "79.2", ()),
        ("79.2 ± 1.1", "79.2", ("± 1.1 is kept as the note",)),
        ("79.2% (±1.1%)", "79.2", ("± 1.1 is kept as the note",)),
        ("79.2 +/- 1", "79.2", ("± 1 is kept as the note",)),
        ("1,450", "1450", ("1,450 is read as 1450",)),
        ("12,345,678.5", "12345678.5", ("12,345,678.5 is read as 12345678.5",)),
        ("**79.2**", "79.2", ("bold or italic is left out",)),
        ("**79.2%**", "79.2", ("bold or italic is left out",)),
        ("79.2*", "79.2", ("the mark * is left out: read its footnote",)),
        ("79.2†", "79.2", ("the mark † is left out: read its footnote",)),
        ("79.2²", "79.2", ("the mark ² is left out: read its footnote",)),
        ("79.2 [3]", "79.2", ("the mark [3] is left out: read its footnote",)),
        ("−10.3", "-10.3", ()),
        ("$1,234.50", "1234.50", ("1,234.50 is read as 1234.50",)),
        ("0.0", "0.0", ()),
    ],
)
def test_figure_is_read_and_what_was_left_out_is_said(cell, text, said):
    figure = read_figure(cell)
    assert (figure.text, figure.said, figure.refused) == (text, said, "")


@pytest.mark.parametrize("cell", ["", " ", "-", "—", "–", "n/a", "N/A", "None", "?", "\u00a0"])
def test_cell_without_a_score_is_blank_not_zero(cell):
    figure = read_figure(cell)
    assert (figure.text, figure.is_blank, figure.refused) == ("", True, "")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1,5", "1,5 may mean 1.5 or 15: write a decimal point, or no comma"),
        ("12,34", "12,34 may mean 12.34 or 1234: write a decimal point, or no comma"),
        ("1.234,5", "1.234,5 is grouped in a way that can be read twice: write the digits without groups"),
        ("1 450", "1 450 is grouped in a way that can be read twice: write the digits without groups"),
        ("~79", "~79 is not an exact figure"),
        ("<5", "<5 is not an exact figure"),
        ("12/20", "12/20 is a fraction: write the figure that the benchmark counts"),
        ("79-81", "79-81 is a range: write one figure"),
        ("79.2 (pass@1)", "79.2 (pass@1) is not a plain number"),
        *((text, f"{text} is not a plain number") for text in ("NaN", "inf", "1e999999", "0x10", "+1", "1.5.0", "٦٦")),
    ],
)
def test_figure_that_could_be_two_things_is_refused(cell, reason):
    assert read_figure(cell).refused == reason


# --- tables -----------------------------------------------------------------------------------------------------------
ACROSS = [("M1", "B1", "1"), ("M2", "B1", "2"), ("M1", "B2", "3"), ("M2", "B2", "4")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\tM1\tM2\nB1\t1\t2\nB2\t3\t4\n", "tab-separated table, models across"),
        ("\tM1\tM2\r\nB1\t1\t2\r\n\r\nB2\t3\t4", "tab-separated table, models across"),
        ("test,M1,M2\nB1,1,2\nB2,3,4", "comma-separated table, models across"),
        (";M1;M2\nB1;1;2\nB2;3;4", "semicolon-separated table, models across"),
        ("| | **M1** | [M2](https://m.example/) |\n|---|:-:|--:|\n| B1 | 1 | 2 |\n| B2 | 3 | 4 |", "Markdown table, models across"),
        (" | M1 | M2\n--|--|--\nB1 | 1 | 2\nB2 | 3 | 4", "Markdown table, models across"),
        ("\tB1\tB2\nM1\t1\t3\nM2\t2\t4", "tab-separated table, benchmarks across"),
        ("model,benchmark,value\nM1,B1,1\nM2,B1,2\nM1,B2,3\nM2,B2,4", "comma-separated table, one score a row"),
        ("Score\tTest\tModel\n1\tB1\tM1\n2\tB1\tM2\n3\tB2\tM1\n4\tB2\tM2", "tab-separated table, one score a row"),
    ],
)  # fmt: skip
def test_table_gives_the_same_cells_in_every_form(text, said):
    pasted = read_paste(text, KNOWS)
    assert (pasted.said, pasted.faults) == (said, [])
    assert sorted((score.model, score.benchmark, score.value) for score in pasted.scores) == sorted(ACROSS)


def test_long_form_rows_have_their_own_setting_source_and_date():
    text = "model,benchmark,value,setting,source,date,note\nM1,B1,1,high,https://a.example/,2026-01-02,read twice\nM1,B2,2,,,,"
    assert [dict(score.cells) for score in read_paste(text, KNOWS).scores] == [
        {"setting": "high", "source_url": "https://a.example/", "reported_on": "2026-01-02", "note": "read twice"},
        {},
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "Paste a table."),
        ("just words", "This is no table: separate the columns by tabs, commas or |."),
        ("\tM1\tM2", "The table needs a header and at least one row."),
        ("\tM1\nB1\t1\t2", "Line 2 has 3 cells, the header has 2."),
        ("\tX\nY\t1", "The names do not tell whether models or benchmarks stand across: choose it below."),
        ("\tM1\tM1\nB1\t1\t2", "Two columns are called M1."),
        ("\tM1\nB1\t1\n\t2", "Line 3 has no name in its first column."),
        ('a,"M1\nB1,1', "Line 1: the quotes do not fit (unexpected end of data)."),
        ("model,benchmark,value,colour\nM1,B1,1,red", "The column “colour” is none of benchmark, date, eval, model, note, "
         "reported on, result, score, setting, settings, source, source kind, source url, task, test, url, value."),
        ("model,benchmark,value,score\nM1,B1,1,1", "Two columns say value."),
        ("slug,name,creator\nm-1,M1,x", "Line 1, family: the column is missing."),
        ("x" * (LARGEST_PASTE + 1), f"The table has {LARGEST_PASTE + 1:,} characters, {LARGEST_PASTE:,} at most: upload it as a file."),
        ("\t".join(["M"] * 100) + "\n" + "\n".join(["1\t" * 99 + "1"] * 60), "The table has more than 5,000 cells: upload it as a file."),
    ],
)  # fmt: skip
def test_text_that_is_no_table_is_refused_with_its_line(text, fault):
    assert read_paste(text, KNOWS).faults[:1] == [fault]


def test_what_stands_across_can_be_said():
    pasted = read_paste("\tX\nY\t1", KNOWS, across="benchmark")
    assert [(score.model, score.benchmark) for score in pasted.scores] == [("Y", "X")]


# --- through the pages ------------------------------------------------------------------------------------------------
@pytest.fixture
def small(db, tmp_path):
    assert load(folder_with(tmp_path / "small")).faults == ()


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_superuser("ada", password="a-long-password-1")


@pytest.fixture
def desk(small, ada) -> Client:
    return signed_in(ada)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def entries(page) -> dict[str, str]:
    """What a browser without scripts would send again: every field of the page's form, hidden ones included."""
    form = re.search(r'<form method="post" class="intake".*?</form>', page.text, re.DOTALL)[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="file"' not in tag and ("checkbox" not in tag or " checked" in tag):
            sent[name[1]] = unescaped(value[1]) if value else "on" if "checkbox" in tag else ""
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[name] = unescaped(text.removeprefix("\r\n").removeprefix("\n"))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = unescaped(chosen[1]) if chosen else ""
    return sent


def unescaped(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def look(client: Client, text: str, **fields: str):
    """The difference of a pasted table."""
    given = {"source_url": SOURCE, "source_kind": "vendor", "reported_on": "2026-05-01", "step": "look"}
    return client.post(reverse(PASTE), given | {"text": text} | fields)


def press(client: Client, page, step: str = "published", **fields: str):
    """Press a button of the page as it stands."""
    return client.post(reverse(PASTE), entries(page) | {"step": step} | fields)


def cells(page) -> list[tuple[str, ...]]:
    """(outcome, model, benchmark, stored, new, said) of the difference."""
    return [
        (outcome, cell.model, cell.benchmark, cell.old, cell.value, cell.said)
        for outcome, _, found in page.context["groups"]
        for cell in found
    ]


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_pasted_table_is_compared_cell_by_cell_and_published(desk, ada):
    Score.objects.create(
        model=LanguageModel.objects.get(slug="gpt-4-1"), benchmark_id=Score.objects.get(value=1413).benchmark_id,
        value=1400, source_kind="vendor", source_url=SOURCE,
    )  # fmt: skip
    page = look(desk, "\tGPT-4.1\tgoogle/gemma-4-31b\nGPQA\t66.3%\t**84,3**\nBBH\t70 ± 2\t—\nArena\t1,410\t1441%\n")
    assert cells(page) == [
        ("changed", "gpt-4-1", "arena", "1400", "1410",
         "1,410 is read as 1410; reported on empty → 2026-05-01"),
        ("new", "gpt-4-1", "gpqa", "", "66.3", "the percent sign is left out"),
        ("new", "gpt-4-1", "bbh", "", "70", "± 2 is kept as the note"),
        ("refused", "gemma-4-31b", "gpqa", "", "**84,3**", "84,3 may mean 84.3 or 843: write a decimal point, or no comma"),
        ("refused", "gemma-4-31b", "arena", "", "1441%", "a percent sign, but the benchmark counts in Elo points"),
        ("blank", "gemma-4-31b", "bbh", "", "", "no score"),
    ]  # fmt: skip
    before = Score.objects.count(), Change.objects.count()
    refused = press(desk, page)
    assert said(refused) == ["Nothing was stored: correct what is refused, or tick that it is left out."]
    assert (Score.objects.count(), Change.objects.count(), Batch.objects.count()) == (*before, 1)
    done = press(desk, refused, leave_out_refused="on", reason="Read at the source")
    batch = Batch.objects.first()
    assert done.url == reverse("admin:comparisons_batch_change", args=[batch.pk])
    assert said(done)[0] == "3 scores published: 2 new, 1 changed; 2 left out. You can undo this here."
    assert (batch.kind, batch.title, batch.by, batch.created, batch.updated, batch.refused) == (
        "paste", "6 scores from openai.example", ada, 2, 1, 2,
    )  # fmt: skip
    stored = Score.objects.filter(source_url=SOURCE).order_by("benchmark__slug")
    assert [(s.benchmark.slug, s.value, str(s.reported_on), s.note, s.status) for s in stored] == [
        ("arena", 1410, "2026-05-01", "", "published"),
        ("bbh", 70, "2026-05-01", "± 2", "published"),
        ("gpqa", Decimal("66.3"), "2026-05-01", "", "published"),
    ]
    told = Change.objects.order_by("pk")[before[1] :]
    assert [(c.kind, c.subject, c.old, c.new, c.reason) for c in told] == [
        ("score_added", "GPT-4.1: GPQA", "", "66.3", "Read at the source"),
        ("score_added", "GPT-4.1: BBH", "", "70", "Read at the source"),
        ("score_changed", "GPT-4.1: Arena", "1400", "1410", "Read at the source"),
    ]
    newest = stored[0].history.first()
    assert (newest.history_user, newest.history_change_reason, newest.history_date) == (
        ada,
        "Read at the source",
        batch.at,
    )


def test_pasted_again_is_the_same_and_stores_nothing(desk):
    text = "\tGPT-4.1\nBBH\t70\n"
    press(desk, look(desk, text))
    before = Batch.objects.count(), Change.objects.count()
    page = look(desk, text)
    assert cells(page) == [("same", "gpt-4-1", "bbh", "", "70", "")]
    assert said(press(desk, page)) == ["Nothing to change: all of this is stored already."]
    assert (Batch.objects.count(), Change.objects.count()) == before


def test_unknown_names_are_asked_for_remembered_and_left_out(desk):
    page = look(desk, "\tGPT 4.1 (API)\tNobody\nBig-Bench H\t70\t60\nGPQA\t—\t—\n")
    unknown = {each.text: each for each in page.context["desk"].found.unknown}
    assert [(text, [row.slug for row in each.near][:1]) for text, each in unknown.items()] == [
        ("GPT 4.1 (API)", ["gpt-4-1"]), ("Nobody", []), ("Big-Bench H", ["bbh"]),
    ]  # fmt: skip
    told = press(desk, page)
    assert said(told) == [
        "Nothing was stored: say what “GPT 4.1 (API)”, “Nobody”, “Big-Bench H” stand for, or leave them out."
    ]
    model, nobody, test = (unknown[text].key for text in unknown)
    chosen = {
        f"{model}-chosen": "gpt-4-1",
        f"{model}-is_alias": "on",
        f"{nobody}-chosen": "-",
        f"{test}-other": "bbh",
        f"{test}-is_alias": "on",
    }
    page = press(desk, page, "look", **chosen)
    assert cells(page) == [
        ("new", "gpt-4-1", "bbh", "", "70", ""),
        ("blank", "gpt-4-1", "gpqa", "", "", "no score"),
        ("blank", "Nobody", "gpqa", "", "", "no score"),
        ("left out", "Nobody", "bbh", "", "60", ""),
    ]
    assert press(desk, page).status_code == 302
    assert list(ModelAlias.objects.filter(key="gpt 4.1 (api)").values_list("model__slug", flat=True)) == ["gpt-4-1"]
    assert list(BenchmarkAlias.objects.values_list("text", "benchmark__slug")) == [("Big-Bench H", "bbh")]
    assert cells(look(desk, "\tGPT 4.1 (API)\nBig-Bench H\t71\n"))[0][:5] == ("changed", "gpt-4-1", "bbh", "70", "71")


def test_what_changed_since_the_look_is_shown_before_it_is_stored(desk):
    page = look(desk, "\tGPT-4.1\nBBH\t70\n")
    Score.objects.create(
        model=LanguageModel.objects.get(slug="gpt-4-1"), benchmark=Score.objects.get(value=1413).benchmark.__class__.objects.get(slug="bbh"),
        value=60, source_kind="vendor", source_url=SOURCE,
    )  # fmt: skip
    again = press(desk, page)
    assert said(again) == [
        "What is stored has changed since you looked, or the table was edited: look again, then store."
    ]
    assert cells(again)[0][:5] == ("changed", "gpt-4-1", "bbh", "60", "70")
    assert press(desk, again).status_code == 302
    assert Score.objects.get(benchmark__slug="bbh").value == 70


def test_what_a_paste_changes_on_the_site_is_said_before_it_is_stored(desk):
    page = press(desk, look(desk, "\tGPT-4.1\tGemma 4 31B\nBBH\t70\t60\n"), "foresee")
    found = page.context["foresight"]
    assert (Score.objects.filter(source_url=SOURCE).count(), Batch.objects.count(), found.looked_at) == (0, 1, 1)
    assert [(moved.model, moved.lines[0][1:]) for moved in found.moved] != []
    assert "Nothing is stored yet." in page.text
    assert press(desk, page).status_code == 302
    assert Score.objects.filter(source_url=SOURCE).count() == 2


def test_draft_is_hidden_and_never_takes_a_published_score_off(desk):
    page = look(desk, "\tGPT-4.1\nBBH\t70\n")
    before = Change.objects.count()
    assert said(press(desk, page, "draft"))[0].startswith("1 scores saved as drafts: 1 new, 0 changed.")
    assert (Score.objects.get(benchmark__slug="bbh").status, Change.objects.count()) == ("draft", before)
    assert press(desk, look(desk, "\tGPT-4.1\nBBH\t70\n")).status_code == 302
    assert (Score.objects.get(benchmark__slug="bbh").status, Change.objects.count()) == ("published", before + 1)
    told = press(desk, look(desk, "\tGPT-4.1\nBBH\t71\n"), "draft")
    assert cells(told)[0][-1] == "is published as 70: a draft would take it off the site"
    assert Score.objects.get(benchmark__slug="bbh").value == 70


def test_form_that_comes_back_keeps_every_entry(desk):
    page = look(desk, '\tGPT-4.1\nBBH\t<70> & "x"\n', source_url="ftp://x", setting="high")
    assert page.context["form"].errors["source_url"] == ["“ftp://x” is not a plain https address."]
    sent = entries(page)
    assert (sent["text"], sent["source_url"], sent["setting"]) == ('\tGPT-4.1\nBBH\t<70> & "x"\n', "ftp://x", "high")
    page = look(desk, "\tGPT-4.1\nBBH\t70\n", source_url="", source_kind="")
    assert page.context["desk"].faults == [
        "Name the source: the page that shows the figures.",
        "Choose the source kind.",
    ]
    page = look(desk, "\tGPT-4.1\nBBH\t70\n", reported_on="2099-01-01")
    assert page.context["form"].errors["reported_on"] == ["This date is in the future."]


def test_same_cell_twice_with_different_values_is_refused(desk):
    page = look(desk, "model,benchmark,value\ngpt-4-1,BBH,70\nGPT-4.1,bbh,71\ngpt-4.1,GPQA,50\ngpt-4-1,GPQA,50.0")
    assert sorted(cells(page)) == [
        ("new", "gpt-4-1", "gpqa", "", "50", ""),
        ("refused", "gpt-4-1", "bbh", "", "70", "stands here 2 times, with different values: 70, 71"),
        ("refused", "gpt-4-1", "bbh", "", "71", "stands here 2 times, with different values: 70, 71"),
        ("same", "gpt-4-1", "gpqa", "", "50", "stands here twice"),
    ]


def test_large_change_needs_a_tick(desk):
    gpt, bbh = (
        LanguageModel.objects.get(slug="gpt-4-1"),
        Score.objects.get(value=1413).benchmark.__class__.objects.get(slug="bbh"),
    )
    for place in range(20):
        Score.objects.create(
            model=gpt, benchmark=bbh, value=place, setting=f"s{place}", source_kind="vendor", source_url=SOURCE
        )
    text = "model,benchmark,value,setting\n" + "".join(f"gpt-4-1,bbh,{place + 50},s{place}\n" for place in range(8))
    page = look(desk, text)
    told = press(desk, page)
    assert said(told) == ["Nothing was stored: confirm below what looks wrong, or correct it."]
    assert "8 of 23 stored rows would change and 0 are absent, more than a quarter" in told.text
    assert press(desk, told, allow_large_change="on").status_code == 302
    assert Score.objects.get(setting="s0").value == 50


# --- prices -----------------------------------------------------------------------------------------------------------
def test_pasted_price_ends_the_old_offer_and_begins_a_new_one(desk):
    page = look(
        desk,
        "model\thost\tinput\toutput\tcached\nGPT-4.1\topenai\t$1.50\t6\t0.375\n",
        source_url="https://openai.example/prices",
    )
    assert cells(page) == [
        ("changed", "gpt-4-1", "OpenAI", "input 2, output 8, cached 0.5", "input 1.5, output 6, cached 0.375",
         "not carried over: batch discount 0.5, 1 price step"),
    ]  # fmt: skip
    before = Change.objects.count()
    assert said(press(desk, page))[0] == "2 prices published: 1 new, 1 changed. You can undo this here."
    assert [(o.input, str(o.starts_on), o.ends_on and str(o.ends_on), o.makers_own) for o in Offer.objects.filter(host="OpenAI").order_by("starts_on")] == [
        (2, "2025-06-11", "2026-04-30", True), (Decimal("1.5"), "2026-05-01", None, True),
    ]  # fmt: skip
    told = Change.objects.order_by("pk")[before:]
    assert [(c.kind, c.subject, c.old, c.new) for c in told] == [
        ("price_changed", "GPT-4.1 at OpenAI", "input 2, output 8, cached 0.5", "input 1.5, output 6, cached 0.375")
    ]


def test_pasted_price_without_a_host_is_the_makers_own_and_the_same_stores_nothing(desk):
    page = look(desk, "model,input,output\ngpt-4.1,2,8\ngemma-4,1,2\nNobody,1,1")
    assert cells(page) == [
        ("refused", "gemma-4-31b", "", "", "", "name the host: no single offer of the maker is in force"),
        ("unknown", "Nobody", "", "", "", ""),
        ("same", "gpt-4-1", "OpenAI", "input 2, output 8, cached 0.5", "input 2, output 8", ""),
    ]


def test_implausible_price_needs_a_tick(desk):
    page = look(desk, "model,host,input,output\ngpt-4-1,OpenAI,20,80")
    told = press(desk, page)
    assert said(told) == ["Nothing was stored: confirm below what looks wrong, or correct it."]
    assert "gpt-4-1 at OpenAI, input: implausible beside the last price 2: 20" in told.text
    assert press(desk, told, allow_implausible="on").status_code == 302
    assert Offer.objects.get(host="OpenAI", ends_on=None).input == 20


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("gpt-4-1,OpenAI,-1,8,", "input: must lie between 0 and 1,000: -1"),
        ("gpt-4-1,OpenAI,NaN,8,", "input: NaN is not a plain number"),
        ('gpt-4-1,OpenAI,"1,5",8,', "input: 1,5 may mean 1.5 or 15: write a decimal point, or no comma"),
        ("gpt-4-1,OpenAI,9,8,", "output: output costs less than input"),
        ("gpt-4-1,OpenAI,1,8,2", "cached input: cached input costs more than input"),
        ("gpt-4-1,OpenAI,0,0,", "input: an api price is above zero; use free_tier or self_hosted; output: an api price is above zero; use free_tier or self_hosted"),
        ("gpt-4-1,OpenAI,1,8,,2025-06-10", "the price in force began on 2025-06-11: choose a later day"),
        ("gpt-4-1,OpenAI,1,8,,soon", "the day is not a date like 2026-04-07: soon"),
    ],
)  # fmt: skip
def test_broken_price_is_refused_in_words(desk, row, reason):
    header = "model,host,input,output,cached" + (",date" if row.count(",") - row.count('"') // 2 > 4 else "")
    assert cells(look(desk, f"{header}\n{row}"))[0][-1] == reason


# --- who may ------------------------------------------------------------------------------------------------------------
def test_contributor_pastes_drafts_and_publishes_nothing(small, django_db_blocker):
    user = User.objects.create_user("bob", password="a-long-password-1", is_staff=True)
    user.groups.add(Group.objects.get(name="Contributor"))
    client = signed_in(user)
    page = look(client, "\tGPT-4.1\nBBH\t70\n")
    assert ('value="published"' in page.text, 'value="draft"' in page.text) == (False, True)
    assert press(client, page, "published").status_code == 403
    assert press(client, page, "draft").status_code == 302
    assert Score.objects.get(benchmark__slug="bbh").status == "draft"
    batch = Batch.objects.first()
    assert client.get(reverse("admin:comparisons_batch_change", args=[batch.pk])).status_code == 200
    assert client.post(reverse("admin:comparisons_batch_undo", args=[batch.pk])).status_code == 403
    assert [client.get(reverse(f"admin:comparisons_batch_{page}")).status_code for page in ("upload", "export")] == [
        403,
        403,
    ]
    assert client.get(reverse("admin:comparisons_unmatchedname_changelist")).status_code == 200


def test_rows_of_a_catalogue_file_can_be_pasted(desk):
    text = "slug\tname\tcountry\turl\nacme\tAcme\tDE\thttps://acme.example/\ngoogle\tGoogle DeepMind\tUS\thttps://google.example/\n"
    page = look(desk, text, source_url="", source_kind="", reported_on="")
    assert [(each.key, each.created, each.cells) for each in page.context["desk"].report.differences] == [
        ("acme", True, (("slug", "", "acme"), ("name", "", "Acme"), ("country", "", "DE"), ("url", "", "https://acme.example/"))),
        ("google", False, (("name", "Google", "Google DeepMind"),)),
    ]  # fmt: skip
    assert press(desk, page).status_code == 302
    assert Batch.objects.first().title == "rows of creators.csv"
