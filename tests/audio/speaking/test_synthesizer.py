import threading
import time

import numpy as np
import pytest

from assistant.bench.accuracy.voice_rates import real_rate_wpm
from audio.errors import DeviceMissing, VoiceError
from audio.speaking import synthesizer as module
from audio.speaking.speech_rate import spoken_seconds
from audio.speaking.synthesizer import Synthesizer, find_voice, speakable

SENTENCE = "There is a red mug on the left of the table."


@pytest.fixture(scope="module")
def voice():
    with Synthesizer() as synthesizer:
        yield synthesizer


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (SENTENCE, SENTENCE),
        ("a < b", "a < b"),
        ("<break time='9s'/>hello", "hello"),
        ("<speak><voice name='x'>hello</voice></speak>", "hello"),
        ("< hello", "hello"),
        ("[[h@l'oU]] there", "h@l'oU there"),
        ("**Two** `dogs` and a #hash", "Two dogs and a hash"),
        ("one\x00two\x07\n\tthree", "one two three"),
        ("broken \ud800 surrogate", "broken surrogate"),
        ("日本", "日本"),
        ("", ""),
        (" \n", ""),
        ("...", ""),
        ("?!-—…", ""),
        ("<b></b>", ""),
        ("😀", ""),
    ],
)
def test_what_is_said_of_a_text(text, spoken):
    """Markup, phonemes, control characters and marks are removed, and a text that cannot be spoken becomes empty."""
    assert speakable(text) == spoken


def test_a_sentence_becomes_sound(voice):
    """A sentence is loud speech at 22,050 Hz of a natural length, with hardly any dead time around it."""
    chunk = voice.synthesize(SENTENCE)
    level = np.abs(chunk.samples.astype(int))
    assert chunk.sample_rate_hz == 22_050
    assert 1.5 < chunk.duration_seconds < 3.5
    assert level.max() > 8000
    audible = np.flatnonzero(level > 60) / 22_050
    assert audible[0] < 0.03
    assert 0.05 < chunk.duration_seconds - audible[-1] < 0.15


@pytest.mark.parametrize("text", ["", "...", "<br/>"])
def test_nothing_to_say_is_no_sound(voice, text):
    """Text without words gives an empty chunk, not a pause."""
    assert len(voice.synthesize(text).samples) == 0


def test_same_text_same_sound_many_times(voice):
    """No sentence is lost, cut, or spoken with another's words, over many in a row."""
    texts = ["Hi.", SENTENCE, "I see two people, a dog and a bicycle near the wall."]
    lengths = {text: voice.synthesize(text).duration_seconds for text in texts}
    for turn in range(60):
        text = texts[turn % 3]
        # espeak-ng's length of a sentence varies by a few milliseconds.
        assert voice.synthesize(text).duration_seconds == pytest.approx(lengths[text], abs=0.1)


def test_the_rate_takes_effect_with_the_next_sentence():
    """Each change of rate is heard at once, fast or slow; beyond the limits it is held."""
    with Synthesizer(rate_wpm=180) as synthesizer:
        seconds = []
        for rate_wpm in (120, 180, 298, 450, 180, 120, 5, 100_000):
            synthesizer.set_rate(rate_wpm)
            seconds.append(synthesizer.synthesize(SENTENCE).duration_seconds)
    slow, normal, fast, fastest, normal_again, slow_again, slowest, top = seconds
    assert slowest > slow > normal > fast > fastest > top > 0.4
    assert normal_again == pytest.approx(normal, abs=0.1)
    assert slow_again == pytest.approx(slow, abs=0.1)


@pytest.mark.parametrize("wanted_wpm", [80, 175, 400, 900])
@pytest.mark.parametrize("name", ["en-us", "cmn"])
def test_the_rate_is_in_real_words(name, wanted_wpm):
    """A text takes the time that its words need at the wanted rate, in English and in Mandarin."""
    with Synthesizer(name, wanted_wpm) as synthesizer:
        assert real_rate_wpm(synthesizer.synthesize, name) == pytest.approx(wanted_wpm, rel=0.07)


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        (
            "en",
            (
                "A wooden table stands in the middle of the room with two chairs beside it, and a lamp hangs above it.",
                "I see three people: a woman in a blue jacket, a man with a hat, and a child on a bicycle.",
                "Bus number 42 stops in front of the door in 17 minutes.",
            ),
        ),
        (
            "cmn",
            (
                "房间中间有一张木桌，旁边有两把椅子，上面挂着一盏灯。",
                "图片里有三个人：一个穿蓝色外套的女人，一个戴帽子的男人。",
            ),
        ),
    ],
)
@pytest.mark.parametrize("rate_wpm", [120, 230, 400])
def test_the_seconds_of_a_sentence_are_known_before_it_is_spoken(name, sentences, rate_wpm):
    """The estimate is within a fifth of the true time for each, and nearer for all of them."""
    with Synthesizer(name, rate_wpm=rate_wpm) as synthesizer:
        true = [synthesizer.synthesize(sentence).duration_seconds for sentence in sentences]
    told = [spoken_seconds(sentence, rate_wpm) for sentence in sentences]
    assert told == pytest.approx(true, rel=0.2)
    assert sum(told) == pytest.approx(sum(true), rel=0.15)


@pytest.mark.parametrize("rate_wpm", [80, 175, 300, 450, 600, 900])
def test_sentences_end_without_a_click(rate_wpm):
    """Each of 100 sentences ends within 0.1 % of silence, also where espeak-ng stops in the middle of a sound."""
    ends = ("mug", "door", "fridge", "sea", "bus", "lamp", "tree", "five", "window", "off")
    places = ("here", "left", "behind", "on top", "below", "outside", "nearby", "in front", "over there", "inside")
    with Synthesizer(rate_wpm=rate_wpm) as synthesizer:
        for place in places:
            for end in ends:
                samples = synthesizer.synthesize(f"{place}, a {end}").samples.astype(int)
                assert abs(samples[-1]) <= 32
                assert abs(samples[0]) <= 60


def test_volume_scales():
    """Half the volume is half the level; none is silence of the same length."""
    levels = []
    for volume in (1.0, 0.5, 0.0):
        with Synthesizer(volume=volume) as synthesizer:
            levels.append(np.abs(synthesizer.synthesize(SENTENCE).samples.astype(int)).max())
    assert levels[1] == pytest.approx(levels[0] / 2, rel=0.05)
    assert levels[2] == 0


def test_two_voices_do_not_disturb_each_other():
    """Two open synthesizers, used in turn and from two threads, keep their own voice and rate."""
    with Synthesizer("en-us", 120) as slow, Synthesizer("en-gb", 300) as fast:
        slow_seconds = slow.synthesize(SENTENCE).duration_seconds
        fast_seconds = fast.synthesize(SENTENCE).duration_seconds
        assert slow_seconds > 1.8 * fast_seconds
        results = {}

        def say(name, voice):
            results[name] = [voice.synthesize(SENTENCE).duration_seconds for _ in range(10)]

        threads = [threading.Thread(target=say, args=pair) for pair in (("slow", slow), ("fast", fast))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert results["slow"] == pytest.approx([slow_seconds] * 10, abs=0.1)
    assert results["fast"] == pytest.approx([fast_seconds] * 10, abs=0.1)


@pytest.mark.parametrize("name", ["en-us", "en-gb", "gmw/en-us", "EN-US", "en-us+f3", "cmn", "de"])
def test_voices_are_found_by_name_or_language(name):
    """espeak-ng's identifiers, file names, languages and variants all work."""
    with Synthesizer(name) as synthesizer:
        assert len(synthesizer.synthesize("1 2 3").samples) > 5000


@pytest.mark.parametrize(
    ("name", "sentence", "said"),
    [
        ("en-us", "The sign says 出口.", [("The sign says", "en-us"), ("出口", "cmn")]),
        ("cmn", "请按 start。", [("请按", "cmn"), ("start", "en-us")]),
    ],
)
def test_the_other_script_is_said_in_its_own_voice(name, sentence, said, monkeypatch):
    """A word of the other language is said by its own voice, within the sentence and without a pause."""
    render, requests = module._render_with_engine, []

    def noted(request):
        requests.append((request.text, request.voice))
        return render(request)

    with Synthesizer(name) as synthesizer:
        monkeypatch.setattr(module, "_render_with_engine", noted)
        samples = synthesizer.synthesize(sentence).samples.astype(int)
    assert requests == said
    sounding = np.flatnonzero(np.abs(samples) > 200)
    assert np.diff(sounding).max() < 0.12 * 22_050


def test_mandarin_is_not_said_with_english_numbers():
    """Characters are said in Mandarin: espeak-ng 1.51 would say their pinyin as English, "you three" for 有."""
    with Synthesizer("cmn", 175) as synthesizer:
        assert synthesizer.synthesize("有").duration_seconds < 0.65  # with "three" it is 0.9 s


def test_a_wrong_voice_is_refused_at_once():
    """A name that no voice has is refused with some that exist, and leaves no thread behind."""
    before = threading.active_count()
    with pytest.raises(VoiceError, match=r"'nobody'.*en-us, en-gb"):
        Synthesizer("nobody")
    assert threading.active_count() == before


def test_find_voice_takes_no_part_of_a_name():
    """Half a name is no voice: a wrong language must not be spoken by accident."""
    assert find_voice("e", []) is None


def test_nothing_reaches_stdout(voice, capfd):
    """The engine's chatter stays off stdout, where the results of commands go."""
    voice.synthesize("Hello.")
    assert capfd.readouterr().out == ""


def test_no_voice_engine(monkeypatch):
    """Without espeak-ng the error says what to install."""

    def no_library():
        raise RuntimeError("This means you probably do not have eSpeak or eSpeak-ng installed!")

    monkeypatch.setattr(module, "_engine", None)
    monkeypatch.setattr(module, "_Engine", no_library)
    with pytest.raises(DeviceMissing, match="apt install libespeak-ng1"):
        Synthesizer()


def test_closed_is_closed():
    """close() may be called twice; a sentence afterwards is an error, not a hang."""
    synthesizer = Synthesizer()
    synthesizer.close()
    synthesizer.close()
    with pytest.raises(VoiceError, match="closed"):
        synthesizer.synthesize("Hello.")
    assert not synthesizer._worker.is_alive()


def test_a_stuck_engine_neither_hangs_nor_holds_the_exit(monkeypatch):
    """A sentence that does not come within its limit is an error, and close() returns within a second."""
    synthesizer = Synthesizer()
    release = threading.Event()
    monkeypatch.setattr(module, "_SENTENCE_LIMIT_SECONDS", 0.05)
    monkeypatch.setattr(module, "_render_with_engine", lambda request: release.wait(30))
    with pytest.raises(VoiceError, match="did not finish"):
        synthesizer.synthesize("Hello.")
    began = time.monotonic()
    synthesizer.close()
    assert time.monotonic() - began < 1.2
    assert synthesizer._worker.daemon
    release.set()
    synthesizer._worker.join(5)
