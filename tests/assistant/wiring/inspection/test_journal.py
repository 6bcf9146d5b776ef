"""`seesay run` with a journal: the whole program, with WAV files instead of a sound card."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.bench.engines.speech import NullSpeaker
from assistant.cli.demo import demo_scene
from assistant.inspection.journal import Journal, journal_folder
from assistant.inspection.record import TURN, Record
from assistant.inspection.verify import verify
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config, ConversationConfig, JournalConfig, PowerConfig, SeeingConfig
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from audio.pcm import SPEECH_FORMAT, AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.assistant.wiring.test_run_power import Room
from vision.demo_model.world import draw

WORDS = phrases_for("en").journal
DEMO = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
WEIGHTS = catalog.weights_hash(DEMO.folder)


def spoken(folder: Path, *texts: str) -> list[Path]:
    """Each text as a WAV file, with a second of silence before and after it."""
    paths = []
    with Synthesizer(voice="en-us", rate_wpm=200) as voice:
        for number, text in enumerate(texts):
            sound = voice.synthesize(text)
            samples = resample(sound.samples, sound.sample_rate_hz, SPEECH_FORMAT.sample_rate_hz)
            quiet = np.zeros(SPEECH_FORMAT.sample_rate_hz, np.int16)
            paths.append(folder / f"{number}.wav")
            write_wav(paths[-1], AudioChunk(np.concatenate([quiet, samples, quiet]), 16_000))
    return paths


class Quiet(NullSpeaker, contextlib.AbstractContextManager[Any]):
    def __init__(self, device: object, played: object = None) -> None:
        super().__init__()

    def __exit__(self, *error: object) -> None:
        pass


class World:
    """A user who speaks to the whole program."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.journal = journal_folder({"XDG_STATE_HOME": str(folder / "state")})
        draw(demo_scene()[0]).save(folder / "picture.png")
        monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))

    def run(self, *texts: str, journal: JournalConfig = JournalConfig(enabled=True, pictures=True)) -> list[str]:  # noqa: B008
        """Says the texts one after the other, and returns what was answered, the greeting first."""
        room = Room(spoken(self.folder, *texts))
        room.measured.set()
        self.monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
        config = Config(
            conversation=ConversationConfig(profile="cart"),
            seeing=SeeingConfig(camera=str(self.folder / "picture.png")),
            power=PowerConfig(govern="off"),
            journal=journal,
        )
        with contextlib.ExitStack() as stack:
            assembly = Assembly(config, stack, vision_model=DEMO, speech_model=catalog.demo_speech("en"))
            run(assembly, side_server=room)
        return [" ".join(turn.said) for turn in room.turns]

    def records(self) -> list[Record]:
        with Journal.read(self.journal) as journal:
            assert verify(journal).problem == ""
            return [entry.record for entry in journal.entries() if entry.record is not None]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_question_is_kept_and_the_next_is_deleted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The greeting says that a journal is kept, and the deletion is confirmed aloud."""
    said = world.run("what color is the circle", "what shape is it", "do not keep this", "quit")
    assert WORDS.kept_with_pictures in said[0]
    assert said[3] == WORDS.forgotten
    assert said[4] == "Goodbye."
    (record,) = world.records()
    assert (record.kind, record.question, record.answer) == (TURN, "what color is the circle", "The circle is red.")
    assert (record.profile, record.language, record.doubt) == ("cart", "en", "plain")
    assert record.weights_sha256 == WEIGHTS
    assert len(WEIGHTS) == 64
    assert record.confidence is not None
    assert record.timings["first_sound"] is not None
    with Journal.read(world.journal) as journal:
        assert journal.head[0] == 3
        (entry,) = journal.entries()
    assert entry.picture is None  # both questions were about the same picture, which is gone
    assert f"a journal of all questions and pictures is kept in {world.journal}" in capsys.readouterr().err


def test_pictures_are_kept_where_the_profile_says_so(world: World) -> None:
    """It is a JPEG file of the size that was taken."""
    world.run("what color is the circle", "quit")
    with Journal.read(world.journal) as journal:
        (entry,) = journal.entries()
    assert entry.picture is not None
    with Image.open(entry.picture) as picture, Image.open(world.folder / "picture.png") as taken:
        assert (picture.format, picture.size) == ("JPEG", taken.size)


def test_without_a_journal_nothing_is_written(world: World) -> None:
    """It is off unless the profile or the config switches it on."""
    said = world.run("what color is the circle", "quit", journal=JournalConfig())
    assert "journal" not in said[0]
    assert not world.journal.exists()


def test_a_journal_that_cannot_be_opened_is_said_aloud_and_the_program_goes_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another process writes it, for example."""
    with Journal.write(world.journal):
        said = world.run("what color is the circle", "quit")
    assert WORDS.cannot_open in said[0]
    assert said[1] == "The circle is red."
    assert "no journal is kept: another seesay writes the journal" in capsys.readouterr().err


def test_a_full_disk_is_said_aloud_and_what_is_lost_is_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The conversation goes on, the user hears of it, and the end lists it."""

    def full(self: Journal, *given: object, **more: object) -> None:
        self._database.execute(f"PRAGMA max_page_count = {self._database.execute('PRAGMA page_count').fetchone()[0]}")
        self._database.execute("INSERT INTO head VALUES (1, ?)", ("x" * 1_000_000,))

    real = Journal.append
    world.monkeypatch.setattr(Journal, "append", lambda self, *given, **more: _in_journal_s_words(full, self))
    said = world.run("what color is the circle", "quit")
    assert said[1] == "The circle is red."
    assert f"{WORDS.one_not_kept} Goodbye." == said[-1]
    printed = capsys.readouterr().err
    assert "the disk is full, nothing can be kept in the journal" in printed
    assert "not in the journal:" in printed
    assert "'what color is the circle'" in printed
    world.monkeypatch.setenv("SEESAY_NO_WORDS_IN_LOG", "1")  # as in a service
    world.run("what color is the circle", "quit")
    printed = capsys.readouterr().err
    assert "not in the journal:" in printed
    assert "circle" not in printed
    world.monkeypatch.setattr(Journal, "append", real)
    assert world.records() == []


def _in_journal_s_words(full: Any, journal: Journal) -> None:
    from assistant.inspection.failures import as_journal_errors

    with as_journal_errors(journal.folder):
        full(journal)
