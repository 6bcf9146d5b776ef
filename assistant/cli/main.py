"""Parses the command line, sets up logging, runs one verb, and turns every error into a sentence and an exit status.

Exit status: 0 right, 1 it failed or an answer could not be written, 2 wrong use, 3 a device or model is missing or
damaged, 130 Ctrl-C (0 for `run` and `serve`, which have no other end). Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

from assistant import __version__, console
from assistant.cli import (
    ask,
    bench,
    button,
    check,
    config,
    demo,
    devices,
    doctor,
    fetch,
    journal,
    mcp,
    power,
    round,
    run,
    serve,
    service,
    setup,
    soak,
)
from assistant.errors import FAILED, AssistantError, exit_status_of
from assistant.files import user_path
from assistant.models.catalog import go_offline

DESCRIPTION = "Ask aloud, hear what the camera sees. Everything runs on this machine, with no network."
VERBS = (
    run, ask, serve, demo, setup, doctor, check, devices, fetch, button, config, service, bench, soak, power, journal, round,
    mcp,
)  # fmt: skip
_NAMES = tuple(verb.__name__.rpartition(".")[2] for verb in VERBS)  # each module is named after its verb
_JOIN_SECONDS = 1.0  # The program waits this long at its end for all threads together that are not daemons.
_TAKES_A_VALUE = ("--config", "--profile")  # those of the options before the verb that take a value
EPILOG = """exit status: 0 right, 1 it failed, 2 wrong use, 3 a device or model is missing or damaged
privacy: pictures and speech never leave this machine, unless engine.backend = "openai" is set, which
is said aloud at every start; else only `seesay fetch` uses the network"""


def entry() -> None:
    """Runs the console script `seesay`. Never returns."""
    try:
        status = main(sys.argv[1:])
    except SystemExit as ended:  # argparse has already printed the help, the version or the error
        status = ended.code if isinstance(ended.code, int) else FAILED
    end_process(status if console.all_written() else status or FAILED)


def end_process(status: int) -> NoReturn:
    """Ends the process with this exit status, even if threads are still inside a library.

    Everything of ours has been closed by now, because each verb unwinds its `ExitStack` before it returns: threads were
    joined, power limits put back and temporary folders deleted. Python's own shutdown is skipped for two reasons. A
    thread that is still inside OpenCV or PortAudio, or returns from there while Python shuts down, makes C++ abort the
    whole process with status 134. And Python would search the hundreds of thousands of objects of torch and
    transformers for cycles to free, which takes seconds on a busy machine, although the system frees them all at once
    anyway.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the process is already ending
    give_up_at = time.monotonic() + _JOIN_SECONDS
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, give_up_at - time.monotonic()))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # it is None in a program that was started without a terminal
                stream.flush()
        except (OSError, ValueError):  # its reader has gone, the disk is full, or it was closed
            status = status or FAILED
    os._exit(status)


def main(argv: Sequence[str]) -> int:
    """Runs one command line and returns its exit status."""
    console.prepare_streams()
    status = _run_verb(argv)
    return status if console.all_written() else status or FAILED


def _run_verb(argv: Sequence[str]) -> int:
    has_no_other_end = False
    try:
        _end_on_signals()
        arguments = command_line().parse_args(_with_default_verb(list(argv)))
        logging.basicConfig(
            stream=sys.stderr,
            format="seesay: %(message)s",
            level=logging.DEBUG if os.environ.get("SEESAY_DEBUG") else logging.WARNING,
        )
        has_no_other_end = arguments.has_no_other_end
        if not arguments.uses_network:
            go_offline(os.environ)
        arguments.do(arguments)
    except KeyboardInterrupt:
        return 0 if has_no_other_end else exit_status_of(KeyboardInterrupt())
    except BrokenPipeError:  # the reader of our output has gone, as in `seesay ask … | head`
        console.reader_left()
        return FAILED
    except Exception as error:  # noqa: BLE001 - the program's boundary: an error becomes one sentence and one status
        return _say_error(error)
    return 0


# The parts of `main`.


class _Parser(argparse.ArgumentParser):
    """Writes help and version as results, because argparse itself says nothing when they cannot be written."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:  # sys.stdout and `file` are both None if stdout is closed
            console.piece(message)
        else:
            super()._print_message(message, file)


def command_line() -> argparse.ArgumentParser:
    """All verbs with their options. The Debian package makes its manual page and its completions from it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=user_path, metavar="FILE", help="settings (default: config.toml, see README)")
    common.add_argument("--profile", metavar="NAME", help="headset, button, cart, or one of your own (see config.toml)")
    common.add_argument("-v", "--verbose", action="store_true", help="show how long each part of a turn took")
    parser: argparse.ArgumentParser = _Parser(
        prog="seesay", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # `main` reads these two attributes of every verb, and `do`, which runs the verb.
    parser.set_defaults(uses_network=False, has_no_other_end=False)
    parser.add_argument("--version", action="version", version=f"seesay {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="{" + ",".join(_NAMES) + "}", required=True)

    for verb in VERBS:
        verb.add_verb(verbs, common)
    return parser


def _with_default_verb(argv: list[str]) -> list[str]:
    """Adds the verb `run` where the command line names none: `seesay --verbose` means `seesay run --verbose`."""
    first = argv[0] if argv else "-"
    if first in ("-h", "--help", "--version") or not first.startswith("-"):
        return argv
    for place, word in enumerate(argv):
        if argv[place - 1] in _TAKES_A_VALUE:  # in `--profile button`, "button" is a value and not a verb
            continue
        if word in _NAMES:  # The options before the verb belong to it, as in `seesay --config F ask …`.
            return [word, *argv[:place], *argv[place + 1 :]]
    return ["run", *argv]


def _end_on_signals() -> None:
    """Makes the first Ctrl-C, SIGTERM or closed terminal unwind everything, and ignores later ones meanwhile."""
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup` sets it to be ignored
        ending.append(signal.SIGHUP)

    def end(number: int, frame: FrameType | None) -> None:
        for each in ending:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in ending:
        signal.signal(each, end)


def _say_error(error: Exception) -> int:
    """Prints one sentence, and a traceback only if SEESAY_DEBUG is set."""
    if os.environ.get("SEESAY_DEBUG"):
        logging.exception("failed")
    from audio.errors import AudioError
    from vision.errors import VisionError

    expected = isinstance(error, (AssistantError, AudioError, VisionError))
    message = str(error) if expected else f"something failed that should not have: {type(error).__name__}: {error}"
    console.say(f"seesay: {message}")
    return exit_status_of(error)
