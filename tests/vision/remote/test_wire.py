"""What is sent to another computer's engine, and how its replies are read."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vision.remote.wire import Exchange, messages, picture_as_uri, piece_of, printable


def decoded(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_picture_is_sent_as_a_jpeg_with_its_longer_side_bounded() -> None:
    """The shape stays, a small picture is not enlarged, and the JPEG contains nothing but pixels."""
    rgb = np.zeros((1080, 1920, 3), np.uint8)
    rgb[:, :, 0] = 200
    picture = decoded(picture_as_uri(rgb, 1024))
    assert picture.size == (1024, 576)
    red, green, blue = np.asarray(picture)[288, 512].tolist()
    assert abs(red - 200) < 4
    assert max(green, blue) < 4
    assert not picture.getexif()
    assert decoded(picture_as_uri(np.zeros((30, 40, 3), np.uint8), 1024)).size == (40, 30)


def test_the_conversation_has_the_picture_once_before_the_first_question() -> None:
    """The order is instructions, picture with the first question, answer, and the next question."""
    told = messages("Be brief.", "data:x", [Exchange("what is it", "A cup.")], "what color")
    assert [message["role"] for message in told] == ["system", "user", "assistant", "user"]
    assert told[1]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:x"}},
        {"type": "text", "text": "what is it"},
    ]
    assert told[2:] == [{"role": "assistant", "content": "A cup."}, {"role": "user", "content": "what color"}]
    assert [message["role"] for message in messages("", "data:x", [], "q")] == ["user"]


def test_without_a_picture_only_words_are_sent() -> None:
    """The question is then plain text, which every such server can read."""
    assert messages("", "", [Exchange("a", "b")], "c") == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def chunk(content: Any = None, finish: Any = None, logprobs: Any = None, usage: Any = None) -> Any:
    choice = SimpleNamespace(delta=SimpleNamespace(content=content), finish_reason=finish, logprobs=logprobs)
    return SimpleNamespace(choices=[choice], usage=usage)


def probabilities(*values: Any) -> Any:
    return SimpleNamespace(content=[SimpleNamespace(logprob=value) for value in values])


def test_text_comes_with_the_log_probabilities_of_its_tokens() -> None:
    """A value just above 0 counts as rounding.

    Without any values, the text counts as one token of unknown certainty.
    """
    piece = piece_of(chunk("cup", logprobs=probabilities(-0.5, 0.0005)))
    assert piece is not None
    assert (piece.text, piece.tokens, piece.log_probabilities) == ("cup", 2, (-0.5, 0.0))
    plain = piece_of(chunk("cup"))
    assert plain is not None
    assert (plain.tokens, plain.log_probabilities) == (1, ())


@pytest.mark.parametrize("values", [(-0.5, "sure"), (float("nan"),), (3.0,), (None,)])
def test_log_probabilities_that_are_none_are_left_out(values: tuple[Any, ...]) -> None:
    """The text is used all the same."""
    piece = piece_of(chunk("cup", logprobs=probabilities(*values)))
    assert piece is not None
    assert (piece.text, piece.log_probabilities) == ("cup", ())


def test_an_event_that_says_nothing_is_none() -> None:
    """The role at the beginning and an empty text give no piece."""
    assert piece_of(chunk()) is None
    assert piece_of(chunk("")) is None
    assert piece_of(SimpleNamespace(choices=[], usage=None)) is None


def test_the_counts_at_the_end_are_taken_if_they_are_counts() -> None:
    """Anything that is not a valid count is ignored."""
    end = piece_of(SimpleNamespace(choices=[], usage=SimpleNamespace(prompt_tokens=7, completion_tokens="many")))
    assert end is not None
    assert (end.prompt_tokens, end.cached_tokens, end.answer_tokens) == (7, None, None)
    details = SimpleNamespace(cached_tokens=5)
    known = piece_of(SimpleNamespace(choices=[], usage=SimpleNamespace(prompt_tokens=7, prompt_tokens_details=details)))
    assert known is not None
    assert known.cached_tokens == 5


@pytest.mark.parametrize(
    "wrong", [SimpleNamespace(), SimpleNamespace(choices="x"), "text", chunk(5), chunk("x" * 5000)]
)
def test_another_thing_altogether_is_refused(wrong: Any) -> None:
    """It becomes the message that the server does not speak this protocol."""
    with pytest.raises(ValueError, match=r"event|piece"):
        piece_of(wrong)


def test_nothing_in_an_answer_or_a_message_steers_the_terminal() -> None:
    """Control characters and halves of characters are removed; the line end and every script stay."""
    piece = piece_of(chunk("a\x1b[2Jb\nc\x07\ud83d 杯子"))
    assert piece is not None
    assert piece.text == "a[2Jb\nc 杯子"
    assert printable("bad\x1b[31m\n key " + "x" * 300) == ("bad [31m key " + "x" * 300)[:199] + "…"
