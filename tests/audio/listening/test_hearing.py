from dataclasses import replace

import numpy as np
import pytest

from audio.errors import DeviceLost
from audio.listening.hearing import Hearing, Situation, SpeechPaused, SpeechRejected, SpeechStarted, Utterance
from audio.settings import EndpointSettings
from tests.audio.fakes import SPEECH, LevelVad, ScriptedSource, ScriptedTranscriber

SETTINGS = EndpointSettings(onset_seconds=0.12, pre_roll_seconds=0.6, end_silence_seconds=0.6, min_speech_seconds=0.2)


def hear(pattern, transcriber, **options):
    hearing = Hearing(ScriptedSource(pattern), LevelVad(), SETTINGS, transcriber, **options)
    return list(hearing.events())


def test_a_question_is_heard_with_its_times():
    """Speech gives SpeechStarted, then the Utterance, with the times of the speech itself."""
    started, utterance = hear("." * 30 + "S" * 40 + "." * 40, ScriptedTranscriber("what is this"))
    assert started == SpeechStarted(pytest.approx(0.9))
    assert utterance == Utterance("what is this", 0.9, pytest.approx(0.9), pytest.approx(2.1))
    assert utterance.endpoint_seconds == pytest.approx(SETTINGS.end_silence_seconds)


def test_speech_is_told_before_it_ends():
    """SpeechStarted comes within 0.2 s of the onset, not with the words."""
    source = ScriptedSource("." * 30 + "S" * 400)
    hearing = Hearing(source, LevelVad(), SETTINGS, ScriptedTranscriber("x"))
    next(iter(hearing.events()))
    assert (source.position - 30) * 0.03 < 0.2


def test_the_transcriber_hears_what_came_before_the_onset():
    """The pre-roll goes to the transcriber too, so that a soft first sound is not lost."""
    transcriber = ScriptedTranscriber("yes")
    hear("." * 50 + "S" * 40 + "." * 20, transcriber)
    pre_roll = 20
    after_onset = 40 - 4 + 20
    assert transcriber.fed == [pre_roll + after_onset]


def test_the_transcriber_is_fed_while_the_user_speaks():
    """Each chunk of speech is with the transcriber before the next one is taken."""
    transcriber = ScriptedTranscriber("x")
    fed_before = []

    class Watching(ScriptedSource):
        def chunks(self):
            for chunk in super().chunks():
                fed_before.append(transcriber.pending)
                yield chunk

    list(Hearing(Watching("S" * 60), LevelVad(), SETTINGS, transcriber).events())
    assert fed_before[10:] == list(range(10, 60))


def test_silence_is_nothing():
    """Silence gives no event at all, and the transcriber never wakes."""
    transcriber = ScriptedTranscriber()
    assert hear("." * 2000, transcriber) == []
    assert transcriber.pending == 0


@pytest.mark.parametrize("text", ["", "  "])
def test_noise_without_words_is_rejected(text):
    """Sound in which the transcriber finds no words is rejected, not an empty question."""
    started, rejected = hear("S" * 20 + "." * 40, ScriptedTranscriber(text))
    assert isinstance(started, SpeechStarted)
    assert isinstance(rejected, SpeechRejected)


def test_a_doubtful_word_is_rejected():
    """Words that the transcriber itself hardly believes are no question."""
    events = hear("S" * 20 + "." * 40, ScriptedTranscriber("the", confidence=0.2))
    assert isinstance(events[-1], SpeechRejected)


@pytest.mark.parametrize(
    ("voiced_chunks", "seconds", "is_noise"), [(9, 0.63, True), (9, 0.45, False), (40, 0.63, False), (7, 0.45, False)]
)
def test_words_that_take_much_longer_than_the_speech_are_made_of_a_knock(voiced_chunks, seconds, is_noise):
    """However sure they are. A consonant that no detector takes for speech may fill the other half of a word."""
    events = hear("S" * voiced_chunks + "." * 40, ScriptedTranscriber("next", confidence=1.0, seconds=seconds))
    assert isinstance(events[-1], SpeechRejected if is_noise else Utterance)


@pytest.mark.parametrize(
    ("voiced_chunks", "confidence", "is_noise"), [(11, 0.29, True), (11, 0.31, False), (12, 0.29, False)]
)
def test_words_of_a_short_sound_have_to_be_surer(voiced_chunks, confidence, is_noise):
    """As short as most clicks, and shorter than most words: what was hardly understood is not even read back."""
    hearing = Hearing(
        ScriptedSource("S" * voiced_chunks + "." * 40), LevelVad(), SETTINGS,
        ScriptedTranscriber("this", confidence=confidence), min_confidence=0.003,
    )  # fmt: skip
    assert isinstance(list(hearing.events())[-1], SpeechRejected if is_noise else Utterance)


def test_a_cough_is_not_even_transcribed():
    """Too little speech is rejected without asking the transcriber, which forgets it."""
    transcriber = ScriptedTranscriber()
    events = hear("S" * 5 + "." * 40, transcriber)
    assert [type(event) for event in events] == [SpeechStarted, SpeechRejected]
    assert transcriber.resets == 1


def test_a_file_that_ends_in_speech_still_counts():
    """The utterance under way when the source ends is heard."""
    utterance = hear("." * 20 + "S" * 30, ScriptedTranscriber("what color"))[-1]
    assert utterance == Utterance("what color", 0.9, pytest.approx(0.6), pytest.approx(1.5))


def test_two_questions_are_two():
    """A pause separates utterances, and each has its own words."""
    pattern = ("S" * 30 + "." * 30) * 2
    events = hear(pattern, ScriptedTranscriber("one", "two"))
    assert [event.text for event in events if isinstance(event, Utterance)] == ["one", "two"]


def test_deaf_while_speaking():
    """While deaf, nothing is heard."""
    assert hear("S" * 60 + "." * 40, ScriptedTranscriber(), situation=Situation(deaf=lambda: True)) == []


def test_growing_deaf_rejects_what_had_begun():
    """Speech under way when deafness begins is rejected, so that its picture work is dropped."""
    source = ScriptedSource("S" * 100 + "." * 40)
    transcriber = ScriptedTranscriber()
    hearing = Hearing(
        source, LevelVad(), SETTINGS, transcriber, situation=Situation(deaf=lambda: source.position >= 50)
    )
    assert [type(event) for event in hearing.events()] == [SpeechStarted, SpeechRejected]
    assert (transcriber.resets, transcriber.pending) == (1, 0)


def test_hearing_again_begins_afresh():
    """What was said before the deafness does not leak into the next utterance."""
    source = ScriptedSource("S" * 30 + "." * 60 + "S" * 30 + "." * 40)
    transcriber = ScriptedTranscriber("later")
    hearing = Hearing(source, LevelVad(), SETTINGS, transcriber, situation=Situation(deaf=lambda: source.position < 70))
    assert [type(event) for event in hearing.events()] == [SpeechStarted, Utterance]


def test_a_lost_device_is_told():
    """The source's error reaches whoever listens."""

    class Vanishing(ScriptedSource):
        def chunks(self):
            yield from super().chunks()
            raise DeviceLost("the microphone has gone")

    hearing = Hearing(Vanishing("..."), LevelVad(), SETTINGS, ScriptedTranscriber())
    with pytest.raises(DeviceLost, match="has gone"):
        list(hearing.events())


class ScriptedPauseEar:
    """Gives the given verdicts, one for each window, and then always True."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.windows = []
        self.forgotten = 0

    def has_ended(self, samples):
        self.windows.append(len(samples) / 16_000)
        return self.answers.pop(0) if self.answers else True

    def forget(self):
        self.forgotten += 1


def kinds(events):
    return [type(event).__name__ for event in events]


def test_a_pause_is_told_long_before_the_end():
    """A pause is reported once, as soon as it may be the end, with the time at which the speech ended."""
    ear = ScriptedPauseEar()
    events = hear("." * 30 + "S" * 40 + "." * 40, ScriptedTranscriber("what is this"), pause_ear=ear)
    assert kinds(events) == ["SpeechStarted", "SpeechPaused", "Utterance"]
    assert events[1].at == events[2].ended_at == pytest.approx(2.1)
    assert len(ear.windows) == 1
    assert ear.windows[0] == pytest.approx(1.2)


def test_speech_goes_on_after_a_pause_as_the_same_utterance():
    """When the speech goes on, SpeechResumed comes, a second pause is reported again, and no sound is lost."""
    transcriber = ScriptedTranscriber("what is this")
    events = hear("S" * 40 + "." * 10 + "S" * 20 + "." * 40, transcriber, pause_ear=ScriptedPauseEar())
    assert kinds(events) == ["SpeechStarted", "SpeechPaused", "SpeechResumed", "SpeechPaused", "Utterance"]
    assert transcriber.fed == [40 + 10 + 20 + 20]


def test_an_unsure_ear_is_asked_again_for_a_while():
    """An unsure PauseEar is asked again for each chunk, but not until the end of the utterance."""
    ear = ScriptedPauseEar(False, False)
    source = ScriptedSource("S" * 40 + "." * 40)
    hearing = Hearing(source, LevelVad(), SETTINGS, ScriptedTranscriber("x"), pause_ear=ear)
    told = [source.position for event in hearing.events() if isinstance(event, SpeechPaused)]
    assert told == [40 + 4 - 1 + 2]
    ear = ScriptedPauseEar(*[False] * 40)
    assert kinds(hear("S" * 40 + "." * 40, ScriptedTranscriber("x"), pause_ear=ear)) == ["SpeechStarted", "Utterance"]
    assert len(ear.windows) == 6


def test_what_was_asked_of_an_earlier_pause_is_forgotten():
    """When the speech goes on the PauseEar is told, because an answer about the pause before may still be coming."""
    ear = ScriptedPauseEar(*[False] * 40)
    hear("S" * 40 + "." * 10, ScriptedTranscriber("x"), pause_ear=ear)
    before = ear.forgotten
    hear("S" * 40 + "." * 10 + "S" * 20, ScriptedTranscriber("x"), pause_ear=ear)
    assert ear.forgotten - before > before


def test_the_pause_ear_does_not_hear_the_utterance_before():
    """The PauseEar gets nothing of the last utterance, so that a cough after it does not look like its end."""
    ear = ScriptedPauseEar()
    hear("S" * 40 + "." * 21 + "S" * 6 + "." * 40, ScriptedTranscriber("one", "two"), pause_ear=ear)
    assert ear.windows == [pytest.approx(1.2), pytest.approx((6 + 4 + 1) * 0.03)]


def test_a_click_is_no_pause_of_words():
    """After a click, which is hardly any speech, the PauseEar is not even asked."""
    ear = ScriptedPauseEar()
    assert kinds(hear("S" * 4 + "." * 40, ScriptedTranscriber(), pause_ear=ear)) == ["SpeechStarted", "SpeechRejected"]
    assert ear.windows == []


def test_a_held_button_has_no_pauses():
    """While the button is held a pause is not reported, because letting go is the end."""
    ear = ScriptedPauseEar()
    hear("S" * 40 + "." * 40, ScriptedTranscriber("x"), pause_ear=ear, situation=Situation(held=lambda: True))
    assert ear.windows == []


def tone(chunks, pitch_hz=392.0):
    """A cue that LevelVad takes for speech by its first sample."""
    time = np.arange(480 * chunks) / 16_000
    return (SPEECH * np.cos(2 * np.pi * pitch_hz * time)).astype(np.int16).reshape(-1, 480)


class LoudVad:
    """Takes every loud chunk for speech."""

    def is_speech(self, samples):
        return bool(np.abs(samples.astype(int)).mean() > 100)


@pytest.mark.parametrize("own_cue", [True, False])
def test_the_assistant_s_own_cue_is_not_heard(own_cue):
    """A cue neither begins nor prolongs an utterance.

    If Hearing does not know its pitches, it takes the cue for speech.
    """

    class WithCue(ScriptedSource):
        def chunks(self):
            sounds = iter(tone(16))
            for chunk in super().chunks():
                yield replace(chunk, samples=next(sounds)) if self.pattern[self.position] == "C" else chunk

    events = list(
        Hearing(
            WithCue("." * 10 + "C" * 8 + "." * 30 + "S" * 30 + "." * 4 + "C" * 8 + "." * 40),
            LoudVad(),
            SETTINGS,
            ScriptedTranscriber("x", "x"),
            situation=Situation(own_cue=lambda: (392.0,) if own_cue else ()),
        ).events()
    )
    if own_cue:
        assert kinds(events) == ["SpeechStarted", "Utterance"]
        assert events[1].ended_at == pytest.approx((10 + 8 + 30 + 30) * 0.03)
    else:
        assert kinds(events) == ["SpeechStarted", "Utterance"] * 2
