"""A Chromium for the tests of the page, and pages in it.

Playwright drives Debian's own browser. Unlike selenium, it waits by itself for what is to come and sets dark mode,
reduced motion and permissions for each page. It brings no browser of its own, and none is downloaded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.assistant.web.page_server import PATIENCE_SECONDS, PageServer, tone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OpenPage = Callable[..., "Page"]


@contextlib.contextmanager
def chromium(microphone: Path) -> Iterator[Browser]:
    """A browser that hears a WAV file, from its start for each recording, and sees Chromium's test picture."""
    from playwright.sync_api import sync_playwright

    if _CHROMIUM is None:
        pytest.skip("no Chromium: apt install chromium")
    flags = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
        "--disable-dev-shm-usage",  # because /dev/shm is small in containers
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium has no sandbox for root
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        yield launched
        launched.close()


# not for the session, because asyncio cannot be used in this thread while playwright runs
@pytest.fixture(scope="module")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    voice = tmp_path_factory.mktemp("voice") / "voice.wav"
    voice.write_bytes(tone(20.0, 500.0))
    with chromium(voice) as launched:
        yield launched


@pytest.fixture(scope="module")
def _page_server() -> Iterator[PageServer]:
    with PageServer() as server:
        yield server


@pytest.fixture
def page_server(_page_server: PageServer) -> PageServer:
    _page_server.reset()
    return _page_server


@pytest.fixture(scope="module")
def _pages(_browser: Browser, _page_server: PageServer) -> Iterator[Tabs]:
    pages = Tabs(_browser, _page_server.address)
    yield pages
    pages.close()


@pytest.fixture
def open_page(_pages: Tabs, page_server: PageServer) -> Iterator[OpenPage]:
    """Opens the page with the test's own settings, and asserts at the end that nothing in it broke."""
    yield _pages.open
    page_server.go_on.set()
    assert _pages.put_away() == []


class Tabs:
    """A tab for each kind of page, kept from test to test, because opening one anew takes longer than most tests."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._tabs: dict[str, Page] = {}
        self._broken: list[str] = []

    def open(self, path: str = "/", *, allow: tuple[str, ...] = ("camera", "microphone"), **settings: Any) -> Page:
        kind = repr((allow, sorted(settings.items())))
        if kind not in self._tabs:
            self._tabs[kind] = self._new_tab(allow, settings)
        page = self._tabs[kind]
        page.goto(path)
        page.locator("#question, #token").wait_for()
        return page

    def put_away(self) -> list[str]:
        """Leaves all pages and clears what they stored. Returns what has broken in them since the last call."""
        for page in self._tabs.values():
            page.context.set_offline(False)
            if page.url.startswith(self._address):
                page.evaluate("localStorage.clear()")
                page.goto("about:blank")
        broken, self._broken = self._broken, []
        return broken

    def close(self) -> None:
        for page in self._tabs.values():
            page.context.close()

    def _new_tab(self, allow: tuple[str, ...], settings: dict[str, Any]) -> Page:
        from playwright.sync_api import expect

        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        context = self._browser.new_context(base_url=self._address, permissions=list(allow), **settings)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: self._broken.append(str(error)))
        page.on("console", lambda said: self._broken.append(said.text) if "Security Policy" in said.text else None)
        return page
