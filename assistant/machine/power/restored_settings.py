"""Changes settings of the kernel for a while, and puts them back: at the end, or in the next run after a kill.

The old values are written to a file before anything is changed. A run that is killed leaves that file, and the next run
puts the values back first. A restart of the machine resets the settings by itself, so the file counts for one boot
only. One process of the machine at a time holds the settings, whichever user's it is (`sudo seesay power cap` beside a
user's `seesay run`). A lock ensures it, which the system releases whatever ends the process. This module does not know
what the settings mean.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from assistant.errors import PowerError
from assistant.files import replace_file
from assistant.machine.power.sysfs import SensorValue, Sysfs

_VERSION = 1
_MAX_FILE_CHARACTERS = 1 << 20
_LOCK_FOR_ALL = "run/lock/seesay-power.lock"  # on most systems every user may write to this folder
_BOOT = "proc/sys/kernel/random/boot_id"


class AlreadyHeld(PowerError):
    """Another process holds the settings."""


class RestoredSettings:
    """Use it in a `with`. Raises AlreadyHeld where another process holds the settings, and PowerError where the old
    values cannot be written down.
    """

    def __init__(self, sysfs: Sysfs, state: Path) -> None:
        self._sysfs = sysfs
        self._state = state
        self._before: dict[str, int] = {}  # in the order of their first change
        self._lock = _locked(sysfs, state)
        self.left_over = tuple(self._left_by_a_killed_run())
        """The files that a killed run had changed. They have their old values again, except those in `not_put_back`."""
        self.not_put_back = self.put_back()

    def set(self, file: str, value: int) -> str:
        """Change a setting. Returns "" if the kernel took it (read it back to see which value), else the reason why
        not.
        """
        if file in self._before:
            return self._sysfs.write(file, value)
        before = self._sysfs.number(file)
        if before.value is None:
            return before.why
        self._before[file] = before.value
        try:
            self._note()
            problem = self._sysfs.write(file, value)
        except PowerError as error:  # a value that could not be put back after a kill is not changed
            problem = str(error)
        if problem:
            del self._before[file]  # it has its old value; the note is corrected at the next change
        return problem

    def before(self, file: str) -> SensorValue[int]:
        """The setting's old value, or the present one if it was not changed."""
        return SensorValue(self._before[file]) if file in self._before else self._sysfs.number(file)

    def put_back(self) -> tuple[str, ...]:
        """Put every setting back.

        Returns a reason for each that could not be put back; the next call tries it again.
        """
        failed = {}
        for file, value in reversed(self._before.items()):
            if problem := self._sysfs.write(file, value):
                failed[file] = problem
        self._before = {file: value for file, value in self._before.items() if file in failed}
        self._note()
        return tuple(failed.values())

    def close(self) -> None:
        """Put everything back and release the lock. Raises PowerError, which names what could not be put back."""
        if self._lock.closed:
            return
        try:
            if failed := self.put_back():
                raise PowerError(
                    f"a power limit could not be put back: {'; '.join(failed)}; a restart of the machine does"
                )
        finally:
            self._lock.close()

    def __enter__(self) -> RestoredSettings:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _left_by_a_killed_run(self) -> list[str]:
        self._before = _read(self._state, self._sysfs.text(_BOOT).value)
        return list(self._before)

    def _note(self) -> None:
        """Write down the old values, in one step. If there are none, remove the file. Raises PowerError."""
        if not self._before:
            with contextlib.suppress(OSError):  # if the file stays, its values are those that hold already
                self._state.unlink(missing_ok=True)
            return
        boot = self._sysfs.text(_BOOT).value
        text = json.dumps({"version": _VERSION, "boot": boot, "values": self._before}) + "\n"
        try:
            replace_file(self._state, text)
        except OSError as error:
            raise PowerError(_cannot_note(self._state, error)) from None


def left_over(state: Path, sysfs: Sysfs) -> bool:
    """True if a run that was killed in this boot has left settings changed, or a run that goes on now has changed
    some.
    """
    return bool(_read(state, sysfs.text(_BOOT).value))


def _read(state: Path, boot: str | None) -> dict[str, int]:
    """The values of a file of this boot. A damaged file gives none, since nothing in it can be trusted."""
    try:
        with state.open(encoding="utf-8") as file:
            document = json.loads(file.read(_MAX_FILE_CHARACTERS))
        if document["version"] != _VERSION or document["boot"] != boot:
            return {}
        return {file: value for file, value in document["values"].items() if type(value) is int and _is_setting(file)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _is_setting(file: str) -> bool:
    """True for the kernel's own settings.

    Anybody who may write to the folder could have put other names into the file.
    """
    return file.startswith("sys/") and ".." not in file.split("/")


def _locked(sysfs: Sysfs, state: Path) -> IO[str]:
    """The open lock file, which holds the lock until it is closed.

    It is not the lock of assistant/files.py: the library behind that one opens a lock file for writing, and refuses one
    that another user owns in a folder for all. Here a user has to see the lock that root holds, and root a user's.
    """
    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = _opened_for_all(sysfs.path(_LOCK_FOR_ALL))
        except (
            OSError
        ):  # no such folder, or it is closed to this user: then the lock is between this user's processes only
            lock = state.with_suffix(".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise PowerError(_cannot_note(state, error)) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise AlreadyHeld("another seesay holds the machine's power limits already: end that one first") from None
    return lock


def _opened_for_all(path: Path) -> IO[str]:
    """Make the lock file and open it, in two steps: with O_CREAT the kernel lets nobody, not even root, open another
    user's file there.
    """
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.fchmod(made, 0o644)  # whatever the umask
        os.close(made)
    # To be open for reading is enough for a lock. Somebody may have put a link or a pipe there: a link is not followed,
    # and a pipe is not waited for.
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8")


def _cannot_note(state: Path, error: OSError) -> str:
    return (
        f"nothing is changed, since what has to be put back cannot be noted in {state}: {error.strerror or error}; "
        "free some space, or set XDG_STATE_HOME to another folder"
    )
