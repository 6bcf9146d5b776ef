"""`seesay serve`: the page and the API, alone or beside the conversation by voice, one engine for both.

It listens on this machine only, unless there is a token: whoever reaches the port can look through the camera.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant import console
from assistant.errors import AssistantError, UsageError
from assistant.language.phrases import phrases_for
from assistant.machine.memory import tune_malloc
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.settings.voice_state import VoiceState, load_state, state_path
from assistant.web.access import is_loopback
from assistant.web.machine import Machine
from assistant.web.settings import WebSettings
from assistant.web.status_board import Board
from assistant.wiring import devices, hearing
from assistant.wiring.engine import doubt_rule, is_remote, open_engine
from audio.errors import AudioError
from vision.errors import CameraMissing

if TYPE_CHECKING:
    from assistant.answering.capture import NamedEngine, Take
    from assistant.answering.turn import Turn
    from assistant.machine.power.readings import PowerSample
    from assistant.web.conversations import Engine
    from assistant.web.services import Parts
    from audio.pcm import AudioChunk
    from audio.transcriber import Transcriber
    from vision.best_shot import BurstSource

_SHORTEST_TOKEN = 16  # characters: so many random ones cannot be guessed at ten tries a minute
_TOKEN_HINT = "make one with: (umask 077; openssl rand -hex 24 > FILE)"


def web_settings(config: Config, host: str | None, port: int | None, token_file: Path | None) -> WebSettings:
    """The config's [web], what the command line says above it, and the token. Raises UsageError, ConfigError."""
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
        language=config.conversation.language,
    )
    reachable = not is_loopback(settings.host) or names or web.trusted_proxy
    if reachable and settings.token is None:
        where = (
            settings.host
            if not is_loopback(settings.host)
            else "this machine through a proxy (web.names, web.trusted_proxy)"
        )
        raise UsageError(
            f"others could reach {where} and look through the camera: give --token-file FILE, or set web.token_file; {_TOKEN_HINT}"
        )
    return settings


def read_token(path: Path) -> str:
    """Raises UsageError."""
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


def serve(config: Config, settings: WebSettings) -> None:
    """Serves until it is ended; raises what is missing at the start."""
    with contextlib.ExitStack() as stack:
        eye = catalog.choose_eye(config)
        is_demo = eye.is_demo and not is_remote(config)
        take = _camera(config, stack)
        if is_demo:
            console.say(console.DEMO_NOTICE)
        engine = open_engine(config, eye.folder, stack, console.say, _nobody_listens, is_demo=eye.is_demo)
        keeper = devices.keep_power(config, stack, engine, console.say)
        serving = SideServer(config, settings).serving(engine, take, is_demo=is_demo, power=lambda: keeper.latest)
        ended = stack.enter_context(serving)
        ended.wait()  # mostly Ctrl-C or SIGTERM comes before
        raise AssistantError("the server has ended by itself: start it again")


def serve_with_voice(config: Config, settings: WebSettings, *, verbose: bool) -> None:
    """Both, until somebody says quit or ends it."""
    from assistant.wiring.conversation import run

    paths = catalog.choose_models(config)
    if paths.are_demo and not is_remote(config):
        console.say(console.DEMO_NOTICE)
    run(config, paths, verbose=verbose, side_server=SideServer(config, settings))


class SideServer:
    """The server as `run` sees it: something beside the conversation, over its engine and camera, that is told of each turn."""

    def __init__(self, config: Config, settings: WebSettings) -> None:
        self._config = config
        self._settings = settings
        self._board = Board()

    def turn_ended(self, turn: Turn) -> None:
        """Called on another thread."""
        if turn.question is not None:
            self._board.asked(turn.question.text)
            self._board.answered(" ".join(turn.said) or turn.answer)

    @contextlib.contextmanager
    def serving(
        self,
        engine: NamedEngine,
        take: Take | None,
        *,
        is_demo: bool,
        voice_state: Callable[[], str] = lambda: "idle",
        power: Callable[[], PowerSample] | None = None,  # None: nobody else reads the sensors
    ) -> Iterator[threading.Event]:
        """Serves as long as it is open; the event is set if it ends before."""
        from assistant.machine.memory import used_bytes
        from assistant.web.app import create_app
        from assistant.web.server import WebServer
        from assistant.web.services import Services

        tune_malloc()  # every worker decodes pictures
        self._board.voice_state = voice_state
        with contextlib.ExitStack() as stack:
            machine = Machine(engine.model_name, self._config.power.other_watts, used_bytes, power)
            parts = _parts(self._config, engine, take, stack, machine, is_demo=is_demo)
            services = Services(parts, self._settings, self._board)
            server = stack.enter_context(
                WebServer(create_app(services), self._settings, services.sweep, services.tokens)
            )
            console.say(f"the page and the API are at {server.address} (Ctrl-C ends it)")
            yield server.ended


def _parts(
    config: Config,
    engine: NamedEngine,
    take: Take | None,
    stack: contextlib.ExitStack,
    machine: Machine,
    *,
    is_demo: bool,
) -> Parts:
    from assistant.web.services import Parts

    return Parts(
        engine=cast("Engine", engine),  # all that `open_engine` gives can forget and tell its size
        is_demo=is_demo,
        phrases=phrases_for(config.conversation.language),
        doubt=doubt_rule(config, is_demo=is_demo),
        take=take,
        hear=_ears(config),
        synthesize=_voice(config, stack),
        machine=machine,
        pictures_go_to=_pictures_go_to(config),
    )


def _pictures_go_to(config: Config) -> str | None:
    if not is_remote(config):
        return None
    from assistant.wiring.remote import settings_from

    return settings_from(config.remote).host


def _nobody_listens(sentence: str) -> None:
    """What is to be said of another computer is printed as well, and stands on the page."""


def _camera(config: Config, stack: contextlib.ExitStack) -> Take | None:
    """None where there is none: pictures can be sent."""
    from vision.best_shot import BestShot

    try:
        frames = devices.open_frames(config, stack)
        return BestShot(cast("BurstSource", frames), live=getattr(frames, "live", False))
    except CameraMissing as error:
        console.say(f"{error}; going on without a camera")
        return None


def _voice(config: Config, stack: contextlib.ExitStack) -> Callable[[str], AudioChunk] | None:
    from audio.synthesizer import Synthesizer

    speaking = config.speaking
    remembered = load_state(state_path(os.environ), VoiceState(speaking.rate_wpm, speaking.volume))
    try:
        voice = stack.enter_context(
            Synthesizer(
                voice=speaking.voice or phrases_for(config.conversation.language).voice,
                rate_wpm=remembered.rate_wpm,
                volume=remembered.volume,
            )
        )
    except AudioError as error:
        console.say(f"{error}; answers are not spoken")
        return None
    return voice.synthesize


def _ears(config: Config) -> _Ears | None:
    try:
        catalog.speech_folder(config)
    except AssistantError as error:
        console.say(f"{error}; questions to the page can only be typed")
        return None
    return _Ears(config)


class _Ears:
    """Words from recordings, one at a time. The model is loaded with the first: many never speak to the page."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._transcriber: Transcriber | None = None

    def __call__(self, wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        """Raises AssistantError where nothing is said, AudioError without a model."""
        with self._lock:
            if self._transcriber is None:
                self._transcriber = hearing.load_transcriber(catalog.speech_folder(self._config))
            heard, _ = hearing.hear_file(self._config, wav, self._transcriber, stopped)
        return heard.text, heard.confidence
