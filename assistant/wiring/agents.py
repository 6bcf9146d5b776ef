"""Builds `seesay mcp`: tools for agents, over standard input and output.

A `seesay serve` that runs is used, because a second engine would take its memory a second time. Where none runs, the
first call of a tool starts a server of this process's own. It listens on this machine only and has a random token, so
nobody but the tools here can use it, and it answers by the same rules as any other.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant import console
from assistant.errors import AssistantError, PackageMissing
from assistant.settings.config import Config
from assistant.web.settings import WebSettings
from assistant.wiring.assembly import Assembly
from assistant.wiring.web import SideServer, start_alone, web_settings
from audio.errors import AudioError
from vision.errors import VisionError

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.agents.api_client import Api

_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # hosts of a server that listens at all addresses


def serve_agents(config: Config, host: str | None, port: int | None, token_file: Path | None) -> None:
    """Serves the tools until standard input ends.

    Host, port and token are those of the `seesay serve` that may run. Raises UsageError, ConfigError, AssistantError.
    """
    settings = web_settings(config, host, port, token_file)
    try:
        from assistant.agents.tools import mcp_server
    except ImportError as error:
        raise PackageMissing(
            'seesay mcp needs the Python package mcp: .venv/bin/pip install ".[mcp]" in the folder of SeeSay'
        ) from error
    with contextlib.ExitStack() as stack:
        server = mcp_server(_Servers(settings, OwnServer(config, settings, stack)).find)
        # On a thread of its own, because a signal cannot end what waits for standard input: the main thread waits here,
        # where Ctrl-C and SIGTERM end the program.
        failures: list[Exception] = []
        ended = threading.Event()

        def talk() -> None:
            try:
                server.run("stdio")
            except Exception as error:  # noqa: BLE001 - a thread's boundary: raised again below
                failures.append(error)
            finally:
                ended.set()

        threading.Thread(target=talk, name="mcp", daemon=True).start()
        ended.wait()
        if failures:
            raise AssistantError(f"the connection to the agent broke: {failures[0]}") from failures[0]


class OwnServer:
    """The server of this process, if it has one. It is started on any thread, and closed with the stack."""

    def __init__(self, config: Config, settings: WebSettings, stack: contextlib.ExitStack) -> None:
        self._config = config
        self._stack = stack
        self._settings = replace(
            settings, host="127.0.0.1", port=0, token=secrets.token_hex(24), trusted_proxy="", ollama=False
        )
        self.api: Api | None = None  # None: it was not started

    def start(self) -> Api:
        """Starts it, which opens the camera and begins to load the model. Raises AssistantError, VisionError."""
        from assistant.agents.api_client import Api

        assembly = Assembly(self._config, self._stack)
        assembly.load_engine_beside()
        server = SideServer(self._settings, tells_address=False)
        start_alone(assembly, server)
        self.api = Api(server.address, self._settings.token)
        return self.api


class _Servers:
    """Finds the server that answers: the one that runs, or else this process's own."""

    def __init__(self, settings: WebSettings, own: OwnServer) -> None:
        from anyio import Lock

        from assistant.agents.api_client import Api

        host = _ANYWHERE.get(settings.host, settings.host)
        shown = f"[{host}]" if ":" in host else host
        self._running = Api(f"http://{shown}:{settings.port}", settings.token)
        self._own = own
        self._starting = Lock()

    async def find(self) -> Api:
        """Raises ApiRefused."""
        from anyio import to_thread

        from assistant.agents.api_client import ApiRefused, NotThere

        async with self._starting:
            if self._own.api is not None:
                return self._own.api
            try:
                await self._running.status()
                return self._running
            except NotThere:
                console.say("no seesay serve runs here: loading a model of its own")
            try:
                return await to_thread.run_sync(self._own.start)
            except (AssistantError, VisionError, AudioError) as error:
                raise ApiRefused(str(error)) from error
