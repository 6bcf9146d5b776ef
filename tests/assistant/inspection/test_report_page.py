"""The report as a page: what it says, and that a real browser shows it to everybody."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.inspection.journal import Journal
from assistant.inspection.record import NOTE, SKIP, STEP, Entry, Record
from assistant.inspection.report_page import SHOWN_SIDE_PIXELS, Shown, Summary, embedded, page_pieces
from assistant.language.phrases import phrases_for
from tests.assistant.inspection.test_journal import NOON, turn
from tests.assistant.web.conftest import chromium
from tests.assistant.web.page_help import violations
from tests.assistant.web.page_server import tone

SUMMARY = Summary(
    "Inspection report", "All records", 7, "c" * 64, "no record was changed, moved or removed.", is_right=True
)
SCRIPT = "<script>alert(1)</script>"


def jpeg(size: tuple[int, int] = (1920, 1080)) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def entries(tmp_path: Path) -> Iterator[list[Entry]]:
    with Journal.write(tmp_path / "journal") as journal:
        journal.append(turn("what is this", f"A cup {SCRIPT}", language="en", confidence=0.9), jpeg())
        step = {"unit": "bar", "low": 6.0, "high": 8.5, "round_title": "Pump room", "language": "en"}
        journal.append(
            Record(STEP, NOON, station="P1", value="7.2", spoken="seven point two", reading="7.20 bar", **step),  # type: ignore[arg-type]
            jpeg((400, 300)),
        )
        journal.append(
            Record(STEP, NOON, station="P2", value="9.1", spoken="nine point one", reading="9.4", doubt="unsure",
                   reason="new seal", is_out_of_limits=True, is_confirmed=True, **step)  # type: ignore[arg-type]
        )  # fmt: skip
        journal.append(Record(SKIP, NOON, station="P3", reason=f'locked" onload="{SCRIPT}'))
        journal.append(Record(NOTE, NOON, note="smells of oil"))
        journal.append(turn("阀门是开着的吗", "我看不清。", language="zh", doubt="cannot tell"), jpeg((30, 40)))
        yield list(journal.entries())


def page_of(entries: list[Entry], summary: Summary = SUMMARY) -> str:
    return "".join(page_pieces(lambda: entries, summary))


def test_what_is_outside_its_limits_comes_first(entries: list[Entry]) -> None:
    """It is said in words, and it is not repeated below."""
    page = page_of(entries)
    assert re.findall(r'id="record-(\d)"', page) == ["3", "1", "2", "4", "5", "6"]
    outside, others = page.split("All other records")
    assert "Outside the limits" in outside
    assert "Outside the limits</p>" not in others


def test_without_anything_outside_there_is_one_list(entries: list[Entry]) -> None:
    """An empty journal has one as well."""
    page = page_of(entries[:1])
    assert "All other records" not in page
    assert '<h2 id="others">Records</h2>' in page
    assert "<p>None.</p>" in page_of([])


def test_doubt_is_in_words(entries: list[Entry]) -> None:
    """An answer that was unsure or withheld says so, and so does a value that the reading contradicts."""
    page = page_of(entries)
    assert page.count("Not sure</p>") == 1
    assert page.count("Could not be told</p>") == 1
    assert page.count("The human’s value and the reading differ</p>") == 1
    assert "<b>2</b> doubtful" in page
    assert "<b>1</b> outside the limits" in page
    assert "<b>1</b> skipped" in page


def test_nothing_that_was_said_becomes_markup(entries: list[Entry]) -> None:
    """Every text is escaped, also within an attribute."""
    page = page_of(entries)
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3  # the answer, the alternative text, the reason
    assert 'onload="' not in page


def test_the_page_loads_nothing(entries: list[Entry]) -> None:
    """All pictures are in it, smaller than they were taken."""
    page = page_of(entries)
    sources = re.findall(r'<img src="([^"]*)"', page)
    assert len(sources) == 3
    sizes = []
    for source in sources:
        kind, _, data = source.partition(",")
        assert kind == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            sizes.append(picture.size)
    assert sizes == [(SHOWN_SIDE_PIXELS, 450), (400, 300), (30, 40)]
    assert "http" not in page.replace("http-equiv", "")


def test_each_picture_has_its_answer_as_text(entries: list[Entry]) -> None:
    """Who does not see the picture hears what was asked and answered."""
    page = page_of(entries)
    assert 'alt="Picture for: P1. Answer: 7.2 bar"' in page
    assert 'alt="Picture for: 阀门是开着的吗. Answer: 我看不清。"' in page


def test_a_picture_that_is_gone_or_damaged_is_told(entries: list[Entry]) -> None:
    """The page is made all the same."""
    for entry in entries[:2]:
        assert entry.picture is not None
    entries[0].picture.unlink()  # type: ignore[union-attr]
    entries[1].picture.write_bytes(b"no picture")  # type: ignore[union-attr]
    assert [embedded(entry) for entry in entries[:2]] == [None, None]
    assert page_of(entries).count("Its picture was deleted.") == 2


def test_a_journal_that_was_changed_says_so_at_the_top(entries: list[Entry]) -> None:
    """Whoever is handed the report sees it before the first record."""
    changed = Summary("Report", "All", 7, "c" * 64, "record 3 was changed", is_right=False)
    page = page_of(entries, changed)
    assert page.index("This journal was changed: record 3 was changed") < page.index("<main>")


@pytest.mark.parametrize(
    ("low", "high", "limits"),
    [(6.0, 8.5, "at least 6 and at most 8.5 bar"), (None, 8.5, "at most 8.5 bar"), (6.0, None, "at least 6 bar")],
)
def test_limits_are_put_into_words(low: float | None, high: float | None, limits: str) -> None:
    """There may be one on each side."""
    record = Record(STEP, NOON, low=low, high=high, unit="bar")
    assert Shown(Entry(1, record, "", "", ""), record, None, phrases_for("en").report).limits == limits


def test_a_browser_shows_it_to_everybody(entries: list[Entry], tmp_path: Path) -> None:
    """On a screen and on a phone, light and dark, axe finds nothing, nothing is cut off, and nothing is reported."""
    (tmp_path / "report.html").write_text(page_of(entries), encoding="utf-8")
    (tmp_path / "voice.wav").write_bytes(tone(0.1, 500.0))
    with chromium(tmp_path / "voice.wav") as browser:
        for width, scheme in ((1200, "light"), (390, "light"), (390, "dark")):
            context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            told: list[str] = []
            page.on("console", lambda message, told=told: told.append(message.text))  # type: ignore[misc]
            page.goto((tmp_path / "report.html").as_uri())
            violations(page, f"{width} pixels, {scheme}")
            assert told == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
            context.close()


def test_in_chinese_nothing_around_the_records_is_english(entries: list[Entry]) -> None:
    """The records keep their own words."""
    summary = Summary("记录", "全部记录", 7, "c" * 64, phrases_for("zh").report.unchanged, is_right=True, language="zh")
    plain = [entry for entry in entries if entry.record is not None and entry.record.language == "zh"]
    assert len(plain) == 1
    page = page_of(plain, summary)
    assert '<html lang="zh">' in page
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{2,}", shown)) <= {"cc" * 32, *re.findall(r"[0-9a-f]{64}", page)} | set(
        re.findall("[a-f]{2,}", plain[0].chain_sha256)
    )
    whole = page_of(entries, summary)
    for words in ("超出范围", "其他记录", "人的读数和机器读数不一致", "6 到 8.5 bar", "照片，对应：P1. 回答：7.2 bar"):
        assert words in whole
