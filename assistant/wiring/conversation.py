"""`seesay run`: the conversation through microphone, camera and loudspeaker until quit or Ctrl-C."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from assistant import console
from assistant.answering import report
from assistant.answering.announcements import Announcements
from assistant.button.gestures import ButtonSettings, Press, StopPress
from assistant.conversation.event_queue import PressInbox
from assistant.language.phrases import Phrases, phrases_for
from assistant.machine.memory import used_bytes
from assistant.machine.status import status_of
from assistant.models.catalog import ModelPaths
from assistant.settings.config import Config
from assistant.settings.voice_state import VoiceSettings, VoiceState, load_state, state_path
from assistant.wiring import devices, hearing
from assistant.wiring.engine import doubt_rule, is_remote, open_engine

if TYPE_CHECKING:
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.turn import Turn
    from assistant.button.watcher import ButtonWatch, KeySource
    from assistant.conversation.activation import Activation
    from assistant.machine.power.keeper import PowerKeeper
    from assistant.machine.power.readings import PowerSample
    from audio.hearing import AudioSource, Hearing
    from audio.voice import SpokenVoice
    from vision.best_shot import BestShot
    from vision.interface import Engine


class SideServer(Protocol):
    """What goes on beside the conversation, over the same engine and camera: see `assistant.wiring.web`."""

    def turn_ended(self, turn: Turn) -> None: ...

    def serving(
        self,
        engine: Engine,
        take: BestShot,
        *,
        is_demo: bool,
        voice_state: Callable[[], str],
        power: Callable[[], PowerSample],
    ) -> contextlib.AbstractContextManager[object]: ...


def run(
    config: Config,
    paths: ModelPaths,
    *,
    verbose: bool = False,
    as_json: bool = False,
    side_server: SideServer | None = None,
) -> None:
    """Returns when the user says quit; raises where a device or a model is missing at the start."""
    from assistant.conversation.conversation import Conversation
    from assistant.conversation.dialog import ConversationSettings
    from audio.microphone import Microphone
    from audio.playback import Loudspeaker
    from audio.reconnecting import HalfDuplex, OwnCue, lasting_events
    from vision.best_shot import BestShot

    phrases = phrases_for(config.conversation.language)
    _use_echo_cancellation(config)  # before anything opens the sound system
    with contextlib.ExitStack() as stack:
        words = hearing.load_transcriber(paths.speech)
        stop_ear = hearing.make_stop_ear(config, paths.speech)
        # What is missing is said before the minutes of loading, not after. Both are opened again when it is
        # done: a busy machine would starve the one, and what the other hears meanwhile is nobody's question.
        with Microphone(config.hearing.input_device or None), Loudspeaker(config.speaking.output_device or None):
            pass
        key = hearing.open_button(config, stack, console.say)
        frames = devices.open_frames(config, stack)
        asides = Announcements()
        engine = open_engine(config, paths.vision, stack, console.say, asides, is_demo=paths.are_demo)
        keeper = devices.keep_power(config, stack, engine, console.say)
        is_demo = paths.are_demo and not is_remote(config)
        voice = devices.open_voice(config, stack, devices.loudspeaker(config))
        on_end = _turn_printer(engine, keeper, verbose=verbose, as_json=as_json, side_server=side_server)
        doubt = doubt_rule(config, is_demo=is_demo)
        aim = BestShot(frames)
        answering = devices.start_answering(config, stack, engine, frames, voice, doubt=doubt, aim=aim, on_end=on_end)
        asides.go_to(answering.aside)
        any_interrupts = config.hearing.barge_in == "any"
        activation = hearing.make_activation(
            config, paths.speech, speaking=lambda: answering.speaking, busy=lambda: answering.busy
        )
        transcriber = hearing.make_attentive(
            paths.speech, words, activation, on_maybe=lambda: conversation.maybe_woken()
        )
        deaf = (lambda: False) if any_interrupts else HalfDuplex(lambda: answering.speaking)
        own_cue = (lambda: ()) if any_interrupts else OwnCue(lambda: answering.cue_pitches_hz)
        pause_ear = hearing.make_pause_ear(config, paths.speech, activation)
        inbox = PressInbox()

        def make_hearing(microphone: AudioSource) -> Hearing:
            transcriber.reset()  # half a question from before a loss is no part of the next one
            if stop_ear is not None:
                stop_ear.rest()
            inbox.take()
            source = inbox.deliver_between(
                microphone, lambda press: conversation.pressed(press), lambda: conversation.tick()
            )
            return hearing.make_hearing(
                config, source, transcriber, deaf, stop_ear, activation.held, pause_ear, own_cue
            )

        events = lasting_events(
            lambda: Microphone(config.hearing.input_device or None),
            make_hearing,
            on_lost=lambda sentence: _tell(answering, sentence, phrases.device_lost),
            on_back=lambda: _tell(answering, "the microphone is back", phrases.device_back),
        )
        conversation = Conversation(
            stack.enter_context(contextlib.closing(events)),
            answering,
            phrases,
            ConversationSettings(
                config.conversation.picture_seconds,
                config.hearing.min_confidence,
                doubt,
                takes_instructions=not is_demo,
                queue_questions=config.conversation.while_answering == "queue",
                hint=_hint(activation, phrases),
                speech_interrupts=any_interrupts,
            ),
            activation=activation,
            on_heard=lambda utterance: None if as_json else console.heard(utterance, verbose=verbose),
            voice=_remembered_settings(config, voice),
            status=lambda: status_of(keeper.latest, config.power.other_watts, used_bytes(), engine.answerer.model_name),
        )
        if side_server is not None:
            state = functools.partial(_state, answering, activation)
            stack.enter_context(
                side_server.serving(engine, aim, is_demo=is_demo, voice_state=state, power=lambda: keeper.latest)
            )
        if key is not None:
            stack.enter_context(_watch(key, config, activation, answering, inbox, phrases))
        console.say(
            f"listening: {_hint(activation, phrases) or 'ask a question'} Say help, or quit (Ctrl-C ends it too)"
        )
        conversation.run(_greeting(config, activation, phrases, are_demo=is_demo))


def _use_echo_cancellation(config: Config) -> None:
    """Where the sound server has it, and the config names no devices of its own."""
    from audio.echo import echo_cancelled_input, echo_cancelled_output, use_sink, use_source

    if config.hearing.input_device or (source := echo_cancelled_input()) is None:
        return
    use_source(source)
    if config.speaking.output_device:
        console.say(f"the microphone is {source}, but speaking.output_device is set: its echo may not be cancelled")
    elif (sink := echo_cancelled_output()) is not None:
        use_sink(sink)


def _tell(answering: AnswerPipeline, printed: str, spoken: str) -> None:
    console.say(printed)
    answering.say(spoken)


def _watch(
    key: KeySource,
    config: Config,
    activation: Activation,
    answering: AnswerPipeline,
    inbox: PressInbox,
    phrases: Phrases,
) -> ButtonWatch:
    """The thread that turns the key's downs and ups into presses."""
    from assistant.button.watcher import ButtonWatch

    def on_press(press: Press) -> None:
        activation.pressed(press)
        if isinstance(press, StopPress):
            answering.cancel()  # here and not on the main thread: silence is wanted within 100 ms
        inbox.put(press)

    def on_problem(sentence: str) -> None:
        if sentence:
            _tell(answering, sentence, phrases.button_lost)
        else:
            _tell(answering, "the button is back", phrases.button_back)

    settings = ButtonSettings(config.button.double_press_seconds, config.button.hold_seconds)
    return ButtonWatch(key, settings, on_press, speaking=lambda: answering.busy, on_problem=on_problem)


def _hint(activation: Activation, phrases: Phrases) -> str:
    """How to begin; nothing where whoever speaks is heard."""
    ways = activation.settings
    hints = [phrases.hint_button] if ways.button else []
    if ways.wake_word:
        hints.append(phrases.hint_wake_word.format(wake_word=ways.wake_phrase))
    return " ".join(hints)


def _greeting(config: Config, activation: Activation, phrases: Phrases, *, are_demo: bool) -> str:
    profile = phrases.profiles.get(config.conversation.profile, "")
    ready = phrases.ready_demo_models if are_demo else phrases.ready
    return " ".join(filter(None, (profile, ready, _hint(activation, phrases))))


def _remembered_settings(config: Config, voice: SpokenVoice) -> VoiceSettings:
    """Rate and volume as they were last set by voice, else as configured."""
    path = state_path(os.environ)
    state = load_state(path, VoiceState(config.speaking.rate_wpm, config.speaking.volume))
    voice.sound_like(state.rate_wpm, state.volume)
    return VoiceSettings(state, lambda new: voice.sound_like(new.rate_wpm, new.volume), path)


def _state(answering: AnswerPipeline, activation: Activation) -> str:
    """For who looks on: one of `assistant.web.status_board.STATES`."""
    if answering.speaking:
        return "speaking"
    if answering.busy:
        return "thinking"
    return "listening" if activation.attentive(time.monotonic()) else "idle"


def _turn_printer(
    engine: Engine, keeper: PowerKeeper, *, verbose: bool, as_json: bool, side_server: SideServer | None = None
) -> Callable[[Turn], None]:
    def show(turn: Turn) -> None:
        if side_server is not None:
            side_server.turn_ended(turn)
        if turn.error is not None:
            console.say(str(turn.error))
        if turn.question is None or turn.timings is None:
            return
        turn.joules = keeper.energy.since(turn.question.began_at).value
        if as_json:
            console.result(console.as_json_line(report.turn_as_json(turn, engine.answerer.model_name)))
            return
        if turn.words:
            console.result(f"seesay: {turn.words}" + ("  (stopped)" if turn.cancelled.is_set() else ""))
        if verbose:
            console.say(report.timings_line(turn))

    return show
