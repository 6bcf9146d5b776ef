import struct
from pathlib import Path

import pytest

from audio.errors import SpeechModelError
from audio.recognition.model_trial import check_words
from audio.recognition.vocabulary import known_words

WORDS = ("<eps>", "Stop", "카메라", "[unk]", "#0")


def text(content: str) -> bytes:
    encoded = content.encode()
    return struct.pack("<i", len(encoded)) + encoded


def table(words: tuple[str, ...]) -> bytes:
    entries = b"".join(text(word) + struct.pack("<q", number) for number, word in enumerate(words))
    return struct.pack("<i", 2_125_658_996) + text("words.txt") + struct.pack("<qq", len(words), len(words)) + entries


def grammar(words: tuple[str, ...], flags: int = 3) -> bytes:
    """A Gr.fst as OpenFst writes it, up to its states."""
    head = (
        struct.pack("<i", 2_125_659_606)
        + text("ngram")
        + text("standard")
        + struct.pack("<iiQqqq", 4, flags, 0, 0, 9, 9)
    )
    return head + (table(("other",)) if flags & 1 else b"") + (table(words) if flags & 2 else b"") + b"states"


def model(folder: Path, content: bytes) -> Path:
    (folder / "graph").mkdir()
    (folder / "graph" / "Gr.fst").write_bytes(content)
    return folder


@pytest.mark.parametrize("flags", [2, 3])
def test_the_words_of_a_published_model_are_in_its_grammar(flags: int, tmp_path: Path) -> None:
    """The small models have no words.txt; the table is read from Gr.fst, without its signs and in lower case."""
    folder = model(tmp_path, grammar(WORDS, flags))
    assert known_words(folder) == {"stop", "카메라"}
    check_words(folder)


def test_a_words_txt_counts_first(tmp_path: Path) -> None:
    """Where there is a table in a file of its own, that is the one which is used."""
    folder = model(tmp_path, b"anything")
    (folder / "graph" / "words.txt").write_text("<eps> 0\nGo 1\n")
    assert known_words(folder) == {"go"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no fst at all, but long enough to be read as one",
        grammar(WORDS, 1),
        grammar(()),
        grammar(WORDS)[:150],
        grammar(WORDS).replace(struct.pack("<i", 4) + b"Stop", struct.pack("<i", -4) + b"Stop"),
        grammar(WORDS).replace(struct.pack("<qq", 5, 5), struct.pack("<qq", 5, 1 << 40)),
    ],
)
def test_a_damaged_table_is_refused(content: bytes, tmp_path: Path) -> None:
    """A file that is no FST, or whose table is missing, empty, cut or absurd, is one clear sentence."""
    folder = model(tmp_path, content)
    for read in (known_words, check_words):
        with pytest.raises(SpeechModelError, match=r"has no words\.txt, and no words in its Gr\.fst"):
            read(folder)


def test_a_model_without_any_table_is_refused(tmp_path: Path) -> None:
    """Neither words.txt nor Gr.fst."""
    with pytest.raises(SpeechModelError, match=r"has no words\.txt: fetch it again"):
        known_words(tmp_path)
