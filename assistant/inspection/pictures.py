"""The JPEG files of the journal, each named by its SHA-256. It does not know records."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant import files

_SUFFIX = ".jpg"


def picture_hash(jpeg: bytes) -> str:
    """SHA-256 of a JPEG file, in hexadecimal digits."""
    return hashlib.sha256(jpeg).hexdigest()


class PictureFolder:
    """A folder of pictures that only its user can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Where the picture with this hash stands, if it is kept."""
        return self._folder / f"{sha256}{_SUFFIX}"

    def prepare(self) -> None:
        """Makes the folder. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._folder.chmod(0o700)

    def write(self, jpeg: bytes) -> bool:
        """Stores a picture in one step: a power cut leaves all of it or nothing.

        Returns whether it is new. Raises OSError.
        """
        path = self.path(picture_hash(jpeg))
        if path.exists():
            return False
        files.replace_file(path, jpeg)
        files.sync(self._folder)
        return True

    def remove(self, sha256: str) -> None:
        """Does nothing if there is no such picture. Raises OSError."""
        self.path(sha256).unlink(missing_ok=True)

    def sync(self) -> None:
        """Waits until the removals are on the disk. Raises OSError."""
        files.sync(self._folder)

    def remove_others(self, known: set[str]) -> int:
        """Removes all files but the known pictures, and returns how many. Raises OSError."""
        others = [path for path in self._folder.iterdir() if path.suffix != _SUFFIX or path.stem not in known]
        for path in others:
            path.unlink()
        return len(others)

    def missing(self, known: set[str]) -> set[str]:
        """Those of the known pictures that have no file."""
        return {sha256 for sha256 in known if not self.path(sha256).is_file()}
