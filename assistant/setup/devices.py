"""The set-up's real parts: speaks, records, reads a page, writes the settings and starts a fetch.

It keeps no sound and no picture. It does not know in which order anything is asked. Heavy imports happen in the
functions, because `seesay --help` must stay quick.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.button.input_devices import key_name
from assistant.errors import ModelMissing
from assistant.language.phrases import phrases_for
from assistant.machine.doctor import microphone
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.settings.config_edit import set_tables
from assistant.settings.voice_state import VoiceState, save_state, state_path
from assistant.setup.buttons import Buttons
from assistant.setup.dialogue import NotPossible, Setting
from assistant.setup.keys import Keys
from assistant.setup.presses import Answer
from assistant.setup.spoken_answers import SpokenAnswers, open_transcriber
from assistant.setup.steps import Device, Draft, FoundButton, Heard, Page
from audio.errors import AudioError
from audio.own_process import command_of
from vision.errors import VisionError

if TYPE_CHECKING:
    from audio.speaking.synthesizer import Synthesizer
    from audio.speaking.voice import SpokenVoice

LISTEN_SECONDS = 4.0
MOST_TOLD = 2  # so often it is said in one question which words are an answer
PRESS_SECONDS = 8.0  # to find the button and press it
PAGE_SECONDS = 4.0  # to lift a page in front of the camera
SILENCE_SECONDS = 20.0  # without a press for so long, a question is asked again
_READER_THREADS = 2
_LINES_READ = 4


class RealParts:
    """`Parts` with real devices. Use `close` at the end."""

    def __init__(
        self,
        config: Config,
        draft: Draft,
        path: Path,
        keys: Keys,
        lists: Callable[[str], Sequence[Device]],  # of "loudspeakers", "microphones" or "cameras"
        buttons: Buttons | None = None,
    ) -> None:
        self._config = config
        self._draft = draft
        self._path = path
        self._keys = keys
        self._lists = lists
        self._synthesizer: Synthesizer | None = None
        self._voice: SpokenVoice | None = None
        self._sounds_like: tuple[Any, ...] = ()
        self._output: str | None = None
        self._fetching: subprocess.Popen[bytes] | None = None  # the last fetch that was started
        self._buttons = buttons
        self._answers: SpokenAnswers | None = None
        self._answers_language = ""
        self._hears_on: str | None = None  # the microphone that understood words when it was tried last
        self._has_told = False  # that answers can be spoken

    def close(self) -> None:
        if self._voice is not None:
            self._voice.close()
        if self._synthesizer is not None:
            self._synthesizer.close()
        self._voice = self._synthesizer = None

    # Speaking.

    def speak_as(self, settings: Sequence[Setting]) -> None:
        from assistant.language.speakable import to_spoken
        from audio.speaking.playback import Loudspeaker
        from audio.speaking.synthesizer import Synthesizer
        from audio.speaking.voice import SpokenVoice

        over = {(table, key): value for table, key, value in settings}

        def value(table: str, key: str) -> Any:
            return over.get((table, key), self._draft[table, key])

        language, output = str(value("conversation", "language")), str(value("speaking", "output_device"))
        name = str(value("speaking", "voice")) or phrases_for(language).voice
        wanted = (name, int(value("speaking", "rate_wpm")), float(self._config.speaking.volume))
        if self._voice is not None and output == self._output and wanted == self._sounds_like:
            return
        self.close()
        try:
            self._synthesizer = Synthesizer(*wanted, partial(to_spoken, voice=name))
            self._voice = SpokenVoice(self._synthesizer, lambda: Loudspeaker(output or None))
        except AudioError as error:
            self.close()
            raise NotPossible(str(error)) from None
        self._sounds_like, self._output = wanted, output

    def tell(self, text: str) -> None:
        """Prints the sentence and speaks it to its end. A press ends it. A voice that fails leaves the print."""
        console.result(text)
        self._keys.pressed.clear()
        if self._voice is None:
            return
        from assistant.language.sentences import split_sentences

        try:
            for sentence in split_sentences(text):
                self._voice.say(sentence, self._keys.pressed)
            self._voice.drain(self._keys.pressed)
            if self._keys.pressed.is_set():
                self._voice.mute_device()
        except AudioError as error:
            console.say(f"seesay: {error}")

    def ask(self, question: str, silence_means: Answer) -> Answer:
        """Says a question and waits for the answer, by the key, or by voice where a microphone has understood words."""
        self._keys.forget()
        answers = self._spoken_answers()
        if answers is not None and not self._has_told:
            self._has_told = True
            question = f"{question} {self._draft.words.say_it_too}"
        self.tell(question)
        for told in range(MOST_TOLD + 1):
            with contextlib.ExitStack() as stack:
                if answers is not None and not self._keys.pressed.is_set():
                    self._listen_beside(answers, stack)
                answer = self._keys.wait(SILENCE_SECONDS)
            if answer is not Answer.UNCLEAR:
                return answer or silence_means
            if told < MOST_TOLD:
                self.tell(self._draft.words.say_it_too)
        return self._keys.wait(SILENCE_SECONDS) or silence_means  # others talk in the room: only the key counts

    def _listen_beside(self, answers: SpokenAnswers, stack: contextlib.ExitStack) -> None:
        from audio.microphone import Microphone

        try:
            source = stack.enter_context(Microphone(self._hears_on or None))
        except AudioError as error:  # the key is still there
            console.say(f"seesay: {error}")
            self._hears_on = None
            return
        stack.enter_context(answers.listening(source))

    def _spoken_answers(self) -> SpokenAnswers | None:
        """What hears answers in the draft's language; None if no microphone understood words, or no model is here."""
        language = self._draft.language
        if self._hears_on is None:
            return None
        if self._answers is None or self._answers_language != language:
            phrases = phrases_for(language)
            try:
                transcriber = open_transcriber(catalog.choose_speech("", language).folder, phrases)
            except (ModelMissing, AudioError):
                return None
            self._answers, self._answers_language = SpokenAnswers(transcriber, phrases, self._keys.hand_on), language
        return self._answers

    # Trials.

    def loudspeakers(self) -> Sequence[Device]:
        return self._lists("loudspeakers")

    def microphones(self) -> Sequence[Device]:
        return self._lists("microphones")

    def cameras(self) -> Sequence[Device]:
        return self._lists("cameras")

    def listen(self, device: str) -> Heard:
        heard = self._listen(device)
        self._hears_on = device if heard.kind == "words" else None
        return heard

    def _listen(self, device: str) -> Heard:
        self._tone()
        try:
            name, sound, _ = microphone.record(device, LISTEN_SECONDS)
        except AudioError as error:
            return Heard("fails", str(error))
        measured = microphone.measure(name, sound, speech_wanted=True)
        if measured.constant or measured.loud_dbfs < microphone.SILENT_DBFS:
            return Heard("silent")
        if measured.loud_dbfs < microphone.SOFT_SPEECH_DBFS:
            return Heard("too quiet")
        words = self._words(sound)
        if words is None:
            return Heard("sound")
        return Heard("words", words) if words else Heard("no words")

    def _words(self, sound: Any) -> str | None:
        """The words in a recording; None if there is no speech model of the draft's language."""
        from audio.recognition.transcriber import VoskTranscriber

        try:
            chosen = catalog.choose_speech("", self._draft.language)
            transcriber = VoskTranscriber(chosen.folder)
        except (ModelMissing, AudioError):
            return None
        transcriber.accept(sound)
        return transcriber.finish().text

    def _tone(self) -> None:
        from audio.speaking.earcons import listening
        from audio.speaking.synthesizer import SYNTHESIS_RATE_HZ

        if self._voice is None:
            return
        never = threading.Event()
        try:
            self._voice.play(listening(SYNTHESIS_RATE_HZ), never)
            self._voice.drain(never)
        except AudioError as error:
            console.say(f"seesay: {error}")

    def read_page(self, camera: str) -> Page:
        from vision.camera import open_frame_source
        from vision.reading.ocr import OcrReader

        seeing = self._config.seeing
        try:
            source = open_frame_source(
                camera,
                open_timeout_seconds=seeing.open_timeout_seconds,
                width=seeing.width or None,
                height=seeing.height or None,
            )
            try:
                if source.live:
                    threading.Event().wait(PAGE_SECONDS)
                frame = source.capture()
            finally:
                source.close()
            reader = OcrReader(_READER_THREADS)
            try:
                layout = reader.find(frame)
                texts = []
                for line in reader.recognise(frame, layout):
                    texts.append(line.text)
                    if len(texts) == _LINES_READ:
                        break
            finally:
                reader.close()
        except VisionError as error:
            return Page("fails", str(error))
        text = " ".join(filter(None, texts))
        return Page("text", text) if text else Page("no text")

    def has_buttons(self) -> bool:
        return self._buttons is not None and self._buttons.has_devices

    def find_button(self) -> FoundButton:
        words, buttons = self._draft.words, self._buttons
        if buttons is None or buttons.problem:
            problem = words.no_button if buttons is None else words.button_fails.format(problem=buttons.problem)
            raise NotPossible(problem)
        pressed, buttons.pressed = buttons.pressed, None  # asked once more, the user means another one
        if pressed is None:
            self.tell(words.press_the_button)
            pressed = buttons.next_press(PRESS_SECONDS)
        if pressed is None:
            raise NotPossible(words.no_button)
        name = pressed.device.name if pressed.device.name.isprintable() else str(pressed.device.path)
        return FoundButton(name, pressed.code, key_name(pressed.code))

    # Effects.

    def write(self, draft: Draft) -> Path:
        """Writes the changes in one step. A rate that was once set by voice is replaced, since it would count more."""
        if changes := draft.changes():
            set_tables(self._path, changes)
        rate_wpm = int(draft["speaking", "rate_wpm"])
        before = VoiceState(-1, self._config.speaking.volume)  # only the rate differs from it, so only that is stored
        save_state(state_path(os.environ), VoiceState(rate_wpm, self._config.speaking.volume), before=before)
        return self._path

    def fetch(self, which: str) -> None:
        self._fetching = fetch_beside(which, self._draft.language)

    def fetch_has_failed(self) -> bool:
        return self._fetching is not None and self._fetching.poll() not in (None, 0)

    def can_hear(self) -> bool:
        """English has a small model of its own; any other language needs the one that is fetched."""
        waiting = threading.Event()  # it is never set; waiting for it can be interrupted by Ctrl-C
        is_told = False
        while True:
            try:
                catalog.choose_speech(self._config.hearing.speech_model, self._draft.language)
                return True
            except ModelMissing:
                if self._fetching is None or self._fetching.poll() is not None:
                    return False
            if not is_told:
                self.tell(self._draft.words.fetching)
                is_told = True
            waiting.wait(1.0)

    def start_at_boot(self) -> str:
        return start_at_boot()


def fetch_beside(which: str, language: str) -> subprocess.Popen[bytes]:
    """Starts `seesay fetch` as a program of its own, which goes on when this one ends."""
    only = ["--speech"] if which == "speech" else []
    # This process is forbidden to use the network; the other one must not inherit that.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    return subprocess.Popen(
        ["nice", "-n", "10", *command_of("assistant"), "fetch", "--language", language, *only],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def start_at_boot() -> str:
    """Runs `seesay service install`. Returns the last line that it prints."""
    done = subprocess.run(
        [*command_of("assistant"), "service", "install"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return printed[-1] if printed else f"`seesay service install` ended with status {done.returncode}."
