"""Measures how many real words a minute the voice says at each rate, and how softly its sentences end.

python -m assistant.bench.accuracy.voice_rates

It renders a text sentence by sentence, as `seesay` does, and divides its words by the time that the sentences and the
pauses between them take. `--settings` prints what espeak-ng's own settings give instead: the tables in
`audio/speaking/speech_rate.py` come from there. `--piper` measures a voice of Piper, and how long its sentences let wait. It needs espeak-ng, and says nothing about how well the speech is understood.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from assistant import console
from audio.pcm import AudioChunk
from audio.speaking.piper_synthesizer import PiperSynthesizer
from audio.speaking.script_runs import is_mandarin
from audio.speaking.speech_rate import CHARACTERS_PER_WORD, EngineRate
from audio.speaking.synthesizer import Synthesizer

RATES_WPM = (80, 100, 120, 150, 175, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900)
SETTINGS = (80, 100, 120, 140, 160, 175, 200, 230, 265, 305, 350, 400, 449, 450, 500, 600, 700, 800, 900, 1000, 1200)
GAPS = (2, 4, 6, 8, 12, 16)
VOICES = ("en-us", "en-gb", "en-us+f3", "cmn")
ENGLISH = (
    "There is a red mug on the left of the table, and a plate with two slices of bread stands beside it.",
    "Behind the plate I see a bottle of milk and an open window.",
    "The sign on the door says that the office is closed on Monday and opens again on Tuesday morning.",
    "I am not sure about the smaller print, so please hold the paper closer to the camera.",
    "Two people walk across the street.",
    "The traffic light is green for the cars and red for the people who wait.",
    "A white dog lies in the shade under the bench, and its owner reads a newspaper.",
    "The gauge shows about four bar.",
    "The needle is just below the yellow area, which begins at five.",
    "Nothing on this shelf looks like a fire extinguisher.",
    "The label says that the bread is best before the end of March.",
    "It contains wheat, milk and traces of nuts.",
    "To open the box, lift the tab on the right side and pull it slowly towards you.",
    "The stairs go down on your left, with a hand rail on both sides.",
    "Three keys hang on the wall, and the one in the middle is the smallest.",
    "The screen shows a message that I can not read from here.",
    "Your shirt is dark blue with thin white stripes.",
    "A bus with the number twelve stands at the stop.",
    "The medicine is to be taken twice a day after a meal.",
    "I see no step in front of the door.",
    "The light in the room is on.",
)
MANDARIN = (
    "桌子左边有一个红色的杯子，旁边放着一个盘子和两片面包。",
    "盘子后面有一瓶牛奶和一扇开着的窗户。",
    "门上的牌子写着办公室星期一关门，星期二早上再开。",
    "小字我看不清楚，请把纸拿得离摄像头近一点。",
    "两个人正在过马路。",
    "红灯亮着，汽车都停了下来。",
    "一只白色的狗躺在长椅下面，它的主人在看报纸。",
    "压力表的指针指在四左右，黄色区域从五开始。",
    "架子上没有看到灭火器。",
    "楼梯在你的左边往下走，两边都有扶手。",
)


def real_rate_wpm(say: Callable[[str], AudioChunk], voice: str) -> float:
    """Words a minute over the text in the voice's language, pauses between the sentences included."""
    if is_mandarin(voice):
        sentences: tuple[str, ...] = MANDARIN
        words = sum("\u4e00" <= sign <= "\u9fff" for sign in "".join(MANDARIN)) / CHARACTERS_PER_WORD
    else:
        sentences, words = ENGLISH, float(sum(len(sentence.split()) for sentence in ENGLISH))
    return 60.0 * words / sum(say(sentence).duration_seconds for sentence in sentences)


def loudest_end(say: Callable[[str], AudioChunk]) -> float:
    """The largest step after the last sample of a sentence, as a share of full scale."""
    return max(abs(int(say(sentence).samples[-1])) for sentence in ENGLISH) / 32_767


def settings_table(voice: str) -> list[tuple[int, int, float]]:
    """(setting, word gap, real words a minute) of espeak-ng itself."""
    measured = []
    with Synthesizer(voice) as synthesizer:
        for setting, gap in [*((SETTINGS[0], gap) for gap in reversed(GAPS)), *((setting, 0) for setting in SETTINGS)]:
            synthesizer.set_rate(setting)  # the pause between sentences goes by it
            with mock.patch(
                "audio.speaking.synthesizer.engine_rate", lambda *_, s=setting, g=gap, **__: EngineRate(s, g)
            ):
                synthesizer.synthesize("ready")
                time.sleep(0.02)
                measured.append((setting, gap, real_rate_wpm(synthesizer.synthesize, voice)))
    return measured


def rates_table(voice: str, rates_wpm: tuple[int, ...] = RATES_WPM) -> list[tuple[int, float, float]]:
    """(wanted, real words a minute, loudest end) of one voice of espeak-ng."""
    with Synthesizer(voice) as synthesizer:
        return _rates(synthesizer, voice, rates_wpm)


def piper_table(model: Path, rates_wpm: tuple[int, ...] = RATES_WPM) -> list[tuple[int, float, float]]:
    """The same of a voice of Piper. `model` is its .onnx file. Raises VoiceModelError."""
    with PiperSynthesizer(model, threads=2) as synthesizer:
        return _rates(synthesizer, synthesizer.language, rates_wpm)


def piper_delays(model: Path) -> list[tuple[float, float]]:
    """For each sentence, the seconds until it can be heard and the seconds that it takes to be said."""
    with PiperSynthesizer(model, threads=2) as synthesizer:
        synthesizer.synthesize("ready")
        delays = []
        for sentence in MANDARIN if is_mandarin(synthesizer.language) else ENGLISH:
            began_at = time.monotonic()
            sound = synthesizer.synthesize(sentence)
            delays.append((time.monotonic() - began_at, sound.duration_seconds))
        return delays


def _rates(
    synthesizer: Synthesizer | PiperSynthesizer, voice: str, rates_wpm: tuple[int, ...]
) -> list[tuple[int, float, float]]:
    measured = []
    for rate_wpm in rates_wpm:
        synthesizer.set_rate(rate_wpm)
        real = real_rate_wpm(synthesizer.synthesize, voice)
        measured.append((rate_wpm, real, loudest_end(synthesizer.synthesize)))
    return measured


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m assistant.bench.accuracy.voice_rates", description=__doc__)
    parser.add_argument("--voice", action="append", metavar="NAME", help="espeak-ng's voice; may be given again")
    parser.add_argument("--settings", action="store_true", help="what espeak-ng's own settings give")
    parser.add_argument("--piper", type=Path, metavar="NAME.onnx", help="a voice of Piper instead, and its delays")
    arguments = parser.parse_args(argv)
    if arguments.piper:
        for wanted, real, end in piper_table(arguments.piper):
            console.result(f"{arguments.piper.stem} wanted {wanted:3}  real {real:6.1f} words/min  end {end:.3%}")
        delays = sorted(delay for delay, _ in piper_delays(arguments.piper))
        console.result(
            f"a sentence can be heard after {delays[len(delays) // 2]:.2f} s (median), {delays[-1]:.2f} s (longest)"
        )
        return 0
    for voice in arguments.voice or VOICES:
        if arguments.settings:
            for setting, gap, real in settings_table(voice):
                console.result(f"{voice:10} setting {setting:4}  word gap {gap:2}  {real:6.1f} words/min")
        else:
            for wanted, real, end in rates_table(voice):
                console.result(f"{voice:10} wanted {wanted:3}  real {real:6.1f} words/min  end {end:.3%} of full scale")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
