"""Turns a sentence into sound with a neural voice of Piper, on one worker thread, without playing it.

Piper needs about a fifth of the time that a sentence then takes to be heard, where espeak-ng needs a hundredth. So a
sentence can be prepared while the one before it sounds, and work for a cancelled turn is broken off. It does not know
loudspeakers, how a text is cut into sentences, or where a voice comes from.

The package `piper-tts` is an optional extra. Its own espeak-ng turns words into phonemes, beside the one in
`synthesizer`. Voices whose phonemes would need other models, which Piper downloads, are refused.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.errors import VoiceError, VoiceModelError
from audio.pcm import AudioChunk, Samples, resample
from audio.speaking.script_runs import is_mandarin, runs
from audio.speaking.speech_edges import trimmed
from audio.speaking.speech_rate import MAX_RATE_WPM, MIN_RATE_WPM, pause_seconds, piper_rate
from audio.speaking.synthesizer import RUN_TAIL_SECONDS, SYNTHESIS_RATE_HZ, Synthesizer, speakable
from audio.speaking.time_stretch import shortened

_SENTENCE_LIMIT_SECONDS = 60.0  # 500 characters at 80 words a minute are some 75 s of speech: 15 s of work, or more
_POLL_SECONDS = 0.01
_MOST_PREPARED = 3  # one more than the sentences that wait for the voice
# One sentence is said to nobody when a voice is loaded. It tells the voice's own pace and level.
_TRIAL = "There is a red mug on the left of the table, and a plate with two slices of bread stands beside it."
_TRIAL_MANDARIN = "桌子左边有一个红色的杯子，旁边放着一个盘子和两片面包。"
_TRIAL_SECONDS = 5.0  # with the voice "joe" at its own pace; the Mandarin one as long as its words
_LEVEL = 0.133  # of full scale: espeak-ng's RMS over what can be heard, so that both voices are as loud
_GAINS = (0.25, 4.0)
_AUDIBLE = 300  # of 32,767
_OWN_PHONEMES = ("espeak", "text")


class PiperSynthesizer:
    """Makes speech from text, in one voice. The constructor raises VoiceModelError if it cannot be loaded.

    `model` is the voice's .onnx file; its .onnx.json lies beside it. `rate_wpm` is in real words per minute, 80..900;
    `volume` is 0..1. What is written in a script that the voice does not read is said by espeak-ng. `to_spoken` writes
    a sentence as it is to be said. `threads` is how many compute.
    """

    def __init__(
        self,
        model: Path,
        rate_wpm: int = 235,
        volume: float = 1.0,
        to_spoken: Callable[[str], str] = str,
        threads: int = 1,
    ) -> None:
        self.set_rate(rate_wpm)
        self.set_volume(volume)
        self._to_spoken = to_spoken
        self._voice = _Voice(model, threads)
        self._requests: SimpleQueue[_Request | None] = SimpleQueue()
        self._prepared: dict[tuple[str, int, float], _Request] = {}
        self._working_on: _Request | None = None
        self._espeak: Synthesizer | None = None  # opened for the first sentence with another script
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="piper", daemon=True)
        self._worker.start()
        self._ask("", threading.Event())  # measures and warms the voice before its first sentence

    @property
    def language(self) -> str:
        """The voice's language as a name of espeak-ng's, such as "en-us"."""
        return self._voice.language

    def synthesize(self, text: str, cancelled: threading.Event | None = None) -> AudioChunk:
        """One sentence at 22,050 Hz. The chunk is empty where there is nothing to say, or when it was cancelled.

        Raises VoiceError when the engine does not finish in time.
        """
        if self._closed:
            raise VoiceError("the voice is closed: open another PiperSynthesizer")
        request = self._prepared.pop((text, self._rate_wpm, self._volume), None)
        if request is None or request.cancelled.is_set():
            request = self._ask(text, cancelled or threading.Event())
        give_up_at = time.monotonic() + _SENTENCE_LIMIT_SECONDS
        while not request.done.wait(_POLL_SECONDS):
            self._break_off_cancelled()
            if request.cancelled.is_set() or self._closed:
                return _NOTHING
            if time.monotonic() > give_up_at:
                raise VoiceError(
                    f"the voice {self._voice.name} did not finish a sentence in "
                    f"{_SENTENCE_LIMIT_SECONDS:.0f} s: start the program again"
                )
        if request.error is not None:
            raise request.error
        return request.sound

    def prepare(self, text: str, cancelled: threading.Event) -> None:
        """Begins to make the sound of a sentence that will be asked for soon. It does not wait."""
        key = (text, self._rate_wpm, self._volume)
        if self._closed or key in self._prepared:
            return
        while len(self._prepared) >= _MOST_PREPARED:  # nobody has asked for the oldest one
            self._prepared.pop(next(iter(self._prepared)))
        self._prepared[key] = self._ask(text, cancelled)

    def set_rate(self, rate_wpm: int) -> None:
        """Sets the rate of the next sentences, in real words per minute; it is held within 80..900."""
        self._rate_wpm = min(MAX_RATE_WPM, max(MIN_RATE_WPM, int(rate_wpm)))

    def set_volume(self, volume: float) -> None:
        """Sets the volume of the next sentences, 0 to 1."""
        self._volume = min(1.0, max(0.0, volume))

    def close(self) -> None:
        """Ends the worker thread. May be called twice, and returns within a second even if the engine hangs."""
        self._closed = True
        if (working_on := self._working_on) is not None:
            working_on.break_off()
        self._requests.put(None)
        self._worker.join(1.0)

    def __enter__(self) -> PiperSynthesizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, text: str, cancelled: threading.Event) -> _Request:
        # The queue needs no bound: a few sentences are prepared, and each other caller waits for its own.
        request = _Request(text, self._rate_wpm, self._volume, cancelled)
        self._requests.put(request)
        return request

    def _break_off_cancelled(self) -> None:
        """Breaks off the work for a sentence that nobody wants any more, since the others wait for it."""
        working_on = self._working_on
        if working_on is not None and working_on.cancelled.is_set():
            working_on.break_off()

    def _work(self) -> None:
        try:
            while (request := self._requests.get()) is not None:
                if not (request.cancelled.is_set() or self._closed):
                    self._answer(request)
                request.done.set()
        finally:
            if self._espeak is not None:
                self._espeak.close()

    def _answer(self, request: _Request) -> None:
        request.run_options = self._voice.run_options()
        self._working_on = request
        try:
            request.sound = self._rendered(request)
        except Exception as reason:  # noqa: BLE001 - the thread's boundary: handed to the caller
            request.error = (
                reason
                if isinstance(reason, (VoiceError, VoiceModelError, OSError))
                else VoiceError(
                    f"the voice {self._voice.name} failed at a sentence ({_one_line(reason)}): choose another voice"
                )
            )
        finally:
            self._working_on = None

    def _rendered(self, request: _Request) -> AudioChunk:
        self._voice.measure(request.run_options)
        parts = runs(text, self._voice.language) if (text := speakable(self._to_spoken(request.text))) else []
        pieces = []
        for part in parts:
            tail_seconds = pause_seconds(request.rate_wpm) if part is parts[-1] else RUN_TAIL_SECONDS
            if part.voice == self._voice.language:
                pieces += self._voice.render(part.text, request, tail_seconds)
            else:
                pieces.append(self._by_espeak(part.text, part.voice, request, tail_seconds))
        return AudioChunk(np.concatenate(pieces), SYNTHESIS_RATE_HZ) if pieces else _NOTHING

    def _by_espeak(self, text: str, voice: str, request: _Request, tail_seconds: float) -> Samples:
        if self._espeak is None:
            self._espeak = Synthesizer(voice)
        self._espeak.set_rate(request.rate_wpm)
        self._espeak.set_volume(request.volume)
        return trimmed(self._espeak.synthesize(text).samples, SYNTHESIS_RATE_HZ, tail_seconds)


_NOTHING = AudioChunk(np.empty(0, np.int16), SYNTHESIS_RATE_HZ)


@dataclass(eq=False)
class _Request:
    text: str
    rate_wpm: int
    volume: float
    cancelled: threading.Event
    done: threading.Event = field(default_factory=threading.Event)
    sound: AudioChunk = _NOTHING
    error: Exception | None = None
    run_options: Any = None  # onnxruntime's, by which the work for this sentence alone can be broken off

    def break_off(self) -> None:
        """Ends the work for this sentence, if there is any; its renderer gets an error. Any thread may call it."""
        if self.run_options is not None:
            self.run_options.terminate = True


class _Voice:
    """A voice of Piper, in the one way that is used here. One thread at a time may use it."""

    def __init__(self, model: Path, threads: int) -> None:
        self.name = model.name.removesuffix(".onnx")
        try:
            import onnxruntime
            from piper import PiperVoice, SynthesisConfig
            from piper.config import PiperConfig
        except ImportError:
            raise VoiceModelError(
                'speaking.engine = "piper" needs the Python package piper-tts: .venv/bin/pip install ".[piper]" '
                'in the folder of SeeSay, or set it to "espeak"'
            ) from None
        self._style, self.run_options = SynthesisConfig, onnxruntime.RunOptions
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, threads)
        options.log_severity_level = 4  # what is wrong comes as an exception
        # Threads that wait for work must not compute against the model that writes the answer.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text(encoding="utf-8")))
            session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        # Whatever a damaged file makes of it: JSON of another shape, a graph that is cut, a file that is missing.
        except Exception as reason:  # noqa: BLE001
            raise VoiceModelError(
                f"the Piper voice {model} cannot be loaded ({_one_line(reason)}): run `seesay fetch --voice`, or name "
                "another in speaking.piper_voice"
            ) from None
        if config.phoneme_type.value not in _OWN_PHONEMES:
            raise VoiceModelError(
                f"the Piper voice {model} needs more models, for its {config.phoneme_type.value} phonemes, than come "
                "with it: name another in speaking.piper_voice"
            )
        self.language = str(config.espeak_voice)
        self._session = _SessionWithOptions(session)
        self._piper: Any = PiperVoice(session=self._session, config=config)
        self._pace: float | None = None  # compared with the voice "joe"; None: not measured yet
        self._gain = 1.0

    def measure(self, run_options: Any) -> None:
        """Finds the voice's own pace and level at the first call, which also warms the model."""
        if self._pace is not None:
            return
        text = _TRIAL_MANDARIN if is_mandarin(self.language) else _TRIAL
        sound = np.concatenate(self._sounds(text, run_options, noise_w_scale=0.0))  # the same length each time
        audible = np.abs(sound) > _AUDIBLE / 32_767
        if not audible.any():
            raise VoiceModelError(f"the Piper voice {self.name} makes no sound: name another in speaking.piper_voice")
        seconds = np.ptp(np.flatnonzero(audible)) / self._piper.config.sample_rate
        self._pace = _TRIAL_SECONDS / float(seconds)
        self._gain = float(np.clip(_LEVEL / np.sqrt(np.mean(sound[audible] ** 2)), *_GAINS))

    def render(self, text: str, request: _Request, tail_seconds: float) -> list[Samples]:
        """The sound at 22,050 Hz, a piece for each sentence that Piper finds in the text."""
        rate = piper_rate(request.rate_wpm, self._pace or 1.0)
        sounds = self._sounds(text, request.run_options, rate.length_scale)
        pieces = []
        for sound in sounds:
            samples = np.clip(np.round(sound * self._gain * 32_767), -32_767, 32_767).astype(np.int16)
            samples = resample(samples, self._piper.config.sample_rate, SYNTHESIS_RATE_HZ)
            tail = tail_seconds if sound is sounds[-1] else pause_seconds(request.rate_wpm)
            spoken = shortened(trimmed(samples, SYNTHESIS_RATE_HZ, 0.0), SYNTHESIS_RATE_HZ, rate.shortening)
            pieces.append(trimmed(spoken, SYNTHESIS_RATE_HZ, tail, request.volume))
        return pieces

    def _sounds(
        self, text: str, run_options: Any, length_scale: float = 1.0, noise_w_scale: float | None = None
    ) -> list[NDArray[np.float32]]:
        self._session.run_options = run_options
        style = self._style(
            length_scale=length_scale * self._piper.config.length_scale,
            noise_w_scale=noise_w_scale,  # how much the lengths of sounds vary; None: the voice's own
            normalize_audio=False,  # the level is the same for all sentences: a short one is not made louder
        )
        return [part.audio_float_array for part in self._piper.synthesize(text, style)]


class _SessionWithOptions:
    """A session of onnxruntime that gives `run_options` to each run, which Piper itself does not."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.run_options: Any = None

    def run(self, names: Any, values: Any) -> Any:
        return self._session.run(names, values, self.run_options)


def _one_line(reason: Exception) -> str:
    return (str(reason) or type(reason).__name__).strip().splitlines()[0]
