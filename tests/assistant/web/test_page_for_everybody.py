"""The page in a real Chromium: by keyboard, with a screen reader, on a phone, in the dark, in each language."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import FileChooser, expect

from assistant.web.page import LANGUAGES, words
from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import UPLOAD, ask, focus_contrast, focus_is_visible, until, upload, violations
from tests.assistant.web.page_server import HOLD, PageServer, Refusal, accepted, done, sentence, text

QUESTION = "What is this, in so many words that they do not fit into one line of a phone?"
SMALLEST_TARGET_PX = 24
TARGETS_BELOW = """(least) => [...document.querySelectorAll("a, button, .segments label, label.btn, #question, #aloud")]
  .filter((e) => !e.classList.contains("skip"))
  .map((e) => [e.id || e.textContent, e.getBoundingClientRect()])
  .filter(([, box]) => box.width < least || box.height < least).map(([name]) => name)"""
NARROW_TEXTS = """(letters) => [...document.querySelectorAll("p, dd, dt, label, .btn, h1, h2")]
  .filter((e) => e.textContent.trim() && !e.closest(".visually-hidden") && !e.matches(".skip"))
  .filter((e) => e.clientHeight > 2 * parseFloat(getComputedStyle(e).fontSize)) // two lines or more
  .map((e) => [e, e.clientWidth / parseFloat(getComputedStyle(e).fontSize)])
  .filter(([, width]) => width < letters).map(([e, width]) => `${width.toFixed(1)}: ${e.textContent}`)"""
TEXTS_CUT_OFF = """() => [...document.querySelectorAll("p, button, label, dd, dt, h1, h2")]
  .filter((e) => !e.closest(".visually-hidden") && getComputedStyle(e).display !== "inline")
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""


def test_screen_readers_hear_sentences_not_tokens(open_page: OpenPage, page_server: PageServer) -> None:
    """The status region gets one addition for each sentence, however many pieces the text comes in."""
    page = open_page()
    upload(page)
    page.evaluate(
        """() => {
          window.heard = [];
          const hear = (changes) => changes.forEach((c) => c.addedNodes.forEach((node) => heard.push(node.textContent)));
          new MutationObserver(hear).observe(document.querySelector("#announcer"), { childList: true, subtree: true });
        }"""
    )
    one, two = "A red circle.", "It is large."
    pieces = [text(letter) for letter in f"{one} {two}"]
    page_server.replies.append(
        [accepted(), ("seeing", {}), *pieces, sentence(one), sentence(two), done(f"{one} {two}")]
    )

    ask(page, "What is this?")

    expect(page.locator(".now .answer")).to_have_text(f"{one} {two}")
    assert page.evaluate("heard") == ["Looking at the picture …", one, two]
    region = page.locator("#announcer")
    assert region.get_attribute("role") == "status"
    assert region.get_attribute("aria-atomic") == "false"
    for shown in (".answer", ".chip"):
        expect(page.locator(shown).locator("xpath=ancestor-or-self::*[@aria-live or @role='status']")).to_have_count(0)


def test_everything_works_by_keyboard_alone(open_page: OpenPage, page_server: PageServer) -> None:
    """Tab reaches each control in the order of the page, each shows that it has the focus, and Escape stops."""
    page = open_page()
    choosers: list[FileChooser] = []
    # The handler is set long before the key press, because Playwright does not wait until the page listens.
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    reached = []
    for _ in range(15):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        reached.append(here)
        assert focus_is_visible(page), f"nothing shows that {here} has the focus"
        if here == "aloud":
            break
    assert reached == [
        "Skip to the question", "English", "中文", "source-server", "sample-shapes", "sample-sign",
        "sample-stars", "shutter", "question", "ask", "read", "microphone", "stop", "aloud",
    ]  # fmt: skip

    for _ in range(10):
        page.keyboard.press("Shift+Tab")  # goes back to the sources
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("A file")).to_be_checked()
    for _ in range(4):  # past the three samples
        page.keyboard.press("Tab")
    assert focus_is_visible(page)
    page.keyboard.press("Enter")
    until(page, lambda: choosers)
    choosers[0].set_files([UPLOAD])  # type: ignore[list-item]
    expect(page.locator(".caption")).to_have_text("circle.jpg")

    page.keyboard.press("Tab")
    page.keyboard.type("What is this?")
    page_server.replies.append([accepted(), text("A red"), HOLD, done("A red circle.")])
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_have_text("A red")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".state")).to_have_text("Stopped.")
    expect(page.locator("#stop")).to_be_focused()

    page_server.replies.append([accepted(), text("Red"), HOLD, done("Red.")])
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    page.keyboard.type("Which colour?")
    page.keyboard.press("Enter")
    expect(page.locator(".now .answer")).to_have_text("Red")
    page.keyboard.press("Escape")
    expect(page.locator(".now .state")).to_have_text("Stopped.")


def test_the_skip_link_leads_to_the_question(open_page: OpenPage) -> None:
    """The first Tab and Enter lead to the question."""
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_be_focused()


def test_the_focus_is_never_taken_away(open_page: OpenPage, page_server: PageServer) -> None:
    """No answer, error or status takes the focus, and a button that makes way for another gives its focus to that."""
    page = open_page()
    upload(page)
    question = page.locator("#question")
    page_server.replies.append([accepted(), ("seeing", {}), text("A"), sentence("A.", "/api/speech/1.wav"), done("A.")])
    ask(page, "One?")
    expect(page.locator(".now .answer")).to_have_text("A.")
    expect(question).to_be_focused()
    page_server.replies.append(Refusal(503, "away", "the engine is not ready yet"))
    ask(page, "Two?")
    expect(page.locator(".alert")).to_be_visible()
    expect(question).to_be_focused()

    page.get_by_role("button", name="Close").press("Enter")
    assert page.evaluate("document.activeElement !== document.body")
    page.locator("#microphone").press("Enter")
    expect(page.locator(".recording")).to_be_visible()
    expect(page.locator("#microphone")).to_be_focused()
    page.locator("#stop").press("Enter")
    expect(page.locator(".recording")).to_have_count(0)
    expect(page.locator("#stop")).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height"), [(360, 740), (320, 256)], ids=["phone", "400 percent zoom"])
def test_a_narrow_page_needs_no_sideways_scrolling_and_has_large_targets(
    open_page: OpenPage, page_server: PageServer, language: str, width: int, height: int
) -> None:
    """Nothing is wider than the screen, every target is at least 24 pixels, and no text is cut off."""
    page = open_page(f"/?lang={language}", viewport={"width": width, "height": height})
    upload(page)
    for reply in (
        [accepted(), sentence("A.", "/api/speech/1.wav"), done("A red circle.")],
        Refusal(503, "x", "no" * 60),
    ):
        page_server.replies.append(reply)
        ask(page, "What is this, in so many words that they do not fit into one line of a phone?")
        page.locator(".now .after, .alert").first.wait_for()

    for spacing in ("normal", "0.12em"):  # the second is the spacing that a reader may set, from WCAG 1.4.12
        page.evaluate("spacing => (document.body.style.letterSpacing = spacing)", spacing)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TARGETS_BELOW, SMALLEST_TARGET_PX) == []
        assert page.evaluate(TEXTS_CUT_OFF) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_of_twice_the_size_stays_text_on_a_phone(
    open_page: OpenPage, page_server: PageServer, language: str
) -> None:
    """If only the letters are enlarged, no box is so narrow that words break into letters, and nothing scrolls
    sideways.
    """
    answer = "The red circle is at the top left of the picture."
    page_server.status |= {
        "last_question": QUESTION,
        "last_answer": answer,
        "is_demo": True,
        "engine_away": "192.168.1.20",
    }
    page = open_page(f"/?lang={language}", viewport={"width": 360, "height": 740})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    upload(page)
    for reply in ([accepted(), done(answer)], [accepted(), done(answer)], Refusal(503, "x", f"{answer} {answer}")):
        page_server.replies.append(reply)
        ask(page, QUESTION)
        page.locator(".now .after, .alert").first.wait_for()
    page.locator(".alert").wait_for()
    if folder := os.environ.get("SEESAY_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/twice-{language}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(NARROW_TEXTS, 5) == []
    assert page.evaluate(TEXTS_CUT_OFF) == []


def test_nothing_moves_for_those_who_do_not_want_it(open_page: OpenPage, page_server: PageServer) -> None:
    """Under reduced motion the waiting dot stands still, and otherwise it moves."""
    for motion, moving in (("reduce", 0), ("no-preference", 1)):
        page = open_page(reduced_motion=motion)
        upload(page)
        page_server.replies.append([accepted(), ("seeing", {}), HOLD, done("A.")])
        ask(page, "What is this?")
        expect(page.locator(".state")).to_have_text("Looking at the picture …")
        assert min(1, page.evaluate("document.getAnimations().length")) == moving


def test_the_language_is_switched_without_losing_the_conversation(open_page: OpenPage, page_server: PageServer) -> None:
    """Every word and the page's own language change; question and answer stay and keep their language."""
    page = open_page()
    upload(page)
    page_server.replies.append([accepted(), done("A red circle.")])
    ask(page, "What is this?")
    expect(page.locator(".now .answer")).to_have_text("A red circle.")
    page.get_by_role("link", name="中文").click()

    expect(page.get_by_role("heading", name="回答")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".now .answer")).to_have_attribute("lang", "en")
    expect(page).to_have_title(words("zh")["title"])
    left = page.locator("main").inner_text()
    for known in ("A red circle.", "What is this?", "circle.jpg", "a model of the tests", "SeeSay", "GB", "°C", "W"):
        left = left.replace(known, "")
    assert re.findall(r"[A-Za-z]{3,}", left.replace("Esc", "")) == []


# Colours differ by scheme and words by language, so two of the four pairs cover all of both.
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_in_any_state(
    open_page: OpenPage, page_server: PageServer, language: str, scheme: str
) -> None:
    """From the empty page to the error, WCAG 2.2 AA and good practice hold as far as a program can see."""
    said = words(language)
    page_server.status |= {"is_demo": True, "pictures_go_to": "192.168.1.20"}
    page = open_page(f"/?lang={language}", color_scheme=scheme, reduced_motion="reduce")
    violations(page, "empty")
    page.locator("label[for=source-browser]").click()
    page.locator("#shutter").click()
    until(page, "document.querySelector('#live-view')?.videoWidth > 0")
    violations(page, "live camera")
    page.evaluate("document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true }))")
    page.locator(".dropping").wait_for()
    violations(page, "dropping")
    page.evaluate("document.body.dispatchEvent(new DragEvent('dragleave', { bubbles: true }))")
    page.locator("label[for=source-file]").click()
    page.locator("#file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.locator("#picture-problem .alert").wait_for()
    violations(page, "no picture")

    upload(page)
    page_server.status["state"] = "thinking"
    heard, seeing = ("heard", {"text": "what is this", "confidence": 0.3}), ("seeing", {"advice": "It is too dark."})
    page_server.replies.append(
        [
            accepted(1),
            HOLD,
            heard,
            seeing,
            text("A red"),
            HOLD,
            sentence("A.", "/api/speech/100.wav"),
            done("A red circle."),
        ]
    )
    ask(page, "What is this?")
    expect(page.locator(".state")).to_be_visible()
    violations(page, "waiting")
    page_server.status["state"] = "speaking"
    page_server.go_on.set()
    expect(page.locator(".answer")).to_have_text("A red")
    expect(page.locator(".note")).to_have_count(2)
    violations(page, "growing, with advice and doubt")
    page_server.go_on.set()
    page.locator(".now .after").wait_for()
    until(page, "document.querySelector('#stop').getAttribute('aria-disabled') === null")
    expect(page.locator(".chip")).to_contain_text(said["status"]["states"]["speaking"])
    violations(page, "answered, being read aloud")
    page_server.status["state"] = "listening"
    page.locator("#microphone").click()
    page.locator(".recording").wait_for()
    expect(page.locator(".chip")).to_contain_text(said["status"]["states"]["listening"])
    violations(page, "recording")
    page.locator("#stop").click()
    page_server.replies.append([accepted(), text("A long"), HOLD, done("A long story.")])
    ask(page, "Tell me all.")
    expect(page.locator(".now .answer")).to_have_text("A long")
    page.locator("#stop").click()
    expect(page.locator(".now .state")).to_have_text(said["answer"]["stopped"])
    violations(page, "stopped")

    page_server.replies.append(Refusal(429, "queue_full", "ask again in 5 s", "5"))
    ask(page, "Which colour?")
    page.locator(".alert").wait_for()
    if language == "zh":
        expect(page.locator(".alert")).to_have_text("排队的人太多。请在 5 秒后重试。")
    violations(page, "error, with earlier questions")
    page.get_by_role("button", name=said["errors"]["close"]).hover()
    violations(page, "hover")
    page_server.replies.append(Refusal(401, "token_wanted", "log in first"))
    ask(page, "Which colour?")
    page.locator(".alert-link").wait_for()
    violations(page, "to be logged in again")
    page.context.set_offline(True)
    expect(page.locator(".chip")).to_contain_text(said["status"]["states"]["away"])
    violations(page, "not connected")
    page.set_viewport_size({"width": 320, "height": 640})
    violations(page, "on a phone")
    page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize(("language", "scheme"), [("en", "dark"), ("zh", "light")])
def test_the_login_form_is_for_everybody_too(
    open_page: OpenPage, page_server: PageServer, language: str, scheme: str
) -> None:
    """On a phone axe finds nothing before the login, after a wrong token and after too many, and all controls fit."""
    said = words(language)["login"]
    page = open_page(f"/login?lang={language}", color_scheme=scheme, viewport={"width": 320, "height": 640})
    violations(page, "login")
    for error in ("wrong", "too_many"):
        page.locator("#token").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text(said[error])
        violations(page, f"login refused: {error}")
    assert page_server.logins[-1] == {"token": "wrong", "next": "/"}
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(TARGETS_BELOW, SMALLEST_TARGET_PX) == []
    assert page.evaluate(TEXTS_CUT_OFF) == []
    for target in ("#token", "[type=submit]"):
        page.locator(target).focus()
        assert focus_contrast(page) >= 3, target


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_stands_out(open_page: OpenPage, scheme: str) -> None:
    """The outline has a contrast of 3:1 or more to its surroundings, on every control, in light and in dark."""
    page = open_page(color_scheme=scheme)
    seen = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        seen.add(here)
        assert focus_is_visible(page), here
        assert focus_contrast(page) >= 3, here
    assert {"source-server", "shutter", "question", "ask", "read", "microphone", "stop", "aloud"} <= seen


def test_without_a_script_the_page_says_what_there_is_instead(open_page: OpenPage) -> None:
    """The message is in the page's language. (axe-core is a script itself, and would wait for ever.)"""
    page = open_page("/login", java_script_enabled=False)
    page.goto("/")
    instead = page.locator("noscript p")
    expect(instead).to_be_visible()
    expect(instead).to_have_text(words("en")["needs_javascript"])
