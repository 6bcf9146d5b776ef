"""What is built out of the configuration."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.language.phrases import phrases_for
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.sysfs import Sysfs
from assistant.models import catalog
from assistant.settings.config_reader import parse_config
from assistant.wiring import conversation
from assistant.wiring.assembly import Assembly
from assistant.wiring.devices import open_frames
from assistant.wiring.engine import load_engine
from assistant.wiring.hearing import Ears
from audio.errors import SpeechModelError
from audio.listening.barge_in import SpottedWord
from audio.listening.hearing import Utterance, WakeSuspected
from audio.listening.pausing import JudgedBeside
from tests.assistant.fakes import OneModel
from vision.camera import Camera
from vision.errors import CameraMissing
from vision.video import Video, VideoOptions


@pytest.mark.parametrize(
    ("text", "is_demo", "told"),
    [
        ("", False, phrases_for("en").instructions),
        ("", True, ""),
        ('[conversation]\nlanguage = "zh"\n', False, phrases_for("zh").instructions),
        ('[conversation]\nlanguage = "zh"\n', True, ""),
        ('[prompt]\nen = "Count."\n', False, "Count."),
        ('[prompt]\nen = ""\n', False, ""),
    ],
)
def test_the_model_is_told_the_prompt_of_its_users_language(
    text: str, is_demo: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every model gets the prompt, except for the demo model, which was never taught to read one."""
    loaded: list[Any] = []

    def load(folder: Path, settings: Any, progress: Any) -> contextlib.AbstractContextManager[None]:
        loaded.append(settings)
        return contextlib.nullcontext()

    monkeypatch.setattr("vision.engine.engine.Engine.load", load)
    with contextlib.ExitStack() as stack:
        load_engine(parse_config(text, "x"), Path("anywhere"), stack, print, is_demo=is_demo)
    assert [settings.instructions for settings in loaded] == [told]


@pytest.mark.parametrize(
    ("configured", "is_demo", "fit", "is_told"),
    [
        (None, False, "native", False),
        (None, True, "pad", False),
        ("auto", True, "pad", False),
        ("native", False, "native", False),
        ("native", True, "pad", True),
        ("pad", False, "pad", False),
        ("crop", False, "crop", False),
        ("crop", True, "crop", False),
    ],
)
def test_a_picture_keeps_its_shape_for_the_full_model_only(
    configured: str | None, is_demo: bool, fit: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo model knows only squares; who sets it otherwise is told so in one sentence."""
    loaded: list[Any] = []

    def load(folder: Path, settings: Any, progress: Any) -> contextlib.AbstractContextManager[None]:
        loaded.append(settings)
        return contextlib.nullcontext()

    monkeypatch.setattr("vision.engine.engine.Engine.load", load)
    text = f'[seeing]\nfit = "{configured}"\n' if configured else ""
    said: list[str] = []
    with contextlib.ExitStack() as stack:
        load_engine(parse_config(text, "x"), Path("anywhere"), stack, said.append, is_demo=is_demo)
    assert [settings.fit for settings in loaded] == [fit]
    assert any("the demo model knows only squares" in line for line in said) == is_told


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", (1920, 1080)),
        ("[seeing]\nwidth = 1280\nheight = 720\n", (1280, 720)),
        ("[seeing]\nwidth = 0\n", (None, 1080)),
        ("[seeing]\nheight = 0\n", (1920, None)),
    ],
)
def test_a_camera_is_asked_for_the_configured_size(
    text: str, asked: tuple[int | None, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its full size by default, and for none at all with 0."""
    opened: list[tuple[int | None, int | None]] = []

    def open_it(source: int | str, options: VideoOptions) -> Video:
        opened.append((options.width, options.height))
        raise CameraMissing("away")

    monkeypatch.setitem(Camera.__init__.__kwdefaults__, "opener", open_it)
    with contextlib.ExitStack() as stack, pytest.raises(CameraMissing, match="away"):
        open_frames("0", parse_config(text, "x").seeing, stack)
    assert opened == [asked]


def test_the_status_tells_the_cameras_size(tmp_path: Path) -> None:
    """The one that it gives, not the one that it was asked for."""
    Image.new("RGB", (640, 360)).save(tmp_path / "a.png")
    with contextlib.ExitStack() as stack:
        assembly = Assembly(parse_config(f'[seeing]\ncamera = "{tmp_path}/a.png"\n', "x"), stack)
        assembly.__dict__ |= {
            "engine": OneModel(),
            "power": SimpleNamespace(latest=PowerReader(Sysfs(tmp_path)).sample()),
        }
        status = conversation._status(assembly)
    assert (status.model, status.camera_pixels) == ("stand-in", (640, 360))


CART = '[hearing]\nbarge_in = "stop_word"\n[activation]\nby = "wake_word"\n'
SPEECH = catalog.demo_speech("en")


def test_only_stop_words_that_the_model_knows_are_listened_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser's grammar would silently leave out the others. If none is left, the user is told what to do."""
    made: list[list[str]] = []
    monkeypatch.setattr("audio.listening.barge_in.VoskSpotter.__init__", lambda self, folder, stops: made.append(stops))
    monkeypatch.setattr(
        "audio.recognition.transcriber.unknown_words", lambda folder, phrases: [p for p in phrases if p != "停 下"]
    )
    chinese = parse_config(CART + '[conversation]\nlanguage = "zh"\n', "x")
    assert Ears(chinese, SPEECH).stop_ear is not None
    assert made == [["停 下"]]
    monkeypatch.setattr("audio.recognition.transcriber.unknown_words", lambda folder, phrases: phrases)
    with pytest.raises(SpeechModelError, match=r"knows none of the stop words .*barge_in"):
        _ = Ears(chinese, SPEECH).stop_ear


@pytest.mark.parametrize(("barge_in", "counts"), [("off", False), ("stop_word", True), ("any", True)])
def test_a_stop_is_heard_while_it_thinks_where_it_may_be_interrupted(barge_in: str, counts: bool) -> None:
    """A stop word of the language counts without the wake phrase, and other words do not."""
    config = parse_config(CART.replace("stop_word", barge_in), "x")
    activation = Ears(config, SPEECH).activation(speaking=lambda: False, busy=lambda: True)
    assert activation.attentive(0.0) == counts
    assert activation.meant(Utterance("please stop", 0.9, 1.0, 2.0)) is not None
    assert activation.meant(Utterance("what is this", 0.9, 1.0, 2.0)) is None


@pytest.mark.parametrize(("text", "ended"), [("hey camera what is this", True), ("hey camera", False)])
def test_the_wake_phrase_alone_is_not_acknowledged(text: str, ended: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wake phrase alone has an earcon of its own, of two notes."""
    words = [SpottedWord(word, 1.0, 0.1 * place, 0.1 * place + 0.2) for place, word in enumerate(text.split())]
    monkeypatch.setattr("audio.listening.barge_in.VoskSpotter.__init__", lambda self, folder, stops: None)
    monkeypatch.setattr("audio.listening.barge_in.VoskSpotter.spot", lambda self, samples: words)
    config = parse_config(CART, "x")
    activation = Ears(config, SPEECH).activation(speaking=lambda: False, busy=lambda: False)
    ear = Ears(config, SPEECH).pause_ear(activation)
    assert ear is not None
    assert not _judged(ear), "nobody has called it"
    activation.meant(WakeSuspected(0.0))
    assert _judged(ear) == ended
    ear.close()


def _judged(ear: JudgedBeside) -> bool:
    """What the ear answers within half a second; it judges on a thread of its own."""
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        if ear.has_ended(np.zeros(16_000, np.int16)):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ('[activation]\nby = "wake_word"\nwake_phrase = "hey cammera"', r"'cammera' \(it knows camera.*'hey cammera'"),
        ('[activation]\nby = "button+wake_word"\nwake_phrase = "xylophone"', r"the word 'xylophone' of the wake"),
        ('[activation]\nby = "button"\nwake_phrase = "hey kamera"', ""),
        ('[activation]\nby = "wake_word"', ""),
    ],
)
def test_a_wake_phrase_that_cannot_be_heard_is_refused_at_the_start(settings: str, refused: str) -> None:
    """The word is named, with known words that are spelt much like it; a phrase that nobody uses is not looked up."""
    ears = Ears(parse_config(settings, "x"), SPEECH)
    if not refused:
        ears.prepare()
        return
    with pytest.raises(SpeechModelError, match=refused):
        ears.prepare()


@pytest.mark.parametrize(
    ("stop_words", "told"),
    [
        (("stop", "silenze"), "cannot be heard: 'silenze' (it knows silence)"),
        (("xyzzy", "plugh"), "knows none of the stop words (xyzzy, plugh)"),
        (("stop", "be quiet"), ""),
    ],
)
def test_stop_words_that_cannot_be_heard_are_named_at_the_start(
    stop_words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that the model does not know is told with near ones; none at all hints at a model of another language."""
    ears = Ears(parse_config("", "x"), SPEECH)
    monkeypatch.setattr(ears, "_phrases", replace(ears._phrases, stop_words=stop_words))
    ears.prepare()
    assert told in capsys.readouterr().err


def test_the_reader_of_print_gets_the_engine_s_threads_and_its_idle_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed with the program, and there is one for all who read."""
    made: list[tuple[int, float]] = []
    closed: list[bool] = []

    class Recorded:
        def __init__(self, threads: int, idle_seconds: float) -> None:
            made.append((threads, idle_seconds))

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr("vision.reading.ocr.OcrReader", Recorded)
    config = parse_config("[engine]\nthreads = 3\n[reading]\nidle_minutes = 2.0", "x")
    with contextlib.ExitStack() as stack:
        assembly = Assembly(config, stack)
        assert assembly.reader is assembly.reader
        assert (made, closed) == ([(3, 120.0)], [])
    assert closed == [True]
