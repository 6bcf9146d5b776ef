"""From a picture's size and a question's words to the tokens that the model reads, and from its tokens back to text.

    <|im_start|>system
    INSTRUCTIONS<|im_end|>
    <|im_start|>user
    <|vision_start|><|image_pad|>…<|vision_end|>QUESTION<|im_end|>
    <|im_start|>assistant
    ANSWER<|im_end|>

The picture comes before the question, so everything up to `<|vision_end|>` can be read before the question is known,
and the system turn before any picture is. Without instructions there is none. The layout is that of the published
`chat_template.jinja`; a test holds them equal. Pure: it knows neither weights nor which tokenizer it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.errors import QuestionError

MAX_QUESTION_CHARACTERS = 2000
_BROKEN = "\N{REPLACEMENT CHARACTER}"  # what a decoder shows for bytes that are not (yet) a character


class Tokenizer(Protocol):
    """Text to ids and back. `encode` must see plain text only: `<|im_end|>` in it is eight characters, not a token."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Sequence[int]) -> str: ...


@dataclass(frozen=True)
class SpecialTokens:
    """The ids that structure a prompt. They differ between checkpoints, so they are read from the checkpoint."""

    turn_start: int  # <|im_start|>
    turn_end: int  # <|im_end|>
    vision_start: int
    vision_end: int
    image: int  # <|image_pad|>


@dataclass(frozen=True, eq=False)
class PromptPart:
    """A stretch of the prompt as the model takes it."""

    ids: NDArray[np.int64]  # (n,)
    positions: NDArray[np.int64]  # (3, n): time, row, column (M-RoPE); text has the same number three times
    picture_rows: NDArray[np.int64]  # (n,): which row of the encoded picture stands here, -1 for text

    def __len__(self) -> int:
        return int(self.ids.shape[0])

    def cut(self, size: int) -> list[PromptPart]:
        """The same tokens in as few parts of at most `size` as it takes, all nearly equal: a short rest is dear."""
        parts = -(-len(self) // size)
        ends = [len(self) * part // parts for part in range(parts + 1)]
        return [self._slice(start, end) for start, end in pairwise(ends)]

    def _slice(self, start: int, end: int) -> PromptPart:
        return PromptPart(self.ids[start:end], self.positions[:, start:end], self.picture_rows[start:end])

    @property
    def shift(self) -> int:
        """What to add to a later token's index to get its position: a picture takes fewer positions than tokens.

        Of a part that begins at the position of its index: only text, or nothing, is before it.
        """
        return int(self.positions.max()) + 1 - int(self.positions[0, 0]) - len(self)


def text_part(ids: Sequence[int], first_position: int) -> PromptPart:
    """Tokens of plain text whose positions count on from `first_position`."""
    line = np.arange(first_position, first_position + len(ids), dtype=np.int64)
    return PromptPart(np.array(ids, np.int64), np.tile(line, (3, 1)), np.full(len(ids), -1, np.int64))


def picture_part(image_token: int, rows: int, columns: int, first_position: int) -> PromptPart:
    """Image tokens for an encoded picture of rows × columns (after merging): all at one time, each at its place."""
    count = rows * columns
    row, column = np.divmod(np.arange(count, dtype=np.int64), columns)
    positions = first_position + np.stack([np.zeros_like(row), row, column])  # (3, count)
    return PromptPart(np.full(count, image_token, np.int64), positions, np.arange(count, dtype=np.int64))


def joined(parts: Sequence[PromptPart]) -> PromptPart:
    return PromptPart(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.positions for part in parts], axis=1),
        np.concatenate([part.picture_rows for part in parts]),
    )


class ChatPrompt:
    """Builds the parts of a conversation about one picture. `instructions` are plain text, "" for none."""

    def __init__(self, tokenizer: Tokenizer, special: SpecialTokens, instructions: str = "") -> None:
        self._tokenizer = tokenizer
        self._special = special
        newline = tokenizer.encode("\n")
        self._user = [special.turn_start, *tokenizer.encode("user\n")]
        self._assistant = [special.turn_end, *newline, special.turn_start, *tokenizer.encode("assistant\n")]
        self.next_turn = [special.turn_end, *newline, *self._user]
        """Ends the answer before and opens the next question."""
        told = _plain(instructions.strip())
        system = [special.turn_start, *tokenizer.encode(f"system\n{told}"), special.turn_end, *newline] if told else []
        self.preface = text_part(system, 0)
        """The system turn, the same before every picture; no tokens without instructions."""

    def picture(self, rows: int, columns: int) -> PromptPart:
        """What follows the preface, up to and with `<|vision_end|>`, for an encoded picture of rows × columns tokens."""
        before = text_part([*self._user, self._special.vision_start], len(self.preface))
        first = len(self.preface) + len(before)
        picture = picture_part(self._special.image, rows, columns, first)
        after = text_part([self._special.vision_end], first + max(rows, columns))
        return joined([before, picture, after])

    def no_picture(self) -> PromptPart:
        """What follows the preface where there is no picture: the question is next."""
        return text_part(self._user, len(self.preface))

    def question(self, question: str) -> list[int]:
        """The question and what makes the model answer it. Raises QuestionError."""
        return [*self._tokenizer.encode(checked_question(question)), *self._assistant]


def checked_question(question: str) -> str:
    """The question without surrounding space. Raises QuestionError when it is empty or too long."""
    text = question.strip()
    if not text:
        raise QuestionError("the question is empty: ask something about the picture")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(text):,} characters and at most {MAX_QUESTION_CHARACTERS:,} are read: ask a shorter one"
        )
    return _plain(text)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text that can be tokenised


class TextStream:
    """Turns tokens into text as they come. A character whose bytes are split over tokens waits until it is whole.

    Bytes that never become a character are left out: nobody wants to hear "replacement character". Only the last few
    tokens are decoded again at each step, with the ones before them for the spaces that some tokenizers join by
    context.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._said: list[int] = []  # the tokens of the piece given out last: context for the next
        self._waiting: list[int] = []

    def push(self, token: int) -> str:
        """The text that has become certain with this token, often one word, sometimes none."""
        self._waiting.append(token)
        text = self._new_text()
        if not text or text.endswith(_BROKEN):
            return ""
        self._said, self._waiting = self._waiting, []
        return text.replace(_BROKEN, "")

    def rest(self) -> str:
        """What was still waiting at the end, without half a character."""
        return self._new_text().replace(_BROKEN, "")

    def _new_text(self) -> str:
        before = self._tokenizer.decode(self._said)
        return self._tokenizer.decode([*self._said, *self._waiting])[len(before) :]
