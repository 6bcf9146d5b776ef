"""The page in a real Chromium: what it teaches whoever opens it for the first time, and the words that it uses."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from assistant.web.page import STATIC, words
from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import ask, until, upload, violations
from tests.assistant.web.page_server import PageServer, accepted, done, end, found, line, text


def test_a_sample_is_asked_about_in_two_taps(open_page: OpenPage, page_server: PageServer) -> None:
    """One tap takes the picture, and one asks a question that stands on a button; the focus is never lost."""
    page = open_page()
    page.get_by_role("button", name="Shapes").click()
    first = page.get_by_role("button", name="What color is the circle?")
    expect(first).to_be_focused()
    page_server.replies.append([accepted(), done("The circle is red.")])
    first.click()
    expect(page.locator(".now .answer")).to_have_text("The circle is red.")
    assert page_server.asked[-1].question == "What color is the circle?"
    assert page_server.asked[-1].image == (STATIC / "samples" / "shapes.jpg").read_bytes()
    upload(page)
    expect(page.locator(".sample-questions")).to_have_count(0)


def test_the_demo_model_is_asked_in_english(open_page: OpenPage, page_server: PageServer) -> None:
    """On a Chinese page the buttons have English questions for the demo model, and Chinese ones for a full model."""
    page = open_page("/?lang=zh")
    page.locator("#sample-sign").click()
    first = page.locator(".sample-questions button").first
    expect(first).to_have_text(words("zh")["samples"]["questions"]["sign"][0])
    page_server.status["is_demo"] = True
    expect(first).to_have_text("What does it say?")
    expect(first).to_have_attribute("lang", "en")


def test_what_the_demo_model_is_stands_above_the_picture(open_page: OpenPage, page_server: PageServer) -> None:
    """It says that photographs are not for it, and what works on them all the same."""
    page_server.status["is_demo"] = True
    page = open_page()
    note = page.locator("#demo-note")
    for said in ("Photographs: no", "Read the text", "codes"):
        expect(note).to_contain_text(said)
    assert note.evaluate("(note) => note.getBoundingClientRect().bottom") <= page.locator(".view").evaluate(
        "(view) => view.getBoundingClientRect().top"
    )
    expect(page.locator(".demo")).to_have_count(1)


def test_a_camera_that_cannot_be_chosen_says_why(open_page: OpenPage, page_server: PageServer) -> None:
    """The reason is on the page and belongs to the control; with a camera there is none."""
    page = open_page()
    expect(page.locator("#no-camera")).to_have_count(0)
    page_server.status["has_camera"] = False
    expect(page.locator("#no-camera")).to_contain_text("SeeSay found none")
    expect(page.locator("#source-server")).to_have_attribute("aria-describedby", "no-camera")


@pytest.mark.parametrize(("source", "place"), [("file", "#file"), ("browser", "#shutter")])
def test_a_question_without_a_picture_leads_to_the_picture(open_page: OpenPage, source: str, place: str) -> None:
    """The alert has a button that goes to where a picture is chosen or taken."""
    page = open_page(viewport={"width": 390, "height": 844})
    page.locator(f"label[for=source-{source}]").click()
    ask(page, "What is this?")
    page.get_by_role("button", name="Go to the picture").click()
    expect(page.locator(place)).to_be_focused()
    expect(page.locator("#picture-heading")).to_be_in_viewport()


def test_figures_for_engineers_are_behind_details(open_page: OpenPage, page_server: PageServer) -> None:
    """Tokens and seconds are shown only to whoever opens them."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), text("A red"), done("A red circle.")])
    ask(page, "What is this?")
    figures = page.get_by_text("3 tokens")
    expect(figures).to_be_attached()
    expect(figures).not_to_be_visible()
    page.get_by_text("Details").click()
    expect(figures).to_be_visible()


@pytest.mark.parametrize("has_clipboard", [True, False], ids=["https", "http"])
def test_an_answer_is_copied(open_page: OpenPage, page_server: PageServer, has_clipboard: bool) -> None:
    """It works with and without the browser's clipboard, which pages over plain http do not get."""
    page = open_page(allow=("camera", "microphone", "clipboard-read", "clipboard-write"))
    if not has_clipboard:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not secure')); }")
    upload(page)
    page_server.replies.append([accepted(), done("A red circle.")])
    ask(page, "What is this?")
    copy = page.get_by_role("button", name="Copy")
    copy.click()
    expect(page.locator("#announcer")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "A red circle."
    expect(page.get_by_role("button", name="Copied")).to_be_focused()

    page_server.replies.append(
        [accepted(), found(2), line("Opening"), line("0pen", is_doubtful=True), end("Opening 0pen")]
    )
    page.locator("#read").click()
    page.locator(".now").get_by_role("button", name="Copy").click()
    until(page, lambda: page.evaluate("navigator.clipboard.readText()") == "Opening\n0pen")


def test_what_is_not_measured_is_not_listed(open_page: OpenPage, page_server: PageServer) -> None:
    """A machine without sensors shows the rows that it has, and no plot."""
    page_server.status |= {"power_watts": None, "temperature_celsius": None, "memory_bytes": None}
    page = open_page()
    facts = page.locator(".facts")
    expect(facts).to_contain_text("Waiting questions")
    for term in ("Power", "Temperature", "Memory", "measured"):
        expect(facts).not_to_contain_text(term)
    page.wait_for_timeout(1500)
    expect(page.locator(".plots")).to_have_count(0)


def test_what_is_measured_is_plotted(open_page: OpenPage, page_server: PageServer) -> None:
    """Watts, °C and the queue of the last ten minutes are drawn, and told in words."""
    page = open_page()
    expect(page.locator("#plot-watts")).to_contain_text("Power in the last ten minutes: 8.4 W")
    page_server.status |= {"power_watts": 9.6, "queue": {"length": 3, "limit": 8}}
    expect(page.locator("#plot-watts")).to_contain_text("8.4 W to 9.6 W")
    expect(page.locator("#plot-celsius")).to_contain_text("51 °C")
    expect(page.locator("#plot-queue")).to_contain_text("0 to 3")
    assert page.locator("#plot-watts polyline").evaluate("(line) => line.points.length") >= 3


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_at_the_first_use(
    open_page: OpenPage, page_server: PageServer, language: str, scheme: str
) -> None:
    """This holds for the samples, their questions, the plots, the details and the way to the picture."""
    page_server.status |= {"is_demo": True, "has_camera": False}
    page = open_page(f"/?lang={language}", color_scheme=scheme, reduced_motion="reduce")
    page.locator("#plot-watts").wait_for()
    ask(page, "What is this?")
    page.locator("#to-picture").wait_for()
    violations(page, "samples, and an alert that leads to the picture")
    page.locator("#sample-stars").click()
    page.locator(".sample-questions").wait_for()
    violations(page, "questions about a sample")
    page_server.replies.append([accepted(), done("There are three stars.")])
    page.locator(".sample-questions button").first.click()
    page.locator(".now summary").click()
    violations(page, "details")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    violations(page, "on a phone")
