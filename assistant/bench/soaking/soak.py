"""`seesay soak`: asks a question every minute for hours, as the conversation would, and tells what fails or grows.

Questions and pictures go the assistant's own way: `AnswerPipeline`, the engine, the synthesizer. The loudspeaker is a
stand-in. Two questions are asked about each picture, so that kept Views are tested as well. A turn that fails ends
the soak, and so does memory that surely grows. This file runs the turns; `soak_log` records them and judges.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assistant import console
from assistant.bench.engines.forced import ForcedEngine
from assistant.bench.engines.speech import NullSpeaker
from assistant.bench.limits.machine import description
from assistant.bench.material.kinds import KINDS
from assistant.bench.material.pictures import Drawings, drawn_frame
from assistant.bench.sensors import Sensors, this_machine
from assistant.bench.soaking.soak_log import Asked, Log, Process, report, surely_grows
from assistant.bench.soaking.soak_text import progress_line, text
from assistant.errors import AssistantError
from assistant.models.catalog import ChosenModel
from assistant.settings.config import Config
from assistant.wiring.assembly import Assembly

if TYPE_CHECKING:
    from assistant.answering.capture import PictureCapture

_LONGEST_SECONDS = 1800.0  # a turn that takes longer has failed
_LINE_SECONDS = 10.0  # at least, between two lines of progress
_LONGEST_LAP_SECONDS = 60.0  # no energy counter can wrap twice between two readings
_FOLLOW_UP = "Tell me more about it."
CYCLE = 2 * len(KINDS)  # turns until the same question about the same picture comes up again


class SoakFailed(AssistantError):
    """The soak failed. Its report has been printed."""


@dataclass(frozen=True)
class SoakSettings:
    every_seconds: float = 60.0
    for_seconds: float | None = 7200.0  # None: the number of turns counts
    turns: int | None = None
    limit_mb_per_hour: float = 5.0  # memory grows if the whole interval lies above this


Ask = Callable[[int], Asked]  # turn number, from 0


def soak(config: Config, checkpoint: Path, wanted: SoakSettings, *, lends_words: bool, as_json: bool) -> None:
    """Runs the soak and prints its report, also if Ctrl-C ends it. Raises SoakFailed if something grew or failed."""
    _soak(
        lambda stack: Asker(config, checkpoint, stack, lends_words=lends_words),
        wanted,
        checkpoint.name,
        CYCLE,
        as_json=as_json,
    )


def soak_ears(config: Config, wanted: SoakSettings, *, as_json: bool) -> None:
    """The same for hearing: noise instead of questions. Raises SoakFailed, SpeechModelError, ModelMissing."""
    from assistant.bench.soaking import soak_ears

    _soak(
        lambda stack: soak_ears.NoiseEars(config), wanted, "the ears", soak_ears.CYCLE, as_json=as_json, is_hearing=True
    )


class _Turns(Protocol):
    """What is done again and again."""

    model_name: str

    def ask(self, number: int) -> Asked: ...


def _soak(
    open_turns: Callable[[contextlib.ExitStack], _Turns],
    wanted: SoakSettings,
    name: str,
    cycle: int,
    *,
    as_json: bool,
    is_hearing: bool = False,
) -> None:
    log, sensors = Log(cycle, wanted.every_seconds), this_machine()
    interrupt: KeyboardInterrupt | None = None
    with contextlib.ExitStack() as stack:
        try:
            turns = open_turns(stack)
            name = turns.model_name
            run(wanted, turns.ask, log, sensors)
        except KeyboardInterrupt as problem:
            interrupt = problem
    found = {
        "machine": description(),
        "model": name,
        "settings": asdict(wanted),
        "interrupted": interrupt is not None,
        "hears_noise": is_hearing,
        **report(log, wanted.limit_mb_per_hour, sensors),
    }
    if log.turns:
        console.result(console.as_json_line(found) if as_json else text(found))
    if interrupt is not None:
        raise interrupt
    _judge(found)


def run(
    wanted: SoakSettings,
    ask: Ask,
    log: Log,
    sensors: Sensors,
    *,
    process: Callable[[], Process] = Process.now,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Fills the log until the time or the number of turns is reached, a turn has failed, or memory surely grows."""
    wait = wait or threading.Event().wait  # nobody sets this event; Ctrl-C ends the wait
    lap = sensors.meter()
    laps: list[float | None] = []  # joules of a turn and the pause before it
    started_at = due_at = clock()
    said_at = -_LINE_SECONDS
    while not _is_over(wanted, log.turns, clock() - started_at):
        asked = ask(log.turns)
        now = clock()
        if asked.error:
            log.errors.append(f"turn {log.turns + 1} failed: {asked.error}")
            return
        laps.append(lap())
        log.add(_figures(asked, process(), sensors.celsius(), _sum(laps), now - started_at))
        laps.clear()
        if log.turns % log.cycle == 0 and surely_grows(log, wanted.limit_mb_per_hour):
            console.say("memory grows, there is no doubt of it: the soak ends here")
            return
        if now - said_at >= _LINE_SECONDS:
            said_at = now
            console.say(progress_line(log, wanted.turns, wanted.for_seconds))
        due_at += wanted.every_seconds
        if due_at < now:  # the turn took too long: the next one begins at once, and the time counts from there
            log.late += wanted.every_seconds > 0
            due_at = now
        left = started_at + wanted.for_seconds - now if wanted.for_seconds is not None else due_at - now
        if not _is_over(wanted, log.turns, now - started_at):
            for seconds in _portions(min(due_at - now, left)):
                wait(seconds)
                laps.append(lap())


class Asker:
    """The assistant without ears. It asks about the drawn pictures in turn, twice about each."""

    def __init__(
        self, config: Config, checkpoint: Path, stack: contextlib.ExitStack, *, lends_words: bool = False
    ) -> None:
        from assistant.bench.engine import is_demo

        self._speaker = NullSpeaker()
        self._look: PictureCapture | None = None
        # Another computer would be measured in this one's place.
        own = replace(config, engine=replace(config.engine, backend="local"))
        assembly = Assembly(own, stack, vision_model=ChosenModel(checkpoint, is_demo(checkpoint)))
        self.model_name = assembly.engine.model_name
        _ = assembly.power  # the budget is held, as `seesay run` does
        # Only a model that never ends needs a forced length. Any other ends by itself.
        self._forced = ForcedEngine(assembly.local_engine, lends_words=True) if lends_words else None
        self._answering = assembly.start_pipeline(
            assembly.open_voice(lambda: self._speaker), engine=self._forced, frames=Drawings()
        )

    def ask(self, number: int) -> Asked:
        from assistant.answering.turn import Question

        kind = KINDS[number // 2 % len(KINDS)]
        if self._forced is not None:
            self._forced.kind = kind
        if self._look is None or number % 2 == 0:
            self._look = self._answering.look(drawn_frame(kind.name))
        words = kind.question if number % 2 == 0 else _FOLLOW_UP
        self._speaker.expect()
        now = time.monotonic()
        turn = self._answering.ask(Question(words, None, asked_at=now, transcribed_at=now), self._look)
        if not turn.done.wait(_LONGEST_SECONDS):
            return Asked(None, None, f"no end after {_LONGEST_SECONDS:.0f} s")
        if turn.error is not None:
            return Asked(None, None, f"{type(turn.error).__name__}: {turn.error}")
        if turn.timings is None:
            return Asked(None, None, "it was dropped")
        return Asked(turn.timings.total, turn.timings.first_sound)


def _is_over(wanted: SoakSettings, turns: int, seconds: float) -> bool:
    if wanted.turns is not None and turns >= wanted.turns:
        return True
    return wanted.for_seconds is not None and seconds >= wanted.for_seconds


def _portions(seconds: float) -> Iterator[float]:
    while seconds > 0:
        yield min(seconds, _LONGEST_LAP_SECONDS)
        seconds -= _LONGEST_LAP_SECONDS


def _sum(laps: Sequence[float | None]) -> float | None:
    known = [joules for joules in laps if joules is not None]
    return sum(known) if len(known) == len(laps) else None


def _figures(
    asked: Asked, process: Process, celsius: float | None, joules: float | None, seconds: float
) -> Mapping[str, float | None]:
    return {
        "seconds": seconds,
        "total_seconds": asked.total_seconds,
        "first_sound_seconds": asked.first_sound_seconds,
        **asdict(process),
        "celsius": celsius,
        "joules": joules,
    }


def _judge(found: Mapping[str, Any]) -> None:
    if found["failures"]:
        raise SoakFailed("the soak failed: " + "; ".join(found["failures"]))
