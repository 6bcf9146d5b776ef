"""A crash or a power cut at any point loses at most the record that was being written, and never the journal."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assistant.inspection.journal import DATABASE_NAME, Journal
from assistant.inspection.record import TURN, Record
from assistant.inspection.verify import verify
from tests.assistant.inspection.test_journal import NOON

ROOT = Path(__file__).parents[3]
# Writes records with pictures for ever, deletes some, and prints the number of each as soon as it is stored.
WRITER = """
import random, sys
from pathlib import Path
from assistant.inspection.journal import Journal, Limits, local_now
from assistant.inspection.record import TURN, Record
rng = random.Random(int(sys.argv[2]))
print("ready", flush=True)
journal = Journal.write(Path(sys.argv[1]))
while True:
    record = Record(TURN, local_now(), question="is the valve open", answer="word " * rng.randrange(1, 400))
    number = journal.append(record, rng.randbytes(rng.randrange(1_000, 200_000))).number
    print(number, flush=True)
    if number % 5 == 0:
        journal.delete([number - 2], "said")
    if number % 7 == 0:
        journal.clean(Limits(picture_bytes=2_000_000))
"""
LONGEST_SECONDS = 0.25  # from the start of the writer to its death: opening takes about a tenth of it


def kill_a_writer(folder: Path, seed: int) -> int:
    """Starts a writer and kills it at a random moment. Returns the last number that it had printed, 0 if none."""
    command = [sys.executable, "-c", WRITER, str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        timer = threading.Timer(random.Random(seed).uniform(0.0, LONGEST_SECONDS), process.kill)
        timer.start()
        printed = process.stdout.read().split("\n")[:-1]  # the last line may be half
        timer.join()
    assert process.returncode == -9, "the writer has ended by itself"
    return int(printed[-1]) if printed else 0


def check(folder: Path) -> int:
    """Opens what is left, as the next start does. Returns the number of the newest record."""
    with Journal.write(folder) as journal:
        assert journal.damage() == ""
        found = verify(journal)
        assert found.problem == ""
        pictures = journal.kept_pictures()
        assert {path.stem for path in (folder / "pictures").iterdir()} == pictures
        assert sum(entry.picture is not None for entry in journal.entries()) == len(pictures)
        return found.last_number


def survive(folder: Path, seeds: range) -> None:
    last = 0
    for seed in seeds:
        printed = kill_a_writer(folder, seed)
        now = check(folder)
        # Beyond what was printed there may be one record and the two that tell of a deletion and of a cleaning.
        assert max(last, printed) <= now <= max(last, printed) + 3, f"seed {seed}"
        last = now
    with Journal.read(folder) as journal:
        assert sum(record.kind == TURN for record in records_of(journal)) > len(seeds)


def records_of(journal: Journal) -> list[Record]:
    return [entry.record for entry in journal.entries() if entry.record is not None]


def test_a_writer_that_is_killed_loses_only_the_record_in_flight(tmp_path: Path) -> None:
    """Ten kills at random moments, each on what the one before has left."""
    survive(tmp_path / "journal", range(10))


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_that_was_stored(tmp_path: Path) -> None:
    """The same at 200 random moments."""
    survive(tmp_path / "journal", range(1000, 1200))


def test_a_power_cut_leaves_a_beginning_of_the_newest_writes(tmp_path: Path) -> None:
    """The -wal file may end anywhere, and may hold rubbish from there on: what is whole before that counts."""
    whole, rng = tmp_path / "whole", random.Random(7)
    with Journal.write(whole, now=lambda: NOON) as journal:
        for place in range(12):
            journal.append(Record(TURN, NOON, question=f"question {place}"), b"picture %d" % place)
            if place == 6:
                journal.delete([3], "said")
        wal = (whole / f"{DATABASE_NAME}-wal").read_bytes()
        lengths = sorted(rng.randrange(len(wal) + 1) for _ in range(30))
        numbers = []
        for length in lengths:
            cut = tmp_path / "cut"
            shutil.copytree(whole, cut)
            (cut / f"{DATABASE_NAME}-shm").unlink()
            rubbish = rng.choice((b"", rng.randbytes(5000)))
            (cut / f"{DATABASE_NAME}-wal").write_bytes(wal[:length] + rubbish)
            numbers.append(check(cut))
            shutil.rmtree(cut)
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 3
