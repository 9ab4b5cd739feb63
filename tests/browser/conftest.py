"""One site over the bundled catalogue, served as in production, and a real browser to look at it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright runs a loop in this thread

ROOT = Path(__file__).parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
AXE = Path(find_spec("pytest_playwright_axe").origin).parent / "resources" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # the rest would change the site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def admin_account() -> tuple[str, str]:
    """User name and password of an administrator of `site`."""
    return "curator", secrets.token_urlsafe(15)


@pytest.fixture(scope="session")
def site(tmp_path_factory, admin_account) -> Iterator[str]:
    """The address of a running site, without a slash at its end; its database is made once and shared by all tests."""
    state = tmp_path_factory.mktemp("site")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    name, password = admin_account
    environment = {each: os.environ[each] for each in KEPT if each in os.environ} | {
        "STATE_DIR": str(state),
        "DATABASE_URL": f"sqlite:///{state}/benchlm.sqlite3",
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "DJANGO_SUPERUSER_PASSWORD": password,
    }
    for command in (
        ["migrate", "--no-input"],
        ["import_catalogue"],
        ["shell", "--command", "from tests.clock import days_passed; days_passed(10)"],
        ["createsuperuser", "--no-input", "--username", name, "--email", ""],
        ["collectstatic", "--no-input"],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"
    log = state / "gunicorn.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "benchlm/deploy/gunicorn.conf.py"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, server, log)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_healthy(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urlopen(f"{address}/healthz/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The site did not start:\n{log.read_text()}")


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """Open an empty page in a browser profile of its own. What its console, scripts and requests complain about is in `page.messages`."""
    contexts = []

    def open_one(
        *, width: int = 1280, scheme: str = "light", javascript: bool = True, bypass_csp: bool = False
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            bypass_csp=bypass_csp,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.messages = []
        page.on("console", lambda message: page.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.messages.append(f"error: {error}"))
        page.on("requestfailed", lambda request: note_failure(page, request))
        return page

    yield open_one
    for context in contexts:
        context.close()


def travel(page: Page, steps: int = -1) -> None:
    """Go back, or forward, in the page's own history, until the page that htmx loads anew is there.

    Playwright's own `go_back` fails when that happens while it waits.
    """
    with page.expect_event("load"):
        page.evaluate("steps => setTimeout(() => history.go(steps))", steps)


def note_failure(page: Page, request) -> None:
    if request.failure != "net::ERR_ABORTED":  # the page's own change of mind: a newer swap or suggestion
        page.messages.append(f"failed: {request.url} {request.failure}")


@pytest.fixture(scope="session")
def axe_violations() -> Callable[[Page], list[str]]:
    """What axe-core finds on a page opened with bypass_csp=True, as "rule: target"; empty when all is well.

    The page is looked at as it is, and once more in dark colours, which only the rule on contrast can tell apart.
    """
    script = AXE.read_text()

    def run(page: Page, rules: list[str]) -> list[str]:
        found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
        return [
            f"{violation['id']}: {' '.join(map(str, node['target']))}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def find(page: Page) -> list[str]:
        page.evaluate("document.documentElement.classList.add('laid', 'whole')")  # no row is skipped for being far away
        page.evaluate(script)
        found = run(page, AXE_RULES)
        page.emulate_media(color_scheme="dark")
        page.evaluate(
            "() => Promise.allSettled(document.getAnimations().map(each => each.finished))"
        )  # the admin's links fade
        return found + [f"dark: {each}" for each in run(page, ["color-contrast"])]

    return find
