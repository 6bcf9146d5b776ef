"""`seesay mcp` as an agent has it: a process of its own, started and spoken to by the official package's client."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason='the extra "mcp" is not installed')

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, ImageContent

from assistant.cli.demo import demo_scene
from assistant.cli.main import main
from vision.demo_model.world import draw

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 180.0  # the arithmetic may have to be compiled, while other tests use the processor
TOKEN = "0123456789abcdefghij"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def written_config(folder: Path, *, port: int, more: str = "") -> Path:
    """A configuration with a drawn picture as camera."""
    draw(demo_scene()[0]).save(folder / "picture.png")
    path = folder / "config.toml"
    path.write_text(f'[seeing]\ncamera = "{folder / "picture.png"}"\n[web]\nport = {port}\n{more}', encoding="utf-8")
    return path


def environment(folder: Path) -> dict[str, str]:
    """That of this machine, but with no model that somebody has fetched."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(folder)}


def command(config: Path, *options: str, verb: str = "mcp") -> list[str]:
    return [sys.executable, "-m", "assistant", verb, "--config", str(config), *options]


def talk(
    config: Path, errors: Path, conversation: Callable[[ClientSession], Awaitable[None]], *options: str
) -> list[str]:
    """Starts the command as an agent does and returns the lines that it wrote on standard error."""
    program, *arguments = command(config, *options)
    started = StdioServerParameters(command=program, args=arguments, env=environment(config.parent))

    async def connected() -> None:
        with errors.open("w", encoding="utf-8") as file:
            async with stdio_client(started, errlog=file) as streams, ClientSession(*streams) as session:
                await asyncio.wait_for(session.initialize(), PATIENCE_SECONDS)
                await asyncio.wait_for(conversation(session), PATIENCE_SECONDS)

    asyncio.run(connected())
    return errors.read_text(encoding="utf-8").splitlines()


def told(result: CallToolResult) -> Any:
    assert not result.is_error, result.content
    return result.structured_content


def test_without_a_running_server_it_answers_with_a_model_of_its_own(tmp_path: Path) -> None:
    """All four tools work, with the picture that stands for the camera, and nothing is loaded before the first call.

    Where looks are announced, standard error says that nobody hears it without a loudspeaker.
    """
    config = written_config(
        tmp_path, port=0, more='announce_looks = "on"\n[speaking]\noutput_device = "no such loudspeaker"\n'
    )

    async def conversation(session: ClientSession) -> None:
        listed = await session.list_tools()
        assert [tool.name for tool in listed.tools] == ["look", "ask", "read", "status"]
        assert all(tool.description for tool in listed.tools)
        assert "loading" not in (tmp_path / "errors").read_text(encoding="utf-8")
        assert told(await session.call_tool("status", {}))["model"] == "demo_model"
        image, _ = (await session.call_tool("look", {})).content
        assert isinstance(image, ImageContent)
        answer = told(await session.call_tool("ask", {"question": "what color is the circle"}))
        assert answer["answer"] == "The circle is red."
        assert told(await session.call_tool("read", {}))["text"] == "OPEN"

    said = talk(config, tmp_path / "errors", conversation)
    assert said[0] == "no seesay serve runs here: loading a model of its own"
    assert any("nobody here hears when somebody looks through the camera" in line for line in said)
    assert not any("the page and the API are at" in line for line in said)


def test_a_running_server_answers_and_no_second_model_is_loaded(tmp_path: Path) -> None:
    """The tools find it by the configuration, with the token file. A wrong token is told in one sentence."""
    port = free_port()
    config = written_config(tmp_path, port=port)
    token = tmp_path / "token"
    token.write_text(TOKEN, encoding="ascii")
    token.chmod(0o600)
    with subprocess.Popen(
        command(config, "--token-file", str(token), verb="serve"),
        env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as serve:  # fmt: skip
        try:
            assert serve.stderr is not None
            assert any("the page and the API are at" in line for line in serve.stderr)

            async def conversation(session: ClientSession) -> None:
                answer = told(await session.call_tool("ask", {"question": "what color is the circle"}))
                assert answer["answer"] == "The circle is red."

            async def refused(session: ClientSession) -> None:
                result = await session.call_tool("status", {})
                assert result.is_error
                assert "wants its token: start seesay mcp with --token-file FILE" in str(result.content)

            assert talk(config, tmp_path / "errors", conversation, "--token-file", str(token)) == []
            assert talk(config, tmp_path / "errors", refused) == []
        finally:
            serve.kill()


def test_standard_output_holds_the_protocol_alone_and_a_signal_ends_it(tmp_path: Path) -> None:
    """Every line is a JSON-RPC message, and SIGTERM ends the program although its standard input is open."""
    config = written_config(tmp_path, port=0)
    with subprocess.Popen(
        command(config),
        env=environment(tmp_path), cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "status", "arguments": {}}}
        for message in (INITIALIZE, {"jsonrpc": "2.0", "method": "notifications/initialized"}, call):
            process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [(answer["jsonrpc"], answer["id"]) for answer in answers] == [("2.0", 1), ("2.0", 2)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130
        assert process.stdout.read() == b""


def test_it_ends_when_standard_input_ends(tmp_path: Path) -> None:
    """That is how an agent's program ends it; the exit status is then 0."""
    config = written_config(tmp_path, port=0)
    done = subprocess.run(
        command(config), env=environment(tmp_path), input=b"", capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_without_the_package_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit status 3."""
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "assistant.agents.tools", raising=False)
    assert main(["mcp", "--config", str(written_config(tmp_path, port=0))]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        'seesay: seesay mcp needs the Python package mcp: .venv/bin/pip install ".[mcp]" in the folder of SeeSay\n'
    )
