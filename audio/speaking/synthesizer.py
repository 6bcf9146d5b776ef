"""Turns a sentence into sound: pyttsx3 with espeak-ng, on one worker thread, without playing it.

pyttsx3's own playback is unusable: it loses sentences and hangs. So a sentence is rendered to memory, and `playback`
plays it. It does not know loudspeakers, nor how a text is cut into sentences.

espeak-ng can be initialised only once in a process. So there is one engine for the process. The first Synthesizer
builds it, and a lock guards it. Several Synthesizers may be open, each with its own voice. The worker thread is a
daemon, so that a stuck engine cannot keep the process alive.
"""

from __future__ import annotations

import io
import re
import threading
import time
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np

from audio.errors import DeviceMissing, VoiceError
from audio.pcm import AudioChunk, Samples
from audio.speaking.script_runs import is_mandarin, runs
from audio.speaking.speech_edges import trimmed
from audio.speaking.speech_rate import MAX_RATE_WPM, MIN_RATE_WPM, EngineRate, engine_rate, pause_seconds

SYNTHESIS_RATE_HZ = 22_050

_SENTENCE_LIMIT_SECONDS = 10.0  # a sentence takes about 15 ms to render, 90 s of speech 170 ms
RUN_TAIL_SECONDS = 0.01  # silence between two voices within a sentence; the next one's lead comes on top
_WORD_GAP = 7  # espeakWORDGAP, for which pyttsx3 has no name
_DEFAULT_VOICE = "gmw/en-us"
_SUGGESTED_VOICES = ("en-us", "en-gb", "en-us+f3", "de", "fr", "es", "cmn")


class Synthesizer:
    """Makes speech from text, in one voice. The constructor raises VoiceError if there is no such voice.

    `voice` is espeak-ng's name or identifier, with an optional variant ("en-us+f3"); "" is American English.
    `rate_wpm` is in real words per minute, 80..900; `volume` is 0..1. Chinese characters in a sentence of another
    language are said by a Mandarin voice, and Latin words in a Mandarin sentence by an English one. `to_spoken` writes
    a sentence as it is to be said ("5 kg" as "5 kilograms").
    """

    def __init__(
        self, voice: str = "", rate_wpm: int = 235, volume: float = 1.0, to_spoken: Callable[[str], str] = str
    ) -> None:
        self._voice = voice or _DEFAULT_VOICE
        self._rate_wpm = _clamp_rate(rate_wpm)
        self._volume = min(1.0, max(0.0, volume))
        self._to_spoken = to_spoken
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="synthesizer", daemon=True)
        self._worker.start()
        try:
            # This loads the voice, so that the first sentence does not have to wait for it.
            self._render("ready", self._voice)
        except Exception:
            self.close()
            raise

    def synthesize(self, text: str, cancelled: threading.Event | None = None) -> AudioChunk:
        """One sentence at 22,050 Hz. The chunk is empty where there is nothing to say ("", "...").

        `cancelled` is not looked at, because a sentence takes 15 ms. Raises VoiceError when the engine does not finish
        in time.
        """
        spoken, rate_wpm = speakable(self._to_spoken(text)), self._rate_wpm
        if not spoken:
            return AudioChunk(np.empty(0, np.int16), SYNTHESIS_RATE_HZ)
        parts = runs(spoken, self._voice)
        pieces = []
        for part in parts:
            tail_seconds = pause_seconds(rate_wpm) if part is parts[-1] else RUN_TAIL_SECONDS
            samples = self._render(part.text, part.voice)
            pieces.append(trimmed(samples, SYNTHESIS_RATE_HZ, tail_seconds, self._volume))
        return AudioChunk(np.concatenate(pieces), SYNTHESIS_RATE_HZ)

    def prepare(self, text: str, cancelled: threading.Event) -> None:
        """Does nothing, because a sentence is rendered quickly enough when it is asked for."""

    def set_rate(self, rate_wpm: int) -> None:
        """Sets the rate of the next sentences, in real words per minute; it is held within 80..900."""
        self._rate_wpm = _clamp_rate(rate_wpm)

    def set_volume(self, volume: float) -> None:
        """Sets the volume of the next sentences, 0 to 1."""
        self._volume = min(1.0, max(0.0, volume))

    def close(self) -> None:
        """Ends the worker thread. May be called twice, and returns within a second even if the engine hangs."""
        self._closed = True
        self._requests.put(None)
        self._worker.join(1.0)

    def __enter__(self) -> Synthesizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _render(self, text: str, voice: str) -> Samples:
        if self._closed:
            raise VoiceError("the voice is closed: open another Synthesizer")
        # The queue needs no bound: each caller waits for its answer before it asks again.
        request = _Request(text, voice, self._rate_wpm)
        self._requests.put(request)
        try:
            answer = request.answer.get(timeout=_SENTENCE_LIMIT_SECONDS)
        except Empty:
            raise VoiceError(
                f"the voice {self._voice} did not finish a sentence in "
                f"{_SENTENCE_LIMIT_SECONDS:.0f} s: start the program again"
            ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _work(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                request.answer.put(_render_with_engine(request))
            except Exception as reason:  # noqa: BLE001 - the thread's boundary: handed to the caller
                request.answer.put(reason)


@dataclass(frozen=True, eq=False)
class _Request:
    text: str
    voice: str
    rate_wpm: int
    answer: SimpleQueue[Samples | Exception] = field(default_factory=SimpleQueue)


def speakable(text: str) -> str:
    """`text` without what espeak-ng would act on, choke on, or read out as symbols.

    It removes markup (`<break/>`), phoneme brackets (`[[…]]`), Markdown's marks and control characters, and returns
    "" where no letter or digit is left.
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")  # removes lone surrogates
    text = re.sub(r"</?[A-Za-z!?][^<>]*>", " ", text)
    text = re.sub(r"\[\[|\]\]|[*_`#|~^{}\\]+", " ", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split()).lstrip("<>[]()-– ")
    return text if any(c.isalnum() for c in text) else ""


def find_voice(wanted: str, voices: Iterable[Any]) -> str | None:
    """The identifier of the voice that `wanted` names: identifier, file name, name or language.

    espeak-ng itself does not know "en-gb", because its file is called gmw/en. A variant ("+f3") is kept.
    """
    base, plus, variant = wanted.strip().lower().partition("+")
    for voice in voices:
        names = {voice.id, voice.id.rpartition("/")[2], voice.name.lower(), *voice.languages}
        if base in names:
            return f"{voice.id}{plus}{variant}"
    return None


def _clamp_rate(rate_wpm: int) -> int:
    return min(MAX_RATE_WPM, max(MIN_RATE_WPM, int(rate_wpm)))


class _Engine:
    """pyttsx3's espeak driver, used in the one way that was found to work (version 2.99).

    `runAndWait` is not used, because it cancels what espeak-ng has queued: now and then the sentence itself (2 of 500
    came out empty) and often a change of rate. `startLoop` ends by itself with the utterance, but leaves the engine
    marked as looping. This mark is removed.
    """

    def __init__(self) -> None:
        import pyttsx3
        from pyttsx3.drivers import espeak

        espeak.print = lambda *_: None  # the driver reports each file on stdout, which is for results alone
        self._engine: Any = pyttsx3.init("espeak")
        self._voice = ""
        self._rate: EngineRate | None = None  # what espeak-ng is set to; None: not known
        self._error: Exception | None = None
        self._engine.connect("error", self._on_error)
        self._speak("a")  # settings take effect only after the first utterance

    def render(self, request: _Request) -> Samples:
        self._set_voice(request.voice)
        self._set_rate(engine_rate(request.rate_wpm, mandarin=is_mandarin(request.voice)))
        return self._speak(request.text)

    def _on_error(self, name: object = None, exception: Exception | None = None) -> None:
        self._error = exception

    def _speak(self, text: str) -> Samples:
        file = io.BytesIO()  # the driver gives it to `wave`, which takes a file as well as a name
        self._engine.save_to_file(text, file)
        self._engine.startLoop()  # returns when the driver has ended the utterance
        self._engine._inLoop = False
        if not file.getvalue():
            raise VoiceError("espeak-ng returned no sound: start the program again")
        file.seek(0)
        with wave.open(file) as reader:
            return np.frombuffer(reader.readframes(reader.getnframes()), np.int16)

    def _set_voice(self, voice: str) -> None:
        if voice == self._voice:
            return
        found = self._found(voice)
        self._error = None
        if found is not None:
            self._engine.setProperty("voice", found)  # a voice that is refused gives only an event
        if found is None or self._error is not None:
            self._voice = ""
            raise VoiceError(self._no_such(voice)) from self._error
        self._voice = voice
        self._rate = None  # a voice may change the rate

    def _set_rate(self, rate: EngineRate) -> None:
        if rate == self._rate:
            return
        from pyttsx3.drivers import _espeak

        # espeak-ng takes the rate from a queue of its own, within a millisecond or two. A sentence that
        # begins before that would have the old rate.
        deadline = time.monotonic() + 0.5
        _espeak.SetParameter(_WORD_GAP, rate.word_gap, 0)  # comes before the rate, which is waited for
        self._engine.setProperty("rate", rate.setting)
        while self._engine.getProperty("rate") != rate.setting and time.monotonic() < deadline:
            time.sleep(0.001)
        self._rate = rate

    def _found(self, voice: str) -> str | None:
        """The identifier of a voice. "cmn" means the voice for characters and pinyin.

        In espeak-ng 1.51 the voice sit/cmn turns most characters into pinyin, and reads that as English: "you three"
        for 有. The pinyin voice says the characters rightly, in newer versions too. Latin words do not reach it.
        """
        voices = self._engine.getProperty("voices")
        base, plus, variant = voice.strip().lower().partition("+")
        if base in ("cmn", "sit/cmn") and (found := find_voice(f"cmn-latn-pinyin{plus}{variant}", voices)):
            return found
        return find_voice(voice, voices)

    def _no_such(self, voice: str) -> str:
        known = len(self._engine.getProperty("voices"))
        some = ", ".join(_SUGGESTED_VOICES)
        return (
            f"espeak-ng has no voice named {voice!r}: choose one of its {known}, "
            f"such as {some} (`espeak-ng --voices` lists them)"
        )


_engine: _Engine | None = None
_engine_lock = threading.Lock()


def _render_with_engine(request: _Request) -> Samples:
    global _engine  # because there is one espeak-ng in a process
    with _engine_lock:
        if _engine is None:
            try:
                _engine = _Engine()
            except (RuntimeError, ImportError, OSError) as reason:
                raise DeviceMissing(
                    "the voice engine espeak-ng is not installed: sudo apt install libespeak-ng1"
                ) from reason
        return _engine.render(request)
