"""One real server over a catalogue loaded once, and pages of a real browser that remember what its console said."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_playwright_axe
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = secrets.token_urlsafe(16)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[str]:
    """The address of a server with the bundled catalogue and one administrator."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")} | {
        "DJANGO_SETTINGS_MODULE": "benchlm.settings",
        "STATE_DIR": str(tmp_path_factory.mktemp("state")),
        "PORT": str(port),
        "SITE_URL": address,
        "WEB_CONCURRENCY": "1",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    for command in (
        ["migrate", "-v0"],
        ["import_catalogue"],
        ["collectstatic", "--no-input", "-v0"],
        ["createsuperuser", "--no-input", "--username=curator", "--email=curator@example.org", "-v0"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "benchlm/deploy/gunicorn.conf.py", "--log-level=warning"],
        cwd=ROOT,
        env=environment,
    )
    try:
        wait_for(f"{address}/healthz/")
        yield address
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{address} does not answer")


@pytest.fixture(scope="session")
def admin_account(site) -> tuple[str, str]:
    """Name and password of the site's administrator."""
    return "curator", PASSWORD


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("BROWSER_PATH") or shutil.which("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """A new page in a profile of its own; `page.messages` collects the console's messages and the failed requests."""
    contexts = []

    def open_one(
        *, width: int = 1280, scheme: str = "light", javascript: bool = True, bypass_csp: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        page = context.new_page()
        page.messages = []
        page.on("console", lambda message: page.messages.append(message.text))
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe_violations() -> Callable[[Page], list[str]]:
    """What axe-core finds on a page, as rule and element; the page needs `bypass_csp`, as axe is put into it."""
    script = next(Path(pytest_playwright_axe.__file__).parent.rglob("axe*.js")).read_text()

    def check(page: Page) -> list[str]:
        page.evaluate(script)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]

    return check
