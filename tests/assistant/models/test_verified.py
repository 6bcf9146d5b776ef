"""A check is made once after each start of the machine, and again as soon as a file may be different."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from assistant.models import verified
from assistant.models.verified import damaged_file, once_a_boot

LATER = time.time() + 3600


class Checks:
    """Counts the checks of one folder, at a time when its files have not changed for long."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.environ = {"XDG_CACHE_HOME": str(cache), "HOME": "/none"}
        self.made = 0

    def again(self, clock: float = LATER) -> int:
        """Asks for the check once more. Returns how many checks were really made so far."""
        once_a_boot(self.folder, self._check, self.environ, lambda: clock)
        return self.made

    def _check(self, folder: Path) -> None:
        assert folder == self.folder
        self.made += 1


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    """A folder with a file in a folder below it."""
    folder = tmp_path / "model"
    (folder / "am").mkdir(parents=True)
    (folder / "am" / "final.mdl").write_bytes(b"weights")
    return Checks(folder, tmp_path / "cache")


def test_an_unchanged_folder_is_checked_once(checks: Checks) -> None:
    """The second start of the program finds the note of the first."""
    assert checks.again() == 1
    assert checks.again() == 1


@pytest.mark.parametrize("change", ["content", "times", "another file", "a new file", "removed"])
def test_a_folder_that_changed_is_checked_again(checks: Checks, change: str) -> None:
    """It is checked again also if only the size, a time or the inode differs."""
    checks.again()
    path = checks.folder / "am" / "final.mdl"
    if change == "content":
        path.write_bytes(b"weight")
    elif change == "times":
        os.utime(path, ns=(1, 1))
    elif change == "another file":
        copy = path.with_name("copy")
        copy.write_bytes(b"weights")
        os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        copy.replace(path)
    elif change == "a new file":
        (checks.folder / "new").touch()
    else:
        path.unlink()
    assert checks.again() == 2


def test_after_a_start_of_the_machine_it_is_checked_again(
    checks: Checks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note counts for one boot; if the kernel does not tell the boot, nothing is remembered."""
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(verified, "_BOOT_ID", boot)
    for text, made in (("first", 1), ("first", 1), ("second", 2), ("second", 2)):
        boot.write_text(text)
        assert checks.again() == made
    boot.unlink()
    assert checks.again() == 3
    assert checks.again() == 4


def test_a_file_that_has_just_changed_is_not_trusted(checks: Checks) -> None:
    """It could change again within one tick of the file system's clock and look the same."""
    now = time.time()
    assert checks.again(now) == 1
    assert checks.again(now) == 2
    assert checks.again(now + 10) == 3
    assert checks.again(now + 20) == 3


def test_what_failed_is_not_remembered(checks: Checks) -> None:
    """A damaged model is refused at every start."""

    def refuse(folder: Path) -> None:
        raise ValueError("damaged")

    for _ in range(2):
        with pytest.raises(ValueError, match="damaged"):
            once_a_boot(checks.folder, refuse, checks.environ, lambda: LATER)
    assert checks.again() == 1


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"boot": 1}', '{"boot": "BOOT", "models": []}'])
def test_a_damaged_note_is_no_note(checks: Checks, note: str) -> None:
    """The check is made, and the note is written anew."""
    path = verified._path(checks.environ)
    path.parent.mkdir(parents=True)
    path.write_text(note.replace("BOOT", verified._BOOT_ID.read_text().strip()))
    assert checks.again() == 1
    assert checks.again() == 1


def test_without_a_place_for_the_note_it_is_checked_each_time(checks: Checks, tmp_path: Path) -> None:
    """A cache folder that cannot be made is no failure."""
    (tmp_path / "cache").write_text("a file")
    assert checks.again() == 1
    assert checks.again() == 2


def test_a_folder_of_very_many_files_is_not_remembered(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's whole home folder, for example, is not listed at each start."""
    monkeypatch.setattr(verified, "_MOST_FILES", 1)
    assert checks.again() == 1
    assert checks.again() == 2


def test_the_first_damaged_file_is_named(tmp_path: Path) -> None:
    """Other bytes, another size and a missing file count as damage."""
    (tmp_path / "good").write_bytes(b"good")
    manifest = {"good": (4, hashlib.sha256(b"good").hexdigest())}
    assert damaged_file(tmp_path, manifest) is None
    assert damaged_file(tmp_path, manifest | {"lost": (4, "")}) == "lost"
    (tmp_path / "good").write_bytes(b"gold")
    assert damaged_file(tmp_path, manifest) == "good"
    (tmp_path / "good").write_bytes(b"goo")
    assert damaged_file(tmp_path, manifest) == "good"
