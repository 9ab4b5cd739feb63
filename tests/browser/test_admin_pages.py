"""The admin in a real browser, under the site's own policy: every page of every table, and the console stays silent."""

import pytest
from playwright.sync_api import Page, expect

TABLES = [
    "auth/group",
    "auth/user",
    "comparisons/benchmark",
    "comparisons/benchmarkalias",
    "comparisons/category",
    "comparisons/creator",
    "comparisons/featuredpair",
    "comparisons/languagemodel",
    "comparisons/modelalias",
    "comparisons/offer",
    "comparisons/offertier",
    "comparisons/runtime",
    "comparisons/score",
]
WRITTEN_BY_THE_SITE = [
    "comparisons/ability",
    "comparisons/batch",
    "comparisons/catalogueversion",
    "comparisons/change",
    "comparisons/fit",
    "comparisons/place",
    "comparisons/scorereport",
    "comparisons/settled",
    "comparisons/unmatchedname",
    "newsletter/delivery",
    "newsletter/issue",
    "newsletter/subscriber",
    "newsletter/suppression",
]


@pytest.fixture(scope="session")
def signed_in(site, browser, admin_account) -> list[dict]:
    """The cookies of an administrator who has signed in by the form."""
    context = browser.new_context()
    sign_in(context.new_page(), site, admin_account)
    cookies = context.cookies()
    context.close()
    return cookies


def sign_in(page: Page, site: str, account: tuple[str, str]) -> None:
    page.goto(f"{site}/admin/")
    page.fill("#id_username", account[0])
    page.fill("#id_password", account[1])
    page.click("[type=submit]")
    expect(page.locator("h1")).to_have_text("Catalogue")


@pytest.fixture
def desk(signed_in, open_page) -> Page:
    """A page signed in to the admin; what did not load is in its messages too."""
    page = open_page()
    page.on("response", lambda answer: answer.status >= 400 and page.messages.append(f"{answer.status}: {answer.url}"))
    page.context.add_cookies(signed_in)
    return page


def look(page: Page, address: str) -> None:
    """Open a page and let its scripts finish."""
    page.goto(address)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def test_index_lists_every_table_and_the_console_is_silent(site, open_page, admin_account):
    desk = open_page()
    sign_in(desk, site, admin_account)
    links = desk.locator("#content-main tbody th a").evaluate_all("links => links.map(link => link.pathname)")
    assert sorted(links) == sorted(f"/admin/{table}/" for table in [*TABLES, *WRITTEN_BY_THE_SITE])
    for path in ("comparisons/", "password_change/", "second-step/"):
        look(desk, f"{site}/admin/{path}")
    desk.click("#logout-form [type=submit]")
    assert desk.messages == []


@pytest.mark.parametrize("table", TABLES)
def test_console_is_silent_on_every_page_of_a_table(site, desk, table):
    address = f"{site}/admin/{table}/"
    look(desk, address)
    first = desk.locator("#result_list tbody th a").first
    rows = [first.get_attribute("href")] if first.count() else []
    look(desk, address + "add/")
    for row in rows:
        look(desk, site + row)
        look(desk, site + row.replace("/change/", "/history/"))
        states = desk.locator("#change-history th a")
        if table.startswith("comparisons/") and states.count():
            look(desk, site + states.first.get_attribute("href"))
        if table != "auth/user":  # nobody deletes a curator
            look(desk, site + row.replace("/change/", "/delete/"))
    assert desk.messages == []


@pytest.mark.parametrize("table", WRITTEN_BY_THE_SITE)
def test_console_is_silent_on_what_the_site_writes_itself(site, desk, table):
    look(desk, f"{site}/admin/{table}/")
    first = desk.locator("#result_list tbody th a").first
    if first.count():
        look(desk, site + first.get_attribute("href"))
    assert desk.messages == []


def test_curator_adds_a_model_with_a_score_and_finds_both(site, desk):
    look(desk, f"{site}/admin/comparisons/languagemodel/add/")
    desk.fill("#id_name", "Zebra 4.1")
    choose(desk, "creator", "Anthropic")
    desk.get_by_text("Add another Score").click()
    choose(desk, "scores-0-benchmark", "GPQA")
    desk.fill("#id_scores-0-value", "61.5")
    desk.select_option("#id_scores-0-source_kind", "vendor")
    desk.fill("#id_scores-0-source_url", "https://example.org/zebra")
    desk.click("[name=_save]")
    expect(desk.locator(".messagelist")).to_contain_text("Zebra 4.1")
    desk.fill("#searchbar", "zebra")
    desk.locator("#changelist-search [type=submit]").click()
    desk.locator("#action-toggle").check()
    desk.select_option("[name=action]", "publish")
    desk.fill("[name=reason]", "Read at the source")
    desk.get_by_role("button", name="Run").click()
    expect(desk.locator("h1")).to_contain_text("Changes no verdict and adds")
    desk.get_by_role("button", name="Publish").click()
    expect(desk.locator(".messagelist")).to_contain_text("1 model published.")
    desk.get_by_role("link", name="Zebra 4.1").click()
    expect(desk.locator("#id_scores-0-value")).to_have_value("61.5")
    desk.get_by_role("link", name="History").click()
    expect(desk.locator("#change-history")).to_contain_text("Read at the source")
    desk.go_back()
    desk.get_by_role("link", name="View on site").click()
    expect(desk.locator("h1")).to_contain_text("Zebra 4.1")
    assert "61.5" in desk.content()
    assert desk.messages == []


QUEUES = [
    "reports",
    "deciding",
    "odd",
    "blind",
    "implausible",
    "disagreeing",
    "duplicates",
    "thin",
    "unsourced",
    "stale",
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_queues_fit_the_screen_and_the_console_is_silent(site, signed_in, open_page, axe_violations, width, scheme):
    page = open_page(width=width, scheme=scheme, bypass_csp=True)
    page.context.add_cookies(signed_in)
    for queue in QUEUES:
        look(page, f"{site}/admin/queues/{queue}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [fault for fault in axe_violations(page) if "#content" in fault or ".finding" in fault] == []
    assert page.messages == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_lists_fit_the_screen_and_can_be_used_by_all(site, signed_in, open_page, axe_violations, width, scheme):
    page, found = open_page(width=width, scheme=scheme, bypass_csp=True), {}
    page.context.add_cookies(signed_in)
    for path in ("", "comparisons/languagemodel/", "comparisons/batch/", "comparisons/change/"):
        look(page, f"{site}/admin/{path}")
        page.emulate_media(color_scheme=scheme)
        found[path] = page.evaluate("document.documentElement.scrollWidth") - width, axe_violations(page)
    assert found == dict.fromkeys(found, (0, []))


def test_reader_reports_a_wrong_score_and_the_curator_corrects_it(site, desk, open_page):
    """From the flag beside the score to the verdicts that change; the figure is put back at the end."""
    reader = open_page()
    look(reader, f"{site}/models/llama-3-1-8b/")
    row = reader.locator("tr", has=reader.get_by_role("link", name="IFEval", exact=True))
    row.hover()
    row.get_by_role("link", name="Report this score").click()
    expect(reader.locator("h1")).to_have_text("Report a wrong score")
    reader.get_by_label("What is wrong?").fill("The card says 60.4.")
    reader.wait_for_timeout(3_100)  # faster than that no reader is
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.locator("#report")).to_contain_text("Thank you.")
    assert reader.messages == []

    look(desk, f"{site}/admin/")
    desk.get_by_role("link", name="Readers' reports").click()
    expect(desk.locator(".finding")).to_contain_text("The card says 60.4.")
    desk.get_by_role("link", name="correct", exact=True).click()
    before = desk.locator("#id_value").input_value()
    desk.fill("#id_value", "60.4")
    desk.fill("#id_change_reason", "As the model card says")
    desk.get_by_role("button", name="See what changes").click()
    expect(desk.locator("h1")).to_contain_text("verdict")
    expect(desk.locator(".foresight")).to_contain_text("average of its own tests")
    desk.get_by_role("button", name="Back to the form").click()
    expect(desk.locator("#id_value")).to_have_value("60.4")
    desk.select_option("#id_status", "draft")
    desk.get_by_role("button", name="Save and continue editing").click()
    desk.select_option("#id_status", "published")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator("h1")).to_contain_text("Changes ")
    desk.get_by_role("button", name="Publish").click()
    expect(desk.locator(".messagelist")).to_contain_text("was changed successfully")

    look(desk, f"{site}/admin/queues/reports/")
    desk.get_by_role("button", name="Corrected").click()
    expect(desk.locator("#content")).to_contain_text("Nothing waits here.")
    look(reader, f"{site}/models/llama-3-1-8b/")
    expect(row).to_contain_text("60.4%")
    look(desk, f"{site}/admin/comparisons/score/?q=llama-3-1-8b+ifeval&status__exact=published")
    desk.locator("#result_list tbody th a").first.click()
    desk.fill("#id_value", before)
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator(".messagelist")).to_contain_text("was changed successfully")
    assert desk.messages == []


def test_score_is_reported_without_javascript_and_on_a_phone(site, open_page):
    reader = open_page(width=360, javascript=False)
    reader.goto(f"{site}/compare/gemma-4-31b-vs-gpt-4-1/")
    assert reader.locator(".rep").first.is_hidden()
    reader.get_by_role("link", name="Report a wrong score of GPT-4.1").click()
    reader.get_by_role("link", name="GPQA: 66.3%").click()
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.get_by_role("alert").last).to_contain_text("Say what is wrong with it.")
    reader.get_by_label("What is wrong?").fill("It is 66.4.")
    reader.wait_for_timeout(3_100)
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.locator("h1")).to_have_text("Thank you")


def choose(page: Page, field: str, text: str) -> None:
    """Pick an option of an autocomplete as a person does."""
    page.locator(f"[aria-labelledby=select2-id_{field}-container]").click()
    page.locator(".select2-search__field").fill(text)
    page.locator(".select2-results__option", has_text=text).first.click()
    expect(page.locator(f"#select2-id_{field}-container")).to_contain_text(text)


# --- how many clicks it takes -----------------------------------------------------------------------------------------
TWENTY = "\t" + "\t".join(["GPT-4.1", "Gemma 4 31B", "Kimi K2.5", "Gemini 3 Pro"]) + "\n"
TWENTY += "".join(
    f"{test}\t" + "\t".join(f"{value + place}.5" for place in range(4)) + "\n"
    for test, value in (("GPQA", 60), ("MMLU-Pro", 70), ("HLE", 10), ("IFEval", 80), ("LMArena Text", 1400))
)
THREE = "model,host,input,output\nGPT-4.1,OpenAI,2.1,8.1\ngpt-4.1-mini,OpenAI,0.41,1.61\no3,OpenAI,2.1,8.1\n"


class Hand:
    """Clicks and counts them; what is typed or pasted needs none."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, selector: str) -> None:
        self.clicks += 1
        self.page.locator(selector).first.click()

    def choose(self, selector: str, value: str) -> None:
        """A list is opened by one click and answered by another."""
        self.clicks += 2
        self.page.select_option(selector, value)

    def paste(self, selector: str, text: str) -> None:
        self.click(selector)
        self.page.keyboard.insert_text(text)


@pytest.fixture
def unchanged(site, desk):
    """Undoes what a test stored: the site is shared."""
    yield
    look(desk, f"{site}/admin/comparisons/batch/")
    desk.locator("#result_list tbody th a").first.click()
    desk.get_by_role("button", name="Undo this paste").click()
    expect(desk.locator(".messagelist")).to_contain_text("are as they were")
    assert desk.messages == []


def test_twenty_scores_are_pasted_in_fifteen_clicks(site, desk, unchanged):
    look(desk, f"{site}/admin/")
    hand = Hand(desk)
    hand.click("text=Paste a table")
    hand.paste("#id_text", TWENTY)
    hand.paste("#id_source_url", "https://example.org/table")
    hand.choose("#id_source_kind", "vendor")
    hand.paste("#id_setting", "as printed")
    hand.click("text=Show the difference")
    expect(desk.locator(".counts")).to_have_text("20 new")
    hand.click("button:text-is('Publish')")
    expect(desk.locator(".messagelist")).to_contain_text("20 scores published: 20 new, 0 changed.")
    assert hand.clicks <= 15
    assert desk.messages == []


def test_three_prices_are_changed_in_twelve_clicks(site, desk, unchanged):
    look(desk, f"{site}/admin/")
    hand = Hand(desk)
    hand.click("text=Paste a table")
    hand.paste("#id_text", THREE)
    hand.paste("#id_source_url", "https://example.org/prices")
    hand.click("text=Show the difference")
    expect(desk.locator(".counts")).to_have_text("3 changed")
    hand.click("button:text-is('Publish')")
    expect(desk.locator(".messagelist")).to_contain_text("6 prices published: 3 new, 3 changed.")
    assert hand.clicks <= 12


def test_intake_pages_fit_a_phone(site, open_page, signed_in):
    page = open_page(width=360)
    page.context.add_cookies(signed_in)
    wide = {}
    for path in ("batch/paste/", "batch/upload/"):
        look(page, f"{site}/admin/comparisons/{path}")
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    look(page, f"{site}/admin/comparisons/batch/paste/")
    page.fill("#id_text", TWENTY + "Odd test\t1,5\t1\t1\t1\nBBH\t1,5\t—\t**70**\t71*\n")
    page.fill("#id_source_url", "https://example.org/table")
    page.select_option("#id_source_kind", "vendor")
    page.click("text=Show the difference")
    expect(page.locator("h2").first).to_have_text("Names that are not known here")
    wide["difference"] = page.evaluate("document.documentElement.scrollWidth")
    assert (wide, page.messages) == ({"batch/paste/": 360, "batch/upload/": 360, "difference": 360}, [])


def test_table_is_pasted_without_scripts(site, open_page, signed_in):
    page = open_page(javascript=False)
    page.context.add_cookies(signed_in)
    page.goto(f"{site}/admin/comparisons/batch/paste/")
    page.fill("#id_text", "\tGPT-4.1\nGPQA\t1,5\n")
    page.fill("#id_source_url", "https://example.org/table")
    page.select_option("#id_source_kind", "vendor")
    page.click("text=Show the difference")
    page.click("button:text-is('Publish')")
    expect(page.locator(".messagelist")).to_contain_text("Nothing was stored: correct what is refused")
    page.click("summary:text-is('Change the table or what holds for all of it')")
    expect(page.locator("#id_text")).to_have_value("\tGPT-4.1\nGPQA\t1,5\n")
