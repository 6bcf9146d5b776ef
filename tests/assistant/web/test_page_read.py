"""The page in a real Chromium: the button that reads the print in the picture, and its lines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from assistant.web.page import words
from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import UPLOAD, ask, upload, violations
from tests.assistant.web.page_server import (
    HOLD,
    PageServer,
    Refusal,
    accepted,
    done,
    end,
    failed,
    found,
    line,
    sentence,
    text,
)

SEEING = ("seeing", {"advice": None})


def test_lines_appear_as_they_are_read_and_can_be_copied(open_page: OpenPage, page_server: PageServer) -> None:
    """Paragraphs are kept, doubt is seen and heard but not copied, and a line that cannot be read is not left out."""
    page = open_page()
    upload(page)
    page_server.replies.append(
        [
            accepted(), SEEING, found(5), line("Opening hours"), sentence("Opening hours"), HOLD,
            line("0pen", 1, is_doubtful=True), sentence("I am not sure of this line: 0pen"),
            line("From nine", 2), line("to five.", 2), line("", 3, is_doubtful=True), end("Opening hours …"),
        ]
    )  # fmt: skip

    page.get_by_role("button", name="Read the text").click()

    printed = page.locator(".now .printed")
    expect(printed).to_have_text("Opening hours")
    expect(page.locator("#stop")).not_to_have_attribute("aria-disabled", "true")
    page_server.go_on.set()
    expect(page.locator(".now .after")).to_contain_text("Lines: 5")
    assert printed.locator("p").all_inner_texts() == [
        "Opening hours", "0pen (not sure)", "From nine\nto five.", "(a line that cannot be read)",
    ]  # fmt: skip
    expect(page.locator(".doubtful")).to_have_css("text-decoration-line", "underline")
    expect(page.locator("#announcer")).to_contain_text("I am not sure of this line: 0pen")
    copied = page.evaluate(
        """() => { getSelection().selectAllChildren(document.querySelector(".printed")); return getSelection().toString(); }"""
    )
    paragraphs = [part.strip() for part in copied.split("\n\n")]
    assert paragraphs == ["Opening hours", "0pen", "From nine\nto five.", "(a line that cannot be read)"]
    (asked,) = page_server.asked
    assert (asked.path, asked.image, asked.question) == ("/api/read", UPLOAD["buffer"], None)


def test_reading_and_asking_are_one_conversation(open_page: OpenPage, page_server: PageServer) -> None:
    """What was typed stays, the picture is sent once, and a question follows on the page that was read."""
    page = open_page()
    upload(page)
    page.locator("#question").fill("What is this?")
    page_server.replies.append([accepted(), SEEING, found(1), line("Room 401"), end("Room 401")])
    page.locator("#read").click()
    expect(page.locator(".now .after")).to_be_visible()
    expect(page.locator("#question")).to_have_value("What is this?")
    expect(page.locator(".now .asked")).to_contain_text("Read the text")

    page_server.replies.append([accepted(), text("A door."), done("A door.")])
    ask(page, "What is this?")

    expect(page.locator(".now .answer")).to_have_text("A door.")
    expect(page.locator(".earlier .printed")).to_have_text("Room 401")
    assert [(asked.path, asked.conversation) for asked in page_server.asked] == [
        ("/api/read", None),
        ("/api/ask", "c1"),
    ]


def test_a_typed_wish_to_read_gets_the_lines_too(open_page: OpenPage, page_server: PageServer) -> None:
    """The lines stand for the words of the voice."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), SEEING, found(1), line("Room 401"), text("Room 401 "), done("Room 401")])
    ask(page, "Read the text, please.")
    expect(page.locator(".now .after")).to_contain_text("Lines: 1")
    expect(page.locator(".now .answer")).to_have_count(1)
    expect(page.locator(".now .printed")).to_have_text("Room 401")


def test_stop_ends_the_reading_and_keeps_its_lines(open_page: OpenPage, page_server: PageServer) -> None:
    """The server is told, and the connection is closed."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), SEEING, found(2), line("One"), HOLD, line("Two"), end("One Two")])
    page.locator("#read").click()
    expect(page.locator(".now .printed")).to_have_text("One")
    page.keyboard.press("Escape")
    expect(page.locator(".now .state")).to_have_text("Stopped.")
    expect(page.locator(".now .printed")).to_have_text("One")
    assert page_server.left.wait(5)
    expect(page.locator(".alert")).to_have_count(0)


def test_advice_and_a_page_without_print_are_told(open_page: OpenPage, page_server: PageServer) -> None:
    """The advice is seen and heard, and what was said stands where the lines would."""
    page = open_page()
    upload(page)
    advice = ("The picture is blurred.", "Move closer.")
    said = [sentence(each) for each in (*advice, "I see no text.")]
    page_server.replies.append([accepted(), SEEING, found(0, *advice), *said, end("I see no text.")])
    page.locator("#read").click()
    expect(page.locator(".now .note")).to_have_text("The picture is blurred. Move closer.")
    expect(page.locator(".now .answer")).to_have_text("I see no text.")
    expect(page.locator("#announcer")).to_contain_text("Move closer.")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_error_is_one_sentence(open_page: OpenPage, page_server: PageServer, language: str) -> None:
    """Whether it comes at once or in the middle; the lines that came stay."""
    page = open_page(f"/?lang={language}")
    upload(page)
    message = "this machine cannot read print now, and has written down why: ask again later"
    shown = words(language)["errors"]["server"].get("no_reader", message[0].upper() + message[1:] + ".")
    page_server.replies.append([accepted(), SEEING, found(2), line("One"), failed("no_reader", message)])
    page.locator("#read").click()
    expect(page.locator(".alert")).to_have_text(shown)
    expect(page.locator(".now .printed")).to_have_text("One")
    page_server.replies.append(Refusal(503, "no_reader", message))
    page.locator("#read").click()
    expect(page.locator(".alert")).to_have_text(shown)


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_in_a_page_that_was_read(
    open_page: OpenPage, page_server: PageServer, language: str, scheme: str
) -> None:
    """While it grows and afterwards, on a phone too, without sideways scrolling."""
    page = open_page(f"/?lang={language}", color_scheme=scheme, reduced_motion="reduce")
    upload(page)
    page_server.replies.append(
        [
            accepted(), SEEING, found(3, "Move closer."), line("A line of a page, " * 12),
            line("0pen", 1, is_doubtful=True), HOLD, line("", 1, is_doubtful=True), end("…"),
        ]
    )  # fmt: skip
    page.locator("#read").click()
    expect(page.locator(".doubt")).to_be_visible()
    violations(page, "growing")
    page_server.go_on.set()
    page.locator(".now .after").wait_for()
    violations(page, "read")
    page.set_viewport_size({"width": 320, "height": 640})
    violations(page, "on a phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
