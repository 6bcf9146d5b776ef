"""The page in a real Chromium over the real server, by keyboard alone. Only the engine is one that the test steps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FileChooser, Page, expect

from assistant.answering.page_lines import PageReader
from tests.assistant.fake_reader import FakeReader
from tests.assistant.fake_reader import page as page_of
from tests.assistant.web.api.serving import SteppedEngine, eventually, parts_with, running
from tests.assistant.web.conftest import Tabs
from tests.assistant.web.page_help import UPLOAD, until

TOKEN = "a-token-of-the-tests-alone"


@pytest.fixture
def engine() -> SteppedEngine:
    return SteppedEngine()


@pytest.fixture
def page(_browser: Browser, engine: SteppedEngine) -> Iterator[Page]:
    """A page that is logged in. At the end, no script has failed and nothing has broken the security policy."""
    pages = PageReader(FakeReader(page_of("Opening hours\n\n0pen\n\nFrom nine\nto five.", unsure=["0pen"])))
    with running(parts_with(engine, pages=pages), token=TOKEN, queue_limit=1) as server:
        tabs = Tabs(_browser, server.address)
        page = tabs.open("/?lang=en", viewport={"width": 390, "height": 844})
        page.locator("#token").focus()
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        page.locator("#question").wait_for()
        try:
            yield page
        finally:
            broken = tabs.put_away()
            tabs.close()
        assert broken == []


def test_upload_streamed_answer_follow_up_stop_error(page: Page, engine: SteppedEngine) -> None:
    """One visit with nothing but keys, at a phone's width, goes through everything that ships."""
    answer, problem = page.locator(".now .answer"), page.locator("#ask-problem")

    choosers: list[FileChooser] = []
    # The handler is set long before the key press, because Playwright does not wait until the page listens.
    page.on("filechooser", lambda chooser: choosers.append(chooser))

    # An upload.
    expect(page.get_by_label("A file")).to_be_checked()  # this server has no camera
    page.locator("#file").focus()
    page.keyboard.press("Enter")
    until(page, lambda: choosers)
    choosers[0].set_files([UPLOAD])  # type: ignore[list-item]
    expect(page.locator(".caption")).to_have_text("circle.jpg")

    # An answer, word by word.
    engine.tokens = 3
    page.keyboard.press("Tab")
    page.keyboard.type("What is this?")
    page.keyboard.press("Enter")
    engine.steps.release(1)
    expect(answer).to_have_text("word")
    engine.steps.release(1)
    expect(answer).to_have_text("word word")
    engine.steps.release(1)
    expect(page.locator(".after")).to_contain_text("3 tokens")
    expect(page.locator("#question")).to_be_focused()

    # A further question on the same picture.
    engine.steps.release(3)
    page.keyboard.type("And now?")
    page.keyboard.press("Enter")
    expect(page.locator(".earlier .asked")).to_contain_text("What is this?")
    expect(page.locator(".now .after")).to_contain_text("3 tokens")
    assert (engine.asked, engine.seen) == (["What is this?", "And now?"], 1)

    # A stop, within a token.
    engine.tokens = 1000
    page.keyboard.type("Tell me all.")
    page.keyboard.press("Enter")
    engine.steps.release(2)
    expect(answer).to_have_text("word word")
    page.keyboard.press("Escape")
    expect(page.locator(".now .state")).to_have_text("Stopped.")
    decoded = engine.decoded
    engine.steps.release(100)
    until(page, lambda: page.evaluate("fetch('/api/status').then((r) => r.json()).then((s) => s.queue.length)") == 0)
    assert engine.decoded <= decoded + 1

    # An error in the middle of an answer, and the next question.
    engine.error = RuntimeError("of the inside")
    page.keyboard.type("Once more?")
    page.keyboard.press("Enter")
    expect(problem).to_contain_text("Something failed here that should not have: ask again")
    expect(page.locator(".now .state")).to_have_text("No answer.")
    engine.error, engine.tokens = None, 1
    page.keyboard.type("Again?")
    page.keyboard.press("Enter")
    expect(page.locator(".now .after")).to_contain_text("1 tokens")
    expect(page.locator(".alert")).to_have_count(0)


def test_the_button_reads_the_print_and_the_engine_is_not_asked(page: Page, engine: SteppedEngine) -> None:
    """By keyboard: the lines are shown, told to a screen reader, and doubtful ones are marked."""
    page.locator("#file").set_input_files([UPLOAD])  # type: ignore[list-item]
    expect(page.locator(".caption")).to_have_text("circle.jpg")
    page.locator("#read").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".now .after")).to_contain_text("Lines: 4")
    texts = page.locator(".now .printed p").all_inner_texts()
    assert texts == ["Opening hours", "0pen (not sure)", "From nine\nto five."]
    expect(page.locator("#announcer")).to_contain_text("I am not sure of this line: 0pen")
    assert (engine.seen, engine.asked) == (0, [])


def test_a_full_queue_is_told_with_the_time_to_come_back(page: Page, engine: SteppedEngine) -> None:
    """The question stays in the field where it was typed."""
    page.locator("#file").set_input_files([UPLOAD])  # type: ignore[list-item]
    expect(page.locator(".caption")).to_have_text("circle.jpg")
    other = page.evaluate_handle(
        """async () => {
          const form = new FormData();
          form.set("question", "first");
          const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
          pen.fillStyle = "white";
          pen.fillRect(0, 0, canvas.width, canvas.height);
          pen.fillStyle = "red";
          for (let x = 0; x < 10; x++) pen.fillRect(30 * x, 10 * x, 15, 40);  // a blank one would not be asked about
          form.set("image", await new Promise((done) => canvas.toBlob(done)));
          return (await fetch("/api/ask", { method: "POST", body: form })).body.getReader();
        }"""
    )
    assert eventually(lambda: engine.asked == ["first"])
    page.locator("#question").fill("second")
    page.locator("#question").press("Enter")
    expect(page.locator("#ask-problem")).to_contain_text("1 questions are being answered or wait already: ask again in")
    expect(page.locator("#question")).to_have_value("second")
    other.evaluate("(reader) => reader.cancel()")
