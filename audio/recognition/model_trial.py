"""Loads a Vosk model in a process of its own first, because damaged files can kill the process that reads them.

Kaldi checks little of what it reads: one wrong byte ends in SIGSEGV or SIGABRT, which no exception handler sees. The
process that dies here is not the assistant. `python -m audio.recognition.model_trial FOLDER` is that process.

A trial shows that the model can be loaded and decodes a little noise. It does not show that every byte is right: a
wrong weight only makes the model hear worse, and only known checksums tell. It does not know whose model it is, nor
which models were tried before.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from audio.errors import SpeechModelError
from audio.own_process import command_of
from audio.pcm import SPEECH_FORMAT
from audio.recognition.transcriber import check_folder, load_recognizer
from audio.recognition.vocabulary import grammar_words, words_file

_MOST_DIGITS = 10  # of a word's number, which Kaldi keeps in 32 bits
_DAMAGED = 3  # the exit status of a trial that found damage without dying of it
_FEWEST_SECONDS = 30.0
_BYTES_A_SECOND = 10_000_000  # far slower than an old disk: only a load that never ends takes longer
# A size that is damaged can ask for all memory, and the system may then end other programs. The embedded model's trial
# takes 0.2 GB.
_FEWEST_MEMORY_BYTES = 1_000_000_000
_MEMORY_A_BYTE = 10
# A graph that is damaged may be read past its end while decoding and not before, so there must be something to decode.
_LOUDNESS = (100, 3_000, 20_000)  # of 32,767: a second of noise each


def try_model(model_path: Path) -> None:
    """Load the model in a child process and wait for its end, about a second for a small model.

    Raises SpeechModelError where the model is missing, incomplete or damaged, kills its process, or does not end.
    """
    check_folder(model_path, needs_lookahead=False)
    seconds = _FEWEST_SECONDS + _bytes_in(model_path) / _BYTES_A_SECOND
    try:
        status = subprocess.run(
            command_of("audio.recognition.model_trial", str(model_path)),
            # numpy's threads would each reserve memory on a machine of many cores, and nothing is computed with it
            # here.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise SpeechModelError(_damaged(model_path, f"loading it did not end within {seconds:.0f} s")) from None
    if status == _DAMAGED:
        raise SpeechModelError(_damaged(model_path, "Vosk refuses it"))
    if status < 0:
        raise SpeechModelError(_damaged(model_path, f"loading it ends with {_name_of(-status)}"))
    # Any other status is a fault of the trial itself, such as a missing library. The load that follows says it better.


def _damaged(model_path: Path, reason: str) -> str:
    return f"the Vosk model at {model_path} is damaged ({reason}): fetch it again"


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def main(model_path: Path) -> int:
    """The trial itself; returns its exit status, or dies."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a death is expected here: it leaves no core file behind
    memory = _FEWEST_MEMORY_BYTES + _MEMORY_A_BYTE * _bytes_in(model_path)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    try:
        check_words(model_path)
        recognizer = load_recognizer(model_path)
        recognizer.SetWords(True)  # as the assistant does; it takes more of Kaldi's code
        for loudness in _LOUDNESS:
            recognizer.AcceptWaveform(_noise(loudness))
        recognizer.FinalResult()
    except (SpeechModelError, MemoryError):
        return _DAMAGED
    return 0


def _noise(loudness: int) -> bytes:
    """A second of white noise, 16,000 samples of 16 bits, the same at every call."""
    return np.random.default_rng(1).integers(-loudness, loudness, SPEECH_FORMAT.sample_rate_hz, np.int16).tobytes()


def check_words(model_path: Path) -> None:
    """Kaldi takes a table of words that is empty or cut, and then names other words than were said, or none.

    A line is a word and its number; see OpenFst's SymbolTable::ReadText. The published small models have their table
    within Gr.fst. Raises SpeechModelError.
    """
    table = words_file(model_path)
    if table is None:
        grammar_words(model_path)
        return
    numbers: set[int] = set()
    for line in table.read_bytes().split(b"\n"):
        fields = line.split()
        is_pair = len(fields) == 2 and fields[1].isdigit() and len(fields[1]) <= _MOST_DIGITS
        if fields and (not is_pair or int(fields[1]) in numbers):
            raise SpeechModelError(_damaged(model_path, "its words.txt is no table of words"))
        numbers.update(int(number) for number in fields[1:])
    if len(numbers) < 2:  # number 0 is the empty word
        raise SpeechModelError(_damaged(model_path, "its words.txt is empty"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
