"""The tools for agents, over the package's own client in this process and the real server on a loopback port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason='the extra "mcp" is not installed')

from mcp import Client
from mcp_types import CallToolResult, ImageContent, TextContent

from assistant.agents import tools
from assistant.agents.api_client import Api, ApiRefused, NotThere
from assistant.answering.page_lines import PageReader
from tests.assistant.fake_reader import FakeReader, page
from tests.assistant.web.api.conftest import take
from tests.assistant.web.api.serving import (
    Running,
    SteppedEngine,
    data_uri,
    eventually,
    parts_with,
    picture,
    running,
    send_json,
)

WORDS = tuple((word, 0.0) for word in ("The ", "circle ", "is ", "red."))


@contextlib.contextmanager
def serving(engine: SteppedEngine, **settings: Any) -> Iterator[Running]:
    pages = PageReader(FakeReader(page("Opening hours\n\nclosd today", unsure=["closd today"])))
    with running(parts_with(engine, take=take, pages=pages), **settings) as web:
        yield web


def ready_engine() -> SteppedEngine:
    """An engine that always answers at once that the circle is red."""
    return SteppedEngine(steps=threading.Semaphore(10_000), words=WORDS)


def talk(api: Api, conversation: Callable[[Client], Awaitable[None]]) -> None:
    """Connects a client to the tools, which use this server."""

    async def find() -> Api:
        return api

    async def connected() -> None:
        async with Client(tools.mcp_server(find)) as client:
            await conversation(client)

    asyncio.run(connected())


def told(result: CallToolResult) -> Any:
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


def refusal(result: CallToolResult) -> str:
    assert result.is_error
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text.split(": ", 1)[1]


def test_what_the_camera_sees_is_shown_and_asked_about_and_asked_again() -> None:
    """`look` brings the picture and a conversation, and `ask` uses the camera or a conversation."""

    async def conversation(client: Client) -> None:
        image, text = (await client.call_tool("look", {})).content
        assert isinstance(image, ImageContent)
        assert base64.b64decode(image.data).startswith(b"\xff\xd8")
        assert isinstance(text, TextContent)
        seen = text.text.removeprefix("conversation: ")
        asked = told(await client.call_tool("ask", {"question": "what is this", "conversation": seen}))
        assert asked == {
            "answer": "The circle is red.",
            "doubt": "plain",
            "conversation": seen,
            "model": "stepped",
            "advice": None,
            "finish": "stop",
        }
        fresh = told(await client.call_tool("ask", {"question": "what is this"}))
        assert fresh["conversation"] != seen
        again = told(await client.call_tool("ask", {"question": "more", "conversation": fresh["conversation"]}))
        assert again["conversation"] == fresh["conversation"]

    engine = ready_engine()
    with serving(engine) as web:
        talk(Api(web.address, None), conversation)
    assert engine.seen == 2


def test_a_picture_comes_from_a_file_or_a_data_uri(tmp_path: Path) -> None:
    """A picture file of any size that the server takes is sent whole, although JSON would make it a third larger."""
    path = tmp_path / "picture.png"
    path.write_bytes(picture())

    async def conversation(client: Client) -> None:
        for image in (str(path), data_uri(picture())):
            asked = told(await client.call_tool("ask", {"question": "what color is the circle", "image": image}))
            assert asked["answer"] == "The circle is red."
        assert told(await client.call_tool("read", {"image": str(path)}))["text"].startswith("Opening hours")

    with serving(ready_engine(), max_body_bytes=len(picture()) * 4 // 3 + 1000) as web:
        talk(Api(web.address, None), conversation)


def test_print_is_read_and_doubtful_lines_are_named() -> None:
    """`read` returns the text in paragraphs, and which of its lines may be wrong."""

    async def conversation(client: Client) -> None:
        read = told(await client.call_tool("read", {}))
        assert read["text"] == "Opening hours\n\nclosd today"
        assert read["doubtful_lines"] == ["closd today"]
        assert read["advice"] == []

    with serving(ready_engine()) as web:
        talk(Api(web.address, None), conversation)


def test_the_status_is_told() -> None:
    """`status` tells what answers, with the token of the server."""

    async def conversation(client: Client) -> None:
        status = told(await client.call_tool("status", {}))
        assert (status["state"], status["model"], status["has_camera"]) == ("idle", "stepped", True)

    token = "0123456789abcdefghij"
    with serving(ready_engine(), token=token) as web:
        talk(Api(web.address, token), conversation)


def test_what_cannot_be_done_is_one_sentence_for_the_agent(tmp_path: Path) -> None:
    """A wrong argument, a missing file, an unknown conversation, and a token that is missing."""
    (tmp_path / "notes.txt").write_text("no picture")
    wrong = [
        ({"question": " ", "image": data_uri(picture())}, "question is empty: ask something about the picture"),
        ({"question": "x", "image": "photo.jpg"}, "image must be an absolute path or a data URI, not 'photo.jpg'"),
        ({"question": "x", "image": "/nowhere.png"}, "there is no file /nowhere.png: send the path of a picture"),
        ({"question": "x", "image": "/dev/zero"}, "there is no file /dev/zero: send the path of a picture"),
        ({"question": "x", "image": str(tmp_path / "notes.txt")}, "the picture is a text file, not a picture"),
        ({"question": "x", "conversation": "gone"}, "there is no such conversation, or no longer"),
        ({"question": "x", "conversation": "a", "image": "/b"}, "give either image or conversation"),
    ]

    async def conversation(client: Client) -> None:
        for arguments, sentence in wrong:
            said = refusal(await client.call_tool("ask", arguments))
            assert said.startswith(sentence), said
            assert "\n" not in said

    async def without_token(client: Client) -> None:
        said = refusal(await client.call_tool("look", {}))
        assert said == "the SeeSay that runs here wants its token: start seesay mcp with --token-file FILE"

    with serving(ready_engine()) as web:
        talk(Api(web.address, None), conversation)
    with serving(ready_engine(), token="0123456789abcdefghij") as web:
        talk(Api(web.address, None), without_token)


def test_a_full_queue_is_waited_for_and_told_as_progress() -> None:
    """An agent gets its answer when a place is free, and is told meanwhile why it waits."""
    engine = SteppedEngine(words=WORDS)
    progress: list[str] = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        progress.append(message or "")
        if "asking again" in progress[-1]:
            for _ in range(100):
                engine.steps.release()

    async def conversation(client: Client) -> None:
        asked = await client.call_tool("ask", {"question": "what is this"}, progress_callback=note)
        assert told(asked)["answer"] == "The circle is red."

    with serving(engine, queue_limit=1) as web:
        first = threading.Thread(
            target=send_json, args=(web.port, "/api/ask", {"question": "first", "image": data_uri(picture())})
        )
        first.start()
        assert eventually(lambda: engine.seen == 1)
        talk(Api(web.address, None), conversation)
        first.join()
    assert any("others are being answered: asking again in " in message for message in progress)
    assert progress[-1] == "The circle is red."


def test_a_tool_that_works_in_silence_tells_that_it_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the model looks at the picture the agent's program is told so again and again."""
    monkeypatch.setattr(tools, "_SIGN_SECONDS", 0.01)
    engine = SteppedEngine(words=WORDS, see_waits=True)
    progress: list[str] = []

    async def note(done: float, total: float | None, message: str | None) -> None:
        progress.append(message or "")
        if progress.count("still at work") == 3:
            for _ in range(100):
                engine.steps.release()

    async def conversation(client: Client) -> None:
        told(await client.call_tool("ask", {"question": "what is this"}, progress_callback=note))

    with serving(engine) as web:
        talk(Api(web.address, None), conversation)
    assert progress.count("still at work") >= 3


def test_a_call_that_is_cancelled_ends_its_answer() -> None:
    """The engine is free for the next question within a token."""
    engine = SteppedEngine()

    async def conversation(client: Client) -> None:
        call = asyncio.create_task(client.call_tool("ask", {"question": "what is this"}))
        while not engine.asked:
            await asyncio.sleep(0.01)
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(eventually, lambda: web.services.queue.status.length == 0)

    with serving(engine) as web:
        talk(Api(web.address, None), conversation)


def test_a_port_where_nothing_or_something_else_listens_is_not_seesay() -> None:
    """The status tells whether SeeSay is there before anything is sent to it."""

    async def status(api: Api) -> None:
        await api.status()

    with running(parts_with(ready_engine())) as web:
        gone = web.address
        other = Api(f"{web.address}/nothing-is-below-this", None)
        with pytest.raises(NotThere, match="is not SeeSay"):
            asyncio.run(status(other))
    with pytest.raises(NotThere, match="does not answer"):
        asyncio.run(status(Api(gone, None)))
    assert issubclass(NotThere, ApiRefused)
