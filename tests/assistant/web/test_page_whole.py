"""The whole way with the demo models: `seesay serve`, its page in a real Chromium, a voice, a picture, and sound."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from assistant.cli.demo import demo_scene
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.assistant.web.conftest import chromium
from tests.assistant.web.page_help import ask, note_sounds, until
from vision.demo_model.world import draw

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
TOKEN = "a-token-of-the-tests-alone"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server with the demo's picture as its camera and all its files in `folder`."""
    scene, _ = demo_scene()
    draw(scene).save(folder / "picture.png")
    (folder / "config.toml").write_text(f'[seeing]\ncamera = "{folder / "picture.png"}"\n', encoding="utf-8")
    (folder / "token").touch(0o600)
    (folder / "token").write_text(TOKEN, encoding="ascii")
    server = subprocess.Popen(
        [sys.executable, "-m", "assistant", "serve", "--port", "0", "--config", str(folder / "config.toml"),
         "--token-file", str(folder / "token")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder)},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said: list[str] = []
    give_up = threading.Timer(PATIENCE_SECONDS, server.kill)
    give_up.start()
    assert server.stderr is not None
    try:
        for line in server.stderr:
            said.append(line)
            if found := ADDRESS.search(line):
                yield found.group()
                break
        else:
            pytest.fail("the server ended: " + "".join(said))
    finally:
        give_up.cancel()
        server.terminate()
        server.communicate(timeout=10)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path) as address:
        yield address


def test_a_spoken_question_to_the_page_is_heard_answered_and_spoken(address: str, tmp_path: Path) -> None:
    """After the login: the browser's microphone, Vosk, the camera, the engine and the voice, then a typed follow-up."""
    _, (typed, _, spoken) = demo_scene()
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        write_wav(tmp_path / "question.wav", voice := stranger.synthesize(spoken.text))
    seconds = len(voice.samples) / voice.sample_rate_hz
    with chromium(tmp_path / "question.wav") as browser:
        page = browser.new_page(base_url=address, permissions=["microphone"])
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        page.goto("/")
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_label("SeeSay's camera")).to_be_checked()
        expect(page.locator(".demo")).to_be_visible()
        note_sounds(page)

        page.get_by_role("button", name="Ask by voice").click()
        expect(page.locator(".recording")).to_contain_text(f"{round(seconds + 1)} s")
        page.get_by_role("button", name="Send recording").click()
        expect(page.locator(".now .asked")).to_contain_text(spoken.text)
        expect(page.locator(".now .answer")).to_have_text(spoken.answer)
        expect(page.locator("#announcer")).to_contain_text(spoken.answer)

        ask(page, typed.text)
        expect(page.locator(".now .answer")).to_have_text(typed.answer)
        # until it was said to its end
        until(page, "document.querySelector('#stop').getAttribute('aria-disabled') === 'true'")
        assert 3 < page.evaluate("played.at(-1)") < 40  # tenths of a second, for four or five words
        expect(page.locator(".facts")).to_contain_text(typed.text)
