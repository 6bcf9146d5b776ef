"""The set-up as a dialogue: what is asked, what an answer does, and what is written at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assistant.cli.setup import draft_of, language_of
from assistant.settings.config import ActivationConfig, ButtonConfig, Config, SpeakingConfig
from assistant.setup.dialogue import Dialogue, NotPossible, Setting
from assistant.setup.presses import Answer
from assistant.setup.screen_reader import Preference
from assistant.setup.steps import Device, Draft, FoundButton, Heard, Page, steps_of

SLOW = Config(speaking=SpeakingConfig(rate_wpm=175))
YES, NO, BACK, REPEAT = Answer.YES, Answer.NO, Answer.BACK, Answer.REPEAT


@dataclass
class FakeParts:
    """Devices in memory. It records what was said and done."""

    draft: Draft
    broken: tuple[str, ...] = ()  # loudspeakers that do not open
    heard: dict[str, Heard] = field(default_factory=dict)
    page: Page = field(default_factory=lambda: Page("text", "Exit on the left"))
    hears: bool = True
    buttons: list[FoundButton | None] | None = None  # what is pressed, one after the other; None: there are none
    fetch_fails: bool = False
    said: list[str] = field(default_factory=list)
    voices: list[tuple[Setting, ...]] = field(default_factory=list)
    written: list[dict[str, dict[str, object]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def speak_as(self, settings: Sequence[Setting]) -> None:
        self.voices.append(tuple(settings))
        if any(value in self.broken for _, key, value in settings if key == "output_device"):
            raise NotPossible("it is in use.")

    def tell(self, text: str) -> None:
        self.said.append(text)

    def loudspeakers(self) -> Sequence[Device]:
        return [Device("Speakers", "hw:0"), Device("Headset", "headset")]

    def microphones(self) -> Sequence[Device]:
        return [Device("Mic", "mic")]

    def cameras(self) -> Sequence[Device]:
        return [Device("Webcam", "/dev/video0")]

    def listen(self, device: str) -> Heard:
        return self.heard.get(device, Heard("words", "good morning"))

    def read_page(self, camera: str) -> Page:
        return self.page

    def write(self, draft: Draft) -> Path:
        self.written.append({table: dict(values) for table, values in draft.changes().items()})
        return Path("/config.toml")

    def fetch(self, which: str) -> None:
        self.fetched.append(which)

    def can_hear(self) -> bool:
        return self.hears

    def fetch_has_failed(self) -> bool:
        return self.fetch_fails

    def has_buttons(self) -> bool:
        return self.buttons is not None

    def find_button(self) -> FoundButton:
        assert self.buttons is not None
        found = self.buttons.pop(0)
        if found is None:
            raise NotPossible("I noticed no press.")
        return found

    def start_at_boot(self) -> str:
        return "It starts with the machine."


class Led:
    """A set-up that was led to its end by a list of answers; every further answer is yes."""

    def __init__(
        self,
        *answers: Answer,
        config: Config | None = None,
        preference: Preference | None = None,
        models: Sequence[str] = (),
        boot: bool = False,
        **parts: object,
    ) -> None:
        self.draft = draft_of(config or SLOW)
        self.parts = FakeParts(self.draft, **parts)  # type: ignore[arg-type]
        self.questions: list[str] = []
        self._answers: Iterator[Answer] = iter(answers)
        steps = steps_of(
            self.draft,
            self.parts,
            language="en",
            preference=preference,
            can_start_at_boot=boot,
            wants_models=models,
        )
        self.begins = Dialogue(steps, self._ask, self.parts.tell).run()

    def _ask(self, question: str, silence_means: Answer) -> Answer:
        assert len(self.questions) < 60, "it does not end"
        self.questions.append(question)
        return next(self._answers, YES)


def test_the_first_sentence_says_what_the_key_does() -> None:
    """Nobody has to know anything before: yes, no, back and repeat are told first."""
    first = Led().questions[0]
    assert first.startswith(
        "This is the set-up of SeeSay. Press the space bar or Enter once for yes, twice for no, three"
    )
    assert "Hold it, or wait, and I say it again." in first


def test_yes_to_everything_begins_with_what_was_there() -> None:
    """Nothing is changed, all steps are passed once, and the conversation begins."""
    led = Led()
    assert led.begins
    assert led.parts.written == [{}]
    assert [question[:14] for question in led.questions] == [
        "This is the se", "This is the sy", "I heard: good ", "I read: Exit o", "Shall I take a", "I speak 175 wo",
        "That was all. ", "Shall we begin",
    ]  # fmt: skip


def test_no_tries_the_next_and_it_is_written() -> None:
    """Each no goes on to the next offer of the same step; what was taken is written in one piece."""
    led = Led(YES, NO, NO, YES, NO, YES, NO, YES, NO, NO, YES, NO, YES)
    assert led.parts.written == [
        {
            "speaking": {"output_device": "headset", "rate_wpm": 155},
            "hearing": {"input_device": "mic"},
            "seeing": {"camera": "/dev/video0"},
            "activation": {"by": "button"},
        }
    ]


def test_another_language_is_spoken_from_then_on() -> None:
    """Chinese is offered in Chinese, and the next question is Chinese too."""
    led = Led(NO, YES)
    assert led.questions[1].startswith("这是SeeSay的设置")
    assert led.questions[2].startswith("这是系统默认设备")
    assert led.parts.written == [{"conversation": {"language": "zh"}}]


def test_a_step_is_repeated_and_gone_back() -> None:
    """A held key says the same again, three presses ask the step before; at the first step there is none before."""
    led = Led(BACK, REPEAT, YES, BACK, YES)
    assert [question.split()[0:3] for question in led.questions[:6]] == [
        ["This", "is", "the"],
        ["This", "is", "the"],
        ["This", "is", "the"],
        ["This", "is", "the"],
        ["This", "is", "the"],
        ["This", "is", "the"],
    ]
    assert [question.startswith("This is the set-up") for question in led.questions[:6]] == [
        True, True, True, False, True, False,
    ]  # fmt: skip


def test_back_passes_a_step_that_is_left_out() -> None:
    """From the last question back leads over the steps without an offer to the one before them."""
    led = Led(*[YES] * 7, BACK)
    assert led.questions[7].startswith("Shall we begin")
    assert led.questions[8].startswith("That was all")


def test_a_loudspeaker_that_does_not_open_is_passed() -> None:
    """The next one is tried, and it says so there."""
    led = Led(YES, YES, broken=("",))
    assert led.parts.said[0] == "the system's own choice cannot be used: it is in use."
    assert led.parts.written == [{"speaking": {"output_device": "hw:0"}}]


def test_no_loudspeaker_at_all_ends_the_set_up() -> None:
    """It does not go round for ever when none opens."""
    with pytest.raises(NotPossible, match="Headset cannot be used: it is in use"):
        Led(broken=("", "hw:0", "headset"))


def test_a_question_that_was_perhaps_not_heard_means_no() -> None:
    """Only at the loudspeaker silence goes on to the next offer; elsewhere the question is asked again."""
    draft = draft_of(Config())
    steps = steps_of(draft, FakeParts(draft), language="en", preference=None, can_start_at_boot=False, wants_models=())
    assert [step.silence_means for step in steps] == [REPEAT, NO, *[REPEAT] * 9]


@pytest.mark.parametrize(
    ("heard", "begins"),
    [
        (Heard("silent"), "This microphone sends silence only"),
        (Heard("too quiet"), "I hear you only softly"),
        (Heard("no words"), "I hear you, but I understood no words"),
        (Heard("sound"), "I hear you. Words come with the speech model"),
        (Heard("fails", "It is in use."), "This microphone cannot be used: It is in use. Shall I"),
    ],
)
def test_what_is_wrong_with_a_microphone_is_said(heard: Heard, begins: str) -> None:
    """Each fault has a sentence of its own, before the question."""
    assert Led(heard={"": heard}).questions[2].startswith(begins)


def test_a_camera_that_reads_nothing_says_so() -> None:
    """A picture without print and a camera that fails are told apart."""
    assert Led(page=Page("no text")).questions[3].startswith("The camera works, but I found no print")
    assert Led(page=Page("fails", "It is gone.")).questions[3].startswith("This camera cannot be used: It is gone.")
    long = Led(page=Page("text", " ".join(map(str, range(99))))).questions[3]
    assert long.startswith("I read: 0 1 2 3 4 5 6 7 8 9 10 11. Shall")


def test_the_screen_reader_s_rate_and_voice_are_offered_first() -> None:
    """The offer is heard in its own voice and rate; a no leads to the rate as it was."""
    preference = Preference("Orca", 310, "en-gb", "+f2")
    taken = Led(preference=preference)
    assert taken.questions[5].startswith("Orca speaks 310 words a minute")
    assert (("speaking", "voice", "en-gb+f2"), ("speaking", "rate_wpm", 310)) in taken.parts.voices
    assert taken.parts.written == [{"speaking": {"voice": "en-gb+f2", "rate_wpm": 310}}]
    assert Led(*[YES] * 5, NO, preference=preference).parts.written == [{}]


def test_the_end_can_be_without_any_change() -> None:
    """No to keeping asks whether all shall stay as it was; yes to that writes nothing and starts nothing."""
    led = Led(YES, NO, *[YES] * 5, NO, YES)
    assert not led.begins
    assert led.parts.written == []
    assert led.parts.said[-1] == "Nothing was changed."


def test_models_are_fetched_now_or_later() -> None:
    """Yes fetches all, one no only speech, two nothing."""
    asked = [YES] * 7
    assert Led(*asked, YES, models=("all", "speech")).parts.fetched == ["all"]
    assert Led(*asked, NO, YES, models=("all", "speech")).parts.fetched == ["speech"]
    assert Led(*asked, NO, NO, YES, models=("all", "speech")).parts.fetched == []


def test_a_conversation_without_a_speech_model_is_told_before() -> None:
    """A language whose model could not be fetched is said aloud, not left to a silent end."""
    assert Led(hears=False).parts.said[-1].startswith("The models could not be fetched completely")


PEDAL = FoundButton("Big Pedal", 57, "space (57)")
TO_THE_BUTTON = [YES] * 4 + [NO, NO, YES]  # all speech: no; the wake phrase: no; the button: yes


def test_a_button_that_is_pressed_is_taken() -> None:
    """Device and key are written; a no waits for another one."""
    led = Led(*TO_THE_BUTTON, YES, buttons=[PEDAL])
    assert led.questions[7].startswith("You pressed space (57) of Big Pedal. Shall this be the button?")
    assert led.parts.written == [{"activation": {"by": "button"}, "button": {"device": "Big Pedal", "key": 57}}]
    other = Led(*TO_THE_BUTTON, NO, NO, YES, buttons=[PEDAL, FoundButton("Headset", 164, "play/pause (164)")])
    assert other.questions[8] == "Shall the space bar of the terminal be the button?"
    assert other.parts.written[0]["button"] == {"device": "Headset", "key": 164}


def test_without_a_press_the_space_bar_is_offered() -> None:
    """It says that it noticed none."""
    led = Led(*TO_THE_BUTTON, YES, buttons=[None])
    assert "I noticed no press." in led.parts.said
    assert led.parts.written == [{"activation": {"by": "button"}, "button": {"device": "terminal"}}]


def test_a_button_that_is_configured_stays_by_a_yes() -> None:
    """Yes to everything changes nothing, and nobody has to press it."""
    config = replace(SLOW, activation=ActivationConfig(by="button"), button=ButtonConfig("Big Pedal", 57))
    led = Led(config=config, buttons=[])
    assert "Shall Big Pedal stay the button?" in led.questions
    assert led.parts.written == [{}]


def test_a_fetch_that_failed_is_said_before_the_end() -> None:
    """Who ends the set-up without a conversation hears it too."""
    ended = [*[YES] * 7, NO, YES]
    assert Led(*ended, fetch_fails=True).parts.said[-1] == (
        "The models could not be fetched completely. Run seesay fetch later; it goes on where it stopped. Goodbye."
    )
    assert Led(*ended).parts.said[-1] == "Goodbye."


def test_it_starts_with_the_machine_if_wanted() -> None:
    """What came of it is said; a no does nothing."""
    asked = [YES] * 7
    assert Led(*asked, YES, boot=True).parts.said[-1] == "It starts with the machine."
    assert "It starts with the machine." not in Led(*asked, NO, YES, boot=True).parts.said


@pytest.mark.parametrize(
    ("locale", "language"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("de_DE.UTF-8", "en"), ("", "en")]
)
def test_the_system_s_language_is_offered_first(locale: str, language: str) -> None:
    """A language that is not spoken here leaves the configuration's."""
    assert language_of(locale, Config()) == language
