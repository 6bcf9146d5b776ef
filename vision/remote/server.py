"""One server that speaks OpenAI's chat completions: vLLM, llama.cpp's server, another SeeSay.

A request is repeated if its failure may pass and no part of the answer has come. Every failure becomes a `RemoteError`
with one sentence. A caller that stops is released within `LOOK_SECONDS`, while connecting, while waiting for the first
word, and between two words. The connection is then closed, so that the server can stop too. This needs an event loop,
which runs on the caller's thread and only while it waits; no thread is started. This module knows neither pictures nor
the questions.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from vision.errors import Cancelled, RemoteError
from vision.remote.wire import Piece, piece_of, printable
from vision.remote_settings import ServerSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LOOK_SECONDS = 0.02  # how often a waiting caller checks whether it should stop
BACKOFF_SECONDS = 0.2  # the pause before the first repetition; each further pause is twice as long
LONGEST_BACKOFF_SECONDS = 2.0  # a server that asks for more patience than this counts as away
AFTER_END_SECONDS = 0.5  # how long to wait for the counts that some servers send after the answer
CLOSE_SECONDS = 0.5  # the longest wait for a connection to close
# A request also asks for log-probabilities and for the number of tokens. A server may refuse them, so these options are
# ordered from everything to nothing.
_COUNTS: dict[str, Any] = {"stream_options": {"include_usage": True}}
_EXTRAS: tuple[dict[str, Any], ...] = ({"logprobs": True, **_COUNTS}, _COUNTS, {})
_PASSING = (408, 425, 429, 500, 502, 503, 504)

_T = TypeVar("_T")
Stopped = Callable[[], bool]


class Server:
    """A server, which any thread may ask.

    Raises ImportError if the package `openai` is not installed. `tls` holds the certificates that an https server is
    checked against; None takes the system's own.
    """

    def __init__(
        self,
        settings: ServerSettings,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import openai

        self.settings = settings
        self._clock = clock
        self._ssl = tls or ssl.create_default_context()  # made once, because that takes longer than a request
        # an index into `_EXTRAS`, which rises when the server refuses a request because of its extras
        self._asks_for = 0
        self._openai = openai

    def models(self, stopped: Stopped = lambda: False) -> list[str]:
        """The names of the server's models, or [] if it does not tell them. Raises RemoteError, Cancelled."""

        async def ask() -> list[str]:
            async with self._client() as client:
                try:
                    page = await client.models.list()
                except self._openai.NotFoundError:
                    return []
                except Exception as error:  # noqa: BLE001 - boundary to another computer, which may send anything
                    raise self._problem(error).error from None
                names = [getattr(model, "id", None) for model in page.data] if isinstance(page.data, list) else []
                return [name for name in names if isinstance(name, str)]

        seconds = self.settings.connect_timeout_seconds * 2
        loop = asyncio.new_event_loop()
        try:
            return self._wait(loop, ask(), seconds, stopped)
        finally:
            loop.close()

    def answer(
        self, model: str, messages: list[dict[str, Any]], options: dict[str, Any], stopped: Stopped
    ) -> Generator[Piece, None, None]:
        """The answer, piece by piece.

        The last piece of text has `finish`, and counts may follow. Raises RemoteError, Cancelled.
        """
        request = {"model": model, "messages": messages, **options}
        loop = asyncio.new_event_loop()
        pieces = self._pieces(request)
        try:
            seconds, ended = self.settings.answer_timeout_seconds, False
            while True:
                try:
                    piece = self._wait(loop, _first(pieces), seconds, stopped)
                except RemoteError:
                    if ended:  # the answer is complete, and only the counts are missing
                        return
                    raise
                if piece is None:
                    return
                yield piece
                ended = ended or piece.finish is not None
                seconds = AFTER_END_SECONDS if ended else self.settings.silence_timeout_seconds
        finally:
            with contextlib.suppress(Exception):
                loop.run_until_complete(asyncio.wait_for(pieces.aclose(), CLOSE_SECONDS))
            loop.close()

    def _wait(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _T], seconds: float, stopped: Stopped
    ) -> _T:
        """Runs the work to its end on this thread. Drops it at once if the caller stops or the time is over."""
        task = loop.create_task(work)
        give_up_at = self._clock() + seconds
        while True:
            loop.run_until_complete(asyncio.wait({task}, timeout=LOOK_SECONDS))
            if task.done():
                return task.result()
            is_over = self._clock() >= give_up_at
            if is_over or stopped():
                task.cancel()
                loop.run_until_complete(asyncio.wait({task}, timeout=CLOSE_SECONDS))
                if is_over:
                    raise RemoteError(f"{self._name} sent nothing for {seconds:g} s")
                raise Cancelled("the caller no longer wants the answer")

    async def _pieces(self, request: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """Sends a request, and repeats it after a failure that may pass, as long as no piece has come."""
        attempt, came, asks_for = 0, False, self._asks_for
        while True:
            try:
                async with contextlib.aclosing(self._attempt(request, _EXTRAS[asks_for])) as pieces:
                    async for piece in pieces:
                        came, self._asks_for = True, asks_for
                        yield piece
                return
            except Exception as error:  # noqa: BLE001 - boundary to another computer, which may send anything
                problem = self._problem(error)
            if asks_for < len(_EXTRAS) - 1 and not came and problem.refuses_request:
                asks_for += 1
            elif came or not problem.passes or attempt >= self.settings.retries:
                raise problem.error
            else:
                await asyncio.sleep(problem.after_seconds or BACKOFF_SECONDS * 2**attempt)
                attempt += 1

    async def _attempt(self, request: dict[str, Any], extras: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        finished = False
        async with self._client() as client:
            create: Any = client.chat.completions.create  # Any, because a dictionary does not match its typed overloads
            stream = await create(**request, **extras, stream=True)
            async with stream:
                async for chunk in stream:
                    piece = piece_of(chunk)
                    if piece is not None:
                        finished = finished or piece.finish is not None
                        yield piece
        if not finished:
            raise RemoteError(f"{self._name} broke off its answer")

    def _client(self) -> AsyncOpenAI:
        """One connection for one answer.

        It uses no proxy and follows no redirection, so the picture goes only to the address that the settings name.
        """
        openai, settings = self._openai, self.settings
        client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=settings.api_key or "none",  # without it the client would take a key from the environment
            organization="",  # empty, because the client would take this from the environment as well
            project="",
            base_url=settings.base_url,
            max_retries=0,  # because the client's own repetitions cannot be stopped
            timeout=openai.Timeout(None, connect=settings.connect_timeout_seconds),  # `_wait` limits the rest
            http_client=openai.DefaultAsyncHttpxClient(verify=self._ssl, trust_env=False, follow_redirects=False),
        )
        return client

    @property
    def _name(self) -> str:
        return f"the engine at {self.settings.base_url}"

    def _problem(self, error: Exception) -> _Problem:
        openai, name = self._openai, self._name
        if isinstance(error, RemoteError):
            return _Problem(error, passes=True)
        if isinstance(error, openai.APIStatusError):
            return self._refusal(error)
        if isinstance(error, openai.APITimeoutError):
            seconds = self.settings.connect_timeout_seconds
            return _Problem(
                RemoteError(f"{name} cannot be reached within {seconds:g} s: is it on, and the address right?")
            )
        if isinstance(error, openai.APIConnectionError):
            cause = printable(error.__cause__ or error)
            return _Problem(RemoteError(f"{name} cannot be reached ({cause}): is it on, and the address right?"), True)
        if isinstance(error, openai.APIError):  # the server sent an error as an event of the stream
            return _Problem(RemoteError(f"{name} failed: {printable(error.message)}"), True)
        what = printable(f"{type(error).__name__}: {error}")
        return _Problem(
            RemoteError(f"{name} sends what is no answer ({what}): does it speak OpenAI's API there?"), True
        )

    def _refusal(self, error: Any) -> _Problem:
        status: int = error.status_code
        said = printable(error.message)
        if status in (401, 403):
            return _Problem(RemoteError(f"{self._name} refuses the key (status {status}): check remote.api_key_file"))
        if status == 404:
            return _Problem(RemoteError(f"{self._name} knows no such address or model ({said}): check [remote]"))
        if status in _PASSING:
            after = _retry_after(error.response.headers.get("retry-after"))
            passes = after is None or after <= LONGEST_BACKOFF_SECONDS
            return _Problem(
                RemoteError(f"{self._name} is not able to answer now (status {status}: {said})"), passes, after
            )
        refuses = status in (400, 422)
        return _Problem(
            RemoteError(f"{self._name} refuses the request (status {status}: {said})"), refuses_request=refuses
        )


@dataclass(frozen=True)
class _Problem:
    error: RemoteError
    passes: bool = False  # True if asking again may help
    after_seconds: float | None = None  # the pause that the server asks for
    refuses_request: bool = False


async def _first(pieces: AsyncGenerator[Piece, None]) -> Piece | None:
    async for piece in pieces:
        return piece
    return None


def _retry_after(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None
