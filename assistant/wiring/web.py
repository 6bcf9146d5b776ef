"""Builds `seesay serve`: the page and the API, alone or beside the conversation, which then uses the same engine.

The server listens on this machine only, unless there is a token: whoever reaches the port can look through the camera.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.errors import AssistantError, ModelMissing, UsageError
from assistant.inspection.journal import journal_folder
from assistant.machine.memory import tune_malloc, used_bytes
from assistant.settings.config import Config
from assistant.web.access import is_loopback
from assistant.web.answers.status_board import Board, no_round
from assistant.web.machine import Machine
from assistant.web.settings import WebSettings
from assistant.wiring.assembly import Assembly
from assistant.wiring.hearing import Ears
from assistant.wiring.service import signs_of_life
from audio.errors import AudioError
from vision.errors import CameraMissing

if TYPE_CHECKING:
    from assistant.answering.capture import Take
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.turn import Turn
    from assistant.inspection.round_shown import RoundShown
    from assistant.machine.power.readings import PowerSample
    from assistant.web.answers.answer import Hear
    from assistant.web.journal import JournalAccess
    from assistant.web.services import Parts
    from audio.pcm import AudioChunk

_SHORTEST_TOKEN = 16  # characters; that many random ones cannot be guessed at ten tries a minute
_TOKEN_HINT = "make one with: (umask 077; openssl rand -hex 24 > FILE)"


def web_settings(config: Config, host: str | None, port: int | None, token_file: Path | None) -> WebSettings:
    """The table [web] of the config, overridden by the command line, with the token. Raises UsageError, ConfigError."""
    web = config.web
    if port is not None and not 0 <= port <= 65_535:
        raise UsageError(f"--port is 0 to 65535, not {port}")
    path = token_file or (Path(web.token_file) if web.token_file else None)
    names = frozenset(name.strip().lower() for name in web.names.split(",") if name.strip())
    settings = WebSettings(
        host=host or web.host,
        port=web.port if port is None else port,
        names=names,
        token=None if path is None else read_token(path),
        trusted_proxy=web.trusted_proxy,
        max_body_bytes=int(web.max_body_megabytes * 1_000_000),
        max_pixels=web.max_megapixels * 1_000_000,
        max_question_characters=web.max_question_characters,
        requests_per_minute=web.requests_per_minute,
        queue_limit=web.queue,
        kept_pictures=web.kept_pictures,
        kept_seconds=web.kept_minutes * 60.0,
        ollama=web.ollama,
        shows_all_last=web.show_last == "all",
        language=config.conversation.language,
    )
    reachable = not is_loopback(settings.host) or bool(names) or bool(web.trusted_proxy)
    if reachable and settings.token is None:
        where = (
            settings.host
            if not is_loopback(settings.host)
            else "this machine through a proxy (web.names, web.trusted_proxy)"
        )
        raise UsageError(
            f"others could reach {where} and look through the camera: give --token-file FILE, or set web.token_file; {_TOKEN_HINT}"
        )
    announces_looks = web.announce_looks == "on" or (web.announce_looks == "auto" and reachable)
    return replace(settings, announces_looks=announces_looks)


def try_address(settings: WebSettings) -> None:
    """Raises AssistantError if the server could not listen at its address now."""
    from assistant.web import server

    server.try_address(settings)


def read_token(path: Path) -> str:
    """The token in a file. Raises UsageError if it is unreadable, readable by everybody, too short or not plain."""
    try:
        mode = path.stat().st_mode
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(f"cannot read the token file {path}: {error.strerror}; {_TOKEN_HINT}") from None
    except UnicodeDecodeError:
        raise UsageError(
            f"the token file {path} holds other than plain letters, digits and signs; {_TOKEN_HINT}"
        ) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise UsageError(f"everybody on this machine can read the token file {path}: chmod 600 {path}")
    if len(token) < _SHORTEST_TOKEN or not token.isprintable() or " " in token:
        raise UsageError(
            f"the token in {path} must be {_SHORTEST_TOKEN} characters or more, without spaces; {_TOKEN_HINT}"
        )
    return token


def serve(assembly: Assembly, settings: WebSettings) -> None:
    """Serves until the program is ended. Raises an error if something is missing at the start."""
    ended = start_alone(assembly, SideServer(settings))
    life = signs_of_life(os.environ, needs_sound=False)
    life.ready("serving the page and the API")
    assembly.stack.callback(life.ending)
    while not ended.wait(life.every_seconds):  # Ctrl-C or SIGTERM usually ends this wait
        life.loop_turned()
    raise AssistantError("the server has ended by itself: start it again")


def start_alone(assembly: Assembly, server: SideServer) -> threading.Event:
    """Starts the server without a conversation. The assembly's stack ends it.

    Returns an event that is set if the server ends by itself. Raises an error if something is missing.
    """
    _ = assembly.vision_model, assembly.receivers
    camera = _camera(assembly)
    assembly.tell_of_demo_model()
    _ = assembly.engine, assembly.power
    pipeline = _own_voice(assembly) if server.settings.announces_looks and camera is not None else None
    serving = server.serving(assembly, camera=camera, power=lambda: assembly.power.latest, pipeline=pipeline)
    return assembly.stack.enter_context(serving)


def _own_voice(assembly: Assembly) -> AnswerPipeline | None:
    """A voice without a conversation, which tells that somebody looks through the camera. None if there is no sound."""

    def on_end(turn: Turn) -> None:
        if turn.error is not None:
            console.say(str(turn.error))

    try:
        voice = assembly.voice
        _ = assembly.voice_settings(voice)  # as loud as the user last set it
        return assembly.start_pipeline(voice, on_end=on_end)
    except AudioError as error:
        console.say(f"{error}; nobody here hears when somebody looks through the camera (web.announce_looks)")
        return None


def _do_nothing() -> None:
    pass


class SideServer:
    """The web server, alone or beside the conversation. It shows each turn of the conversation on its page."""

    def __init__(self, settings: WebSettings, *, tells_address: bool = True) -> None:
        self.settings = settings
        self.address = ""  # such as http://127.0.0.1:8765, while it serves
        self._tells_address = tells_address
        self._board = Board()
        self._questions: Callable[[], int] = lambda: 0  # at work and waiting

    @property
    def at_work(self) -> bool:
        """True while a question of the page or of a program is being answered or waits."""
        return self._questions() > 0

    def turn_ended(self, turn: Turn) -> None:
        """Shows the turn on the page. Called on another thread."""
        if turn.question is not None:
            self._board.asked(turn.question.text)
            self._board.answered(" ".join(turn.said) or turn.answer)

    @contextlib.contextmanager
    def serving(
        self,
        assembly: Assembly,
        *,
        camera: Take | None = None,
        voice_state: Callable[[], str] = lambda: "idle",
        power: Callable[[], PowerSample] | None = None,  # None: nothing else reads the power sensors
        on_ask: Callable[[], None] = lambda: None,  # called when a question comes, on any thread
        round_now: Callable[[], RoundShown | None] = no_round,  # called on the server's threads
        pipeline: AnswerPipeline | None = None,  # tells that somebody looks through the camera; None: nothing tells it
    ) -> Iterator[threading.Event]:
        """Serves while the context is open. Yields an event that is set if the server ends by itself before."""
        from assistant.answering.watching.camera_watch import CameraWatch
        from assistant.web.app import create_app
        from assistant.web.server import WebServer
        from assistant.web.services import Services

        tune_malloc()  # every worker thread decodes pictures, whose memory then goes back to the system
        self._board.voice_state = voice_state
        self._board.round_now = round_now
        with contextlib.ExitStack() as stack:
            on_look: Callable[[], None] = _do_nothing
            if pipeline is not None and self.settings.announces_looks:
                on_look = CameraWatch(pipeline, assembly.phrases.camera_looked_through)
            parts = _parts(assembly, camera, power)
            services = Services(parts, self.settings, self._board, on_ask=on_ask, on_look=on_look)
            self._questions = lambda: services.queue.status.length
            server = stack.enter_context(
                WebServer(create_app(services), self.settings, services.sweep, services.tokens)
            )
            self.address = server.address
            if self._tells_address:
                console.say(f"the page and the API are at {server.address} (Ctrl-C ends it)")
            if services.journal.access is not None and services.tokens is None:
                console.say("every user of this machine can read the journal there: --token-file keeps others out")
            yield server.ended


def _parts(assembly: Assembly, camera: Take | None, power: Callable[[], PowerSample] | None) -> Parts:
    from assistant.answering.page_lines import PageReader
    from assistant.web.services import Parts
    from assistant.wiring.at_once import job_at_once

    config, journal = assembly.config, assembly.journal

    def on_end(turn: Turn, answer: str, model: str) -> None:
        if journal is not None:
            journal.ended(turn, model, answer=answer, source="web")

    return Parts(
        engine=assembly.engine,
        phrases=assembly.phrases,
        doubt=assembly.usual_doubt,
        take=camera,
        hear=_hear(assembly),
        synthesize=_voice(assembly),
        reader=assembly.question_reader,
        pages=PageReader(assembly.reader, assembly.page_advice),
        tell=lambda command: job_at_once(command, assembly.phrases, assembly.reader),
        on_end=on_end,
        journal=None if journal is None else _journal(assembly),
        machine=Machine(
            lambda: assembly.engine.model_name,
            config.power.other_watts,
            used_bytes,
            power,
            camera_pixels=lambda: None if camera is None else assembly.frames.picture_size,
        ),
    )


def _journal(assembly: Assembly) -> JournalAccess:
    from assistant.web.journal import JournalAccess

    return JournalAccess(journal_folder(os.environ), assembly.config.journal.pictures, assembly.receivers.computers)


def _camera(assembly: Assembly) -> Take | None:
    """The camera, or None if there is none: pictures can still be sent."""
    try:
        return assembly.best_shot
    except CameraMissing as error:
        console.say(f"{error}; going on without a camera")
        return None


def _voice(assembly: Assembly) -> Callable[[str], AudioChunk] | None:
    """The speech synthesizer, or None if there is none: answers can still be read."""
    try:
        return assembly.open_synthesizer(assembly.remembered_voice).synthesize
    except (AudioError, ModelMissing) as error:
        console.say(f"{error}; answers are not spoken")
        return None


def _hear(assembly: Assembly) -> Hear | None:
    """Recognises the words in recordings, one at a time. None if there is no speech model.

    The model is loaded with the first recording, because many users never speak to the page.
    """
    try:
        _ = assembly.speech_model
    except AssistantError as error:
        console.say(f"{error}; questions to the page can only be typed")
        return None
    one_at_a_time = threading.Lock()
    ears = Ears(assembly.config, assembly.speech_model)  # a recogniser of its own: the conversation's is always busy

    def hear(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        """The words and their confidence, 0..1. Raises AssistantError if there are none, AudioError without a model."""
        with one_at_a_time:
            heard, _ = ears.hear_file(wav, stopped)
        return heard.text, heard.confidence

    return hear
