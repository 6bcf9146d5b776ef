"""Which models there are, where they lie on this machine, and which one is used.

Three origins, best first: a folder that the user names, the full model that `seesay fetch` brought, the small demo
model that comes with the program. A fetched folder counts only with its manifest, which is written last: a broken
download is never mistaken for a model. It does not know how a model is downloaded (fetch.py) or loaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import ModelMissing
from assistant.files import data_folder, replace_file
from assistant.language.phrases import LANGUAGES, phrases_for
from assistant.settings.config import Config

MANIFEST = "seesay-model.json"


@dataclass(frozen=True)
class HubModel:
    """A model on the hub at one revision. `pinned` holds what is known of its files beforehand."""

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
FULL_SPEECH = {language: model for language in LANGUAGES if (model := phrases_for(language).speech_model)}
_REPOSITORY = Path(__file__).resolve().parents[2]
_DEMO_VLM = _REPOSITORY / "vision" / "demo_model" / "checkpoint"
_DEMO_SPEECH = {"en": _REPOSITORY / "audio" / "demo_model" / "en"}


@dataclass(frozen=True)
class ChosenModel:
    """The folder to load, and whether it is the embedded demo model (which the user should be told)."""

    folder: Path
    is_demo: bool


def go_offline(environ: MutableMapping[str, str]) -> None:
    """Keep the libraries that could from asking the network; to be called before they are imported."""
    environ["HF_HUB_OFFLINE"] = "1"
    environ["TRANSFORMERS_OFFLINE"] = "1"
    environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `seesay fetch` puts models: $XDG_DATA_HOME/seesay/models."""
    return data_folder(environ) / "models"


def fetched_vlm(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The full vision-language model's folder, None if it was not fetched or is not whole."""
    return _if_whole(models_folder(environ) / FULL_VLM.name)


def fetched_speech(language: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The full speech model's folder for `language`, None if it was not fetched or is not whole."""
    model = FULL_SPEECH.get(language)
    return _if_whole(models_folder(environ) / model.name) if model else None


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

    Raises ModelMissing when the configured folder is not there, or no model of that language is.
    """
    if configured:
        return ChosenModel(_named(configured, "hearing.speech_model"), is_demo=False)
    fetched = fetched_speech(language, environ)
    return ChosenModel(fetched or demo_speech(language), is_demo=fetched is None)


def demo_vlm() -> Path:
    """The embedded vision-language model's folder."""
    if not (_DEMO_VLM / "config.json").is_file():
        raise ModelMissing(f"the embedded demo model is missing at {_DEMO_VLM}: install seesay again.")
    return _DEMO_VLM


def demo_speech(language: str) -> Path:
    """The embedded speech model's folder; only English has one."""
    folder = _DEMO_SPEECH.get(language)
    if folder is None:
        known = language in FULL_SPEECH
        way = f"run `seesay fetch --language {language}`" if known else "name a Vosk model in hearing.speech_model"
        raise ModelMissing(f"no speech model for {language!r} here: {way}.")
    if not (folder / "am" / "final.mdl").is_file():
        raise ModelMissing(f"the embedded speech model is missing at {folder}: install seesay again.")
    return folder


def write_manifest(folder: Path, source: str, sizes: Mapping[str, int], digests: Mapping[str, str]) -> None:
    """Declare `folder` a whole model. To be called last, when every file is there, verified and on the disk."""
    files = {name: {"bytes": size, "sha256": digests[name]} for name, size in sorted(sizes.items())}
    text = json.dumps({"source": source, "files": files}, indent=1) + "\n"
    replace_file(folder / MANIFEST, text, new_mode=0o666)  # models may be shared with other users


def read_manifest(folder: Path) -> dict[str, tuple[int, str]] | None:
    """The size in bytes and the sha256 of each file of a fetched model; None where there is no readable manifest."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {name: (int(known["bytes"]), str(known["sha256"])) for name, known in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _if_whole(folder: Path) -> Path | None:
    # Sizes only: to hash gigabytes at every start is too slow. `seesay fetch` hashes.
    files = read_manifest(folder)
    if not files:
        return None
    try:
        whole = all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except OSError:
        return None
    return folder if whole else None


def _named(configured: str, key: str) -> Path:
    folder = Path(configured).expanduser()
    if not folder.is_dir():
        raise ModelMissing(f"no model folder at {folder}: correct {key}, or leave it empty for the fetched model.")
    return folder


@dataclass(frozen=True)
class ModelPaths:
    """The folders of the two models in use."""

    vision: Path
    speech: Path
    are_demo: bool  # the eye is the small embedded one: the program says so plainly


def choose_models(config: Config) -> ModelPaths:
    """What the config names, else what `seesay fetch` brought, else the embedded demo models.

    Raises `ModelMissing` when the config names a folder that is not there.
    """
    vision = choose_vlm(config.engine.model)
    return ModelPaths(vision.folder, speech_folder(config), are_demo=vision.is_demo)


def speech_folder(config: Config) -> Path:
    """The folder of the speech model alone: a typed question needs none, so its absence is no error there."""
    return choose_speech(config.hearing.speech_model, config.conversation.language).folder


def choose_eye(config: Config) -> ChosenModel:
    """The vision model alone."""
    return choose_vlm(config.engine.model)


def demo_models() -> ModelPaths:
    """The two embedded ones."""
    return ModelPaths(demo_vlm(), demo_speech("en"), are_demo=True)
