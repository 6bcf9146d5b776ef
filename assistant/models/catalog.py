"""Which models there are, where they lie on this machine, and which one is used.

A model comes from one of three origins, best first: a folder that the user names, the full model that `seesay fetch`
brought, the small demo model that comes with the program. A fetched folder counts only with its manifest, which is
written last, so a download that was cut off is never taken for a model. A speech model is also verified, since a
damaged one could end the program without a word. It does not know how a model is downloaded or loaded.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import ModelMissing
from assistant.files import data_folder, locked, replace_file
from assistant.language.phrases import LANGUAGES, phrases_for
from assistant.models.verified import damaged_file, once_a_boot
from assistant.settings.config import Config

MANIFEST = "seesay-model.json"
UNFINISHED = ".unfinished"  # is in the folder of models while `seesay fetch` works, and after a fetch that failed
LOCK = ".lock"  # one fetch at a time holds it
_WEIGHTS = "*.safetensors"
_INSTALL_AGAIN = "install seesay again"
_MOST_HASHED_BYTES = 64_000_000  # more than the demo model has, and read within a tenth of a second


@dataclass(frozen=True)
class HubModel:
    """A model on the hub at one revision. `pinned` holds the sizes and checksums that are known before any download."""

    repository: str
    revision: str
    required: tuple[str, ...]
    pinned: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # file name: bytes, sha256

    @property
    def name(self) -> str:
        """The name of its folder here."""
        return self.repository.rpartition("/")[2]


FULL_VLM = HubModel(
    repository="Qwen/Qwen3-VL-2B-Instruct",
    revision="89644892e4d85e24eaac8bacfd4f463576704203",
    required=(
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ),
    pinned={
        "model.safetensors": (4_255_140_312, "7de1838c87a5349b016c26a1c3f7d2bc400a3d485f95ef39a7059ffd734977a0"),
        "config.json": (1_505, "bec4b3d446efa05807365c9e1cec03ac590836879d02f3a6da879971154bdd3b"),
    },
)


@dataclass(frozen=True)
class PiperVoice:
    """A voice of Piper on the hub: a file NAME.onnx and one NAME.onnx.json, each with its size and checksum."""

    name: str
    address: str  # of the folder, below the hub's
    model: tuple[int, str]  # bytes, sha256
    config: tuple[int, str]


# Made from recordings that are in the public domain. For Mandarin there is none whose checksums are known here.
PIPER_VOICES = {
    "en": PiperVoice(
        name="en_US-joe-medium",
        address="rhasspy/piper-voices/resolve/v1.0.0/en/en_US/joe/medium",
        model=(63_201_294, "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
        config=(4_794, "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"),
    ),
}
FULL_SPEECH = {language: model for language in LANGUAGES if (model := phrases_for(language).speech_model)}
_REPOSITORY = Path(__file__).resolve().parents[2]
_DEMO_VLM = _REPOSITORY / "vision" / "demo_model" / "checkpoint"
_DEMO_SPEECH = {"en": _REPOSITORY / "audio" / "demo_model" / "en"}


@dataclass(frozen=True)
class ChosenModel:
    """The folder to load, and whether it is the embedded demo model. The user must be told of a demo model."""

    folder: Path
    is_demo: bool

    @property
    def name(self) -> str:
        """The name that its engine will have."""
        from vision.engine.checkpoint.checkpoint import name_of  # here, because it imports numpy

        return name_of(self.folder)


def go_offline(environ: MutableMapping[str, str]) -> None:
    """Forbids the model libraries to ask the network. They read it when they are imported, so call it before."""
    environ["HF_HUB_OFFLINE"] = "1"
    environ["TRANSFORMERS_OFFLINE"] = "1"
    environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `seesay fetch` puts models: $XDG_DATA_HOME/seesay/models."""
    return data_folder(environ) / "models"


def fetched_vlm(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The full vision-language model's folder, None if it was not fetched or its sizes are wrong."""
    return _if_whole(models_folder(environ) / FULL_VLM.name)


def fetched_speech(language: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The full speech model's folder for `language`, None if it was not fetched or its sizes are wrong."""
    model = FULL_SPEECH.get(language)
    return _if_whole(models_folder(environ) / model.name) if model else None


def piper_voice(config: Config, environ: Mapping[str, str] = os.environ) -> Path:
    """The .onnx file of the voice for speaking.engine = "piper": the configured one, else the fetched one, verified.

    Raises ModelMissing where there is none, or where a file of it is missing or damaged.
    """
    if config.speaking.piper_voice:
        named = Path(config.speaking.piper_voice)
        for path in (named, Path(f"{named}.json")):
            if not path.is_file():
                raise ModelMissing(
                    f"no Piper voice at {named}, since there is no file {path}: correct speaking.piper_voice, or run "
                    "`seesay fetch --voice` and leave it empty."
                )
        return named
    language = config.conversation.language
    if (voice := PIPER_VOICES.get(language)) is None:
        raise ModelMissing(
            f"no Piper voice for {language!r} is known here: name a voice's .onnx file in speaking.piper_voice."
        )
    folder, remedy = models_folder(environ) / voice.name, "run `seesay fetch --voice`"
    if not folder.is_dir():
        raise ModelMissing(f"no Piper voice at {folder}: {remedy}, or name one in speaking.piper_voice.")
    once_a_boot(folder, functools.partial(_check_bytes, remedy=remedy, what="Piper voice"), environ)
    return folder / f"{voice.name}.onnx"


def fetched_share_of_vlm(environ: Mapping[str, str] = os.environ) -> float:
    """How much of the full vision-language model is here, 0 to 1; 1 only if it is whole."""
    if fetched_vlm(environ) is not None:
        return 1.0
    total_bytes = sum(size for size, _ in FULL_VLM.pinned.values())
    try:
        here = sum(file.stat().st_size for file in (models_folder(environ) / f"{FULL_VLM.name}.part").iterdir())
    except OSError:  # none is fetched, or it is renamed at this moment
        return 0.0
    return min(0.999, here / total_bytes)


def failed_fetch(environ: Mapping[str, str] = os.environ) -> float | None:
    """When the last fetch began that came to no good end, in seconds since 1970. None while one is at work."""
    folder = models_folder(environ)
    try:
        began_at = (folder / UNFINISHED).stat().st_mtime
        with locked(folder / LOCK, wait=False):
            return began_at
    except OSError:  # nothing was begun, or somebody fetches now
        return None


def choose_vlm(configured: str, environ: Mapping[str, str] = os.environ) -> ChosenModel:
    """The vision-language model to load: the configured folder, else the fetched one, else the demo model.

    Raises ModelMissing when the configured folder is not there.
    """
    if configured:
        return ChosenModel(_named(configured, "engine.model"), is_demo=False)
    fetched = fetched_vlm(environ)
    return ChosenModel(fetched or demo_vlm(), is_demo=fetched is None)


def choose_speech(configured: str, language: str, environ: Mapping[str, str] = os.environ) -> ChosenModel:
    """The speech model to load: the configured folder, else the fetched one, else the demo model of that language.

    Raises ModelMissing when the configured folder is not there, when the fetched one is not whole, or when there is no
    model of that language. Only sizes are compared here; `speech_folder` reads every byte.
    """
    if configured:
        return ChosenModel(_named(configured, "hearing.speech_model"), is_demo=False)
    if fetched := fetched_speech(language, environ):
        return ChosenModel(fetched, is_demo=False)
    model = FULL_SPEECH.get(language)
    if model and (folder := models_folder(environ) / model.name).is_dir():
        # The demo model knows 2,600 words. Whoever fetched the full one must not get the small one without a word.
        raise ModelMissing(f"the speech model at {folder} is damaged: {_fetch_again(language)}.")
    return ChosenModel(demo_speech(language), is_demo=True)


def demo_vlm() -> Path:
    """The embedded vision-language model's folder, not verified. Raises ModelMissing where it is not installed."""
    if not (_DEMO_VLM / "config.json").is_file():
        raise ModelMissing(f"the embedded demo model is missing at {_DEMO_VLM}: install seesay again.")
    return _DEMO_VLM


def demo_speech(language: str) -> Path:
    """The embedded speech model's folder. Only English has one. Raises ModelMissing where there is none."""
    folder = _DEMO_SPEECH.get(language)
    if folder is None:
        known = language in FULL_SPEECH
        way = _fetch_again(language) if known else "name a Vosk model in hearing.speech_model"
        raise ModelMissing(f"no speech model for {language!r} here: {way}.")
    if not (folder / "am" / "final.mdl").is_file():
        raise ModelMissing(f"the embedded speech model is missing at {folder}: install seesay again.")
    return folder


def write_manifest(folder: Path, source: str, sizes: Mapping[str, int], digests: Mapping[str, str]) -> None:
    """Declares `folder` a whole model. Call it last, when every file is there, verified and on the disk."""
    files = {name: {"bytes": size, "sha256": digests[name]} for name, size in sorted(sizes.items())}
    text = json.dumps({"source": source, "files": files}, indent=1) + "\n"
    replace_file(folder / MANIFEST, text, new_mode=0o666)  # models may be shared with other users


def read_manifest(folder: Path) -> dict[str, tuple[int, str]] | None:
    """The size in bytes and the sha256 of each file of a model. None where there is no readable manifest."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {name: (int(known["bytes"]), str(known["sha256"])) for name, known in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def weights_hash(folder: Path) -> str:
    """The SHA-256 of a model's weights in hexadecimal digits, "" where it is not known without reading gigabytes.

    Of several files it is the SHA-256 of their own ones, in the order of their names.
    """
    files = read_manifest(folder)
    try:
        if files is None:
            paths = weights_files(folder)
            if not paths or sum(path.stat().st_size for path in paths) > _MOST_HASHED_BYTES:
                return ""
            known = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        else:
            known = [sha256 for name, (_, sha256) in sorted(files.items()) if fnmatch.fnmatch(name, _WEIGHTS)]
    except OSError:
        return ""
    return joined_hash(known)


def weights_bytes(folder: Path) -> int:
    """The size of a model's weights on the disk; 0 where there are none."""
    return sum(path.stat().st_size for path in weights_files(folder))


def weights_files(folder: Path) -> list[Path]:
    """The files with a model's weights, by name."""
    return sorted(folder.glob(_WEIGHTS))


def joined_hash(sums: Sequence[str]) -> str:
    """The SHA-256 of weights from those of their files, in the order of the files' names; "" for none."""
    return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest() if sums else ""


def _if_whole(folder: Path) -> Path | None:
    # Only sizes are compared: to read 4 GB at every start would be too slow. `seesay fetch` compares the checksums.
    files = read_manifest(folder)
    if not files:
        return None
    try:
        whole = all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except OSError:
        return None
    return folder if whole else None


def _check_bytes(folder: Path, *, remedy: str, what: str = "speech model") -> None:
    """Raises ModelMissing unless the folder has a manifest and every file is as it says."""
    if not (manifest := read_manifest(folder)):
        raise ModelMissing(f"the {what} at {folder} is damaged (it has no readable {MANIFEST}): {remedy}.")
    if name := damaged_file(folder, manifest):
        raise ModelMissing(f"the {what} at {folder} is damaged ({name} has changed): {remedy}.")


def whole_demo_vlm(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the embedded vision-language model, verified: 16 MB, some 20 ms.

    Raises ModelMissing where a file of it is missing or damaged.
    """
    check = functools.partial(_check_bytes, remedy=_INSTALL_AGAIN, what="embedded vision model")
    once_a_boot(folder, check, environ)
    return folder


def whole_demo_speech(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the embedded speech model, verified.

    Raises ModelMissing where a file of it is missing or damaged.
    """
    once_a_boot(folder, functools.partial(_check_bytes, remedy=_INSTALL_AGAIN), environ)
    return folder


def _check_named(folder: Path) -> None:
    """Raises ModelMissing unless a folder that the user named holds a speech model that can be loaded."""
    if read_manifest(folder):  # one of ours, perhaps copied here: its checksums tell more than a load does
        _check_bytes(folder, remedy="run `seesay fetch`, or correct hearing.speech_model")
        return
    from audio.errors import SpeechModelError
    from audio.recognition.model_trial import try_model

    try:
        try_model(folder)
    except SpeechModelError as error:
        raise ModelMissing(str(error)) from None


def _fetch_again(language: str) -> str:
    return f"run `seesay fetch --language {language}`"


def _named(configured: str, key: str) -> Path:
    folder = Path(configured)
    if not folder.is_dir():
        raise ModelMissing(f"no model folder at {folder}: correct {key}, or leave it empty for the fetched model.")
    return folder


def speech_folder(config: Config, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the speech model, verified: every byte, or a load in a child process, once after a start of the
    machine.

    It stands alone because a typed question needs no speech model. Raises ModelMissing, also where the model is
    damaged.
    """
    configured, language = config.hearing.speech_model, config.conversation.language
    chosen = choose_speech(configured, language, environ)
    if chosen.is_demo:
        return whole_demo_speech(chosen.folder, environ)
    check = _check_named if configured else functools.partial(_check_bytes, remedy=_fetch_again(language))
    once_a_boot(chosen.folder, check, environ)
    return chosen.folder


def choose_eye(config: Config) -> ChosenModel:
    """The vision model alone, for whoever needs no speech model."""
    return choose_vlm(config.engine.model)
