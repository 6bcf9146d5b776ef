"""Starts and stops the web server: it listens, serves on a thread of its own, and closes every socket at the end.

It does not know what is served.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError
from assistant.web.access import Tokens
from assistant.web.settings import WebSettings

if TYPE_CHECKING:
    from flask import Flask

    from assistant.web.sockets import SocketServer

_SPARE_THREADS = 6  # worker threads beside those of the queue: for status, pictures and refusals
_IDLE_SECONDS = 60  # then an unused connection is closed
_CONNECTIONS = 200
_MAX_HEADER_BYTES = 32_768
_JOIN_SECONDS = 2.0


class WebServer:
    """Owns the thread "web" and waitress's workers. Use it in a `with`.

    Raises AssistantError when it cannot listen at the address, or when its thread does not end within 2 s.
    """

    def __init__(
        self,
        app: Flask,
        settings: WebSettings,
        sweep: Callable[[], None] = lambda: None,
        tokens: Tokens | None = None,  # None: no token is needed, and every body is read
    ) -> None:
        self._server = _listen(app, settings, sweep, tokens)
        self.host = settings.host
        self.port = int(self._server.effective_port)
        # Set when the server has ended, also by a fault of its own. A program that serves no more must not seem to run.
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server. Clients that are being answered see their connection end. It may be called again."""
        self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            raise AssistantError(f'the thread "{self._thread.name}" did not end within {_JOIN_SECONDS:g} s')

    def _run(self) -> None:
        from waitress import wasyncore

        try:
            self._server.run()
        finally:
            wasyncore.close_all(self._server._map, ignore_all=True)
            self.ended.set()


def try_address(settings: WebSettings) -> None:
    """Raises AssistantError if the server could not listen now. For a start that takes minutes before it listens.

    Nothing listens afterwards, so that no client waits for a server that is not ready.
    """
    try:
        # All addresses of a name: waitress listens at each of them.
        for family, kind, protocol, _, address in socket.getaddrinfo(
            _listening_host(settings), settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as waitress does
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind(address)
                tried.listen(1)
    except (OSError, ValueError) as error:
        raise _cannot_listen(settings, error) from None


def _listening_host(settings: WebSettings) -> str:
    return "127.0.0.1" if settings.host == "localhost" else settings.host


def _cannot_listen(settings: WebSettings, error: Exception) -> AssistantError:
    reason = getattr(error, "strerror", None) or str(error)
    return AssistantError(
        f"cannot listen at {settings.host} port {settings.port}: {reason.lower().rstrip('.')}; "
        "choose another with --host and --port"
    )


def _listen(app: Flask, settings: WebSettings, sweep: Callable[[], None], tokens: Tokens | None) -> SocketServer:
    from waitress import wasyncore
    from waitress.adjustments import Adjustments
    from waitress.task import ThreadedTaskDispatcher

    from assistant.web.sockets import SocketServer

    # waitress warns "Task queue depth is 1". That is no news: questions wait in our own queue, which refuses with 429.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    dispatcher, sockets = ThreadedTaskDispatcher(), dict[int, Any]()
    try:
        adjustments = Adjustments(**_adjustments(settings))
        where = adjustments.listen[0]
        server = SocketServer(
            app,
            sockets,
            dispatcher=dispatcher,
            adj=adjustments,
            sockinfo=where,
            web=settings,
            sweep=sweep,
            tokens=tokens,
        )
    except (OSError, ValueError) as error:
        wasyncore.close_all(sockets, ignore_all=True)
        raise _cannot_listen(settings, error) from None
    dispatcher.set_thread_count(adjustments.threads)
    return server


def _adjustments(settings: WebSettings) -> dict[str, Any]:
    """waitress's settings. Those that are not named here have waitress's defaults."""
    return {
        "host": _listening_host(settings),
        "port": settings.port,
        "threads": settings.queue_limit + _SPARE_THREADS,
        "ident": "",  # no `Server` header: clients need not know the software
        "connection_limit": _CONNECTIONS,
        "channel_timeout": _IDLE_SECONDS,
        "cleanup_interval": 5,
        "max_request_body_size": settings.max_body_bytes + 1,
        "max_request_header_size": _MAX_HEADER_BYTES,
        "channel_request_lookahead": 1,  # else a client that leaves during an answer is not noticed
        "log_socket_errors": False,  # a client that leaves is normal
        "trusted_proxy": settings.trusted_proxy or None,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"} if settings.trusted_proxy else set(),
        "clear_untrusted_proxy_headers": True,
        "asyncore_use_poll": True,
    }
