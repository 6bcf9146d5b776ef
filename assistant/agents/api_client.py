"""A client of SeeSay's API: pictures of the camera, questions, reading and the status.

It waits where the server says so, and ends an answer when its caller is cancelled. It does not know who asks, nor
whether the server is in this process.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2

_CONNECT_SECONDS = 3.0
_REPLY_SECONDS = 15.0  # for what needs no model; a camera takes its picture within some seconds
# The longest silence in an answer. The server tells every five seconds that it is there, except while the model looks at
# the picture, which takes minutes on a slow machine.
_SILENCE_SECONDS = 600.0
_RETRY_SECONDS = 5.0  # for a 429 that does not tell when to come back
_LONGEST_TEXT = 300  # characters of an error that is quoted

Event = tuple[str, dict[str, Any]]  # the name of an event of the API, and its data
# Called while something is waited for, with a sentence about it.
OnWait = Callable[[str], Awaitable[None]]


class ApiRefused(Exception):
    """The server refused a request or did not answer. The text is one sentence that says what to do."""

    def __init__(self, sentence: str, status: int = 0, retry_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status  # of the answer; 0: there was none
        self.retry_seconds = retry_seconds


class NotThere(ApiRefused):
    """Nothing listens at the address, or something that is not SeeSay."""


@dataclass(frozen=True)
class CameraPicture:
    """A JPEG of what the camera sees, and the conversation in which it can be asked about."""

    jpeg: bytes
    conversation: str


@dataclass(frozen=True)
class Api:
    """One server. Each call opens a connection of its own, so an idle agent holds none."""

    address: str  # such as http://127.0.0.1:8765
    token: str | None  # None: the server wants none

    async def status(self) -> dict[str, Any]:
        """What `GET /api/status` tells. Raises ApiRefused, and NotThere where no SeeSay listens."""
        try:
            reply = await self._get("/api/status")
            told = reply.json()
        except (ApiRefused, ValueError) as error:
            if isinstance(error, ApiRefused) and error.status in (0, 401, 429):
                raise
            told = None
        if not isinstance(told, dict) or "look_again_seconds" not in told:
            raise NotThere(f"what answers at {self.address} is not SeeSay: give another --port")
        return told

    async def camera_picture(self) -> CameraPicture:
        """Takes a picture with the camera. Raises ApiRefused."""
        reply = await self._get("/api/frame.jpg?keep=1")
        return CameraPicture(reply.content, reply.headers.get("SeeSay-Conversation", ""))

    async def answer(
        self, path: str, fields: Mapping[str, Any], picture: bytes | None, on_wait: OnWait
    ) -> AsyncGenerator[Event, None]:
        """The events of an answer, from `POST /api/ask` or `/api/read`, about the picture or what the fields name.

        While the queue is full it comes back as often as it is told to. Raises ApiRefused.
        """
        body: dict[str, Any] = {"json": dict(fields)}
        if picture is not None:  # as a form, because JSON would make the picture a third larger
            form = {key: "1" if value is True else value for key, value in fields.items()}
            body = {"data": form, "files": {"image": ("picture", picture, "application/octet-stream")}}
        async with self._client(_SILENCE_SECONDS) as client:
            while True:
                try:
                    async with client.stream("POST", path, **body) as reply:
                        await _check(reply)
                        async for event in _events(reply):
                            yield event
                    return
                except httpx2.HTTPError as error:
                    raise self._away(error) from None
                except ApiRefused as refused:
                    if refused.status != 429:
                        raise
                    seconds = refused.retry_seconds or _RETRY_SECONDS
                await on_wait(f"others are being answered: asking again in {seconds:g} s")
                await anyio.sleep(seconds)

    def _client(self, silence_seconds: float) -> httpx2.AsyncClient:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        limits = httpx2.Timeout(silence_seconds, connect=_CONNECT_SECONDS)
        # Proxies of the environment are for other machines than this one.
        return httpx2.AsyncClient(base_url=self.address, headers=headers, timeout=limits, trust_env=False)

    async def _get(self, path: str) -> httpx2.Response:
        async with self._client(_REPLY_SECONDS) as client:
            try:
                reply = await client.get(path)
            except httpx2.HTTPError as error:
                raise self._away(error) from None
            await _check(reply)
            return reply

    def _away(self, error: Exception) -> ApiRefused:
        reason = str(error)[:_LONGEST_TEXT] or type(error).__name__
        kind = NotThere if isinstance(error, httpx2.ConnectError) else ApiRefused
        return kind(f"SeeSay at {self.address} does not answer ({reason}): ask again")


async def _check(reply: httpx2.Response) -> None:
    """Raises ApiRefused with the server's own sentence unless the request was accepted."""
    if reply.status_code == 200:
        return
    await reply.aread()
    try:
        sentence = str(reply.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        sentence = f"the server answered with status {reply.status_code}"
    if reply.status_code == 401:
        sentence = "the SeeSay that runs here wants its token: start seesay mcp with --token-file FILE"
    wait = reply.headers.get("Retry-After", "")
    raise ApiRefused(sentence, reply.status_code, float(wait) if wait.isdecimal() else None)


async def _events(reply: httpx2.Response) -> AsyncIterator[Event]:
    """The events of an event stream. Raises ApiRefused for an event that tells an error."""
    name = ""
    async for line in reply.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = json.loads(line.removeprefix("data: "))
            if name == "error":
                raise ApiRefused(str(data["error"]["message"]))
            yield name, data
