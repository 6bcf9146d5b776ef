"""The page in a real Chromium: every source of pictures and of spoken questions."""

from __future__ import annotations

import io
import re
import wave

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.assistant.web.conftest import OpenPage
from tests.assistant.web.page_help import UPLOAD, ask, until, upload
from tests.assistant.web.page_server import PageServer, accepted, done, picture, text


def test_the_picture_shown_from_the_servers_camera_is_the_one_asked_about(
    open_page: OpenPage, page_server: PageServer
) -> None:
    """If no picture has been taken yet, asking takes one."""
    page = open_page()
    ask(page, "What is this?")
    expect(page.locator(".now .answer")).to_have_text("Yes.")
    expect(page.locator(".view img")).to_have_attribute("alt", re.compile("from SeeSay's camera, taken at"))
    assert page_server.asked[0].image == picture("server")


def test_without_a_camera_the_server_offers_none(open_page: OpenPage, page_server: PageServer) -> None:
    """Without a camera the page begins with a file."""
    page_server.status["has_camera"] = False
    page = open_page()
    expect(page.get_by_label("SeeSay's camera")).to_be_disabled()
    expect(page.get_by_label("A file")).to_be_checked()


def test_the_browsers_camera_gives_a_picture_and_goes_out(open_page: OpenPage, page_server: PageServer) -> None:
    """The camera is on only until the picture is taken."""
    page = open_page()
    page.get_by_text("My camera", exact=True).click()
    page.get_by_role("button", name="Turn my camera on").click()
    until(page, "document.querySelector('#live-view')?.videoWidth > 0")
    page.evaluate("window.track = document.querySelector('#live-view').srcObject.getTracks()[0]")

    page.get_by_role("button", name="Take a picture").click()
    ask(page, "What is this?")

    expect(page.locator(".now .answer")).to_have_text("Yes.")
    assert page.evaluate("track.readyState") == "ended"
    image = page_server.asked[0].image
    assert image is not None
    assert Image.open(io.BytesIO(image)).format == "JPEG"


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted_anywhere(open_page: OpenPage, page_server: PageServer, kind: str) -> None:
    """This works also while a camera is chosen."""
    page = open_page()
    page.evaluate(
        """([kind, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
          const details = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
          const event = kind === "drop" ? new DragEvent("drop", details) : new ClipboardEvent("paste", details);
          document.querySelector("footer, main").dispatchEvent(event);
        }""",
        [kind, list(UPLOAD["buffer"])],
    )
    expect(page.locator(".caption")).to_have_text("dropped.jpg" if kind == "drop" else "pasted picture")
    expect(page.get_by_label("A file")).to_be_checked()
    ask(page, "What is this?")
    expect(page.locator(".now .answer")).to_have_text("Yes.")
    assert page_server.asked[0].image == UPLOAD["buffer"]


def test_a_huge_photo_is_made_smaller_before_it_travels(open_page: OpenPage, page_server: PageServer) -> None:
    """A phone's 12 megapixels become what a server accepts, and the shape stays upright."""
    page = open_page()
    upload(page, {"name": "big.png", "mimeType": "image/png", "buffer": picture(size=(4000, 3000), form="PNG")})
    ask(page, "What is this?")
    expect(page.locator(".now .answer")).to_have_text("Yes.")
    image = page_server.asked[0].image
    assert image is not None
    assert Image.open(io.BytesIO(image)).size == (2048, 1536)


def test_a_spoken_question_arrives_as_a_wav_of_16_khz(open_page: OpenPage, page_server: PageServer) -> None:
    """The sound arrives in mono and at its true pitch, and the words that were heard are shown."""
    page = open_page()
    upload(page)
    page_server.replies.append(
        [accepted(), ("heard", {"text": "what is this", "confidence": 0.3}), text("Yes."), done("Yes.")]
    )
    page.get_by_role("button", name="Ask by voice").click()
    expect(page.locator(".recording")).to_contain_text("1 s")
    page.get_by_role("button", name="Send recording").click()

    expect(page.locator(".now .asked")).to_contain_text("what is this")
    expect(page.locator("#announcer")).to_contain_text("I heard: what is this")
    expect(page.locator(".now .note")).to_have_text("I am not sure that I heard this right.")
    audio = page_server.asked[0].audio
    assert audio is not None
    assert page_server.asked[0].question is None
    with wave.open(io.BytesIO(audio)) as heard:
        assert (heard.getframerate(), heard.getnchannels(), heard.getsampwidth()) == (16_000, 1, 2)
        samples = np.frombuffer(heard.readframes(heard.getnframes()), "<i2").astype(float)
    assert 0.4 < len(samples) / 16_000 < 8
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(np.argmax(spectrum) * 16_000 / len(samples) - 500.0) < 10


def test_a_recording_can_be_discarded(open_page: OpenPage, page_server: PageServer) -> None:
    """Nothing is sent, and the microphone is free again."""
    page = open_page()
    upload(page)
    page.get_by_role("button", name="Ask by voice").click()
    expect(page.locator("#announcer")).to_contain_text("Recording.")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Ask by voice")).to_be_visible()
    expect(page.locator("#announcer")).to_contain_text("Recording discarded.")
    assert page_server.asked == []


def test_resampling_lets_nothing_fold_back_into_speech(open_page: OpenPage) -> None:
    """A whistle above what 16 kHz can hold vanishes, and a tone of speech keeps its strength."""
    page = open_page()

    def loudness(hertz: float, rate_hz: int) -> float:
        script = """async ([hertz, rate]) => {
          const { resampled } = await import("/static/js/wav.js");
          const tone = Float32Array.from({ length: rate }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));
          const middle = resampled(tone, rate, 16000).slice(1000, -1000);
          return Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length);
        }"""
        return float(page.evaluate(script, [hertz, rate_hz]))

    for rate_hz in (44_100, 48_000):
        assert loudness(1000, rate_hz) == pytest.approx(0.5**0.5, rel=0.01)
        assert loudness(6000, rate_hz) == pytest.approx(0.5**0.5, rel=0.02)
        assert loudness(9000, rate_hz) < 0.001
        assert loudness(15_000, rate_hz) < 0.001
