"""A recording as a file, for readers that want a path. It does not know what is said in it."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assistant.web.answers.errors import ApiError, no_room

LONGEST_RECORDING_SECONDS = 60.0

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def temporary_wav(wav: bytes) -> Iterator[Path]:
    """A file that only this user can read and that is deleted afterwards.

    Raises ApiError 507 when it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            # Unbuffered: a full disk then fails here, and not once more when the file is closed.
            file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".wav", buffering=0))
            left = memoryview(wav)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            _log.warning("a recording cannot be stored while it is heard: %s", error.strerror or error)
            raise no_room() from error
        yield Path(file.name)


def check_recording(path: Path, parameter: str) -> float:
    """The seconds of a WAV recording.

    Raises ApiError 422 for one of more than 60 s, and for other files. `parameter` is the key that brought it.
    """
    import soundfile

    from audio.errors import WavError
    from audio.wav import WavSource

    try:
        WavSource(path, max_seconds=LONGEST_RECORDING_SECONDS)
    except WavError as error:
        message = str(error).replace(str(path), "the recording")
        raise ApiError(422, "bad_recording", message, parameter=parameter) from None
    return float(soundfile.info(path).duration)
