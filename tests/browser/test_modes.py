"""Pages under conditions that a designer's screen does not have: swapped again and again, offline, forced colours, wide text, paper, no script."""

import re

import pytest
from playwright.sync_api import Page, expect

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
MANY = "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/"
WEIGHTS, BILL, LOAD = ("a#open-weights", "#weigh button"), ("a#open-bill", "#load button"), "#load button"
SWAPS = [  # page, then control after control; a control that lies folded away is unfolded first, and a list is a short one
    (SEED, ["#reading-tested", "#sources-confirmed", "#sources-all", "#show-gap", *WEIGHTS, *BILL]),
    (MANY, ["#show-shared", *WEIGHTS, *BILL]),
    ("/leaderboard/?creator=openai", ["#reading-tested", "#apply", "#sort-coverage", *WEIGHTS]),
    ("/leaderboard/coding/?creator=openai", ["#sort-name"]),
    ("/pricing/", ["#sort-output", LOAD]),
    ("/shortlist/", [LOAD]),
]
EVERY = [
    SEED,
    MANY,
    "/leaderboard/",
    "/models/gpt-4-1/",
    "/benchmarks/gpqa/",
    "/pricing/",
    "/shortlist/",
    "/methodology/",
    "/data/",
]


def unfold(page: Page, control: str) -> None:
    """Open the details around a control, as a person does who looks for it."""
    page.eval_on_selector(
        control, "e => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true }"
    )


@pytest.mark.parametrize(("path", "controls"), SWAPS)
def test_axe_finds_nothing_after_any_swap(site, open_page, axe_violations, path, controls):
    page, found = open_page(bypass_csp=True), {}
    page.goto(site + path)
    page.evaluate("window.sameDocument = true")
    for control in controls:
        unfold(page, control)
        with page.expect_response(lambda response: "hx-push-url" in response.headers):
            page.click(control)
        page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
        found[control] = axe_violations(page)
        page.emulate_media(color_scheme="light")
    assert {control: faults for control, faults in found.items() if faults} == {}
    assert page.evaluate("window.sameDocument") is True
    assert page.messages == []


def test_being_offline_is_said_and_the_page_stays(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    page.context.set_offline(True)
    page.click("#show-shared")
    expect(page.locator("#error")).to_contain_text("That did not load. Nothing on this page changed.")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 20 benchmarks, grouped by category")
    page.get_by_role("combobox", name="First model").fill("opus")
    page.locator("h1").click()
    expect(page.get_by_role("combobox", name="First model")).to_have_value("Gemma 4 31B")
    page.context.set_offline(False)
    page.locator("#error a").click()
    page.wait_for_url("**?show=shared")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 3 benchmarks, grouped by category")
    expect(page.locator("#error")).to_be_empty()


SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }"


@pytest.mark.parametrize("path", EVERY)
def test_wide_text_fits_a_narrow_screen(site, open_page, path):
    """WCAG 2.2, 1.4.12 at the width of 1.4.10; only boxes that say so scroll sideways."""
    page = open_page(width=320, bypass_csp=True)
    page.goto(site + path)
    page.add_style_tag(content=SPACED)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


VISIBLE = r"""selector => [...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).map(e => {
    const style = getComputedStyle(e), back = getComputedStyle(document.body).backgroundColor;
    const shown = [style.fill, style.stroke, style.borderTopColor].filter(c => c !== 'none' && c !== back && !/^rgba.*, 0\)$/.test(c));
    return shown.length > 0;
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_winner_and_marks_can_be_seen_in_forced_colours(site, open_page, axe_violations, scheme):
    page = open_page(scheme=scheme, bypass_csp=True)
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    page.goto(site + SEED)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches") is True
    for selector in ("svg.m", ".plot .ma", ".plot .mb path", ".plot .ra", ".plot .rb"):
        seen = page.evaluate(VISIBLE, selector)
        assert (len(seen) > 0, all(seen)) == (True, True), selector
    outline = "e => getComputedStyle(e).borderTopWidth + getComputedStyle(e).borderTopStyle"
    assert page.eval_on_selector(".win", outline) == "1pxsolid"
    assert page.eval_on_selector(".readings [aria-current]", outline) == "1pxsolid"
    hollow = page.evaluate("[...document.querySelectorAll('svg.m.h')].map(e => getComputedStyle(e).fill)")
    assert set(hollow) == {"none"}


def test_paper_has_the_answer_and_its_evidence_and_no_controls(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    page.emulate_media(media="print")
    for selector in ("h1", ".board", ".verdict", "table.cats", "table.trade", "table.bench", ".qs", ".win"):
        assert page.locator(selector).first.is_visible(), selector
    for selector in ("nav", "#picker", ".seg", ".news", ".out", ".skip", "#load", ".embed"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.eval_on_selector("html", "e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize(
    ("path", "opener", "first"),
    [
        (SEED, "#open-weights", "Agentic (22 %)"),
        (SEED, "#open-bill", "Calls a month"),
        (MANY, "#open-bill", "Calls a month"),
        ("/leaderboard/", "#open-weights", "Agentic (22 %)"),
    ],
)
def test_form_that_was_asked_for_is_open_and_next_to_the_focus(site, open_page, path, opener, first):
    page = open_page()
    page.goto(site + path)
    expect(page.get_by_label(first)).to_have_count(0)
    unfold(page, opener)
    page.click(opener)
    expect(page.get_by_label(first)).to_be_visible()
    assert page.evaluate("document.activeElement.id") == opener[1:]
    page.keyboard.press("Tab")
    expect(page.get_by_label(first)).to_be_focused()
    assert page.url == f"{site}{path}?open={opener[6:]}"
    assert page.messages == []


UNSEEN = "selector => [...document.querySelectorAll(selector)].filter(e => !e.checkVisibility({ contentVisibilityAuto: true })).length"


def test_sections_are_laid_out_soon_after_the_first_view(site, open_page):
    page = open_page(width=360)
    page.goto(site + SEED)
    page.wait_for_selector("html.laid")
    assert page.evaluate(UNSEEN, ".sec > *") == 0
    assert page.locator(".sec").count() == 7


def test_rows_far_from_the_screen_are_laid_out_for_whoever_needs_them(site, open_page):
    page = open_page(width=360, bypass_csp=True)
    page.goto(site + "/leaderboard/")
    rows = page.locator(".ranks tbody tr").count()
    page.locator(".ranks tbody tr").first.scroll_into_view_if_needed()
    page.wait_for_function(f"({UNSEEN})('.ranks tbody tr') < {rows}")
    assert page.evaluate(UNSEEN, ".ranks tbody tr") > rows / 2
    last = page.locator(".ranks tbody tr").last.locator("a")
    last.focus()
    expect(last).to_be_in_viewport()
    page.set_viewport_size({"width": 800, "height": 400})  # as one that takes a picture of the whole page does
    page.wait_for_selector("html.whole")
    assert page.evaluate(UNSEEN, ".ranks tbody tr") == 0


def test_every_control_of_a_pair_works_without_script(site, open_page):
    page = open_page(javascript=False)
    page.goto(site + SEED)
    page.click("#reading-tested")
    assert page.url == f"{site}{SEED}?reading=tested"
    page.click("#rows-diff")
    assert page.url == f"{site}{SEED}?rows=diff&reading=tested"
    page.click("#open-bill")
    page.get_by_label("Calls a month").fill("1000")
    page.click(LOAD)
    assert re.search(r"[?&]calls=1000\b", page.url)
    assert "reading=tested" in page.url
    page.goto(f"{site}{MANY}")
    page.click("#show-shared")
    assert page.url == f"{site}{MANY}?show=shared"
    page.goto(f"{site}/pricing/")
    page.get_by_label("Output $ per 1M at most").fill("1")
    page.locator("#id_price").press("Enter")
    assert "price=1" in page.url
    page.goto(f"{site}/compare/?a=nobody&b=gpt-4.1")
    expect(page.locator(".fault")).to_contain_text("No model here is called “nobody”.")
    with page.expect_download() as download:
        page.goto(f"{site}{SEED}")
        page.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.suggested_filename.endswith(".csv")
