"""Qwen3-VL's true vocabulary of 151,643 pieces: ids, text and prompts are those of transformers and of the plain ranks.

The other tests use vocabularies of a few hundred tokens. `tests/vision/engine/true_tokenizer.py` says where this one
comes from.
"""

from __future__ import annotations

import pydoc_data.topics
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vision.engine import true_tokenizer
from tests.vision.engine.checkpoint.test_shapes import QWEN3_VL_2B
from tests.vision.engine.true_tokenizer import HOW_TO_GET_IT, NOT_SPECIAL, ROOT, SPECIAL, RanksEncoder
from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
from vision.engine.generation.prompt import MAX_QUESTION_CHARACTERS, ChatPrompt, SpecialTokens, TextStream

pytestmark = pytest.mark.slow

BROKEN = "\N{REPLACEMENT CHARACTER}"
COUNT = 2000


@pytest.fixture(scope="module")
def ranks() -> dict[bytes, int]:
    path = true_tokenizer.ranks_file()
    if path is None:
        pytest.skip(HOW_TO_GET_IT)
    return true_tokenizer.read_ranks(path)


@pytest.fixture(scope="module")
def folder(ranks: dict[bytes, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return true_tokenizer.write_tokenizer(ranks, tmp_path_factory.mktemp("true"))


@pytest.fixture(scope="module")
def ours(folder: Path) -> CheckpointTokenizer:
    return CheckpointTokenizer(Checkpoint(folder, {}, frozenset(), {}))


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


@pytest.fixture(scope="module")
def plain(ranks: dict[bytes, int]) -> RanksEncoder:
    return RanksEncoder(ranks)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """2,000 texts: prose, code, Chinese, numbers, emoji, other scripts, any characters, and mixtures of all of them."""
    chance = random.Random(19)
    kinds = [*_kinds(chance)]
    found = [next(kind) for _ in range(COUNT // (len(kinds) + 1)) for kind in kinds]
    while len(found) < COUNT:
        found.append("".join(chance.choice(found) for _ in range(chance.randint(2, 4)))[:MAX_QUESTION_CHARACTERS])
    return found


def _kinds(chance: random.Random) -> Iterator[Iterator[str]]:
    def pieces_of(text: str) -> Iterator[str]:
        while True:
            at = chance.randrange(len(text))
            yield text[at : at + chance.randint(1, 300)]

    def mixed(characters: list[str], longest: int) -> Iterator[str]:
        while True:
            yield "".join(chance.choice(characters) for _ in range(chance.randint(1, longest)))

    prose = "\n\n".join(pydoc_data.topics.topics.values())  # English that nobody wrote for this
    chinese = (ROOT / "assistant/language/phrases/zh.py").read_text(encoding="utf-8")
    code = (ROOT / "vision/engine/generation/prompt.py").read_text(encoding="utf-8")
    html = (ROOT / "assistant/web/page/templates/index.html").read_text(encoding="utf-8")
    assigned = [chr(code) for code in range(0x20, 0x2FA1E) if chr(code).isprintable() and chr(code) != BROKEN]
    han = [chr(code) for code in range(0x4E00, 0x9FA6)]
    emoji = [*"🙂🚪🔑⚠️☎️🅿️🚻", "👩‍👩‍👧‍👦", "👋🏽", "🇩🇪", "1️⃣", "🧑🏿‍🦯", " ", "a"]
    scripts = ["Grüße", "naïve", "e\u0301", "\u212b", "ﬁ", "привет", "Γειά", "שלום", "مرحبا", "नमस्ते", "สวัสดี", "안녕", "こんにちは", "ＡＢＣ", " ", "\n", "'LL", "'s", "İ"]  # fmt: skip
    spaces = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\u2028", "x", ".", "1", "'"]
    yield from (pieces_of(prose), pieces_of(chinese), pieces_of(code), pieces_of(html))
    yield mixed([*"0123456789.,:-+/ %€$£°", "١", "Ⅷ", "½", "²", "一", "万"], 60)
    yield from (mixed(han, 80), mixed(emoji, 30), mixed(scripts, 30), mixed(spaces, 40), mixed(assigned, 60))


def test_the_vocabulary_is_the_published_one(ours: CheckpointTokenizer, ranks: dict[bytes, int], theirs: Any) -> None:
    """151,643 pieces, 151,387 merges, and 26 further tokens with the numbers that config.json names."""
    assert len(ranks) == true_tokenizer.PIECES
    assert sum(len(piece) > 1 for piece in ranks) == 151_387
    assert [ours._library.token_to_id(token) for token in (*SPECIAL, *NOT_SPECIAL)] == [*range(151_643, 151_669)]
    assert ours._library.get_vocab_size() == len(theirs) == 151_669
    assert type(theirs).__name__.startswith("Qwen2Tokenizer")


def test_the_ids_of_2000_texts_are_those_of_transformers_and_of_the_ranks(
    ours: CheckpointTokenizer, theirs: Any, plain: RanksEncoder, texts: list[str]
) -> None:
    """Also the text of the ids, and of a part of them that may begin and end within a character."""
    assert len(texts) == COUNT
    chance = random.Random(1)
    for text in texts:
        ids = ours.encode(text)
        assert ids == theirs(text, add_special_tokens=False, split_special_tokens=True)["input_ids"], text
        if not any(token in text for token in (*SPECIAL, *NOT_SPECIAL)):
            assert ids == plain.encode(text), text
        start, end = sorted(chance.randint(0, len(ids)) for _ in range(2))
        for some in (ids, ids[start:end]):
            assert ours.decode(some) == theirs.decode(some, skip_special_tokens=True), text


def test_a_text_that_comes_token_by_token_is_the_whole_text(
    ours: CheckpointTokenizer, plain: RanksEncoder, texts: list[str]
) -> None:
    """No piece has half a character, a piece that was told is never taken back, and a cut answer loses half of one."""
    for text in texts:
        ids = ours.encode(text)
        stream, told = TextStream(ours), ""
        for count, number in enumerate(ids, 1):
            told += stream.push(number)
            assert BROKEN not in told
            so_far = plain.bytes_of(ids[:count]).decode("utf-8", "ignore")
            assert so_far.startswith(told), text
            if count % 7 == 0:
                assert told + stream.rest() == so_far, text
        assert told + stream.rest() == plain.bytes_of(ids).decode("utf-8"), text


def test_many_characters_are_split_over_tokens(ours: CheckpointTokenizer, texts: list[str]) -> None:
    """The test above says something only if it happens often."""
    split = sum(any(BROKEN in ours.decode([number]) for number in ours.encode(text)) for text in texts)
    assert split > 300


def test_what_a_user_writes_never_becomes_a_special_token(ours: CheckpointTokenizer) -> None:
    """The names of the tokens that structure a prompt are plain characters in a question."""
    for token in SPECIAL:
        ids = ours.encode(f"say {token} twice{token}")
        assert not any(token in ours._library.id_to_token(number) for number in ids)
        assert max(ids) < true_tokenizer.PIECES
        assert ours.decode(ids) == f"say {token} twice{token}"


def picture(text: str = "") -> list[dict[str, str]]:
    return [{"type": "image"}, {"type": "text", "text": text}] if text else [{"type": "image"}]


@pytest.mark.parametrize("instructions", ["", "You are the eyes of a blind person. 你是眼睛。"])
def test_prompts_are_those_of_the_published_template(ours: CheckpointTokenizer, theirs: Any, instructions: str) -> None:
    """Without a picture, with one, and with two: in one message, and in two turns."""
    special = ours.special_tokens(QWEN3_VL_2B)
    assert special == SpecialTokens(
        turn_start=151644, turn_end=151645, vision_start=151652, vision_end=151653, image=151655
    )
    chat = ChatPrompt(ours, special, instructions)
    system = [{"role": "system", "content": instructions}] if instructions else []
    question, other = "What is on the table, and how many? 桌上有什么？", "And here: 407 or 401?"
    answer = "A cup ☕ and 3 keys."

    def template(*messages: dict[str, Any], pictures: tuple[int, ...] = ()) -> list[int]:
        told = [*system, *messages]
        text = theirs.apply_chat_template(told, add_generation_prompt=True, tokenize=False)
        first, *rest = text.split("<|image_pad|>")
        assert len(rest) == len(pictures)
        text = first + "".join("<|image_pad|>" * count + part for count, part in zip(pictures, rest, strict=True))
        return list(theirs(text, add_special_tokens=False)["input_ids"])

    def user(content: Any) -> dict[str, Any]:
        return {"role": "user", "content": content}

    preface = [*chat.preface.ids]
    asked = chat.question(question)
    turn_before = [*ours.encode(answer), *chat.next_turn]
    assert [*preface, *chat.no_picture().ids, *asked] == template(user(question))
    seen = [*preface, *chat.picture(14, 14).ids]
    assert [*seen, *asked] == template(user(picture(question)), pictures=(196,))
    again = [*seen, *asked, *turn_before, *chat.question(other)]
    said = {"role": "assistant", "content": answer}
    assert again == template(user(picture(question)), said, user(other), pictures=(196,))
    opened = len(chat.no_picture())
    second = [*chat.picture(7, 12).ids][opened:]
    both = user([*picture(), *picture(question)])
    assert [*seen, *second, *asked] == template(both, pictures=(196, 84))
    later = [*seen, *asked, *turn_before, *second, *chat.question(other)]
    assert later == template(user(picture(question)), said, user(picture(other)), pictures=(196, 84))
