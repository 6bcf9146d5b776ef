from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.bench.accuracy.drawn.codes import code_with
from assistant.cli.demo import demo_scene
from assistant.cli.main import main
from assistant.language.phrases import phrases_for
from assistant.machine.power import Sysfs
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.speaking.synthesizer import Synthesizer
from audio.wav import read_wav, write_wav
from tests.assistant.fake_reader import FakeReader, Printed
from tests.assistant.machine.power.machine_trees import nuc
from vision.demo_model.rendering.empty_pictures import EMPTY
from vision.demo_model.world import draw
from vision.errors import ReaderError


@pytest.fixture(autouse=True)
def _fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder with a picture and a spoken question, without a configuration or a fetched model."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    draw(demo_scene()[0]).save("picture.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        write_wav(Path("question.wav"), stranger.synthesize("what color is the circle"))


def test_a_spoken_question_becomes_one_json_object_and_a_spoken_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """The object has everything that docs/api.md promises for `ask --json`, on the real parts; the WAV file has the
    answer.
    """
    arguments = ["ask", "--image", "picture.png", "--audio", "question.wav", "--speech-out", "answer.wav", "--json"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {
        "heard",
        "confidence",
        "answer",
        "doubt",
        "model",
        "timings",
        "tokens",
        "peak_rss_bytes",
        "picture_age_s",
        "joules",
    }
    assert result["heard"] == "what color is the circle"
    assert 0.5 < result["confidence"] <= 1.0
    assert result["answer"] == "The circle is red."
    timings = result["timings"]
    assert 0 < timings["vision"] < timings["first_token"] < timings["first_sound"] <= timings["total"]
    assert timings["decode_tokens_per_second"] > 0
    assert result["tokens"]["answer"] > 3
    assert result["peak_rss_bytes"] > 100e6
    assert 0.8 < read_wav(Path("answer.wav")).duration_seconds < 3.0


def test_an_answers_energy_is_told_where_the_machine_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The energy from the words to the end is told to programs and to people, and no setting is needed for it."""
    tree = nuc(tmp_path / "machine")

    def read(path: Path) -> str:
        return str(round(time.monotonic() * 6e6)) if path.name == "energy_uj" else path.read_text()

    def write(path: Path, text: str) -> None:
        pytest.fail(f"{path} was written")

    monkeypatch.setattr("assistant.machine.power.sysfs.Sysfs", lambda: Sysfs(tree.root, read, write))
    assert main(["ask", "--image", "picture.png", "--json", "Where is the square?"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["joules"] == pytest.approx(6.0 * result["timings"]["total"], abs=0.3)
    assert main(["ask", "--image", "picture.png", "--verbose", "Where is the square?"]) == 0
    assert "energy of the processor" in capsys.readouterr().err


def test_a_typed_answer_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """stdout has the answer and nothing else; messages meanwhile go to stderr."""
    assert main(["ask", "--image", "picture.png", "Where is the square?"]) == 0
    out, err = capsys.readouterr()
    assert out == "The square is on the right.\n"
    assert "loading" in err


def test_a_code_is_told_without_loading_a_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Codes, light and colour of a picture are printed at once; in JSON there is no model."""
    monkeypatch.setattr("assistant.wiring.assembly.load_engine", lambda *args, **options: pytest.fail("a model"))
    code = code_with("4006381333931", "EAN13").picture
    Image.fromarray(np.pad(code, 40, constant_values=255)).save("code.png")
    assert main(["ask", "--image", "code.png", "read the code"]) == 0
    out, err = capsys.readouterr()
    assert out == "A product number: 4006381333931.\n"
    assert "loading" not in err
    assert main(["ask", "--image", "code.png", "--json", "light meter"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["answer"].split(".")[0], result["model"]) == ("It is bright", None)
    Image.new("RGB", (320, 240), (20, 40, 120)).save("blue.png")
    assert main(["ask", "--image", "blue.png", "what color is in the middle", "--speech-out", "blue.wav"]) == 0
    assert "blue" in capsys.readouterr().out
    assert 1.0 < read_wav(Path("blue.wav")).duration_seconds < 5.0


@pytest.mark.parametrize(("kind", "fault"), [("blank", "blank"), ("black", "covered"), ("noise", "noise")])
def test_what_is_wrong_with_a_picture_of_nothing_is_told_without_loading_a_model(
    kind: str, fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model would invent an answer. In JSON the doubt says that nobody can tell, and there is no model."""
    monkeypatch.setattr("assistant.wiring.assembly.load_engine", lambda *args, **options: pytest.fail("a model"))
    Image.fromarray(EMPTY[kind](np.random.default_rng(1), 640, 480)).save("empty.png")
    advice = phrases_for("en").framing[fault].advice
    assert main(["ask", "--image", "empty.png", "is there a person"]) == 0
    assert capsys.readouterr().out == f"{advice}\n"
    assert main(["ask", "--image", "empty.png", "--json", "is there a person", "--speech-out", "said.wav"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["answer"], result["doubt"], result["model"]) == (advice, "cannot tell", None)
    assert read_wav(Path("said.wav")).duration_seconds > 1.0


def test_the_model_is_asked_about_a_picture_of_nothing_with_anyway(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever knows better gets its answer, which does not sound sure."""
    Image.fromarray(EMPTY["black"](np.random.default_rng(1), 640, 480)).save("empty.png")
    assert main(["ask", "--image", "empty.png", "--anyway", "is there a circle"]) == 0
    assert capsys.readouterr().out.startswith("I am not sure, but")


def test_a_spoken_answer_that_cannot_be_written_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """If the folder does not exist, the status is 1 and one sentence says so."""
    assert main(["ask", "--image", "picture.png", "Where is the square?", "--speech-out", "nowhere/a.wav"]) == 1
    assert capsys.readouterr().err.count("nowhere/a.wav") == 1


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    """A reader of print that finds four lines in every picture; the engine must not be loaded beside it."""
    lines = [Printed("Opening hours"), Printed("0pen", 1, 0.4), Printed("From nine", 2), Printed("to five.", 2)]
    reader = FakeReader(lines)
    monkeypatch.setattr("assistant.wiring.assembly.Assembly.reader", reader)
    monkeypatch.setattr("assistant.wiring.assembly.Assembly.engine", property(lambda self: pytest.fail("loaded")))
    return reader


def test_read_the_text_prints_the_lines_alone(reader: FakeReader, capsys: pytest.CaptureFixture[str]) -> None:
    """As they stand on the page; what the reader was not sure of is marked. No model is loaded for it."""
    assert main(["ask", "--image", "picture.png", "Read the text, please."]) == 0
    out, err = capsys.readouterr()
    assert out == "Opening hours\n0pen  (not sure)\nFrom nine\nto five.\n"
    assert "loading" not in err


def test_read_lines_can_be_spoken_and_are_json(reader: FakeReader, capsys: pytest.CaptureFixture[str]) -> None:
    """The object is that of a question, with the lines and without a model."""
    arguments = ["ask", "--image", "picture.png", "read it", "--json", "--speech-out", "read.wav"]
    assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["heard"] == "read it"
    assert result["answer"] == "Opening hours I am not sure of this line: 0pen From nine to five."
    assert result["model"] is None
    assert [(line["text"], line["paragraph"]) for line in result["lines"]] == [
        ("Opening hours", 0), ("0pen", 1), ("From nine", 2), ("to five.", 2),
    ]  # fmt: skip
    assert result["lines"][1]["confidence"] == 0.4
    assert result["lines"][1]["corners"] == [[60.0, 100.0], [360.0, 100.0], [360.0, 130.0], [60.0, 130.0]]
    assert 0 < result["timings"]["first_sound"] < result["timings"]["total"]
    assert read_wav(Path("read.wav")).duration_seconds > 3.0


def test_a_picture_without_print_is_told_on_stderr(reader: FakeReader, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not an error: the picture was read."""
    reader.lines = []
    assert main(["ask", "--image", "picture.png", "read the text"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "I see no text.\n")


def test_a_damaged_reader_is_one_sentence(reader: FakeReader, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 3, as for any model that is missing."""

    def takes(step: str) -> None:
        raise ReaderError("the reader's models are damaged: install rapidocr again")

    reader.takes = takes
    assert main(["ask", "--image", "picture.png", "read the text"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("install rapidocr again") == 1
    assert "Traceback" not in err


def test_the_demo_passes_and_would_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All three answers are right; with one right answer exchanged, the status is 1."""
    assert main(["demo", "--output", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert "you: what color is the circle" in out
    assert "seesay: It says OPEN." in out
    assert "demo" in err
    scene, questions = demo_scene()
    exchanged = replace(questions[2], answer="It says CLOSED.")
    monkeypatch.setattr("assistant.cli.demo.demo_scene", lambda: (scene, (*questions[:2], exchanged)))
    assert main(["demo", "--output", str(tmp_path / "out")]) == 1
