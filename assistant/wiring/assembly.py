"""The parts of one run of the program, built from one configuration.

Each part is built when it is first asked for, and kept. Everything that must be closed lies on one `ExitStack`, so that
any end of the program closes all of it, in the opposite order. Heavy imports happen where a part is built, because
`seesay --help` must stay quick. This module decides which concrete parts there are. It does not know what they do
together: that is in `wiring.conversation`, `wiring.web` and the verbs of the command line.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.answering.announcements import Announcements
from assistant.language.phrases import Phrases, phrases_for
from assistant.models import catalog
from assistant.models.checked import read_result
from assistant.settings.config import Config
from assistant.settings.voice_state import VoiceSettings, VoiceState, load_state, state_path
from assistant.wiring import devices
from assistant.wiring.engine import doubt_rule, is_remote, load_engine
from assistant.wiring.hearing import Ears

if TYPE_CHECKING:
    from assistant.answering.judging.doubt import DoubtRule
    from assistant.answering.page_reading import Advise
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.reading.reader_context import QuestionReader
    from assistant.answering.speech_queue import Voice
    from assistant.answering.turn import Turn
    from assistant.button.watcher import KeySource
    from assistant.inspection.turns import TurnJournal
    from assistant.machine.power.keeper import PowerKeeper
    from assistant.wiring.inspection.handing_on import Receivers
    from audio.pcm import Samples
    from audio.sound_watch import SoundWatch
    from audio.speaking.playback import Speaker
    from audio.speaking.voice import SpokenVoice, Synthesizer
    from vision.best_shot import BestShot
    from vision.engine.engine import Engine as LocalEngine
    from vision.interface import Engine, FrameSource, SupportsSee
    from vision.loading_engine import LoadingEngine
    from vision.reading.ocr import OcrReader


# A loudspeaker that is plugged in again within this time says the rest of the answer. After a longer time nobody waits
# for it any more.
SENTENCE_WAITS_SECONDS = 20.0


class Assembly:
    """The parts, each built at its first use.

    That use raises if a model, a device or the button is missing.
    """

    def __init__(
        self,
        config: Config,
        stack: contextlib.ExitStack,
        *,
        vision_model: catalog.ChosenModel | None = None,  # None: the config decides, or the best there is
        speech_model: Path | None = None,  # None: chosen in the same way
    ) -> None:
        self.config = config
        self.stack = stack
        self._vision_model = vision_model
        self._speech_model = speech_model
        self.announcements = Announcements()
        self._pipeline: AnswerPipeline | None = None
        self._told_doubt = ""  # where the thresholds come from, as the user was told

    @cached_property
    def phrases(self) -> Phrases:
        return phrases_for(self.config.conversation.language)

    # Models.

    @cached_property
    def vision_model(self) -> catalog.ChosenModel:
        return self._vision_model or catalog.choose_eye(self.config)

    @cached_property
    def speech_model(self) -> Path:
        return self._speech_model or catalog.speech_folder(self.config)

    @property
    def is_demo(self) -> bool:
        """True if the small demo model answers as a rule. The program then tells the user."""
        return self.vision_model.is_demo and not is_remote(self.config)

    @property
    def may_improve(self) -> bool:
        """True if the small demo model answers only until the full one was fetched."""
        return self.is_demo and self._vision_model is None

    def change_model(self, model: catalog.ChosenModel) -> None:
        """The engine has another model from now on."""
        self.vision_model = model
        self.__dict__.pop("_own_weights_sha256", None)

    def choose_models(self) -> None:
        """Finds both models before anything is loaded, and tells the user if the small demo model answers.

        Raises `ModelMissing` when the config names a folder that is not there.
        """
        _ = self.vision_model, self.speech_model
        self.tell_of_demo_model()

    def tell_of_demo_model(self) -> None:
        if self.is_demo:
            console.say(console.DEMO_NOTICE)

    # Answering.

    @cached_property
    def engine(self) -> Engine:
        """The engine that the config names: this machine's, or another computer's with this one's as fallback."""
        if not is_remote(self.config):
            return self.local_engine
        from assistant.wiring.remote import open_remote_engine

        engine = open_remote_engine(self.config, self._load_local, self.vision_model, console.say, self.announcements)
        return self.stack.enter_context(engine)

    def load_engine_beside(self) -> LoadingEngine | None:
        """Begins to load `engine` on a thread of its own. None if it is another computer's, which is opened at once.

        Call it before `engine` is used. Whoever calls it has to look whether loading fails.
        """
        if is_remote(self.config):
            return None
        from vision.engine.host import arithmetic_threads
        from vision.interface import Answerer
        from vision.loading_engine import LoadingEngine

        own = Answerer(self.vision_model.name, self.vision_model.is_demo)
        loading = LoadingEngine(self._load_local, own, arithmetic_threads(self.config.engine.threads))
        self.engine = self.stack.enter_context(loading)
        return loading

    @cached_property
    def local_engine(self) -> LocalEngine:
        """This machine's own engine."""
        return self._load_local(self.stack)

    def _load_local(self, stack: contextlib.ExitStack) -> LocalEngine:
        return self.load_model(self.vision_model, stack)

    def load_model(self, model: catalog.ChosenModel, stack: contextlib.ExitStack) -> LocalEngine:
        """Loads a model as an engine of this machine, which the stack closes."""
        if model.is_demo:
            catalog.whole_demo_vlm(model.folder)
        return load_engine(self.config, model.folder, stack, console.say, is_demo=model.is_demo)

    @property
    def model_name(self) -> str:
        """The name of the model that answers now. It changes while another computer cannot be reached."""
        return self.engine.answerer.model_name

    @property
    def doubt(self) -> DoubtRule:
        """Of the model that answers now. The user is told where its thresholds come from, unless it is the demo model."""
        return self._doubt_rule(is_demo=self.is_demo)

    @property
    def usual_doubt(self) -> DoubtRule:
        """Of every model but the demo model, which has its own."""
        return self._doubt_rule(is_demo=False)

    def _doubt_rule(self, *, is_demo: bool) -> DoubtRule:
        is_own = not is_remote(self.config) and not self.vision_model.is_demo
        checked = read_result(self.vision_model.folder) if is_own else None
        rule, source = doubt_rule(self.config, is_demo=is_demo, checked=checked)
        if source and is_own and source != self._told_doubt:
            console.say(source)
            self._told_doubt = source
        return rule

    def start_pipeline(
        self,
        voice: Voice,
        *,
        engine: SupportsSee | None = None,  # None: `engine` of this assembly
        frames: FrameSource | None = None,  # None: the camera
        earcons: bool = True,
        takes_best_shot: bool = False,  # True: takes the sharpest of three pictures and tells what is wrong with it
        on_text: Callable[[Turn, str], None] = lambda turn, text: None,
        on_end: Callable[[Turn], None] = lambda turn: None,
        on_user: Callable[[], None] = lambda: None,  # called when the user does anything
        is_loading: Callable[[], bool] = lambda: False,  # whether the engine is still being loaded
    ) -> AnswerPipeline:
        """Starts the threads that take pictures, answer and speak."""
        from assistant.answering.capture import any_picture
        from assistant.answering.pipeline import AnswerPipeline

        pipeline = self.stack.enter_context(
            AnswerPipeline(
                engine or self.engine,
                self.best_shot if takes_best_shot else any_picture(frames or self.frames),
                voice,
                self.phrases,
                play_earcons=earcons and self.config.speaking.earcons,
                doubt=self.usual_doubt,
                reader=self.question_reader,
                on_text=on_text,
                on_end=on_end,
                on_user=on_user,
                is_loading=is_loading,
            )
        )
        self.announcements.go_to(pipeline.announce)
        self._pipeline = pipeline
        return pipeline

    def say_soon(self, text: str, *, instead_of: str = "") -> None:
        """Says a sentence about the program, where there is a voice. It ends no answer. Any thread may call it.

        An earlier sentence `instead_of` which it is said is dropped, if it has not been said to its end.
        """
        if self._pipeline is not None:
            self._pipeline.say_soon(text, instead_of=instead_of)

    def tell(self, printed: str, spoken: str, *, instead_of: str = "") -> None:
        """Prints the one sentence and says the other as `say_soon` does. Any thread may call it."""
        console.say(printed)
        self.say_soon(spoken, instead_of=instead_of)

    def _loudspeaker_is_back(self) -> None:
        """Tells so. A sentence that has waited for the loudspeaker tells it by itself."""
        console.say("the loudspeaker is back")
        if self._pipeline is not None and not self._pipeline.busy:
            self.say_soon(self.phrases.loudspeaker_back)

    # Seeing.

    @cached_property
    def frames(self) -> FrameSource:
        """The camera of the config, or the picture, video or address in its place."""
        return self.open_frames(self.config.seeing.camera)

    def open_frames(self, source: str) -> FrameSource:
        """Opens any camera, picture, video or address."""
        return devices.open_frames(
            source,
            self.config.seeing,
            self.stack,
            on_lost=lambda sentence: self.tell(sentence, self.phrases.camera_lost),
            on_back=lambda: self.tell(
                "the camera is back", self.phrases.camera_back, instead_of=self.phrases.camera_lost
            ),
        )

    @cached_property
    def best_shot(self) -> BestShot:
        from vision.best_shot import BestShot

        return BestShot(self.frames)

    # Reading.

    @cached_property
    def reader(self) -> OcrReader:
        """Reads print. It loads its models at the first use, and gives their memory back when it is idle."""
        from vision.engine.host import arithmetic_threads
        from vision.reading.ocr import OcrReader

        threads = arithmetic_threads(self.config.engine.threads)
        reader = OcrReader(threads, idle_seconds=60.0 * self.config.reading.idle_minutes)
        self.stack.callback(reader.close)
        return reader

    @cached_property
    def question_reader(self) -> QuestionReader | None:
        """Reads print for questions about writing. None if the config says so, or only the demo model will answer."""
        from assistant.answering.reading.reader_context import QuestionReader

        if self.config.reading.context == "off" or (self.is_demo and not self.may_improve):
            return None
        return QuestionReader(self.reader, self.phrases, warm=self._warm_reader)

    def _warm_reader(self) -> None:
        if not self.is_demo:  # nothing is read for the demo model
            self.reader.warm()

    @property
    def page_advice(self) -> Advise:
        """Finds what hinders the reader: a page that is cut off, too far, slanted, or in a reflection."""
        from vision.reading.guidance import advise

        return lambda frame, layout: [advice.value for advice in advise(frame, layout)]

    # Speaking.

    @cached_property
    def voice(self) -> SpokenVoice:
        """The voice over the config's loudspeaker."""
        return self.open_voice(devices.loudspeaker(self.config.speaking.output_device))

    @cached_property
    def lasting_voice(self) -> SpokenVoice:
        """The voice of a conversation: after a loss of the loudspeaker it goes on with the sentence that was cut."""
        return self.open_voice(
            self.sound_watch.open_loudspeaker,
            patience_seconds=SENTENCE_WAITS_SECONDS,
            on_lost=console.say,
            on_back=self._loudspeaker_is_back,
        )

    @cached_property
    def sound_watch(self) -> SoundWatch:
        """Opens the config's microphone and loudspeaker, and notices when the sound server takes them away."""
        from audio.sound_watch import SoundWatch

        return SoundWatch(self.config.hearing.input_device or None, self.config.speaking.output_device or None)

    def open_voice(
        self,
        open_speaker: Callable[[], Speaker],
        *,
        patience_seconds: float = 0.0,  # how long a sentence waits for a loudspeaker that was lost
        on_lost: Callable[[str], None] = lambda sentence: None,
        on_back: Callable[[], None] = lambda: None,
    ) -> SpokenVoice:
        """A voice over a loudspeaker or a WAV file, which the voice closes."""
        from audio.speaking.voice import SpokenVoice

        speaking = self.config.speaking
        voice = SpokenVoice(
            self.open_synthesizer(VoiceState(speaking.rate_wpm, speaking.volume)),
            open_speaker,
            patience_seconds=patience_seconds,
            on_lost=on_lost,
            on_back=on_back,
        )
        self.stack.callback(voice.close)
        return voice

    def open_synthesizer(self, state: VoiceState) -> Synthesizer:
        """The voice that the config names, at a rate and a volume."""
        from assistant.models.synthesizer import open_synthesizer

        synthesizer = open_synthesizer(self.config, state.rate_wpm, state.volume)
        self.stack.callback(synthesizer.close)
        return synthesizer

    @property
    def remembered_voice(self) -> VoiceState:
        """Rate and volume as they were last set by voice, else as configured."""
        speaking = self.config.speaking
        return load_state(state_path(os.environ), VoiceState(speaking.rate_wpm, speaking.volume))

    def voice_settings(self, voice: SpokenVoice) -> VoiceSettings:
        """Sets `voice` as the user last set it. The settings that are returned store each later change by voice."""
        state = self.remembered_voice
        voice.sound_like(state.rate_wpm, state.volume)
        return VoiceSettings(state, lambda new: voice.sound_like(new.rate_wpm, new.volume), state_path(os.environ))

    # Hearing.

    @cached_property
    def ears(self) -> Ears:
        return Ears(self.config, self.speech_model, self.played)

    def played(self, started_at: float, count: int) -> Samples | None:
        """What the conversation's loudspeaker played from `started_at` (monotonic seconds) on: 16,000 samples a second.

        None if that is not known, or was silence.
        """
        return self.sound_watch.played.between(started_at, count)

    @cached_property
    def button(self) -> KeySource | None:
        return devices.open_button(self.config.activation, self.config.button, self.stack, console.say)

    # Recording.

    @cached_property
    def receivers(self) -> Receivers:
        """Who gets the journal's records. Nothing is sent yet. Raises ConfigError."""
        from assistant.wiring.inspection.handing_on import receivers_of

        return receivers_of(self.config.journal)

    @cached_property
    def journal(self) -> TurnJournal | None:
        """Keeps each turn. None if the config says so, or if the journal cannot be opened, of which the user is told.

        Ask for it before the threads that answer are started, so that it is closed after them.
        """
        from assistant.wiring.inspection.journal import open_journal

        if not self.config.journal.enabled:
            return None
        return open_journal(self.config, os.environ, self.stack, self.say_soon, self._weights_sha256, self.receivers)

    def _weights_sha256(self, model_name: str) -> str:
        """Of the model with this name, "" where that is another computer's."""
        is_own = not is_remote(self.config) and model_name == self.engine.model_name
        return self._own_weights_sha256 if is_own else ""

    @cached_property
    def _own_weights_sha256(self) -> str:
        return catalog.weights_hash(self.vision_model.folder)

    # Power.

    @cached_property
    def power(self) -> PowerKeeper:
        """Holds the power budget from its first use on. Its `latest` has the newest figures."""
        return devices.keep_power(self.config.power, self.engine, self.stack, console.say)

    @cached_property
    def power_watch(self) -> PowerKeeper:
        """Only measures power, because a single question ends before a governor could learn anything."""
        return devices.watch_power(self.stack)
