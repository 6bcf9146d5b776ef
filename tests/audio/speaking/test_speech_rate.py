import pytest

from audio.speaking.speech_rate import (
    MAX_RATE_WPM,
    MIN_RATE_WPM,
    EngineRate,
    engine_rate,
    pause_seconds,
    spoken_seconds,
)


@pytest.mark.parametrize("mandarin", [False, True])
def test_more_words_never_give_a_slower_setting(mandarin):
    """From 80 to 900 words a minute, each step is at least as fast as the one before."""
    rates = [engine_rate(wpm, mandarin=mandarin) for wpm in range(MIN_RATE_WPM, MAX_RATE_WPM + 1)]
    speeds = [(rate.setting, -rate.word_gap) for rate in rates]
    assert speeds == sorted(speeds)
    assert speeds[0] < speeds[-1]


def test_rates_outside_the_range_are_held():
    """Below 80 and above 900 words a minute nothing changes any more."""
    assert engine_rate(-5) == engine_rate(80)
    assert engine_rate(10**9) == engine_rate(900)


def test_slow_english_leaves_gaps_between_words():
    """Where espeak-ng's lowest setting is still too fast, the words are said further apart."""
    assert engine_rate(83) == EngineRate(80, 6)
    assert engine_rate(114) == EngineRate(80, 0)
    assert engine_rate(80, mandarin=True) == EngineRate(100, 0)


def test_mandarin_leaves_out_settings_that_are_not_monotonic():
    """No Mandarin rate uses a setting just below 450, which would be faster than 450 itself."""
    used = {engine_rate(wpm, mandarin=True).setting for wpm in range(80, 901)}
    assert not used & set(range(401, 450))


def test_the_pause_after_a_sentence_shortens_at_high_rates():
    """It is 0.12 s up to 250 words a minute, then it goes down with the words."""
    assert pause_seconds(80) == pause_seconds(250) == 0.12
    assert pause_seconds(500) == pytest.approx(0.06)


def test_longer_texts_and_slower_voices_take_longer():
    """Digits and Chinese characters count for more than letters, and a comma is a pause."""
    longer = ["a cup", "a cup, full", "a cup, full of 407 peas", "a cup, full of 407 peas and 407 beans"]
    for rate_wpm in (80, 230, 900):
        seconds = [spoken_seconds(text, rate_wpm) for text in longer]
        assert seconds == sorted(set(seconds))
    assert spoken_seconds(longer[-1], 120) > spoken_seconds(longer[-1], 230)
    assert spoken_seconds("一个杯子", 230) > spoken_seconds("cups", 230)
    assert 0 < spoken_seconds("", 230) < 0.5
