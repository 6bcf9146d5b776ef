"""The rules by which a stop word counts, with a scripted recogniser. tests/test_stop_word.py uses the real one."""

import numpy as np
import pytest

from audio.errors import SpeechModelError
from audio.listening.barge_in import SpottedWord, StopListener, StopSettings, VoskSpotter, contains, shortest, words_of
from audio.listening.hearing import Hearing, Situation, SpeechStarted, StopHeard, Utterance
from audio.pcm import AudioChunk
from tests.audio.fakes import LevelVad, ScriptedSource, ScriptedTranscriber
from tests.audio.listening.test_hearing import SETTINGS


class ScriptedSpotter:
    """Hears the given words, window after window, and other given words in the loud part of a window alone."""

    def __init__(self, *answers, alone=()):
        self.answers = list(answers)
        self.alone = list(alone)
        self.asked = []

    def spot(self, samples):
        if len(samples) < 1.19 * 16_000:
            return self.alone.pop(0) if self.alone else []
        self.asked.append(len(samples) / 16_000)
        return self.answers.pop(0) if self.answers else []


def word(text, confidence=1.0, start=0.5, end=0.8):
    return SpottedWord(text, confidence, start, end)


OWN, USER = 300, 1500  # the assistant's level in the microphone, and the user's: 14 dB apart


def chunks(count, level=USER, first=0):
    return [AudioChunk(np.full(480, level, np.int16), 16_000, number * 0.03) for number in range(first, first + count)]


def heard(listener, chunks):
    return [stop for chunk in chunks if (stop := listener.hear(chunk)) is not None]


def listener(spotter, **settings):
    """A listener that has heard three seconds of the assistant's own voice."""
    ears = StopListener(
        spotter, ("stop", "stop talking"), StopSettings(**settings), clock=lambda: 0.0, processor_clock=lambda: 0.0
    )
    assert heard(ears, chunks(100, OWN, first=-100)) == []
    return ears


def test_a_stop_word_is_a_stop():
    """A stop word gives one StopHeard, with the time and the confidence of the word."""
    stops = heard(listener(ScriptedSpotter([word("stop", 0.9, start=0.9, end=1.2)])), chunks(10))
    assert [(stop.text, stop.confidence) for stop in stops] == [("stop", 0.9)]
    assert stops[0].started_at == pytest.approx(0.03 - 1.2 + 0.9)


def test_a_doubtful_stop_must_be_heard_twice():
    """A doubtful stop word must be heard in two windows in a row; a sure one needs only one."""
    doubtful, sure = ([word("stop", confidence, start=0.8, end=1.2)] for confidence in (0.7, 0.9))
    assert heard(listener(ScriptedSpotter(doubtful, [], doubtful, [])), chunks(30)) == []
    assert len(heard(listener(ScriptedSpotter(doubtful, doubtful)), chunks(30))) == 1
    assert len(heard(listener(ScriptedSpotter(sure)), chunks(30))) == 1


@pytest.mark.parametrize(
    "doubtful",
    [
        word("stop", confidence=0.3),
        word("stop", start=0.0, end=0.3),
        word("stop", start=0.5, end=0.53),
        word("[unk]"),
        word("top"),
    ],
)
def test_a_doubtful_word_does_not_count(doubtful):
    """A word does not count if it is unsure, cut off by the window's beginning, too short, or another word."""
    spotter = ScriptedSpotter(*[[doubtful]] * 50)
    assert heard(listener(spotter), chunks(60)) == []
    assert len(spotter.asked) > 10


def test_what_is_no_louder_than_its_own_voice_is_not_even_decoded():
    """Sound that is no louder than its own voice is not even decoded: the answer may be about a stop sign."""
    spotter = ScriptedSpotter(*[[word("stop")]] * 200)
    assert heard(listener(spotter), chunks(200, OWN)) == []
    assert spotter.asked == []


def test_the_word_itself_must_be_the_loud_one():
    """A stop word of its own does not count when the user says something else over it."""
    spotter = ScriptedSpotter(*[[word("stop", start=0.1, end=0.4)]] * 9)
    assert heard(listener(spotter), chunks(9)) == []  # the loud part is the window's last 0.3 s
    assert len(spotter.asked) > 1


def test_a_word_lost_among_its_own_is_found_in_the_loud_part():
    """A stop word in the loud part alone must be heard twice and surely, because there "quite" may sound like "quiet".

    Its time is that of the word in the window.
    """
    lost, sure = [[word("[unk]")]] * 40, [word("stop", 0.9, start=0.2, end=0.4)]
    stops = heard(listener(ScriptedSpotter(*lost, alone=[sure, sure])), chunks(10))
    assert len(stops) == 1
    # Two looks, 0.06 s apart: by then three chunks are loud, and the part begins six before them.
    assert stops[0].started_at == pytest.approx(-6 * 0.03 + 0.2)
    unsure = [word("stop", 0.7, start=0.2, end=0.4)]
    for alone in ([sure, [], sure], [unsure, unsure, unsure], [[word("stop", 1.0, start=0.03, end=0.3)]] * 9):
        assert heard(listener(ScriptedSpotter(*lost, alone=alone)), chunks(10)) == []


def test_its_own_level_must_be_known_first():
    """It hears no stop word until it knows its own level, which it then keeps."""
    ears = StopListener(
        ScriptedSpotter(*[[word("stop")]] * 99), ("stop",), clock=lambda: 0.0, processor_clock=lambda: 0.0
    )
    assert heard(ears, chunks(60)) == []
    assert heard(ears, chunks(300, OWN, first=60)) == []
    ears.rest()
    assert len(heard(ears, chunks(60, first=1000))) >= 1


def test_it_is_asked_less_often_when_it_is_slow():
    """A slow model is asked less often, so that it takes at most its share of a core and keeps up with the sound."""
    slow = iter(np.arange(0.0, 1000.0, 0.2))  # each look at the clock is 0.2 s later
    slow_clock, still = lambda: float(next(slow)), lambda: 0.0
    for clock, processor_clock, every_s in ((still, slow_clock, 0.2 / 0.4), (slow_clock, still, 0.2 / 0.8)):
        spotter = ScriptedSpotter()
        ears = StopListener(spotter, ("stop",), clock=clock, processor_clock=processor_clock)
        heard(ears, chunks(100, OWN, first=-100))
        heard(ears, chunks(40))
        assert len(spotter.asked) == pytest.approx(1.2 / every_s, abs=1)


def test_silence_is_not_decoded():
    """Silence is not decoded, even if the assistant itself cannot be heard in the microphone."""
    spotter = ScriptedSpotter()
    ears = StopListener(spotter, ("stop",), clock=lambda: 0.0, processor_clock=lambda: 0.0)
    heard(ears, chunks(100, 1))
    heard(ears, chunks(100, 20, first=100))
    assert spotter.asked == []


def test_the_window_is_bounded():
    """The window stays short, however long the assistant speaks."""
    spotter = ScriptedSpotter()
    heard(listener(spotter, window_seconds=1.2), chunks(100))
    assert max(spotter.asked) == pytest.approx(1.2)


def test_hearing_hands_over_what_it_drops():
    """While deaf, Hearing yields only the stop. Afterwards it hears as before, and the stop listener forgets."""
    source = ScriptedSource("S" * 60 + "." * 60 + "S" * 30 + "." * 40)
    ears = listener(ScriptedSpotter([word("stop", start=0.9, end=1.2)]))
    events = list(
        Hearing(
            source, LevelVad(), SETTINGS, ScriptedTranscriber("what is this"),
            situation=Situation(deaf=lambda: source.position < 60), stop_ear=ears,
        ).events()
    )  # fmt: skip
    assert [type(event) for event in events] == [StopHeard, SpeechStarted, Utterance]
    assert isinstance(events[0], Utterance), "the conversation obeys it like any other stop"


def test_only_the_shortest_phrases_are_listened_for():
    """Only the shortest phrases are listened for: "stop" need not wait for "stop talking"."""
    assert shortest(["stop", "stop it", "be quiet", "quiet", "Stop!"]) == [("stop",), ("quiet",)]
    assert shortest(["停", "停止"]) == [("停",), ("停止",)]


def test_phrases_are_found_as_whole_words():
    """A part of a word does not count, and punctuation does not hide one."""
    assert contains(words_of("It says: Stop."), ("stop",))
    assert not contains(words_of("It stopped."), ("stop",))


def test_a_missing_model_is_told(tmp_path):
    """A missing model is an error, as it is for the transcriber."""
    with pytest.raises(SpeechModelError, match="no Vosk model folder"):
        VoskSpotter(tmp_path / "none", ("stop",))


class Recorder:
    """A Spotter that hears a sure "stop" in everything, and keeps what it was given."""

    def __init__(self):
        self.given = []

    def spot(self, samples):
        self.given.append(samples)
        return [word("stop", start=0.9, end=1.2)]


def noise(count, seed, level=USER):
    return np.random.default_rng(seed).normal(0, level, count * 480).astype(np.int16)


def cut(samples):
    return [AudioChunk(part, 16_000, 0.03 * number) for number, part in enumerate(samples.reshape(-1, 480))]


def played_from(own):
    """What went to the loudspeaker, `own`, whose first sample the microphone heard at 0 s and half as loud."""

    def played(started_at, count):
        place = round(started_at * 16_000)
        part = own[max(0, place) : place + count]
        return np.pad(part, (max(0, -place), count - max(0, -place) - len(part)))

    return played


def test_what_is_played_is_taken_out_before_it_is_decoded():
    """The recogniser gets the user's sound alone, and a moment of its own voice that is louder than before is none."""
    own = noise(200, seed=1, level=2 * OWN)
    loud = own.copy()
    loud[150 * 480 :] = np.clip(loud[150 * 480 :] * 8.0, -32768, 32767)
    user = np.zeros(200 * 480, np.int16)
    user[180 * 480 :] = noise(20, seed=2, level=3 * USER)
    for said, stops in ((user, 1), (user * 0, 0)):
        spotter = Recorder()
        ears = StopListener(
            spotter, ("stop",), played=played_from(loud), clock=lambda: 0.0, processor_clock=lambda: 0.0
        )
        assert len(heard(ears, cut(loud // 2 + said))) == stops
        for samples in spotter.given:
            assert np.abs(samples.astype(float)).max() > 8 * USER or stops == 0
    assert spotter.given == []


def test_without_knowing_what_is_played_its_own_loud_moment_is_decoded():
    """The same loud moment is decoded by an ear that does not know what the loudspeaker plays."""
    own = noise(200, seed=1, level=2 * OWN)
    own[150 * 480 :] = np.clip(own[150 * 480 :] * 8.0, -32768, 32767)
    spotter = Recorder()
    heard(StopListener(spotter, ("stop",), clock=lambda: 0.0, processor_clock=lambda: 0.0), cut(own // 2))
    assert spotter.given != []
