"""Makes the pictures of the README: `python -m tests.make_pictures`. It needs Chromium and the virtual sound card.

    docs/pictures/page.png    the page that `seesay serve` really serves, after a question and a further question
    docs/pictures/round.png   the report of a simulated inspection round, as `seesay journal export --html` writes it
    docs/pictures/turn.json   what `seesay run --json` printed for a question that was spoken into a virtual microphone
    docs/pictures/turn.svg    how long each part of that turn took, drawn from turn.json
    docs/pictures/engines.svg the engine beside others, drawn from engines.json if it is there

The first four use the demo models and drawn pictures. `python -m tests.make_pictures turn.svg` draws turn.json and
engines.json again and measures nothing. engines.json is what `seesay bench --engine --json` printed; it takes minutes
and is not made here. This file does not know what the figures mean beyond their names.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
QUESTION, FURTHER_QUESTION = "what color is the circle", "where is it"

WIDTH, LEFT, RIGHT = 860, 232, 28  # pixels; the names of the parts are to the left of LEFT
TOP, ROW, BAR = 62, 28, 18  # pixels: above the first bar, from one bar to the next, and the height of a bar

# The README shows its pictures as images, which follow the reader's system and not the page around them. They therefore
# have a background of their own.
STYLE = """
  .ground { fill: #fbfaf7; stroke: #dcd9d2; } .ink { fill: #1d2126; } .faint { fill: #5b626b; } .grid { stroke: #dcd9d2; }
  .mark { stroke: #5b626b; stroke-dasharray: 3 4; }
  .user { fill: #9aa3ad; } .look { fill: #7a4fc9; } .think { fill: #1f6feb; } .speak { fill: #0b7a5c; }
  .faint { stroke: #fbfaf7; stroke-width: 4px; paint-order: stroke; }
  text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; } .title { font-size: 15px; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1c2026; stroke: #363c44; } .ink { fill: #e8e9ea; } .faint { fill: #a7afb8; } .grid { stroke: #363c44; }
    .mark { stroke: #a7afb8; } .faint { stroke: #1c2026; }
    .user { fill: #6d7782; } .look { fill: #b598f0; } .think { fill: #6aa5ff; } .speak { fill: #4fc3a0; }
  }
"""


@dataclass(frozen=True)
class Part:
    """A bar from `begin` to `end`, in seconds after the end of the question."""

    name: str
    colour: str  # the name of a class in STYLE
    begin: float
    end: float


def parts_of(timings: Mapping[str, float]) -> list[Part]:
    """The parts of a turn in the order in which they begin.

    No figure may be null, so the turn has to be a spoken question about a new picture.
    """
    picture = timings["vision"] + timings["picture_prefill"]
    first_token = timings["first_token"]
    return [
        Part("you ask", "user", -timings["speech"], 0.0),
        Part("the picture is taken", "look", timings["picture_taken"] - timings["capture"], timings["picture_taken"]),
        Part("the picture is looked at", "look", timings["picture_seen"] - picture, timings["picture_seen"]),
        Part("silence: is that all?", "user", 0.0, timings["endpoint"]),
        Part("the last words are made out", "think", timings["endpoint"], timings["transcript"]),
        Part("the question is read", "think", first_token - timings["question_prefill"], first_token),
        Part("the answer is decoded", "think", first_token, first_token + timings["decode"]),
        Part("it speaks", "speak", timings["first_sound"], timings["total"]),
    ]  # fmt: skip


def timing_svg(turn: Mapping[str, Any]) -> str:
    """The picture of one turn, drawn from an object of `seesay run --json`."""
    parts = parts_of(turn["timings"])
    begin, end = min(part.begin for part in parts), max(part.end for part in parts)
    scale = (WIDTH - LEFT - RIGHT) / (end - begin)
    floor = TOP + ROW * len(parts)
    sound = turn["timings"]["first_sound"]

    def x(seconds: float) -> float:
        return LEFT + (seconds - begin) * scale

    drawn = [f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{floor + 35}" rx="8"/>']
    drawn.append(_text(20, 27, "ink title", f"“{turn['heard']}?” – “{turn['answer']}”"))
    drawn.append(_text(WIDTH - 20, 27, "faint", f"model: {turn['model']}", "end"))
    for half_seconds in range(round(begin * 2 + 0.5), int(end * 2) + 1):
        at = half_seconds / 2
        drawn.append(f'<line class="grid" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP - 8}" y2="{floor}"/>')
        drawn.append(_text(x(at), floor + 20, "faint", f"{at:g} s", "middle"))
    for at, name, anchor in ((0.0, "the question ends", "end"), (sound, f"first sound: {sound:.2f} s", "start")):
        drawn.append(f'<line class="mark" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{TOP - 16}" y2="{floor}"/>')
        drawn.append(_text(x(at) + (6 if anchor == "start" else -6), TOP - 10, "ink", name, anchor))
    for number, part in enumerate(parts):
        # at least 2 pixels, so that a very short part can still be seen
        y, width = TOP + ROW * number, max(2.0, (part.end - part.begin) * scale)
        drawn.append(_text(LEFT - 12, y + 14, "ink", part.name, "end"))
        drawn.append(
            f'<rect class="{part.colour}" x="{x(part.begin):.1f}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        )
        drawn.append(_length(x(part.begin), x(part.begin) + width, y + 14, part.end - part.begin))
    described = f"{sound:.2f} s from the end of the question to the first sound: " + ", ".join(
        f"{part.name} {part.end - part.begin:.2f} s" for part in parts
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(described)}" width="{WIDTH}" '
        f'height="{floor + 36}" viewBox="0 0 {WIDTH} {floor + 36}">\n<style>{STYLE}</style>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _length(left: float, right: float, y: float, seconds: float) -> str:
    """The seconds of a bar, written after it, or before it if there is no room after it."""
    text = f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"
    return _text(right + 6, y, "faint", text) if right + 60 < WIDTH else _text(left - 6, y, "faint", text, "end")


def _text(x: float, y: float, kind: str, words: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


_GROUPS = (  # figure, title, unit, how many of this unit are 1 of the figure's
    ("first_token_seconds", "From picture and question to the first token", "s", 1.0),
    ("seen_first_token_seconds", "From a question to the first token, with the picture seen ahead", "s", 1.0),
    ("decode_seconds", "Each further token", "ms", 1e3),
    ("peak_bytes", "Memory at most", "GB", 1e-9),
)


def engines_svg(measured: Mapping[str, Any]) -> str:
    """The picture of the engine beside others, drawn from an object of `seesay bench --engine --json`.

    It shows the figures with the most threads. Shorter is better. A figure that an engine does not tell has no bar.
    """
    from assistant.bench.pages.report import name_of, quantity

    result = measured["results"][-1]
    order = sorted(result["engines"], key=lambda name: not name.startswith("seesay"))
    threads = "1 thread" if result["threads"] == 1 else f"{result['threads']} threads"
    drawn = [_text(20, 27, "ink title", f"{measured['model']['name']}, {measured['machine']['processor']}, {threads}")]
    y, described = 44, []
    for key, title, unit, factor in _GROUPS:
        values = {name: result["engines"][name][key] for name in order}
        most = max((value for value in values.values() if value is not None), default=None)
        if not most:
            continue
        drawn.append(_text(20, y + 18, "faint", f"{title}, {unit}"))
        y += ROW
        told = []
        for name in order:
            value = values[name]
            drawn.append(_text(LEFT - 12, y + 14, "ink", name_of(name), "end"))
            if value is None:
                drawn.append(_text(LEFT, y + 14, "faint", "not told"))
            else:
                shown = quantity(value, factor, unit)
                width = max(2.0, value / most * (WIDTH - LEFT - RIGHT - 70))
                colour = "think" if name.startswith("seesay") else "user"
                drawn.append(f'<rect class="{colour}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
                drawn.append(_text(LEFT + width + 6, y + 14, "faint", shown))
                told.append(f"{name_of(name)} {shown}")
            y += BAR + 6
        described.append(f"{title}: {', '.join(told)}")
        y += 8
    ground = f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{y + 7}" rx="8"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(". ".join(described))}" width="{WIDTH}" '
        f'height="{y + 8}" viewBox="0 0 {WIDTH} {y + 8}">\n<style>{STYLE}</style>\n'
        + "\n".join([ground, *drawn])
        + "\n</svg>\n"
    )


def spoken_turn(folder: Path) -> dict[str, Any]:
    """What `seesay run --json` printed for a question that was spoken into the virtual microphone the second time.

    The first time wakes the threads and loads the pages of memory.
    """
    from assistant.cli.demo import demo_scene
    from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
    from audio.pcm import AudioChunk
    from audio.speaking.synthesizer import Synthesizer
    from audio.wav import write_wav
    from tests.test_whole import RunningSeeSay, wait_for_quiet
    from tests.virtual_sound import VirtualSoundCard
    from vision.demo_model.world import draw

    draw(demo_scene()[0]).save(folder / "picture.png")
    (folder / "config.toml").write_text(
        f'[seeing]\ncamera = "{folder / "picture.png"}"\n[conversation]\npicture_seconds = 0\n', encoding="utf-8"
    )
    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        spoken = stranger.synthesize(QUESTION)
    quiet = np.zeros(spoken.sample_rate_hz // 5, np.int16)
    samples = np.concatenate([quiet, spoken.samples, quiet])
    write_wav(folder / "question.wav", AudioChunk(samples, spoken.sample_rate_hz))
    with VirtualSoundCard() as card, RunningSeeSay(card, folder) as seesay:
        with card.record_loudspeaker() as greeting:
            seesay.wait_for_message("listening")
            wait_for_quiet(greeting)
        for _ in range(2):
            with card.record_loudspeaker() as answer:
                card.play_into_microphone(folder / "question.wav")
                turn = seesay.answer()
                wait_for_quiet(answer)
        seesay.interrupt()
    return turn


def screenshot(folder: Path) -> bytes:
    """The page in a real Chromium, as PNG, after a question about the camera's picture and a further question."""
    from playwright.sync_api import expect

    from tests.assistant.web.conftest import chromium
    from tests.assistant.web.page_help import ask
    from tests.assistant.web.test_page_whole import TOKEN, serving

    silence = folder / "silence.wav"
    silence.touch()
    with serving(folder) as address, chromium(silence) as browser:
        page = browser.new_page(base_url=address, viewport={"width": 1120, "height": 760}, color_scheme="light")
        expect.set_options(timeout=60_000)
        page.goto("/?lang=en")
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_label("SeeSay's camera")).to_be_checked()
        page.get_by_label("Read answers aloud").uncheck()
        for question in (QUESTION, FURTHER_QUESTION):
            ask(page, question + "?")
            expect(page.locator(".now .asked")).to_contain_text(question)
            expect(page.locator(".now .answer")).to_have_text(re.compile(r"\.$"))
            expect(page.locator(".now .after")).to_contain_text("tokens")
        expect(page.locator(".facts")).to_contain_text(FURTHER_QUESTION)
        return few_colours(page.screenshot())


def round_report(folder: Path) -> bytes:
    """The first screen of a round's report in a real Chromium, as PNG."""
    from tests.assistant.drawn_round import make
    from tests.assistant.web.conftest import chromium

    example = PICTURES.parent / "examples" / "pump-room.toml"
    report, silence = folder / "report.html", folder / "silence.wav"
    silence.touch()
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}

    def seesay(*arguments: str) -> str:
        command = [sys.executable, "-m", "assistant", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stderr

    told = seesay("round", str(example), "--simulate", *map(str, make(folder)))
    found = re.search(r"the round (\S+):", told)
    assert found is not None
    seesay("journal", "export", "--html", "--round", found[1], "-o", str(report))
    with chromium(silence) as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1150}, color_scheme="light")
        page.goto(report.as_uri())
        return few_colours(page.screenshot())


def few_colours(png: bytes) -> bytes:
    """The same picture in 128 colours, because the grain of the demo's picture would fill 250 kB."""
    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main(wanted: list[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        if not wanted or "page.png" in wanted:
            (PICTURES / "page.png").write_bytes(screenshot(Path(scratch)))
        if not wanted or "round.png" in wanted:
            (PICTURES / "round.png").write_bytes(round_report(Path(scratch)))
        if not wanted or "turn.json" in wanted:
            turn = json.dumps(spoken_turn(Path(scratch)), ensure_ascii=False, indent=2)
            (PICTURES / "turn.json").write_text(turn + "\n", encoding="utf-8")
    turn = json.loads((PICTURES / "turn.json").read_text(encoding="utf-8"))
    (PICTURES / "turn.svg").write_text(timing_svg(turn), encoding="utf-8")
    if (PICTURES / "engines.json").exists():
        measured = json.loads((PICTURES / "engines.json").read_text(encoding="utf-8"))
        (PICTURES / "engines.svg").write_text(engines_svg(measured), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
