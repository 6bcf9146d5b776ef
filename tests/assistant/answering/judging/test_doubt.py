"""Doubt: when an answer is hedged, and that hedged answers are wrong more often."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.judging.doubt import (
    DEMO_RULE,
    Doubter,
    DoubtRule,
    Piece,
    Verdict,
    certainty,
    hedged,
    unsure_characters,
    verdict,
)
from assistant.bench.accuracy import doubt_rates, spelling_rates
from assistant.bench.accuracy.doubt_rates import CLEAN, Trial
from assistant.bench.accuracy.spelling_rates import Reading
from assistant.language.phrases import DoubtWords, phrases_for
from assistant.language.sentences import SentenceCutter
from vision.demo_model import CHECKPOINT

RULE = DoubtRule(hedge_below=0.7, cannot_tell_below=0.5, spell_below=0.9)
ENGLISH = DoubtWords(
    "I am not sure, but {answer}", "I cannot tell from this picture, because {because}.", frozenset({"the", "picture"})
)
CHINESE = DoubtWords("我不太确定，不过{answer}", "这张照片我看不清，因为{because}。", frozenset({"这是"}))
TEST_SEED = 930_001


def pieces(*given: tuple[str, float]) -> list[Piece]:
    """Pieces of one token each, with the given probabilities."""
    return [Piece(text, (math.log(probability) if probability else -math.inf,)) for text, probability in given]


def said(given: list[Piece], words: DoubtWords = ENGLISH, because: str | None = None) -> list[str]:
    """The spoken sentences of an answer that comes piece by piece."""
    cutter, doubter, spoken = SentenceCutter(), Doubter(RULE, words, because), []
    for piece in given:
        doubter.hear(piece.text, piece.log_probabilities)
        spoken += [doubter.spoken(sentence) for sentence in cutter.push(piece.text)]
    return spoken + [doubter.spoken(sentence) for sentence in cutter.flush()]


@pytest.mark.parametrize(
    ("sure", "faulty", "expected"),
    [
        (1.0, False, Verdict.PLAIN),
        (0.7, False, Verdict.PLAIN),
        (0.69, False, Verdict.UNSURE),
        (0.0, False, Verdict.UNSURE),
        (0.95, True, Verdict.PLAIN),
        (0.6, True, Verdict.UNSURE),
        (0.49, True, Verdict.CANNOT_TELL),
    ],
)
def test_the_verdict_follows_the_thresholds(sure: float, faulty: bool, expected: Verdict) -> None:
    """It refuses an answer only if the picture has a fault and the certainty is low; a fault alone changes nothing."""
    assert verdict(sure, RULE, picture_is_faulty=faulty) is expected


def test_thresholds_of_nought_switch_doubt_off() -> None:
    """With thresholds of 0 not even an impossible token is hedged."""
    assert verdict(0.0, DoubtRule(0.0, 0.0), picture_is_faulty=True) is Verdict.PLAIN


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], 1.0),
        ([Piece("", ())], 1.0),
        ([Piece("A cup.", ())], 1.0),  # an engine that tells no probabilities
        (pieces(("red", 0.25)), 0.25),
        (pieces(("red", 0.0)), 0.0),
        ([Piece("red", (math.nan,))], 0.0),
        ([Piece("red", (1e-9,))], 1.0),  # above 0 by rounding
        (pieces(("a", 0.9), (" red", 0.8), (" cup", 0.95)), 0.8),
        ([Piece("码", (math.log(0.5), math.log(0.5), 0.0))], 0.25),  # one character of three tokens
    ],
)
def test_certainty_is_that_of_the_least_sure_piece(given: list[Piece], expected: float) -> None:
    """The least sure piece decides, also for no piece, for one, and for an impossible one."""
    assert certainty(given) == pytest.approx(expected)


def test_a_long_answer_is_not_unsure_for_being_long() -> None:
    """Fifty words at 98 % are as sure as one."""
    assert certainty(pieces(*[(" word", 0.98)] * 50)) == pytest.approx(0.98)


def test_words_that_say_nothing_do_not_count() -> None:
    """Formulaic words and marks do not count, except for the mark that ends a number."""
    given = pieces(("The", 0.2), (" picture", 0.3), (" shows", 0.9), (",", 0.1))
    assert certainty(given, ENGLISH.formulaic) == pytest.approx(0.9)
    assert certainty(given) == pytest.approx(0.2)
    assert certainty(pieces((" 407", 0.9), (".", 0.4))) == pytest.approx(0.4)
    assert certainty(pieces((" red", 0.9), (".", 0.4))) == pytest.approx(0.9)


def test_a_doubtful_sentence_is_hedged_and_a_sure_one_is_not() -> None:
    """The doubtful sentence follows the hedge in words that fit, in English and in Chinese."""
    assert said(pieces(("It", 1.0), (" is", 1.0), (" red", 0.8), (".", 1.0))) == ["It is red."]
    assert said(pieces(("It", 1.0), (" is", 1.0), (" red", 0.5), (".", 1.0))) == ["I am not sure, but it is red."]
    assert said(pieces(("这是", 0.4), ("红色", 0.9), ("。", 1.0)), CHINESE) == ["这是红色。"]
    assert said(pieces(("这是", 0.9), ("红色", 0.4), ("。", 1.0)), CHINESE) == ["我不太确定，不过这是红色。"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The cup.", "the cup."),
        ("A cup.", "a cup."),
        ("I see a cup.", "I see a cup."),
        ("EXIT is written there.", "EXIT is written there."),
        ("4071.", "4071."),
        ("{answer} {0}", "{answer} {0}"),
        ("红色。", "红色。"),
    ],
)
def test_only_a_capital_of_the_beginning_is_lowered(sentence: str, expected: str) -> None:
    """A word that is always written with a capital keeps it, and braces in the text are kept as text."""
    assert hedged(sentence, ENGLISH) == f"I am not sure, but {expected}"


def test_it_is_decided_before_the_rest_is_decoded() -> None:
    """The first sentence is judged by its own tokens, and the doubt about the second is said before the second."""
    first = pieces(("A cup", 0.99), (".", 1.0), (" It", 0.2))
    assert said(first)[0] == "A cup."
    assert said([*first, *pieces((" is red.", 0.9))]) == ["A cup.", "I am not sure, but it is red."]


def test_doubt_is_said_once() -> None:
    """A second doubtful sentence of an answer is spoken without a hedge, because the listener already knows."""
    given = pieces(("A cup.", 0.5), (" A red one.", 0.4), (" It is full.", 0.1))
    assert said(given) == ["I am not sure, but a cup.", "A red one.", "It is full."]


def test_a_faulty_picture_is_named_where_the_answer_would_be_a_guess() -> None:
    """The fault is named only if the answer is doubtful: with the same fault a sure answer is given."""
    assert said(pieces(("A cup.", 0.3)), because="it is blurred") == [
        "I cannot tell from this picture, because it is blurred."
    ]
    assert said(pieces(("杯子。", 0.3)), CHINESE, "它很模糊") == ["这张照片我看不清，因为它很模糊。"]
    assert said(pieces(("A cup.", 0.99)), because="it is blurred") == ["A cup."]


def test_it_does_not_give_up_in_the_middle_of_an_answer() -> None:
    """Once a sentence has been said, a doubtful second one is only hedged."""
    given = pieces(("A cup.", 0.99), (" It is red.", 0.1))
    assert said(given, because="it is blurred") == ["A cup.", "I am not sure, but it is red."]


def test_after_giving_up_it_says_so() -> None:
    """`gave_up` tells the caller that it can stop decoding."""
    doubter = Doubter(RULE, ENGLISH, "it is too dark")
    doubter.hear("A cup.", (math.log(0.1),))
    assert not doubter.gave_up
    doubter.spoken("A cup.")
    assert doubter.gave_up


def test_a_sentence_that_was_tidied_up_is_judged_all_the_same() -> None:
    """If the spoken text differs from the decoded text, everything that was not spoken yet is judged."""
    doubter = Doubter(RULE, ENGLISH)
    doubter.hear("It is **red**.", (math.log(0.1),))
    assert doubter.spoken("It is red.") == "I am not sure, but it is red."


@given(
    st.lists(
        st.tuples(st.sampled_from(("A", " cup", "红", "。", ".", " ", "! ", "7", "\n", "")), st.floats(0.0, 1.0)),
        max_size=30,
    ),
    st.sampled_from((None, "it is blurred")),
)
def test_streaming_says_what_all_at_once_says(given: list[tuple[str, float]], because: str | None) -> None:
    """A sentence is judged the same as soon as it is complete and with the whole answer known."""
    answer = pieces(*given)
    cutter, late = SentenceCutter(), Doubter(RULE, ENGLISH, because)
    sentences = [sentence for piece in answer for sentence in cutter.push(piece.text)] + cutter.flush()
    for piece in answer:
        late.hear(piece.text, piece.log_probabilities)
    assert said(answer, because=because) == [late.spoken(sentence) for sentence in sentences]


def test_the_least_sure_characters_are_found() -> None:
    """The doubtful letters and digits are returned with their places in the answer, without marks and spaces."""
    given = pieces((" It", 1.0), (" says", 0.5), (" 4", 0.99), ("0", 0.6), ("7", 0.95), ("1", 0.3), (".", 0.2))
    assert unsure_characters(given, RULE) == [(3, "s"), (4, "a"), (5, "y"), (6, "s"), (9, "0"), (11, "1")]
    assert unsure_characters([], RULE) == []


def test_chinese_characters_are_named_too() -> None:
    """A character of three tokens is as sure as the three together."""
    given = [*pieces(("写着", 1.0), ("出", 0.99)), Piece("口", (math.log(0.95), math.log(0.9), 0.0))]
    assert unsure_characters(given, RULE) == [(3, "口")]


def test_no_formulaic_word_decides_anything() -> None:
    """Words such as "there are" or "I see no" count, because a model that wavers between them wavers about what it
    sees.
    """
    deciding = {"there", "is", "are", "i", "see", "no", "not", "yes", "in", "on", "at", "one", "and"}
    assert not phrases_for("en").doubt.formulaic & deciding
    assert not phrases_for("zh").doubt.formulaic & set("是有没不在看我")


# The measuring of doubt itself.


def test_calibration_hedges_few_clean_answers_and_gives_up_where_most_are_wrong() -> None:
    """The proposed thresholds follow the trials that are given."""
    clean = [Trial(CLEAN, False, "color", 0.6 if number < 10 else 0.95, True) for number in range(1000)]
    faulty = [Trial("blur 12 px", True, "color", number / 1000, number > 400) for number in range(1000)]
    sure = [Trial("noise 25", False, "color", 0.99, True) for _ in range(6000)]  # so that few right ones are doubted
    rule = doubt_rates.calibrated([*clean, *faulty, *sure])
    assert 0.6 < rule.hedge_below <= 0.95
    assert 0.4 <= rule.cannot_tell_below <= 0.5


def test_the_tables_count_what_they_say() -> None:
    """The table counts answers that sound sure and are wrong, that are hedged and right, and that are refused."""
    done = [
        Trial(CLEAN, False, "color", 0.9, True),
        Trial(CLEAN, False, "color", 0.9, False),
        Trial(CLEAN, False, "color", 0.6, True),
        Trial("finger", True, "color", 0.1, False),
    ]
    table = doubt_rates.doubt_table(done, RULE, lambda trial: trial.flaw)
    assert table[2] == "| clean | 3 | 33.3 % | 0.0 % | 66.7 % | 50.0 % | 33.3 % | 100.0 % | 0.0 % | – |"
    assert table[3] == "| finger | 1 | 100.0 % | 0.0 % | 0.0 % | – | 0.0 % | – | 100.0 % | 0.0 % |"
    assert doubt_rates.risk_table(done)[2] == "| 100.0 % | 50.0 % |"


def test_the_table_of_spelling_counts_characters_in_their_places() -> None:
    """The table counts misread and right characters that are named; if the lengths differ, no places are compared."""
    done = [
        Reading(CLEAN, "407", tuple(pieces(("It says ", 1.0), ("4", 1.0), ("0", 0.9), ("7", 1.0), (".", 1.0)))),
        Reading(CLEAN, "407", tuple(pieces(("It says ", 1.0), ("4", 1.0), ("0", 1.0), ("1", 0.9), (".", 1.0)))),
        Reading("finger", "407", tuple(pieces(("It says ", 1.0), ("4", 0.5), ("7", 1.0), (".", 1.0)))),
    ]
    table = spelling_rates.spelling_table(done, 0.95)
    assert table[2] == "| clean | 2 | 50.0 % | 1 | 100.0 % | 5 | 20.0 % | 0 | – |"
    assert table[3] == "| finger | 1 | 100.0 % | 0 | – | 0 | – | 1 | 100.0 % |"
    assert spelling_rates.spelling_table(done, 0.8)[2] == "| clean | 2 | 50.0 % | 1 | 0.0 % | 5 | 0.0 % | 0 | – |"


def test_signs_are_really_read() -> None:
    """The clean signs are read right, and hardly a character of them is named as doubtful."""
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    with Engine.load(CHECKPOINT, EngineSettings(threads=1)) as engine:
        done = list(spelling_rates.readings(engine, CLEAN, 12, TEST_SEED))
    assert len(done) >= 3
    assert all(reading.there and reading.read == reading.there for reading in done)
    assert sum(len(reading.named(DEMO_RULE.spell_below)) for reading in done) <= 2


@pytest.fixture(scope="module")
def really_asked() -> Iterator[list[Trial]]:
    """The demo model's answers about scenes that were in neither its training nor the calibration."""
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    scenes = {CLEAN: 40, "blur 12 px": 12, "noise 60": 12, "7 stops dark": 12, "finger": 12}
    with Engine.load(CHECKPOINT, EngineSettings(threads=1)) as engine:
        yield [trial for flaw, count in scenes.items() for trial in doubt_rates.trials(engine, flaw, count, TEST_SEED)]


def test_clean_pictures_are_hardly_ever_hedged(really_asked: list[Trial]) -> None:
    """Of 400 answers on clean pictures at most 3.5 % are hedged, where 2 % are the aim and the rest is chance.

    Hardly any answer that sounds sure is wrong.
    """
    clean = [trial for trial in really_asked if trial.flaw == CLEAN]
    sure = [trial for trial in clean if trial.verdict(DEMO_RULE) is Verdict.PLAIN]
    assert len(clean) == 400
    assert len(clean) - len(sure) <= 14
    assert sum(not trial.right for trial in sure) <= 8


def test_doubt_is_for_a_reason(really_asked: list[Trial]) -> None:
    """On spoilt pictures those that are doubted for their probabilities are wrong far more often than the sure ones."""
    spoilt = [replace(trial, is_hidden=False) for trial in really_asked if trial.flaw != CLEAN]
    sure = [trial.right for trial in spoilt if trial.verdict(DEMO_RULE) is Verdict.PLAIN]
    doubted = [trial.right for trial in spoilt if trial.verdict(DEMO_RULE) is not Verdict.PLAIN]
    assert len(doubted) >= 20
    assert doubt_rates.share(doubted) < 0.6
    assert doubt_rates.share(sure) > doubt_rates.share(doubted) + 0.2
