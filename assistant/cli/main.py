"""The command line: parses, sets logging up, runs one verb, and turns every error into a sentence and a status.

Exit status: 0 right, 1 it failed or an answer could not be written, 2 wrong use, 3 a device or model is missing or
damaged, 130 Ctrl-C (0 for `run` and `serve`, which have no other end). Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from assistant import __version__, console
from assistant.cli.bench import add_verbs as add_bench_verbs
from assistant.cli.power import add_verb as add_power_verb
from assistant.errors import FAILED, AssistantError, UsageError, exit_status_of
from assistant.models.catalog import FULL_SPEECH, go_offline
from assistant.settings.config import Config, load_config

DESCRIPTION = "Ask aloud, hear what the camera sees. Everything runs on this machine, with no network."
_VERBS = ("run", "ask", "serve", "demo", "fetch", "button", "bench", "soak", "power")
_TAKES_A_VALUE = ("--config", "--profile")  # of the options that may stand before the verb
EPILOG = """exit status: 0 right, 1 it failed, 2 wrong use, 3 a device or model is missing or damaged
privacy: pictures and speech never leave this machine, unless engine.backend = "openai" is set, which
is said aloud at every start; else only `seesay fetch` uses the network"""


def entry() -> None:
    """The console script `seesay`."""
    try:
        status = main(sys.argv[1:])
    except SystemExit as ended:  # argparse has printed the help, the version, or what is wrong
        status = ended.code if isinstance(ended.code, int) else FAILED
    if not console.all_written():
        status = status or FAILED
    # Everything of ours is closed. Python would now search the hundreds of thousands of objects of torch and
    # transformers for cycles to free, seconds on a busy machine, and the system frees them all at once anyway.
    gc.freeze()
    sys.exit(status)


def main(argv: Sequence[str]) -> int:
    """Runs one command line; returns its exit status."""
    console.prepare_streams()
    status = _run_verb(argv)
    return status if console.all_written() else status or FAILED


def _run_verb(argv: Sequence[str]) -> int:
    verb: Callable[[argparse.Namespace], None] | None = None
    try:
        _end_on_signals()
        arguments = _parser().parse_args(_with_default_verb(list(argv)))
        logging.basicConfig(
            stream=sys.stderr,
            format="seesay: %(message)s",
            level=logging.DEBUG if os.environ.get("SEESAY_DEBUG") else logging.WARNING,
        )
        verb = arguments.do
        if verb is not _fetch:
            go_offline(os.environ)
        verb(arguments)
    except KeyboardInterrupt:
        return 0 if verb in (_run, _serve) else exit_status_of(KeyboardInterrupt())
    except BrokenPipeError:  # the reader of our output left: `seesay ask … | head`
        console.reader_left()
        return FAILED
    except Exception as error:  # noqa: BLE001 - boundary of the program: one sentence, one status
        return _say_error(error)
    return 0


# The verbs.


def _run(arguments: argparse.Namespace) -> None:
    from assistant.models.catalog import choose_models
    from assistant.wiring.conversation import run
    from assistant.wiring.engine import is_remote

    config = _config(arguments)
    paths = choose_models(config)
    if paths.are_demo and not is_remote(config):
        console.say(console.DEMO_NOTICE)
    run(config, paths, verbose=arguments.verbose, as_json=arguments.json)


def _ask(arguments: argparse.Namespace) -> None:
    from assistant.cli.ask import ask

    if (arguments.question is None) == (arguments.audio is None):
        raise UsageError('give either a question in quotes or --audio FILE: seesay ask --image P "what is this"')
    if arguments.say and arguments.speech_out:
        raise UsageError("give --say or --speech-out FILE, not both")
    config = _config(arguments)
    ask(
        config,
        text=arguments.question,
        audio=arguments.audio,
        image=arguments.image,
        say=arguments.say,
        speech_out=arguments.speech_out,
        as_json=arguments.json,
        verbose=arguments.verbose,
    )


def _serve(arguments: argparse.Namespace) -> None:
    from assistant.wiring.web import serve, serve_with_voice, web_settings

    config = _config(arguments)
    settings = web_settings(config, arguments.host, arguments.port, arguments.token_file)
    if arguments.with_voice:
        serve_with_voice(config, settings, verbose=arguments.verbose)
    else:
        serve(config, settings)


def _demo(arguments: argparse.Namespace) -> None:
    from assistant.cli.demo import demo

    demo(_config(arguments), arguments.output)


def _fetch(arguments: argparse.Namespace) -> None:
    from assistant.models.catalog import fetched_vlm
    from assistant.models.fetch import fetch
    from assistant.models.prepare import prepare
    from assistant.models.progress import ProgressBars

    language = arguments.language or _config(arguments).conversation.language
    with ProgressBars() as bars:
        folders = fetch(language, progress=bars.show)
    console.say("the full models are here and used from now on: " + ", ".join(map(str, folders)))
    if (eye := fetched_vlm()) is not None:
        console.say("preparing a quick start: packing the weights, compiling for this processor")
        with ProgressBars() as bars:
            packed = prepare(eye, bars.show)
        console.say(f"ready; the packed weights are {packed}")


def _button(arguments: argparse.Namespace) -> None:
    from assistant.cli.button import learn, show_devices

    if arguments.learn:
        learn(arguments.config, os.environ, Path.cwd())
    else:
        show_devices()


# The parts of `main`.


class _Parser(argparse.ArgumentParser):
    """Writes help and version as results. argparse itself says nothing when they cannot be written."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:  # None where it is closed
            console.piece(message)
        else:
            super()._print_message(message, file)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings (default: config.toml, see README)")
    common.add_argument("--profile", metavar="NAME", help="headset, button, cart, or one of your own (see config.toml)")
    common.add_argument("-v", "--verbose", action="store_true", help="show how long each part of a turn took")
    parser: argparse.ArgumentParser = _Parser(
        prog="seesay", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"seesay {__version__}")
    verbs = parser.add_subparsers(
        title="verbs", metavar="{run,ask,serve,demo,fetch,button,bench,soak,power}", required=True
    )

    run = verbs.add_parser("run", parents=[common], help="listen, look and answer until quit (the default)")
    run.add_argument("--json", action="store_true", help="one JSON object for each answered question")
    run.set_defaults(do=_run)

    ask = verbs.add_parser("ask", parents=[common], help="one question about one picture")
    ask.add_argument("question", nargs="?", help="the question, in quotes")
    ask.add_argument("--audio", type=Path, metavar="WAV", help="the question as speech")
    ask.add_argument("--image", metavar="PICTURE", help="picture, video or address (default: the camera)")
    ask.add_argument("--say", action="store_true", help="speak the answer")
    ask.add_argument("--speech-out", type=Path, metavar="WAV", help="write the spoken answer to a file")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.set_defaults(do=_ask)

    serve = verbs.add_parser("serve", parents=[common], help="the page in a browser, and the API for other programs")
    serve.add_argument("--host", metavar="ADDRESS", help="where to listen (default: the config's, this machine only)")
    serve.add_argument("--port", type=int, metavar="N", help="the port (default: the config's; 0: any that is free)")
    serve.add_argument("--token-file", type=Path, metavar="FILE", help="holds the token; needed to listen elsewhere")
    serve.add_argument(
        "--with-voice", action="store_true", help="beside the conversation by voice, with the same engine"
    )
    serve.set_defaults(do=_serve)

    demo = verbs.add_parser("demo", parents=[common], help="three spoken questions about a drawn picture")
    demo.add_argument("--output", type=Path, metavar="FOLDER", help="where picture and sound are kept")
    demo.set_defaults(do=_demo)

    fetch = verbs.add_parser("fetch", parents=[common], help="download the full models (the only use of a network)")
    fetch.add_argument("--language", choices=tuple(FULL_SPEECH), help="of the speech model (default: the config's)")
    fetch.set_defaults(do=_fetch)

    button = verbs.add_parser("button", parents=[common], help="input devices with keys; which of them is the button")
    button.add_argument("--learn", action="store_true", help="press it, and it is written into the configuration")
    button.set_defaults(do=_button)

    add_bench_verbs(verbs, common)
    add_power_verb(verbs, common)
    return parser


def _with_default_verb(argv: list[str]) -> list[str]:
    """`seesay --verbose` means `seesay run --verbose`."""
    first = argv[0] if argv else "-"
    if first in ("-h", "--help", "--version") or not first.startswith("-"):
        return argv
    for place, word in enumerate(argv):
        if argv[place - 1] in _TAKES_A_VALUE:  # in `--profile button`, "button" is no verb
            continue
        if word in _VERBS:  # `seesay --config F ask …`: the options before the verb are its own
            return [word, *argv[:place], *argv[place + 1 :]]
    return ["run", *argv]


def _config(arguments: argparse.Namespace) -> Config:
    return load_config(arguments.config, os.environ, Path.cwd(), arguments.profile)


def _end_on_signals() -> None:
    """The first Ctrl-C, SIGTERM or closed terminal unwinds everything; later ones must not interrupt the unwinding."""
    ending = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which is what `nohup` asks for
        ending.append(signal.SIGHUP)

    def end(number: int, frame: FrameType | None) -> None:
        for each in ending:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in ending:
        signal.signal(each, end)


def _say_error(error: Exception) -> int:
    """One sentence; a traceback only for whoever sets SEESAY_DEBUG."""
    if os.environ.get("SEESAY_DEBUG"):
        logging.exception("failed")
    from audio.errors import AudioError
    from vision.errors import VisionError

    expected = isinstance(error, (AssistantError, AudioError, VisionError))
    message = str(error) if expected else f"something failed that should not have: {type(error).__name__}: {error}"
    console.say(f"seesay: {message}")
    return exit_status_of(error)
