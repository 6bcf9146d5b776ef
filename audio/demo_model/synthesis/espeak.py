"""espeak-ng through ctypes: text to samples.

It tells the phone that is spoken at every moment, which gives free training labels.

It does not know which words are worth saying, nor anything of training. A process can have only one espeak-ng,
because the library keeps global state.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

from audio.demo_model.synthesis.speech import Speech
from audio.demo_model.words import phones

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback gets the samples (RETRIEVAL mode gave none)
_PHONEME_EVENTS = 1
_EVENT_END, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_POSITIONS_IN_CHARACTERS, _UTF8 = 1, 1


class _Identifier(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """Speaks one sentence with each call. `data_folder` holds a copy of espeak-ng-data; None is the installed one."""

    def __init__(self, data_folder: Path | None = None) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        path = str(data_folder).encode() if data_folder else None
        self.rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 200, path, _PHONEME_EVENTS))
        if self.rate_hz <= 0:
            raise OSError("espeak-ng did not start: install the packages espeak-ng and espeak-ng-data")
        self._blocks: list[np.ndarray] = []
        self._events: list[tuple[int, int, int, str]] = []
        self._callback = _Callback(self._collect)  # kept here, because ctypes would free it
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p,
            ctypes.c_void_p,
        ]  # fmt: skip

    def _collect(self, samples, count, events) -> int:  # type: ignore[no-untyped-def]  # called by C
        if count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type in (_EVENT_WORD, _EVENT_PHONEME):
                name = event.id.string.decode("utf8", "replace") if event.type == _EVENT_PHONEME else ""
                self._events.append((event.type, event.sample, event.text_position, name))
            index += 1
        return 0

    def speak(
        self,
        text: str,
        voice: str,
        words_per_minute: int = 175,
        pitch: int = 50,
        pitch_range: int = 50,
        word_gap: int = 0,
    ) -> Speech:
        """Speaks `text` in `voice` ("gmw/en-US+f5"). Pitch and range are 0 to 100; the gap is in units of 10 ms.

        Raises ValueError for an unknown voice.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}: see `espeak-ng --voices`")
        settings = (
            (_RATE, words_per_minute),
            (_VOLUME, 100),
            (_PITCH, pitch),
            (_RANGE, pitch_range),
            (_WORD_GAP, word_gap),
        )
        for parameter, value in settings:
            self._library.espeak_SetParameter(parameter, value, 0)
        self._blocks.clear()
        self._events.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, _POSITIONS_IN_CHARACTERS, 0, _UTF8, None, None)
        samples = np.concatenate(self._blocks).astype(np.float32) if self._blocks else np.zeros(0, np.float32)
        spoken = [(float(at), phones.from_espeak(name)) for kind, at, _, name in self._events if kind == _EVENT_PHONEME]
        return Speech(samples, self.rate_hz, tuple(spoken), self._words(text))

    def phones_of(self, text: str, voice: str) -> tuple[list[str], list[bool]]:
        """The phones that `text` has in `voice`, without pauses, and where a pause may stand.

        The second list has one more item than the first: true before a phone that begins a word, and at the end.
        """
        self.speak(text, voice)
        said, gaps, is_start = [], [], True
        for kind, _, _, name in self._events:
            if kind == _EVENT_WORD or (phone := phones.from_espeak(name)) == phones.SILENCE:
                is_start = True
                continue
            said.append(phone)
            gaps.append(is_start)
            is_start = False
        return said, [*gaps, True]

    def _words(self, text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each word with its phones. Empty if espeak-ng joined two words ("on the" is one event)."""
        words = text.split()
        starts, position = {}, 1
        for index, word in enumerate(words):
            starts[position] = index
            position += len(word) + 1
        spoken: list[list[str]] = [[] for _ in words]
        current = -1
        for kind, _, at, name in self._events:
            if kind == _EVENT_WORD:
                if at == 0:  # a spurious event
                    continue
                if at not in starts:
                    return ()
                current = starts[at]
            elif (phone := phones.from_espeak(name)) != phones.SILENCE:
                if current < 0:
                    return ()
                spoken[current].append(phone)
        if not all(spoken):
            return ()
        return tuple((word, tuple(said)) for word, said in zip(words, spoken, strict=True))
