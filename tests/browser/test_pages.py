"""What a person sees and does in a real browser: swaps, focus, announcements, Back, errors, small screens, no script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import travel

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
WIDTHS = [1280, 360]
CHECKED = ["/", SEED, "/leaderboard/", "/models/gpt-4-1/", "/methodology/"]
EVERY = [
    *CHECKED,
    "/compare/",
    "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/",
    "/leaderboard/coding/",
    "/models/",
    "/benchmarks/",
    "/benchmarks/gpqa/",
    "/pricing/",
    "/shortlist/",
    "/changes/",
    "/data/",
    "/search/?q=gpt",
    "/report/gpt-4-1/gpqa/",
    "/privacy/",
    "/newsletter/",
    "/nope/",
]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", CHECKED)
def test_axe_finds_nothing(site, open_page, axe_violations, path, width):
    page = open_page(width=width, bypass_csp=True)
    page.goto(site + path)
    assert axe_violations(page) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("path", "control"),
    [(SEED, "rows-diff"), (SEED, "show-shared"), (SEED, "flip"), ("/leaderboard/?creator=openai", "sort-name")],
)
def test_axe_finds_nothing_after_a_swap(site, open_page, axe_violations, path, control, width):
    page = open_page(width=width, bypass_csp=True)
    page.goto(site + path)
    if not page.locator(f"#{control}").is_visible():
        control = "show-phone-all"
    with page.expect_response(lambda response: "HX-Push-Url".lower() in response.headers):
        page.click(f"#{control}")
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    assert axe_violations(page) == []


@pytest.mark.parametrize("path", EVERY)
def test_console_is_silent_and_nothing_scrolls_sideways_at_320_px(site, open_page, path):
    page = open_page(width=320)
    page.goto(site + path)
    assert page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [320, 320]
    if path != "/nope/":  # the browser itself notes a 404
        assert page.messages == []


@pytest.mark.parametrize("path", ["/", SEED, "/leaderboard/", "/models/gpt-4-1/"])
def test_controls_are_large_enough_to_hit(site, open_page, path):
    page = open_page(width=360)
    page.goto(site + path)
    small = page.evaluate(
        """[...document.querySelectorAll('button, input, select, summary, .seg a, nav a, .btn, .out a, .foot li a')]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24)
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_toggle_swaps_in_place_and_back_restores(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    page.evaluate("window.sameDocument = true")
    page.click("#show-shared")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 3 benchmarks, grouped by category")
    assert page.url == site + SEED + "?show=shared"
    assert page.evaluate("window.sameDocument") is True
    expect(page.locator("#status")).to_have_text("Gemma 4 31B against GPT-4.1: 3 benchmarks shown")
    expect(page.locator("#show-shared")).to_be_focused()
    page.click("#rows-diff")
    page.wait_for_url("**?show=shared&rows=diff")
    travel(page)
    page.wait_for_url(site + SEED + "?show=shared")
    expect(page.locator("table.trade tbody tr")).to_have_count(15)
    travel(page)
    page.wait_for_url(site + SEED)
    expect(page.locator("table.bench caption")).to_have_text("Scores on 20 benchmarks, grouped by category")
    travel(page, +1)
    page.wait_for_url(site + SEED + "?show=shared")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 3 benchmarks, grouped by category")
    assert page.messages == []


def test_choice_from_the_list_swaps_the_comparison_at_once(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    field = page.get_by_role("combobox", name="Second model")
    field.fill("opus 4.6")
    expect(page.get_by_role("listbox", name="Second model").get_by_role("option").first).to_contain_text(
        "Claude Opus 4.6"
    )
    expect(page.locator("#status")).to_contain_text("suggested")
    field.press("ArrowDown")
    field.press("Enter")
    expect(page.locator("h1")).to_have_text("Gemma 4 31B vs Claude Opus 4.6")
    expect(page).to_have_title("Gemma 4 31B vs Claude Opus 4.6: benchmarks, price and context compared | BenchLM")
    assert page.url == site + "/compare/claude-opus-4-6-vs-gemma-4-31b/?flip=1"
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("#status")).to_contain_text("Gemma 4 31B against Claude Opus 4.6")
    page.get_by_role("combobox", name="First model").fill("kimi k2.6")
    page.get_by_role("option", name="Kimi K2.6").first.click()
    expect(page.locator("h1")).to_contain_text("Kimi K2.6")
    assert page.messages == []


def test_typing_alone_changes_nothing_and_escape_restores(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    field = page.get_by_role("combobox", name="First model")
    field.fill("opus")
    expect(page.get_by_role("option").first).to_be_visible()
    assert page.url == site + SEED
    field.press("Escape")
    expect(field).to_have_value("Gemma 4 31B")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.fill("nonsense")
    page.locator("h2").first.click()
    expect(field).to_have_value("Gemma 4 31B")


def test_typed_text_goes_through_compare_and_faults_are_said(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    field = page.get_by_role("combobox", name="First model")
    field.fill("gemma 9 999")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".fault")).to_contain_text("No model here is called “gemma 9 999”.")
    expect(page.locator("#picker input[aria-invalid]")).to_be_focused()
    expect(page.locator("h1")).to_have_text("Gemma 4 31B vs GPT-4.1")
    page.locator("#picker input[aria-invalid]").fill("gemma 4")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".fault")).to_have_text("Several models match. Which one?")
    page.get_by_role("link", name="Gemma 4 31B", exact=True).first.click()
    page.wait_for_url(site + SEED)


def test_leaderboard_sorts_and_filters_in_place(site, open_page):
    page = open_page()
    page.goto(site + "/leaderboard/")
    page.evaluate("window.sameDocument = true")
    page.click("#sort-name")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Model"))
    expect(page.locator("#sort-name")).to_be_focused()
    page.select_option("#id_creator", "openai")
    page.click("#apply")
    page.wait_for_url("**creator=openai**")
    assert "sort=name" in page.url
    expect(page.locator("#status")).to_have_text(re.compile(r"^\d+ models shown$"))
    assert page.evaluate("window.sameDocument") is True
    travel(page)
    expect(page.locator("#id_creator")).to_have_value("")
    assert page.messages == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (500, "That did not load. Nothing on this page changed."),
        (404, "That is not in our data."),
        (429, "Too many requests"),
        (None, "That did not load."),
    ],
)
def test_failed_swap_is_said_and_changes_nothing(site, open_page, answer, said):
    page = open_page()
    page.goto(site + SEED)
    page.route(
        "**/compare/**", lambda route: route.abort() if answer is None else route.fulfill(status=answer, body="no")
    )
    page.click("#show-shared")
    expect(page.locator("#error")).to_contain_text(said)
    expect(page.locator("#error a")).to_have_attribute("href", SEED + "?show=shared")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 20 benchmarks, grouped by category")
    assert page.url == site + SEED
    page.unroute("**/compare/**")
    page.click("#show-shared")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 3 benchmarks, grouped by category")
    expect(page.locator("#error")).to_be_empty()


def test_everything_works_without_script(site, open_page):
    page = open_page(javascript=False)
    page.goto(site + "/")
    page.get_by_label("First model").fill("gpt 4.1")
    page.get_by_label("Second model").fill("Gemma 4 31B")
    page.get_by_role("button", name="Compare").click()
    assert page.url == site + SEED + "?flip=1"
    page.click("#flip")
    assert page.url == site + SEED
    page.click("#show-gap")
    assert page.url == site + SEED + "?show=gap"
    expect(page.locator("table.bench caption")).to_have_text("Scores on 2 benchmarks, grouped by category")
    page.goto(site + "/leaderboard/")
    page.select_option("#id_weights", "open")
    page.click("#apply")
    assert "weights=open" in page.url


def test_phone_opens_on_the_tests_both_took(site, open_page):
    page = open_page(width=360)
    page.goto(site + SEED)
    assert page.locator("table.bench tbody tr:not(.grp):visible").count() == 3
    assert page.locator("nav ul:visible").count() == 0
    page.click("#show-phone-all")
    page.wait_for_url("**?show=all")
    assert page.locator("table.bench tbody tr:not(.grp):visible").count() == 20
    page.get_by_text("Menu").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Pricing")).to_be_visible()


def test_keyboard_reaches_the_content_first(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("path", [SEED, "/", "/leaderboard/"])
def test_first_view_is_small(site, open_page, path):
    """At most 5 requests; of a pair 40 KB with the heads of the answers, whatever tags the page has for others."""
    page = open_page()
    sizes = []
    page.on("response", lambda response: sizes.append(response.request.sizes()))
    page.goto(site + path, wait_until="networkidle")
    assert len(sizes) <= 5
    whole = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert whole <= (40_000 if path == SEED else 60_000)


def test_print_leaves_out_what_paper_cannot_use(site, open_page):
    page = open_page()
    page.goto(site + SEED)
    page.emulate_media(media="print")
    assert not page.locator("#picker").is_visible()
    assert not page.locator(".news").is_visible()
    assert page.locator("table.bench").is_visible()
