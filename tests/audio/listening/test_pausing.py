import threading
import time

import numpy as np
import pytest

from audio.listening.barge_in import SpottedWord
from audio.listening.pausing import JudgedBeside, PauseSettings, WordsEnded, words_ended

SETTINGS = PauseSettings()
WINDOW_SECONDS = 1.2
SAMPLES = np.zeros(round(16_000 * WINDOW_SECONDS), np.int16)


def word(text="circle", ended=1.0, seconds=0.3, confidence=0.9):
    return SpottedWord(text, confidence, ended - seconds, ended)


def ends_in_the(text):
    return text.endswith("the")


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        pytest.param([], False, id="no words"),
        pytest.param([word("the", 0.5), word()], True, id="the last word is over"),
        pytest.param([word(ended=1.15)], False, id="it is still being said"),
        pytest.param([word(ended=1.11)], True, id="it ended a moment ago"),
        pytest.param([word("color", 0.5), word("the")], False, id="more must come"),
        pytest.param([word(confidence=0.4)], False, id="hardly heard"),
        pytest.param([word(confidence=0.4, ended=0.5), word()], True, id="only an earlier one hardly heard"),
        pytest.param([word(seconds=0.06)], False, id="too short to be a word: made up"),
    ],
)
def test_what_counts_as_the_end(words, ended):
    """A pause is the end if the last word is a real one, is over, and nothing has to follow it."""
    assert words_ended(words, WINDOW_SECONDS, ends_in_the, SETTINGS) is ended


class FakeSpotter:
    """Hears a finished word, and takes time by moving the clock."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.now = 0.0
        self.windows = 0

    def spot(self, samples):
        self.windows += 1
        self.now += self.seconds
        return [word()]


def test_nothing_is_decoded_that_nobody_wants():
    """While nobody is attentive a pause is not decoded."""
    spotter, wanted = FakeSpotter(), [False]
    ear = WordsEnded(spotter, ends_in_the, wanted=lambda: wanted[0])
    assert not ear.has_ended(SAMPLES)
    assert spotter.windows == 0
    wanted[0] = True
    assert ear.has_ended(SAMPLES)


def test_a_slow_recogniser_is_given_a_rest(caplog):
    """A slow recogniser is not asked for a while, because it would delay the words.

    It is tried again; the user is told once.
    """
    spotter = FakeSpotter(seconds=0.5)
    ear = WordsEnded(spotter, ends_in_the, clock=lambda: spotter.now)
    asked = SETTINGS.patience + SETTINGS.rest_windows
    answers = [ear.has_ended(SAMPLES) for _ in range(2 * asked)]
    assert answers == ([True] * SETTINGS.patience + [False] * SETTINGS.rest_windows) * 2
    assert spotter.windows == 2 * SETTINGS.patience
    spotter.seconds = 0.01
    assert all(ear.has_ended(SAMPLES) for _ in range(100))
    assert len(caplog.messages) == 1


def test_a_busy_moment_is_forgiven():
    """A single slow window does no harm: it means a busy machine, not a slow recogniser."""
    spotter = FakeSpotter()
    ear = WordsEnded(spotter, ends_in_the, clock=lambda: spotter.now)
    for seconds in [0.5, 0.5, 0.01] * 5:
        spotter.seconds = seconds
        assert ear.has_ended(SAMPLES)


class HeldEar:
    """A slow ear: it judges one window each time that it is let."""

    def __init__(self):
        self.asked = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.windows = []

    def has_ended(self, samples):
        self.windows.append(samples)
        self.asked.release()
        assert self.let.acquire(timeout=10)
        return True


@pytest.fixture
def slow():
    ear = HeldEar()
    beside = JudgedBeside(ear)
    yield ear, beside
    beside.close()
    ear.let.release(100)
    beside._thread.join(5)
    assert not beside._thread.is_alive()


def answer_of(beside, samples=SAMPLES):
    """Asks as Hearing does, chunk after chunk, until the answer is True."""
    deadline = time.monotonic() + 10
    while not beside.has_ended(samples):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return True


def test_hearing_never_waits_for_a_judgement(slow):
    """While a window is judged the answer is no, at once; it comes with a later chunk of the same pause."""
    ear, beside = slow
    began_at = time.monotonic()
    assert not beside.has_ended(SAMPLES)
    assert ear.asked.acquire(timeout=10)
    for _ in range(100):
        assert not beside.has_ended(SAMPLES)
    assert time.monotonic() - began_at < 5
    ear.let.release()
    assert answer_of(beside)


def test_the_newest_window_is_judged(slow):
    """Windows that came while another one was judged are passed over, but for the last."""
    ear, beside = slow
    windows = [SAMPLES[:100], SAMPLES[:200], SAMPLES[:300]]
    for window in windows:
        beside.has_ended(window)
        if window is windows[0]:
            assert ear.asked.acquire(timeout=10)
    beside.forget()
    beside.has_ended(windows[2])
    ear.let.release(2)
    assert answer_of(beside, windows[2])
    assert ear.windows[0] is windows[0]
    assert all(window is windows[2] for window in ear.windows[1:])


def test_an_answer_to_an_earlier_pause_does_not_count(slow):
    """The user went on speaking while the pause was judged: that it was the end is no longer true."""
    ear, beside = slow
    beside.has_ended(SAMPLES)
    assert ear.asked.acquire(timeout=10)
    beside.forget()
    ear.let.release()
    beside.has_ended(SAMPLES)  # of the next pause
    assert ear.asked.acquire(timeout=10)
    for _ in range(20):
        assert not beside.has_ended(SAMPLES)
    ear.let.release()
    assert answer_of(beside)


def test_it_is_warmed_beside_hearing():
    """The first decode of a model is slow, so it is made at the start, on the thread that judges."""
    warmed = []
    ear = HeldEar()
    ear.let.release(100)
    beside = JudgedBeside(ear, lambda: warmed.append(threading.current_thread().name))
    assert answer_of(beside)
    assert warmed == ["pauses"]
    beside.close()
