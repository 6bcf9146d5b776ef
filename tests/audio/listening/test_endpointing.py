import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from audio.listening.endpointing import End, Endpointer, Onset, PreRoll
from audio.pcm import AudioChunk
from audio.settings import EndpointSettings

CHUNK = 0.03
SETTINGS = EndpointSettings(
    onset_seconds=0.12,
    end_silence_seconds=0.6,
    max_utterance_seconds=5.0,
    min_speech_seconds=0.2,
    pre_roll_seconds=0.6,
    resume_seconds=0.06,
)


def push_all(endpointer, pattern):
    """Pushes one decision for each letter of `pattern`: S is speech, anything else silence.

    Returns the changes with their places.
    """
    changes = [(i, endpointer.push(c == "S", CHUNK)) for i, c in enumerate(pattern)]
    return [(i, change) for i, change in changes if change is not None]


def test_an_utterance_has_an_onset_and_an_end():
    """Speech gives an onset after 0.12 s, and an end after 0.6 s of silence."""
    changes = push_all(Endpointer(SETTINGS), "." * 10 + "S" * 20 + "." * 40)
    (onset_at, onset), (end_at, end) = changes
    assert (onset_at, round(onset.lead_seconds, 3)) == (13, 0.12)
    assert (end_at, end.reason) == (49, "silence")
    assert round(end.voiced_seconds, 3) == 0.6
    assert round(end.silence_seconds, 3) == 0.6


def test_silence_is_nothing():
    """Silence alone never begins an utterance."""
    assert push_all(Endpointer(SETTINGS), "." * 1000) == []


def test_lone_clicks_are_nothing():
    """Clicks apart from each other never add up to an onset."""
    assert push_all(Endpointer(SETTINGS), "SS..." * 200) == []


def test_a_hole_in_the_first_word_is_bridged():
    """One chunk that the VAD missed only delays the onset; its lead reaches back to the beginning."""
    ((at, onset),) = push_all(Endpointer(SETTINGS), "..SS.SSS")
    assert at == 7
    assert round(onset.lead_seconds, 3) == 0.18


def test_a_pause_for_breath_does_not_end_it():
    """A pause shorter than the end silence stays inside the utterance."""
    changes = push_all(Endpointer(SETTINGS), "S" * 10 + "." * 15 + "S" * 10 + "." * 30)
    assert [type(change) for _, change in changes] == [Onset, End]


def test_blips_do_not_prolong_it():
    """Single chunks taken for speech in the silence after it do not hold the end back."""
    pattern = "S" * 10 + "....S" * 10
    (_, _), (end_at, end) = push_all(Endpointer(SETTINGS), pattern)
    assert end_at == 29
    assert round(end.silence_seconds, 3) == 0.6


def test_endless_speech_is_cut():
    """Speech that does not end is cut at the longest utterance, and a new one begins."""
    changes = push_all(Endpointer(SETTINGS), "S" * 400)
    assert [getattr(change, "reason", "onset") for _, change in changes[:4]] == [
        "onset",
        "too_long",
        "onset",
        "too_long",
    ]
    assert changes[1][0] * CHUNK < SETTINGS.max_utterance_seconds <= (changes[1][0] + 1.1) * CHUNK


def test_a_stream_that_ends_in_speech_ends_the_utterance():
    """finish() closes an utterance under way, and says nothing where there is none."""
    endpointer = Endpointer(SETTINGS)
    assert endpointer.finish() is None
    push_all(endpointer, "S" * 10)
    end = endpointer.finish()
    assert end is not None
    assert end.reason == "end_of_stream"
    assert endpointer.finish() is None


def test_a_cough_is_not_enough():
    """An onset with too little speech in all is told apart at its end."""
    (_, _), (_, cough) = push_all(Endpointer(SETTINGS), "S" * 5 + "." * 30)
    assert not cough.enough(SETTINGS)
    (_, _), (_, word) = push_all(Endpointer(SETTINGS), "S" * 7 + "." * 30)
    assert word.enough(SETTINGS)


@given(st.lists(st.booleans(), max_size=600), st.integers(0, 5))
def test_onsets_and_ends_alternate(decisions, resets):
    """Whatever the VAD says, an onset is followed by one end, and an end by an onset."""
    endpointer = Endpointer(SETTINGS)
    kinds = []
    for is_speech in decisions:
        change = endpointer.push(is_speech, CHUNK)
        if change is not None:
            kinds.append(type(change))
    end = endpointer.finish()
    kinds += [End] if end is not None else []
    assert kinds[::2] == [Onset] * len(kinds[::2])
    assert kinds[1::2] == [End] * len(kinds[1::2])
    assert len(kinds) % 2 == 0


def chunk(number):
    return AudioChunk(np.full(480, number, np.int16), 16_000, number * CHUNK)


def test_pre_roll_keeps_the_newest():
    """The pre-roll keeps the last 0.6 s, oldest first, and is empty once taken."""
    pre_roll = PreRoll(0.6)
    for number in range(50):
        pre_roll.push(chunk(number))
    assert [kept.samples[0] for kept in pre_roll.take()] == list(range(30, 50))
    assert pre_roll.take() == []


def test_a_pause_may_be_the_end_for_a_moment():
    """A pause may be the end for a moment only: not at once, not after a click or in a word, only in an utterance."""
    endpointer = Endpointer(
        EndpointSettings(pause_seconds=0.12, pause_tries_seconds=0.27, pause_min_speech_seconds=0.15)
    )

    def maybe_ended(decisions):
        told = []
        for decision in decisions:
            endpointer.push(decision == "S", 0.03)
            told.append("x" if endpointer.maybe_ended else "-")
        return "".join(told)

    assert maybe_ended("." * 10) == "-" * 10
    assert maybe_ended("SSSSS" + "." * 15) == "-----" + "---xxxxxx------"
    assert maybe_ended("SS" + "..S....") == "--" + "---xxxx"
    endpointer.reset()
    assert maybe_ended("SSS." + "." * 15) == "-" * 19
