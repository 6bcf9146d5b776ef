"""`POST /v1/responses` with the real `openai` package as client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    Running,
    SteppedEngine,
    data_uri,
    parts_with,
    picture,
    running,
)

URI = data_uri(picture())


@pytest.fixture(scope="module")
def client(web: Running) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{web.address}/v1", api_key="none", max_retries=0, timeout=20.0) as made:
        yield made


def user(text: str, uri: str = URI) -> dict[str, Any]:
    parts = [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": uri, "detail": "auto"}]
    return {"role": "user", "content": parts}


ASK: dict[str, Any] = {"model": "demo_model", "input": [user(QUESTION)]}


def test_a_response_in_one_piece(client: Any) -> None:
    """It has its text, its tokens counted, and says that nothing is stored."""
    done = client.responses.create(**ASK)
    assert (done.output_text, done.status, done.model) == (ANSWER, "completed", "demo_model")
    assert done.usage.output_tokens == 5
    assert done.usage.total_tokens == done.usage.input_tokens + 5
    assert done.store is False


def test_a_response_as_it_comes(client: Any) -> None:
    """The events come in OpenAI's order and are counted, and the client puts them together."""
    with client.responses.stream(**ASK) as stream:
        events = list(stream)
        assert stream.get_final_response().output_text.strip() == ANSWER
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"
    ]  # fmt: skip
    assert kinds[-1] == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta").strip() == ANSWER
    assert [event.sequence_number for event in events] == sorted({event.sequence_number for event in events})


def test_a_short_response_is_incomplete(client: Any) -> None:
    """The client learns that the limit ended it, in one piece and as it comes."""
    done = client.responses.create(**ASK, max_output_tokens=2)
    assert (done.status, done.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    events = list(client.responses.create(**ASK, max_output_tokens=2, stream=True))
    assert events[-1].type == "response.incomplete"


def test_instructions_and_earlier_turns_are_told() -> None:
    """A model that was made for it gets them before the question. A text alone is a question without a picture."""
    engine = SteppedEngine(tokens=2, is_demo=False)
    engine.steps.release(4)
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        {"role": "user", "content": "and now"},
    ]
    with (
        running(parts_with(engine)) as server,
        openai.OpenAI(base_url=f"{server.address}/v1", api_key="none", max_retries=0) as client,
    ):
        assert client.responses.create(model="stepped", input="hello").output_text == "word word"
        client.responses.create(model="stepped", input=turns, instructions="Be brief.")  # type: ignore[arg-type]
    assert engine.asked[0] == "hello"
    for told in ("Be brief.", "Question: hello\nAnswer: hi", "and now"):
        assert told in engine.asked[1]


@pytest.mark.parametrize(
    ("change", "status", "code", "parameter"),
    [
        ({"model": "gpt-5"}, 404, "model_not_found", "model"),
        ({"input": []}, 400, "missing_parameter", "input"),
        ({"input": ""}, 400, "missing_parameter", "input"),
        ({"input": [5]}, 400, "invalid_parameter", "input[0]"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, 400, "invalid_parameter", "input[0]"),
        ({"input": [{"role": "tool", "content": "x"}]}, 400, "invalid_parameter", "input[0].role"),
        ({"input": [{"role": "user", "content": []}]}, 400, "invalid_parameter", "input[0].content"),
        ({"input": [{"role": "user", "content": [5]}]}, 400, "invalid_parameter", "input[0].content[0]"),
        ({"input": [user(QUESTION, "http://x/")]}, 400, "invalid_parameter", "input[0].content[1].image_url"),
        ({"input": "hello"}, 400, "missing_picture", "messages"),
        ({"instructions": 5}, 400, "invalid_parameter", "instructions"),
        ({"tools": [{"type": "web_search"}]}, 400, "unsupported_parameter", "tools"),
        ({"previous_response_id": "resp_1"}, 400, "unsupported_parameter", "previous_response_id"),
        ({"background": True}, 400, "unsupported_parameter", "background"),
        ({"text": {"format": {"type": "json_object"}}}, 400, "unsupported_parameter", "text.format"),
        ({"temperature": 3}, 400, "invalid_parameter", "temperature"),
        ({"max_output_tokens": 0}, 400, "invalid_parameter", "max_output_tokens"),
    ],
)
def test_what_cannot_be_is_refused(client: Any, change: dict[str, Any], status: int, code: str, parameter: str) -> None:
    """The error object is the one from which the client makes its exceptions."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.responses.create(**{**ASK, **change})
    error = caught.value
    assert (error.status_code, error.code, error.param) == (status, code, parameter)


def test_a_failure_in_the_middle_is_told() -> None:
    """A stream that has begun ends with an error, from which the client makes an exception."""
    engine = SteppedEngine(error=RuntimeError("inside"))
    engine.steps.release(10)
    with (
        running(parts_with(engine)) as server,
        openai.OpenAI(base_url=f"{server.address}/v1", api_key="none", max_retries=0) as client,
        pytest.raises(openai.APIError, match="something failed here"),
    ):
        list(client.responses.create(**{**ASK, "model": "stepped"}, stream=True))
