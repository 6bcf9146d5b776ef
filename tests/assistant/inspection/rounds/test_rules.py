"""What a round says, looks at and stores, sentence by sentence, without any device."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from assistant.inspection.record import NOTE, ROUND_BEGAN, ROUND_ENDED, SKIP, STEP, Record
from assistant.inspection.round_shown import RoundShown
from assistant.inspection.rounds.checklist import Checklist, Number, OneOf, Station, StepKind, Text, YesNo
from assistant.inspection.rounds.moment import Closed, Ended, Evidence, Looking, Moment, Reaction, awaits_closed_answer
from assistant.inspection.rounds.progress import Progress
from assistant.inspection.rounds.rules import Rules
from assistant.inspection.rounds.snapshot import round_shown
from assistant.language.phrases import phrases_for

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
PRESSURE = Number("bar", Decimal("6"), Decimal("8"))
PUMP = Station(
    "pump two",
    StepKind.ASK,
    PRESSURE,
    instruction="Go to pump two.",
    question="what does the gauge say",
    check_digits=("47", "830"),
    when_outside="Close the valve.",
)
TANK = Station("the tank", StepKind.SAY, Number("°C", None, Decimal(60)), question="how warm is the tank")
GUARD = Station("the guard", StepKind.SAY, YesNo("yes"), question="is the guard closed")
VALVE = Station(
    "the valve", StepKind.SAY, OneOf(("open", "half open", "closed"), ("open",)), question="how is the valve"
)
PLATE = Station("the plate", StepKind.READ, Text(), instruction="Hold the camera on the plate.")
SWITCH = Station("the switch", StepKind.ASK, YesNo(), question="is the switch up")
YES_SEEN = Evidence("Yes, it is up.", "yes", is_said=True)


class Talk:
    """A round that is driven by words. It remembers what was said and stored."""

    def __init__(
        self, *stations: Station, language: str = "en", number: int = 0, progress: Progress | None = None
    ) -> None:
        self.rules = Rules(phrases_for(language), language, "cart")
        self.checklist = Checklist("pump room", stations, "f" * 64)
        self.at = NOON
        self.said = ""
        self.records: list[Record] = []
        self.pictures: list[bool] = []
        self.looks = 0
        self.moment: Moment
        if progress is None:
            self._do(self.rules.begin(Progress(self.checklist), "r1", number, NOON))
        else:
            self.records = list(progress.records)
            self._do(self.rules.go_on(progress))

    def hear(self, *texts: str) -> str:
        """The words that answer the last of the texts, "(not for the round)" where they do not concern it."""
        for text in texts:
            self.at += dt.timedelta(seconds=10)
            reaction = self.rules.hear(self.moment, text, self.at)
            self.said = "(not for the round)"
            if reaction is not None:
                self._do(reaction)
        return self.said

    def see(self, evidence: Evidence | None) -> str:
        reaction = self.rules.looked(self.moment, evidence, self.at)
        assert reaction is not None
        self._do(reaction)
        return self.said

    def _do(self, reaction: Reaction) -> None:
        self.moment, self.said = reaction.moment, reaction.says
        self.looks += reaction.looks
        if reaction.record is not None:
            self.records.append(reaction.record)
            self.pictures.append(reaction.has_picture)

    @property
    def shown(self) -> RoundShown:
        return round_shown(self.rules, self.moment)

    @property
    def steps(self) -> list[Record]:
        return [record for record in self.records if record.kind == STEP]


def test_a_round_begins_with_its_title_and_its_first_station() -> None:
    """The begin says how many stations there are, the way to the first one and what is awaited, and is stored."""
    talk = Talk(PUMP, TANK)
    assert talk.said == (
        "The round pump room begins. It has two stations. Pump two. Go to pump two. Say the check digits number one."
    )
    (begin,) = talk.records
    assert (begin.kind, begin.round_id, begin.round_title, begin.profile) == (ROUND_BEGAN, "r1", "pump room", "cart")
    assert begin.details == {"checklist_sha256": "f" * 64, "round_number": 0, "stations": 2}


# Check digits.


@pytest.mark.parametrize("said", ["four seven", "forty seven", "47"])
def test_the_right_check_digits_begin_the_look(said: str) -> None:
    """Digits may be said one by one or as a number; then the camera looks without a further word."""
    talk = Talk(PUMP)
    assert talk.hear(said) == ""
    assert isinstance(talk.moment.state, Looking)
    assert talk.looks == 1


def test_wrong_check_digits_block_the_step_and_the_right_ones_are_never_said() -> None:
    """The user hears what was understood, and the step stays closed."""
    talk = Talk(PUMP)
    wrong = "That is not pump two. The digits here are not four eight. Go to pump two and say its check digits."
    assert talk.hear("four eight") == wrong
    assert talk.hear("seven point two") != ""
    assert talk.looks == 0
    assert talk.hear("four seven") == ""
    assert talk.looks == 1


def test_leading_zeros_of_check_digits_count() -> None:
    """ "Zero five" is not "five"."""
    talk = Talk(replace(PUMP, check_digits=("05",)))
    assert talk.hear("five").startswith("That is not")
    assert talk.hear("zero five") == ""


def test_check_digits_are_taken_in_turn_from_visit_to_visit() -> None:
    """The next round asks for the next ones, and so does a second visit in the same round."""
    assert Talk(PUMP, number=1).said.endswith("Say the check digits number two.")
    assert Talk(PUMP, number=2).said.endswith("Say the check digits number one.")
    talk = Talk(PUMP, TANK)
    talk.hear("skip", "no access")
    assert talk.hear("back").endswith("Say the check digits number two.")


def test_one_set_of_check_digits_has_no_number() -> None:
    """With only one there is nothing to choose."""
    assert Talk(replace(PUMP, check_digits=("47",))).said.endswith("Say the check digits.")


# Numbers.


def test_a_number_is_read_back_and_stored_after_a_yes() -> None:
    """ "Seven point two" is not stored before the human has agreed to it."""
    talk = Talk(TANK, GUARD)
    assert talk.hear("forty two point five") == "Forty two point five degrees celsius, yes?"
    assert talk.steps == []
    assert talk.hear("yes") == "Stored. One is left. The guard. Is the guard closed? Yes or no?"
    (step,) = talk.steps
    assert (step.station, step.value, step.unit, step.low, step.high) == ("the tank", "42.5", "°C", None, 60.0)
    assert (step.spoken, step.is_confirmed, step.is_out_of_limits) == ("forty two point five", True, False)


def test_a_number_that_was_misheard_twice_is_asked_for_digit_by_digit() -> None:
    """A voice that is misheard twice is mostly misheard in the same way again. A list has no digits."""
    talk = Talk(TANK)
    assert talk.hear("fifty", "no") == "How warm is the tank?"
    assert talk.rules.expected(talk.moment).closed is Closed.NUMBER
    each_digit = "Please say each digit, such as: one, five, two, point, seven."
    assert talk.hear("fifty", "no") == each_digit
    assert talk.rules.expected(talk.moment).closed is Closed.EACH_DIGIT
    assert talk.hear("again") == each_digit
    assert talk.hear("five two point seven") == "Fifty two point seven degrees celsius, yes?"
    assert talk.hear("no") == each_digit
    talk.hear("fifty two", "yes")
    assert talk.steps[0].value == "52"
    unclear = Talk(TANK)
    for _ in range(2):
        reaction = unclear.rules.ask_again(unclear.moment)
        unclear.moment = reaction.moment
    assert reaction.says == f"I did not hear that well. Please say it again. {each_digit}"
    valve = Talk(VALVE)
    assert valve.hear("open", "no", "open", "no") == valve.hear("again")


def test_a_no_asks_again_and_another_number_replaces_it() -> None:
    """ "No" asks for the number again; "no, seven point four" says it at once; a plain number does as well."""
    talk = Talk(TANK)
    talk.hear("forty")
    assert talk.hear("no") == "How warm is the tank?"
    assert talk.hear("forty two", "no forty three") == "Forty three degrees celsius, yes?"
    assert talk.hear("forty four") == "Forty four degrees celsius, yes?"
    talk.hear("that is right")
    assert talk.steps[0].value == "44"


def test_a_number_in_another_unit_is_converted_and_both_are_said() -> None:
    """The read-back has what was said and what is stored."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    assert talk.hear("one hundred psi") == ("One hundred psi, that is six point eight nine five bar, yes?")
    talk.hear("yes")
    assert (talk.steps[0].value, talk.steps[0].unit, talk.steps[0].spoken) == ("6.895", "bar", "one hundred psi")


def test_a_converted_value_outside_the_limits_is_said_in_both_units() -> None:
    """Else nobody would know the number that is above the limit."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    assert talk.hear("one hundred and thirty psi").startswith(
        "One hundred and thirty psi, that is eight point nine six three bar. Eight point nine six three bar is above"
    )


def test_a_unit_that_measures_something_else_is_refused() -> None:
    """Seven degrees are no pressure."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    assert talk.hear("seven degrees celsius") == (
        "Seven degrees celsius does not fit here, where bar are wanted. What does the gauge say?"
    )
    assert talk.steps == []


def test_bare_degrees_are_those_of_the_checklist() -> None:
    """Nobody says "Celsius" before a thermometer."""
    talk = Talk(TANK)
    assert talk.hear("forty degrees") == "Forty degrees celsius, yes?"


def test_a_value_outside_its_limits_is_asked_again_then_confirmed_with_a_reason() -> None:
    """It says so and asks again; the second time it wants "confirm", then a reason. Then it says what to do."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()), GUARD)
    assert talk.hear("nine point one") == (
        "Nine point one bar is above the highest, which is eight bar. Please check it, and say it again."
    )
    assert talk.hear("nine point two") == (
        "Nine point two bar is above the highest, which is eight bar. Say confirm, or another value."
    )
    assert talk.hear("yes") == "(not for the round)"
    assert talk.steps == []
    assert talk.hear("confirm") == "What is the reason?"
    assert talk.hear("confirm") == "What is the reason?"
    assert talk.hear("the filter is blocked").startswith("Stored. Close the valve. One is left. The guard.")
    (step,) = talk.steps
    assert (step.value, step.is_out_of_limits, step.is_confirmed) == ("9.2", True, True)
    assert step.reason == "the filter is blocked"


def test_a_value_that_was_misheard_as_outside_is_put_right() -> None:
    """The second time the value is within its limits: it is read back as usual."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    talk.hear("five point one")
    assert talk.hear("seven point one") == "Seven point one bar, yes?"
    talk.hear("yes")
    assert not talk.steps[0].is_out_of_limits


def test_the_limits_themselves_are_allowed() -> None:
    """Six and eight bar are within six to eight bar."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    assert talk.hear("eight") == "Eight bar, yes?"
    assert talk.hear("no", "six") == "Six bar, yes?"


def test_before_confirm_another_value_counts() -> None:
    """A value within the limits is read back, "no" asks again."""
    talk = Talk(replace(PUMP, step=StepKind.SAY, check_digits=()))
    talk.hear("nine", "nine")
    assert talk.hear("no") == "What does the gauge say?"
    assert talk.hear("nine").endswith("Say confirm, or another value.")
    assert talk.hear("seven") == "Seven bar, yes?"


# Evidence.


def at_pump() -> Talk:
    talk = Talk(PUMP, GUARD)
    talk.hear("four seven")
    return talk


def test_a_sure_reading_is_read_back() -> None:
    """Nothing that the camera found is stored before the human has agreed."""
    talk = at_pump()
    assert talk.see(Evidence("The gauge says 7.2 bar.", "7.2")) == "I read seven point two bar, yes?"
    talk.hear("yes")
    (step,) = talk.steps
    assert (step.value, step.reading, step.spoken, step.answer) == ("7.2", "7.2", "", "The gauge says 7.2 bar.")
    assert (step.doubt, step.is_confirmed, talk.pictures[-1]) == ("plain", True, True)


def test_the_human_s_word_wins_over_the_reading_and_both_are_kept() -> None:
    """Where the two differ, both are said before the human's value is stored."""
    talk = at_pump()
    talk.see(Evidence("7.2", "7.2"))
    assert talk.hear("no seven point four") == (
        "Seven point four bar, but I read seven point two bar. Is seven point four bar right?"
    )
    talk.hear("yes")
    (step,) = talk.steps
    assert (step.value, step.spoken, step.reading) == ("7.4", "no seven point four", "7.2")


def test_a_doubtful_reading_never_passes_silently() -> None:
    """A yes to it is not enough: the human has to say the value."""
    talk = at_pump()
    assert talk.see(Evidence("7.2", "7.2", "unsure")) == (
        "I am not sure, but I read seven point two bar. What does the gauge say?"
    )
    assert talk.hear("yes") == "(not for the round)"
    assert talk.hear("seven point two") == "Seven point two bar, yes?"
    talk.hear("yes")
    (step,) = talk.steps
    assert (step.doubt, step.spoken, step.reading, step.is_confirmed) == ("unsure", "seven point two", "7.2", True)


def test_a_doubtful_text_is_taken_over_by_a_yes() -> None:
    """Nobody can be asked to say a serial number that the camera has read."""
    talk = Talk(PLATE)
    assert talk.said.endswith("Say ready when I can look.")
    talk.hear("ready")
    assert talk.see(Evidence("KB-7731", "KB-7731", "unsure")) == "I am not sure, but I read KB-7731. What does it say?"
    assert talk.hear("yes") == "KB-7731, yes?"
    talk.hear("yes")
    (step,) = talk.steps
    assert (step.value, step.spoken, step.doubt) == ("KB-7731", "", "unsure")
    assert "Doubtful: the plate, KB-7731." in talk.hear("report")


def test_nothing_readable_is_asked_of_the_human() -> None:
    """Also where the look failed, or was stopped."""
    talk = at_pump()
    assert talk.see(Evidence("?", "")) == "I cannot read it surely. What does the gauge say?"
    talk = at_pump()
    assert talk.see(None) == "I could not look. What does the gauge say?"
    talk.hear("seven", "yes")
    assert (talk.steps[0].value, talk.steps[0].reading) == ("7", "")


def test_a_reading_outside_the_limits_is_asked_again() -> None:
    """A look that finds too much counts as the first time; the human's word is the second."""
    talk = at_pump()
    assert talk.see(Evidence("9.1", "9.1")) == (
        "I read nine point one bar. Nine point one bar is above the highest, which is eight bar."
        " Please check it, and say it again."
    )
    assert talk.hear("nine point one").endswith("Say confirm, or another value.")


def test_the_camera_looks_again_when_asked() -> None:
    """ "Look again" works once the place is known, and the newest evidence counts."""
    talk = Talk(PUMP, GUARD)
    assert talk.hear("look again") == "(not for the round)"
    talk.hear("four seven")
    talk.see(Evidence("?", ""))
    assert talk.hear("look again") == ""
    assert talk.looks == 2
    assert talk.see(Evidence("7.3", "7.3")) == "I read seven point three bar, yes?"


def test_the_human_may_be_quicker_than_the_camera() -> None:
    """A value that is said during the look counts."""
    talk = at_pump()
    assert talk.hear("seven") == "Seven bar, yes?"
    assert talk.rules.looked(talk.moment, Evidence("7.2", "7.2"), NOON) is None


# Yes or no, and lists.


def test_a_yes_is_stored_at_once() -> None:
    """To read back a yes would only ask for another one."""
    talk = Talk(GUARD, TANK)
    assert talk.hear("yes").startswith("Stored. One is left. The tank.")
    assert (talk.steps[0].value, talk.steps[0].spoken, talk.steps[0].is_confirmed) == ("yes", "yes", False)


def test_a_wrong_yes_or_no_is_outside_too() -> None:
    """It is asked again, confirmed and given a reason, as a number outside its limits is."""
    talk = Talk(GUARD)
    assert talk.hear("no") == "No is not as it should be: yes. Please check it, and say it again."
    assert talk.hear("no") == "No is not as it should be: yes. Say confirm, or another value."
    talk.hear("confirm", "it is under repair")
    assert (talk.steps[0].value, talk.steps[0].is_out_of_limits) == ("no", True)


def test_yes_or_no_is_told_by_the_human_also_where_the_camera_has_seen_it() -> None:
    """Two that have found the same are enough; where they differ "confirm" decides."""
    talk = Talk(SWITCH)
    talk.hear("ready")
    assert talk.see(YES_SEEN) == "Yes or no?"
    talk.hear("yes")
    assert (talk.steps[0].value, talk.steps[0].reading, talk.steps[0].is_confirmed) == ("yes", "yes", True)
    talk = Talk(SWITCH)
    talk.hear("ready")
    talk.see(YES_SEEN)
    assert talk.hear("no") == "You say no, but I found yes. Say confirm, or another value."
    talk.hear("confirm")
    assert (talk.steps[0].value, talk.steps[0].reading, talk.steps[0].is_confirmed) == ("no", "yes", True)
    assert "Doubtful: the switch, no." in talk.hear("report")


def test_an_item_of_a_list_is_read_back() -> None:
    """Only items of the list count; the longest one that was said is meant."""
    talk = Talk(VALVE)
    assert talk.said.endswith("How is the valve? Say open, half open or closed.")
    assert talk.hear("blue") == "(not for the round)"
    assert talk.hear("open please") == "Open, yes?"
    assert talk.hear("no half open").startswith("Half open is not as it should be: open.")


# Commands.


def test_next_leaves_a_station_open() -> None:
    """It comes again before the end."""
    talk = Talk(TANK, GUARD)
    assert talk.hear("next") == "The tank stays open. The guard. Is the guard closed? Yes or no?"
    assert talk.hear("yes") == "Stored. One is left. The tank. How warm is the tank?"
    assert talk.hear("next") == "One is left. The tank. How warm is the tank?"


def test_back_does_a_step_again_and_the_newest_record_counts() -> None:
    """Both records stay."""
    talk = Talk(TANK, GUARD)
    talk.hear("forty", "yes")
    assert talk.hear("back") == "The tank. How warm is the tank?"
    talk.hear("forty one", "yes")
    assert [step.value for step in talk.steps] == ["40", "41"]
    assert talk.moment.progress.result(TANK) == talk.steps[1]
    assert talk.moment.station is GUARD
    talk.hear("back")
    assert talk.hear("back").startswith("This is the first station. The tank.")


def test_a_skip_wants_a_reason() -> None:
    """The reason is stored; "no" takes the skip back."""
    talk = Talk(TANK, GUARD)
    assert talk.hear("skip") == "Why do you skip the tank?"
    assert talk.hear("um") == "(not for the round)"
    assert talk.hear("no") == "The tank. How warm is the tank?"
    assert talk.hear("skip it", "the ladder is missing").startswith("Skipped. One is left. The guard.")
    skip = talk.records[-1]
    assert (skip.kind, skip.station, skip.reason) == (SKIP, "the tank", "the ladder is missing")


def test_again_says_the_instruction_and_what_is_awaited() -> None:
    """Whatever the round waits for."""
    talk = Talk(PUMP)
    assert talk.hear("again") == "Go to pump two. Say the check digits number one."
    talk.hear("four seven")
    talk.see(Evidence("7.2", "7.2"))
    assert talk.hear("say that again") == "Go to pump two. I read seven point two bar, yes?"


def test_a_note_changes_nothing_else() -> None:
    """It may come at once or when asked for; the round waits for the same as before."""
    talk = Talk(TANK)
    talk.hear("forty")
    assert talk.hear("note the floor is wet") == "Noted: the floor is wet. Forty degrees celsius, yes?"
    assert talk.hear("make a note") == "What shall I note?"
    assert talk.hear("the lamp is broken") == "Noted: the lamp is broken. Forty degrees celsius, yes?"
    notes = [(record.station, record.note) for record in talk.records if record.kind == NOTE]
    assert notes == [("the tank", "the floor is wet"), ("the tank", "the lamp is broken")]
    assert talk.hear("yes").endswith("Say report, back, or finish.")


def test_a_pause_hears_nothing_but_a_few_commands() -> None:
    """ "Continue" goes on with what was awaited."""
    talk = Talk(TANK, GUARD)
    talk.hear("forty")
    assert talk.hear("pause") == "The round is paused. Say continue to go on."
    assert talk.hear("yes") == "(not for the round)"
    assert talk.hear("next") == "(not for the round)"
    assert talk.hear("where am i") == "The tank, station one of two."
    assert talk.hear("how many are left") == "Two are left."
    assert talk.hear("note we had lunch") == "Noted: we had lunch. The round is paused. Say continue to go on."
    assert talk.hear("finish", "no") == "The round is paused. Say continue to go on."
    assert talk.hear("continue") == "The round goes on. The tank. Forty degrees celsius, yes?"


def test_a_pause_during_a_look_wants_a_new_look() -> None:
    """What the camera found during a pause does not count."""
    talk = at_pump()
    talk.hear("pause")
    assert talk.rules.looked(talk.moment, Evidence("7.2", "7.2"), NOON) is None
    assert talk.hear("continue").endswith("Say ready when I can look.")


def test_where_am_i_and_how_many_are_left() -> None:
    """Both say what is awaited as well."""
    talk = Talk(TANK, GUARD, VALVE)
    talk.hear("forty", "yes")
    assert talk.hear("where am i") == "The guard, station two of three. Is the guard closed? Yes or no?"
    assert talk.hear("how many are left") == "Two are left. Is the guard closed? Yes or no?"


def test_finish_asks_while_stations_are_open() -> None:
    """ "No" goes on, "yes" ends the round with the report."""
    talk = Talk(TANK, GUARD)
    assert talk.hear("finish") == "Two are left. Finish all the same?"
    assert talk.hear("no") == "How warm is the tank?"
    said = talk.hear("finish the round", "yes")
    assert said == "Not done: the tank; the guard. In order: zero. The round has ended."
    assert talk.records[-1].kind == ROUND_ENDED
    assert isinstance(talk.moment.state, Ended)
    assert talk.hear("next") == "(not for the round)"


def test_the_report_says_what_is_outside_first() -> None:
    """Then what is doubtful, skipped and open; notes come last."""
    talk = Talk(GUARD, PUMP, TANK, PLATE, VALVE)
    talk.hear("yes", "four seven")
    talk.see(Evidence("9.1", "9.1"))
    talk.hear("nine point one", "confirm", "the filter is blocked", "skip", "too hot", "ready")
    talk.see(Evidence("KB-7731", "KB-7731", "unsure"))
    talk.hear("yes", "yes", "note the floor is wet")
    report = (
        "Outside the limits: pump two, nine point one bar, because the filter is blocked. Doubtful: the plate, KB-7731."
        " Skipped: the tank, because too hot. Not done: the valve. In order: one. Notes: the floor is wet."
    )
    assert talk.hear("report") == f"{report} How is the valve? Say open, half open or closed."
    talk.hear("open", "yes")
    assert talk.hear("finish").startswith("Outside the limits: pump two, nine point one bar")
    assert talk.records[-1].answer.startswith("Outside the limits: pump two, nine point one bar")


def test_questions_are_not_meant_for_the_round() -> None:
    """They go to the model, also while a number, a yes or check digits are awaited."""
    talk = Talk(PUMP, TANK)
    question = "what color is the valve"
    assert talk.hear(question) == "(not for the round)"
    talk.hear("four seven")
    assert talk.hear(question) == "(not for the round)"
    talk.see(Evidence("7.2", "7.2"))
    assert talk.hear(question) == "(not for the round)"
    assert talk.hear("stop") == "(not for the round)"
    assert talk.hear("yes").startswith("Stored.")


def test_words_that_were_hardly_heard_are_asked_for_again() -> None:
    """Nothing else happens."""
    talk = Talk(TANK)
    talk.hear("forty")
    reaction = talk.rules.ask_again(talk.moment)
    assert reaction.says == "I did not hear that well. Please say it again. Forty degrees celsius, yes?"
    assert reaction.moment == talk.moment


def test_a_round_tells_which_closed_set_of_words_it_expects() -> None:
    """A recogniser that takes a grammar can then hear only those."""
    talk = Talk(PUMP, VALVE)

    def expected() -> Closed | None:
        return talk.rules.expected(talk.moment).closed

    assert expected() is Closed.DIGITS
    talk.hear("four seven")
    assert expected() is Closed.NUMBER
    talk.see(Evidence("9", "9"))
    assert expected() is Closed.NUMBER
    talk.hear("seven")
    assert expected() is Closed.YES_NO
    talk.hear("nine", "nine")
    assert expected() is Closed.CONFIRM
    talk.hear("confirm")
    assert expected() is None
    talk.hear("it is blocked")
    assert talk.rules.expected(talk.moment).items == ("open", "half open", "closed")
    talk.hear("pause")
    assert expected() is Closed.COMMAND


# Chinese.


def test_a_round_in_chinese() -> None:
    """Numbers, limits, reasons and the report."""
    pump = Station("二号泵", StepKind.SAY, PRESSURE, question="压力是多少", check_digits=("47",))
    talk = Talk(pump, language="zh")
    assert talk.said == "开始巡检：pump room，一共一站。二号泵。请说校验码。"
    assert talk.hear("四 八").startswith("这不是二号泵。")
    assert talk.hear("四 七") == "压力是多少？"
    assert talk.hear("九点一") == "九点一巴高于上限八巴。请检查一下，再说一遍。"
    assert talk.hear("七 点 二") == "七点二巴，对吗？"
    assert talk.hear("不对七点四") == "七点四巴，对吗？"
    assert talk.hear("对") == "已记录。没有剩下的了。所有站都做完了。请说报告、上一站，或者结束巡检。"
    assert talk.steps[0].value == "7.4"
    assert talk.hear("结束 巡检").endswith("巡检结束。")


# Restart.


SCRIPT: tuple[tuple[Station, tuple[str | Evidence, ...]], ...] = (
    (PUMP, ("four seven", Evidence("9.1", "9.1"), "nine point one", "confirm", "the filter is blocked")),
    (TANK, ("forty", "no forty one", "yes")),
    (GUARD, ("note the floor is wet", "yes")),
    (VALVE, ("skip", "too high")),
    (PLATE, ("ready", Evidence("KB-7731", "KB-7731", "unsure"), "yes", "yes")),
)


def play(talk: Talk, kill_after: int) -> Talk:
    """Works through the script, and begins again from the records after so many inputs."""
    inputs = 0
    scripts = dict(SCRIPT)
    while talk.moment.progress.open_stations:
        for each in scripts[talk.moment.station]:
            if inputs == kill_after:
                talk = Talk(*scripts, progress=Progress(talk.checklist, tuple(talk.records)))
                inputs += 1
                break
            inputs += 1
            if isinstance(each, Evidence):
                talk.see(each)
            else:
                talk.hear(each)
    talk.hear("finish")
    return talk


def results(talk: Talk) -> list[tuple[object, ...]]:
    found = [talk.moment.progress.result(station) for station in dict(SCRIPT)]
    return [(r.kind, r.station, r.value, r.reason, r.spoken, r.reading, r.is_confirmed) for r in found if r is not None]


@pytest.mark.parametrize("kill_after", range(16))
def test_a_round_survives_a_restart_at_every_step(kill_after: int) -> None:
    """Its end records are those of a round that was never broken, and it has one begin and one end."""
    unbroken, broken = play(Talk(*dict(SCRIPT)), kill_after=999), play(Talk(*dict(SCRIPT)), kill_after)
    assert results(broken) == results(unbroken)
    kinds = [record.kind for record in broken.records]
    assert (kinds.count(ROUND_BEGAN), kinds.count(ROUND_ENDED), kinds.count(STEP)) == (1, 1, 4)
    assert broken.records[-1].answer.split("Notes")[0] == unbroken.records[-1].answer.split("Notes")[0]


def test_a_restart_says_where_the_round_is() -> None:
    """The way to the first open station behind the last one that was done."""
    talk = Talk(TANK, GUARD, VALVE)
    talk.hear("next", "yes")
    again = Talk(TANK, GUARD, VALVE, progress=Progress(talk.checklist, tuple(talk.records)))
    assert again.said == (
        "I go on with the round pump room. Two are left. The valve. How is the valve? Say open, half open or closed."
    )


def test_a_closed_answer_is_awaited_where_a_question_has_few_answers() -> None:
    """Commands, and the words of a reason, are not of that kind."""
    talk = Talk(TANK, GUARD)

    def awaits() -> bool:
        return awaits_closed_answer(talk.rules.expected(talk.moment))

    assert awaits()  # a number
    talk.hear("forty two")
    assert awaits()  # yes or no to it
    talk.hear("pause")
    assert not awaits()
    talk.hear("continue", "skip")
    assert not awaits()  # a reason


def test_an_agreement_has_to_be_heard_surely() -> None:
    """A no that is heard as a yes would store a wrong value, and a yes that is heard as "finish" would leave it.

    Other words need no such certainty, because they are read back; a no needs the least.
    """
    talk = Talk(TANK)
    rules = talk.rules
    assert [rules.least_confidence(talk.moment, said, 0.5) for said in ("yes", "no", "finish")] == [0.5, 0.5, 0.5]
    talk.hear("forty two")
    assert rules.least_confidence(talk.moment, "yes", 0.5) > 0.7
    assert rules.least_confidence(talk.moment, "confirm", 0.5) > 0.7
    assert rules.least_confidence(talk.moment, "finish", 0.5) > 0.8
    assert rules.least_confidence(talk.moment, "no", 0.5) < 0.3
    assert rules.least_confidence(talk.moment, "no", 0.1) == 0.1
    assert rules.least_confidence(talk.moment, "forty three", 0.5) == 0.5
    assert rules.least_confidence(talk.moment, "yes", 0.95) == 0.95
