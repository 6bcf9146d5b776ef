from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assistant.bench.accuracy.drawn_codes import code_with
from assistant.cli.demo import demo_scene
from assistant.cli.main import main
from assistant.machine.power import Sysfs
from audio.demo_model.voices import HELD_OUT_VOICES
from audio.synthesizer import Synthesizer
from audio.wav import read_wav, write_wav
from tests.assistant.machine.power.machine_trees import nuc
from vision.demo_model.world import draw


@pytest.fixture(autouse=True)
def _fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture and a spoken question in an empty folder; no configuration, no fetched model."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    draw(demo_scene()[0]).save("picture.png")
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=150) as stranger:
        write_wav(Path("question.wav"), stranger.synthesize("what color is the circle"))


def test_a_spoken_question_becomes_one_json_object_and_a_spoken_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that docs/api.md promises of `ask --json`, on the real parts; the answer lies in the WAV file."""
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
    """For programs and for people, of the time from the words to the end; nothing is set for it."""
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
    """stdout holds the answer and nothing else; what happens meanwhile goes to stderr."""
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


def test_a_spoken_answer_that_cannot_be_written_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is not there: status 1, said once."""
    assert main(["ask", "--image", "picture.png", "Where is the square?", "--speech-out", "nowhere/a.wav"]) == 1
    assert capsys.readouterr().err.count("nowhere/a.wav") == 1


def test_the_demo_passes_and_would_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All three answers are right; with one right answer exchanged, its status is 1."""
    assert main(["demo", "--output", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert "you: what color is the circle" in out
    assert "seesay: It says OPEN." in out
    assert "demo" in err
    scene, questions = demo_scene()
    exchanged = replace(questions[2], answer="It says CLOSED.")
    monkeypatch.setattr("assistant.cli.demo.demo_scene", lambda: (scene, (*questions[:2], exchanged)))
    assert main(["demo", "--output", str(tmp_path / "out")]) == 1
