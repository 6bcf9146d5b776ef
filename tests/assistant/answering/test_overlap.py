"""Nobody waits for a picture or for the whole answer without need: exact times of slow stages in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Turn, TurnTimings
from assistant.button.gestures import Pressed
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings
from assistant.conversation.event_queue import Event, Tick
from assistant.language.phrases import phrases_for
from audio.listening.hearing import SpeechPaused, SpeechRejected, SpeechStarted, Utterance
from tests.assistant.simulated_time import World
from tests.assistant.slow_stages import Interval, Seconds, Stages

PHRASES = phrases_for("en")
ONSET_SECONDS = 0.1  # how long a sound must last until it is known to be speech
ENDPOINT_SECONDS = 0.7
TRANSCRIBING_SECONDS = 0.1


@dataclass
class Scene:
    """A user who speaks and waits, and a record of what the assistant did meanwhile."""

    world: World
    stages: Stages
    play_earcons: bool = False
    settings: ConversationSettings = field(default_factory=ConversationSettings)

    def play(self, *story: Callable[[Scene], Iterator[Event]]) -> list[Turn]:
        """Plays the story and returns the answered questions. All times count from the beginning of the first word."""
        turns: list[Turn] = []
        answering = AnswerPipeline(
            self.stages.engine,
            any_picture(self.stages.camera),
            self.stages.voice,
            PHRASES,
            play_earcons=self.play_earcons,
            on_end=turns.append,
            clock=self.world.clock,
        )
        with answering:
            heard = (event for part in story for event in part(self))
            self.conversation = Conversation(heard, answering, PHRASES, self.settings, clock=self.world.clock)
            self.conversation.run(greeting="")
        return [turn for turn in turns if turn.question is not None]


def asks(text: str, speech_seconds: float = 2.0) -> Callable[[Scene], Iterator[Event]]:
    """The user asks: the transcript comes a while after the last word."""

    def speak(scene: Scene) -> Iterator[Event]:
        world, began_at = scene.world, scene.world.now
        world.sleep(ONSET_SECONDS)
        yield SpeechStarted(began_at)
        world.sleep(speech_seconds - ONSET_SECONDS)
        ended_at = world.now
        world.sleep(ENDPOINT_SECONDS + TRANSCRIBING_SECONDS)
        scene.stages.record.append(Interval("listening", began_at, world.now))
        yield Utterance(text, 0.9, began_at, ended_at, ENDPOINT_SECONDS)

    return speak


def presses() -> Callable[[Scene], Iterator[Event]]:
    def press(scene: Scene) -> Iterator[Event]:
        yield Pressed(scene.world.now)

    return press


def waits(seconds: float) -> Callable[[Scene], Iterator[Event]]:
    def wait(scene: Scene) -> Iterator[Event]:
        scene.world.sleep(seconds)
        yield from ()

    return wait


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with World() as world:
        world.put_into(monkeypatch)
        yield Scene(world, Stages(world))


def timings(turn: Turn) -> TurnTimings:
    assert turn.timings is not None
    return turn.timings


def test_every_part_of_a_turn_to_the_moment(scene: Scene) -> None:
    """While the user speaks the picture is seen, and while the first sentence is heard the second is made."""
    (turn,) = scene.play(asks("what is this", speech_seconds=2.0), waits(10.0))
    came_and_took = {name: round(value, 6) for name, value in vars(timings(turn)).items() if isinstance(value, float)}
    assert came_and_took == {
        "picture_requested": -1.9,  # at the onset, 0.1 s after the first word began
        "picture_taken": -1.8,
        "picture_seen": 1.2,
        "endpoint": 0.7,
        "transcript": 0.8,
        "first_token": 1.7,  # the picture is seen 0.4 s after the transcript, and then comes the question's prefill
        "first_sentence": 2.1,  # four more tokens, because the space after the full stop belongs to the fifth
        "first_sound": 2.3,
        "total": 5.3,
        "speech": 2.0,
        "capture": 0.1,
        "vision": 2.0,
        "picture_prefill": 1.0,
        "hidden": 2.7,  # of 3.1 s for capture, vision and picture prefill
        "question_prefill": 0.5,
        "decode": 1.0,
        "speaking": 3.0,
        "prompt_tokens_per_second": 18.0,
        "decode_tokens_per_second": 10.0,
    }
    stages = scene.stages
    assert stages.spans("listening") == [(0.0, 2.8)]
    assert stages.spans("vision") == [(0.2, 2.2)]
    assert stages.spans("picture prefill") == [(2.2, 3.2)]
    assert stages.spans("question prefill") == [(3.2, 3.7)]
    assert stages.spans("say A red cup.") == [(4.3, 5.8)]
    assert stages.spans("token")[4:] == [(4.1, 4.2), (4.2, 4.3), (4.3, 4.4), (4.4, 4.5), (4.5, 4.6), (4.6, 4.7)]
    assert stages.spans("synthesis") == [(4.1, 4.3), (5.6, 5.8)]
    assert stages.spans("say It is on a table.") == [(5.8, 7.3)]


def test_the_picture_costs_nothing_when_the_user_speaks_long_enough(scene: Scene) -> None:
    """The time from the transcript to the first sound is that of the question, one sentence and its synthesis.

    The picture adds nothing to it if the user speaks for long enough.
    """
    (turn,) = scene.play(asks("what is this", speech_seconds=4.0), waits(10.0))
    heard = timings(turn)
    assert heard.hidden == pytest.approx(3.1)
    assert heard.first_sound is not None
    assert heard.transcript is not None
    assert heard.first_sound - heard.transcript == pytest.approx(0.5 + 0.4 + 0.2)


def test_a_press_of_the_button_is_sooner_than_the_first_word(scene: Scene) -> None:
    """The picture is requested at the press, so all of its time is hidden, and the onset does not request another."""
    (turn,) = scene.play(presses(), waits(1.0), asks("what is this"), waits(10.0))
    assert timings(turn).picture_requested == pytest.approx(-3.0)
    assert timings(turn).hidden == pytest.approx(3.1)
    assert len(scene.stages.spans("capture")) == 1


def test_a_picture_slower_than_the_words_is_waited_for_and_no_longer(scene: Scene) -> None:
    """If the picture is slower than the transcript, only the rest of its time is added."""
    scene.stages.seconds = Seconds(vision=6.0)
    (turn,) = scene.play(asks("what is this"), waits(20.0))
    seen_at = 0.1 + 0.1 + 6.0 + 1.0
    assert timings(turn).first_sound == pytest.approx(seen_at - 2.0 + 0.5 + 0.4 + 0.2)
    assert timings(turn).hidden == pytest.approx(2.7)


def test_a_long_answer_has_no_gap_and_is_not_decoded_far_ahead(scene: Scene) -> None:
    """Each sentence follows the one before without a gap, and decoding is never far ahead of the voice.

    It waits while one sentence is heard, two wait in the queue and one is about to join them.
    """
    stages = scene.stages
    stages.answer = tuple(f" This is number {number}." for number in range(8))
    stages.seconds = Seconds(token=0.4)
    (turn,) = scene.play(asks("what is this"), waits(30.0))
    spoken = [span for number in range(8) for span in stages.spans(f"say This is number {number}.")]
    assert [begin for begin, _ in spoken[1:]] == [end for _, end in spoken[:-1]]
    assert len(spoken) == 8
    assert timings(turn).speaking == pytest.approx(8 * 1.5)
    tokens = [begin for begin, _ in stages.spans("token")]
    assert tokens[:4] == pytest.approx([3.7, 4.1, 4.5, 4.9])
    # From then on a token begins when the voice takes the next sentence, 0.2 s before the sentence before it ends.
    assert tokens[4:8] == pytest.approx([begin - 0.2 for begin, _ in spoken[1:5]])


def test_the_next_question_s_picture_is_seen_over_the_answer_before(scene: Scene) -> None:
    """When a headset user interrupts, hearing, seeing, decoding and speaking run at once.

    The first sound comes as soon as after a silence.
    """
    scene.settings = ConversationSettings(picture_seconds=0.0)
    scene.stages.seconds = Seconds(sentence=5.0)
    first, second = scene.play(asks("what is this", 2.0), waits(2.0), asks("and now", 4.0), waits(20.0))
    begins_at = 2.8 + 2.0
    (_, second_look) = scene.stages.spans("vision")
    assert second_look == (pytest.approx(begins_at + 0.2), pytest.approx(begins_at + 2.2))
    (answer,) = scene.stages.spans("say A red cup.")[:1]
    assert answer == (pytest.approx(4.3), pytest.approx(9.3))
    assert timings(second).hidden == pytest.approx(3.1)
    assert timings(second).first_sound == pytest.approx(0.8 + 0.5 + 0.4 + 0.2)
    assert first.cancelled.is_set()


def test_the_picture_is_taken_at_the_onset_however_long_the_answer_is_that_is_interrupted(scene: Scene) -> None:
    """Decoding may wait for the voice or may still run: the next question's picture is taken at the onset in both
    cases.
    """
    scene.settings = ConversationSettings(picture_seconds=0.0)
    scene.stages.answer = tuple(f" This is number {number}." for number in range(8))
    for token_seconds in (0.1, 3.0):
        scene.stages.seconds = Seconds(token=token_seconds)
        scene.stages.record.clear()
        began_at = scene.world.now
        first, second = scene.play(asks("what is this", 2.0), waits(4.0), asks("and now", 4.0), waits(30.0))
        assert first.cancelled.is_set()
        assert timings(second).picture_requested == pytest.approx(-3.9)
        assert timings(second).picture_taken == pytest.approx(-3.8)
        assert timings(second).hidden == pytest.approx(3.1)
        onset_at = began_at + 2.8 + 4.0 + ONSET_SECONDS
        assert scene.stages.spans("vision")[1][0] == pytest.approx(onset_at + 0.1)


def coughs(seconds: float = 0.5) -> Callable[[Scene], Iterator[Event]]:
    def cough(scene: Scene) -> Iterator[Event]:
        scene.world.sleep(ONSET_SECONDS)
        yield SpeechStarted(scene.world.now - ONSET_SECONDS)
        for _ in range(round(seconds / 0.02)):
            scene.world.sleep(0.02)
            yield Tick(scene.world.now)
        yield SpeechRejected(scene.world.now)

    return cough


def test_a_headset_s_user_speaks_and_it_is_silent(scene: Scene) -> None:
    """The voice falls silent at the onset, before the words are known, and nothing of the ended answer follows."""
    scene.settings = ConversationSettings(speech_interrupts=True)
    for words, answers in (("stop", 1), ("what color is it", 2)):
        scene.stages.record.clear()
        turns = scene.play(asks("what is this", 2.0), waits(2.0), asks(words, 0.5), waits(20.0))
        assert len(turns) == answers
        assert turns[0].cancelled.is_set()
        spoken = [
            (round(span.begin - turns_began(scene), 6), round(span.end - turns_began(scene), 6))
            for span in heard(scene)
        ]
        assert spoken[0] == (pytest.approx(4.3), pytest.approx(4.8 + ONSET_SECONDS))
        assert all(begin > 4.8 + 0.5 + 0.8 for begin, _ in spoken[1:])
        assert len(spoken) == 1 + 2 * (answers - 1)


@pytest.mark.parametrize("after", [2.0, 2.85, 3.3, 4.4])
def test_after_a_noise_it_goes_on_with_the_sentence_that_was_cut(after: float, scene: Scene) -> None:
    """All of both sentences is heard after a noise, whether it came near the end of a sentence or in the last one."""
    scene.settings = ConversationSettings(speech_interrupts=True)
    (turn,) = scene.play(asks("what is this", 2.0), waits(after), coughs(), waits(20.0))
    whole = [span.what for span in heard(scene) if span.end - span.begin > 1.4]
    onset = 2.8 + after + ONSET_SECONDS
    assert [what for number, what in enumerate(whole) if what not in whole[:number]] == [
        "say A red cup.", "say It is on a table.",
    ]  # fmt: skip
    assert not any(span.begin < moment < span.end for span in heard(scene) for moment in (onset + 0.1, onset + 0.49))
    assert turn.said == ["A red cup.", "It is on a table."]


def test_who_speaks_before_the_answer_has_begun_is_not_spoken_over(scene: Scene) -> None:
    """The first sentence waits for the end of a noise; the earcon that says "I heard you" does not."""
    scene.settings = ConversationSettings(speech_interrupts=True)
    scene.play_earcons = True

    def pauses(scene: Scene) -> Iterator[Event]:
        yield SpeechStarted(scene.world.now)
        scene.world.sleep(2.0)
        yield SpeechPaused(scene.world.now)
        scene.world.sleep(0.5)
        yield SpeechRejected(scene.world.now)

    (turn,) = scene.play(asks("what is this", 2.0), waits(1.0), pauses, waits(20.0))
    assert heard(scene)[0].begin == pytest.approx(2.8 + 1.0 + 2.5 + 0.2)  # 0.2 s for its synthesis
    assert scene.stages.spans("thinking")[-1] == (pytest.approx(5.8, abs=0.021), pytest.approx(5.9, abs=0.021))
    assert turn.said == ["A red cup.", "It is on a table."]


def heard(scene: Scene) -> list[Interval]:
    """The answers' sentences that sounded, in the order in which they sounded."""
    spans = [span for span in scene.stages.record if span.what.startswith("say ") and span.end > span.begin]
    return sorted(spans, key=lambda span: span.begin)


def turns_began(scene: Scene) -> float:
    """The time of the first word of the first question."""
    return scene.stages.spans("listening")[0][0]


def test_a_queued_question_is_decoded_while_the_answer_before_is_heard(scene: Scene) -> None:
    """Both questions are answered, although the second came while the first still waited for its picture.

    Between the two answers there is only the time of one synthesis.
    """
    scene.settings = ConversationSettings(queue_questions=True)
    scene.stages.seconds = Seconds(vision=6.0)
    first, second = scene.play(asks("what is this"), asks("where is it"), waits(30.0))
    assert first.said == second.said
    assert scene.stages.spans("say A red cup.") == [(8.3, 9.8), (11.5, 13.0)]
    assert scene.stages.spans("say It is on a table.") == [(9.8, 11.3), (13.0, 14.5)]
    assert timings(second).vision is None


def test_a_follow_up_waits_for_no_picture(scene: Scene) -> None:
    """A follow-up takes no picture, and its timings have none."""
    first, second = scene.play(asks("what is this"), waits(10.0), asks("what color is it"), waits(10.0))
    assert timings(first).vision == 2.0
    absent = ("picture_requested", "picture_taken", "picture_seen", "capture", "vision", "picture_prefill", "hidden")
    assert [getattr(timings(second), name) for name in absent] == [None] * len(absent)
    assert timings(second).first_token == pytest.approx(0.8 + 0.5)


def test_the_cues_of_a_long_wait_come_on_time(scene: Scene) -> None:
    """A cue comes as soon as the words are there, then every 3.5 s until the first sentence, and never over it."""
    scene.play_earcons = True
    scene.stages.seconds = Seconds(vision=9.0)
    (turn,) = scene.play(asks("what is this"), waits(20.0))
    assert scene.stages.spans("thinking") == [(2.8, 2.9)]
    assert scene.stages.spans("waiting") == [(6.3, 6.4), (9.8, 9.9)]
    assert timings(turn).first_sound == pytest.approx(9.3)
