"""The inspection round on the page, in a real Chromium over the real server, while the round goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.inspection.round_shown import AWAITED, STATES
from assistant.inspection.rounds.moment import Evidence
from assistant.web.page import LANGUAGES, words
from tests.assistant.inspection.rounds.test_rules import GUARD, PUMP, TANK, Talk
from tests.assistant.web.api.serving import Running, SteppedEngine, parts_with, running
from tests.assistant.web.page_help import violations
from tests.assistant.web.page_server import PATIENCE_SECONDS
from tests.assistant.web.test_page_for_everybody import TEXTS_CUT_OFF

TOKEN = "a-token-of-the-tests-alone"
PHONE = {"width": 390, "height": 844}
OpenPage = Callable[[str, str], Page]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(parts_with(SteppedEngine()), token=TOKEN) as server:
        yield server


@pytest.fixture
def open_page(_browser: Browser, server: Running) -> Iterator[OpenPage]:
    """Opens the page on a phone, logged in. At the end, no script of it has failed."""
    contexts, broken = [], list[str]()

    def opened(language: str, scheme: str) -> Page:
        settings: dict[str, Any] = {"viewport": PHONE, "color_scheme": scheme}
        context = _browser.new_context(base_url=server.address, **settings)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"/?lang={language}")
        page.locator("#token").fill(TOKEN)
        page.keyboard.press("Enter")
        page.locator("#question").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert broken == []


def test_the_page_shows_a_round_while_it_goes_on(open_page: OpenPage, server: Running) -> None:
    """Nothing before it, then each station in words, and only the line with the station is told by itself."""
    server.services.board.round_now = lambda: None
    page = open_page("en", "light")
    assert page.locator(".round").count() == 0
    talk = Talk(TANK, PUMP, GUARD)
    server.services.board.round_now = lambda: talk.shown

    expect(page.locator("#round-here")).to_have_text("Station 1 of 3: the tank")
    expect(page.locator("#round-awaits")).to_have_text("Awaited: the answer. How warm is the tank?")
    stations = page.locator(".stations > li")
    expect(stations).to_have_count(3)
    expect(stations.nth(0)).to_contain_text("1. the tank open")
    expect(stations.nth(1)).to_contain_text("Limits: 6 to 8 bar")
    expect(stations.nth(2)).to_contain_text("Should be: yes")
    expect(page.locator(".stations > li[aria-current=step] .station-name")).to_have_text("1. the tank")

    talk.hear("forty two", "yes", "four seven")
    talk.see(Evidence("9.4 bar", "9.4", is_said=True))
    talk.hear("nine point one", "confirm", "a new seal", "note the floor is wet")
    expect(page.locator("#round-here")).to_have_text("Station 3 of 3: the guard")
    for text in ("in order", "Value: 42 °C", "Limit: at most 60 °C"):
        expect(stations.nth(0)).to_contain_text(text)
    for text in ("outside the limits, doubtful", "Value: 9.1 bar", "Read by the camera: 9.4 bar", "Reason: a new seal"):
        expect(stations.nth(1)).to_contain_text(text)
    expect(page.locator(".stations > li[aria-current=step] .station-name")).to_have_text("3. the guard")
    expect(page.locator("#round-notes li")).to_have_text(["the guard: the floor is wet"])
    expect(page.locator("#round-done")).to_have_text("2 of 3 stations are done.")
    assert page.locator("#round-here").get_attribute("aria-live") == "polite"
    assert page.locator(".round [aria-live], .round [role=status], .round [role=alert]").count() == 1

    talk.hear("skip", "it is gone")
    expect(page.locator("#round-here")).to_have_text("No station is open any more.")
    talk.hear("finish")
    expect(page.locator("#round-here")).to_have_text("The round has ended.")
    expect(page.locator("#round-awaits")).to_have_count(0)
    expect(stations.nth(2)).to_contain_text("skipped")


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("zh", "dark"), ("zh", "light")])
def test_a_round_is_for_everybody(open_page: OpenPage, server: Running, language: str, scheme: str) -> None:
    """On a phone axe finds nothing, in light and in dark, and nothing is cut off."""
    talk = Talk(TANK, PUMP, GUARD)
    talk.hear("forty two", "yes", "four seven")
    talk.see(Evidence("9.4 bar", "9.4", is_said=True))
    talk.hear("nine point one", "confirm", "a new seal", "note the floor is wet", "skip", "it is gone", "back")
    server.services.board.round_now = lambda: talk.shown
    page = open_page(language, scheme)
    expect(page.locator(".stations > li")).to_have_count(3)
    said = words(language)["round"]
    expect(page.locator(".stations > li").nth(2)).to_contain_text(said["states"]["skipped"])
    expect(page.locator("#round-heading")).to_contain_text(said["heading"])
    violations(page, f"a round, {language}, {scheme}")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TEXTS_CUT_OFF) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_a_round_tells_has_words(language: str) -> None:
    """Each state, each thing that is awaited, and yes and no."""
    said = words(language)["round"]
    assert said["awaited"].keys() == set(AWAITED)
    assert said["states"].keys() == set(STATES)
    assert said["answers"].keys() == {"yes", "no"}
