"""A real browser for tests: Debian's Chromium, driven by playwright.

    def test_a_lead_is_accepted_with_one_click(visitor):
        page = visitor(Role.REP)                      # logged in; also dark=True, phone=True, without_scripts=True
        page.goto("/leads/")
        ...

Whatever the browser complains about (a script that failed, something that the policy refused) fails the test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 667}


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium; the test is skipped where there is none, and fails where ASSAY_TEST_BROWSER=required."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing = "there is no Chromium: install it (on Debian: apt install chromium)"
        if os.environ.get("ASSAY_TEST_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, which Django would take for code that must not wait for a database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def visitor(browser, live_server, client_of, request) -> Iterator[Callable[..., object]]:
    """A function that returns a page of a browser, of somebody with a role who logged in, or of nobody."""
    from django.conf import settings

    opened, complaints = [], []

    def visit(role=None, *, dark: bool = False, phone: bool = False, without_scripts: bool = False):
        context = browser.new_context(
            base_url=live_server.url,
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            java_script_enabled=not without_scripts,
        )
        if role is not None:
            session = client_of(role).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        opened.append((context, page))
        return page

    yield visit
    for n, (context, page) in enumerate(opened):
        keep(page, f"{request.node.name}-{n}")
        context.close()
    assert complaints == []


def keep(page, name: str) -> None:
    """Keep a picture of a page where ASSAY_TEST_SCREENSHOTS names a folder."""
    folder = os.environ.get("ASSAY_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name.replace('/', '-')}.png", full_page=True)


def is_too_wide(page) -> bool:
    """Tell whether one would have to scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
