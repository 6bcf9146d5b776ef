"""The door of the check: does the parts that are not done yet, in at most the time that it was given, and reports.

Each finished part is kept in the state folder, and the answers one by one, so an interrupted check goes on where it
ended. The parts stand in the order of their worth for the time: files, ears, arithmetic, speed, answers. From the
answers the thresholds of doubt are found again each time. How a part is done is in the part's own file, how a report
looks in `report` and `page`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import __version__, console
from assistant.answering.judging.doubt import DEMO_RULE, DoubtRule
from assistant.bench.limits.machine import description
from assistant.bench.pages.page_file import require_writable, write
from assistant.check import answers, ears, files, page, report, speed, thresholds
from assistant.check.matcher import Mark
from assistant.check.store import Store
from assistant.check.tasks import SIDE_PIXELS
from assistant.check.thresholds import Trial
from assistant.errors import FAILED, MISSING, AssistantError
from assistant.language.phrases import phrases_for
from assistant.models import catalog, checked
from assistant.settings.config import Config, DoubtConfig
from assistant.settings.voice_state import VoiceState
from assistant.wiring.assembly import Assembly
from audio.errors import AudioError
from audio.own_process import command_of
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.host import arithmetic_threads

if TYPE_CHECKING:
    from vision.engine.engine import Engine

PARTS = ("files", "ears", "arithmetic", "speed", "answers")
_LEAST_SECONDS = 60.0  # for the comparison of the arithmetic, whatever time is left
_ARITHMETIC_SHARE = 0.5  # of the time that is left: where it takes longer, each run still has answers to show
_DEMO_SIDE_PIXELS = 448  # the only size that the demo model knows


class CheckFailed(AssistantError):
    """Something is wrong with the models or with this machine's arithmetic. The report says what."""

    def __init__(self, says: str, *, missing: bool) -> None:
        super().__init__(says)
        self.exit_status = MISSING if missing else FAILED


@dataclass(frozen=True)
class Wanted:
    """The options that the user gave."""

    minutes: float = 5.0
    again: bool = False  # parts that are done are done again
    parts: tuple[str, ...] = PARTS
    as_json: bool = False
    html: Path | None = None
    is_random: bool = False  # the weights are known to be random, so no answer can be right


def check(
    config: Config,
    model: catalog.ChosenModel,
    wanted: Wanted,
    *,
    environ: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Checks the model in use, and prints the report.

    Raises CheckFailed after the report if something failed, and the errors of a model that cannot be loaded.
    """
    if wanted.html is not None:
        require_writable(wanted.html)
    found = _Check(config, model, wanted, environ, clock).run()
    console.result(console.as_json_line(found) if wanted.as_json else report.text(found))
    if wanted.html is not None:
        write(wanted.html, page.page(found))
    if found["failures"]:
        raise CheckFailed(f"the check found a fault: {found['failures'][0]}", missing=found["is_damaged"])


class _Check:
    def __init__(
        self,
        config: Config,
        model: catalog.ChosenModel,
        wanted: Wanted,
        environ: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self._config = _local(config)
        self._model = model
        self._wanted = wanted
        self._environ = environ
        self._clock = clock
        self._began_at = clock()
        self._built: Assembly | None = None
        self._checkpoint = open_checkpoint(model.folder)
        key = checked.weights_key(model.folder, environ)
        if not key:
            key = files.hash_weights(model.folder, console.say)
            checked.note_key(model.folder, key, environ)
        self._key = key
        self._store = Store(checked.folder_of(key, environ), _stamp(self._config))
        if wanted.again:
            for part in wanted.parts:
                self._store.forget(part)

    def run(self) -> dict[str, Any]:
        """Does what is left, keeps it, and returns the documented object of `seesay check --json`."""
        with contextlib.ExitStack() as stack:
            for part in self._wanted.parts:
                if self._is_done(part) and not self._is_left_out(part):
                    continue
                if self._seconds_left() <= 0:
                    break
                console.say(f"check: {report.TITLES[part]}")
                self._do(part, stack)
        found = self._found()
        result = checked.Result(
            checked_on=found["date"][:10],
            is_complete=not found["left"],
            is_good=not found["failures"],
            says=found["says"],
            hedge_below=found["doubt"]["hedge_below"],
            cannot_tell_below=found["doubt"]["cannot_tell_below"],
            answers=found["doubt"]["answers"],
        )
        checked.write_result(self._key, result, self._environ)
        return found

    def _do(self, part: str, stack: contextlib.ExitStack) -> None:
        """Does one part and notes its time. Answers have their own times, since several runs may share them."""
        began = self._clock()
        getattr(self, f"_do_{part}")(stack)
        if part != "answers" and (kept := self._kept(part)) is not None and not self._is_left_out(part):
            self._store.write(part, kept | {"seconds": self._clock() - began})

    # The parts.

    def _do_files(self, stack: contextlib.ExitStack) -> None:
        found = [asdict(files.compare_files(self._model.folder, self._model.name))]
        with contextlib.suppress(AssistantError):  # of this language there is none: the ears tell it
            speech = catalog.choose_speech(
                self._config.hearing.speech_model, self._config.conversation.language, self._environ
            )
            found.append(asdict(files.compare_files(speech.folder, speech.folder.name)))
        self._store.write("files", {"models": found})

    def _do_ears(self, stack: contextlib.ExitStack) -> None:
        phrases = phrases_for(self._config.conversation.language)
        try:
            assembly = Assembly(self._config, stack, vision_model=self._model)
            voice = assembly.open_synthesizer(VoiceState(ears.RATE_WPM, 0.75))
            heard = ears.hear_commands(assembly.ears, voice, phrases)
        except (AudioError, AssistantError) as problem:
            self._store.write("ears", {"left_out": str(problem)})
            return
        self._store.write("ears", {"commands": [asdict(one) for one in heard]})

    def _do_arithmetic(self, stack: contextlib.ExitStack) -> None:
        """In a process of its own, so that neither torch nor a second engine stays in this one."""
        threads = arithmetic_threads(self._config.engine.threads)
        others = any(not self._is_done(part) for part in ("speed", "answers") if part in self._wanted.parts)
        limit_seconds = max(_LEAST_SECONDS, self._seconds_left() * (_ARITHMETIC_SHARE if others else 1.0))
        try:
            done = subprocess.run(
                command_of("assistant.check.arithmetic", str(self._model.folder), str(threads)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=limit_seconds,
            )
        except subprocess.TimeoutExpired:
            console.say(f"check: the arithmetic took longer than {limit_seconds:.0f} s; try again with --minutes 20")
            return
        try:
            found = json.loads(done.stdout)
        except ValueError:
            found = {"error": f"the process ended with status {done.returncode}"}
        self._store.write("arithmetic", {"left_out": found["error"]} if "error" in found else found)

    def _do_speed(self, stack: contextlib.ExitStack) -> None:
        from assistant.machine.memory import peak_rss_bytes

        measured = [asdict(one) for one in speed.measure(self._engine(stack))]
        self._store.write("speed", {"kinds": measured, "peak_bytes": peak_rss_bytes()})

    def _do_answers(self, stack: contextlib.ExitStack) -> None:
        engine, tasks = self._engine(stack), answers.tasks()
        done = list(self._trials())
        known = {trial.name for trial in done}

        def goes_on(trial: Trial) -> bool:
            done.append(trial)
            self._store.write("answers", {"trials": [_as_json(one) for one in done], "of": len(tasks)})
            if len(done) % 20 == 0:
                console.say(f"check: {len(done)} of {len(tasks)} pictures")
            return self._seconds_left() > 0

        answers.ask_all(
            engine,
            phrases_for("en"),
            [task for task in tasks if task.name not in known],
            reader=self._assembly(stack).question_reader,
            side_pixels=_DEMO_SIDE_PIXELS if self._model.is_demo else SIDE_PIXELS,
            goes_on=goes_on,
        )

    def _assembly(self, stack: contextlib.ExitStack) -> Assembly:
        if self._built is None:
            # The questions are English, so the instructions are as well.
            english = replace(self._config, conversation=replace(self._config.conversation, language="en"))
            self._built = Assembly(english, stack, vision_model=self._model)
        return self._built

    def _engine(self, stack: contextlib.ExitStack) -> Engine:
        return self._assembly(stack).local_engine

    # What was found.

    def _seconds_left(self) -> float:
        return 60.0 * self._wanted.minutes - (self._clock() - self._began_at)

    def _kept(self, part: str) -> dict[str, Any] | None:
        return self._store.read(part)

    def _is_done(self, part: str) -> bool:
        kept = self._kept(part)
        return kept is not None and (part != "answers" or len(kept["trials"]) >= kept["of"])

    def _is_left_out(self, part: str) -> bool:
        """Whether it could not be done here, for want of a library or a model. Each run tries it again."""
        return "left_out" in (self._kept(part) or {})

    def _trials(self) -> list[Trial]:
        kept = self._kept("answers")
        return [] if kept is None else [_of_json(one) for one in kept["trials"]]

    def _found(self) -> dict[str, Any]:
        parts = {part: self._kept(part) for part in PARTS}
        trials = self._trials()
        doubt = _doubt(trials, self._model, self._config)
        tables = report.tables(trials, _rule(doubt))
        failures, is_damaged = report.failures(parts, tables, is_random=self._wanted.is_random)
        found = {
            "program": f"seesay {__version__}",
            "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": description(),
            "model": {
                "name": self._model.name,
                "is_demo": self._model.is_demo,
                "is_random": self._wanted.is_random,
                "weights_sha256": self._key,
                "parameters": self._checkpoint.parameters,
            },
            "parts": parts,
            "part_seconds": {
                **{part: kept["seconds"] for part, kept in parts.items() if kept is not None and "seconds" in kept},
                **({"answers": sum(trial.seconds for trial in trials)} if trials else {}),
            },
            "left": [part for part in PARTS if not self._is_done(part)],
            "answers": tables,
            "doubt": doubt,
            "failures": failures,
            "is_damaged": is_damaged,
            "seconds": self._clock() - self._began_at,
        }
        return found | {"says": report.sentence(found)}


def _stamp(config: Config) -> str:
    """What the results depend on beside the weights: this version, and the settings that change what the model says."""
    engine, told = config.engine, config.prompt.text("en")
    drawn = (engine.temperature, engine.top_p, engine.top_k, engine.repetition_penalty, engine.presence_penalty)
    says = repr((told, config.seeing.fit, drawn, config.reading))
    return f"{__version__} {hashlib.sha256(says.encode()).hexdigest()[:16]}"


def _local(config: Config) -> Config:
    """The same settings, for the model on this machine."""
    return replace(config, engine=replace(config.engine, backend="local"))


def _doubt(trials: Sequence[Trial], model: catalog.ChosenModel, config: Config) -> dict[str, Any]:
    """The thresholds that are proposed and used from now on, and what the answers would have been with which."""
    default = DEMO_RULE if model.is_demo else DoubtRule()
    found = thresholds.proposed(trials, default)
    has_any = not found.why_not
    rule = replace(default, hedge_below=found.hedge_below, cannot_tell_below=found.cannot_tell_below)
    own = (config.doubt.hedge_below, config.doubt.cannot_tell_below)
    is_own = own != (DoubtConfig.hedge_below, DoubtConfig.cannot_tell_below)
    if model.is_demo:
        used = "demo"
    elif is_own or not config.doubt.measured:
        used = "config"
    else:
        used = "found" if has_any else "default"
    return {
        "hedge_below": found.hedge_below if has_any else None,
        "cannot_tell_below": found.cannot_tell_below if has_any else None,
        "why_not": found.why_not,
        "answers": sum(trial.mark is not Mark.DECLINED for trial in trials),
        "before": [default.hedge_below, default.cannot_tell_below],
        "with_before": asdict(thresholds.tally(trials, default)),
        "with_found": asdict(thresholds.tally(trials, rule)) if has_any else None,
        "used": used,
        "evidence": [_as_json(trial) for trial in trials],
    }


def _rule(doubt: Mapping[str, Any]) -> DoubtRule:
    """The rule under which the tables are counted: the one that was found, else the one from before."""
    if doubt["hedge_below"] is None:
        return DoubtRule(hedge_below=doubt["before"][0], cannot_tell_below=doubt["before"][1])
    return DoubtRule(hedge_below=doubt["hedge_below"], cannot_tell_below=doubt["cannot_tell_below"])


def _as_json(trial: Trial) -> dict[str, Any]:
    return asdict(trial) | {"mark": trial.mark.value}


def _of_json(kept: Mapping[str, Any]) -> Trial:
    return Trial(**{**kept, "mark": Mark(kept["mark"])})
