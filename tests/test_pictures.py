"""The picture of a pair: what is on it, that everything fits, how it is kept and how pages name it."""

import re
import struct
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.utils.html import escape, strip_tags
from hypothesis import given
from hypothesis import strategies as st

from comparisons import pictures
from comparisons.models import Creator, LanguageModel

SEED = "/compare/gemma-4-31b-vs-gpt-4-1"
HOSTILE = "<script>alert(\"1\")</script> & 'x' ]]> {{ x }}"


@pytest.fixture
def empty_folder(tmp_path, settings):
    settings.STATE_DIR = tmp_path
    return tmp_path / "pictures"


def texts_of(svg: str) -> list[str]:
    return [each.text for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


# --- what is on it --------------------------------------------------------------------------------------------------
def test_card_has_names_figures_call_tests_and_day(site):
    page = site.get(f"{SEED}/").content.decode()
    figures = re.findall(r'<p class="num">(\d+)', page)
    spans = re.findall(r"likely range (\d+ to \d+)", page)[:2]
    said = re.search(r'<p class="ends">.*?</span><span>(.*?)</span>', page)[1]
    texts = texts_of(site.get(f"{SEED}.svg").content.decode())
    assert texts[0] == "BenchLM"
    assert re.fullmatch(r"\d+ \w{3} 20\d\d", texts[1])
    assert texts[2:] == [
        "Google",
        "Gemma 4 31B",
        figures[0],
        "Winner",
        f"likely range {spans[0]}",
        "OpenAI",
        "GPT-4.1",
        figures[1],
        f"likely range {spans[1]}",
        f"Estimated score: {said}",
        "20 benchmarks on record, 3 run on both models. Newest score 7 Apr 2026.",
    ]


def test_picture_is_a_png_of_the_size_that_pages_announce(site):
    response = site.get(f"{SEED}.png")
    assert (response.status_code, response.headers["Content-Type"], size_of(response.content)) == (
        200,
        "image/png",
        (1200, 630),
    )
    assert 20_000 < len(response.content) < 120_000  # with its letters: without the font it is 7,000


def test_picture_is_of_the_bare_page_whatever_the_address_holds(site):
    assert site.get(f"{SEED}.svg?flip=1&reading=tested&w=coding:9").content == site.get(f"{SEED}.svg").content


def test_card_without_figures_says_so(site):
    maker = Creator.objects.get(slug="openai")
    for slug in ("aa", "bb"):
        LanguageModel.objects.create(slug=slug, name=slug.upper(), creator=maker, status="published")
    texts = texts_of(site.get("/compare/aa-vs-bb.svg").content.decode())
    assert texts[2:] == [
        "OpenAI",
        "AA",
        "no figure",
        "OpenAI",
        "BB",
        "no figure",
        "No call. Average of its own tests: not comparable on averages of own tests",
        "0 benchmarks on record, 0 run on both models.",
    ]
    assert size_of(site.get("/compare/aa-vs-bb.png").content) == (1200, 630)


# --- everything fits ------------------------------------------------------------------------------------------------
@given(st.text(), st.sampled_from([1, 2, 3]), st.sampled_from([120, 510, 1072]))
def test_fitted_text_is_never_wider_than_its_space(text, most, width):
    size, lines = pictures.fitted(text, width, pictures.NAME_SIZES, most=most)
    assert len(lines) <= most
    assert [line for line in lines if pictures.width_of(line, size) > width] == []
    assert (
        len(lines[-1]) < 2
        or lines[-1].endswith("…")
        or "".join(lines).replace(" ", "") == "".join(pictures.clean(text).split())
    )


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("GPT-4.1", (60, ("GPT-4.1",))),
        ("DeepSeek-V3.2", (60, ("DeepSeek-V3.2",))),
        ("Llama 3.1 Nemotron Ultra 253B", (50, ("Llama 3.1 Nemotron", "Ultra 253B"))),
        ("W" * 60, (34, ("W" * 14, "W" * 13 + "…"))),
        ("two\nlines\x00\ufffe", (60, ("two lines",))),
    ],
)
def test_name_is_as_large_as_it_can_be(name, lines):
    assert pictures.fitted(name, pictures.COLUMN, pictures.NAME_SIZES, most=2) == lines


def test_hostile_and_long_names_are_text_on_the_card(site):
    LanguageModel.objects.filter(slug="gpt-4-1").update(name=HOSTILE[:60])
    Creator.objects.filter(slug="openai").update(name="W" * 90)
    svg = site.get(f"{SEED}.svg").content.decode()
    texts = texts_of(svg)
    assert "".join(texts[8:10]).replace(" ", "") == HOSTILE[:60].replace(" ", "")
    assert texts[7] == "W" * 18 + "…"
    assert "<script" not in svg
    assert size_of(site.get(f"{SEED}.png").content) == (1200, 630)


# --- keeping --------------------------------------------------------------------------------------------------------
def test_picture_is_drawn_once_until_something_on_it_changes(site, empty_folder):
    drawn = [site.get(f"{SEED}.png").content for _ in range(3)]
    (kept,) = empty_folder.iterdir()
    assert {kept.read_bytes()} == set(drawn)
    kept.write_bytes(b"as kept")
    assert site.get(f"{SEED}.png").content == b"as kept"
    LanguageModel.objects.filter(slug="gpt-4-1").update(name="GPT-4.1 again")
    assert size_of(site.get(f"{SEED}.png").content) == (1200, 630)
    assert len(list(empty_folder.iterdir())) == 2


def test_no_more_pictures_are_kept_than_agreed(empty_folder, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_KEPT", 3)
    for number in range(5):
        pictures.png(f'<svg xmlns="http://www.w3.org/2000/svg" width="{number + 1}" height="1"/>')
        assert len(list(empty_folder.iterdir())) == min(number + 1, 3)


def test_folder_that_cannot_be_written_does_not_stop_the_answer(site, empty_folder):
    empty_folder.write_text("a file where the folder should be")
    assert size_of(site.get(f"{SEED}.png").content) == (1200, 630)


# --- how they answer ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", pictures.MEDIA)
def test_picture_is_open_and_revalidated(site, suffix):
    response = site.get(f"{SEED}.{suffix}")
    assert (response.headers["Cross-Origin-Resource-Policy"], response.cookies) == ("cross-origin", {})
    again = site.get(f"{SEED}.{suffix}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.head(f"{SEED}.{suffix}").content == b""
    led = site.get(f"/compare/gpt-4-1-vs-gemma-4-31b.{suffix}")
    assert (led.status_code, led.headers["Location"]) == (301, f"{SEED}.{suffix}")


@pytest.mark.parametrize("suffix", pictures.MEDIA)
def test_only_pairs_that_are_shown_have_a_picture(site, suffix):
    gone = ("claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1", "gpt-4-1-vs-gpt-4-1", "gpt-4-1-vs-nothing", "gpt-4-1")
    assert [site.get(f"/compare/{path}.{suffix}").status_code for path in gone] == [404] * 4
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="withdrawn")
    assert site.get(f"{SEED}.{suffix}").status_code == 410
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    assert site.get(f"{SEED}.{suffix}").status_code == 404


def test_page_names_its_picture_with_size_and_words(site):
    html = site.get(f"{SEED}/?show=shared").content.decode()
    tags = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', html))
    alt = tags.pop("og:image:alt")
    assert tags == {
        "og:type": "website",
        "og:site_name": "BenchLM",
        "og:title": "Gemma 4 31B vs GPT-4.1: benchmarks, price and context compared",
        "og:description": tags["og:description"],
        "og:url": f"{settings.SITE_URL}{SEED}/",
        "og:image": f"{settings.SITE_URL}{SEED}.png",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "twitter:card": "summary_large_image",
    }
    assert alt.startswith("Gemma 4 31B 66, GPT-4.1 50. Estimated score: ")


def test_snippet_embeds_the_card(site):
    LanguageModel.objects.filter(slug="gpt-4-1").update(name=HOSTILE[:60])
    html = site.get(f"{SEED}/").content.decode()
    code = re.search(r'<pre class="snippet"><code>(.*?)</code>', html, re.DOTALL)[1]
    assert strip_tags(code) == code
    snippet = (
        code.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
    )
    assert snippet.startswith(
        f'<a href="{settings.SITE_URL}{SEED}/"><img src="{settings.SITE_URL}{SEED}.svg" width="600" height="315" alt="Gemma 4 31B'
    )
    assert escape(HOSTILE[:60]) in snippet
