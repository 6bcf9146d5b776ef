"""What can go wrong in the assistant itself, and which exit status each error of the whole program becomes.

    AssistantError                    exit 1
    ├── UsageError                    exit 2   the command line cannot be meant
    ├── ConfigError   (ValueError)    exit 2   a setting is unknown, of the wrong type, out of range, unreadable
    │   └── ChecklistError            exit 2   a checklist of a round, or a key in it, is refused
    ├── FetchError    (OSError)       exit 1   a download failed, was refused or did not verify
    ├── ModelMissing  (OSError)       exit 3   a model that was asked for is not on this machine, or is damaged
    ├── PackageMissing (ImportError)  exit 3   an optional Python package that the command needs is not installed
    ├── ButtonMissing (OSError)       exit 3   no input device for the button, or no permission to read it
    ├── JournalError  (OSError)       exit 1   the journal is missing, damaged, in use, or its disk is full
    └── PowerError    (OSError)       exit 3   the machine does not let its power be measured or limited

Exit status: 0 right, 1 it failed, 2 wrong use, 3 a device or model is missing, damaged or was lost, 130 Ctrl-C.
Every message is one clear sentence: what, where, what to do. This module does not print.
"""

from __future__ import annotations

from audio import errors as audio_errors
from vision import errors as vision_errors

FAILED = 1
WRONG_USE = 2
MISSING = 3
INTERRUPTED = 130  # the shells' convention: 128 + SIGINT


class AssistantError(Exception):
    """The base of every error that this package raises on purpose. As a text it is one printable line."""

    exit_status = FAILED

    def __str__(self) -> str:
        return vision_errors.one_line(super().__str__())


class UsageError(AssistantError):
    """The command line asks for something that does not exist, or for things that exclude each other."""

    exit_status = WRONG_USE


class ConfigError(AssistantError, ValueError):
    """A configuration file, or a key in it, is refused."""

    exit_status = WRONG_USE


class ChecklistError(ConfigError):
    """The checklist of a round, or a key in it, is refused."""


class FetchError(AssistantError, OSError):
    """A model could not be downloaded, verified or unpacked. No file that existed before is lost."""

    exit_status = FAILED


class ModelMissing(AssistantError, OSError):
    """A model folder does not exist, or its files are damaged."""

    exit_status = MISSING


class PackageMissing(AssistantError, ImportError):
    """An optional Python package that a command needs is not installed."""

    exit_status = MISSING


class ButtonMissing(AssistantError, OSError):
    """The button's device is missing or cannot be read."""

    exit_status = MISSING


class PowerError(AssistantError, OSError):
    """The machine's power cannot be limited, or its settings could not be put back."""

    exit_status = MISSING


class JournalError(AssistantError, OSError):
    """The journal cannot be opened, read or written. What was stored before is not lost."""

    exit_status = FAILED


_MISSING_OR_LOST = (
    audio_errors.DeviceMissing,
    audio_errors.DeviceLost,
    audio_errors.SpeechModelError,
    audio_errors.VoiceModelError,
    vision_errors.CameraMissing,
    vision_errors.CameraLost,
    vision_errors.VisionModelError,
    vision_errors.ReaderError,
    vision_errors.RemoteError,
    vision_errors.ReaderError,
)


def exit_status_of(error: BaseException) -> int:
    """The exit status of the program when it ends with `error`."""
    if isinstance(error, AssistantError):
        return error.exit_status
    if isinstance(error, _MISSING_OR_LOST):
        return MISSING
    if isinstance(error, (audio_errors.VoiceError, vision_errors.QuestionError)):
        return WRONG_USE  # a voice is a setting, like a key of config.toml, and a question is typed by the user
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return FAILED
