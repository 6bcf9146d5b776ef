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
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np

from audio.errors import DeviceMissing, VoiceError
from audio.pcm import AudioChunk, Samples

SYNTHESIS_RATE_HZ = 22_050
MIN_RATE_WPM, MAX_RATE_WPM = 80, 600  # outside this range espeak-ng's sound is no longer speech

_SENTENCE_LIMIT_SECONDS = 10.0  # a sentence takes about 15 ms to render, 90 s of speech 170 ms
_LEAD_SECONDS = 0.01  # silence kept before the first sound
_TAIL_SECONDS = 0.12  # silence kept after the last one; with the next lead it is the pause between sentences
_AUDIBLE = 60  # of 32,767: a louder sample is sound
_DEFAULT_VOICE = "gmw/en-us"
_SUGGESTED_VOICES = ("en-us", "en-gb", "en-us+f3", "de", "fr", "es", "cmn")


class Synthesizer:
    """Makes speech from text, in one voice. The constructor raises VoiceError if there is no such voice.

    `voice` is espeak-ng's name or identifier, with an optional variant ("en-us+f3"); "" is American English.
    `rate_wpm` is in words per minute; `volume` is 0..1.
    """

    def __init__(self, voice: str = "", rate_wpm: int = 180, volume: float = 1.0) -> None:
        self._voice = voice or _DEFAULT_VOICE
        self._rate_wpm = _clamp_rate(rate_wpm)
        self._volume = min(1.0, max(0.0, volume))
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="synthesizer", daemon=True)
        self._worker.start()
        try:
            self._render("ready")  # loads the voice, so that the first sentence does not have to wait for it
        except Exception:
            self.close()
            raise

    def synthesize(self, text: str) -> AudioChunk:
        """One sentence at 22,050 Hz. The chunk is empty where there is nothing to say ("", "...").

        Raises VoiceError when the engine does not finish in time.
        """
        spoken = speakable(text)
        samples = self._render(spoken) if spoken else np.empty(0, np.int16)
        return AudioChunk(_trim(samples, self._volume), SYNTHESIS_RATE_HZ)

    def set_rate(self, rate_wpm: int) -> None:
        """Sets the rate of the next sentences, in words per minute; it is held within 80..600."""
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

    def _render(self, text: str) -> Samples:
        if self._closed:
            raise VoiceError("the voice is closed: open another Synthesizer")
        # The queue needs no bound: each caller waits for its answer before it asks again.
        request = _Request(text, self._voice, self._rate_wpm)
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


def _trim(samples: Samples, volume: float) -> Samples:
    """The samples at `volume`, without the silence around the speech (espeak-ng leaves 0.25 s)."""
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > _AUDIBLE)
    if len(audible) == 0:
        return np.empty(0, np.int16)
    begin = max(0, int(audible[0]) - int(_LEAD_SECONDS * SYNTHESIS_RATE_HZ))
    end = int(audible[-1]) + int(_TAIL_SECONDS * SYNTHESIS_RATE_HZ)
    kept = samples[begin:end]
    # At high rates espeak-ng ends on the last sound itself, so the pause is added here.
    kept = np.concatenate([kept, np.zeros(end - begin - len(kept), np.int16)])
    return np.round(kept * volume).astype(np.int16)


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
        self._rate_wpm = 0
        self._error: Exception | None = None
        self._engine.connect("error", self._on_error)
        self._speak("a")  # settings take effect only after the first utterance

    def render(self, request: _Request) -> Samples:
        self._set_voice(request.voice)
        self._set_rate(request.rate_wpm)
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
        found = find_voice(voice, self._engine.getProperty("voices"))
        self._error = None
        if found is not None:
            self._engine.setProperty("voice", found)  # a voice that is refused gives only an event
        if found is None or self._error is not None:
            self._voice = ""
            raise VoiceError(self._no_such(voice)) from self._error
        self._voice = voice
        self._rate_wpm = 0  # a voice may change the rate

    def _set_rate(self, rate_wpm: int) -> None:
        if rate_wpm == self._rate_wpm:
            return
        # espeak-ng takes the rate from a queue of its own, within a millisecond or two. A sentence that
        # begins before that would have the old rate.
        deadline = time.monotonic() + 0.5
        self._engine.setProperty("rate", rate_wpm)
        while self._engine.getProperty("rate") != rate_wpm and time.monotonic() < deadline:
            time.sleep(0.001)
        self._rate_wpm = rate_wpm

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
