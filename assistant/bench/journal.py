"""Measures the journal: what a turn costs to write, how large the files become, and how long reading them takes.

    python -m assistant.bench.journal --turns 10000 --pictures 1000

It writes into a temporary folder, below $TMPDIR. It knows neither microphone nor model: the turns are made up, and the
pictures are one photograph-like picture of 1920×1080 pixels, each with other bytes at its end.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from assistant import console
from assistant.inspection.export import csv_pieces, json_pieces, picture_name, write_zip
from assistant.inspection.journal import DATABASE_NAME, Journal
from assistant.inspection.record import TURN, Entry, Record
from assistant.inspection.report_page import Summary, page_pieces
from assistant.inspection.verify import verify

_WORDS = (
    "the valve is open closed left right red gauge shows seven point two bar label pump drips on near floor".split()
)
_BEGIN = dt.datetime(2026, 1, 1, 8, 0, tzinfo=dt.timezone.utc)


def picture(rng: random.Random) -> bytes:
    """A JPEG file of 1920×1080 pixels with as much detail as a grainy photograph: some 600 KB at the quality of the journal."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(rng.randrange(1000))
    small = noise.integers(0, 256, (135, 240, 3), dtype=np.uint8)
    large = np.asarray(Image.fromarray(small).resize((1920, 1080), Image.Resampling.BICUBIC)).astype(np.int16)
    grainy = np.clip(large + noise.normal(0, 4, large.shape), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(grainy).save(file, "JPEG", quality=85)
    return file.getvalue()


def made_up(number: int, rng: random.Random) -> Record:
    """A turn as the conversation writes it, with a question of some 6 words and an answer of some 14."""
    question, answer = (" ".join(rng.choices(_WORDS, k=rng.randint(*span))) for span in ((4, 9), (8, 20)))
    names = ("picture_requested", "picture_taken", "picture_seen", "endpoint", "transcript", "first_token",
             "first_sentence", "first_sound", "total", "speech", "capture", "vision", "picture_prefill", "hidden",
             "question_prefill", "prompt_tokens_per_second", "decode", "decode_tokens_per_second", "speaking")  # fmt: skip
    return Record(
        TURN, _BEGIN + dt.timedelta(minutes=number), profile="cart", language="en", question=question, confidence=0.93,
        answer=answer, doubt=rng.choice(("plain", "plain", "plain", "unsure")), model="Qwen3-VL-2B-Instruct",
        weights_sha256="7d" * 32, joules=41.5, timings={name: round(rng.uniform(0, 9), 4) for name in names},
        details={"source": "voice", "tokens": {"prompt": 31, "answer": 18}},
    )  # fmt: skip


def measure(folder: Path, turns: int, pictures: int) -> None:
    """Prints the figures, a line each."""
    rng = random.Random(1)
    jpeg, every = picture(rng), max(1, turns // pictures) if pictures else 0
    alone: list[float] = []
    beside: list[float] = []
    with Journal.write(folder) as journal:
        for number in range(turns):
            shown = jpeg + b"%d" % number if every and number % every == 0 else None
            record = made_up(number, rng)
            begun = time.perf_counter()
            journal.append(record, shown)
            (alone if shown is None else beside).append(1000 * (time.perf_counter() - begun))
        _say("a turn without a picture", *_spread(alone))
        _say(f"a turn with a picture of {len(jpeg) / 1e3:.0f} KB", *_spread(beside))
        number = turns // 2
        _timed("deleting one turn for good", lambda: journal.delete([number], "said"))
    size = (folder / DATABASE_NAME).stat().st_size
    _say("the database", f"{size / 1e6:.1f} MB", f"{size / turns:.0f} bytes a turn")
    kept = sum(path.stat().st_size for path in (folder / "pictures").iterdir())
    _say(f"{len(beside)} pictures", f"{kept / 1e6:.0f} MB")
    with Journal.read(folder) as journal:
        _timed("verify", lambda: verify(journal))
        _timed("search for two words", lambda: journal.search("valve gauge"))
        _timed("export --csv", lambda: _length(csv_pieces(journal.entries())))
        _timed("export --json", lambda: _length(json_pieces(journal.entries(), journal.head)))
        summary = Summary("Journal", "All records", *journal.head, verdict="", is_right=True)

        def page(shown: Callable[[Entry], str | None] | None) -> Iterable[str]:
            return page_pieces(journal.entries, summary, shown)

        _timed("export --html, without its pictures", lambda: _length(page(picture_name)))
        _timed("export --html", lambda: _length(page(None)))
        with tempfile.TemporaryFile() as file:
            _timed("export --zip", lambda: write_zip(file, journal.entries, journal.head, page(picture_name)) and None)


def _length(pieces: Iterable[str]) -> int:
    return sum(len(piece) for piece in pieces)


def _spread(milliseconds: list[float]) -> tuple[str, ...]:
    if len(milliseconds) < 2:
        return ("-",)
    return (
        f"{statistics.median(milliseconds):.2f} ms",
        f"99 % within {statistics.quantiles(milliseconds, n=100)[98]:.2f} ms",
    )


def _timed(name: str, do: Callable[[], object]) -> None:
    begun = time.perf_counter()
    given = do()
    seconds = time.perf_counter() - begun
    _say(name, f"{seconds:.3f} s", *([f"{given / 1e6:.1f} MB"] if isinstance(given, int) and given > 1 else []))


def _say(name: str, *values: str) -> None:
    console.result(f"{name}: {', '.join(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=1_000, help="so many of the turns have one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "journal", arguments.turns, arguments.pictures)


if __name__ == "__main__":
    main()
