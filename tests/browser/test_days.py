"""Pages of an earlier day in a real browser: swapped and loaded they are the same, and every control stays on that day."""

import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import travel

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
TODAY = datetime.datetime.now(datetime.UTC).date()
DAY = TODAY - datetime.timedelta(days=3)
ASKED = f"as_of={DAY}&since={DAY - datetime.timedelta(days=2)}"


def test_page_of_a_day_is_the_same_swapped_and_loaded_and_back_works(site, open_page):
    page = open_page()
    page.goto(f"{site}{SEED}?{ASKED}")
    page.evaluate("window.sameDocument = true")
    expect(page.locator(".past strong")).to_have_text(f"As on {DAY.day} {DAY:%B %Y}.")
    page.click("#show-shared")
    page.wait_for_url(f"**?show=shared&{ASKED}")
    page.click("#flip")
    page.wait_for_url(f"**?show=shared&flip=1&{ASKED}")
    expect(page.locator("#flip")).to_be_focused()
    expect(page.locator(".since strong")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    loaded = open_page()
    loaded.goto(page.url)
    loaded.wait_for_load_state()
    without_script = open_page(javascript=False)
    without_script.goto(page.url)
    for each in (loaded, without_script):  # a part that waits to be laid out has no inner text
        each.evaluate("document.documentElement.classList.add('laid')")
    assert (
        page.inner_text("#comparison") == loaded.inner_text("#comparison") == without_script.inner_text("#comparison")
    )
    travel(page)
    page.wait_for_url(f"**?show=shared&{ASKED}")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 3 benchmarks, grouped by category")
    travel(page)
    page.wait_for_url(f"**{SEED}?{ASKED}")
    expect(page.locator(".past strong")).to_have_text(f"As on {DAY.day} {DAY:%B %Y}.")
    expect(page.locator("table.bench caption")).to_have_text("Scores on 20 benchmarks, grouped by category")
    page.click("#to-today")
    page.wait_for_url(site + SEED)
    expect(page.locator(".past")).to_have_count(0)
    assert page.messages == []


def test_picker_weights_and_links_stay_on_the_day(site, open_page):
    page = open_page()
    page.goto(f"{site}{SEED}?as_of={DAY}")
    page.get_by_role("combobox", name="Second model").fill("opus 4.6")
    page.get_by_role("option").first.click()
    page.wait_for_url(f"**/compare/claude-opus-4-6-vs-gemma-4-31b/?flip=1&as_of={DAY}")
    expect(page.locator(".past strong")).to_be_visible()
    page.locator("#weights summary").click()
    page.click("#open-weights")
    page.get_by_label("Coding (").fill("3")
    page.click("#apply-weights")
    page.wait_for_url(f"**?flip=1&w=coding%3A3&as_of={DAY}")
    page.get_by_role("link", name="Gemma 4 31B").first.click()
    page.wait_for_url(f"**/models/gemma-4-31b/?as_of={DAY}")
    page.get_by_role("link", name="Leaderboard", exact=True).first.click()
    page.wait_for_url(f"**/leaderboard/?as_of={DAY}")
    page.click("#sort-name")
    page.wait_for_url(f"**/leaderboard/?sort=name&as_of={DAY}")
    page.select_option("#id_weights", "open")
    page.click("#apply")
    page.wait_for_url(f"**weights=open**as_of={DAY}")
    expect(page.locator(".past strong")).to_be_visible()
    assert page.messages == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize(
    "path", [f"{SEED}?{ASKED}", f"/models/gpt-4-1/?as_of={DAY}", f"/leaderboard/coding/?as_of={DAY}"]
)
def test_page_of_a_day_can_be_read_by_all_and_fits(site, open_page, axe_violations, path, width, scheme):
    page = open_page(width=width, scheme=scheme, bypass_csp=True)
    page.goto(site + path)
    for details in page.locator(".past details, .since details, .more").all():
        details.evaluate("each => { each.open = true }")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
