"""The tools that an agent gets over the Model Context Protocol (MCP): look, ask, read and status.

What a tool's docstring says is read by the agent's language model, and is all that it knows of the tool. This module
does not know where the server runs that answers.
"""

# No `from __future__ import annotations`: the package `mcp` reads the annotations of the tools while it runs.

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import TextContent, ToolAnnotations
from pydantic import Field

from assistant import __version__
from assistant.agents.api_client import Api, ApiRefused, Event

_INSTRUCTIONS = (
    "SeeSay looks through the camera of the machine it runs on, answers questions about what is seen, and reads print. "
    "Everything is computed on that machine by a small model: an answer takes seconds to minutes. Ask short questions "
    "about one thing. An answer whose doubt is not plain may be wrong: ask again about a better picture."
)
# How often a silent tool tells that it is at work. Many programs give up after 60 s in which they heard nothing.
_SIGN_SECONDS = 10.0
_MOST_PICTURE_BYTES = 50_000_000  # of a picture file; the server has a smaller limit of its own

# Finds or starts the server. Raises ApiRefused.
FindApi = Callable[[], Awaitable[Api]]

_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

PictureFile = Annotated[
    str | None,
    Field(description="the absolute path of a picture on SeeSay's machine, or a data URI (data:image/jpeg;base64,…)"),
]
Conversation = Annotated[
    str | None, Field(description="asks about the picture of an earlier result that told this conversation")
]


@dataclass(frozen=True)
class Answered:
    answer: str  # as it would be spoken, with "I am not sure, but" where there is doubt
    doubt: str  # plain, unsure or cannot tell
    conversation: str  # for further questions about the same picture
    model: str | None  # None: no model was asked
    advice: str | None  # what is wrong with the picture
    finish: str  # stop, or length if the answer was cut off


@dataclass(frozen=True)
class PageRead:
    text: str  # all print in reading order; "" if there is none
    doubtful_lines: list[str]  # those of its lines whose words may be wrong
    advice: list[str]  # what hindered the reader, the worst first
    conversation: str  # for questions about the same picture


@dataclass(frozen=True)
class StatusNow:
    state: str
    model: str
    is_demo: bool  # the small demo model answers, which knows drawn shapes only
    has_camera: bool
    queue_length: int  # questions at work and waiting
    pictures_go_to: str | None  # the other computer that answers, if pictures leave this machine
    version: str


def mcp_server(find_api: FindApi) -> MCPServer[dict[str, Any]]:
    """The server with its tools. It listens nowhere yet."""
    server: MCPServer[dict[str, Any]] = MCPServer(
        "seesay", title="SeeSay", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING"
    )

    @server.tool(annotations=_LOOKS, structured_output=False)
    async def look() -> list[Any]:
        """Takes a picture with the camera and returns it, with its conversation for questions about it."""
        api = await _found(find_api)
        try:
            seen = await api.camera_picture()
        except ApiRefused as refused:
            raise ToolError(str(refused)) from None
        told = TextContent(type="text", text=f"conversation: {seen.conversation}")
        return [Image(data=seen.jpeg, format="jpeg"), told]

    @server.tool(annotations=_LOOKS)
    async def ask(
        question: Annotated[str, Field(description="a short question, in the language that SeeSay is set to")],
        ctx: Context[dict[str, Any], Any],
        image: PictureFile = None,
        conversation: Conversation = None,
    ) -> Answered:
        """Asks what is seen. Without image and conversation the camera takes a new picture first."""
        fields, picture = _picture(image, conversation)
        fields["question"] = question
        name, advice, report = "", None, _Report(ctx)
        async with (
            report.signs(),
            contextlib.aclosing(_told(await _found(find_api), "/api/ask", fields, picture, report)) as events,
        ):
            async for event, data in events:
                if event == "accepted":
                    name = data["conversation"]
                elif event == "seeing":
                    advice = data["advice"]
                elif event == "done":
                    return Answered(data["answer"], data["doubt"], name, data["model"], advice, data["finish"])
        raise ToolError("the answer broke off: ask again")

    @server.tool(annotations=_LOOKS)
    async def read(
        ctx: Context[dict[str, Any], Any], image: PictureFile = None, conversation: Conversation = None
    ) -> PageRead:
        """Reads all print in a picture. Without image and conversation the camera takes a new picture first."""
        fields, picture = _picture(image, conversation)
        fields["stream"] = True
        report = _Report(ctx)
        async with (
            report.signs(),
            contextlib.aclosing(_told(await _found(find_api), "/api/read", fields, picture, report)) as events,
        ):
            async for event, data in events:
                if event == "end":
                    doubtful = [line["text"] for line in data["lines"] if line["is_doubtful"]]
                    advice = [each["sentence"] for each in data["advice"]]
                    return PageRead(data["text"], doubtful, advice, data["conversation"])
        raise ToolError("the answer broke off: ask again")

    @server.tool(annotations=_LOOKS)
    async def status() -> StatusNow:
        """Tells what SeeSay is doing and what answers. It takes no picture."""
        api = await _found(find_api)
        try:
            told = await api.status()
        except ApiRefused as refused:
            raise ToolError(str(refused)) from None
        return StatusNow(
            told["state"],
            told["model"],
            told["is_demo"],
            told["has_camera"],
            told["queue"]["length"],
            told["pictures_go_to"],
            told["version"],
        )

    return server


async def _found(find_api: FindApi) -> Api:
    try:
        return await find_api()
    except ApiRefused as refused:
        raise ToolError(str(refused)) from None


async def _told(
    api: Api, path: str, fields: dict[str, Any], picture: bytes | None, report: "_Report"
) -> AsyncGenerator[Event, None]:
    """The events of an answer, each also reported as progress. Raises ToolError."""
    try:
        async with contextlib.aclosing(api.answer(path, fields, picture, report.tell)) as events:
            async for event, data in events:
                if message := _progress(event, data):
                    await report.tell(message)
                yield event, data
    except ApiRefused as refused:
        raise ToolError(str(refused)) from None


class _Report:
    """Reports progress of one call, so that the agent's program does not give up waiting."""

    def __init__(self, ctx: Context[dict[str, Any], Any]) -> None:
        self._ctx = ctx
        self._count = 0

    async def tell(self, message: str) -> None:
        self._count += 1
        await self._ctx.report_progress(self._count, message=message)

    @contextlib.asynccontextmanager
    async def signs(self) -> AsyncIterator[None]:
        """Reports every ten seconds while the context is open, also while the model is loaded or looks at a picture."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(_SIGN_SECONDS)
                await self.tell("still at work")

        task = asyncio.create_task(repeat())
        try:
            yield
        finally:
            task.cancel()


def _progress(event: str, data: dict[str, Any]) -> str:
    if event in ("accepted", "queued") and data["queue_position"] > 0:
        return f"waiting: {data['queue_position']} before this one"
    if event == "seeing":
        return "looking at the picture"
    if event == "found":
        return f"lines of print: {data['lines']}"
    if event == "line":
        return str(data["text"])
    return str(data["text"]) if event == "sentence" else ""


def _picture(image: str | None, conversation: str | None) -> tuple[dict[str, Any], bytes | None]:
    """The fields of a request that say what to look at, and the bytes of a picture file. Raises ToolError."""
    if image is not None and conversation is not None:
        raise ToolError("give either image or conversation, or none of them for the camera")
    if conversation is not None:
        return {"conversation": conversation}, None
    if image is None:
        return {"camera": True}, None
    return ({"image": image}, None) if image.startswith("data:") else ({}, _picture_bytes(Path(image)))


def _picture_bytes(path: Path) -> bytes:
    if not path.is_absolute():
        raise ToolError(f"image must be an absolute path or a data URI, not {str(path)[:200]!r}")
    try:
        if not path.is_file():  # a pipe or a device may never end
            raise ToolError(f"there is no file {path}: send the path of a picture")
        if path.stat().st_size > _MOST_PICTURE_BYTES:
            raise ToolError(f"{path} is larger than {_MOST_PICTURE_BYTES:,} bytes: send a smaller picture")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ToolError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
