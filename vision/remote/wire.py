"""What is sent to a server that speaks OpenAI's chat completions, and what it sends back.

No function here makes a connection. The replies were written by another program on another computer, so every value is
checked before it is used.
"""

from __future__ import annotations

import base64
import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vision.frame import Rgb

JPEG_QUALITY = 90  # from 1 to 100: at 90 printed text stays sharp, and a picture of 1024 pixels has about 150 KB
MAX_TEXT_CHARACTERS = 4000  # the longest text of one piece; a token has only a few characters


@dataclass(frozen=True)
class Exchange:
    """One question about a picture, and its complete answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Piece:
    """The next part of an answer, or the counts at its end."""

    text: str = ""
    tokens: int = 0  # the tokens of this text; 1 if the server does not tell
    log_probabilities: tuple[float, ...] = ()  # natural, one for each token; () if the server does not tell
    finish: str | None = None  # why the answer ended, in the server's own word
    prompt_tokens: int | None = None  # the tokens of the whole prompt
    cached_tokens: int | None = None  # the tokens of the prompt that the server did not compute again
    answer_tokens: int | None = None


def picture_as_uri(rgb: Rgb, longest_pixels: int) -> str:
    """A JPEG as a data URI. Its longer side is at most `longest_pixels`; it is not made square and never enlarged.

    The server scales it to the size that its model takes. Many models can read text in a larger picture that is lost at
    448x448.
    """
    from PIL import Image

    picture = Image.fromarray(rgb)
    picture.thumbnail((longest_pixels, longest_pixels), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def messages(instructions: str, picture_uri: str, before: Sequence[Exchange], question: str) -> list[dict[str, Any]]:
    """The conversation as a list of messages, from the instructions to the newest question.

    The picture goes before the first question; an empty `picture_uri` leaves it out.
    """
    told: list[dict[str, Any]] = [{"role": "system", "content": instructions}] if instructions else []
    for number, text in enumerate([*(exchange.question for exchange in before), question]):
        picture = [{"type": "image_url", "image_url": {"url": picture_uri}}] if number == 0 and picture_uri else []
        told.append({"role": "user", "content": [*picture, {"type": "text", "text": text}] if picture else text})
        if number < len(before):
            told.append({"role": "assistant", "content": before[number].answer})
    return told


def piece_of(chunk: Any) -> Piece | None:
    """What one event of the stream contains, or None if it has nothing of use.

    Raises ValueError if the event is not part of a chat completion.
    """
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list):
        raise ValueError("an event without choices")
    usage = getattr(chunk, "usage", None)
    prompt_tokens, answer_tokens = (_count(getattr(usage, f"{kind}_tokens", None)) for kind in ("prompt", "completion"))
    cached_tokens = _count(getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", None))
    if not choices:
        counts = Piece(prompt_tokens=prompt_tokens, cached_tokens=cached_tokens, answer_tokens=answer_tokens)
        return counts if usage is not None else None
    choice = choices[0]
    text = _plain(getattr(getattr(choice, "delta", None), "content", None))
    finish = getattr(choice, "finish_reason", None)
    if not text and finish is None and usage is None:
        return None
    told = _log_probabilities(getattr(choice, "logprobs", None))
    return Piece(
        text,
        (len(told) or 1) if text else 0,
        told if text else (),
        None if finish is None else str(finish),
        prompt_tokens,
        cached_tokens,
        answer_tokens,
    )


def printable(text: object, longest: int = 200) -> str:
    """A server's words in one line for a message, without characters that control a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _plain(text: Any) -> str:
    """Text that can be spoken and printed: no control characters, no halves of surrogate pairs. Raises ValueError."""
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError("a piece of the answer that is no text, or endless")
    whole = text.encode("utf-8", "ignore").decode("utf-8")
    return "".join(c for c in whole if c == "\n" or unicodedata.category(c) != "Cc")


def _log_probabilities(told: Any) -> tuple[float, ...]:
    content = getattr(told, "content", None)
    values = [getattr(token, "logprob", None) for token in content] if isinstance(content, list) else []
    good = all(isinstance(value, (int, float)) and not math.isnan(value) and value <= 1e-3 for value in values)
    return tuple(min(0.0, float(value)) for value in values if value is not None) if good else ()


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 10_000_000 else None
