import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import audio
from audio.errors import SpeechModelError
from audio.listening.hearing import Hearing, SpeechRejected, Utterance
from audio.listening.vad import VoiceActivity
from audio.pcm import AudioChunk, resample
from audio.recognition.transcriber import Transcript, VoskTranscriber, parse_results
from audio.settings import EndpointSettings
from audio.speaking.synthesizer import Synthesizer
from audio.wav import WavSource, write_wav

MODEL = Path(audio.__file__).parent / "demo_model" / "en"


def result(*words):
    entries = [{"word": word, "conf": confidence} for word, confidence in words]
    return json.dumps({"result": entries, "text": " ".join(word for word, _ in words)})


def test_pieces_are_joined_and_confidence_is_their_mean():
    """The pieces that Vosk closes by itself become one transcript."""
    pieces = [result(("what", 1.0), ("is", 0.8)), '{"text": ""}', result(("this", 0.6))]
    transcript = parse_results(pieces)
    assert transcript == Transcript("what is this", pytest.approx(0.8))
    assert transcript.word_confidences == (1.0, 0.8, 0.6)


def test_what_the_words_take_is_counted_without_the_pauses():
    """Their own times are added up over all pieces; "[unk]" is none of them, nor is a word without times."""
    pieces = [
        {"result": [{"word": "what", "start": 0.3, "end": 0.6}, {"word": "[unk]", "start": 0.6, "end": 2.0}]},
        {"result": [{"word": "is", "start": 2.5, "end": 2.7}, {"word": "this"}]},
    ]
    assert parse_results([json.dumps(piece) for piece in pieces]).seconds == pytest.approx(0.5)


@pytest.mark.parametrize("results", [[], ['{"text": ""}'], [result(("[unk]", 1.0))]])
def test_nothing_heard_is_an_empty_transcript(results):
    """No words, or only the unknown one, make no text and no confidence."""
    assert parse_results(results) == Transcript("", 0.0)


def test_confidence_stays_within_its_range():
    """Kaldi's sums come out a little above 1 at times."""
    assert parse_results([result(("yes", 1.000002))]).confidence == 1.0


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "no graph"])
def test_a_folder_that_is_no_model_is_told_apart(tmp_path, kind):
    """A missing, empty or incomplete model folder is named in one sentence."""
    folder = tmp_path / "model"
    if kind == "file":
        folder.write_text("no folder")
    elif kind != "missing":
        (folder / "am").mkdir(parents=True)
    if kind == "no graph":
        (folder / "am" / "final.mdl").write_bytes(b"")
    with pytest.raises(SpeechModelError, match="model") as caught:
        VoskTranscriber(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_model_is_an_error_not_a_crash(tmp_path, capfd):
    """Files that are no model inside give one error, and Kaldi's own complaints stay away."""
    for name in ("am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst", "conf/mfcc.conf", "conf/model.conf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"damaged")
    with pytest.raises(SpeechModelError, match="damaged"):
        VoskTranscriber(tmp_path)
    assert capfd.readouterr().err == ""


def test_a_grammar_needs_a_model_that_takes_one(tmp_path):
    """A model with one fixed graph refuses a grammar, in words."""
    for name in ("am/final.mdl", "graph/HCLG.fst"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SpeechModelError, match="no grammar"):
        VoskTranscriber(tmp_path, grammar=["stop"])


@pytest.fixture(scope="module")
def transcriber():
    return VoskTranscriber(MODEL)


@pytest.fixture(scope="module")
def question():
    """ "what color is the square" at 16,000 Hz, with half a second of silence around it."""
    with Synthesizer("en-us") as synthesizer:
        spoken = synthesizer.synthesize("what color is the square")
    silence = np.zeros(8000, np.int16)
    return np.concatenate([silence, resample(spoken.samples, 22_050, 16_000), silence])


def feed(transcriber, samples):
    for begin in range(0, len(samples), 480):
        transcriber.accept(samples[begin : begin + 480])
    return transcriber.finish()


def test_vosk_hears_a_question_twice_alike(transcriber, question):
    """The demo model hears the words, and finish() leaves it ready for the next utterance."""
    first = feed(transcriber, question)
    assert first.text == "what color is the square"
    assert 0.5 < first.confidence <= 1.0
    assert feed(transcriber, question) == first


def test_reset_forgets(transcriber, question):
    """After reset() what was said before is gone."""
    transcriber.accept(question)
    transcriber.reset()
    assert transcriber.finish() == Transcript("", 0.0)


@pytest.mark.parametrize("kind", ["silence", "hiss", "bursts", "knocks"])
def test_silence_and_noise_are_no_words(transcriber, kind):
    """Through VAD and transcriber, silence, hiss, bursts and knocks never become an utterance."""
    time = np.arange(16_000 * 8) / 16_000
    hiss = np.random.default_rng(3).standard_normal(len(time)) * 1500
    gate = {"silence": time < 0, "hiss": time >= 0, "bursts": time % 1.7 < 0.4, "knocks": time % 1.3 < 0.1}[kind]
    source = ArraySource((hiss * gate).astype(np.int16))
    events = list(Hearing(source, VoiceActivity(), EndpointSettings(), transcriber).events())
    assert not [event for event in events if isinstance(event, Utterance)]


@pytest.mark.parametrize("word", ["stop", "yes", "help", "repeat"])
def test_one_short_word_is_enough(transcriber, word):
    """A one-word command is heard: it is no cough."""
    with Synthesizer("en-us") as synthesizer:
        spoken = resample(synthesizer.synthesize(word).samples, 22_050, 16_000)
    source = ArraySource(np.concatenate([np.zeros(8000, np.int16), spoken, np.zeros(16_000, np.int16)]))
    events = list(Hearing(source, VoiceActivity(), EndpointSettings(), transcriber).events())
    assert [event.text for event in events if isinstance(event, Utterance)] == [word]


class ArraySource:
    live = False

    def __init__(self, samples):
        self.samples = samples

    def chunks(self):
        for begin in range(0, len(self.samples) - 479, 480):
            yield AudioChunk(self.samples[begin : begin + 480], 16_000, begin / 16_000)

    def stop(self):
        self.samples = self.samples[:0]


@pytest.mark.parametrize("cut_seconds", [0.0, 0.5])
def test_a_wav_is_heard_from_end_to_end(transcriber, question, tmp_path, cut_seconds):
    """A spoken WAV gives its words and times, also when it ends with the last word."""
    path = tmp_path / "q.wav"
    kept = question[: len(question) - int(cut_seconds * 16_000)]
    write_wav(path, AudioChunk(kept, 16_000))
    hearing = Hearing(WavSource(path), VoiceActivity(), EndpointSettings(), transcriber)
    events = list(hearing.events())
    assert not [event for event in events if isinstance(event, SpeechRejected)]
    (utterance,) = [event for event in events if isinstance(event, Utterance)]
    assert utterance.text == "what color is the square"
    assert utterance.started_at == pytest.approx(0.5, abs=0.15)
    assert utterance.ended_at == pytest.approx(len(question) / 16_000 - 0.5, abs=0.25)


def test_a_grammar_restricts_what_is_heard(question):
    """With a grammar only its phrases are heard; anything else is no words at all."""
    assert feed(VoskTranscriber(MODEL, grammar=["what color is the square"]), question).text
    assert "color" not in feed(VoskTranscriber(MODEL, grammar=["stop", "repeat"]), question).text


def test_a_truncated_model_is_an_error(tmp_path):
    """A model cut short by a broken copy is refused, and the process lives on."""
    copy = tmp_path / "en"
    shutil.copytree(MODEL, copy)
    acoustic = copy / "am" / "final.mdl"
    acoustic.write_bytes(acoustic.read_bytes()[:1000])
    with pytest.raises(SpeechModelError, match="damaged"):
        VoskTranscriber(copy)
