"""The page in a real Chromium: what stands where, on a phone and on a desktop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import ask, until, upload
from tests.assistant.web.page_server import HOLD, PageServer, accepted, done, end, found, line, text

PHONE = {"width": 390, "height": 844}
LONGEST_GAP_PX = 16
FIRST_LINE = """() => {
  const answer = document.querySelector(".now .answer");
  const { top } = answer.getBoundingClientRect();
  return { top, bottom: top + parseFloat(getComputedStyle(answer).lineHeight), height: innerHeight };
}"""


def first_line_is_in_view(page: Page) -> bool:
    line = page.evaluate(FIRST_LINE)
    return bool(line["top"] >= 0 and line["bottom"] <= line["height"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_phone_the_first_line_of_a_growing_answer_is_in_view(
    open_page: OpenPage, page_server: PageServer, language: str
) -> None:
    """Nobody has to scroll to see that the answer comes, and the focus stays in the question."""
    page = open_page(f"/?lang={language}", viewport=PHONE)
    upload(page)
    page_server.replies.append(
        [accepted(), ("seeing", {}), text("A red"), HOLD, text(" circle."), done("A red circle.")]
    )
    page.evaluate("scrollTo(0, 0)")

    ask(page, "What is this?")

    expect(page.locator(".now .answer")).to_have_text("A red")
    until(page, lambda: first_line_is_in_view(page))  # the page may scroll smoothly
    expect(page.locator("#question")).to_be_focused()
    page_server.go_on.set()
    expect(page.locator(".now .answer")).to_have_text("A red circle.")
    until(page, lambda: first_line_is_in_view(page))  # the page may scroll smoothly


def test_on_a_phone_the_first_line_of_print_is_in_view(open_page: OpenPage, page_server: PageServer) -> None:
    """A page that is read comes into view as an answer does."""
    page = open_page(viewport=PHONE)
    upload(page)
    page_server.replies.append(
        [accepted(), found(2), line("Opening hours"), HOLD, line("From nine"), end("Opening hours")]
    )
    page.locator("#read").click()
    expect(page.locator(".now .line")).to_have_text(["Opening hours"])
    until(page, lambda: first_line_is_in_view(page))  # the page may scroll smoothly


def test_who_has_scrolled_away_from_a_growing_answer_is_left_there(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """Further words of an answer do not scroll the page."""
    page = open_page(viewport=PHONE, reduced_motion="reduce")
    upload(page)
    page_server.replies.append([accepted(), text("A red"), HOLD, text(" circle."), done("A red circle.")])
    ask(page, "What is this?")
    expect(page.locator(".now .answer")).to_have_text("A red")
    until(page, lambda: first_line_is_in_view(page))
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page_server.go_on.set()
    expect(page.locator(".now .answer")).to_have_text("A red circle.")
    expect(page.locator(".now .after")).to_be_visible()
    assert page.evaluate("scrollY") == 0


def test_on_a_desktop_no_hole_opens_beside_a_long_history(open_page: OpenPage, page_server: PageServer) -> None:
    """The status stands right below the picture, however long the column of the answers is."""
    page = open_page(viewport={"width": 1280, "height": 720})
    upload(page)
    story = "A red circle on a pale ground, and nothing else that could be told. " * 6
    for number in range(8):
        page_server.replies.append([accepted(), done(story)])
        ask(page, f"Question {number}?")
        expect(page.locator(".earlier li")).to_have_count(number)
        expect(page.locator(".now .after")).to_be_visible()
    gap = page.evaluate(
        """() => {
          const panel = (id) => document.querySelector(`[aria-labelledby=${id}]`).getBoundingClientRect();
          return panel("status-heading").top - panel("picture-heading").bottom;
        }"""
    )
    assert 0 <= gap <= LONGEST_GAP_PX


def test_thumbnails_show_the_whole_picture(open_page: OpenPage, page_server: PageServer) -> None:
    """Nothing is cut off at the sides of an earlier picture."""
    page = open_page()
    upload(page)
    for number in range(2):
        ask(page, f"Question {number}?")
        expect(page.locator(".earlier li")).to_have_count(number)
        expect(page.locator(".now .after")).to_be_visible()
    assert page.locator(".earlier img").evaluate("(img) => getComputedStyle(img).objectFit") == "contain"
