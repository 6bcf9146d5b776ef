"""Builds and runs the conversation through microphone, camera and loudspeaker, until quit or Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from assistant import console
from assistant.answering import report
from assistant.button.gestures import ButtonSettings, Press, StopPress
from assistant.conversation.event_queue import Event, EventQueue, Tick
from assistant.inspection.rounds.checklist import Checklist
from assistant.inspection.rounds.wording import joined
from assistant.language.phrases import Phrases
from assistant.machine.memory import used_bytes
from assistant.machine.status import Status, status_of
from assistant.models import catalog
from assistant.wiring import devices, open_listening
from assistant.wiring.arriving import Arriving, Until
from assistant.wiring.assembly import Assembly
from assistant.wiring.hearing import Ears
from assistant.wiring.inspection import rounds
from assistant.wiring.new_eye import NewEye
from assistant.wiring.service import SignsOfLife, signs_of_life

if TYPE_CHECKING:
    from assistant.answering.capture import Take
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.turn import Turn
    from assistant.answering.watching.idle_looker import IdleLooker
    from assistant.answering.watching.seen_pictures import SeenPictures
    from assistant.button.watcher import ButtonWatch, KeySource
    from assistant.conversation.activation import Activation
    from assistant.conversation.dialog import ConversationSettings
    from assistant.conversation.modes.inspection_round import InspectionRound
    from assistant.inspection.round_shown import RoundShown
    from assistant.machine.power.readings import PowerSample
    from audio.listening.hearing import AudioSource
    from audio.listening.pausing import JudgedBeside
    from audio.recognition.wake_word import AttentiveTranscriber
    from vision.loading_engine import LoadingEngine


_MUTED = (
    "the microphone sends no sound at all: switch its mute off, at its cable or with "
    "`pactl set-source-mute @DEFAULT_SOURCE@ 0`, or check its plug"
)
_LAST_WORDS_SECONDS = 10.0  # for the sentence that says why the program ends


class SideServer(Protocol):
    """A web server beside the conversation, which uses the same engine and camera: `wiring.web` has it."""

    @property
    def at_work(self) -> bool: ...

    def turn_ended(self, turn: Turn) -> None: ...

    def serving(
        self,
        assembly: Assembly,
        *,
        camera: Take,
        voice_state: Callable[[], str],
        power: Callable[[], PowerSample],
        on_ask: Callable[[], None],
        round_now: Callable[[], RoundShown | None],
        pipeline: AnswerPipeline,
    ) -> contextlib.AbstractContextManager[object]: ...


def run(
    assembly: Assembly,
    *,
    verbose: bool = False,
    as_json: bool = False,
    side_server: SideServer | None = None,
    checklist: Checklist | None = None,
) -> None:
    """Runs the conversation until the user says quit. With a checklist it begins with a round.

    Raises if a device or a model is missing at the start.
    """
    from assistant.answering.watching.memory_watch import MemoryWatch
    from assistant.conversation.conversation import Conversation
    from assistant.conversation.dialog import OwnState
    from assistant.conversation.modes.reading_aloud import ReadingAloud

    config, stack, phrases, ears = assembly.config, assembly.stack, assembly.phrases, assembly.ears
    life = signs_of_life(os.environ, needs_sound=True)
    devices.use_echo_cancellation(config)
    # The order matters: whatever is missing is told before the engine begins to load, which may take minutes. Loading
    # beside what stands above would make the user wait half a second longer for a program that listens.
    ears.prepare()
    _ = assembly.receivers
    devices.check_sound_devices(config)
    key, _ = assembly.button, assembly.frames
    loading = assembly.load_engine_beside()
    _ = assembly.engine, assembly.power
    journal, voice = assembly.journal, assembly.lasting_voice
    plan = None if checklist is None else rounds.plan_round(assembly, checklist)
    seen, looker = _looking_ahead(
        assembly, lambda: pipeline.in_use or (side_server is not None and side_server.at_work), verbose=verbose
    )

    def on_user() -> None:
        memory.wake()
        if looker is not None:
            looker.interrupt()

    pipeline = assembly.start_pipeline(
        voice,
        engine=seen,
        takes_best_shot=True,
        on_user=on_user,
        is_loading=lambda: loading is not None and loading.is_loading,
        on_end=_turn_printer(assembly, verbose=verbose, as_json=as_json, side_server=side_server),
    )
    memory = stack.enter_context(
        MemoryWatch(
            pipeline,
            phrases.short_of_memory,
            console.say,
            is_loading=lambda: loading is not None and loading.is_loading,
        )
    )
    inspection = None if plan is None else rounds.inspection_round(assembly, pipeline, plan)
    activation = ears.activation(
        speaking=lambda: pipeline.speaking,
        busy=lambda: pipeline.busy,
        awaits=lambda: inspection is not None and inspection.awaits_words,
        is_awaited=lambda text: inspection is not None and inspection.counts_unasked(text),
    )
    queue = EventQueue()
    new_eye = NewEye(assembly, loading) if loading is not None and assembly.may_improve else None
    heard = _events(assembly, pipeline, activation, queue, inspection, life, new_eye)
    if loading is not None:
        heard = _while_engine_lives(heard, loading, pipeline, phrases)
    if new_eye is not None:
        heard = _with_new_eye(
            heard,
            new_eye,
            is_quiet=lambda: not (pipeline.in_use or (side_server is not None and side_server.at_work)),
            on_taken=lambda: conversation.change(_settings(assembly, activation)),
        )
    events = stack.enter_context(contextlib.closing(_with_signs_of_life(heard, life)))
    conversation = Conversation(
        events,
        pipeline,
        phrases,
        _settings(assembly, activation),
        activation=activation,
        on_heard=lambda utterance: None if as_json else console.heard(utterance, verbose=verbose),
        own_state=OwnState(
            assembly.voice_settings(voice),
            lambda: _status(assembly, looker),
            forget=None if journal is None else journal.forget,
            farewell=str if journal is None else journal.farewell,
        ),
        reading=ReadingAloud(pipeline, assembly.reader, phrases, advise=assembly.page_advice),
        inspection=inspection,
    )
    if side_server is not None:
        stack.enter_context(
            side_server.serving(
                assembly,
                camera=assembly.best_shot,
                voice_state=lambda: _state(pipeline, activation),
                power=lambda: assembly.power.latest,
                on_ask=on_user,
                round_now=lambda: None if inspection is None else inspection.shown,
                pipeline=pipeline,
            )
        )
    if key is not None:
        stack.enter_context(_watch(key, assembly, activation, pipeline, queue))
    if looker is not None:
        stack.enter_context(looker)
    stack.enter_context(assembly.sound_watch.watching(voice))
    if loading is not None:
        loading.raise_failure()  # before the greeting; a failure that comes later ends the events
    life.ready("listening")
    stack.callback(life.ending)
    console.say(f"listening: {_hint(activation, phrases) or 'ask a question'} Say help, or quit (Ctrl-C ends it too)")
    greeting = _greeting(assembly, activation)
    if plan is not None and inspection is not None:
        greeting = joined(greeting, plan.warnings, inspection.begin())
    conversation.run(greeting)


def _settings(assembly: Assembly, activation: Activation) -> ConversationSettings:
    from assistant.conversation.dialog import ConversationSettings
    from audio.recognition.certainty import UNDERSTOOD_CONFIDENCE

    config = assembly.config
    return ConversationSettings(
        config.conversation.picture_seconds,
        config.hearing.min_confidence,
        assembly.doubt,
        takes_instructions=not assembly.is_demo,
        understood_from=UNDERSTOOD_CONFIDENCE,
        min_command_confidence=config.hearing.min_command_confidence,
        queue_questions=config.conversation.while_answering == "queue",
        hint=_hint(activation, assembly.phrases),
        much_talk=open_listening.much_talk_notice(activation.settings, assembly.phrases),
        speech_interrupts=config.hearing.barge_in == "any",
        looks_ahead=config.seeing.ahead != "off",
        length=config.length,
    )


def _looking_ahead(
    assembly: Assembly, in_use: Callable[[], bool], *, verbose: bool
) -> tuple[SeenPictures | None, IdleLooker | None]:
    """What remembers the picture that was seen last, and the thread that looks at a still picture. Mostly neither."""
    if assembly.config.seeing.ahead != "still":
        return None, None
    from assistant.answering.watching.seen_pictures import SeenPictures
    from assistant.wiring.looking_ahead import idle_looker

    seen = SeenPictures(assembly.engine)
    return seen, idle_looker(assembly, seen, in_use, console.say if verbose else _ignore)


def _do_nothing() -> None:
    pass


def _ignore(sentence: str) -> None:
    pass


def _events(
    assembly: Assembly,
    pipeline: AnswerPipeline,
    activation: Activation,
    queue: EventQueue,
    inspection: InspectionRound | None,
    life: SignsOfLife,
    new_eye: NewEye | None = None,
) -> Generator[Event, None, None]:
    """All events that the conversation reacts to. They go on after the microphone was lost and has come back."""
    from audio.listening.hearing import Situation, SpeechRejected, SpeechStarted, Utterance
    from audio.listening.muted import MutedWatch
    from audio.listening.reconnecting import HalfDuplex, OwnCue, lasting_events

    phrases = assembly.phrases
    situation = Situation(held=activation.held)
    if assembly.config.hearing.barge_in != "any":
        deaf, own_cue = HalfDuplex(lambda: pipeline.speaking), OwnCue(lambda: pipeline.cue_pitches_hz)
        situation = replace(situation, deaf=deaf, own_cue=own_cue)

    def parts_of(ears: Ears) -> tuple[Ears, AttentiveTranscriber, JudgedBeside | None]:
        if inspection is None:
            transcriber = ears.attentive(activation)
        else:
            transcriber = ears.attentive(activation, lambda: inspection.phrases_awaited, inspection.counts_unasked)
        if (pause_ear := ears.pause_ear(activation)) is not None:
            assembly.stack.callback(pause_ear.close)
        return ears, transcriber, pause_ear

    parts = parts_of(assembly.ears)
    arriving = _arriving(assembly, new_eye)
    speech_under_way = False
    muted = MutedWatch(
        on_muted=lambda: assembly.tell(_MUTED, phrases.microphone_muted),
        # Only printed: the first sound is often the user's question, which it would not hear while it speaks.
        on_heard=lambda: console.say("the microphone sends sound again"),
    )

    def may_change_ears() -> bool:
        return arriving.has_new_ears and not speech_under_way and not pipeline.in_use

    def events_of(microphone: AudioSource) -> Iterator[Event]:
        nonlocal parts, speech_under_way
        parts[1].reset()  # half a question from before the loss must not become part of the next one
        if parts[0].stop_ear is not None:
            parts[0].stop_ear.rest()
        queue.take()
        watched = muted.watched(microphone)
        while True:
            ears, transcriber, pause_ear = parts
            hearing = ears.hearing(
                Until(watched, may_change_ears),
                transcriber,
                replace(situation, wake_suspected=transcriber.wake_suspected),
                stop_ear=ears.stop_ear,
                pause_ear=pause_ear,
                awaits_answer=lambda: inspection is not None and inspection.awaits_closed_answer,
            )
            speech_under_way = False
            for event in queue.events(hearing):
                if isinstance(event, SpeechStarted):
                    speech_under_way = True
                elif isinstance(event, (Utterance, SpeechRejected)):
                    speech_under_way = False
                yield event
            if (new_ears := arriving.take()) is None:
                return
            if pause_ear is not None:
                pause_ear.close()
            assembly.ears = new_ears  # a recording that is sent to the page is heard with them too
            parts = parts_of(new_ears)

    def lost(sentence: str) -> None:
        life.sound_lost()
        assembly.tell(sentence, phrases.device_lost)

    return lasting_events(
        assembly.sound_watch.open_microphone,
        events_of,
        on_lost=lost,
        on_back=lambda: assembly.tell("the microphone is back", phrases.device_back, instead_of=phrases.device_lost),
        on_retry=life.loop_turned,
    )


def _arriving(assembly: Assembly, new_eye: NewEye | None) -> Arriving:
    """Notices models that are fetched from now on."""
    config = assembly.config
    language = config.conversation.language

    def load_ears() -> Ears:
        ears = Ears(config, catalog.speech_folder(config), assembly.played)
        ears.prepare()
        return ears

    return assembly.stack.enter_context(
        Arriving(
            assembly.phrases.setup,
            assembly.say_soon,
            load_ears,
            wants_speech=not config.hearing.speech_model and catalog.fetched_speech(language) is None,
            fetched_speech=lambda: catalog.fetched_speech(language),
            load_eye=None if new_eye is None else new_eye.begin,
        )
    )


def _while_engine_lives(
    events: Generator[Event, None, None], loading: LoadingEngine, pipeline: AnswerPipeline, phrases: Phrases
) -> Generator[Event, None, None]:
    """The same events, until loading the engine fails: that is said aloud, and then raised."""
    with contextlib.closing(events):
        for event in events:
            if loading.has_failed:
                pipeline.say(phrases.not_loaded).done.wait(_LAST_WORDS_SECONDS)
                loading.raise_failure()
            yield event


def _with_new_eye(
    events: Generator[Event, None, None], new_eye: NewEye, *, is_quiet: Callable[[], bool], on_taken: Callable[[], None]
) -> Generator[Event, None, None]:
    """The same events. Between two of them, in a quiet moment, the model for seeing that was fetched is taken into use."""
    with contextlib.closing(events):
        for event in events:
            if new_eye.is_there and is_quiet() and new_eye.take():
                on_taken()
            yield event


def _with_signs_of_life(events: Generator[Event, None, None], life: SignsOfLife) -> Generator[Event, None, None]:
    """The same events. The loop has turned each time when the next one is asked for."""
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, Tick):
                life.sound_came(event.at)
            yield event
            life.loop_turned()


def _watch(
    key: KeySource, assembly: Assembly, activation: Activation, pipeline: AnswerPipeline, queue: EventQueue
) -> ButtonWatch:
    """The thread that turns the key's down and up events into presses."""
    from assistant.button.watcher import ButtonWatch

    button, phrases = assembly.config.button, assembly.phrases

    def on_press(press: Press) -> None:
        activation.pressed(press)
        if isinstance(press, StopPress):
            pipeline.cancel()  # not on the main thread, because the voice must be silent within 100 ms
        queue.put(press)

    def on_problem(sentence: str) -> None:
        if sentence:
            assembly.tell(sentence, phrases.button_lost)
        else:
            assembly.tell("the button is back", phrases.button_back, instead_of=phrases.button_lost)

    settings = ButtonSettings(button.double_press_seconds, button.hold_seconds)
    return ButtonWatch(key, settings, on_press, speaking=lambda: pipeline.busy, on_problem=on_problem)


def _hint(activation: Activation, phrases: Phrases) -> str:
    """Tells how to get the assistant's attention. "" if all speech is meant for the assistant."""
    ways = activation.settings
    hints = [phrases.hint_button] if ways.button else []
    if ways.wake_word:
        hints.append(phrases.hint_wake_word.format(wake_word=ways.wake_phrase))
    return " ".join(hints)


def _greeting(assembly: Assembly, activation: Activation) -> str:
    phrases = assembly.phrases
    profile = phrases.profiles.get(assembly.config.conversation.profile, "")
    ready = phrases.ready_demo_models if assembly.is_demo else phrases.ready
    notice = open_listening.first_notice(activation.settings, assembly.config.conversation.profile, phrases, os.environ)
    return " ".join(filter(None, (profile, ready, _hint(activation, phrases), notice, _about_journal(assembly))))


def _about_journal(assembly: Assembly) -> str:
    """Says that a journal is kept, or that it should be and cannot. "" if none is wanted."""
    config, words = assembly.config.journal, assembly.phrases.journal
    if not config.enabled:
        return ""
    if assembly.journal is None:
        return words.cannot_open
    kept = words.kept_with_pictures if config.pictures else words.kept
    hosts = assembly.receivers.hosts
    return f"{kept} {words.records_leave.format(hosts=hosts)}" if hosts else kept


def _status(assembly: Assembly, looker: IdleLooker | None = None) -> Status:
    sample, other_watts = assembly.power.latest, assembly.config.power.other_watts
    status = status_of(sample, other_watts, used_bytes(), assembly.model_name, assembly.frames.picture_size)
    return replace(status, looks_ahead_in_last_hour=None if looker is None else looker.looks_in_last_hour)


def _state(pipeline: AnswerPipeline, activation: Activation) -> str:
    """What the conversation does now, as the web page shows it: one of `assistant.web.answers.status_board.STATES`."""
    if pipeline.speaking:
        return "speaking"
    if pipeline.busy:
        return "thinking"
    return "listening" if activation.attentive(time.monotonic()) else "idle"


def _turn_printer(
    assembly: Assembly, *, verbose: bool, as_json: bool, side_server: SideServer | None
) -> Callable[[Turn], None]:
    """A function that prints each turn when it has ended, and passes it to the web server."""

    def show(turn: Turn) -> None:
        if side_server is not None:
            side_server.turn_ended(turn)
        if turn.error is not None:
            console.say(str(turn.error))
        if turn.question is None or turn.timings is None:
            return
        turn.joules = assembly.power.energy.since(turn.question.began_at).value
        if assembly.journal is not None:
            assembly.journal.ended(turn, assembly.model_name)
        if as_json:
            console.result(console.as_json_line(report.turn_as_json(turn, assembly.model_name)))
            return
        if turn.words:
            console.result(f"seesay: {turn.words}" + ("  (stopped)" if turn.cancelled.is_set() else ""))
        if verbose:
            console.say(report.timings_line(turn))

    return show
