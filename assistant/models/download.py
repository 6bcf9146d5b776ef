"""Downloads one file over HTTP: resumable, with time-outs, and under its own name only when it is whole and verified.

huggingface_hub throws a cut download away when the process ends. A file of 4 GB on a slow line needs more patience, so
the bytes are fetched here. This module does not know what the file is for or where its digest comes from.
"""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import FetchError
from assistant.files import remove, sync

Progress = Callable[[str, int, int], None]  # the file's name, bytes here, bytes in all

_BLOCK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 30.0  # to connect, and for each read
# How many attempts in a row may bring no new byte. After the first byte there are more of them, since a line that drops
# comes back. Before it there are few, since there is probably no network, or the address is wrong.
_FAILURES_LATER = 5
_FAILURES_AT_FIRST = 2
_TRY_AGAIN_LATER = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server, with the size and the digest that it must have. One of the two digests is enough."""

    name: str
    url: str
    size_bytes: int
    sha256: str = ""
    git_blob: str = ""  # sha1 as git computes it for a blob


def silent(name: str, done_bytes: int, total_bytes: int) -> None:
    """Show no progress."""


def download(
    remote: RemoteFile, target: Path, progress: Progress = silent, wait: Callable[[float], object] = time.sleep
) -> None:
    """Download `remote` to `target`, and go on where an earlier attempt was cut.

    Until every byte is there and verified the file is called `target` + ".part". `wait` pauses for so many seconds
    between two attempts. Raises FetchError; a part that is good so far stays for the next time.
    """
    if is_verified(target, remote):
        progress(remote.name, remote.size_bytes, remote.size_bytes)
        return
    part = target.with_name(target.name + ".part")
    for path in (target, part):
        if path.is_dir():  # whatever has put it there, the file has to go there
            remove(path)
    had_a_beginning = _size(part) > 0
    _receive(remote, part, progress, wait)
    if not is_verified(part, remote) and had_a_beginning:
        # The beginning may be damaged, or of an older file: try once more from the first byte.
        part.unlink()
        _receive(remote, part, progress, wait)
    if not is_verified(part, remote):
        part.unlink()
        raise FetchError(f"{remote.url} came with a wrong checksum: it was thrown away, try again or another network.")
    sync(part)
    part.replace(target)


def is_verified(path: Path, remote: RemoteFile) -> bool:
    """True if the file is there and has the size and the digest that it must have."""
    if _size(path) != remote.size_bytes or not path.is_file():
        return False
    if remote.sha256:
        return digest(path) == remote.sha256
    return digest(path, hashlib.sha1(b"blob %d\0" % remote.size_bytes)) == remote.git_blob


def digest(path: Path, hasher: Any = None) -> str:
    """The file's digest in hexadecimal, sha256 unless told otherwise."""
    hasher = hasher or hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            hasher.update(block)
    return str(hasher.hexdigest())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _receive(remote: RemoteFile, part: Path, progress: Progress, wait: Callable[[float], object]) -> None:
    """Append to `part` until it has the size that it must have. Raises FetchError."""
    failures = 0
    allowed = _FAILURES_AT_FIRST
    part.touch()
    if _size(part) > remote.size_bytes:
        part.write_bytes(b"")
    while (have := _size(part)) < remote.size_bytes:
        problem = _append(remote, part, have, progress)
        if _size(part) > have:
            failures = 0
            allowed = _FAILURES_LATER
        elif failures == allowed:
            raise FetchError(
                f"cannot fetch {remote.url}: {problem}; {have:,} of {remote.size_bytes:,} bytes are kept,"
                " run it again to go on from there."
            )
        else:
            wait(2.0**failures)
            failures += 1


def _append(remote: RemoteFile, part: Path, have: int, progress: Progress) -> str:
    """Fetch what is missing until the connection ends. Return why it ended."""
    headers = {"User-Agent": "seesay", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    if not remote.url.startswith(("http://", "https://")):
        raise FetchError(f"cannot fetch {remote.url}: only http and https addresses are supported.")
    try:
        request = urllib.request.Request(remote.url, headers=headers)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            if have and response.status != http.HTTPStatus.PARTIAL_CONTENT:
                have = 0  # the server sends all of it whatever was asked
            elif have and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                return "the server sent another range than was asked"
            _store(response, remote, part, have, progress)
    except urllib.error.HTTPError as error:
        with error:
            if error.code not in _TRY_AGAIN_LATER:
                raise FetchError(f"cannot fetch {remote.url}: the server says {error.code} {error.reason}.") from None
            return f"the server says {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except FetchError:
        raise
    except (http.client.HTTPException, OSError) as error:  # reset, time-out, TLS broken off
        return str(error) or type(error).__name__
    return "the connection was cut"


def _store(response: Any, remote: RemoteFile, part: Path, have: int, progress: Progress) -> None:
    try:
        file = part.open("r+b" if have else "wb")
    except OSError as error:
        raise FetchError(f"cannot write {part}: {error.strerror or error}.") from None
    with file:
        file.seek(have)
        progress(remote.name, have, remote.size_bytes)
        while block := response.read(_BLOCK_BYTES):
            have += len(block)
            if have > remote.size_bytes:
                file.truncate(0)
                raise FetchError(f"{remote.url} is longer than the {remote.size_bytes:,} bytes that it should have.")
            try:
                file.write(block)
                file.flush()
            except OSError as error:  # a full disk, most likely
                raise FetchError(
                    f"cannot write {part}: {error.strerror or error}; make room and run it again to go on."
                ) from None
            progress(remote.name, have, remote.size_bytes)
