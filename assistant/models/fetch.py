"""`seesay fetch`: brings the full models into the user's data folder and verifies them.

This is the only part of the program that downloads models. A model is put together in a folder NAME.part beside its
place. Each file is verified, the manifest is written, and then the folder is renamed to NAME. So a folder NAME holds a
whole model, or there is none. What was fetched is kept for the next attempt. This module does not know how a model is
loaded or used.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from assistant.errors import FetchError
from assistant.files import locked, remove, sync
from assistant.language.phrases import SpeechModel
from assistant.models.catalog import (
    FULL_SPEECH,
    FULL_VLM,
    LOCK,
    MANIFEST,
    PIPER_VOICES,
    UNFINISHED,
    HubModel,
    PiperVoice,
    models_folder,
    read_manifest,
    write_manifest,
)
from assistant.models.download import Progress, RemoteFile, digest, download, is_verified, silent
from assistant.models.unpack import unpack

Which = Literal["all", "vision", "speech", "voice"]  # "all" is without the voice, which is optional

_HUB = "https://huggingface.co"
_VOSK = "https://alphacephei.com/vosk/models"
_HUB_TIMEOUT_SECONDS = 30.0
_WANTED_SUFFIXES = (".json", ".txt", ".jinja", ".safetensors", ".md")
_LOOK_SECONDS = 0.05  # far longer than a running assistant needs to look whether somebody fetches
_MAX_UNPACKED_BYTES = 400_000_000  # the small models unpack to about 70 MB
_ROOM_TO_SPARE_BYTES = 100_000_000


@dataclass(frozen=True)
class Sources:
    """Which models are fetched. A test has small ones of its own."""

    vlm: HubModel = FULL_VLM
    speech: Mapping[str, SpeechModel] = field(default_factory=lambda: FULL_SPEECH)
    voices: Mapping[str, PiperVoice] = field(default_factory=lambda: PIPER_VOICES)


def fetch(
    language: str,
    which: Which = "all",
    progress: Progress = silent,
    *,
    environ: Mapping[str, str] = os.environ,
    sources: Sources = Sources(),
    wait: Callable[[float], object] = time.sleep,
) -> list[Path]:
    """Fetch the models that are not on this machine yet, and return the folders of all that were asked for.

    A model that is here already is verified in full. HF_ENDPOINT and SEESAY_VOSK_URL name other servers of the same
    files. `wait` pauses for so many seconds between two attempts. Raises FetchError; a model that was whole stays
    whole.
    """
    if which == "voice" and language not in sources.voices:
        raise FetchError(
            f"no Piper voice for {language!r} is known here: choose one of {', '.join(sources.voices)}, or name a "
            "voice's .onnx file in speaking.piper_voice."
        )
    if which in ("all", "speech") and language not in sources.speech:
        raise FetchError(f"no speech model for {language!r}: choose one of {', '.join(sources.speech)}.")
    folder = models_folder(environ)
    folders = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            (folder / UNFINISHED).write_bytes(b"")
            _remove_useless_parts(folder, sources)
            if which in ("all", "speech"):
                base = environ.get("SEESAY_VOSK_URL", _VOSK).rstrip("/")
                folders.append(_fetch_speech(sources.speech[language], base, folder, progress, wait))
            endpoint = environ.get("HF_ENDPOINT", _HUB).rstrip("/")
            if which == "voice":
                folders.append(_fetch_voice(sources.voices[language], endpoint, folder, progress, wait))
            if which in ("all", "vision"):
                folders.append(_fetch_vlm(sources.vlm, endpoint, folder, progress, wait))
            (folder / UNFINISHED).unlink(missing_ok=True)
    except FetchError:
        raise
    except OSError as error:
        raise FetchError(f"cannot write below {folder}: {error.strerror or error}.") from None
    return folders


def _remove_useless_parts(folder: Path, sources: Sources) -> None:
    """Remove what a killed fetch left half done. What the next attempt can go on with is kept."""
    resumable = {f"{sources.vlm.name}.part", *(f"{model.name}.zip.part" for model in sources.speech.values())}
    resumable |= {f"{voice.name}.part" for voice in sources.voices.values()}
    for part in folder.glob("*.part"):
        if part.name not in resumable:
            remove(part)


def _fetch_speech(
    model: SpeechModel, base: str, folder: Path, progress: Progress, wait: Callable[[float], object]
) -> Path:
    final, work = folder / model.name, folder / f"{model.name}.part"
    archive = RemoteFile(f"{model.name}.zip", f"{base}/{model.name}.zip", model.size_bytes, sha256=model.sha256)
    zip_path = folder / archive.name
    if _is_intact(final):
        for useless in (zip_path, folder / f"{archive.name}.part"):
            remove(useless)
        return final
    _check_room(folder, 4 * model.size_bytes)  # the zip and what it unpacks to
    download(archive, zip_path, progress, wait)
    work.mkdir()
    try:
        unpack(zip_path, work, _MAX_UNPACKED_BYTES)
        inside = work / model.name
        if not (inside / "am" / "final.mdl").is_file():
            raise FetchError(f"{archive.url} holds no Vosk model {model.name!r}.")
        _finish(inside, final, source=archive.url, known_sha256={})
    finally:
        shutil.rmtree(work, ignore_errors=True)
    zip_path.unlink()
    return final


def _fetch_vlm(
    model: HubModel, endpoint: str, folder: Path, progress: Progress, wait: Callable[[float], object]
) -> Path:
    final, work = folder / model.name, folder / f"{model.name}.part"
    if _is_intact(final):
        remove(work)
        return final
    if work.exists() and not work.is_dir():
        remove(work)
    if final.is_dir() and not work.exists():
        final.rename(work)  # what is still good of a damaged model need not come again
    work.mkdir(exist_ok=True)
    (work / MANIFEST).unlink(missing_ok=True)
    files = _listed(model, endpoint)
    _check_room(folder, sum(file.size_bytes - _bytes_here(work / file.name) for file in files))
    for file in files:
        download(file, work / file.name, progress, wait)
    names = {file.name for file in files}
    for stray in work.iterdir():  # of another revision, perhaps
        if stray.name not in names:
            remove(stray)
    known = {file.name: file.sha256 for file in files if file.sha256}
    _finish(work, final, source=f"{endpoint}/{model.repository}@{model.revision}", known_sha256=known)
    return final


def _fetch_voice(
    voice: PiperVoice, endpoint: str, folder: Path, progress: Progress, wait: Callable[[float], object]
) -> Path:
    final, work = folder / voice.name, folder / f"{voice.name}.part"
    if _is_intact(final):
        remove(work)
        return final
    if work.exists() and not work.is_dir():
        remove(work)
    work.mkdir(exist_ok=True)
    address = f"{endpoint}/{voice.address}"
    known = {f"{voice.name}.onnx.json": voice.config, f"{voice.name}.onnx": voice.model}  # the small one comes first
    _check_room(folder, sum(size for size, _ in known.values()))
    for name, (size, sha256) in known.items():
        download(RemoteFile(name, f"{address}/{name}", size, sha256=sha256), work / name, progress, wait)
    _finish(work, final, source=address, known_sha256={name: sha256 for name, (_, sha256) in known.items()})
    return final


def _listed(model: HubModel, endpoint: str) -> list[RemoteFile]:
    """The model's files as the hub lists them at the pinned revision, compared with what is pinned here. Raises
    FetchError.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when it is imported
    from huggingface_hub import HfApi, hf_hub_url

    try:
        info = HfApi(endpoint=endpoint, token=False).model_info(
            model.repository, revision=model.revision, files_metadata=True, timeout=_HUB_TIMEOUT_SECONDS
        )
    # The address may be unknown, a captive portal may send HTML instead of JSON, the answer may have another shape; and
    # the HTTP library below huggingface_hub changes from version to version. For the user all of this is one fault.
    except Exception as error:  # noqa: BLE001
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise FetchError(f"cannot ask {endpoint} for {model.repository}: {reason}") from None
    if info.sha != model.revision:
        raise FetchError(f"{endpoint} gave revision {info.sha} of {model.repository} instead of {model.revision}.")
    files = []
    for sibling in info.siblings or []:
        name, size = sibling.rfilename, sibling.size
        if "/" in name or "\\" in name or name.startswith(".") or not name.endswith(_WANTED_SUFFIXES):
            continue
        sha256 = sibling.lfs.sha256 if sibling.lfs else ""
        known_size, known_sha256 = model.pinned.get(name, (size, sha256))
        if size is None or size != known_size or (sha256 and sha256 != known_sha256):
            raise FetchError(f"{endpoint} lists {name} of {model.repository} with another size or checksum.")
        url = hf_hub_url(model.repository, name, revision=model.revision, endpoint=endpoint)
        files.append(RemoteFile(name, url, size, sha256=known_sha256, git_blob=sibling.blob_id or ""))
    missing = sorted({*model.required, *model.pinned} - {file.name for file in files})
    if missing:
        raise FetchError(f"{endpoint} lists no {', '.join(missing)} in {model.repository}.")
    # The small files come first: a wrong server is then found out before the long wait.
    return sorted(files, key=lambda file: file.size_bytes)


def _finish(work: Path, final: Path, source: str, known_sha256: Mapping[str, str]) -> None:
    """Write the manifest of the whole model in `work`, and rename the folder to `final`."""
    files = {str(path.relative_to(work)): path for path in sorted(work.rglob("*")) if path.is_file()}
    for folder in {work, *(path.parent for path in files.values())}:
        sync(folder)
    sizes = {name: path.stat().st_size for name, path in files.items()}
    write_manifest(work, source, sizes, {name: known_sha256.get(name) or digest(path) for name, path in files.items()})
    sync(work)
    remove(final)  # it is not whole, else nothing would have been fetched
    work.rename(final)
    sync(final.parent)


def _is_intact(folder: Path) -> bool:
    files = read_manifest(folder) or {}
    return bool(files) and all(
        is_verified(folder / name, RemoteFile(name, "", size, sha256=sha256)) for name, (size, sha256) in files.items()
    )


def _bytes_here(path: Path) -> int:
    part = path.with_name(path.name + ".part")
    return sum(p.stat().st_size for p in (path, part) if p.is_file())


def _check_room(folder: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + _ROOM_TO_SPARE_BYTES:
        raise FetchError(
            f"not enough room in {folder}: {needed_bytes / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free;"
            " make room, or set XDG_DATA_HOME to another disk."
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process fetch at a time: two would write into each other's files. A killed process loses the lock."""
    with contextlib.ExitStack() as stack:
        for last in (False, True):
            try:
                stack.enter_context(locked(folder / LOCK, wait=False))
                break
            except BlockingIOError:  # perhaps for a moment, by `catalog.failed_fetch`
                if not last:
                    time.sleep(_LOOK_SECONDS)
        else:
            raise FetchError(f"another `seesay fetch` is at work in {folder}: wait for it to end.") from None
        yield
