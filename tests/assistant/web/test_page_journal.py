"""The journal's page in a real Chromium over the real server: by keyboard, on a phone, in the dark, in each language."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.inspection.journal import Journal
from assistant.inspection.record import STEP, Record
from assistant.web.journal import JournalAccess
from assistant.web.page import LANGUAGES, words
from tests.assistant.inspection.test_journal import NOON, turn
from tests.assistant.inspection.test_report_page import SCRIPT
from tests.assistant.web.api.serving import Running, SteppedEngine, parts_with, running
from tests.assistant.web.page_help import focus_is_visible, violations
from tests.assistant.web.page_server import PATIENCE_SECONDS, picture
from tests.assistant.web.test_page_for_everybody import TEXTS_CUT_OFF

TOKEN = "a-token-of-the-tests-alone"
PHONE = {"width": 390, "height": 844}
TARGETS_BELOW_24_PX = """() => [...document.querySelectorAll("a, button, input, select")]
  .filter((e) => !e.classList.contains("skip") && e.type !== "hidden")
  .filter((e) => { const box = e.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
  .map((e) => e.id || e.textContent)"""
OpenJournal = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a journal with all that a record can have."""
    folder = tmp_path_factory.mktemp("journal")
    step: dict[str, Any] = {"unit": "bar", "low": 6.0, "high": 8.5, "round_id": "r1", "round_title": "Pump room"}
    with Journal.write(folder) as journal:
        journal.append(turn(f"what is this {SCRIPT}", "A red circle.", language="en"), picture())
        journal.append(
            Record(STEP, NOON, station="P2", value="9.1", spoken="nine point one", reading="9.4", doubt="unsure",
                   reason="new seal", is_out_of_limits=True, is_confirmed=True, **step),
            picture(),
        )  # fmt: skip
        for place in range(21):
            journal.append(turn(f"is pump {place} on", "Yes.", language="en"))
        journal.append(turn("阀门是开着的吗", "我看不清。", language="zh", doubt="cannot tell"))
        access = JournalAccess(folder, keeps_pictures=True, records_go_to=("hall3.example",))
        with running(parts_with(SteppedEngine(), journal=access), token=TOKEN) as server:
            yield server


@pytest.fixture
def open_journal(_browser: Browser, server: Running) -> Iterator[OpenJournal]:
    """Opens the journal's page, logged in with keys alone. At the end, no script has broken the security policy."""
    contexts, broken = [], list[str]()

    def open_page(path: str = "/journal", **settings: Any) -> Page:
        context = _browser.new_context(base_url=server.address, **{"viewport": PHONE, **settings})
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda said: broken.append(said.text) if "Security Policy" in said.text else None)
        page.goto(path)
        page.locator("#token").focus()
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        page.locator("h1").wait_for()
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert broken == []


def headings(page: Page) -> list[str]:
    return page.locator("h3").all_inner_texts()


def test_it_is_searched_by_keyboard_alone(open_journal: OpenJournal) -> None:
    """The newest first, older ones behind a link, and each control shows that it has the focus."""
    page = open_journal("/journal?lang=en")
    assert headings(page)[:2] == ["阀门是开着的吗", "is pump 20 on"]
    assert len(headings(page)) == 20
    reached = list[str]()
    for _ in range(12):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        if here not in reached:  # a field for a day has several stops, which are the browser's own
            assert focus_is_visible(page), f"nothing shows that {here} has the focus"
            reached.append(here)
    assert reached[:7] == ["Skip to the records", "back", "English", "中文", "search", "from", "to"]
    page.locator("#search").focus()
    page.keyboard.type("circle")
    page.keyboard.press("Enter")
    expect(page.locator("h3")).to_have_text([f"what is this {SCRIPT}"])
    expect(page.locator("#search")).to_have_value("circle")
    page.locator("#all").press("Enter")
    expect(page.locator("h3")).to_have_count(20)
    page.locator("#older").press("Enter")
    expect(page.locator("h3")).to_have_count(4)
    assert headings(page)[-2:] == ["P2", f"what is this {SCRIPT}"]


def test_doubt_and_limits_are_in_words_and_pictures_are_shown(open_journal: OpenJournal) -> None:
    """The picture has the answer as its text, and leads to the full size."""
    page = open_journal("/journal?lang=en&round=r1")
    record = page.locator("#record-2")
    for text in ("Outside the limits", "Not sure", "The human’s value and the reading differ", "9.1 bar", "new seal"):
        expect(record).to_contain_text(text)
    image = record.locator("img")
    expect(image).to_have_attribute("alt", "Picture for: P2. Answer: 9.1 bar")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("(image) => image.naturalWidth") == 480
    assert page.locator("h3").all_inner_texts() == ["P2"]
    expect(page.locator("#round")).to_have_value("r1")
    # It is not clicked, because Chromium's own view of a picture has inline styles, which the policy forbids.
    address = record.locator("a.picture").get_attribute("href") or ""
    assert page.context.request.get(address).body() == picture()


def test_what_is_chosen_is_saved(open_journal: OpenJournal, tmp_path: Path) -> None:
    """As a file, in the page's language, whatever the search words are."""
    page = open_journal("/journal?lang=zh&round=r1&search=bar")
    expect(page.locator("main")).to_contain_text("保存时不看查找的词语")
    with page.expect_download() as download:
        page.get_by_role("link", name="报告（HTML）").click()
    download.value.save_as(tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>巡检报告 r1</title>" in report
    assert 'id="record-2"' in report
    assert 'id="record-1"' not in report
    with page.expect_download() as download:
        page.get_by_role("link", name="全部，含照片（ZIP）").click()
    assert download.value.suggested_filename == "seesay-journal.zip"
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert len([name for name in archive.namelist() if name.startswith("pictures/")]) == 1


def test_days_that_cannot_be_meant_are_told(open_journal: OpenJournal) -> None:
    """What was chosen stays in the fields."""
    page = open_journal("/journal?lang=en")
    page.locator("#from").fill("2026-03-05")
    page.locator("#to").fill("2026-03-01")
    page.locator("#search").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Is the first day later than the last?")
    expect(page.locator("#from")).to_have_value("2026-03-05")
    page.locator("#to").fill("2026-03-06")
    page.locator("#search").press("Enter")
    expect(page.locator("main")).to_contain_text("No record was found.")


def test_it_needs_no_script(open_journal: OpenJournal) -> None:
    """An old browser, or one that forbids them, shows all of it."""
    page = open_journal("/journal?lang=en", java_script_enabled=False)
    page.locator("#search").fill("circle")
    page.locator("#search").press("Enter")
    expect(page.locator("h3")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(open_journal: OpenJournal, language: str, scheme: str) -> None:
    """No rule of WCAG 2.2 AA that axe can check is broken, and nothing is cut off, on a phone and on a narrower screen."""
    page = open_journal(f"/journal?lang={language}", color_scheme=scheme)
    assert page.evaluate("document.documentElement.lang") == words(language)["tag"]
    expect(page.locator("h1")).to_have_text(words(language)["journal"]["heading"])
    assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
    violations(page, f"{language}, {scheme}")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TEXTS_CUT_OFF) == []
        assert page.evaluate(TARGETS_BELOW_24_PX) == []
    page.goto(f"/journal?lang={language}&before=3")
    violations(page, f"{language}, {scheme}, with limits and a picture")


def test_the_language_is_switched_and_the_search_stays(open_journal: OpenJournal) -> None:
    """And the way back to the questions has the language as well."""
    page = open_journal("/journal?lang=en&search=pump&before=5")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("h1")).to_have_text("记录")
    expect(page.locator("#search")).to_have_value("pump")
    expect(page.locator("h3")).to_have_text(["is pump 1 on", "is pump 0 on", "P2"])
    page.locator("#back").click()
    expect(page.locator(".question-label")).to_have_text("你想知道什么？")


def test_whoever_asks_is_told_that_a_journal_is_kept(open_journal: OpenJournal) -> None:
    """Beside the question field, with who gets the records, and with the way there."""
    page = open_journal("/?lang=en")
    note = page.locator("#journal-note")
    expect(note).to_contain_text("your questions, the answers and the pictures are recorded")
    expect(note).to_contain_text("they go to the computer hall3.example")
    assert "journal-note" in (page.locator("#question").get_attribute("aria-describedby") or "")
    violations(page, "with a journal")
    page.locator("#journal-link").click()
    expect(page.locator("h1")).to_have_text("Journal")


def test_a_script_in_a_record_is_only_text(open_journal: OpenJournal) -> None:
    """Whoever asked something cannot act as the one who reads it."""
    page = open_journal("/journal?lang=en&search=circle")
    expect(page.locator("h3")).to_contain_text("<script>alert(1)</script>")
    assert page.locator("main script").count() == 0
