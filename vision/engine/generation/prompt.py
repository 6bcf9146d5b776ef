"""Turns a picture's size and a question's words into the tokens that the model reads, and its tokens back into text.

    <|im_start|>system
    INSTRUCTIONS<|im_end|>
    <|im_start|>user
    <|vision_start|><|image_pad|>…<|vision_end|>QUESTION<|im_end|>
    <|im_start|>assistant
    ANSWER<|im_end|>

The picture comes before the question, so everything up to `<|vision_end|>` can be read before the question is known.
The system turn, which is left out if there are no instructions, can be read before any picture. The layout is that of
the published `chat_template.jinja`; a test compares the two. This file knows neither weights nor which tokenizer it is
given.
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
_BROKEN = "\N{REPLACEMENT CHARACTER}"  # a decoder shows it for bytes that are not a character, or not yet


class Tokenizer(Protocol):
    """Text to ids and back. `encode` takes plain text: `<|im_end|>` in it is ten characters, not a token."""

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
    """Consecutive tokens of the prompt, as the model reads them."""

    ids: NDArray[np.int64]  # (n,)
    positions: NDArray[np.int64]  # (3, n): time, row, column (M-RoPE); for text all three are the same
    picture_rows: NDArray[np.int64]  # (n,): the row of the encoded picture that stands here, -1 for text

    def __len__(self) -> int:
        return int(self.ids.shape[0])

    def cut(self, size: int) -> list[PromptPart]:
        """The same tokens in the fewest parts of at most `size`, nearly equal ones: a short last part would be slow."""
        parts = -(-len(self) // size)
        ends = [len(self) * part // parts for part in range(parts + 1)]
        return [self._slice(start, end) for start, end in pairwise(ends)]

    def _slice(self, start: int, end: int) -> PromptPart:
        return PromptPart(self.ids[start:end], self.positions[:, start:end], self.picture_rows[start:end])

    @property
    def shift(self) -> int:
        """What to add to a later token's index for its position, because a picture takes fewer positions than tokens.

        It is right for a part whose first token's position is its index: only text, or nothing, may stand before it.
        """
        return int(self.positions.max()) + 1 - int(self.positions[0, 0]) - len(self)


def text_part(ids: Sequence[int], first_position: int) -> PromptPart:
    """Tokens of plain text, with positions that count up from `first_position`."""
    line = np.arange(first_position, first_position + len(ids), dtype=np.int64)
    return PromptPart(np.array(ids, np.int64), np.tile(line, (3, 1)), np.full(len(ids), -1, np.int64))


def picture_part(image_token: int, rows: int, columns: int, first_position: int) -> PromptPart:
    """Image tokens for an encoded picture of rows × columns tokens: all at one time, each at its row and column."""
    count = rows * columns
    row, column = np.divmod(np.arange(count, dtype=np.int64), columns)
    positions = first_position + np.stack([np.zeros_like(row), row, column])  # (3, count)
    return PromptPart(np.full(count, image_token, np.int64), positions, np.arange(count, dtype=np.int64))


def joined(parts: Sequence[PromptPart]) -> PromptPart:
    """Several parts as one."""
    return PromptPart(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.positions for part in parts], axis=1),
        np.concatenate([part.picture_rows for part in parts]),
    )


class ChatPrompt:
    """Builds the parts of a conversation about a picture. `instructions` are plain text, "" for none."""

    def __init__(self, tokenizer: Tokenizer, special: SpecialTokens, instructions: str = "") -> None:
        self._tokenizer = tokenizer
        self._special = special
        newline = tokenizer.encode("\n")
        self._user = [special.turn_start, *tokenizer.encode("user\n")]
        self._assistant = [special.turn_end, *newline, special.turn_start, *tokenizer.encode("assistant\n")]
        self.next_turn = [special.turn_end, *newline, *self._user]
        """The ids that end an answer and open the next question."""
        told = _plain(instructions.strip())
        system = [special.turn_start, *tokenizer.encode(f"system\n{told}"), special.turn_end, *newline] if told else []
        self.preface = text_part(system, 0)
        """The system turn, which is the same before every picture; without instructions it has no tokens."""

    def picture(self, rows: int, columns: int) -> PromptPart:
        """The prompt behind the preface up to `<|vision_end|>`, for an encoded picture of rows × columns tokens."""
        before = text_part([*self._user, self._special.vision_start], len(self.preface))
        first = len(self.preface) + len(before)
        picture = picture_part(self._special.image, rows, columns, first)
        after = text_part([self._special.vision_end], first + max(rows, columns))
        return joined([before, picture, after])

    def no_picture(self) -> PromptPart:
        """The prompt behind the preface up to the question, where there is no picture."""
        return text_part(self._user, len(self.preface))

    def question(self, question: str) -> list[int]:
        """The ids of the question and of what makes the model answer it. Raises QuestionError."""
        return [*self._tokenizer.encode(checked_question(question)), *self._assistant]


def checked_question(question: str) -> str:
    """The question without surrounding space. Raises QuestionError if it is empty or too long."""
    text = question.strip()
    if not text:
        raise QuestionError("the question is empty: ask something about the picture")
    if len(text) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(text):,} characters and at most {MAX_QUESTION_CHARACTERS:,} are read: ask a shorter one"
        )
    return _plain(text)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be tokenised


class TextStream:
    """Turns tokens into text as they come. A character whose bytes are split over tokens waits until it is whole.

    Bytes that never become a character are left out, because nobody wants to hear "replacement character". Each step
    decodes only the last few tokens again, with those before them: some tokenizers decide about spaces by context.
    """

    def __init__(self, tokenizer: Tokenizer, said: Sequence[int] = ()) -> None:
        """`said`: the tokens whose text was given out already, if the stream begins behind them."""
        self._tokenizer = tokenizer
        self._said = list(said)  # the tokens of the last piece of text: the context of the next piece
        self._waiting: list[int] = []

    def push(self, token: int) -> str:
        """The text that this token makes certain: often a word, sometimes nothing."""
        self._waiting.append(token)
        text = self._new_text()
        if not text or text.endswith(_BROKEN):
            return ""
        self._said, self._waiting = self._waiting, []
        return text.replace(_BROKEN, "")

    def rest(self) -> str:
        """The text that still waits at the end, without half a character."""
        return self._new_text().replace(_BROKEN, "")

    def _new_text(self) -> str:
        before = self._tokenizer.decode(self._said)
        return self._tokenizer.decode([*self._said, *self._waiting])[len(before) :]
