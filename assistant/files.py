"""Finds this user's folders, replaces files in one step, and locks so that one process at a time is let in.

It follows the XDG base directory specification. It does not know what the files contain.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# A new file can be read by its user alone, unless the caller says otherwise.
_PRIVATE = 0o600
_TOKEN_BYTES = 8


def config_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the user's own config.toml. It need not exist."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "seesay"


def data_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the models that were downloaded for this user. It need not exist."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "seesay"


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder of what the program remembers from one run to the next. It need not exist."""
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "seesay"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of files that can be made again and may be removed at any time. It need not exist."""
    return _base(environ, "XDG_CACHE_HOME", ".cache") / "seesay"


def unit_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the units that this user gave to systemd (systemd.unit(5)). It need not exist."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def without_tilde(path: str) -> str:
    """The path with the home folder in place of a leading ~ or ~user. The path stays as it is if there is no such user.

    A shell replaces ~ at the start of a word, but not in `--image=~/x`, and nothing replaces it in config.toml.
    """
    return os.path.expanduser(path)


def user_path(text: str) -> Path:
    """The `Path` for a path that a person typed, with ~ replaced."""
    return Path(without_tilde(text))


def replace_file(path: Path, content: str | bytes, *, new_mode: int = _PRIVATE) -> None:
    """Replace the file at `path` by one with this content, in one step: see `replacing`.

    A text is written in UTF-8, with its line ends as they are. Raises OSError.
    """
    with replacing(path, new_mode=new_mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def replacing(path: Path, *, new_mode: int = _PRIVATE) -> Iterator[IO[bytes]]:
    """Gives a file to write to. At the end it replaces the one at `path`: a power cut leaves the old file or the new one.

    It is a temporary file in the same folder, which has to exist. The new file takes over the mode of the file that it
    replaces; without one it gets `new_mode` less the umask. After a failure, Ctrl-C included, the old file is untouched
    and the temporary file is removed. Raises OSError.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, new_mode)
    try:
        with open(descriptor, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            os.fsync(descriptor)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with everything in it. Does nothing if there is none. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk.

    A renamed file has its name in its folder. Unless both are synced, a power cut may keep the one and lose the other.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock file `path`, which one process or thread at a time can hold.

    The file stays afterwards, but the lock ends with the process. Raises BlockingIOError if somebody else holds the
    lock and `wait` is false, and OSError if the folder cannot be written or its file system has no locks.
    """
    from filelock import FileLock, Timeout  # imported here, because that takes some 20 ms

    # Without these two options, on a file system without locks, the mere existence of the file would count as a lock. A
    # process that is killed would then leave it locked for ever.
    lock = FileLock(path, fallback_to_soft=False, preserve_lock_file=True)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise BlockingIOError(f"another process holds {path}") from None
    try:
        yield
    finally:
        lock.release()


def _base(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    # The XDG base directory specification says that a relative folder is to be ignored.
    configured = Path(environ.get(variable) or "")
    home = Path(environ.get("HOME") or Path.home())
    return configured if configured.is_absolute() else home / below_home
