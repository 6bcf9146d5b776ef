from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from assistant.answering.page_reading import PageReading, no_advice
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import LANGUAGES, ReadingCommand, phrases_for
from audio.pcm import AudioChunk
from tests.assistant.fake_reader import SENTENCES, TEXT, FakeReader, Printed, page
from vision.errors import Cancelled, ReaderError
from vision.frame import Frame
from vision.reading.interface import Layout

PHRASES = phrases_for("en")
WORDS = PHRASES.reading
FRAME = Frame(np.zeros((4, 4, 3), np.uint8), 0.0)


class Aloud:
    """Drives the generator as the pipeline does, with a voice of any patience."""

    def __init__(
        self,
        lines: Sequence[Printed],
        advise: Callable[[Frame, Layout], Sequence[str]] = no_advice,
        takes: Callable[[str], None] = lambda step: None,
    ) -> None:
        self.reader = FakeReader(lines, takes)
        self.page = PageReading(self.reader, PHRASES, advise=advise)

    def says(self, command: ReadingCommand | int = ReadingCommand.FROM_THE_TOP, cut_in: int | None = None) -> list[str]:
        """What was heard; the user stops it in the middle of the sentence of this number."""
        turn = Turn(Question("read the text", None, 0.0, 0.0))
        self.turn = turn
        for spoken in self.page.sentences(turn, lambda: FRAME, command):
            assert isinstance(spoken, str)
            turn.said.append(spoken)
            if len(turn.said) - 1 == cut_in:
                turn.cancelled.set()
                break
        turn.done.set()
        return turn.said


def test_a_page_is_read_in_sentences() -> None:
    """From the first to the last line."""
    assert Aloud(page(TEXT)).says() == SENTENCES


def test_no_line_is_recognised_before_the_voice_wants_it() -> None:
    """The first sentence needs two lines, since a heading ends with the paragraph; the rest of the page waits."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=0)
    assert aloud.reader.log == ["find", "line 0", "line 1"]
    aloud.says(ReadingCommand.CONTINUE, cut_in=1)
    assert aloud.reader.log == ["find", "line 0", "line 1"], "nothing is recognised twice"


def test_continue_goes_on_at_the_cut_sentence() -> None:
    """Also if the page is not before the camera any more: its picture is kept."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=2)
    assert aloud.says(ReadingCommand.CONTINUE, cut_in=1) == SENTENCES[2:4]
    assert aloud.says(ReadingCommand.CONTINUE) == SENTENCES[3:]
    assert aloud.says(ReadingCommand.CONTINUE) == [WORDS.after_the_end]


def test_sentences_that_waited_for_the_voice_were_not_read() -> None:
    """The generator is ahead of the voice: only what was spoken counts."""
    aloud = Aloud(page(TEXT))
    turn = Turn(None)
    sentences = aloud.page.sentences(turn, lambda: FRAME, ReadingCommand.FROM_THE_TOP)
    turn.said += [str(next(sentences)), str(next(sentences))][:1]
    assert next(sentences) == SENTENCES[2]
    turn.cancelled.set()
    turn.done.set()
    assert aloud.says(ReadingCommand.CONTINUE) == SENTENCES


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (ReadingCommand.BACK, 1), (ReadingCommand.AGAIN, 2), (ReadingCommand.CONTINUE, 2), (ReadingCommand.NEXT, 3),
        (ReadingCommand.NEXT_PARAGRAPH, 3), (ReadingCommand.FROM_THE_TOP, 0), (1, 0), (2, 1), (5, 3),
    ],
)  # fmt: skip
def test_where_a_command_goes_from_the_third_sentence(command: ReadingCommand | int, first: int) -> None:
    """It reads on from there, until it is stopped."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=2)
    assert aloud.says(command) == SENTENCES[first:]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (ReadingCommand.BACK, SENTENCES[4:]), (ReadingCommand.AGAIN, SENTENCES[4:]),
        (ReadingCommand.CONTINUE, [WORDS.after_the_end]), (ReadingCommand.NEXT, [WORDS.after_the_end]),
        (ReadingCommand.NEXT_PARAGRAPH, [WORDS.after_the_end]), (ReadingCommand.FROM_THE_TOP, SENTENCES),
        (4, ["five.", *SENTENCES[3:]]), (-1, ["on Monday."]), (40, [WORDS.no_such_line.format(count=6)]),
    ],
)  # fmt: skip
def test_where_a_command_goes_from_the_end(command: ReadingCommand | int, said: list[str]) -> None:
    """The last sentence is before the end; a line may begin in the middle of a sentence."""
    aloud = Aloud(page(TEXT))
    aloud.says()
    assert aloud.says(command) == said


def test_a_message_moves_nothing() -> None:
    """After "the last line is number six" it goes on where it was."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=2)
    aloud.says(99)
    assert aloud.says(ReadingCommand.CONTINUE, cut_in=0) == SENTENCES[2:3]


def test_back_from_the_middle_of_a_sentence_is_its_beginning() -> None:
    """A line may begin in the middle; back from the first sentence stays there."""
    aloud = Aloud(page(TEXT))
    assert aloud.says(4, cut_in=0) == ["five."]
    assert aloud.says(ReadingCommand.BACK, cut_in=0) == ["It closes at five."]
    aloud.says(ReadingCommand.FROM_THE_TOP, cut_in=0)
    assert aloud.says(ReadingCommand.BACK, cut_in=0) == ["Opening hours"]


def test_line_three_of_a_page_that_was_hardly_begun() -> None:
    """The lines before it are recognised first, and nothing of them is said."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=0)
    assert aloud.says(5, cut_in=0) == ["On Sunday it is closed."]


def test_doubtful_lines_are_said_with_doubt() -> None:
    """Never left out, and the second one with fewer words; also from the middle on."""
    lines = [Printed("Take"), Printed("tw0", confidence=0.4), Printed("tab1ets", confidence=0.4), Printed("daily.")]
    aloud = Aloud(lines)
    doubtful = [WORDS.doubtful_line.format(line="tw0"), WORDS.also_doubtful_line.format(line="tab1ets")]
    assert aloud.says() == ["Take", *doubtful, "daily."]
    assert aloud.says(3, cut_in=0) == [WORDS.doubtful_line.format(line="tab1ets")]


def test_lines_that_cannot_be_read_are_counted() -> None:
    """Where print was found and nothing came of it."""
    assert Aloud([Printed(""), Printed("Exit.")]).says() == [WORDS.unreadable_line, "Exit."]
    noise = [Printed(""), Printed(""), Printed("Exit.")]
    assert Aloud(noise).says() == [WORDS.unreadable_lines.format(count=2), "Exit."]


def test_no_text_is_told() -> None:
    """Each time that it is asked for."""
    aloud = Aloud([])
    assert aloud.says() == [WORDS.no_text]
    assert aloud.says(ReadingCommand.CONTINUE) == [WORDS.no_text]


def advised(frame: Frame, layout: Layout) -> Sequence[str]:
    return ["cut_left", "cut_right"]


def test_a_picture_without_a_sure_line_is_no_page() -> None:
    """It says so, then what there is with doubt, and never how the page should be held."""
    aloud = Aloud([Printed("B日OO", confidence=0.32), Printed("GOGG", confidence=0.34)], advised)
    possible = [WORDS.possible_line.format(line="B日OO"), WORDS.also_possible_line.format(line="GOGG")]
    assert aloud.says() == [WORDS.nothing_sure, *possible]
    assert aloud.says(ReadingCommand.AGAIN) == [WORDS.possible_line.format(line="GOGG")]
    assert aloud.says(ReadingCommand.CONTINUE) == [WORDS.after_the_end]


def test_print_that_is_too_small_is_told_also_where_no_line_is_sure() -> None:
    """A small label far away is read if the user moves closer."""
    aloud = Aloud([Printed("YAMANA", confidence=0.8)], lambda frame, layout: ["cut_left", "too_far"])
    possible = WORDS.possible_line.format(line="YAMANA")
    assert aloud.says() == [WORDS.advice["too_far"], WORDS.nothing_sure, possible]


@pytest.mark.parametrize("line", [Printed("9", confidence=0.88), Printed("")])
def test_a_lone_character_that_is_not_sure_is_left_out(line: Printed) -> None:
    """Where there is nothing else, each time that it is asked for."""
    aloud = Aloud([line], advised)
    assert aloud.says() == [WORDS.nothing_sure]
    assert aloud.says(ReadingCommand.CONTINUE) == [WORDS.nothing_sure]
    assert Aloud([*page("Gate"), line], advised).says()[:2] == [WORDS.too_near, "Gate"]


def test_a_lone_character_is_said_with_doubt() -> None:
    """A door's number may be a cup as well, and is no page that could be held better."""
    assert Aloud([Printed("7")], advised).says() == [WORDS.doubtful_line.format(line="7")]
    assert Aloud([*page("Room"), Printed("7")]).says() == ["Room 7"]
    assert Aloud([Printed("7", confidence=0.92)]).says() == [WORDS.nothing_sure, WORDS.possible_line.format(line="7")]


def test_many_lines_without_a_sure_one_are_a_page() -> None:
    """It may be held badly; nothing of it is recognised before the user hears so."""
    aloud = Aloud([Printed("tw0 tab1ets", confidence=0.4)] * 10, advised)
    assert aloud.says(cut_in=1) == [WORDS.too_near, WORDS.doubtful_line.format(line="tw0 tab1ets")]
    assert aloud.reader.log == ["find", "line 0"]


def test_one_sure_line_among_few_makes_a_page() -> None:
    """The lines before it are said with doubt as on any page."""
    aloud = Aloud([Printed("Ex1t", confidence=0.5), *page("This way.")], advised)
    assert aloud.says() == [WORDS.too_near, WORDS.doubtful_line.format(line="Ex1t"), "This way."]


def test_a_stop_while_the_first_lines_are_recognised_judges_nothing() -> None:
    """The next try judges the page, and says what is to be said."""
    stopped: list[Turn] = []

    def stop(step: str) -> None:
        if step == "line 1" and not stopped:
            stopped.append(turn)
            turn.cancelled.set()

    aloud = Aloud([Printed("a1c", confidence=0.4), Printed("x2z", confidence=0.4)], takes=stop)
    turn = Turn(None)
    with pytest.raises(Cancelled):
        list(aloud.page.sentences(turn, lambda: FRAME, ReadingCommand.FROM_THE_TOP))
    turn.done.set()
    assert aloud.says()[0] == WORDS.nothing_sure


def test_the_end_of_a_long_page_is_told() -> None:
    """And "again" is the last sentence of the page."""
    lines = [Printed(f"Sentence {number}.") for number in range(1, 11)]
    aloud = Aloud(lines)
    assert aloud.says()[-2:] == ["Sentence 10.", WORDS.the_end]
    assert aloud.says(ReadingCommand.AGAIN) == ["Sentence 10.", WORDS.the_end]
    assert aloud.page.last_sentence is not None
    assert aloud.page.last_sentence.text == "Sentence 10."


def test_what_hinders_the_reader_comes_before_the_text() -> None:
    """The worst two, once."""
    aloud = Aloud(page("Exit."), lambda frame, layout: ["cut_left", "too_far", "glare"])
    assert aloud.says() == [WORDS.advice["cut_left"], WORDS.advice["too_far"], "Exit."]
    assert aloud.says(ReadingCommand.FROM_THE_TOP) == ["Exit."]


def test_a_page_that_is_cut_on_both_sides_is_too_near() -> None:
    """Nobody can move the camera to the left and to the right."""
    aloud = Aloud(page("Exit."), lambda frame, layout: ["cut_left", "cut_right", "cut_top", "glare"])
    assert aloud.says() == [WORDS.too_near, WORDS.advice["glare"], "Exit."]


def test_a_page_without_a_picture_says_why() -> None:
    """What the pipeline says in its place goes to the voice, and the next try asks for the picture again."""
    aloud = Aloud(page("Exit."))
    cue = AudioChunk(np.zeros(1, np.int16), 22_050)
    turn = Turn(None)
    assert list(aloud.page.sentences(turn, lambda: [cue, "No camera."], ReadingCommand.FROM_THE_TOP)) == [
        cue,
        "No camera.",
    ]
    assert aloud.says() == ["Exit."]


def test_a_stop_before_the_picture_was_taken_is_no_silence_later() -> None:
    """Continue says that there is no picture; who is cancelled meanwhile hears nothing."""

    def dropped() -> Frame:
        raise Cancelled("the picture was dropped before it was taken")

    aloud, turn = Aloud(page("Exit.")), Turn(None)
    assert list(aloud.page.sentences(turn, dropped, ReadingCommand.CONTINUE)) == [PHRASES.no_picture_yet]
    turn.cancelled.set()
    with pytest.raises(Cancelled):
        list(aloud.page.sentences(turn, dropped, ReadingCommand.CONTINUE))


def test_a_reader_that_fails_is_one_sentence_and_may_come_back() -> None:
    """In the middle of a page too: what was read stays, and continue tries again."""
    broken = ["line 4"]

    def takes(step: str) -> None:
        if step in broken:
            raise ReaderError("the models are damaged: install rapidocr again")

    aloud = Aloud(page(TEXT), takes=takes)
    assert aloud.says() == [*SENTENCES[:3], WORDS.failed]
    assert isinstance(aloud.turn.error, ReaderError)
    broken.clear()
    assert aloud.says(ReadingCommand.CONTINUE) == SENTENCES[3:]


def test_a_cancel_reaches_the_reader() -> None:
    """While it looks for lines, which may take a second; the next turn begins with that."""
    stopped: list[Turn] = []

    def takes(step: str) -> None:
        if step == "find" and stopped:
            stopped.pop().cancelled.set()

    aloud = Aloud(page("Exit."), takes=takes)
    turn = Turn(None)
    stopped.append(turn)
    with pytest.raises(Cancelled):
        list(aloud.page.sentences(turn, lambda: FRAME, ReadingCommand.FROM_THE_TOP))
    assert aloud.says(ReadingCommand.CONTINUE) == ["Exit."]


def test_the_lines_of_a_turn_are_kept_for_programs() -> None:
    """Only those that this turn recognised."""
    aloud = Aloud(page(TEXT))
    aloud.says(cut_in=0)
    assert aloud.turn.lines is not None
    assert [line.text for line in aloud.turn.lines] == ["Opening hours", "The library opens at nine."]
    aloud.says(ReadingCommand.CONTINUE)
    assert aloud.turn.lines[0].text == "It closes at"
    assert aloud.turn.words == " ".join(SENTENCES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_words_for_all_of_it(language: str) -> None:
    """The places in braces are those that the code fills in."""
    words = phrases_for(language).reading
    assert set(words.commands) == set(ReadingCommand)
    assert words.doubtful_line.format(line="abc").endswith("abc")
    assert words.also_doubtful_line.format(line="abc").endswith("abc")
    assert words.possible_line.format(line="abc").endswith("abc")
    assert words.also_possible_line.format(line="abc").endswith("abc")
    assert "7" in words.unreadable_lines.format(count=7)
    assert "7" in words.no_such_line.format(count=7)
    assert all("{number}" in wording for wording in words.line)
    assert set(range(1, 100)) <= set(words.numbers.values())
