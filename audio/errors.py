"""The errors of this package. Each is also the builtin error that a caller would expect.

    AudioError
    ├── DeviceMissing     (OSError)     no such microphone, loudspeaker or sound library
    ├── DeviceLost        (OSError)     a device that worked has stopped
    ├── SpeechModelError  (OSError)     the Vosk model folder is missing or damaged
    ├── VoiceError        (ValueError)  no such voice, or the voice did not finish
    ├── VoiceModelError   (OSError)     a voice's model or its package is missing or damaged
    ├── WavError          (ValueError)  a WAV file that cannot be used
    └── WavWriteError     (OSError)     a WAV file that cannot be written

A message is one sentence for the user: what, where, and what to do.
"""

from __future__ import annotations


class AudioError(Exception):
    """Base of all errors of this package."""


class DeviceMissing(AudioError, OSError):
    pass


class DeviceLost(AudioError, OSError):
    pass


class SpeechModelError(AudioError, OSError):
    pass


class VoiceError(AudioError, ValueError):
    pass


class VoiceModelError(AudioError, OSError):
    pass


class WavError(AudioError, ValueError):
    pass


class WavWriteError(AudioError, OSError):
    pass
