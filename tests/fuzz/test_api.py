"""The bodies of requests to the web server: forms, JSON, and the protocols of OpenAI and Ollama.

A body passes the real Flask application, its limits included, in this process. An engine with one word answers.
"""

from __future__ import annotations

import json
import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.web.app import create_app
from assistant.web.services import Services
from assistant.web.settings import WebSettings
from tests.assistant.web.api.serving import SteppedEngine, data_uri, form, parts_with, picture
from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import json_bytes, json_mutated
from tests.fuzz.test_wav import wav

_SMALL = picture(size=(8, 8))
_URI = data_uri(_SMALL)
_MOST_BODY_BYTES = 50_000


class Refused(Exception):
    """The server answered with an error of its own, in JSON."""


@lru_cache(maxsize=1)
def _client() -> Any:
    engine = SteppedEngine(words=(("word", 0.0),))
    engine.steps.release(100_000_000)
    parts = parts_with(engine, hear=lambda path, stopped: ("what is it", 0.9))
    settings = WebSettings(port=0, requests_per_minute=1_000_000_000, max_body_bytes=_MOST_BODY_BYTES, ollama=True)
    return create_app(Services(parts, settings)).test_client()


def _post(path: str, body: bytes, kind: str) -> None:
    """Raises `Refused` for an error in the promised form, and AssertionError for anything else than an answer."""
    with _client().post(path, data=body, content_type=kind, headers={"Host": "127.0.0.1"}) as answer:
        text = answer.get_data()  # a stream is read to its end
        if answer.status_code == 200:
            return
        assert 400 <= answer.status_code < 500, (answer.status_code, text[:200])
        error = json.loads(text)["error"]
        raise Refused(error if isinstance(error, str) else error["message"])


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    return seed[:1] + json_bytes(json_mutated(json.loads(seed[1:]), rng))


def _json_target(name: str, bodies: list[tuple[str, dict[str, Any]]]) -> Target:
    """A target for JSON bodies. An input begins with the number of the path to which the rest is sent."""
    paths = sorted({path for path, _ in bodies})

    def read(data: bytes, folder: Path) -> None:
        _post(paths[data[0] % len(paths)] if data else paths[0], data[1:], "application/json")

    def seeds() -> list[bytes]:
        return [bytes([paths.index(path)]) + json_bytes(body) for path, body in bodies]

    return Target(name, seeds, read, (Refused,), tokens=(b'"image"', b'"stream":true', _URI.encode()), rewrite=_rewrite)


def _form_seeds() -> list[bytes]:
    question, image = "what is it", ("image/png", _SMALL)
    return [
        form({"question": question, "image": image})[0],
        form({"question": question, "image": _URI, "speak": "0", "max_tokens": "5"})[0],
        form({"audio": ("audio/wav", wav("PCM_16", 8000, 1)), "image": image})[0],
    ]


def _read_form(data: bytes, folder: Path) -> None:
    _post("/api/ask", data, "multipart/form-data; boundary=B")


_PART = {"type": "image_url", "image_url": {"url": _URI}}
_USER = {"role": "user", "content": [{"type": "text", "text": "what is it"}, _PART]}
_EARLIER = [{"role": "system", "content": "Be brief."}, _USER, {"role": "assistant", "content": "A cup."}]
_ITEM = {
    "role": "user",
    "content": [{"type": "input_text", "text": "what"}, {"type": "input_image", "image_url": _URI}],
}
_BASE64 = _URI.partition(",")[2]
_NAMED = {"model": "stepped"}

TARGETS = (
    Target("form", _form_seeds, _read_form, (Refused,), (b"--B\r\n", b"--B--", b'; name="image"', b'; filename="a"', b"\r\n\r\n")),
    _json_target(
        "json",
        [
            ("/api/ask", {"question": "what is it", "image": _URI, "max_tokens": 5, "speak": False}),
            ("/api/ask", {"audio": data_uri(wav("PCM_16", 8000, 1), "audio/wav"), "image": _URI}),
        ],
    ),
    _json_target(
        "openai",
        [
            ("/v1/chat/completions", {**_NAMED, "messages": [_USER], "temperature": 0.5, "stop": ["."], "max_tokens": 5}),
            (
                "/v1/chat/completions",
                {**_NAMED, "messages": [*_EARLIER, {"role": "user", "content": "where"}], "stream": True,
                 "stream_options": {"include_usage": True}, "logprobs": True, "response_format": {"type": "text"}},
            ),
            ("/v1/responses", {**_NAMED, "input": [_ITEM], "instructions": "Be brief.", "max_output_tokens": 5}),
            ("/v1/responses", {**_NAMED, "input": [_ITEM], "stream": True, "text": {"format": {"type": "text"}}}),
        ],
    ),
    _json_target(
        "ollama",
        [
            ("/api/chat", {**_NAMED, "messages": [{"role": "user", "content": "what", "images": [_BASE64]}], "stream": False}),
            ("/api/chat", {**_NAMED, "messages": [{"role": "user", "content": "what", "images": [_URI]}], "options": {"num_predict": 5, "stop": ["."]}}),
            ("/api/generate", {**_NAMED, "prompt": "what", "images": [_BASE64], "system": "Be brief.", "stream": False}),
        ],
    ),
)  # fmt: skip


def test_a_hostile_form_is_answered_with_a_sentence() -> None:
    """Whatever the parts of a form hold, there is an answer or an error in JSON that is not the server's own fault."""
    assert usual_faults(TARGETS[0]) == []


def test_hostile_json_is_answered_with_a_sentence() -> None:
    """The same for JSON bodies of the server's own protocol."""
    assert usual_faults(TARGETS[1]) == []


def test_a_hostile_openai_request_is_answered_with_a_sentence() -> None:
    """The same for both of OpenAI's protocols."""
    assert usual_faults(TARGETS[2]) == []


def test_a_hostile_ollama_request_is_answered_with_a_sentence() -> None:
    """The same for Ollama's protocol."""
    assert usual_faults(TARGETS[3]) == []
