"""Signing up, confirming and leaving in a real browser, with and without script; looking at a link does nothing, however long."""

import re
import time
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

LOOKED_AT = 2_000  # milliseconds that a page with a button stays open


def mailed(folder: Path, email: str) -> dict[str, str]:
    """The links of the mail to an address, by their kind; the site writes its mails to files."""
    for _ in range(100):
        texts = [text for path in folder.glob("mail/*.log") for text in path.read_text().split(f"\n{'-' * 79}\n")]
        mails = [message_from_string(text, policy=default) for text in texts]
        for mail in mails:
            if mail["To"] == email:
                plain = mail.get_body(("plain",)).get_content()
                return {kind: link for link, kind in re.findall(r"(http://\S+/newsletter/(confirm|leave)/\S+)", plain)}
        time.sleep(0.05)
    raise AssertionError(f"no mail to {email}")


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("Your email address").fill(email)
    page.wait_for_timeout(3_100)  # a form that comes back faster is refused
    page.get_by_role("button", name="Send me the confirm mail").click()
    expect(page.get_by_text("If the address can get the weekly email")).to_be_visible()


def look_at(page: Page, link: str, heading: str) -> None:
    """Open a link as a scanner with a browser of its own does: wait, move, scroll, press no button."""
    page.goto(link)
    page.mouse.move(100, 100)
    page.mouse.wheel(0, 500)
    page.wait_for_timeout(LOOKED_AT)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.messages == []


@pytest.mark.parametrize("javascript", [True, False])
def test_person_signs_up_confirms_and_leaves(site, open_page, tmp_path_factory, javascript):
    email = f"reader-{javascript}@example.org".lower()
    page = open_page(javascript=javascript)
    page.goto(f"{site}/")
    page.click("#newsletter-open")
    sign_up(page, email)
    links = mailed(tmp_path_factory.getbasetemp() / "site0", email)
    look_at(page, links["confirm"], "Confirm the weekly email")
    page.get_by_role("button", name="Yes, send it to me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmed")
    look_at(page, links["leave"], "Leave the weekly email")
    look_at(page, links["confirm"], "Already confirmed")
    page.goto(links["leave"])
    page.get_by_role("button", name="Leave now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing_on_the_pages_of_the_weekly_email(site, open_page, axe_violations, width, scheme):
    page = open_page(width=width, scheme=scheme, bypass_csp=True)
    for path in ("", "check-inbox/", "welcome/", "sample/", "confirm/x/", "leave/x/", "my-data/x/"):
        page.goto(f"{site}/newsletter/{path}")
        assert (path, axe_violations(page)) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth") == width
